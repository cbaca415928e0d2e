//! Views to look at and to test with: calm, trouble, silence, maintenance, an incident with a past.
//!
//! The engine is not asked: these views are written down, so that the page is tested alone.

#![allow(dead_code, unreachable_pub, reason = "each test file and the gallery use a part of it")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "sample views are constants of the tests")]

use std::sync::Arc;
use std::time::Duration;

use candor_core::cause::Feature;
use candor_core::entry::LedgerHead;
use candor_core::fault::{Fault, Kind};
use candor_core::finding::{Finding, Server, Servers, Was, What};
use candor_core::id::{CapabilityId, CellKey, IncidentId, PlaceId, ServiceId, VantageId};
use candor_core::incident::{
    Affected, By, Cause, Incident, IncidentState, RuledOut, Update, UpdateText, WhyNot,
};
use candor_core::model::ShowFaults;
use candor_core::observation::{Evidence, Phases};
use candor_core::saying::{Claim, Deed, Fares, PlaceScope, Saying, UnknownWhy};
use candor_core::verdict::Verdict;
use candor_core::view::{
    CapabilityView, CellView, Day, LastStep, MaintenanceView, Notice, Overlay, PlaceView, ServiceView, View,
    Vote, VoteView,
};
use candor_core::way::{Does, ServerOnWay, Way, ZoneOnWay};
use jiff::civil::Date;
use jiff::{Span, Timestamp};

pub const SECRET: &str = "192.0.2.77";
pub const MARKUP: &str = "<script>alert(1)</script></main><img src=x onerror=alert(1)>";

const PLACES: [(&str, &str); 41] = [
    ("gb", "United Kingdom"),
    ("us", "United States"),
    ("ca", "Canada"),
    ("in", "India"),
    ("au", "Australia"),
    ("at", "Austria"),
    ("be", "Belgium"),
    ("br", "Brazil"),
    ("bg", "Bulgaria"),
    ("cl", "Chile"),
    ("cn", "China"),
    ("co", "Colombia"),
    ("hr", "Croatia"),
    ("cz", "Czechia"),
    ("dk", "Denmark"),
    ("ee", "Estonia"),
    ("fi", "Finland"),
    ("fr", "France"),
    ("de", "Germany"),
    ("gr", "Greece"),
    ("hu", "Hungary"),
    ("ie", "Ireland"),
    ("il", "Israel"),
    ("it", "Italy"),
    ("jp", "Japan"),
    ("kr", "South Korea"),
    ("lv", "Latvia"),
    ("lt", "Lithuania"),
    ("lu", "Luxembourg"),
    ("mx", "Mexico"),
    ("nl", "Netherlands"),
    ("nz", "New Zealand"),
    ("no", "Norway"),
    ("pl", "Poland"),
    ("pt", "Portugal"),
    ("ro", "Romania"),
    ("sg", "Singapore"),
    ("za", "South Africa"),
    ("es", "Spain"),
    ("se", "Sweden"),
    ("ch", "Switzerland"),
];

const DEEDS: [(&str, &str, &str, &str); 4] = [
    ("browse", "Browse", "browse", "browsing"),
    ("buy", "Buy", "buy", "buying"),
    ("download", "Download", "download", "downloading"),
    ("sign-in", "Sign in", "sign in", "signing in"),
];

const SERVICES: [(&str, &str, &str); 15] = [
    ("app-store", "App Store", "Stores"),
    ("mac-store", "Mac Store", "Stores"),
    ("music-store", "Music Store", "Stores"),
    ("book-store", "Book Store", "Stores"),
    ("in-app", "In-app purchase", "Stores"),
    ("sign-in", "Sign-in", "Account"),
    ("mail", "Mail", "Account"),
    ("documents", "Documents", "Account"),
    ("photos", "Photos", "Account"),
    ("backup", "Backup", "Account"),
    ("publish", "Publisher Console", "Developers"),
    ("beta", "Beta Tests", "Developers"),
    ("push", "Push messages", "Developers"),
    ("support", "Support", "Help"),
    ("forum", "Community Forum", "Help"),
];

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2015-03-11T09:12:04Z")
}

