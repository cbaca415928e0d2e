//! What an answer means for a walk.

use domain::base::Rtype;

use super::{Heard, ServerSeen, Unheard};
use crate::ask::{AskError, Exchange};
use crate::name::{self, Name};
use crate::record::{Rcode, Record};

/// What a server of a zone says of a name at or below its apex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// Others serve it: the apex of their zone.
    Refers(String),
    /// It is the apex of a zone that this server has too.
    Apex,
    /// It has it, with data or without.
    Inside,
    /// It does not exist; the zone in whose name that is said, if it is said.
    Denies(Option<String>),
    /// It gives no authoritative answer.
    Lame(Lame),
    /// Nothing was heard.
    Nothing,
}

/// Why an answer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lame {
    /// An error: REFUSED, SERVFAIL, NOTAUTH.
    Error(Rcode),
    /// It answers without authority.
    NotAuthoritative,
    /// It sends the question up or sideways, away from the name.
    RefersAway,
}

/// How a server stands to a zone that it is named for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has the zone; the serial of its copy.
    Authoritative(u32),
    /// It answers, and does not serve the zone.
    Lame(Lame),
    /// It does not answer.
    Silent,
    /// Its host says that nobody listens there.
    Closed,
    /// No way leads there from here: says something about us as well.
    NoRoute(String),
    /// It answers something that cannot be read, or to another question.
    Nonsense(String),
    /// It was not asked.
    NotAsked,
}

impl ServerSeen {
    /// How it stands to its zone, by what it said over UDP, or over TCP where nothing came.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let over_udp = standing(&self.soa);
        match (&over_udp, &self.tcp) {
            (Standing::Authoritative(_) | Standing::Lame(_), _) | (_, None) => over_udp,
            (_, Some(tcp)) => match standing(tcp) {
                Standing::Authoritative(serial) => Standing::Authoritative(serial),
                _ => over_udp,
            },
        }
    }

    /// The serial of its copy of the zone.
    #[must_use]
    pub fn serial(&self) -> Option<u32> {
        match self.standing() {
            Standing::Authoritative(serial) => Some(serial),
            _ => None,
        }
    }

    /// Whether it answers over TCP and not over UDP, by which everybody asks first.
    #[must_use]
    pub fn udp_fails(&self) -> bool {
        let heard = |heard: &Heard| matches!(standing(heard), Standing::Authoritative(_));
        self.tcp.as_ref().is_some_and(heard)
            && matches!(standing(&self.soa), Standing::Silent | Standing::Closed)
    }

    /// Whether it answers over UDP and not over TCP, which larger answers need (RFC 7766).
    #[must_use]
    pub fn tcp_fails(&self) -> bool {
        let heard = |heard: &Heard| matches!(standing(heard), Standing::Authoritative(_));
        heard(&self.soa) && self.tcp.as_ref().is_some_and(|tcp| !heard(tcp))
    }
}

fn standing(soa: &Heard) -> Standing {
    match soa.as_ref() {
        Ok(exchange) => match serial(exchange) {
            Some(serial) if exchange.flags.aa => Standing::Authoritative(serial),
            _ => Standing::Lame(lame(exchange)),
        },
        Err(Unheard::StillSilent(_)) => Standing::Silent,
        Err(Unheard::CutShort(_)) => Standing::NotAsked,
        Err(Unheard::Ask(error)) => match error {
            AskError::Timeout { .. } => Standing::Silent,
            AskError::Refused { .. } => Standing::Closed,
            AskError::Unreachable { why, .. } => Standing::NoRoute(why.clone()),
            AskError::Unable { source, .. } => Standing::NoRoute(source.to_string()),
            AskError::Malformed { .. } | AskError::Mismatched { .. } | AskError::Truncated { .. } => {
                Standing::Nonsense(error.to_string())
            }
        },
    }
}

fn lame(exchange: &Exchange) -> Lame {
    if exchange.rcode != Rcode::NOERROR && exchange.rcode != Rcode::NXDOMAIN {
        Lame::Error(exchange.rcode)
    } else if exchange.answer.is_empty() && exchange.authority.iter().any(|record| record.rtype == "NS") {
        Lame::RefersAway
    } else {
        Lame::NotAuthoritative
    }
}

/// The serial of the first SOA in the answer.
pub(super) fn serial(exchange: &Exchange) -> Option<u32> {
    let soa = exchange.answer.iter().find(|record| record.rtype == "SOA")?;
    soa.data.split(' ').nth(2)?.parse().ok()
}

/// What an answer to a question for `at`, put to a server of the zone at `apex`, says of that name.
pub(super) fn says(apex: &Name, at: &Name, heard: &Heard) -> Says {
    let Ok(exchange) = heard.as_ref() else { return Says::Nothing };
    let owned = |record: &&Record, rtype: Rtype| record.rtype == rtype.to_string();
    if exchange.rcode == Rcode::NXDOMAIN && exchange.flags.aa {
        let soa = exchange.authority.iter().find(|record| owned(record, Rtype::SOA));
        return Says::Denies(soa.map(|record| record.name.clone()));
    }
    if exchange.rcode != Rcode::NOERROR {
        return Says::Lame(lame(exchange));
    }
    if exchange.flags.aa && !exchange.answer.is_empty() {
        let own = exchange.answer.iter().find(|record| owned(record, Rtype::SOA));
        let is_apex = own.is_some_and(|record| name::parse(&record.name).is_ok_and(|name| name == *at));
        return if is_apex { Says::Apex } else { Says::Inside };
    }
    let names_cut = |record: &&Record| {
        owned(record, Rtype::NS)
            && name::parse(&record.name)
                .is_ok_and(|cut| at.ends_with(&cut) && cut.ends_with(apex) && cut != *apex)
    };
    if exchange.answer.is_empty()
        && let Some(cut) = exchange.authority.iter().find(names_cut)
    {
        return Says::Refers(cut.name.clone());
    }
    if exchange.flags.aa { Says::Inside } else { Says::Lame(lame(exchange)) }
}

/// Whether a resolver gave neither data nor a denial.
pub(super) fn failed(heard: &Heard) -> bool {
    match heard.as_ref() {
        Ok(exchange) => exchange.rcode != Rcode::NOERROR && exchange.rcode != Rcode::NXDOMAIN,
        Err(_) => true,
    }
}

/// The alias of `at` that an answer gives.
pub(super) fn alias(at: &Name, exchange: &Exchange) -> Option<Name> {
    let ours = |record: &&Record| {
        record.rtype == "CNAME" && name::parse(&record.name).is_ok_and(|owner| owner == *at)
    };
    name::parse(&exchange.answer.iter().find(ours)?.data).ok()
}
