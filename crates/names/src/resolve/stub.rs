//! One server asked for the addresses of one name.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::chain::{self, Lead, MAX_ALIASES};
use super::{Lookup, LookupError};
use crate::ask::{AskError, AskOptions, Exchange, ask, fails_validation};
use crate::question::Question;
use crate::record::{Rcode, Record};

/// Least time given to the slower of the two address families once the other has come (RFC 8305, section 3).
const GRACE: Duration = Duration::from_millis(50);

/// How long a server that failed may take to say whether it is validation that fails.
const UNCHECKED: Duration = Duration::from_secs(1);

/// What is asked of whom.
pub(super) struct Want<'a> {
    pub(super) server: SocketAddr,
    /// The name as the caller wrote it.
    pub(super) host: &'a str,
    /// The name in presentation form, with its last dot.
    pub(super) start: &'a str,
    pub(super) retry: bool,
    pub(super) deadline: Duration,
}

/// Asks for A and AAAA, follows aliases, and asks again where the answer stops at an alias, as a server without
/// recursion leaves it.
pub(super) async fn ask_server(want: &Want<'_>) -> Result<Lookup, LookupError> {
    let end = Instant::now() + want.deadline;
    let mut aliases = Vec::new();
    let mut retried = false;
    for _ in 0..MAX_ALIASES {
        let current = aliases.last().cloned().unwrap_or_else(|| want.start.to_owned());
        let rest = end.saturating_duration_since(Instant::now());
        let pair = ask_pair(want, &current, rest).await?;
        retried |= pair.retried();
        match pair.lead(&current, &mut aliases) {
            Lead::Addresses(addresses) => {
                return Ok(Lookup { addresses, aliases, server: Some(want.server), retried });
            }
            Lead::Broken(why) => return Err(broken(want, why)),
            Lead::Open => {}
        }
        let reached = aliases.last().map_or(want.start, String::as_str);
        if reached == current || pair.is_final() {
            return Err(pair.fault(want, reached, end).await);
        }
    }
    Err(broken(want, format!("more than {MAX_ALIASES} aliases in a row")))
}

fn broken(want: &Want<'_>, why: String) -> LookupError {
    LookupError::AliasBroken { name: want.host.to_owned(), server: Some(want.server), why }
}

type Asked = Result<Exchange, AskError>;

/// The two answers, addresses of either family first where only one came in time.
struct Pair {
    six: Asked,
    four: Asked,
}

async fn ask_pair(want: &Want<'_>, host: &str, rest: Duration) -> Result<Pair, LookupError> {
    let question = |rtype| {
        Question::parse(host, rtype)
            .map_err(|why| LookupError::BadName { name: host.to_owned(), why: why.to_string() })
    };
    let (six, four) = (question("AAAA")?, question("A")?);
    let options = AskOptions { deadline: rest, retry: want.retry, ..AskOptions::default() };
    let begun = Instant::now();
    let mut six = std::pin::pin!(ask_plainly_if_need_be(want.server, six, options.clone()));
    let mut four = std::pin::pin!(ask_plainly_if_need_be(want.server, four, options));
    let silent = || Err(AskError::Timeout { server: want.server, deadline: rest });
    // An answer with addresses does not wait long for its sibling; every other answer does.
    let pair = tokio::select! {
        six = &mut six => {
            let wait = patience(&six, begun, rest);
            let four = timeout(wait, four).await.unwrap_or_else(|_| silent());
            Pair { six, four }
        }
        four = &mut four => {
            let wait = patience(&four, begun, rest);
            let six = timeout(wait, six).await.unwrap_or_else(|_| silent());
            Pair { six, four }
        }
    };
    Ok(pair)
}

fn patience(first: &Asked, begun: Instant, rest: Duration) -> Duration {
    let has_address = |record: &Record| record.rtype == "A" || record.rtype == "AAAA";
    match first {
        Ok(answer) if answer.answer.iter().any(has_address) => begun.elapsed().max(GRACE),
        _ => rest,
    }
}

/// A server that does not know EDNS is asked again without (RFC 6891, section 7).
async fn ask_plainly_if_need_be(server: SocketAddr, question: Question, mut options: AskOptions) -> Asked {
    let begun = Instant::now();
    let first = ask(server, &question, &options).await?;
    if first.rcode != Rcode::FORMERR && first.rcode != Rcode::NOTIMP {
        return Ok(first);
    }
    options.deadline = options.deadline.saturating_sub(begun.elapsed());
    options.edns_size = 0;
    ask(server, &question, &options).await
}