pub fn today() -> Date {
    "2015-03-11".parse().unwrap()
}

pub fn deed(n: usize) -> Deed {
    let (_, name, can, doing) = DEEDS[n];
    Deed { name: name.into(), can: can.into(), doing: doing.into() }
}

/// What a cell is like: its verdict follows.
#[derive(Clone, Copy)]
pub struct Like {
    pub fares: Fares,
    pub since: Option<&'static str>,
}

pub const WELL: Like = Like { fares: Fares::Works, since: Some("2015-03-09T04:00:00Z") };

pub fn verdict(fares: Fares) -> Verdict {
    match fares {
        Fares::Works => Verdict::Operational,
        Fares::Fails(_) => Verdict::Outage,
        Fares::Unknown(_) => Verdict::Unknown,
        Fares::Slow(..) | Fares::Sometimes(..) | Fares::FromSome(..) => Verdict::Degraded,
    }
}

fn kind(fares: Fares) -> Option<Kind> {
    match fares {
        Fares::Fails(kind) | Fares::Sometimes(_, _, kind) | Fares::FromSome(_, _, kind) => Some(kind),
        Fares::Slow(..) => Some(Kind::TransferTooSlow),
        Fares::Works | Fares::Unknown(_) => None,
    }
}

fn cell(service: usize, capability: usize, place: Option<usize>, places: usize, like: Like) -> CellView {
    let (service_id, service_name, _) = SERVICES[service];
    let fault = kind(like.fares).map(|k| Fault::new(k, 1, &format!("asked for {SECRET} {MARKUP}")));
    let measured = verdict(like.fares);
    let observed = match like.fares {
        Fares::Unknown(UnknownWhy::NeverMeasured) => None,
        Fares::Unknown(UnknownWhy::Silent) => Some(at("2015-03-11T08:53:10Z")),
        _ => Some(at("2015-03-11T09:12:01Z")),
    };
    let scope = match place {
        None => PlaceScope::Whole,
        Some(p) if places == 1 => PlaceScope::All(vec![PLACES[p].1.into()]),
        Some(p) => PlaceScope::Some(vec![PLACES[p].1.into()], u32::try_from(places).unwrap()),
    };
    let since = like.since.map(at);
    let claim = Claim {
        deed: deed(capability),
        services: vec![service_name.into()],
        places: scope,
        fares: like.fares,
        since,
        measured_from: if place == Some(3) { vec!["London".into()] } else { Vec::new() },
    };
    CellView {
        key: key(service_id, DEEDS[capability].0, place),
        place_name: place.map(|p| PLACES[p].1.into()),
        measured,
        maintenance: None,
        since,
        observed_at: observed,
        valid_until: (measured == Verdict::Operational).then(|| at("2015-03-11T09:13:10Z")),
        votes: vec![vote("london", &fault, observed), vote("mumbai", &fault, observed)],
        fault,
        saying: Saying { verdict: measured, claims: vec![claim], more: 0 },
    }
}

pub fn key(service: &str, capability: &str, place: Option<usize>) -> CellKey {
    CellKey {
        service: ServiceId::new(service).unwrap(),
        capability: CapabilityId::new(capability).unwrap(),
        place: place.map(|p| PlaceId::new(PLACES[p].0).unwrap()),
    }
}

fn vote(vantage: &str, fault: &Option<Fault>, observed_at: Option<Timestamp>) -> VoteView {
    let failing = fault.is_some();
    VoteView {
        vantage: VantageId::new(vantage).unwrap(),
        vote: match (failing, observed_at) {
            (true, _) => Vote::Failing,
            (false, Some(_)) => Vote::Passing,
            (false, None) => Vote::Silent,
        },
        observed_at,
        took_ms: observed_at.map(|_| 148),
        fault: fault.clone(),
        last_step: observed_at.map(|_| {
            Arc::new(LastStep {
                step: "post".into(),
                target: "https://buy.shop.example/orders".into(),
                address: Some(format!("{SECRET}:443")),
                phases: Phases {
                    dns_us: Some(12_300),
                    connect_us: Some(24_100),
                    tls_us: Some(41_800),
                    first_byte_us: Some(66_000),
                    body_us: Some(4_200),
                },
            })
        }),
        evidence: failing.then(|| {
            Arc::new(Evidence {
                lines: vec!["HTTP/1.1 200 OK".into(), "server: shop".into()],
                body: format!("secret evidence {MARKUP}"),
            })
        }),
    }
}

