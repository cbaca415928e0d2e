//! What an answer must be, and how it falls short.
//!
//! Data is compared as a set in presentation form, after what means the same has been made to look the same: case and
//! last dots of names, the many ways to write an IPv6 address, the quotes of a text.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use candor_core::fault::Kind;
use candor_core::model::{DnsExpect, Flag};
use candor_names::{Exchange, Question, Rcode, Record};

use super::StepContext;
use crate::failure::StepFailure;

/// Most items of a set that are shown.
const SHOWN: usize = 4;

/// Longest chain of aliases that is followed; resolvers give up earlier.
const ALIASES_MAX: usize = 16;

/// Types whose data holds names and numbers only: case and last dots mean nothing.
const OF_NAMES: &[&str] =
    &["NS", "CNAME", "DNAME", "PTR", "MX", "SRV", "SOA", "NAPTR", "AFSDB", "RP", "KX", "SVCB", "HTTPS"];

/// What an answer must be, its holes filled.
pub(super) struct Expected {
    question: Question,
    rtype: String,
    rcode: String,
    answer: Option<BTreeSet<String>>,
    flags: Vec<Flag>,
}

/// A fault, before it is known where.
type Short = (Kind, String);

impl Expected {
    /// Fills the holes.
    pub(super) fn fill(
        question: &Question,
        expect: &DnsExpect,
        context: &StepContext<'_>,
    ) -> Result<Self, StepFailure> {
        let rtype = question.rtype();
        let answer = match &expect.answer {
            None => None,
            Some(templates) => {
                let filled = templates.iter().map(|t| context.fill(t).map(|text| canonical(&rtype, &text)));
                Some(filled.collect::<Result<_, _>>()?)
            }
        };
        let rcode = expect.rcode.to_ascii_uppercase();
        Ok(Self { question: question.clone(), rtype, rcode, answer, flags: expect.flags.clone() })
    }

    /// What is asked.
    pub(super) fn question(&self) -> &Question {
        &self.question
    }

    /// Judges an answer.
    pub(super) fn judge(&self, exchange: &Exchange) -> Result<(), Short> {
        let chain = Chain::of(exchange, &self.question, &self.rtype);
        let rcode = exchange.rcode.to_string();
        if let Some(broken) = chain.broken {
            return Err((Kind::DnsAliasBroken, format!("{} {broken}", self.question.name())));
        }
        if rcode != self.rcode {
            return Err(self.wrong_code(exchange, &chain));
        }
        let seen: BTreeSet<_> =
            chain.records(exchange, &self.rtype).map(|r| canonical(&r.rtype, &r.data)).collect();
        match &self.answer {
            None if seen.is_empty() && exchange.rcode == Rcode::NOERROR => {
                return Err(self.empty(exchange, &chain));
            }
            None => {}
            Some(wanted) if seen.is_empty() && !wanted.is_empty() && exchange.rcode == Rcode::NOERROR => {
                return Err(self.empty(exchange, &chain));
            }
            Some(wanted) if seen != *wanted => return Err((Kind::DnsWrongAnswer, difference(&seen, wanted))),
            Some(_) => {}
        }
        self.judge_flags(exchange)
    }

    fn wrong_code(&self, exchange: &Exchange, chain: &Chain) -> Short {
        let name = self.question.name();
        let mut why = format!("{} is answered {}, expected {}", self.question, exchange.rcode, self.rcode);
        let kind = match exchange.rcode {
            Rcode::NXDOMAIN if chain.aliased() => {
                why = format!("{name} is an alias of {}, which does not exist", chain.last);
                Kind::DnsAliasBroken
            }
            Rcode::NXDOMAIN => Kind::DnsNxdomain,
            Rcode::REFUSED => Kind::DnsRefused,
            Rcode::NOERROR => Kind::DnsWrongAnswer,
            _ => Kind::DnsServfail,
        };
        match &exchange.ede {
            Some((code, text)) if text.is_empty() => (kind, format!("{why} (extended error {code})")),
            Some((code, text)) => (kind, format!("{why} (extended error {code}: {text})")),
            None => (kind, why),
        }
    }

    /// NOERROR without what was asked for.
    fn empty(&self, exchange: &Exchange, chain: &Chain) -> Short {
        let (name, rtype) = (self.question.name(), &self.rtype);
        let delegates = exchange.authority.iter().any(|record| record.rtype == "NS")
            && !exchange.authority.iter().any(|record| record.rtype == "SOA");
        if delegates && !exchange.flags.aa && !exchange.flags.ra {
            return (Kind::DnsLame, format!("refers {name} to other servers instead of answering"));
        }
        if chain.aliased() {
            return (Kind::DnsNodata, format!("{name} is an alias of {}, no {rtype} there", chain.last));
        }
        (Kind::DnsNodata, format!("{name} exists, but not with type {rtype}"))
    }

    fn judge_flags(&self, exchange: &Exchange) -> Result<(), Short> {
        for flag in &self.flags {
            let (set, kind, what) = match flag {
                Flag::Aa => (exchange.flags.aa, Kind::DnsLame, "authoritative (AA)"),
                Flag::Ad => (exchange.flags.ad, Kind::DnsWrongAnswer, "authenticated (AD)"),
                Flag::Ra => (exchange.flags.ra, Kind::DnsWrongAnswer, "from a server that recurses (RA)"),
                Flag::Tc => (exchange.flags.tc, Kind::DnsWrongAnswer, "truncated (TC)"),
            };
            if !set {
                return Err((kind, format!("the answer for {} is not {what}", self.question)));
            }
        }
        Ok(())
    }
}

