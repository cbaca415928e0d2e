//! Scenarios played live: the estate's processes, real packets, `candor serve` beside them. The page must say what is
//! wrong within P9, never say that all is well beyond P10, and call failing what fails and nothing else.
//!
//! The bounds are those of the scenario's own intervals and timeouts. Each scenario takes about half a minute.
#![expect(clippy::print_stdout, reason = "what is printed is read where a test fails")]

use std::path::PathBuf;

use candor_stage::live::{self, Live, Options, Progress};
use candor_stage::{Can, CellName, Layer, Verdict, scenario};

/// Trouble of customers that is shorter than this, in milliseconds, is the machine's.
const MOMENT_MS: u64 = 4_000;

const STORES: [&str; 4] = ["apps", "macapps", "music", "books"];

/// A service, a capability, and the place where it is not everywhere.
type Fails = (&'static str, &'static str, Option<&'static str>);

/// Plays one cause in two places, watched every three seconds, until it is found and for as long again after its end.
fn played(cause: &str) -> Live {
    let text = format!(
        "scenario: A test\nlasts: 20m\nplaces: [gb, in]\ncustomers: 0\n\
         watch: {{every: 3s, timeout: 2s, deadline: 3s}}\ntimeline:\n  - {{at: 1s, for: 5m, {cause}}}\n"
    );
    let scenario = scenario::read("test.yaml", &text).unwrap_or_else(|faults| panic!("{faults:?}"));
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_candor"));
    let progress = |progress: &Progress<'_>| match progress {
        // Too much to read.
        Progress::Told(..) => {}
        told => println!("{told:?}"),
    };
    let options = Options {
        watcher: binary.clone(),
        estate: binary,
        lead: vec!["estate".to_owned()],
        seed: 7,
        progress: &progress,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let played = runtime.expect("a runtime starts").block_on(live::play(&scenario, options));
    played.unwrap_or_else(|error| panic!("{error}"))
}

/// Every bound was kept; customers really failed where the test says so, and there alone the page said so.
fn holds(cause: &str, fails: &[Fails], layers: &[Layer]) {
    let live = played(cause);
    let scores = &live.played.scores;
    assert!(scores.passed(), "{scores:#?}\n{}", live.log);
    for cell in live.scenario.cells() {
        let expected = fails.iter().any(|(service, deed, place)| {
            *service == cell.service
                && (*deed == "*" || *deed == cell.capability)
                && place.is_none_or(|place| cell.place.as_deref() == Some(place))
        });
        let failed = layer_of(&live, &cell);
        assert_eq!(failed.is_some(), expected, "{cell}: customers failed at {failed:?}");
        assert!(failed.is_none_or(|layer| layers.contains(&layer)), "{cell}: customers failed at {failed:?}");
        assert_eq!(said_out(&live, &cell), expected, "{cell}: whether the page called it out");
    }
    assert!(scores.detected_s.is_some() && scores.recovered_s.is_some(), "{scores:#?}");
}

/// The layer at which customers failed for longest, if they did for longer than a moment.
fn layer_of(live: &Live, cell: &CellName) -> Option<Layer> {
    let spans = live.played.truth.cells.get(cell).into_iter().flatten();
    let failed = spans.filter(|span| span.fares.can == Can::No && span.until_ms - span.from_ms > MOMENT_MS);
    failed.max_by_key(|span| span.until_ms - span.from_ms)?.fares.layer
}

fn said_out(live: &Live, cell: &CellName) -> bool {
    let mut spans = live.played.seen.cells.get(cell).into_iter().flatten();
    spans.any(|span| span.said.verdict == Verdict::Outage)
}

/// These capabilities of every store, everywhere.
fn in_stores(deeds: &[&'static str]) -> Vec<Fails> {
    STORES.iter().flat_map(|store| deeds.iter().map(|deed| (*store, *deed, None))).collect()
}

#[test]
fn an_inner_name_is_deleted_and_item_pages_break_while_front_pages_do_not() {
    holds("publish: {remove: [details.internal]}", &in_stores(&["view"]), &[Layer::Http]);
}

#[test]
fn commerce_is_killed_and_nobody_buys_or_downloads_what_was_bought() {
    holds("kill: commerce", &in_stores(&["buy", "download"]), &[Layer::Http]);
}

#[test]
fn an_apology_page_is_no_store() {
    let fails = [("apps", "*", None)];
    let page = "serve-page: {role: apps, status: 200, text: \"We will be back soon.\"}";
    holds(page, &fails, &[Layer::Content, Layer::Http]);
}

#[test]
fn one_place_is_cut_off_and_the_other_is_not_called_out() {
    let fails: Vec<Fails> = STORES.iter().map(|store| (*store, "*", Some("in"))).collect();
    holds("link: {place: in, cut: true}", &fails, &[Layer::Dns]);
}

#[test]
fn one_copy_of_the_zone_lacks_a_name_and_only_its_place_suffers() {
    let fails: Vec<Fails> = vec![("music", "*", Some("in"))];
    holds("publish: {remove: [in.music]}", &fails, &[Layer::Dns]);
}

#[test]
fn a_certificate_expires_at_one_storefront_and_the_same_store_is_well_elsewhere() {
    let fails: Vec<Fails> = vec![("music", "*", Some("in"))];
    holds("expire-certificate: in.music", &fails, &[Layer::Tls]);
}
