//! `candor config`: check, schema, show.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use candor_config::{FAULTS_MAX, Process, Resolved, Source};

use super::{Failure, NO_FILE, Outcome};
use crate::args::ConfigCommand;
use crate::print::{GOOD, counted, note, out, styled};

pub(crate) fn run(command: ConfigCommand) -> Outcome {
    match command {
        ConfigCommand::Check { file } => check(&file),
        ConfigCommand::Schema => schema(),
        ConfigCommand::Show { file } => {
            out(candor_config::show(&load(&file)?.1.plan).trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(file: &Path) -> Outcome {
    let (source, resolved) = load(file)?;
    if !resolved.warnings.is_empty() {
        note(candor_config::render(&resolved.warnings, &source, std::io::stderr().is_terminal()).trim_end());
    }
    let plan = &resolved.plan;
    let checks: usize = plan.cells().map(|(_, _, cell)| cell.checks.len()).sum();
    out(&format!(
        "{} {}: {}, {}, {} from {}",
        styled(GOOD, "ok"),
        quoted_path(file),
        counted(plan.services.len(), "service"),
        counted(plan.cells().count(), "cell"),
        counted(checks, "check"),
        counted(plan.vantages.len(), "vantage")
    ));
    out("");
    out(candor_config::cost(plan).to_string().trim_end());
    Ok(ExitCode::SUCCESS)
}

fn schema() -> Outcome {
    let text = serde_json::to_string_pretty(&candor_config::schema())?;
    out(&text);
    Ok(ExitCode::SUCCESS)
}

/// A config that stands; its faults, all of them, where it does not.
pub(super) fn load(file: &Path) -> Result<(Source, Resolved), Failure> {
    let source = Source::read(file).map_err(|error| Failure(missing(&error.to_string(), file)))?;
    let resolved = candor_config::resolve(&source, &Process, candor_core::Timestamp::now());
    match resolved {
        Ok(resolved) => Ok((source, resolved)),
        Err(faults) => {
            let count = faults.0.len();
            let plural = if count == 1 { "fault" } else { "faults" };
            let shown = faults.render(&source, std::io::stderr().is_terminal());
            let least = if count < FAULTS_MAX { "" } else { "the first " };
            Err(Failure(format!("{}\n\n{least}{count} {plural} in {}", shown.trim_end(), quoted_path(file))))
        }
    }
}

/// A path as a terminal may have it.
fn quoted_path(path: &Path) -> String {
    path.display().to_string().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn missing(why: &str, file: &Path) -> String {
    if file.exists() {
        return why.to_string();
    }
    format!("{why}\n  {NO_FILE}")
}
