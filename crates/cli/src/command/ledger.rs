//! `candor ledger`: verify, export, backup, restore, migrate.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use candor_ledger::{Export, Ledger, Verified, VerifyError};

use super::{Failure, Outcome};
use crate::args::LedgerCommand;
use crate::print::{BAD, GOOD, note, out, styled};

pub(crate) fn run(command: LedgerCommand) -> Outcome {
    match command {
        LedgerCommand::Verify { ledger } => verify(&ledger),
        LedgerCommand::Export { ledger, observations } => export(&ledger, observations),
        LedgerCommand::Backup { to, ledger } => {
            let verified = Ledger::open_to_read(&ledger)?.backup(&to)?;
            said(&format!("backed up to {}", to.display()), &verified)
        }
        LedgerCommand::Restore { from, ledger } => {
            let verified = Ledger::restore(&from, &ledger)?;
            said(&format!("restored to {}", ledger.display()), &verified)
        }
        LedgerCommand::Migrate { ledger } => {
            let migrated = Ledger::migrate(&ledger)?;
            out(&format!("{} {}: layout {}", styled(GOOD, "ok"), ledger.display(), migrated.to));
            if let Some(backup) = &migrated.backup {
                out(&format!("   was {}; a copy of that is at {}", migrated.from, backup.display()));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn verify(path: &Path) -> Outcome {
    match Ledger::open_to_read(path)?.verify() {
        Ok(verified) => said(&format!("{}: the chain is whole", path.display()), &verified),
        Err(VerifyError::Broken(broken)) => {
            note(&format!("{} {}: {broken}", styled(BAD, "broken"), path.display()));
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(Failure(error.to_string())),
    }
}

fn said(what: &str, verified: &Verified) -> Outcome {
    out(&format!("{} {what}", styled(GOOD, "ok")));
    out(&format!("   {} entries", verified.entries));
    if let Some(head) = &verified.head {
        out(&format!("   head {} {}", head.seq, head.hash));
    }
    Ok(ExitCode::SUCCESS)
}

fn export(path: &Path, observations: bool) -> Outcome {
    let mut to = BufWriter::new(std::io::stdout().lock());
    Ledger::open_to_read(path)?.export(&mut to, Export { observations })?;
    to.flush()?;
    Ok(ExitCode::SUCCESS)
}
