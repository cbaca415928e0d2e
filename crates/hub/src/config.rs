//! Getting a plan: from files or a URL, with what the command line overrides.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use candor_config::{Environment, Faults, Process, Source, SourceFile};
use candor_core::Timestamp;
use candor_core::model::{LedgerPlace, Plan};
use candor_ledger::Ledger;

use crate::options::{HubError, HubOptions, Origin};
use crate::recorder::Accepted;

/// Most faults that are written to the log.
const SHOWN: usize = 20;

/// A plan, what it was made from, and what was wrong with what the file says now.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) plan: Arc<Plan>,
    pub(crate) config: Accepted,
    /// Where an earlier config is in force because the file is bad: the file's faults, rendered, and the first of them.
    pub(crate) refused: Option<Refused>,
    /// The source that is in force; `None` where there is no file.
    pub(crate) source: Option<Source>,
    /// What the source named that the origin has now.
    pub(crate) secrets: Secrets,
}

/// A source, resolved.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) plan: Result<Arc<Plan>, Faults>,
    pub(crate) secrets: Secrets,
}

/// The files that a config names for secrets and certificates, each with a number of what it held: a changed secret
/// is a changed config.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Secrets(BTreeMap<PathBuf, u64>);

impl Secrets {
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.keys()
    }

    /// The same files as they are now.
    pub(crate) fn now(&self) -> Self {
        Self(self.0.keys().map(|path| (path.clone(), fingerprint(&Process.read(path)))).collect())
    }

    /// A number of all of them. Within one process only.
    pub(crate) fn state(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

fn fingerprint(read: &std::io::Result<String>) -> u64 {
    let mut hasher = DefaultHasher::new();
    read.as_ref().map_err(std::io::Error::kind).hash(&mut hasher);
    hasher.finish()
}

/// The environment of this process, which notes what was read of it.
#[derive(Debug, Default)]
struct Noting(Mutex<Secrets>);

impl Environment for Noting {
    fn variable(&self, name: &str) -> Option<String> {
        Process.variable(name)
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        let read = Process.read(path);
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.0.insert(path.to_path_buf(), fingerprint(&read));
        read
    }
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
            rendered: rendered(source, faults),
        }
    }

    pub(crate) fn unreadable(why: String) -> Self {
        Self { hash: String::new(), first: why.clone(), faults: 1, rendered: why }
    }
}

/// As many faults as a log is read for.
fn rendered(source: &Source, faults: &Faults) -> String {
    let shown = Faults(faults.0.iter().take(SHOWN).cloned().collect());
    let mut text = shown.render(source, false);
    if let Some(more) = faults.0.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("and {more} more; `candor config check` shows them"));
    }
    text.truncate(text.trim_end().len());
    text
}

/// Loads the plan that a hub starts with: what the origin says, or the last that was accepted where that is bad.
pub(crate) fn load(options: &HubOptions, now: Timestamp) -> Result<Loaded, HubError> {
    match &options.origin {
        Origin::Url(url) => {
            let resolved = candor_config::for_url(url, &Process, now)
                .map_err(|faults| HubError::Config(faults.to_string()))?;
            let config = Accepted { hash: resolved.hash, files: Vec::new() };
            let plan = Arc::new(overridden(resolved.plan, options));
            Ok(Loaded { plan, config, refused: None, source: None, secrets: Secrets::default() })
        }
        Origin::Files(path) => load_files(path, options, now),
    }
}

fn load_files(path: &Path, options: &HubOptions, now: Timestamp) -> Result<Loaded, HubError> {
    let source = match Source::read(path) {
        Ok(source) => source,
        Err(error) => {
            let why = error.to_string();
            let refused = Refused::unreadable(why.clone());
            return last_accepted(path, None, options, (refused, Secrets::default()), now)
                .map_err(|nor| HubError::Read(neither(why, nor)));
        }
    };
    let Resolved { plan, secrets } = resolve(&source, options, now);
    match plan {
        Ok(plan) => {
            Ok(Loaded { plan, config: accepted(&source), refused: None, source: Some(source), secrets })
        }
        Err(faults) => {
            let refused = Refused::new(&source, &faults);
            let rendered = refused.rendered.clone();
            last_accepted(path, Some(&source), options, (refused, secrets), now)
                .map_err(|nor| HubError::Config(neither(rendered, nor)))
        }
    }
}

