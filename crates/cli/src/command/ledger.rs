//! `candor ledger`: verify, export, backup, restore, migrate.
//!
//! What is damaged is a finding (exit 1); what is not there, not ours, or in use is no ledger to look at (exit 2).

use std::io::{BufWriter, ErrorKind};
use std::path::Path;
use std::process::ExitCode;

use candor_ledger::{Export, ExportError, Ledger, LedgerError, OpenError, Reader, Verified, VerifyError};

use super::{Failure, Outcome};
use crate::args::LedgerCommand;
use crate::print::{BAD, GOOD, counted, note, out, styled};

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
    let reader = match Ledger::open_to_read(path) {
        Err(OpenError::Corrupt { why, .. }) => return Ok(broken(path, &why)),
        opened => opened?,
    };
    match whole(&reader) {
        Ok(verified) => said(&format!("{}: the chain is whole", path.display()), &verified),
        Err(VerifyError::Broken(found)) => Ok(broken(path, &found.to_string())),
        Err(VerifyError::Ledger(LedgerError::Corrupt(why))) => Ok(broken(path, &why)),
        Err(error) => Err(Failure(error.to_string())),
    }
}

/// The chain first, because it names what does not hold; then every page.
fn whole(reader: &Reader) -> Result<Verified, VerifyError> {
    let verified = reader.verify()?;
    reader.integrity()?;
    Ok(verified)
}

fn broken(path: &Path, why: &str) -> ExitCode {
    note(&format!("{} {}: {why}", styled(BAD, "broken"), path.display()));
    note(
        "   it was left alone; to go on: stop the hub, move the file away, and `candor ledger restore` a backup",
    );
    ExitCode::FAILURE
}

fn said(what: &str, verified: &Verified) -> Outcome {
    out(&format!("{} {what}", styled(GOOD, "ok")));
    let observations = usize::try_from(verified.observations).unwrap_or(usize::MAX);
    out(&format!("   {} entries, {}", verified.entries, counted(observations, "observation")));
    if let Some(head) = &verified.head {
        out(&format!("   head {} {}", head.seq, head.hash));
    }
    Ok(ExitCode::SUCCESS)
}

fn export(path: &Path, observations: bool) -> Outcome {
    let to = BufWriter::new(std::io::stdout().lock());
    match Ledger::open_to_read(path)?.export(to, Export { observations }) {
        // Whoever reads has enough.
        Err(ExportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        ended => Ok(ended.map(|()| ExitCode::SUCCESS)?),
    }
}
