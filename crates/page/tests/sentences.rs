//! Sentences: what each saying becomes, and what no sentence may ever do.

#![expect(clippy::unwrap_used, reason = "tests")]

mod scenes;

use candor_core::fault::Kind;
use candor_core::saying::{Claim, Deed, Fares, PlaceScope, Saying, UnknownWhy};
use candor_core::verdict::Verdict;
use candor_page::{Language, headline, sentence};
use jiff::Timestamp;
use proptest::prelude::*;

use scenes::{at, deed, now, verdict};

fn say(claims: Vec<Claim>) -> String {
    let verdict = claims.iter().map(|c| verdict(c.fares)).max().unwrap_or(Verdict::Unknown);
    sentence(&Saying { verdict, claims, more: 0 }, Language::English, Some(now()))
}

fn claim(n: usize, services: &[&str], places: PlaceScope, fares: Fares) -> Claim {
    Claim {
        deed: deed(n),
        services: services.iter().map(ToString::to_string).collect(),
        places,
        fares,
        since: Some(at("2015-03-11T08:53:10Z")),
        measured_from: Vec::new(),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn all(n: usize) -> PlaceScope {
    PlaceScope::All((0..n).map(|i| format!("Place {i}")).collect())
}

fn some(of: u32, them: &[&str]) -> PlaceScope {
    PlaceScope::Some(names(them), of)
}

const STORE: &[&str] = &["App Store"];
const NXDOMAIN: Fares = Fares::Fails(Kind::DnsNxdomain);

#[test]
fn the_day_it_is_built_from_fits_in_one_sentence() {
    let told =
        say(vec![claim(1, STORE, all(41), NXDOMAIN), claim(0, STORE, some(41, &["India"]), Fares::Works)]);
    assert_eq!(
        told,
        "You can browse the App Store in India, but buying has failed in all 41 places since 08:53 UTC: \
         its name cannot be found."
    );
}

#[test]
fn every_way_to_fare_has_its_words() {
    let ways = [
        Fares::Works,
        NXDOMAIN,
        Fares::Slow(4_210, 2_000),
        Fares::Slow(950, 800),
        Fares::Sometimes(3, 10, Kind::ConnectRefused),
        Fares::FromSome(1, 3, Kind::ContentApologyPage),
        Fares::Unknown(UnknownWhy::NeverMeasured),
        Fares::Unknown(UnknownWhy::Silent),
        Fares::Unknown(UnknownWhy::TooFew),
        Fares::Unknown(UnknownWhy::Confirming),
        Fares::Unknown(UnknownWhy::Ours),
    ];
    let mut told = String::new();
    for fares in ways {
        for since in [None, Some(at("2015-03-11T08:53:10Z"))] {
            let mut one = claim(1, STORE, all(4), fares);
            one.since = since;
            let mut two = claim(2, STORE, all(4), fares);
            two.since = since;
            told.push_str(&format!("{}\n{}\n", say(vec![one.clone()]), say(vec![one, two])));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn services_and_places_are_named_while_they_are_few() {
    let mut told = String::new();
    let many = ["App Store", "Mail", "The Forum", "Documents"];
    for n in 1..=many.len() {
        for fares in [Fares::Works, NXDOMAIN] {
            told.push_str(&say(vec![claim(1, &many[..n], PlaceScope::Whole, fares)]));
            told.push('\n');
        }
    }
    for places in [
        PlaceScope::All(names(&["India"])),
        PlaceScope::All(names(&["India", "United States"])),
        all(3),
        some(4, &["Netherlands"]),
        some(4, &["India", "Canada"]),
        some(4, &["India", "Canada", "United Kingdom"]),
        some(41, &["India", "Canada", "Chile", "Peru"]),
    ] {
        told.push_str(&say(vec![claim(3, &["Mail"], places.clone(), NXDOMAIN)]));
        told.push('\n');
        told.push_str(&say(vec![claim(3, &["Mail"], places, Fares::Works)]));
        told.push('\n');
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_time_on_another_day_carries_its_date() {
    let told = |since: &str| {
        let mut one = claim(1, STORE, PlaceScope::Whole, NXDOMAIN);
        one.since = Some(at(since));
        say(vec![one])
    };
    assert!(told("2015-03-11T00:00:00Z").contains("since 00:00 UTC"));
    assert!(told("2015-03-10T23:59:59Z").contains("since 10 March, 23:59 UTC"));
    assert!(told("2014-12-31T23:59:59Z").contains("since 31 December 2014, 23:59 UTC"));
}

#[test]
fn the_words_say_where_a_far_place_was_measured_from() {
    let mut one = claim(1, STORE, some(4, &["India"]), NXDOMAIN);
    one.measured_from = names(&["London"]);
    assert!(say(vec![one]).contains("since 08:53 UTC, measured from London: its name"));
}

#[test]
fn claims_that_differ_only_in_the_deed_are_told_together() {
    let told = say((0..3).map(|n| claim(n, STORE, all(4), NXDOMAIN)).collect());
    assert!(
        told.starts_with("Browsing, buying and downloading in the App Store have failed in all 4 places"),
        "{told}"
    );
}

#[test]
fn the_first_line_tells_in_one_what_fails_together_whatever_the_reasons() {
    let (_, mut view) =
        scenes::all().into_iter().find(|(_, v)| v.overall == Verdict::Outage).expect("a scene of an outage");
    let stalled = Fares::Fails(Kind::TransferStalled);
    view.saying.claims = vec![claim(1, STORE, all(41), NXDOMAIN), claim(2, STORE, all(41), stalled)];
    let told = headline(&view, Language::English);
    assert!(
        told.starts_with("Buying and downloading in the App Store have failed in all 41 places since"),
        "{told}"
    );
}

#[test]
fn the_first_line_of_each_scene() {
    let told: Vec<String> = scenes::all()
        .into_iter()
        .map(|(name, view)| format!("{name}: {}", headline(&view, Language::English)))
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn faults_in_a_customers_words() {
    let told: Vec<String> = Kind::ALL
        .iter()
        .map(|k| {
            format!("{}.{}: {}", k.layer().word(), k.word(), candor_page::fault_words(*k, Language::English))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL)
}

fn any_fares() -> impl Strategy<Value = Fares> {
    let why = prop::sample::select(vec![
        UnknownWhy::NeverMeasured,
        UnknownWhy::Silent,
        UnknownWhy::TooFew,
        UnknownWhy::Confirming,
        UnknownWhy::Ours,
    ]);
    prop_oneof![
        Just(Fares::Works),
        any_kind().prop_map(Fares::Fails),
        (any::<u32>(), any::<u32>()).prop_map(|(a, b)| Fares::Slow(a, b)),
        (any::<u32>(), any::<u32>(), any_kind()).prop_map(|(a, b, k)| Fares::Sometimes(a, b, k)),
        (any::<u32>(), any::<u32>(), any_kind()).prop_map(|(a, b, k)| Fares::FromSome(a, b, k)),
        why.prop_map(Fares::Unknown),
    ]
}

/// Names as users write them, careless spaces and brackets included; not the words that the property looks for.
fn any_name() -> impl Strategy<Value = String> {
    "[A-Z][a-y]{0,6}[ ()]{0,2}[A-Z]?[a-y]{0,5}".prop_filter("words looked for", |n| {
        let low = n.to_lowercase();
        !low.contains("can") && !low.contains("work") && !n.trim().is_empty()
    })
}

fn any_scope() -> impl Strategy<Value = PlaceScope> {
    let names = || prop::collection::vec(any_name(), 0..6);
    prop_oneof![
        Just(PlaceScope::Whole),
        names().prop_map(PlaceScope::All),
        (names(), 0..50_u32).prop_map(|(n, of)| PlaceScope::Some(n, of)),
    ]
}

prop_compose! {
    fn any_claim()(
        n in 0..4_usize,
        services in prop::collection::vec(any_name(), 0..6),
        places in any_scope(),
        fares in any_fares(),
        since in prop::option::of(0..4_000_000_000_i64),
        measured_from in prop::collection::vec(any_name(), 0..5),
        odd in prop::option::of(any_name()),
    ) -> Claim {
        let deed = odd.map_or_else(|| deed(n), |name| Deed { can: name.clone(), doing: name.clone(), name });
        let since = since.map(|s| Timestamp::from_second(s).unwrap());
        Claim { deed, services, places, fares, since, measured_from }
    }
}

fn balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

proptest! {
    #[test]
    fn no_sentence_is_malformed_or_claims_what_its_saying_does_not(
        claims in prop::collection::vec(any_claim(), 0..6),
        verdict in prop::sample::select(Verdict::ALL.to_vec()),
        more in 0..4_u32,
    ) {
        let works = claims.iter().any(|c| c.fares == Fares::Works);
        let told = sentence(&Saying { verdict, claims, more }, Language::English, Some(now()));
        prop_assert!(!told.trim().is_empty());
        prop_assert!(!told.contains("  ") && !told.contains(" ,") && !told.contains(" ."), "{}", told);
        prop_assert!(balanced(&told), "{}", told);
        prop_assert!(told.ends_with('.') && !told.contains('!'), "{}", told);
        if !works {
            // "whether buying works" asks; every other "works" claims.
            let asked = told.replace("whether ", "\u{0}");
            let claimed = asked.split('\u{0}').next().unwrap_or_default().to_owned();
            prop_assert!(!claimed.contains("works") && !claimed.contains(" work "), "{}", told);
            prop_assert!(!told.to_lowercase().contains("you can"), "{}", told);
        }
    }
}
