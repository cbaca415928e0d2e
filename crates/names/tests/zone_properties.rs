//! Properties of zones over generated ones: what RFC 1034, 4592 and 8020 say of every zone, not of an example.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says by a panic what it missed; helpers outside of its function too"
)]

mod support;

use candor_names::{Question, Rcode, Zone, ZoneDiff};
use proptest::prelude::*;
use support::zone;

const APEX: &str = "z.example.";

/// Owner names over a small alphabet, so that they meet: `a.*.b.z.example.`
fn owner() -> impl Strategy<Value = String> {
    prop::collection::vec(prop_oneof![3 => Just("a"), 3 => Just("b"), 2 => Just("c"), 1 => Just("*")], 1..4)
        .prop_map(|labels| format!("{}.{APEX}", labels.join(".")))
}

fn data() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (1u8..5).prop_map(|n| format!("A 192.0.2.{n}")),
        1 => Just("TXT \"t\"".to_owned()),
        1 => owner().prop_map(|target| format!("MX 10 {target}")),
    ]
}

/// Zones of plain records, with some aliases and cuts where nothing else stands in their way.
fn any_zone() -> impl Strategy<Value = (Zone, Vec<String>)> {
    let plain = prop::collection::btree_map(owner(), prop::collection::vec(data(), 1..3), 0..8);
    let special = prop::collection::btree_map(
        owner(),
        prop_oneof![
            2 => owner().prop_map(|target| format!("CNAME {target}")),
            1 => owner().prop_map(|target| format!("NS {target}")),
            1 => owner().prop_map(|target| format!("DNAME {target}")),
        ],
        0..4,
    );
    (plain, special).prop_map(|(plain, special)| {
        let mut text = format!("{APEX} 60 SOA a.example. b.example. 1 2 3 4 5\n{APEX} 60 NS a.example.\n");
        let mut owners = Vec::new();
        for (owner, list) in &plain {
            owners.push(owner.clone());
            list.iter().for_each(|data| text.push_str(&format!("{owner} 60 {data}\n")));
        }
        for (owner, data) in &special {
            if !plain.contains_key(owner) && (data.starts_with("CNAME") || !owner.starts_with('*')) {
                owners.push(owner.clone());
                text.push_str(&format!("{owner} 60 {data}\n"));
            }
        }
        (zone(&text), owners)
    })
}

fn at_or_below(name: &str, above: &str) -> bool {
    name == above || name.ends_with(&format!(".{above}"))
}

