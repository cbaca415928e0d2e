//! `dns:` a question, and what the answer must be.
//!
//! * Without servers of its own, the step asks those of its resolver as a stub does: in their order, the next one
//!   where one is silent.
//! * Servers that the step names are asked all at once, and each must give the expected answer.
//! * `authorities: agree` also asks every authoritative server of the zone itself ([`agree`]). Where the step names
//!   servers, these are taken for the authorities.
//!
//! Each question may be sent twice, as any stub does; the evidence says so. Names are compared without regard to case.
//! Absent: walking from the root, and DNSSEC validation of our own; a resolver that fails is asked whether its validation
//! is what failed.

mod agree;
mod answer;

use std::net::SocketAddr;
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::{DnsStep, Flag};
use candor_names::{
    AskError, AskOptions, AuthorityError, Exchange, Question, ask, authorities, fails_validation,
};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::answer::Expected;
use super::{StepContext, micros};
use crate::failure::StepFailure;

/// Records of one answer shown in evidence, at most.
const RECORDS_SHOWN: usize = 12;

/// How long a server that failed may take to say whether it is validation that fails.
const UNCHECKED: Duration = Duration::from_secs(1);

/// One server and what it answered.
struct Asked {
    /// The server as people name it: its address, after its name where it has one.
    server: String,
    outcome: Result<Exchange, Unanswered>,
}

/// Why a server gave no answer, and whether that is its own doing.
struct Unanswered {
    kind: Kind,
    why: String,
    /// Nothing came at all until the time was up.
    silent: bool,
    /// No way leads there over IPv6: often our own lack of it.
    no_route: bool,
}

/// Asks, and judges the answer.
///
/// # Errors
/// The fault of the answer, or of there being none.
pub(crate) async fn run(step: &DnsStep, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    let name = context.fill(&step.name)?;
    let question = Question::parse(&name, &step.rtype).map_err(|why| StepFailure::config(why.to_string()))?;
    context.report.target = question.to_string();
    let expected = Expected::fill(&question, &step.expect, context)?;
    let begun = Instant::now();
    let asked = ask_servers(step, &question, context).await;
    context.report.phases.dns_us = Some(micros(begun));
    let asked = asked?;
    for one in &asked {
        if let Err(failure) = judge(one, &expected, context) {
            return Err(validated(one, failure, context).await);
        }
    }
    context.expect_within(step.expect.within)?;
    if !step.expect.authorities_agree {
        return Ok(());
    }
    if step.servers.is_empty() {
        let authorities = find_authorities(&question, context).await?;
        agree::demand(&question, &authorities, context).await
    } else {
        agree::demand(&question, &asked, context).await
    }
}

/// Asks the step's own servers, or the first of the resolver's that answers.
async fn ask_servers(
    step: &DnsStep,
    question: &Question,
    context: &mut StepContext<'_>,
) -> Result<Vec<Asked>, StepFailure> {
    let mut options = AskOptions { deadline: context.remaining(), ..AskOptions::default() };
    options.dnssec_ok = step.expect.flags.contains(&Flag::Ad);
    if !step.servers.is_empty() {
        options.recursion_desired = !step.expect.authorities_agree;
        context.report.address = step.servers.first().map(ToString::to_string);
        let asked = ask_all(&step.servers, question, &options).await;
        return Ok(asked
            .into_iter()
            .map(|(server, outcome)| Asked::new(server.to_string(), outcome))
            .collect());
    }
    let servers = context.resolver.servers().await;
    let mut last = None;
    for (at, &server) in servers.iter().enumerate() {
        let left = u32::try_from(servers.len() - at).unwrap_or(u32::MAX);
        options.deadline = context.remaining() / left.max(1);
        context.report.address = Some(server.to_string());
        let asked = Asked::new(server.to_string(), ask(server, question, &options).await);
        let done = asked.outcome.is_ok();
        last = Some(asked);
        if done {
            break;
        }
    }
    let none = "the step's resolver asks no servers: name some in the step, or under `resolve`";
    Ok(vec![last.ok_or_else(|| StepFailure::config(none))?])
}

/// The failure of a server that failed, once it is known whether validation is what failed.
async fn validated(asked: &Asked, failure: StepFailure, context: &StepContext<'_>) -> StepFailure {
    match &asked.outcome {
        Ok(exchange) if failure.kind == Kind::DnsServfail => {
            if !fails_validation(exchange, context.remaining().min(UNCHECKED)).await {
                return failure;
            }
            let detail = format!("{}; the data fails DNSSEC validation", failure.detail);
            StepFailure { kind: Kind::DnsBogus, detail, ..failure }
        }
        _ => failure,
    }
}

