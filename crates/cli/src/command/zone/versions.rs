//! `candor zone versions` and `candor zone rollback`: what a store keeps, and the way back to it.
//!
//! The zone's file says what is to be in force, so that the way back goes through it: the records of the old version under
//! the next serial, taken up on SIGHUP like any other change. Failure policy: a file that is not the newest version kept is
//! left alone, because somebody has changed it; it is replaced whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use candor_names::{Versions, Zone, ZoneDiff, ZoneStore, serve, zone::serial};

use super::store::Disk;
use crate::args::zone::{ZoneRollbackArgs, ZoneVersionsArgs};
use crate::command::{Failure, Outcome};
use crate::print::{note, out, quoted};

pub(super) fn list(args: &ZoneVersionsArgs) -> Outcome {
    let store = Disk::open_kept(&args.store)?;
    let apexes = match &args.zone {
        Some(zone) => vec![format!("{}.", zone.trim_end_matches('.').to_ascii_lowercase())],
        None => store.apexes()?,
    };
    if apexes.is_empty() {
        note("no zone is kept there yet");
    }
    for apex in apexes {
        let versions = kept(&store, &apex)?;
        out(&apex);
        let mut newest = ", the newest";
        for change in versions.changes().rev() {
            out(&format!("  serial {}{newest}: {}", change.serial(), summary(change)));
            newest = "";
        }
        let oldest = versions.serials().first().copied().unwrap_or_default();
        out(&format!("  serial {oldest}{newest}: the oldest kept"));
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(change: &ZoneDiff) -> String {
    format!("-{} +{} records", change.removed().count(), change.added().count())
}

pub(super) async fn rollback(args: ZoneRollbackArgs) -> Outcome {
    let store = Disk::open_kept(&args.store)?;
    let shown = quoted(&args.file.to_string_lossy());
    let held = serve::load(vec![args.file.clone()]).await?.pop();
    let held = held.ok_or_else(|| Failure(format!("there is no zone in {shown}")))?;
    let versions = kept(&store, &held.origin().to_ascii_lowercase())?;
    let newest = versions.newest();
    if *newest != held {
        return Err(moved(&shown, &held, newest));
    }
    let Some(old) = versions.version(args.to)? else {
        let serials: Vec<String> = versions.serials().iter().map(u32::to_string).collect();
        return Err(Failure(format!(
            "serial {} of {} is not kept\n  there are: {}",
            args.to,
            held.origin(),
            serials.join(", ")
        )));
    };
    let wanted = old.renumbered(serial::next(held.serial()));
    let change = held.diff(&wanted)?;
    for (sign, record) in
        change.removed().map(|record| ('-', record)).chain(change.added().map(|record| ('+', record)))
    {
        out(&format!("{sign} {record}"));
    }
    out(&format!(
        "{}: serial {} becomes {}, {}",
        held.origin(),
        held.serial(),
        wanted.serial(),
        summary(&change)
    ));
    if args.dry_run {
        note("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    replace(&args.file, &held, &wanted).await?;
    note(&format!(
        "{shown} is written anew; what it was is beside it, with ~ at the end\nput it in force: kill -HUP PID"
    ));
    Ok(ExitCode::SUCCESS)
}

fn kept(store: &Disk, apex: &str) -> Result<Versions, Failure> {
    match store.load(apex)? {
        Some(kept) => Ok(Versions::read(&kept)?),
        None => Err(Failure(format!("no version of {} is kept there", quoted(apex)))),
    }
}

fn moved(file: &str, held: &Zone, newest: &Zone) -> Failure {
    let how = if held.serial() == newest.serial() {
        format!("{file} is not what was in force last, though its serial is the same ({})", held.serial())
    } else {
        format!("{file} has serial {}, and {} was in force last", held.serial(), newest.serial())
    };
    Failure(format!(
        "{how}\n  it was left alone: put it in force first (kill -HUP PID), or undo what was changed in it"
    ))
}

/// Puts `wanted` in the place of `held`, provided that this is what the file still holds.
async fn replace(file: &Path, held: &Zone, wanted: &Zone) -> Result<(), Failure> {
    // Behind a link stands the file that is meant.
    let file = fs::canonicalize(file)?;
    let beside = |end: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let new = beside(".new");
    write_synced(&new, &wanted.to_zone_file())?;
    fs::set_permissions(&new, fs::metadata(&file)?.permissions())?;
    let still = serve::load(vec![file.clone()]).await?;
    if still.first() != Some(held) {
        fs::remove_file(&new)?;
        return Err(Failure("the file was changed by somebody else meanwhile; it was left alone".into()));
    }
    fs::copy(&file, beside("~"))?;
    Ok(fs::rename(&new, &file)?)
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
