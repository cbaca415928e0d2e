//! R1: a required name leads to data of the required type, along its aliases.

use std::collections::BTreeSet;
use std::fmt;

use domain::base::Rtype;
use domain::rdata::ZoneRecordData;

use super::Case;
use super::breach::{Breaches, Severity};
use crate::name::{self, Name};
use crate::question::Question;
use crate::zone::{End, Trace, Zone};

const PUT_BACK: &str = "Put the record back, or leave an alias in its place. If nobody needs the name any more, take it off the list of required names first.";
const WAS_GONE: &str =
    "This change does not mend it. Put the record in, or take the name off the list of required names.";
const LOOK: &str = "Look whether the name outside of the zone has what is needed.";
const NULL_MX: &str =
    "A preference of 0 and the root as the exchange say that the name takes no mail (RFC 7505).";

/// What a name must lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// An address, of either family.
    Address,
    /// Data of this type, by its number.
    Type(u16),
}

/// A name that must go on leading somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    name: Name,
    need: Need,
    /// Why, as the end of a sentence: `service apps buys there`.
    pub why: String,
    /// Whether somebody wrote it down, rather than that it was seen in use.
    pub listed: bool,
}

/// A text that says no name to require.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no name to require: {why}")]
pub struct NeedError {
    text: String,
    why: String,
}

impl Required {
    /// Reads `www A`, `@ MX`, or `www` for an address. Names without a last dot are relative to `origin`, unless they lie in
    /// it as they stand.
    ///
    /// # Errors
    /// When it is no name and type.
    pub fn parse(text: &str, origin: &str, why: &str) -> Result<Self, NeedError> {
        let wrong = |why: String| NeedError { text: text.chars().take(300).collect(), why };
        let mut words = text.split_whitespace();
        let (Some(first), rtype, None) = (words.next(), words.next(), words.next()) else {
            return Err(wrong("write a name and a type, such as \"www A\" or \"@ MX\"".to_owned()));
        };
        let apex = name::parse(origin).map_err(wrong)?;
        let name = match first.strip_suffix('.') {
            _ if first == "@" => apex,
            Some(_) => name::parse(first).map_err(wrong)?,
            None => {
                let whole = name::parse(first).map_err(wrong)?;
                let relative =
                    || name::parse(&format!("{first}.{}", name::show(&apex).trim_start_matches('.')));
                if whole.ends_with(&apex) && apex.label_count() > 1 {
                    whole
                } else {
                    relative().map_err(wrong)?
                }
            }
        };
        let need = match rtype {
            None => Need::Address,
            Some(rtype) => {
                let known: Rtype =
                    rtype.parse().map_err(|_| wrong(format!("{rtype:?} is no type of records")))?;
                Need::Type(known.to_int())
            }
        };
        Ok(Self { name, need, why: why.to_owned(), listed: true })
    }

    /// One that was seen in use.
    #[must_use]
    pub fn learned(mut self) -> Self {
        self.listed = false;
        self
    }

    /// The name, with its last dot.
    #[must_use]
    pub fn name(&self) -> String {
        name::show(&self.name)
    }

    /// What it must lead to.
    #[must_use]
    pub fn need(&self) -> Need {
        self.need
    }

    /// Whether it lies in the zone.
    #[must_use]
    pub fn lies_in(&self, zone: &Zone) -> bool {
        self.name.ends_with(zone.apex())
    }

    pub(super) fn wire(&self) -> &Name {
        &self.name
    }
}

impl Need {
    pub(super) fn rtypes(self) -> Vec<Rtype> {
        match self {
            Self::Address => vec![Rtype::A, Rtype::AAAA],
            Self::Type(number) => vec![Rtype::from_int(number)],
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => out.write_str("address"),
            Self::Type(number) => Rtype::from_int(*number).fmt(out),
        }
    }
}

/// What is to be asked to see whether a required name has what is needed.
#[must_use]
pub fn questions(need: &Required) -> Vec<Question> {
    need.need.rtypes().into_iter().map(|rtype| Question::of(need.name.clone(), rtype)).collect()
}

/// What names outside of the zone are to be asked for, because required names lead to them.
#[must_use]
pub fn outside(zone: &Zone, required: &[Required]) -> BTreeSet<(String, String)> {
    let mut list = BTreeSet::new();
    for need in required.iter().filter(|need| need.lies_in(zone)) {
        if let Comes::Elsewhere(target) = comes(zone, need) {
            let target = name::show(&target).to_ascii_lowercase();
            list.extend(need.need.rtypes().into_iter().map(|rtype| (target.clone(), rtype.to_string())));
        }
    }
    list
}

