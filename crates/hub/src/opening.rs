//! The ledger at a start: opened, folded into a state, and gone on with.
//!
//! Failure policy: a ledger that is damaged, foreign, of another layout or in use is refused, and nothing is announced
//! before. A disk that takes no writes is no reason to be without a page: where the ledger can be read, the hub comes up
//! on what it holds, says that history is not being recorded, and opens it as soon as it can be written. Where there is
//! none yet, the first start is refused: somebody is there to read why.

use std::path::Path;
use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::entry::{Entry, Event, LedgerHead};
use candor_core::model::Plan;
use candor_ledger::{Ledger, LedgerError, OpenError, Reader};

use crate::clock;
use crate::config::{self, Loaded};
use crate::desk::{Closed, Holding};
use crate::options::{HubError, HubOptions};
use crate::recorder::{self, Ends, HISTORY_DAYS, Unkept};
use crate::recovery::{Recovered, recover};

/// A ledger, and the state that it holds.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) holding: Holding,
    pub(crate) recovered: Recovered,
    pub(crate) history: recorder::History,
    pub(crate) head: Option<LedgerHead>,
    pub(crate) ends: Ends,
    pub(crate) unkept: Option<Unkept>,
}

/// What a ledger says of the time before.
struct Past {
    recovered: Recovered,
    history: recorder::History,
    begun: Vec<Entry>,
    watermark: u64,
}

pub(crate) fn open(path: &Path, options: &HubOptions, loaded: &Loaded) -> Result<Opened, HubError> {
    let at = clock::now();
    let cannot = |error: LedgerError| {
        HubError::Ledger(format!("the ledger {} cannot be used: {error}", path.display()))
    };
    match Ledger::open(path) {
        Ok(mut ledger) => {
            let past = read(&ledger, options, loaded, at).map_err(cannot)?;
            let unkept = begin(&mut ledger, &past, loaded, at).map_err(cannot)?;
            let head = ledger.head().map_err(cannot)?;
            Ok(opened(past, head, unkept, |_| Holding::open(ledger)))
        }
        Err(error @ (OpenError::Full(_) | OpenError::ReadOnly(_))) => {
            let Ok(reader) = Ledger::open_unwritable(path) else {
                return Err(HubError::Ledger(error.to_string()));
            };
            let past = read(&reader, options, loaded, at).map_err(cannot)?;
            let head = reader.head().map_err(cannot)?;
            let why =
                if matches!(error, OpenError::Full(_)) { LedgerError::Full } else { LedgerError::ReadOnly };
            let plan = (at, Arc::clone(&loaded.plan), loaded.config.clone());
            let unkept = Unkept { entries: past.begun.clone(), plan, why };
            let path = path.to_path_buf();
            Ok(opened(past, head, Some(unkept), |ends| {
                Holding::Closed(Closed { path, watermark: ends.watermark, head: ends.head })
            }))
        }
        Err(error) => Err(HubError::Ledger(error.to_string())),
    }
}

fn opened(
    past: Past,
    head: Option<LedgerHead>,
    unkept: Option<Unkept>,
    holding: impl FnOnce(Ends) -> Holding,
) -> Opened {
    let Past { recovered, history, watermark, .. } = past;
    let open_since = recovered.engine.open_since();
    let ends = Ends { watermark, head: head.as_ref().map_or(0, |head| head.seq), open_since };
    Opened { holding: holding(ends), recovered, history, head, ends, unkept }
}

fn read(reader: &Reader, options: &HubOptions, loaded: &Loaded, at: Timestamp) -> Result<Past, LedgerError> {
    let before = plan_before(reader, options, loaded, at)?;
    let recovered = recover(reader, &before, &loaded.plan, at)?;
    let history = reader.history(HISTORY_DAYS, recorder::today(at))?;
    let begun = beginnings(reader, &recovered, loaded, at)?;
    Ok(Past { recovered, history, begun, watermark: reader.watermark()? })
}

/// Keeps what a start adds. What the disk did not take is given back: the hub comes up all the same.
fn begin(
    ledger: &mut Ledger,
    past: &Past,
    loaded: &Loaded,
    at: Timestamp,
) -> Result<Option<Unkept>, LedgerError> {
    let appended = ledger.append_all(&past.begun).map(drop);
    let entries = if appended.is_ok() { Vec::new() } else { past.begun.clone() };
    let kept = appended.and_then(|()| recorder::keep_plan(ledger, at, &loaded.plan, &loaded.config));
    match kept {
        Ok(()) => Ok(None),
        Err(why @ (LedgerError::Full | LedgerError::ReadOnly | LedgerError::Io(_) | LedgerError::Busy)) => {
            let plan = (at, Arc::clone(&loaded.plan), loaded.config.clone());
            Ok(Some(Unkept { entries, plan, why }))
        }
        Err(why) => Err(why),
    }
}

/// The plan that was in force when the hub went down: the present one, unless the config was changed since.
fn plan_before(
    ledger: &Reader,
    options: &HubOptions,
    loaded: &Loaded,
    at: Timestamp,
) -> Result<Arc<Plan>, LedgerError> {
    let kept = ledger.last_config()?.filter(|kept| kept.hash != loaded.config.hash);
    let source =
        kept.zip(loaded.source.as_ref()).map(|(kept, now)| config::source_of(&kept.files, &now.folder));
    // One that no longer stands (a secret is gone) says nothing; then the present plan must do.
    let plan = source.and_then(|source| config::resolve(&source, options, at).plan.ok());
    Ok(plan.unwrap_or_else(|| Arc::clone(&loaded.plan)))
}

/// What a start adds to the chain: what a crash kept from it, the start itself, and the plan where it is a new one.
fn beginnings(
    ledger: &Reader,
    recovered: &Recovered,
    loaded: &Loaded,
    at: Timestamp,
) -> Result<Vec<Entry>, LedgerError> {
    let watermark = recovered.engine.watermark();
    let mut entries = recovered.missing.clone();
    // What was decided anew may differ from what a crash lost; a chain that goes back would keep the hub from starting.
    let mut floor = ledger.decided()?;
    let version = env!("CARGO_PKG_VERSION").to_string();
    let mut add = |what| entries.push(Entry { at, watermark, ordinal: 0, what });
    add(Event::Started { version });
    if ledger.last_config()?.is_none_or(|kept| kept.hash != loaded.config.hash) {
        let cells = u32::try_from(loaded.plan.cells().count()).unwrap_or(u32::MAX);
        add(Event::PlanAccepted { hash: loaded.config.hash.clone(), cells });
    }
    for entry in &mut entries {
        floor = floor.max(entry.watermark);
        entry.watermark = floor;
    }
    Ok(entries)
}