/// Asks every server at once; the answers come in the order of the servers.
async fn ask_all(
    servers: &[SocketAddr],
    question: &Question,
    options: &AskOptions,
) -> Vec<(SocketAddr, Result<Exchange, AskError>)> {
    if let [server] = servers {
        return vec![(*server, ask(*server, question, options).await)];
    }
    let mut asking = JoinSet::new();
    for (at, &server) in servers.iter().enumerate() {
        let (question, options) = (question.clone(), options.clone());
        asking.spawn(async move { (at, server, ask(server, &question, &options).await) });
    }
    let mut answers = asking.join_all().await;
    answers.sort_by_key(|(at, ..)| *at);
    answers.into_iter().map(|(_, server, outcome)| (server, outcome)).collect()
}

/// Finds the authoritative servers of the name's zone through the resolver, and asks each.
async fn find_authorities(question: &Question, context: &StepContext<'_>) -> Result<Vec<Asked>, StepFailure> {
    let resolvers = context.resolver.servers().await;
    let wait = authorities(question, &resolvers, context.remaining());
    let found = context.within(Kind::DnsTimeout, "asking the authoritative servers", wait).await?;
    let found = found.map_err(|why| StepFailure::new(Kind::DnsServfail, why.to_string()))?;
    let asked = found.servers.into_iter().map(|authority| {
        let server = match authority.address {
            Some(address) => format!("{} at {address}", authority.name),
            None => authority.name,
        };
        Asked { server, outcome: authority.answer.map_err(Unanswered::from) }
    });
    Ok(asked.collect())
}

/// Judges what one server answered.
fn judge(asked: &Asked, expected: &Expected, context: &StepContext<'_>) -> Result<(), StepFailure> {
    let failure = match &asked.outcome {
        Ok(exchange) => match expected.judge(exchange) {
            Ok(()) => return Ok(()),
            Err((kind, why)) => StepFailure::new(kind, format!("{}: {why}", asked.server)),
        },
        Err(none) if none.silent && context.deadline_passed() => context
            .deadline()
            .ran_out(Kind::DnsTimeout, &format!("asking {} for {}", asked.server, expected.question())),
        Err(none) => StepFailure::new(none.kind, none.why.clone()),
    };
    Err(failure.with_lines(lines(asked)))
}

/// What a server answered, as lines of evidence.
fn lines(asked: &Asked) -> Vec<String> {
    let exchange = match &asked.outcome {
        Ok(exchange) => exchange,
        Err(none) => return vec![format!("{}: {}", asked.server, none.why)],
    };
    let flags = [
        (exchange.flags.aa, " aa"),
        (exchange.flags.tc, " tc"),
        (exchange.flags.ra, " ra"),
        (exchange.flags.ad, " ad"),
        (exchange.retried, ", asked twice"),
    ];
    let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
    let (server, rcode, took) = (&asked.server, exchange.rcode, exchange.took.as_millis());
    let mut lines = vec![format!("{server}: {} {rcode}{flags}, {took} ms", exchange.question)];
    if let Some((code, text)) = &exchange.ede {
        lines.push(format!("extended error {code}: {text}"));
    }
    let records = exchange.answer.iter().chain(&exchange.authority);
    lines.extend(records.take(RECORDS_SHOWN).map(ToString::to_string));
    lines
}

impl Asked {
    fn new(server: String, outcome: Result<Exchange, AskError>) -> Self {
        Self { server, outcome: outcome.map_err(Unanswered::from) }
    }
}

fn kind_of(error: &AskError) -> Kind {
    match error {
        AskError::Truncated { source, .. } => kind_of(source),
        AskError::Malformed { .. } => Kind::DnsServfail,
        AskError::Unable { .. } => Kind::VantageUnable,
        AskError::Timeout { .. }
        | AskError::Refused { .. }
        | AskError::Unreachable { .. }
        | AskError::Mismatched { .. } => Kind::DnsTimeout,
    }
}

impl From<AskError> for Unanswered {
    fn from(error: AskError) -> Self {
        let kind = kind_of(&error);
        let no_route = matches!(&error, AskError::Unreachable { server, .. } if server.is_ipv6());
        Self { kind, why: error.to_string(), silent: matches!(error, AskError::Timeout { .. }), no_route }
    }
}

impl From<AuthorityError> for Unanswered {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Silent(error) => error.into(),
            error @ AuthorityError::NoAddress(_) => {
                Self { kind: Kind::DnsLame, why: error.to_string(), silent: false, no_route: false }
            }
        }
    }
}
