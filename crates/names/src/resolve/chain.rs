//! Aliases followed through the records of an answer.

use std::net::IpAddr;

use crate::record::Record;

/// Longest chain of aliases that is followed; longer ones are broken in practice too.
pub(super) const MAX_ALIASES: usize = 16;

/// Most addresses taken of one host; nobody connects to more, and an answer may hold thousands.
const MAX_ADDRESSES: usize = 64;

/// Where a name leads in a set of records.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// To addresses, each of them once.
    Addresses(Vec<IpAddr>),
    /// To a name of which the records say nothing more.
    Open,
    /// In a circle, or too far; how.
    Broken(String),
}

/// Follows aliases from `start`, noting each in `aliases`; the last of them, or `start`, is where it ends.
pub(super) fn follow(start: &str, records: &[&Record], aliases: &mut Vec<String>) -> Lead {
    let mut current = start.to_owned();
    loop {
        let here = |record: &&&Record| record.name.eq_ignore_ascii_case(&current) && record.class == "IN";
        let mut at = records.iter().filter(here);
        let addresses = distinct(
            at.clone()
                .filter(|record| record.rtype == "A" || record.rtype == "AAAA")
                .filter_map(|record| record.data.parse().ok()),
        );
        if !addresses.is_empty() {
            return Lead::Addresses(addresses);
        }
        let Some(alias) = at.find(|record| record.rtype == "CNAME") else {
            return Lead::Open;
        };
        let target = &alias.data;
        let seen = |name: &str| name.eq_ignore_ascii_case(target);
        if seen(start) || aliases.iter().any(|name| seen(name)) {
            return Lead::Broken(format!("{current} leads back to {target}"));
        }
        if aliases.len() >= MAX_ALIASES {
            return Lead::Broken(format!("more than {MAX_ALIASES} aliases in a row, the last {current}"));
        }
        aliases.push(target.clone());
        current.clone_from(target);
    }
}

fn distinct(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut kept = Vec::new();
    for address in addresses {
        if kept.len() == MAX_ADDRESSES {
            break;
        }
        if !kept.contains(&address) {
            kept.push(address);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, rtype: &str, data: &str) -> Record {
        Record { name: name.into(), class: "IN".into(), ttl: 60, rtype: rtype.into(), data: data.into() }
    }

    fn all(records: &[Record]) -> Vec<&Record> {
        records.iter().collect()
    }

    #[test]
    fn of_thousands_of_addresses_some_are_taken_each_once() {
        let address = |n: u16| record("a.example.", "A", &format!("192.0.{}.{}", n / 256 % 4, n % 256));
        let records: Vec<_> = (0..4000).map(address).collect();
        let Lead::Addresses(list) = follow("a.example.", &all(&records), &mut Vec::new()) else {
            panic!("no addresses");
        };
        let distinct: std::collections::BTreeSet<_> = list.iter().collect();
        assert_eq!((list.len(), distinct.len()), (MAX_ADDRESSES, MAX_ADDRESSES));
    }

    #[test]
    fn a_chain_out_of_order_and_in_mixed_case_is_followed() {
        let records = [
            record("c.example.", "A", "192.0.2.1"),
            record("B.example.", "CNAME", "c.example."),
            record("a.example.", "CNAME", "b.EXAMPLE."),
        ];
        let mut aliases = Vec::new();
        let lead = follow("a.example.", &all(&records), &mut aliases);
        assert_eq!(lead, Lead::Addresses(vec!["192.0.2.1".parse().unwrap()]));
        assert_eq!(aliases, ["b.EXAMPLE.", "c.example."]);
    }

    #[test]
    fn a_circle_is_broken() {
        let records =
            [record("a.example.", "CNAME", "b.example."), record("b.example.", "CNAME", "a.example.")];
        let lead = follow("a.example.", &all(&records), &mut Vec::new());
        assert_eq!(lead, Lead::Broken("b.example. leads back to a.example.".into()));
    }

    #[test]
    fn an_alias_of_itself_is_broken() {
        let records = [record("a.example.", "CNAME", "a.example.")];
        assert!(matches!(follow("a.example.", &all(&records), &mut Vec::new()), Lead::Broken(_)));
    }

    #[test]
    fn an_endless_chain_is_broken() {
        let link = |n: usize| record(&format!("n{n}.example."), "CNAME", &format!("n{}.example.", n + 1));
        let records: Vec<_> = (0..40).map(link).collect();
        assert!(matches!(follow("n0.example.", &all(&records), &mut Vec::new()), Lead::Broken(_)));
    }
}
