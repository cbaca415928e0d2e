//! The shop's zone as text (RFC 1035, section 5): whole, or with what is wrong in it; and small edits of such a text.
//!
//! What is wrong is wrong as people get it wrong: a line that is missing, a dot that is missing, a file that ends early.
//! Failure policy: a text that is no zone is refused, with every fault at its line; nothing is published then.

use std::collections::{BTreeMap, BTreeSet};

use candor_names::Zone;

use crate::catalogue::Shelf;
use crate::layout::{Host, Layout, OUTSIDE_ZONE, ZONE};
use crate::role::Role;

/// How the copies are told to keep the zone: REFRESH, RETRY, EXPIRE. Lifetimes of records are short, also those of
/// denials (the SOA's last field; RFC 2308, section 4), so that nobody remembers for long what a lever did.
const TIMERS: &str = "20 5 86400";
/// The same where a copy that is cut off is to be too old after ten seconds.
const SHORT_TIMERS: &str = "2 1 10";

/// The zone as it should be; the default is whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    /// A zone that was published as text; then nothing of what follows counts.
    pub(crate) text: Option<String>,
    /// Names that are not there, relative to the zone.
    pub(crate) gone: BTreeSet<String>,
    /// Names that are there without an address.
    pub(crate) emptied: BTreeSet<String>,
    /// Names that lead to another system.
    pub(crate) wrong: BTreeMap<String, Role>,
    /// Aliases whose last dot was forgotten.
    pub(crate) dotless: BTreeSet<String>,
    /// The file ends early: three eighths of the storefronts are missing, the last ones.
    pub(crate) cut: bool,
    /// A copy that is cut off is too old after ten seconds.
    pub(crate) short_lived: bool,
}

impl Shape {
    /// The zone file with this serial.
    pub(crate) fn zone_file(&self, layout: &Layout, serial: u32) -> String {
        if let Some(text) = &self.text {
            return with_serial(text, serial);
        }
        let timers = if self.short_lived { SHORT_TIMERS } else { TIMERS };
        let mut lines = vec![
            "; The shop's zone. Written by the estate whenever something in it changes.".to_owned(),
            format!("$ORIGIN {ZONE}."),
            "$TTL 2".to_owned(),
            format!("@ IN SOA ns1 hostmaster {serial} {timers} 1"),
        ];
        lines.extend((1..=4).map(|n| format!("@ IN NS ns{n}")));
        lines.push("@ IN MX 10 mx".to_owned());
        let here = |host: &&Host| !self.gone.contains(&host.name);
        lines.extend(layout.hosts().iter().filter(here).map(|host| self.line(layout, host)));
        if self.cut {
            let fronts = layout.places.len() * Shelf::ALL.len();
            lines.truncate(lines.len() - fronts * 3 / 8);
        }
        lines.join("\n") + "\n"
    }

    fn line(&self, layout: &Layout, host: &Host) -> String {
        let name = &host.name;
        if self.emptied.contains(name) {
            return format!("{name} IN TXT \"moving house\"");
        }
        if let Some(alias) = host.alias {
            let dot = if self.dotless.contains(name) { "" } else { "." };
            return format!("{name} IN CNAME {alias}.{ZONE}{dot}");
        }
        match self.wrong.get(name) {
            Some(role) => format!("{name} IN A {}", layout.socket(*role).ip()),
            None => format!("{name} IN A {}", host.address),
        }
    }

    /// Takes up what is wrong in another as well.
    pub(crate) fn add(&mut self, other: &Self) {
        if other.text.is_some() {
            self.text.clone_from(&other.text);
        }
        self.gone.extend(other.gone.iter().cloned());
        self.emptied.extend(other.emptied.iter().cloned());
        self.wrong.extend(other.wrong.iter().map(|(name, role)| (name.clone(), *role)));
        self.dotless.extend(other.dotless.iter().cloned());
        self.cut |= other.cut;
        self.short_lived |= other.short_lived;
    }
}