/// History with a beginning, a gap and two bad days.
fn history(days: i64, bad: bool) -> Vec<Day> {
    (0..days)
        .rev()
        .filter(|ago| !(20..24).contains(ago))
        .map(|ago| {
            let outage_s = if bad && ago == 12 { 5_400 } else { 0 };
            let degraded_s = if bad && (ago == 12 || ago == 41) { 2_400 } else { 0 };
            let unknown_s = if ago == 30 { 20_000 } else { 0 };
            let whole = if ago == 0 { 33_124 } else { 86_400 };
            Day {
                date: today().saturating_sub(Span::new().days(ago)),
                operational_s: whole - outage_s - degraded_s - unknown_s,
                degraded_s,
                outage_s,
                unknown_s,
                maintenance_s: 0,
            }
        })
        .collect()
}

/// A view of `services` x 4 deeds (3 without sign-in) x `places`, each cell as `like` says.
pub fn view(
    services: usize,
    deeds: usize,
    places: usize,
    like: impl Fn(usize, usize, usize) -> Like,
) -> View {
    let made: Vec<ServiceView> = (0..services).map(|s| service(s, deeds, places, &like)).collect();
    let overall = made.iter().map(|s| s.verdict).max().unwrap_or(Verdict::Unknown);
    let mut saying = whole(&made, overall);
    saying.claims.iter_mut().for_each(|c| c.measured_from.clear());
    View {
        title: "Shop status".into(),
        url: Some("https://shop-status.example".into()),
        show: ShowFaults::Words,
        as_of: Some(now()),
        valid_until: made
            .iter()
            .flat_map(|s| &s.capabilities)
            .flat_map(|c| &c.cells)
            .filter_map(|c| c.valid_until)
            .min(),
        overall,
        saying,
        places: (0..places)
            .map(|p| PlaceView { id: PlaceId::new(PLACES[p].0).unwrap(), name: PLACES[p].1.into() })
            .collect(),
        services: made.into_iter().map(Arc::new).collect(),
        incidents: Vec::new(),
        maintenance: Vec::new(),
        notices: Vec::new(),
        ledger_head: Some(LedgerHead {
            seq: 4182,
            hash: "8f3a61c09be24d77a1".into(),
            signature: "RWQ=".into(),
        }),
        today: Some(today()),
    }
}

fn service(
    s: usize,
    deeds: usize,
    places: usize,
    like: &impl Fn(usize, usize, usize) -> Like,
) -> ServiceView {
    let (id, name, group) = SERVICES[s];
    let capabilities: Vec<CapabilityView> = (0..deeds)
        .map(|d| {
            let cells: Vec<CellView> = if places == 0 {
                vec![cell(s, d, None, 0, like(s, d, 0))]
            } else {
                (0..places).map(|p| cell(s, d, Some(p), places, like(s, d, p))).collect()
            };
            CapabilityView {
                id: CapabilityId::new(DEEDS[d].0).unwrap(),
                name: DEEDS[d].1.into(),
                verdict: cells.iter().map(|c| c.measured).max().unwrap(),
                cells,
                history: Arc::new(history(if s == 0 { 90 } else { 62 }, s < 2)),
            }
        })
        .collect();
    let verdict = capabilities.iter().map(|c| c.verdict).max().unwrap();
    ServiceView {
        id: ServiceId::new(id).unwrap(),
        name: name.into(),
        group: (deeds > 0 && places != 1).then(|| group.into()),
        verdict,
        saying: Saying { verdict, claims: claims(&capabilities), more: 0 },
        capabilities,
        history: Arc::new(history(if s == 0 { 90 } else { 62 }, s < 2)),
    }
}

