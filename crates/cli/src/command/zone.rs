//! `candor zone`: for now, serving zone files.

use std::process::ExitCode;

use super::Outcome;
use crate::args::ZoneCommand;
use crate::print::note;

pub(crate) async fn run(command: ZoneCommand) -> Outcome {
    let ZoneCommand::Serve { files, listen } = command;
    let shown: Vec<String> = listen.iter().map(ToString::to_string).collect();
    note(&format!(
        "serving {} zone files on {}; SIGHUP reads them again, Ctrl-C stops",
        files.len(),
        shown.join(", ")
    ));
    // Where signals cannot be listened for, the default ends the process all the same.
    let stop = async { drop(super::serve::wait_for_stop().await) };
    candor_names::serve_files(files, listen, stop).await?;
    Ok(ExitCode::SUCCESS)
}
