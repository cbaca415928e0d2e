//! `candor zone plan`: what a change of a zone would do and what speaks against it.
//!
//! Failure policy: a proposed zone that cannot be read is refused, with each fault and its place; a live one that cannot be
//! read, or had, leaves nothing to compare with, and there is no plan. Nothing is published here.

mod github;
mod human;
mod journeys;
mod limits;
mod sarif;

use std::process::ExitCode;
use std::sync::Arc;

use candor_change::{Finding, Plan, ServerToAsk, ask_nobody, look_around, required};
use candor_core::model::{self, WatchedZone};
use candor_names::guard::{Around, Case, Required, Source, empty, unreadable};
use candor_names::{Key, SystemResolver, Zone, ZoneFault, fetch_zone, serve};

use super::{find, key};
use crate::args::zone::{Live, PlanFormat, ZonePlanArgs};
use crate::command::{Failure, Outcome, config};
use crate::print::{out, quoted};

pub(super) async fn run(args: ZonePlanArgs) -> Outcome {
    let config = match &args.config {
        Some(file) => Some(Arc::new(config::load(file)?.1.plan)),
        None => None,
    };
    let text = serve::read(&args.proposed)?;
    let proposed = Zone::parse(&text, args.origin.as_deref(), &args.proposed.display().to_string());
    let live = live(&args, proposed.as_ref().ok()).await?;
    let watched = config.as_deref().and_then(|plan| limits::watched(plan, &live));
    let limits = limits::limits(&args, watched)?;
    let required = names(&args, &live, config.as_deref())?;
    let plan = match proposed {
        Ok(proposed) => {
            let around = around(&args, &live, &proposed, &required, watched).await?;
            let case = Case::new(&live, &proposed, &required, &limits, &around)?;
            let plan = Plan::of(&case.with_source(Source { text: Some(&text) }));
            match config.filter(|_| !args.no_journeys && !plan.is_nothing()) {
                Some(config) => {
                    let tried = journeys::tried(&config, live, proposed, args.with_writes).await;
                    plan.with_journeys(tried)
                }
                None => plan,
            }
        }
        Err(faults) => no_zone(&live, &text, &faults, required.len()),
    };
    let text = match args.format {
        PlanFormat::Human => human::text(&plan),
        PlanFormat::Json => serde_json::to_string_pretty(&plan)?,
        PlanFormat::Github => github::text(&plan, &args.proposed),
        PlanFormat::Sarif => sarif::text(&plan, &args.proposed)?,
    };
    out(text.trim_end());
    Ok(if plan.refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// What the zone's servers say, and names outside of it.
async fn around(
    args: &ZonePlanArgs,
    live: &Zone,
    proposed: &Zone,
    required: &[Required],
    watched: Option<&WatchedZone>,
) -> Result<Around, Failure> {
    if args.offline {
        return Ok(ask_nobody());
    }
    let of_config = watched.into_iter().flat_map(|zone| &zone.servers).map(|server| ServerToAsk {
        name: server.name.clone().unwrap_or_else(|| server.address.to_string()),
        address: server.address,
        is_new: false,
    });
    let given = args.server.iter().map(|server| ServerToAsk {
        name: server.name.clone(),
        address: server.address,
        is_new: server.is_new,
    });
    let servers = of_config.chain(given).collect();
    let parent = args.parent.map(|server| server.0);
    let looked = look_around(live, proposed, required, servers, parent, &SystemResolver::new()).await;
    looked.map_err(|why| {
        Failure(format!("the zone above cannot be asked: {why}\n  --parent says which of its servers is"))
    })
}

/// A plan for what is no zone: empty, cut short, or wrong.
fn no_zone(live: &Zone, text: &str, faults: &[ZoneFault], required: usize) -> Plan {
    let origin = live.origin();
    let findings: Vec<Finding> = match empty(text, &origin) {
        Some(breach) => vec![Finding::of(breach)],
        None => unreadable(faults, &origin).into_iter().map(Finding::of).collect(),
    };
    Plan::unreadable(live, findings, required)
}

async fn live(args: &ZonePlanArgs, proposed: Option<&Zone>) -> Result<Zone, Failure> {
    let server = match &args.live {
        Live::File(file) => {
            let text = serve::read(file)?;
            let shown = file.display().to_string();
            return Zone::parse(&text, args.origin.as_deref(), &shown).map_err(|faults| {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                Failure(format!("the live zone cannot be read:\n  {}", faults.join("\n  ")))
            });
        }
        Live::Axfr(server) => server,
    };
    let origin = args.origin.clone().or_else(|| proposed.map(Zone::origin)).ok_or_else(|| {
        Failure("which zone is to be transferred is not known\n  say it with --origin NAME".to_owned())
    })?;
    let keys = args.key.iter().map(key).collect::<Result<Vec<Key>, Failure>>()?;
    let key = server.key.as_deref().map(|name| find(&keys, name)).transpose()?;
    fetch_zone(&origin, server.address, key.as_ref()).await.map_err(|why| {
        let (address, origin) = (server.address, quoted(&origin));
        Failure(format!(
            "{origin} cannot be transferred from {address}: {why}\n  the server must allow the transfer (AXFR) from here, or for a key: axfr:ADDR+key:NAME"
        ))
    })
}

/// The names that are required: listed, or learned from the config.
fn names(args: &ZonePlanArgs, live: &Zone, config: Option<&model::Plan>) -> Result<Vec<Required>, Failure> {
    let origin = live.origin();
    let mut list = Vec::new();
    let watched = config.and_then(|plan| limits::watched(plan, live));
    for text in args.require.iter().chain(watched.iter().flat_map(|zone| &zone.require)) {
        let need = Required::parse(text, &origin, "it is listed as required")?;
        if !need.lies_in(live) {
            let (text, origin) = (quoted(text), quoted(&origin));
            return Err(Failure(format!(
                "{text} does not lie in the zone {origin}, and cannot be required of it"
            )));
        }
        list.push(need);
    }
    list.extend(config.into_iter().flat_map(|plan| required(plan, &origin)));
    Ok(list)
}
