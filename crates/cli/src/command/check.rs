//! `candor check`: every journey once.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::model::Plan;

use super::{Failure, Outcome, Target, config, target};
use crate::args::{CheckArgs, CheckFormat};
use crate::check::{self, Report};
use crate::print::{out, quoted};

/// Services that are listed where one is asked for that is not there.
const NAMED: usize = 20;

pub(crate) async fn run(args: CheckArgs) -> Outcome {
    let plan = Arc::new(plan(target(args.target)?)?);
    let wanted = wanted(&plan, &args.services)?;
    let report = check::run(plan, &wanted).await;
    let text = match args.format {
        CheckFormat::Human => check::human(&report),
        CheckFormat::Json => check::json(&report)?,
        CheckFormat::Junit => check::junit(&report),
    };
    out(text.trim_end());
    Ok(code(&report))
}

fn plan(target: Target) -> Result<Plan, Failure> {
    let resolved = match target {
        Target::Site(url) => candor_config::for_url(&url, &candor_config::Process, Timestamp::now())
            .map_err(|faults| Failure(faults.to_string()))?,
        Target::Files(path) => config::load(&path)?.1,
    };
    Ok(resolved.plan)
}

/// The services to check, by id; a name that the config does not have is an error that lists those it has.
fn wanted(plan: &Plan, named: &[String]) -> Result<BTreeSet<String>, Failure> {
    let known: BTreeSet<String> = plan.services.iter().map(|service| service.id.to_string()).collect();
    if let Some(unknown) = named.iter().find(|name| !known.contains(*name)) {
        let mut names: Vec<&str> = known.iter().map(String::as_str).take(NAMED).collect();
        names.extend((known.len() > NAMED).then_some("…"));
        let unknown = quoted(unknown);
        return Err(Failure(format!("there is no service {unknown}; the config has {}", names.join(", "))));
    }
    Ok(if named.is_empty() { known } else { named.iter().cloned().collect() })
}

fn code(report: &Report) -> ExitCode {
    let faults = || report.checks.iter().filter_map(|check| check.run.observation.fault.as_ref());
    if faults().any(|fault| !fault.is_ours()) {
        ExitCode::from(1)
    } else if faults().next().is_some() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}
