//! The commands, one file each.

mod check;
mod config;
mod demo;
mod ledger;
mod man;
mod serve;
mod zone;

use std::fmt;
use std::process::ExitCode;

use crate::args::Command;

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
        Command::Serve(args) => runtime()?.block_on(serve::run(args)),
        Command::Check(args) => runtime()?.block_on(check::run(args)),
        Command::Config(command) => config::run(command),
        Command::Ledger(command) => ledger::run(command),
        Command::Demo(args) => demo::run(&args),
        Command::Zone(command) => runtime()?.block_on(zone::run(command)),
        Command::Estate { args } => demo::role(&args),
        Command::Completions { shell } => man::completions(shell),
        Command::Man { folder } => man::pages(&folder),
    }
}

/// The async ground of a command.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Failure(format!("cannot start: {error}")))
}

/// The config that is meant where none is named.
const DEFAULT_CONFIG: &str = "candor.yaml";

/// What to do without one.
const NO_FILE: &str = "name a config file, or watch a site with none: candor serve https://shop.example";

/// Whether a target is a site rather than a file.
fn is_url(target: &str) -> bool {
    target.starts_with("http://") || target.starts_with("https://")
}
