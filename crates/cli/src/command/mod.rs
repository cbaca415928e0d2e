//! The commands, one file each.

mod check;
mod config;
mod demo;
mod explain;
mod ledger;
mod man;
mod replay;
mod serve;
mod zone;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::args::Command;
use crate::print::quoted;

/// Why a command could not run, in words that say what to do next.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// How a command ended.
pub(crate) type Outcome = Result<ExitCode, Failure>;

/// Does what was asked.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Serve(args) => {
            // Before there is a second thread.
            crate::memory::settle();
            run_to_end(serve::run(args))
        }
        Command::Check(args) => run_to_end(check::run(args)),
        Command::Explain(args) => run_to_end(explain::run(args)),
        Command::Config(command) => config::run(command),
        Command::Ledger(command) => ledger::run(command),
        Command::Demo(args) => demo::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Zone(command) => run_to_end(zone::run(command)),
        Command::Estate { args } => demo::role(&args),
        Command::Completions { shell } => man::completions(shell),
        Command::Man { folder } => man::pages(folder.as_deref()),
    }
}

/// The async ground of a command.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Failure(format!("cannot start: {error}")))
}

/// How long a command waits, when it is done, for threads that wait for the system: a disk that does not answer, say.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// Runs a command, and ends also where a thread of it does not.
fn run_to_end(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = runtime()?;
    let outcome = runtime.block_on(command);
    runtime.shutdown_timeout(LAST_WAIT);
    outcome
}

/// The config that is meant where none is named.
const DEFAULT_CONFIG: &str = "candor.yaml";

/// What to do without one.
const NO_FILE: &str = "name a config file, or watch a site with none: candor serve https://shop.example";

/// What a command is to look at.
enum Target {
    /// A file or a folder.
    Files(PathBuf),
    /// The URL of a site.
    Site(String),
}

/// Takes a target for what it is: a site where it has a scheme, else files. What is no file, but would be a site with a
/// scheme before it, is answered with that.
fn target(named: Option<OsString>) -> Result<Target, Failure> {
    let named = named.unwrap_or_else(|| DEFAULT_CONFIG.into());
    if named.is_empty() {
        return Err(Failure(NO_FILE.into()));
    }
    let path = PathBuf::from(&named);
    let Some(text) = named.to_str() else { return Ok(Target::Files(path)) };
    if text.contains("://") {
        return Ok(Target::Site(text.into()));
    }
    if let Some(url) = site_meant(text).filter(|_| !path.exists()) {
        let said = quoted(text);
        return Err(Failure(format!(
            "there is no file {said}\n  for a site, write its scheme as well: {url}"
        )));
    }
    Ok(Target::Files(path))
}

/// The URL that `shop.example`, `127.0.0.1:8080` or `localhost/status` are meant for.
fn site_meant(text: &str) -> Option<String> {
    let (host, _) = text.split_once('/').unwrap_or((text, ""));
    let (name, port) = host.rsplit_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let ported = port.is_some_and(|port| port.parse::<u16>().is_ok());
    let numbered = name.parse::<std::net::IpAddr>().is_ok();
    let named =
        name.contains('.') && !name.starts_with('.') && !name.ends_with(".yaml") && !name.ends_with(".yml");
    let meant = (port.is_none() || ported) && (ported || numbered || named || name == "localhost");
    let scheme = if ported || numbered || name == "localhost" { "http" } else { "https" };
    let url = format!("{scheme}://{text}");
    (meant && !url.contains(|c: char| c.is_control() || c.is_whitespace()) && url.len() <= 200).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::site_meant;

    #[test]
    fn what_lacks_only_its_scheme_is_told_from_a_file() {
        for (text, url) in [
            ("127.0.0.1:19090", "http://127.0.0.1:19090"),
            ("192.0.2.1", "http://192.0.2.1"),
            ("localhost/status", "http://localhost/status"),
            ("shop.example", "https://shop.example"),
            ("shop.example:8443/a", "http://shop.example:8443/a"),
        ] {
            assert_eq!(site_meant(text).as_deref(), Some(url));
        }
        for text in ["candor.yaml", "./conf.d", "../a.b", "a/b.c", "shop", "a\u{1b}.b", "a b.c", "x:y"] {
            assert_eq!(site_meant(text), None, "{text}");
        }
    }
}
