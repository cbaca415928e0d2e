//! Completions and man pages, made from the command line's own description.

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

pub(crate) fn pages(folder: Option<&Path>) -> Outcome {
    let Some(folder) = folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Args::command()).render(&mut text)?;
        out_raw(&text);
        return Ok(ExitCode::SUCCESS);
    };
    if !folder.is_dir() {
        return Err(Failure(format!("{} is not a folder; create it first", folder.display())));
    }
    clap_mangen::generate_to(Args::command(), folder)?;
    out(&format!("man pages in {}; try: man {}/candor.1", folder.display(), folder.display()));
    Ok(ExitCode::SUCCESS)
}
