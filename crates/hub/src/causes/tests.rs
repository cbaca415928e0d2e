//! What is concluded from what the checks of a plan say: names that only runs know, and what lies behind several names.

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_config::{Process, Source};
use candor_core::Timestamp;
use candor_core::engine::{Case, Testimony};
use candor_core::fault::Kind;
use candor_core::finding::What;
use candor_core::id::{CheckId, IncidentId};
use candor_core::incident::Found;
use candor_core::model::Plan;
use candor_explain::across::{Evidence, Inquiry, Place, Reached, conclude, suspects};

const CAPTURED: &str = "
services:
  - id: shop
    needs: [stock.internal.shop.example]
    capabilities:
      buy:
        journey:
          - get: \"http://www.shop.example/\"
            capture: {next: {header: location}}
          - get: \"{next}\"
";

/// Four stores, each with a host of its own.
const STORES: &str = "
services:
  - {id: apps, capabilities: {browse: {journey: [{get: \"https://apps.shop.example/\"}]}}}
  - {id: books, capabilities: {browse: {journey: [{get: \"https://books.shop.example/\"}]}}}
  - {id: films, capabilities: {browse: {journey: [{get: \"https://films.shop.example/\"}]}}}
  - {id: music, capabilities: {browse: {journey: [{get: \"https://music.shop.example/\"}]}}}
";

fn plan(text: &str) -> Arc<Plan> {
    let source = Source::of_text("candor.yaml", text);
    Arc::new(candor_config::resolve(&source, &Process, Timestamp::UNIX_EPOCH).unwrap().plan)
}

fn inquiry(plan: &Arc<Plan>, testimony: Vec<Testimony>, reached: Reached) -> Inquiry {
    let case = Case { incident: IncidentId(1), since: Timestamp::UNIX_EPOCH, testimony };
    Inquiry { plan: Arc::clone(plan), case, memory: Arc::default(), reached: Arc::new(reached) }
}

fn place(step: u16, host: &str, address: &str, certificate: Option<&str>) -> Place {
    let (host, address) = (host.into(), address.parse().unwrap());
    Place { step, host, address, certificate: certificate.map(Into::into) }
}

#[test]
fn a_host_that_only_a_run_knows_is_one_that_journeys_were_seen_to_use() {
    let plan = plan(CAPTURED);
    let check = plan.cells().next().unwrap().2.checks[0].id;
    let fails = |kind, step| Testimony { check, fails: Some((kind, step)), involved: true, pass_began: None };
    let at = |step, host| place(step, host, "192.0.2.1:80", None);
    let reached = vec![at(0, "www.shop.example"), at(1, "pay.shop.example")];
    let names = |said, reached| {
        let inquiry = inquiry(&plan, vec![said], [(check, reached)].into());
        suspects(&inquiry).into_iter().map(|suspect| suspect.host).collect::<Vec<_>>()
    };
    assert_eq!(names(fails(Kind::DnsNxdomain, 1), reached.clone()), ["pay.shop.example"]);
    assert_eq!(names(fails(Kind::DnsNxdomain, 1), Vec::new()), [""; 0]);
    let both = names(fails(Kind::HttpStatus, 1), reached);
    assert_eq!(both, ["pay.shop.example", "stock.internal.shop.example"]);
}

/// What is concluded where these stores fail in this way and the others pass, and each was reached there.
fn of_stores(fails: &BTreeMap<&str, Kind>, at: impl Fn(&str) -> (String, Option<String>)) -> Vec<Found> {
    let plan = plan(STORES);
    let (mut testimony, mut reached) = (Vec::new(), Reached::new());
    for (service, _, cell) in plan.cells() {
        let check: CheckId = cell.checks[0].id;
        let fails = fails.get(service.id.as_str()).map(|kind| (*kind, 0));
        let pass_began = fails.is_none().then_some(Timestamp::UNIX_EPOCH);
        testimony.push(Testimony { check, fails, involved: fails.is_some(), pass_began });
        let (address, certificate) = at(service.id.as_str());
        let host = format!("{}.shop.example", service.id);
        reached.insert(check, vec![place(0, &host, &address, certificate.as_deref())]);
    }
    conclude(&inquiry(&plan, testimony, reached), &Evidence::default(), Timestamp::UNIX_EPOCH)
}

/// The address told, how it fails, and what else it befell; of the only cause.
fn told(found: &[Found]) -> (&str, Kind, &str, Vec<&str>) {
    assert_eq!(found.len(), 1, "{found:#?}");
    let cause = &found[0].cause;
    let What::NotDns { address, kind, detail, .. } = &cause.finding.what else { panic!("{cause:#?}") };
    (address, *kind, detail, cause.also.iter().map(String::as_str).collect())
}

#[test]
fn hosts_that_share_an_address_which_fails_have_one_cause() {
    let fails = [("apps", Kind::HttpStatus), ("books", Kind::HttpStatus), ("films", Kind::HttpStatus)].into();
    let found = of_stores(&fails, |store| {
        (if store == "music" { "192.0.2.9:443" } else { "192.0.2.7:443" }.to_owned(), None)
    });
    let also = vec!["books.shop.example", "films.shop.example"];
    assert_eq!(told(&found), ("192.0.2.7", Kind::HttpStatus, "", also));
    // Where the fourth is well at the same address, the address is not what fails.
    assert_eq!(of_stores(&fails, |_| ("192.0.2.7:443".to_owned(), None)).len(), 3);
}

#[test]
fn hosts_of_one_network_that_is_not_reached_have_one_cause() {
    let fails = [("apps", Kind::ConnectTimeout), ("books", Kind::ConnectTimeout)].into();
    let at = |store: &str| match store {
        "apps" => "192.0.2.7:443",
        "books" => "192.0.2.8:443",
        "films" => "198.51.100.7:443",
        _ => "198.51.100.8:443",
    };
    let found = of_stores(&fails, |store| (at(store).to_owned(), None));
    assert_eq!(told(&found), ("192.0.2.0/24", Kind::ConnectTimeout, "", vec!["books.shop.example"]));
    // A network says nothing of what its hosts answer.
    let fails = [("apps", Kind::HttpStatus), ("books", Kind::HttpStatus)].into();
    assert_eq!(of_stores(&fails, |store| (at(store).to_owned(), None)).len(), 2);
}

#[test]
fn hosts_that_share_a_certificate_which_ran_out_have_one_cause() {
    let at = |store: &str| {
        let certificate = if matches!(store, "apps" | "music") { "c0ffee" } else { "decade" };
        let address = match store {
            "apps" => "192.0.2.7:443",
            "books" => "192.0.2.8:443",
            "films" => "192.0.2.9:443",
            _ => "192.0.2.10:443",
        };
        (address.to_owned(), Some(certificate.to_owned()))
    };
    let fails = [("apps", Kind::TlsExpired), ("music", Kind::TlsExpired)].into();
    let found = of_stores(&fails, at);
    let detail = "one certificate, SHA-256 c0ffee";
    assert_eq!(told(&found), ("192.0.2.7", Kind::TlsExpired, detail, vec!["music.shop.example"]));
    // What they answer has nothing to do with what they show.
    let fails = [("apps", Kind::HttpStatus), ("music", Kind::HttpStatus)].into();
    assert_eq!(of_stores(&fails, at).len(), 2);
}
