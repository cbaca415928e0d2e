//! `candor zone`: zone files, served authoritatively.

use std::process::ExitCode;

use candor_names::FileServer;

use super::Outcome;
use crate::args::ZoneCommand;
use crate::print::{counted, note};

pub(crate) async fn run(command: ZoneCommand) -> Outcome {
    let ZoneCommand::Serve { files, listen } = command;
    let count = files.len();
    let server = FileServer::bind(files, &listen).await?;
    let shown: Vec<String> = server.local_addrs().iter().map(ToString::to_string).collect();
    note(&format!("serving {} on {}", counted(count, "zone file"), shown.join(", ")));
    note("SIGHUP reads again, Ctrl-C stops");
    // Where signals cannot be listened for, the default ends the process all the same.
    let stop = async { drop(super::serve::wait_for_stop().await) };
    server.run(stop).await?;
    Ok(ExitCode::SUCCESS)
}
