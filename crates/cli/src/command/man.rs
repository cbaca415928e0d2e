//! Completions and man pages, made from the command line's own description.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use super::{Failure, Outcome};
use crate::args::Args;
use crate::print::{out, out_raw};

pub(crate) fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "candor", &mut text);
    out_raw(&text);
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn pages(folder: &Path) -> Outcome {
    if !folder.is_dir() {
        return Err(Failure(format!("{} is not a folder; create it first", folder.display())));
    }
    let mut command = Args::command();
    command.build();
    let written = write(&command, "candor", folder)?;
    out(&format!("{written} man pages in {}", folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// Writes the page of a command and those of its commands; says how many.
fn write(command: &clap::Command, name: &str, folder: &Path) -> Result<usize, Failure> {
    let mut page = Vec::new();
    let named = command.clone().name(name.to_string());
    clap_mangen::Man::new(named).render(&mut page)?;
    let file = folder.join(format!("{name}.1"));
    fs::write(&file, page).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
    let mut written = 1;
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        written += write(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(written)
}
