//! Views made from bytes: every shape that the types allow, with texts that mean harm, and more than one engine would say.

use candor_core::Timestamp;
use candor_core::entry::LedgerHead;
use candor_core::fault::{Fault, Kind};
use candor_core::id::{CapabilityId, CellKey, IncidentId, PlaceId, ServiceId, VantageId};
use candor_core::incident::{Affected, By, Incident, IncidentState, Update, UpdateText};
use candor_core::model::ShowFaults;
use candor_core::observation::{Evidence, Phases};
use candor_core::saying::{Claim, Deed, Fares, PlaceScope, Saying, UnknownWhy};
use candor_core::verdict::Verdict;
use candor_core::view::{
    CapabilityView, CellView, Day, LastStep, MaintenanceView, Notice, Overlay, PlaceView, ServiceView, View,
    Vote, VoteView,
};

use crate::feed::Feed;

/// What stands in everything that only operators may see.
pub const HIDDEN: &str = "zz-hidden-zz";

/// A view.
pub fn view(feed: &mut Feed<'_>) -> View {
    View {
        title: feed.text(),
        url: feed.coin().then(|| format!("https://status.example/{}", feed.text())),
        show: feed.of(&[ShowFaults::Words, ShowFaults::Kinds, ShowFaults::Details], ShowFaults::Words),
        as_of: maybe(feed, time),
        valid_until: maybe(feed, time),
        overall: verdict(feed),
        saying: saying(feed),
        places: some(feed, 3, |feed| PlaceView { id: place(feed), name: feed.text() }),
        services: some(feed, 3, service),
        incidents: some(feed, 3, incident),
        maintenance: some(feed, 2, maintenance),
        notices: some(feed, 3, notice),
        ledger_head: maybe(feed, |feed| LedgerHead {
            seq: feed.word(),
            hash: feed.text(),
            signature: feed.text(),
        }),
        today: maybe(feed, date),
    }
}

/// So many; shared where the view shares them.
fn some<T: Into<U>, U>(feed: &mut Feed<'_>, most: usize, mut one: impl FnMut(&mut Feed<'_>) -> T) -> Vec<U> {
    (0..feed.below(most + 1)).map(|_| one(feed).into()).collect()
}

fn maybe<T>(feed: &mut Feed<'_>, one: impl FnOnce(&mut Feed<'_>) -> T) -> Option<T> {
    feed.coin().then(|| one(feed))
}

fn text(feed: &mut Feed<'_>) -> String {
    feed.text()
}

fn time(feed: &mut Feed<'_>) -> Timestamp {
    let around = 1_426_060_800_000_i64;
    match feed.byte() % 8 {
        0 => Timestamp::MIN,
        1 => Timestamp::MAX,
        2 => Timestamp::UNIX_EPOCH,
        3..=5 => Timestamp::from_millisecond(around + feed.span_ms(i64::MAX / 2) % (1 << 40))
            .unwrap_or(Timestamp::MAX),
        _ => Timestamp::from_millisecond(around - feed.span_ms(1 << 40)).unwrap_or(Timestamp::MIN),
    }
}

fn date(feed: &mut Feed<'_>) -> jiff::civil::Date {
    let day = |text: &str| text.parse().unwrap_or_default();
    match feed.byte() % 8 {
        0 => day("9999-12-31"),
        1 => day("-9999-01-01"),
        n => day(["2015-03-11", "2015-03-10", "2015-02-28", "2015-01-01", "2014-12-12", "2024-02-29"]
            .get(usize::from(n) - 2)
            .copied()
            .unwrap_or("2015-03-11")),
    }
}

fn verdict(feed: &mut Feed<'_>) -> Verdict {
    feed.of(&Verdict::ALL, Verdict::Unknown)
}

fn kind(feed: &mut Feed<'_>) -> Kind {
    feed.of(Kind::ALL, Kind::DeadlineExceeded)
}

fn service_id(feed: &mut Feed<'_>) -> ServiceId {
    ServiceId::new(feed.of(&["app-store", "mail", "a.b", "x"], "x"))
        .expect("an id, because it is in the list")
}

fn capability_id(feed: &mut Feed<'_>) -> CapabilityId {
    CapabilityId::new(feed.of(&["browse", "buy", "x"], "x")).expect("an id, because it is in the list")
}

fn place(feed: &mut Feed<'_>) -> PlaceId {
    PlaceId::new(feed.of(&["gb", "in", "x"], "x")).expect("an id, because it is in the list")
}

fn vantage(feed: &mut Feed<'_>) -> VantageId {
    VantageId::new(feed.of(&["london", "mumbai", "x"], "x")).expect("an id, because it is in the list")
}

fn cell_key(feed: &mut Feed<'_>) -> CellKey {
    CellKey { service: service_id(feed), capability: capability_id(feed), place: maybe(feed, place) }
}

fn fares(feed: &mut Feed<'_>) -> Fares {
    let number = |feed: &mut Feed<'_>| if feed.coin() { u32::from(feed.byte()) } else { u32::MAX };
    let why = [
        UnknownWhy::NeverMeasured,
        UnknownWhy::Silent,
        UnknownWhy::TooFew,
        UnknownWhy::Confirming,
        UnknownWhy::Ours,
    ];
    match feed.byte() % 6 {
        0 => Fares::Works,
        1 => Fares::Fails(kind(feed)),
        2 => Fares::Slow(number(feed), number(feed)),
        3 => Fares::Sometimes(number(feed), number(feed), kind(feed)),
        4 => Fares::FromSome(number(feed), number(feed), kind(feed)),
        _ => Fares::Unknown(feed.of(&why, UnknownWhy::Silent)),
    }
}