/// The zone of what lives apart from the shop.
pub(crate) fn outside_file(layout: &Layout, serial: u32) -> String {
    let mut text =
        format!("$ORIGIN {OUTSIDE_ZONE}.\n$TTL 2\n@ IN SOA ns hostmaster {serial} {TIMERS} 1\n@ IN NS ns\n");
    for host in layout.outside_hosts() {
        text.push_str(&format!("{} IN A {}\n", host.name, host.address));
    }
    text
}

/// A small edit of the zone in force.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneEdit {
    /// Names that go, with all of their records: relative to the zone (`buy.internal`), or absolute with the last dot.
    pub remove: Vec<String>,
    /// Records as lines of a zone file (`buy 2 IN A 192.0.2.1`), each in place of what its name had of its type.
    pub set: Vec<String>,
    /// The file ends after so many lines.
    pub cut_after: Option<usize>,
}

impl ZoneEdit {
    /// The text with the edit made; whether it is a zone still is not looked at.
    pub(crate) fn apply(&self, text: &str) -> String {
        let gone: BTreeSet<String> = self.remove.iter().map(|name| absolute(name)).collect();
        let set: Vec<(String, String)> = self.set.iter().filter_map(|line| owner_and_type(line)).collect();
        let stays = |line: &&str| match owner_and_type(line) {
            Some((owner, rtype)) => {
                !gone.contains(&owner)
                    && !set.iter().any(|(name, of)| {
                        *name == owner && (*of == rtype || *of == "CNAME" || rtype == "CNAME")
                    })
            }
            None => true,
        };
        let mut lines: Vec<&str> = text.lines().filter(stays).collect();
        lines.extend(self.set.iter().map(String::as_str));
        lines.truncate(self.cut_after.unwrap_or(usize::MAX));
        lines.join("\n") + "\n"
    }
}

/// Whose line of a zone file it is, and of which type; none for what is no record with its owner.
fn owner_and_type(line: &str) -> Option<(String, String)> {
    let owner = line.split_whitespace().next()?;
    if line.starts_with([' ', '\t', ';', '$']) {
        return None;
    }
    let after = line.split_whitespace().skip(1);
    let rtype = after
        .map(str::to_ascii_uppercase)
        .find(|word| !matches!(word.as_str(), "IN") && !word.bytes().all(|b| b.is_ascii_digit()))?;
    Some((absolute(owner), rtype))
}

fn absolute(name: &str) -> String {
    match name {
        "@" => format!("{ZONE}."),
        name if name.ends_with('.') => name.to_ascii_lowercase(),
        name => format!("{}.{ZONE}.", name.to_ascii_lowercase()),
    }
}

/// Reads a zone and writes it plainly: one record a line, the SOA first, all names absolute.
///
/// # Errors
/// Every fault with its line, or that it is another zone.
pub(crate) fn plain(text: &str) -> Result<String, String> {
    let zone = Zone::parse(text, None, "the zone").map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    if !zone.origin().trim_end_matches('.').eq_ignore_ascii_case(ZONE) {
        return Err(format!("it is the zone {}, and not {ZONE}.", zone.origin()));
    }
    Ok(zone.to_zone_file())
}