proptest! {
    #[test]
    fn nxdomain_only_where_nothing_is_at_or_below_and_no_wildcard_covers(
        (zone, owners) in any_zone(), name in owner(), rtype in prop_oneof![Just("A"), Just("TXT"), Just("NS")],
    ) {
        let answer = zone.answer(&Question::parse(&name, rtype).unwrap(), false);
        if answer.rcode == Rcode::NXDOMAIN && answer.answer.is_empty() {
            prop_assert!(!owners.iter().any(|owner| at_or_below(owner, &name)), "{name} exists");
            // The closest encloser is the longest name above that exists; a wildcard right below it would cover.
            let mut encloser = name.as_str();
            while let Some((_, parent)) = encloser.split_once('.') {
                encloser = parent;
                if parent == APEX || owners.iter().any(|owner| at_or_below(owner, parent)) {
                    break;
                }
            }
            let star = format!("*.{encloser}");
            prop_assert!(!owners.iter().any(|owner| at_or_below(owner, &star)), "{star} covers {name}");
        }
    }

    #[test]
    fn an_answer_without_records_of_its_own_says_why(
        (zone, _) in any_zone(), name in owner(), rtype in prop_oneof![Just("A"), Just("TXT"), Just("MX")],
    ) {
        let answer = zone.answer(&Question::parse(&name, rtype).unwrap(), false);
        let denied = answer.authority.iter().any(|record| record.rtype == "SOA");
        let referred = answer.authority.iter().any(|record| record.rtype == "NS");
        let found = answer.answer.iter().any(|record| record.rtype == rtype);
        let aliased = answer.answer.iter().any(|record| record.rtype == "CNAME");
        prop_assert!(found || aliased || denied || referred, "neither answer nor denial nor referral");
        prop_assert!(!(found && (denied || referred)) && !(denied && referred), "two things at once");
        prop_assert_eq!(answer.aa, !referred || aliased);
        prop_assert!(answer.rcode != Rcode::NXDOMAIN || denied);
        for record in &answer.authority {
            prop_assert!(record.rtype != "SOA" || record.ttl == 5, "negative TTL is the smaller one");
        }
    }

    #[test]
    fn every_record_that_is_answered_is_in_the_zone_or_made_of_one(
        (zone, _) in any_zone(), name in owner(),
    ) {
        let held: Vec<_> = zone.records().collect();
        let answer = zone.answer(&Question::parse(&name, "A").unwrap(), false);
        for record in answer.answer.iter().chain(&answer.additional) {
            let known = held.iter().any(|other| other.rtype == record.rtype && other.data == record.data);
            let made = record.rtype == "CNAME" && answer.answer.iter().any(|other| other.rtype == "DNAME");
            prop_assert!(known || made, "{record}");
        }
    }

    #[test]
    fn a_zone_written_reads_back_as_itself((zone, _) in any_zone()) {
        let again = support::zone(&zone.to_zone_file());
        prop_assert_eq!(&again, &zone);
        prop_assert_eq!(again.records().count(), zone.len());
    }

    #[test]
    fn without_a_name_no_record_of_it_is_left((zone, owners) in any_zone(), pick in any::<prop::sample::Index>()) {
        prop_assume!(!owners.is_empty());
        let name = pick.get(&owners);
        let after = zone.without(name).unwrap();
        prop_assert!(after.records().all(|record| record.name != *name));
        prop_assert_eq!(after.serial(), zone.serial() + 1);
    }

    #[test]
    fn a_difference_applied_gives_the_new_zone_and_reversed_the_old(
        (old, _) in any_zone(), (new, _) in any_zone(),
    ) {
        let new = zone(&new.to_zone_file().replace(" 1 2 3 4 5", " 9 2 3 4 6"));
        let diff = old.diff(&new).unwrap();
        prop_assert_eq!(&old.apply(&diff).unwrap(), &new);
        prop_assert_eq!(&new.apply(&diff.reversed()).unwrap(), &old);
        prop_assert_eq!(&ZoneDiff::parse(&diff.to_text()).unwrap(), &diff);
        let held: Vec<_> = old.records().collect();
        prop_assert!(diff.removed().all(|record| held.contains(&record)), "only what is there is removed");
        prop_assert!(new.apply(&diff).is_err(), "another base is refused");
        let again = old.apply(&diff).unwrap().diff(&new).unwrap();
        prop_assert!(again.is_empty(), "{again:?}");
    }

    #[test]
    fn a_difference_in_pieces_is_the_difference_in_one(
        (one, _) in any_zone(), (two, _) in any_zone(), (three, _) in any_zone(),
    ) {
        let two = zone(&two.to_zone_file().replace(" 1 2 3 4 5", " 2 2 3 4 5"));
        let three = zone(&three.to_zone_file().replace(" 1 2 3 4 5", " 3 2 3 4 5"));
        let pieces = [one.diff(&two).unwrap(), two.diff(&three).unwrap()];
        prop_assert_eq!(one.apply_all(&pieces).unwrap(), three);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[ -~\n\t\"();$@\\\\]{0,300}") {
        let _ = Zone::parse(&text, Some("z.example"), "f");
    }

    #[test]
    fn text_that_looks_like_a_zone_never_panics(
        lines in prop::collection::vec(
            ("(@|a|\\*|b\\.c|\\\\065|\\\\.|)", "( 60| IN| CH|)",
             "(A|AAAA|NS|CNAME|TXT|MX|SRV|SVCB|HTTPS|CAA|NAPTR|DS|DNSKEY|RRSIG|NSEC|NSEC3|TLSA|TYPE1|TYPE9|LOC|SSHFP|ZONEMD|CDS|RP|HINFO|IPSECKEY|OPENPGPKEY)",
             "( [0-9]{1,5}| [a-f0-9]{1,12}| \"[ -~]{0,9}\"| \\\\# 2 abcd| \\(| \\)| a\\.b\\.| alpn=h2| key9=\\\\007| 192\\.0\\.2\\.1| ::1){0,6}"),
            0..6),
    ) {
        let mut text = String::from("@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n");
        for (owner, class, rtype, data) in lines {
            text.push_str(&format!("{owner}{class} {rtype}{data}\n"));
        }
        if let Ok(zone) = Zone::parse(&text, Some("z.example"), "f") {
            prop_assert_eq!(support::zone(&zone.to_zone_file()), zone);
        }
    }
}
