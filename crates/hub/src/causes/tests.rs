//! What is concluded from what the checks of a plan say: names that only runs know, and what lies behind several names.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use candor_config::{Process, Source};
use candor_core::Timestamp;
use candor_core::engine::{Case, Testimony};
use candor_core::fault::Kind;
use candor_core::finding::What;
use candor_core::id::VantageId;
use candor_core::id::{CheckId, IncidentId};
use candor_core::incident::Found;
use candor_core::model::Plan;
use candor_explain::across::{Evidence, Inquiry, Place, Reached, conclude, suspects};
use candor_names::walk::{AskFuture, Host, Net, TreeInMemory};
use candor_names::{AskError, AskOptions, Question, Zone};

use super::{ConnectFuture, Reach, look_into};

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

/// A vantage in India with a resolver of its own, which has a view of its own.
const INDIA: &str = "
names: [{zone: shop.example, servers: [ns1.shop.example@192.0.2.53]}]
vantages: {india: {resolve: {servers: [192.0.2.54]}}}
services:
  - {id: apps, capabilities: {browse: {journey: [{get: \"http://apps.shop.example/\"}]}}}
  - {id: books, capabilities: {browse: {journey: [{get: \"http://books.shop.example/\"}]}}}
  - {id: films, capabilities: {browse: {journey: [{get: \"http://films.shop.example/\"}]}}}
  - {id: music, capabilities: {browse: {journey: [{get: \"http://music.shop.example/\"}]}}}
";

/// The zone as it is told there, each host at this number of 192.0.2.0/24.
fn told_there(number: u8) -> Host {
    let hosts: String = ["apps", "books", "films", "music"]
        .iter()
        .zip(number..)
        .map(|(host, n)| format!("{host} A 192.0.2.{n}\n"))
        .collect();
    let text = format!(
        "$ORIGIN shop.example.\n$TTL 60\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n{hosts}"
    );
    Host::Serves(vec![Zone::parse(&text, None, "shop.zone").unwrap()])
}

/// A world in which half of what goes to and from India is lost, or none of it.
#[derive(Debug)]
struct World {
    tree: TreeInMemory,
    lossy: bool,
    dice: Mutex<u64>,
}

impl World {
    fn loses(&self) -> bool {
        let mut dice = self.dice.lock().unwrap();
        *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.lossy && *dice >> 63 == 0
    }
}

impl Net for World {
    fn ask<'a>(
        &'a self,
        server: SocketAddr,
        question: &'a Question,
        options: &'a AskOptions,
    ) -> AskFuture<'a> {
        // The zone's own servers are asked from elsewhere.
        if server == "192.0.2.54:53".parse().unwrap() && self.loses() {
            let deadline = options.deadline;
            return Box::pin(std::future::ready(Err(AskError::Timeout { server, deadline })));
        }
        self.tree.ask(server, question, options)
    }
}

impl Reach for World {
    fn connect<'a>(&'a self, _: &'a VantageId, _: SocketAddr, _: &'a str, _: Duration) -> ConnectFuture<'a> {
        let met = if self.loses() { Err(Kind::ConnectTimeout) } else { Ok(()) };
        Box::pin(std::future::ready(met))
    }
}

/// What is found in India, where all fail alike; or where packets are lost, some fail in some way and one passes.
fn found_in_india(seed: u64, resolver: Host, alike: Option<Kind>) -> Vec<Found> {
    let lossy = alike.is_none();
    let plan = plan(INDIA);
    let mut tree = TreeInMemory::default();
    tree.put("192.0.2.53:53".parse().unwrap(), told_there(10));
    tree.put("192.0.2.54:53".parse().unwrap(), resolver);
    let world = Arc::new(World { tree, lossy, dice: Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) });
    let (mut testimony, mut reached) = (Vec::new(), Reached::new());
    let kinds = [Kind::DnsTimeout, Kind::ConnectTimeout, Kind::DeadlineExceeded];
    for (n, (service, _, cell)) in plan.cells().enumerate() {
        let check: CheckId = cell.checks[0].id;
        let passes = lossy && n == usize::try_from(seed % 4).unwrap();
        let kind = alike.unwrap_or(kinds[(n + usize::try_from(seed).unwrap()) % 3]);
        let fails = (!passes).then_some((kind, 0));
        let pass_began = passes.then_some(Timestamp::UNIX_EPOCH);
        testimony.push(Testimony { check, fails, involved: fails.is_some(), pass_began });
        let address = format!("192.0.2.{}:80", 20 + n);
        reached.insert(check, vec![place(0, &format!("{}.shop.example", service.id), &address, None)]);
    }
    let inquiry = inquiry(&plan, testimony, reached);
    let (net, reach): (Arc<dyn Net>, Arc<dyn Reach>) = (world.clone(), world);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(look_into(&inquiry, &net, &reach, Timestamp::UNIX_EPOCH))
}

#[test]
fn where_packets_are_lost_neither_the_zone_nor_its_resolver_is_accused() {
    for seed in 0..300 {
        for found in found_in_india(seed, told_there(20), None) {
            assert!(!found.cause.finding.what.is_dns(), "seed {seed}: {:#?}", found.cause);
        }
    }
}

#[test]
fn a_resolver_that_is_silent_where_nothing_else_is_lost_is_named() {
    let found = found_in_india(1, Host::Silent, Some(Kind::DnsTimeout));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].cause.finding.what.class(), found[0].cells.len()), ("F16", 4));
}

#[test]
fn a_resolver_that_holds_a_denial_is_named_and_one_with_a_view_of_its_own_is_not() {
    let class = |resolver, kind| {
        let found = found_in_india(1, resolver, Some(kind));
        found.first().map_or("", |found| found.cause.finding.what.class())
    };
    let text =
        "$ORIGIN shop.example.\n$TTL 60\n@ SOA ns1 host 6 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.53\n";
    let denies = || Host::Serves(vec![Zone::parse(text, None, "shop.zone").unwrap()]);
    assert_eq!(class(denies(), Kind::DnsNxdomain), "F15");
    // It leads where it led while all was well: what fails there fails by itself.
    assert_eq!(class(told_there(20), Kind::HttpStatus), "not_dns");
}