/// A plainly written zone with another serial: the third field of the SOA's data, on its line.
fn with_serial(text: &str, serial: u32) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words: Vec<&str> = line.split(' ').collect();
        let soa = words.iter().position(|word| *word == "SOA").filter(|at| *at <= 3);
        let serial = serial.to_string();
        match soa.and_then(|at| words.get_mut(at + 3)) {
            Some(word) => {
                *word = &serial;
                lines.push(words.join(" "));
            }
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::PLACES;

    fn layout() -> Layout {
        Layout { block: 3, port: 8080, places: PLACES.iter().collect() }
    }

    fn read(shape: &Shape) -> Zone {
        Zone::parse(&shape.zone_file(&layout(), 7), None, "shop").unwrap()
    }

    fn has(zone: &Zone, record: &str) -> bool {
        zone.records().any(|found| found.to_string() == record)
    }

    #[test]
    fn the_zone_file_is_a_zone_and_lacks_what_is_gone() {
        let whole = read(&Shape::default());
        assert_eq!((whole.serial(), whole.origin().as_str()), (7, "shop.example."));
        for record in [
            "in.apps.shop.example. 2 IN A 127.78.3.103",
            "za.books.shop.example. 2 IN A 127.81.3.140",
            "buy.internal.shop.example. 2 IN A 127.77.3.12",
            "buy.shop.example. 2 IN CNAME orders.shop.example.",
            "orders.shop.example. 2 IN A 127.77.3.12",
            "edge.shop.example. 2 IN CNAME files.shop.example.",
            "ns4.shop.example. 2 IN A 127.77.3.56",
        ] {
            assert!(has(&whole, record), "{record}");
        }
        assert_eq!(read(&Shape::default()), whole);
        let less = read(&Shape { gone: ["buy".to_owned()].into(), ..Shape::default() });
        assert_eq!(less.len(), whole.len() - 1);
    }

    #[test]
    fn what_is_wrong_is_wrong_as_people_get_it_wrong() {
        let buy = || BTreeSet::from(["buy".to_owned()]);
        let dotless = read(&Shape { dotless: buy(), ..Shape::default() });
        assert!(has(&dotless, "buy.shop.example. 2 IN CNAME orders.shop.example.shop.example."));
        let orders = "orders".to_owned();
        let emptied = read(&Shape { emptied: [orders.clone()].into(), ..Shape::default() });
        assert!(has(&emptied, "orders.shop.example. 2 IN TXT \"moving house\""));
        let wrong = read(&Shape { wrong: [(orders, Role::Details)].into(), ..Shape::default() });
        let details = layout().socket(Role::Details).ip();
        assert!(has(&wrong, &format!("orders.shop.example. 2 IN A {details}")));
        let cut = Shape { cut: true, ..Shape::default() };
        assert!(read(&cut).len() < read(&Shape::default()).len() * 3 / 4);
        let short = read(&Shape { short_lived: true, ..Shape::default() });
        assert!(has(&short, "shop.example. 2 IN SOA ns1.shop.example. hostmaster.shop.example. 7 2 1 10 1"));
        assert!(Zone::parse(&outside_file(&layout(), 3), None, "outside").is_ok());
    }

    #[test]
    fn edits_remove_set_and_cut() {
        let text = "$ORIGIN shop.example.\n@ 2 IN SOA a b 1 20 5 60 1\n@ 2 IN NS ns\nns 2 IN A 192.0.2.1\nbuy 2 IN A 192.0.2.2\n";
        let edit = ZoneEdit {
            remove: vec!["ns".to_owned()],
            set: vec!["buy 2 IN A 192.0.2.9".to_owned(), "new.shop.example. 2 IN A 192.0.2.3".to_owned()],
            cut_after: None,
        };
        let edited = plain(&edit.apply(text)).unwrap();
        assert!(
            edited.contains("buy.shop.example. 2 IN A 192.0.2.9") && edited.contains("new.shop.example.")
        );
        assert!(!edited.contains("192.0.2.1\n") && !edited.contains("192.0.2.2"));
        assert!(with_serial(&edited, 9).contains("b.shop.example. 9 20 5 60 1"));
        let short = ZoneEdit { cut_after: Some(4), ..ZoneEdit::default() };
        assert!(!short.apply(text).contains("buy"));
    }

    #[test]
    fn what_is_no_zone_of_the_shop_is_refused_in_words() {
        let fault =
            plain("$ORIGIN shop.example.\n@ IN SOA a b 1 1 1 1 1\n@ IN NS ns\nx IN A 1.2.3\n").unwrap_err();
        assert!(fault.contains(":4"), "{fault}");
        let other = plain("$ORIGIN other.example.\n@ 1 IN SOA a b 1 1 1 1 1\n@ 1 IN NS ns\n").unwrap_err();
        assert_eq!(other, "it is the zone other.example., and not shop.example.");
    }
}