/// One claim for each group of a capability's cells that fare alike, worst first.
fn claims(capabilities: &[CapabilityView]) -> Vec<Claim> {
    let mut out: Vec<Claim> = Vec::new();
    for c in capabilities {
        let mut groups: Vec<(Fares, Vec<&CellView>)> = Vec::new();
        for cell in &c.cells {
            let fares = cell.saying.claims[0].fares;
            match groups.iter_mut().find(|(f, _)| *f == fares) {
                Some((_, cells)) => cells.push(cell),
                None => groups.push((fares, vec![cell])),
            }
        }
        for (_, cells) in groups {
            let names: Vec<String> = cells.iter().filter_map(|c| c.place_name.clone()).collect();
            let mut claim = cells[0].saying.claims[0].clone();
            claim.measured_from.clear();
            claim.places = match names.len() {
                0 => PlaceScope::Whole,
                n if n == c.cells.len() => PlaceScope::All(names),
                _ => PlaceScope::Some(names, u32::try_from(c.cells.len()).unwrap()),
            };
            out.push(claim);
        }
    }
    out.sort_by_key(|c| std::cmp::Reverse(verdict(c.fares)));
    out
}

fn whole(services: &[ServiceView], overall: Verdict) -> Saying {
    let all: Vec<Claim> = services.iter().flat_map(|s| s.saying.claims.clone()).collect();
    let (works, mut trouble): (Vec<_>, Vec<_>) = all.into_iter().partition(|c| c.fares == Fares::Works);
    let kept = trouble.len().min(1);
    let mut joined: Vec<Claim> = trouble.drain(..kept).collect();
    let more = trouble
        .into_iter()
        .filter(|c| {
            let twin =
                joined.first_mut().filter(|j| j.deed == c.deed && j.fares == c.fares && j.places == c.places);
            twin.map(|j| j.services.extend(c.services.clone())).is_none()
        })
        .count();
    joined.extend(works.into_iter().next());
    Saying { verdict: overall, claims: joined, more: u32::try_from(more).unwrap() }
}

fn nxdomain(since: &'static str) -> Like {
    Like { fares: Fares::Fails(Kind::DnsNxdomain), since: Some(since) }
}

pub fn calm() -> View {
    view(3, 3, 0, |_, _, _| WELL)
}

pub fn calm_many() -> View {
    view(15, 4, 41, |_, _, _| WELL)
}

/// Four places; in India buying fails and downloads stall; browsing is slow in Canada.
pub fn trouble() -> View {
    let mut view = view(3, 4, 4, |s, d, p| match (s, d, p) {
        (0, 1, 3) => nxdomain("2015-03-11T08:53:10Z"),
        (0, 2, 3) => Like { fares: Fares::Fails(Kind::TransferStalled), since: Some("2015-03-11T08:55:40Z") },
        (0, 0, 2) => Like { fares: Fares::Slow(4_210, 2_000), since: Some("2015-03-11T09:01:00Z") },
        (2, 3, _) => {
            Like { fares: Fares::Unknown(UnknownWhy::Confirming), since: Some("2015-03-11T09:11:50Z") }
        }
        _ => WELL,
    });
    view.incidents = vec![incident(7, &[(0, 1, Some(3)), (0, 2, Some(3))], true)];
    view
}

/// 15 services in 41 places: buying fails everywhere in the stores.
pub fn outage() -> View {
    let mut view = view(15, 4, 41, |s, d, p| match (s, d, p) {
        (0..=4, 1, _) => nxdomain("2015-03-11T08:53:10Z"),
        (5, 3, 0..=6) => Like {
            fares: Fares::Sometimes(3, 10, Kind::DeadlineExceeded),
            since: Some("2015-03-11T08:58:00Z"),
        },
        (6, 0, 12 | 30) => {
            Like { fares: Fares::FromSome(1, 3, Kind::ConnectTimeout), since: Some("2015-03-10T22:10:00Z") }
        }
        _ => WELL,
    });
    let cells: Vec<_> = (0..5).flat_map(|s| (0..41).map(move |p| (s, 1, Some(p)))).collect();
    view.incidents = vec![explained(incident(7, &cells, true)), incident(6, &[(5, 3, Some(0))], false)];
    view
}