fn claim(feed: &mut Feed<'_>) -> Claim {
    Claim {
        deed: Deed { name: feed.text(), can: feed.text(), doing: feed.text() },
        services: some(feed, 3, text),
        places: match feed.byte() % 3 {
            0 => PlaceScope::Whole,
            1 => PlaceScope::All(some(feed, 3, text)),
            _ => PlaceScope::Some(some(feed, 3, text), u32::from(feed.byte())),
        },
        fares: fares(feed),
        since: maybe(feed, time),
        measured_from: some(feed, 2, text),
    }
}

fn saying(feed: &mut Feed<'_>) -> Saying {
    let more = if feed.byte() == 255 { u32::MAX } else { u32::from(feed.byte() % 3) };
    Saying { verdict: verdict(feed), claims: some(feed, 3, claim), more }
}

fn day(feed: &mut Feed<'_>) -> Day {
    let mut seconds = || match feed.byte() % 4 {
        0 => 0,
        1 => 86_400,
        2 => u32::MAX,
        _ => u32::from(feed.byte()),
    };
    let (operational_s, degraded_s, outage_s) = (seconds(), seconds(), seconds());
    let (unknown_s, maintenance_s) = (seconds(), seconds());
    Day { date: date(feed), operational_s, degraded_s, outage_s, unknown_s, maintenance_s }
}

fn service(feed: &mut Feed<'_>) -> ServiceView {
    ServiceView {
        id: service_id(feed),
        name: feed.text(),
        group: maybe(feed, text),
        verdict: verdict(feed),
        saying: saying(feed),
        capabilities: some(feed, 2, |feed| CapabilityView {
            id: capability_id(feed),
            name: feed.text(),
            verdict: verdict(feed),
            cells: some(feed, 3, cell),
            history: some(feed, 3, day).into(),
        }),
        history: some(feed, 3, day).into(),
    }
}

fn fault(feed: &mut Feed<'_>) -> Fault {
    Fault::new(kind(feed), u16::from(feed.byte()), &feed.text())
}

fn cell(feed: &mut Feed<'_>) -> CellView {
    CellView {
        key: cell_key(feed),
        place_name: maybe(feed, text),
        measured: verdict(feed),
        maintenance: maybe(feed, |feed| Overlay { name: feed.text(), until: time(feed) }),
        since: maybe(feed, time),
        observed_at: maybe(feed, time),
        valid_until: maybe(feed, time),
        fault: maybe(feed, fault),
        saying: saying(feed),
        votes: some(feed, 2, vote),
    }
}

fn hidden(feed: &mut Feed<'_>) -> String {
    format!("{HIDDEN}{}", feed.text())
}

fn vote(feed: &mut Feed<'_>) -> VoteView {
    let votes = [Vote::Passing, Vote::Failing, Vote::Wavering, Vote::Silent, Vote::Blind];
    VoteView {
        vantage: vantage(feed),
        vote: feed.of(&votes, Vote::Silent),
        observed_at: maybe(feed, time),
        took_ms: maybe(feed, |feed| if feed.coin() { u32::MAX } else { u32::from(feed.byte()) }),
        fault: maybe(feed, fault),
        last_step: maybe(feed, |feed| LastStep {
            step: hidden(feed),
            target: hidden(feed),
            address: maybe(feed, hidden),
            phases: Phases {
                dns_us: maybe(feed, |_| u32::MAX),
                connect_us: maybe(feed, |_| 0),
                ..Phases::default()
            },
        })
        .map(Into::into),
        evidence: maybe(feed, |feed| Evidence { lines: some(feed, 2, hidden), body: hidden(feed) })
            .map(Into::into),
    }
}

fn incident(feed: &mut Feed<'_>) -> Incident {
    let states = [
        IncidentState::Investigating,
        IncidentState::Identified,
        IncidentState::Monitoring,
        IncidentState::Resolved,
        IncidentState::Postmortem,
    ];
    let state = |feed: &mut Feed<'_>| feed.of(&states, IncidentState::Investigating);
    Incident {
        id: IncidentId(if feed.coin() { u64::from(feed.byte()) } else { u64::MAX }),
        state: state(feed),
        opened_at: time(feed),
        resolved_at: maybe(feed, time),
        cells: some(feed, 3, affected),
        updates: some(feed, 3, |feed| Update {
            at: time(feed),
            state: state(feed),
            by: feed.of(&[By::Candor, By::Operator], By::Candor),
            text: if feed.coin() { UpdateText::Said(saying(feed)) } else { UpdateText::Words(feed.text()) },
            contradicted_by: some(feed, 2, cell_key),
        }),
        cause: None,
    }
}

fn affected(feed: &mut Feed<'_>) -> Affected {
    Affected {
        cell: cell_key(feed),
        from: time(feed),
        until: maybe(feed, time),
        kind: kind(feed),
        spell_from: time(feed),
        earlier: if feed.coin() { std::time::Duration::ZERO } else { std::time::Duration::MAX },
    }
}

fn maintenance(feed: &mut Feed<'_>) -> MaintenanceView {
    MaintenanceView {
        name: feed.text(),
        services: some(feed, 3, text),
        from: time(feed),
        until: time(feed),
        now: feed.coin(),
    }
}

fn notice(feed: &mut Feed<'_>) -> Notice {
    match feed.byte() % 5 {
        0 => Notice::NotRecording { since: time(feed), why: feed.text() },
        1 => Notice::ConfigRefused { at: time(feed), first: feed.text(), faults: u32::from(feed.byte()) },
        2 => Notice::Blind { vantages: some(feed, 3, text), since: time(feed) },
        3 => Notice::Strained { what: feed.text(), since: time(feed) },
        _ => Notice::Ill { what: feed.text(), since: time(feed) },
    }
}
