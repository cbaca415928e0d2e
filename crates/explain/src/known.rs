//! What is known of names from before, or demanded of them.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::BTreeMap;

use candor_core::Timestamp;
use candor_core::finding::Was;
use candor_names::{KnownServer, Question};

/// What is known of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Per name and type, its data.
    pub names: Vec<KnownName>,
    /// The serial of the zone when they were seen.
    pub serial: Option<u32>,
    /// When they were seen; none where they are demanded.
    pub at: Option<Timestamp>,
    /// Where each name and type stands in the list.
    places: BTreeMap<(String, String), usize>,
    /// The names and types that are demanded, in the order given.
    demanded: Vec<(String, String)>,
}

/// A name, a type, and the data that it has when all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownName {
    /// The name, with its last dot.
    pub name: String,
    /// The type.
    pub rtype: String,
    /// Its data, in presentation form; any of them will do where the answer holds one or more and nothing else.
    pub data: Vec<String>,
}

/// An expectation that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableExpectation(String);

impl std::fmt::Display for UnreadableExpectation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for UnreadableExpectation {}

impl Known {
    /// Adds `NAME TYPE DATA`: `api.shop.example A 192.0.2.20`.
    ///
    /// # Errors
    /// When it is not of that form, or name or type are none.
    pub fn expect(&mut self, text: &str) -> Result<(), UnreadableExpectation> {
        let bad = |why: String| UnreadableExpectation(why);
        let mut words = text.trim().splitn(3, |letter: char| letter.is_ascii_whitespace());
        let (Some(name), Some(rtype), Some(data)) = (words.next(), words.next(), words.next()) else {
            return Err(bad(form(text)));
        };
        let data = data.trim();
        if data.is_empty() || data.chars().any(char::is_control) {
            return Err(bad(form(text)));
        }
        let question = Question::parse(name, rtype).map_err(|why| bad(why.to_string()))?;
        let rtype = question.rtype();
        let data = canonical(&rtype, data).map_err(bad)?;
        self.add(&question.name(), &rtype, data);
        let one = (question.name(), rtype);
        if !self.demanded.iter().any(|(name, rtype)| same_name(name, &one.0) && *rtype == one.1) {
            self.demanded.push(one);
        }
        Ok(())
    }

    /// The names and types that were demanded one by one, each once.
    #[must_use]
    pub fn demanded(&self) -> &[(String, String)] {
        &self.demanded
    }

    /// Adds data of a name.
    pub fn add(&mut self, name: &str, rtype: &str, data: String) {
        let place = *self.places.entry(key(name, rtype)).or_insert(self.names.len());
        match self.names.get_mut(place) {
            Some(known) => known.data.push(data),
            None => self.names.push(KnownName {
                name: name.to_owned(),
                rtype: rtype.to_owned(),
                data: vec![data],
            }),
        }
    }

    /// What is known of a name in one type.
    #[must_use]
    pub fn of(&self, name: &str, rtype: &str) -> Option<&KnownName> {
        self.names.get(*self.places.get(&key(name, rtype))?)
    }

    /// The servers that zones are known to have, where their addresses are known too.
    #[must_use]
    pub fn servers(&self, port: u16) -> Vec<(String, KnownServer)> {
        let mut list = Vec::new();
        for zone in self.names.iter().filter(|known| known.rtype == "NS") {
            for host in &zone.data {
                let addresses = ["A", "AAAA"].into_iter().filter_map(|rtype| self.of(host, rtype));
                for ip in addresses.flat_map(|known| &known.data).filter_map(|data| data.parse().ok()) {
                    let address = SocketAddr::new(ip, port);
                    list.push((zone.name.clone(), KnownServer { name: host.clone(), address }));
                }
            }
        }
        list
    }

    /// What is known of a name, for the words.
    #[must_use]
    pub fn was(&self, name: &str) -> Option<Was> {
        let mut was = Was { records: Vec::new(), serial: self.serial, at: self.at };
        for known in self.names.iter().filter(|known| same_name(&known.name, name)) {
            was.records.extend(known.data.iter().map(|data| format!("{} {data}", known.rtype)));
        }
        (!was.records.is_empty()).then_some(was)
    }
}

fn key(name: &str, rtype: &str) -> (String, String) {
    (name.trim_end_matches('.').to_ascii_lowercase(), rtype.to_owned())
}

/// Data as servers' answers are written: addresses in their shortest form, names with their last dot.
fn canonical(rtype: &str, data: &str) -> Result<String, String> {
    let not = |what: &str| format!("{data:?} is not {what}");
    match rtype {
        "A" => data.parse::<Ipv4Addr>().map(|ip| ip.to_string()).map_err(|_| not("an IPv4 address")),
        "AAAA" => data.parse::<Ipv6Addr>().map(|ip| ip.to_string()).map_err(|_| not("an IPv6 address")),
        "CNAME" | "DNAME" | "NS" | "PTR" | "MX" | "SRV" if !data.ends_with('.') => {
            let words: Vec<&str> = data.split_ascii_whitespace().collect();
            Ok(format!("{}.", words.join(" ")))
        }
        _ => Ok(data.to_owned()),
    }
}

/// Whether two names are the same (RFC 4343).
pub(crate) fn same_name(one: &str, two: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(two.trim_end_matches('.'))
}

fn form(text: &str) -> String {
    format!("{text:?} is not of the form NAME TYPE DATA, as in \"api.shop.example A 192.0.2.20\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_has_a_name_a_type_and_data() {
        let mut known = Known::default();
        known.expect("api.shop.example A 192.0.2.20").unwrap();
        known.expect("API.shop.example. a 192.0.2.21").unwrap();
        known.expect("shop.example MX 10 mx.shop.example.").unwrap();
        assert_eq!(known.was("api.shop.example").unwrap().records, ["A 192.0.2.20", "A 192.0.2.21"]);
        assert_eq!(known.of("shop.example", "MX").unwrap().data, ["10 mx.shop.example."]);
    }

    #[test]
    fn an_expectation_is_held_against_answers_as_servers_write_them() {
        let mut known = Known::default();
        known.expect("a.example AAAA 2001:DB8:0::1").unwrap();
        known.expect("a.example MX 10  mail.example").unwrap();
        known.expect("a.example TXT \"two  spaces\"").unwrap();
        let was = known.was("a.example").unwrap();
        assert_eq!(was.records, ["AAAA 2001:db8::1", "MX 10 mail.example.", "TXT \"two  spaces\""]);
        for text in ["a.example A x", "a.example AAAA 192.0.2.1", "a.example TXT \"\u{1b}]0;x\""] {
            assert!(Known::default().expect(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_none_is_said() {
        let said = |text: &str| Known::default().expect(text).unwrap_err().to_string();
        insta::assert_snapshot!(said("api.shop.example"), @r#""api.shop.example" is not of the form NAME TYPE DATA, as in "api.shop.example A 192.0.2.20""#);
        insta::assert_snapshot!(said("api.shop.example A"), @r#""api.shop.example A" is not of the form NAME TYPE DATA, as in "api.shop.example A 192.0.2.20""#);
        insta::assert_snapshot!(said("a..b A 192.0.2.1"), @r#""a..b" is not a domain name: empty label"#);
        insta::assert_snapshot!(said("a WHAT 192.0.2.1"), @r#""WHAT" is not a record type: write a mnemonic such as A or MX, or TYPE65"#);
    }
}