pub fn silent() -> View {
    let mut view = view(3, 4, 4, |_, _, _| Like {
        fares: Fares::Unknown(UnknownWhy::Silent),
        since: Some("2015-03-11T08:54:10Z"),
    });
    view.notices = vec![
        Notice::NotRecording { since: at("2015-03-11T08:50:00Z"), why: format!("disk full at {SECRET}") },
        Notice::Blind { vantages: vec!["London".into(), "Mumbai".into()], since: at("2015-03-11T08:53:00Z") },
        Notice::ConfigRefused {
            at: at("2015-03-11T08:00:00Z"),
            first: format!("shop.yaml:3:1 {SECRET}"),
            faults: 2,
        },
        Notice::Ill { what: format!("publisher: {SECRET}"), since: at("2015-03-11T08:20:00Z") },
        Notice::Strained { what: format!("disk: {SECRET}"), since: at("2015-03-11T08:10:00Z") },
    ];
    view
}

pub fn new() -> View {
    let mut view =
        view(3, 4, 1, |_, _, _| Like { fares: Fares::Unknown(UnknownWhy::NeverMeasured), since: None });
    view.as_of = None;
    view.ledger_head = None;
    view.services.iter_mut().for_each(|s| Arc::make_mut(&mut Arc::make_mut(s).history).clear());
    view
}

/// The App Store is down on purpose, and measured so.
pub fn downtime() -> View {
    let mut view = view(3, 4, 4, |s, d, _| match (s, d) {
        (0, 1..=3) => {
            Like { fares: Fares::Fails(Kind::ContentApologyPage), since: Some("2015-03-11T08:01:00Z") }
        }
        _ => WELL,
    });
    let until = at("2015-03-11T12:00:00Z");
    let store = Arc::make_mut(&mut view.services[0]);
    for cell in store.capabilities.iter_mut().flat_map(|c| &mut c.cells) {
        cell.maintenance = Some(Overlay { name: "Launch".into(), until });
    }
    store.verdict = Verdict::Unknown;
    store.saying = Saying { verdict: Verdict::Unknown, claims: Vec::new(), more: 0 };
    view.overall = Verdict::Operational;
    view.maintenance = vec![
        MaintenanceView {
            name: "Launch".into(),
            services: vec!["App Store".into()],
            from: at("2015-03-11T08:00:00Z"),
            until,
            now: true,
        },
        MaintenanceView {
            name: "Nightly backup".into(),
            services: Vec::new(),
            from: at("2015-03-15T02:00:00Z"),
            until: at("2015-03-15T03:00:00Z"),
            now: false,
        },
    ];
    view
}