/// Where the aliases in an answer lead.
struct Chain {
    /// The name at the end, in lower case.
    last: String,
    hops: usize,
    /// Why they lead nowhere, where they do not.
    broken: Option<String>,
}

impl Chain {
    fn of(exchange: &Exchange, question: &Question, rtype: &str) -> Self {
        let mut chain = Self { last: question.name().to_ascii_lowercase(), hops: 0, broken: None };
        if matches!(rtype, "CNAME" | "ANY") {
            return chain;
        }
        let alias = |name: &str| {
            let of_name = |r: &&Record| r.rtype == "CNAME" && is_here(r) && r.name.eq_ignore_ascii_case(name);
            exchange.answer.iter().find(of_name)
        };
        let mut passed = BTreeSet::new();
        while let Some(record) = alias(&chain.last) {
            if !passed.insert(chain.last.clone()) {
                chain.broken = Some("is an alias in a circle".to_owned());
                return chain;
            }
            if chain.hops == ALIASES_MAX {
                chain.broken = Some(format!("is an alias of more than {ALIASES_MAX} aliases in a row"));
                return chain;
            }
            chain.last = record.data.to_ascii_lowercase();
            chain.hops += 1;
        }
        chain
    }

    fn aliased(&self) -> bool {
        self.hops > 0
    }

    /// The records asked for, at the end of the chain.
    fn records<'e>(&'e self, exchange: &'e Exchange, rtype: &'e str) -> impl Iterator<Item = &'e Record> {
        let wanted = move |record: &&Record| is_here(record) && (rtype == "ANY" || record.rtype == rtype);
        exchange.answer.iter().filter(wanted).filter(|record| record.name.eq_ignore_ascii_case(&self.last))
    }
}

/// Whether a record is of the class that is asked for; what an answer holds of others is nobody's.
fn is_here(record: &Record) -> bool {
    record.class == "IN"
}

/// Data with what means the same made to look the same.
pub(super) fn canonical(rtype: &str, data: &str) -> String {
    match rtype {
        "TXT" | "SPF" => unquoted(data),
        "AAAA" => {
            data.trim().parse::<Ipv6Addr>().map_or_else(|_| data.to_owned(), |address| address.to_string())
        }
        _ => {
            let words = data.split_whitespace().map(|word| match OF_NAMES.contains(&rtype) {
                true if word.len() > 1 => word.strip_suffix('.').unwrap_or(word).to_ascii_lowercase(),
                _ => word.to_owned(),
            });
            words.collect::<Vec<_>>().join(" ")
        }
    }
}

/// The strings of a text one after the other; a text without quotes is taken as it stands.
fn unquoted(data: &str) -> String {
    let data = data.trim();
    if !data.starts_with('"') {
        return data.to_owned();
    }
    let (mut out, mut inside, mut escaped) = (String::new(), false, false);
    for c in data.chars() {
        match c {
            c if escaped => {
                out.extend(['\\', c].into_iter().skip(usize::from(matches!(c, '"' | '\\'))));
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => inside = !inside,
            c if inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// What is missing and what is there besides.
fn difference(seen: &BTreeSet<String>, wanted: &BTreeSet<String>) -> String {
    let list = |items: Vec<&String>| {
        let more = items.len().saturating_sub(SHOWN);
        let shown: Vec<_> = items.into_iter().take(SHOWN).map(String::as_str).collect();
        if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
    };
    let missing: Vec<_> = wanted.difference(seen).collect();
    let besides: Vec<_> = seen.difference(wanted).collect();
    match (missing.is_empty(), besides.is_empty()) {
        (false, false) => format!("the answer has {} instead of {}", list(besides), list(missing)),
        (false, true) => format!("the answer lacks {}", list(missing)),
        _ => format!("the answer has {}, which is not expected", list(besides)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_compares_the_same() {
        for (rtype, a, b) in [
            ("MX", "10 MX1.Shop.example.", "10  mx1.shop.example"),
            ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
            ("TXT", "\"v=spf1 \" \"-all\"", "v=spf1 -all"),
            ("TXT", "\"say \\\"hi\\\"\"", "say \"hi\""),
            ("MX", "0 .", "0 ."),
        ] {
            assert_eq!(canonical(rtype, a), canonical(rtype, b), "{rtype}");
        }
        assert_ne!(canonical("TXT", "\"A\""), canonical("TXT", "\"a\""), "texts have a case");
        assert_ne!(canonical("TXT", "\"a\\032b\""), canonical("TXT", "\"a32b\""), "escapes are kept");
    }

    #[test]
    fn a_difference_says_what_is_missing_and_what_is_there_instead() {
        let set = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<BTreeSet<_>>();
        let (a, b) = (set(&["192.0.2.1"]), set(&["192.0.2.2"]));
        assert_eq!(difference(&a, &b), "the answer has 192.0.2.1 instead of 192.0.2.2");
        assert_eq!(difference(&set(&[]), &b), "the answer lacks 192.0.2.2");
        let many = set(&["1", "2", "3", "4", "5", "6"]);
        assert_eq!(
            difference(&many, &set(&[])),
            "the answer has 1, 2, 3, 4 and 2 more, which is not expected"
        );
    }
}