impl Pair {
    fn answers(&self) -> impl Iterator<Item = &Exchange> {
        [&self.six, &self.four].into_iter().filter_map(|asked| asked.as_ref().ok())
    }

    fn retried(&self) -> bool {
        self.answers().any(|answer| answer.retried)
    }

    fn lead(&self, start: &str, aliases: &mut Vec<String>) -> Lead {
        let records: Vec<&Record> = self.answers().flat_map(|answer| &answer.answer).collect();
        chain::follow(start, &records, aliases)
    }

    /// Whether an answer speaks about the end of the chain: an error, or an SOA that denies it (RFC 2308).
    fn is_final(&self) -> bool {
        self.answers().any(|answer| {
            answer.rcode != Rcode::NOERROR || answer.authority.iter().any(|record| record.rtype == "SOA")
        })
    }

    /// Why there is no address at `reached`.
    async fn fault(self, want: &Want<'_>, reached: &str, end: Instant) -> LookupError {
        let name = want.host.to_owned();
        let server = Some(want.server);
        let aliased = reached != want.start;
        let answer = match (self.four, self.six) {
            (Err(fault), Err(_)) => return unanswered(name, fault),
            // One family denied says nothing about the other, which was not answered.
            (Ok(answer), Err(fault)) | (Err(fault), Ok(answer)) if answer.rcode == Rcode::NOERROR => {
                return unanswered(name, fault);
            }
            (Ok(four), Ok(six)) if four.rcode == Rcode::NOERROR && six.rcode != Rcode::NOERROR => six,
            (Ok(answer), _) | (_, Ok(answer)) => answer,
        };
        let referred = !answer.flags.aa
            && answer.authority.iter().any(|record| record.rtype == "NS")
            && !answer.authority.iter().any(|record| record.rtype == "SOA");
        match answer.rcode {
            Rcode::NXDOMAIN if aliased => {
                broken(want, format!("it leads to {reached}, which does not exist"))
            }
            Rcode::NXDOMAIN => LookupError::Nxdomain { name, server },
            Rcode::REFUSED => LookupError::Refused { name, server },
            Rcode::NOERROR if referred => {
                let why = "it only refers to other servers and does not resolve".to_owned();
                LookupError::Servfail { name, server, why }
            }
            Rcode::NOERROR if aliased => broken(want, format!("it leads to {reached}, which has no address")),
            Rcode::NOERROR => LookupError::Nodata { name, server },
            other => {
                let why = words(other, answer.ede.as_ref());
                let rest = end.saturating_duration_since(Instant::now()).min(UNCHECKED);
                if fails_validation(&answer, rest).await {
                    return LookupError::Bogus { name, server, why };
                }
                LookupError::Servfail { name, server, why }
            }
        }
    }
}

fn words(rcode: Rcode, ede: Option<&(u16, String)>) -> String {
    match ede {
        None if rcode == Rcode::SERVFAIL => String::new(),
        None => rcode.to_string(),
        Some((code, text)) if text.is_empty() => format!("{rcode}, extended error {code}"),
        Some((code, text)) => format!("{rcode}, extended error {code}: {text}"),
    }
}

fn unanswered(name: String, fault: AskError) -> LookupError {
    match fault {
        AskError::Timeout { server, deadline } => {
            LookupError::Timeout { name, server: Some(server), deadline }
        }
        AskError::Refused { server } => {
            let why = "nobody listens on its port".to_owned();
            LookupError::Unreachable { name, server: Some(server), why }
        }
        AskError::Unreachable { server, why } => LookupError::Unreachable { name, server: Some(server), why },
        AskError::Truncated { server, source } => {
            let source = *source;
            match source {
                AskError::Unable { source, .. } => LookupError::Unable { name, source },
                AskError::Malformed { .. } | AskError::Mismatched { .. } => {
                    let why = format!("it is cut short, and over TCP: {source}");
                    LookupError::Malformed { name, server: Some(server), why }
                }
                source => {
                    let why = format!("its answer is cut short, and over TCP: {source}");
                    LookupError::Unreachable { name, server: Some(server), why }
                }
            }
        }
        AskError::Malformed { server, why } => LookupError::Malformed { name, server: Some(server), why },
        AskError::Mismatched { server, ignored, why } => {
            let why = format!("{ignored} replies, none to the question asked: {why}");
            LookupError::Malformed { name, server: Some(server), why }
        }
        AskError::Unable { source, .. } => LookupError::Unable { name, source },
    }
}