/// Resolves a source, with what the command line overrides.
pub(crate) fn resolve(source: &Source, options: &HubOptions, now: Timestamp) -> Resolved {
    let environment = Noting::default();
    let plan = candor_config::resolve(source, &environment, now)
        .map(|resolved| Arc::new(overridden(resolved.plan, options)));
    let secrets = environment.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    Resolved { plan, secrets }
}

/// The source that an accepted config was.
pub(crate) fn source_of(files: &[(String, String)], folder: &Path) -> Source {
    let files = files.iter().map(|(name, text)| SourceFile::new(name, text)).collect();
    Source { files, folder: folder.to_path_buf() }
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

/// What is wrong with the config, and why there is no earlier one to go on with, where one was to be expected.
fn neither(mut why: String, nor: Option<String>) -> String {
    if let Some(nor) = nor {
        why.push_str("\n\nerror: ");
        why.push_str(&nor);
    }
    why
}

/// The config that was in force last, from the ledger that the bad file probably names; else why there is none, where
/// that is not simply because nothing ever was.
fn last_accepted(
    path: &Path,
    bad: Option<&Source>,
    options: &HubOptions,
    (refused, secrets): (Refused, Secrets),
    now: Timestamp,
) -> Result<Loaded, Option<String>> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    let ledger = options.ledger.clone().unwrap_or_else(|| folder.join(named_ledger(bad)));
    if !ledger.exists() {
        return Err(None);
    }
    let unread =
        |error: &dyn std::error::Error| Some(format!("nor can the config before it be had: {error}"));
    let kept = Ledger::open_to_read(&ledger).map_err(|error| unread(&error))?;
    let kept = kept.last_config().map_err(|error| unread(&error))?.ok_or(None)?;
    let source = source_of(&kept.files, folder);
    let plan = resolve(&source, options, now).plan.map_err(|faults| {
        let first = faults.0.first().map(ToString::to_string).unwrap_or_default();
        Some(format!("nor does the config accepted at {} stand any more: {first}", kept.at))
    })?;
    tracing::error!(
        "the config is refused; the one accepted at {} is in force:\n{}",
        kept.at,
        refused.rendered
    );
    let config = accepted(&source);
    Ok(Loaded { plan, config, refused: Some(refused), source: Some(source), secrets })
}

/// The ledger's path in a config that cannot be read as a whole: the line that names it, or the default.
fn named_ledger(bad: Option<&Source>) -> PathBuf {
    let lines = bad.into_iter().flat_map(|source| source.files.iter().flat_map(|file| file.text.lines()));
    let mut named = lines.filter_map(|line| {
        let written = line.strip_prefix("ledger:")?;
        let written = written.split(" #").next().unwrap_or(written);
        written.trim().trim_matches(['"', '\'']).strip_prefix("sqlite:")
    });
    named.next_back().unwrap_or("candor.db").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_s_place_is_found_in_a_config_that_is_bad_elsewhere() {
        for (text, path) in [
            ("services: [\nledger: sqlite:/var/lib/candor/a.db # here\n", "/var/lib/candor/a.db"),
            ("ledger: \"sqlite:b.db\"\nservices: {", "b.db"),
            ("services: {", "candor.db"),
        ] {
            assert_eq!(named_ledger(Some(&Source::of_text("candor.yaml", text))), PathBuf::from(path));
        }
    }

    #[test]
    fn a_changed_secret_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let noting = Noting::default();
        std::fs::write(&path, "one").unwrap();
        noting.read(&path).unwrap();
        let secrets = noting.0.into_inner().unwrap();
        assert_eq!(secrets.now().state(), secrets.state());
        std::fs::write(&path, "two").unwrap();
        assert_ne!(secrets.now().state(), secrets.state());
        std::fs::remove_file(&path).unwrap();
        assert_ne!(secrets.now().state(), secrets.state());
    }
}