/// What a required name comes to in a version of the zone.
enum Comes {
    /// To what is needed.
    There,
    /// To a name that this zone does not know about.
    Elsewhere(Name),
    /// To nothing, in words after the name.
    Nowhere(String, &'static str),
}

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    for need in case.required.iter().filter(|need| need.lies_in(case.proposed)) {
        match comes(case.proposed, need) {
            Comes::There => {}
            Comes::Elsewhere(target) => elsewhere(case, need, &target, found),
            Comes::Nowhere(why, remedy) => {
                let is_new = need.listed || !matches!(comes(case.live, need), Comes::Nowhere(..));
                let severity = Severity::of_new(is_new);
                let remedy = if is_new { remedy } else { WAS_GONE };
                found.add(severity, remedy, need.name(), |name| format!("{name} {why}; {}", need.why));
            }
        }
    }
}

fn elsewhere(case: &Case<'_>, need: &Required, target: &Name, found: &mut Breaches) {
    let target = name::show(target);
    let seen = need.need.rtypes().into_iter();
    let seen: Vec<Option<bool>> = seen
        .map(|rtype| case.around.elsewhere.get(&(target.to_ascii_lowercase(), rtype.to_string())).copied())
        .collect();
    let words = |name: &str, what: &str| {
        format!("{name} leads to {target}, outside of the zone, {what}; {}", need.why)
    };
    if seen.contains(&Some(true)) {
        return;
    }
    // What led there before is not this change's doing.
    let led_there = case.live.trace(&need.name, Rtype::A).links.iter().any(|link| name::show(link) == target);
    if seen.iter().all(|seen| *seen == Some(false)) {
        let severity = Severity::of_new(!led_there);
        found.add(severity, PUT_BACK, need.name(), |name| words(name, "which has nothing of the kind"));
    } else if !led_there {
        found.add(Severity::Warn, LOOK, need.name(), |name| words(name, "which was not looked at"));
    }
}

fn comes(zone: &Zone, need: &Required) -> Comes {
    let traces: Vec<(Rtype, Trace<'_>)> =
        need.need.rtypes().into_iter().map(|rtype| (rtype, zone.trace(&need.name, rtype))).collect();
    for (rtype, trace) in &traces {
        match &trace.end {
            End::Data(set) if *rtype == Rtype::MX && set.data.iter().all(is_null_mx) => {
                return Comes::Nowhere("would take no mail".to_owned(), NULL_MX);
            }
            End::Data(_) => return Comes::There,
            _ => {}
        }
    }
    let Some((_, trace)) = traces.into_iter().next() else { return Comes::There };
    let Some(last) = trace.links.last() else { return Comes::There };
    if matches!(trace.end, End::Outside | End::Delegated) {
        return Comes::Elsewhere(last.clone());
    }
    Comes::Nowhere(nowhere(&trace, need, last), PUT_BACK)
}

/// How a way ends at nothing, in words after the name.
fn nowhere(trace: &Trace<'_>, need: &Required, last: &Name) -> String {
    let what = match need.need {
        Need::Address => "no address".to_owned(),
        Need::Type(_) => format!("no {}", need.need),
    };
    let link = trace.links.len();
    let target = name::show(last);
    match (&trace.end, link) {
        (End::Missing, 1) => "would not exist (NXDOMAIN)".to_owned(),
        (End::Circle, _) => "would be an alias in a circle".to_owned(),
        (_, 1) => format!("would have {what}"),
        (End::Missing, _) => format!("would be an alias of {target}, which would not exist"),
        _ => format!("would be an alias of {target}, which would have {what}"),
    }
}

fn is_null_mx(data: &crate::zone::Rdata) -> bool {
    matches!(data, ZoneRecordData::Mx(mx) if mx.exchange().is_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_required_name_is_read_relative_to_its_zone() {
        let read = |text: &str| {
            let read = Required::parse(text, "shop.test", "it is listed")?;
            Ok::<_, NeedError>(format!("{} {}", read.name(), read.need()))
        };
        for (text, is) in [
            ("www A", "www.shop.test. A"),
            ("@ MX", "shop.test. MX"),
            ("in.apps", "in.apps.shop.test. address"),
            ("www.shop.test AAAA", "www.shop.test. AAAA"),
            ("other.test. TXT", "other.test. TXT"),
        ] {
            assert_eq!(read(text).unwrap(), is);
        }
        for text in ["", "www A extra", "www NOTYPE", "a..b A", "\u{e9} A"] {
            let why = read(text).unwrap_err().to_string();
            assert!(why.contains("is no name to require"), "{text}: {why}");
        }
    }
}
