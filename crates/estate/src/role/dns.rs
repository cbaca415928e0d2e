//! `dns`: answers for the shop's zone, from a zone file; `reload` puts a changed file in force at once.
//!
//! A file with faults is refused and what is served stays in force.

use std::path::Path;

use candor_names::{Server, Zone};

use super::control::{Control, Order};
use super::{RoleArgs, RoleError, Sheet};

pub(super) const SHEET: Sheet =
    Sheet { word: "dns", about: "answers for the shop's zone", octet: 53, hosts: &["ns1"] };

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let file = args.zone.ok_or_else(|| RoleError::Zone("--zone is missing".to_owned()))?;
    let zone = read(&file).map_err(RoleError::Zone)?;
    let address = args.listen;
    let server =
        Server::bind(&[address], vec![zone]).await.map_err(|source| RoleError::Listen { address, source })?;
    let published = server.handle();
    let obeyed = control.attend(async |order| obey(order, &file, |zone| published.publish(zone)));
    tokio::select! {
        served = server.run(std::future::pending()) => {
            served.map_err(|error| RoleError::Zone(error.to_string()))
        }
        done = obeyed => done.map_err(RoleError::Control),
    }
}

fn obey(order: &Order, file: &Path, publish: impl FnOnce(Zone)) -> Result<(), String> {
    match order {
        Order::Reload => {
            let zone = read(file)?;
            tracing::info!("{} is in force with serial {}", zone.origin(), zone.serial());
            publish(zone);
            Ok(())
        }
        Order::Set(faults) if faults.to_string().is_empty() => Ok(()),
        Order::Set(faults) => Err(format!("a name server knows no fault {faults}")),
    }
}

fn read(file: &Path) -> Result<Zone, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Zone::parse(&text, None, &file.to_string_lossy()).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}