/// An incident of these cells; open, or over after 74 minutes.
pub fn incident(id: u64, cells: &[(usize, usize, Option<usize>)], open: bool) -> Incident {
    let from = if open { at("2015-03-11T08:53:10Z") } else { at("2015-03-04T14:20:00Z") };
    let until = (!open).then(|| at("2015-03-04T15:34:00Z"));
    let affected: Vec<Affected> = cells
        .iter()
        .map(|&(s, d, p)| Affected {
            cell: key(SERVICES[s].0, DEEDS[d].0, p),
            from,
            until,
            kind: if d == 2 { Kind::TransferStalled } else { Kind::DnsNxdomain },
            spell_from: from,
            earlier: Duration::ZERO,
        })
        .collect();
    let (s, d, _) = cells[0];
    let claim = |fares| Claim {
        deed: deed(d),
        services: vec![SERVICES[s].1.into()],
        places: PlaceScope::Some(vec!["India".into()], 4),
        fares,
        since: Some(from),
        measured_from: Vec::new(),
    };
    let said =
        |fares| UpdateText::Said(Saying { verdict: verdict(fares), claims: vec![claim(fares)], more: 0 });
    let mut updates = vec![
        Update {
            at: at("2015-03-11T08:53:31Z").min(until.unwrap_or(Timestamp::MAX)),
            state: IncidentState::Investigating,
            by: By::Candor,
            text: said(Fares::Fails(Kind::DnsNxdomain)),
            contradicted_by: Vec::new(),
        },
        Update {
            at: at("2015-03-11T09:02:00Z").min(until.unwrap_or(Timestamp::MAX)),
            state: IncidentState::Monitoring,
            by: By::Operator,
            text: UpdateText::Words(format!("We have put the name back; all is well again. {MARKUP}")),
            contradicted_by: affected.iter().map(|a| a.cell.clone()).collect(),
        },
    ];
    if let Some(until) = until {
        updates.push(Update {
            at: until,
            state: IncidentState::Resolved,
            by: By::Candor,
            text: said(Fares::Works),
            contradicted_by: Vec::new(),
        });
    }
    Incident {
        id: IncidentId(id),
        state: if open { IncidentState::Investigating } else { IncidentState::Resolved },
        opened_at: from,
        resolved_at: until,
        cells: affected,
        updates,
        cause: None,
    }
}

/// What an open incident of a scene comes from.
pub fn cause() -> Cause {
    let server = |n: u8| Server {
        name: format!("ns{n}.shop.example."),
        address: format!("192.0.2.{n}"),
        said: "NXDOMAIN".into(),
    };
    let name = String::from("in.apps.shop.example.");
    let servers = Servers { these: vec![server(1), server(2)], of: 2, hosts: 2 };
    let was =
        Was { records: vec!["A 192.0.2.20".into()], serial: Some(41), at: Some(at("2015-03-11T08:52:00Z")) };
    let what =
        What::NameMissing { name: name.clone(), zone: "shop.example.".into(), servers, serial: Some(42) };
    let now = at("2015-03-11T08:53:33Z");
    Cause {
        finding: Finding { name, what, was: Some(was), asides: Vec::new(), at: now },
        also: vec!["in.books.shop.example".into(), format!("in.music.shop.example{MARKUP}")],
        explains: 2,
        contradicts: 0,
        covers: vec![Feature::Name("in.apps.shop.example".into())],
        ruled_out: vec![
            RuledOut { feature: Feature::Name("id.shop.example".into()), why: WhyNot::Healthy },
            RuledOut { feature: Feature::Service(ServiceId::new("apps").unwrap()), why: WhyNot::Passes(9) },
        ],
        way: Some(Box::new(way())),
        at: now,
    }
}

fn way() -> Way {
    let server = |n: u8| ServerOnWay {
        name: format!("ns{n}.shop.example."),
        address: SECRET.into(),
        does: Does::Answers { serial: 42, said: Some("NXDOMAIN".into()), denies: true },
    };
    let names = vec![(format!("in.apps.shop.example.{MARKUP}"), None)];
    let zone = ZoneOnWay {
        apex: "shop.example.".into(),
        servers: vec![server(1), server(2)],
        more: 0,
        unusable: Vec::new(),
        names,
    };
    Way { zones: vec![zone] }
}

/// The incident with its cause, as it stands there once that is known.
fn explained(mut incident: Incident) -> Incident {
    let cause = Box::new(cause());
    let text = UpdateText::Found(cause.clone());
    let (at, state, by) = (cause.at, IncidentState::Identified, By::Candor);
    incident.updates.insert(1, Update { at, state, by, text, contradicted_by: Vec::new() });
    incident.cause = Some(cause);
    incident.state = IncidentState::Identified;
    incident
}

pub fn all() -> Vec<(&'static str, View)> {
    vec![
        ("calm", calm()),
        ("calm-many", calm_many()),
        ("trouble", trouble()),
        ("outage", outage()),
        ("silent", silent()),
        ("new", new()),
        ("downtime", downtime()),
    ]
}
