//! `candor`: the one binary. `args` says what can be asked, `command` does it, one file a command.
//!
//! Exit codes follow the contracts: 0 all well, 1 something failed or was found, 2 could not run. Results go to
//! standard output; progress and errors to standard error. Results that could not be written are 2 as well, whatever
//! they said; a reader that goes away (a closed pipe) changes nothing.

mod args;
mod check;
mod command;
mod explain;
mod memory;
mod print;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let code = match args::Args::try_parse() {
        Ok(args) => {
            print::start_logging(args.verbose);
            command::run(args.command).unwrap_or_else(|failure| {
                print::error(&failure.to_string());
                ExitCode::from(2)
            })
        }
        Err(answer) => args::answer(&answer),
    };
    match print::written() {
        Ok(()) => code,
        Err(error) => {
            print::error(&format!("the results could not be written to standard output: {error}"));
            ExitCode::from(2)
        }
    }
}
