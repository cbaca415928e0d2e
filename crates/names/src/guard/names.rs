//! Names within records.

use domain::base::name::ToLabelIter;
use domain::rdata::ZoneRecordData;

use crate::name::Name;
use crate::zone::Rdata;

/// What a record sends its readers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A name server.
    Server,
    /// A mail exchange.
    Exchange,
    /// The host of a service.
    Host,
    /// Another name for the same thing.
    Alias,
}

impl Use {
    /// The record's type.
    pub(super) const fn rtype(self) -> &'static str {
        match self {
            Self::Server => "NS",
            Self::Exchange => "MX",
            Self::Host => "SRV",
            Self::Alias => "CNAME",
        }
    }
}

/// The name that a record sends its readers to, where it does.
pub(super) fn target(data: &Rdata) -> Option<(Use, &Name)> {
    Some(match data {
        ZoneRecordData::Ns(ns) => (Use::Server, ns.nsdname()),
        ZoneRecordData::Mx(mx) => (Use::Exchange, mx.exchange()),
        ZoneRecordData::Srv(srv) => (Use::Host, srv.target()),
        ZoneRecordData::Cname(alias) => (Use::Alias, alias.cname()),
        _ => return None,
    })
}

/// Any name within a record's data.
pub(super) fn mentioned(data: &Rdata) -> Option<&Name> {
    match data {
        ZoneRecordData::Ptr(ptr) => Some(ptr.ptrdname()),
        ZoneRecordData::Dname(dname) => Some(dname.dname()),
        ZoneRecordData::Soa(soa) => Some(soa.mname()),
        other => target(other).map(|(_, name)| name),
    }
}

/// Whether the name ends in the apex twice over, as one does that lacks its last dot in the zone's file.
pub(super) fn is_doubled(name: &Name, apex: &Name) -> bool {
    let labels = apex.iter_labels().count() - 1;
    if labels == 0 {
        return false;
    }
    let all: Vec<_> = name.iter_labels().collect();
    let Some(before) = all.len().checked_sub(1 + 2 * labels) else { return false };
    let apex: Vec<_> = apex.iter_labels().take(labels).collect();
    let part = |from: usize| all.get(from..from + labels) == Some(apex.as_slice());
    part(before) && part(before + labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::parse;

    #[test]
    fn a_name_with_the_apex_twice_lacks_its_last_dot() {
        let doubled = |name: &str, apex: &str| is_doubled(&parse(name).unwrap(), &parse(apex).unwrap());
        assert!(doubled("edge.shop.test.SHOP.test.", "shop.test."));
        assert!(doubled("shop.test.shop.test.", "shop.test."));
        assert!(doubled("ns1.shop.test.test.", "test."));
        assert!(!doubled("shop.test.", "shop.test.") && !doubled("edge.shop.test.", "shop.test."));
        assert!(!doubled("shop.test.edge.shop.test.", "shop.test.") && !doubled("a.b.", "."));
    }
}
