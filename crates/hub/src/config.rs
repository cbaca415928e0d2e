//! Getting a plan: from files or a URL, with what the command line overrides.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candor_config::{Faults, Process, Source, SourceFile};
use candor_core::Timestamp;
use candor_core::model::{LedgerPlace, Plan};
use candor_ledger::Ledger;

use crate::options::{HubError, HubOptions, Origin};
use crate::recorder::Accepted;

/// A plan, what it was made from, and what was wrong with what the file says now.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) plan: Arc<Plan>,
    pub(crate) config: Accepted,
    /// Where an earlier config is in force because the file is bad: the file's faults, rendered, and the first of them.
    pub(crate) refused: Option<Refused>,
}

/// Why the file as it stands is not in force.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) hash: String,
    pub(crate) first: String,
    pub(crate) faults: u32,
    pub(crate) rendered: String,
}

impl Refused {
    pub(crate) fn new(source: &Source, faults: &Faults) -> Self {
        Self {
            hash: source.hash(),
            first: faults.0.first().map(ToString::to_string).unwrap_or_default(),
            faults: u32::try_from(faults.0.len()).unwrap_or(u32::MAX),
            rendered: faults.render(source, false),
        }
    }

    fn unreadable(why: String) -> Self {
        Self { hash: String::new(), first: why.clone(), faults: 1, rendered: why }
    }
}

/// Loads the plan that a hub starts with: what the origin says, or the last that was accepted where that is bad.
pub(crate) fn load(options: &HubOptions, now: Timestamp) -> Result<Loaded, HubError> {
    match &options.origin {
        Origin::Url(url) => {
            let resolved = candor_config::for_url(url, &Process, now)
                .map_err(|faults| HubError::Config(faults.to_string()))?;
            let config = Accepted { hash: resolved.hash, files: Vec::new() };
            Ok(Loaded { plan: Arc::new(overridden(resolved.plan, options)), config, refused: None })
        }
        Origin::Files(path) => load_files(path, options, now),
    }
}

fn load_files(path: &Path, options: &HubOptions, now: Timestamp) -> Result<Loaded, HubError> {
    let source = match Source::read(path) {
        Ok(source) => source,
        Err(error) => {
            let why = error.to_string();
            return last_accepted(path, None, options, Refused::unreadable(why.clone()), now)
                .ok_or(HubError::Read(why));
        }
    };
    match resolve(&source, options, now) {
        Ok(plan) => Ok(Loaded { plan, config: accepted(&source), refused: None }),
        Err(faults) => {
            let refused = Refused::new(&source, &faults);
            let rendered = refused.rendered.clone();
            last_accepted(path, Some(&source), options, refused, now).ok_or(HubError::Config(rendered))
        }
    }
}

/// Resolves a source, with what the command line overrides.
pub(crate) fn resolve(source: &Source, options: &HubOptions, now: Timestamp) -> Result<Arc<Plan>, Faults> {
    candor_config::resolve(source, &Process, now).map(|resolved| Arc::new(overridden(resolved.plan, options)))
}

/// What the ledger keeps of a source.
pub(crate) fn accepted(source: &Source) -> Accepted {
    let files = source.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect();
    Accepted { hash: source.hash(), files }
}

fn overridden(mut plan: Plan, options: &HubOptions) -> Plan {
    plan.page.listen = options.listen.unwrap_or(plan.page.listen);
    plan.operate.listen = options.operate_listen.unwrap_or(plan.operate.listen);
    if let Some(path) = &options.ledger {
        plan.ledger = LedgerPlace::Sqlite(path.display().to_string());
    }
    plan
}

/// The config that was in force last, from the ledger that the bad file probably names.
fn last_accepted(
    path: &Path,
    bad: Option<&Source>,
    options: &HubOptions,
    refused: Refused,
    now: Timestamp,
) -> Option<Loaded> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    let ledger = options.ledger.clone().unwrap_or_else(|| folder.join(named_ledger(bad)));
    let kept = Ledger::open_to_read(&ledger).ok()?.last_config().ok()??;
    let files = kept.files.iter().map(|(name, text)| SourceFile::new(name, text)).collect();
    let source = Source { files, folder: folder.to_path_buf() };
    let plan = resolve(&source, options, now).ok()?;
    tracing::error!(
        "the config is refused; the one accepted at {} is in force:\n{}",
        kept.at,
        refused.rendered
    );
    Some(Loaded { plan, config: accepted(&source), refused: Some(refused) })
}

/// The ledger's path in a config that cannot be read as a whole: the line that names it, or the default.
fn named_ledger(bad: Option<&Source>) -> PathBuf {
    let lines = bad.into_iter().flat_map(|source| source.files.iter().flat_map(|file| file.text.lines()));
    let named = lines.filter_map(|line| line.strip_prefix("ledger:")?.trim().strip_prefix("sqlite:")).next();
    named.map_or("candor.db", |path| path.split(" #").next().unwrap_or(path).trim_end()).into()
}
