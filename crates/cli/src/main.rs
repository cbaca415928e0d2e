//! `candor`: the one binary. `args` says what can be asked, `command` does it, one file a command.
//!
//! Exit codes follow the contracts: 0 all well, 1 something failed or was found, 2 could not run. Results go to
//! standard output; progress and errors to standard error.

mod args;
mod check;
mod command;
mod print;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    print::start_logging(args.verbose);
    match command::run(args.command) {
        Ok(code) => code,
        Err(failure) => {
            print::error(&failure.to_string());
            ExitCode::from(2)
        }
    }
}
