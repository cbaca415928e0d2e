//! `candor zone`: a change of a zone judged before it is published; zones served authoritatively, from files or as copies of
//! another server's; their versions, and the way back.

mod metrics;
mod plan;
mod store;
mod versions;

use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;
use std::sync::Arc;

use candor_names::{FileServer, Key, Peer, Secondary, ServeOptions, ZoneStore};

use self::store::Disk;
use super::{Failure, Outcome};
use crate::args::ZoneCommand;
use crate::args::zone::{KeyFile, Server, ZoneServeArgs};
use crate::print::{counted, note, quoted};

/// Longest file with a secret, in bytes.
const SECRET_MAX: u64 = 4096;

pub(crate) async fn run(command: ZoneCommand) -> Outcome {
    match command {
        ZoneCommand::Serve(args) => serve(args).await,
        ZoneCommand::Plan(args) => plan::run(*args).await,
        ZoneCommand::Versions(args) => versions::list(&args),
        ZoneCommand::Rollback(args) => versions::rollback(args).await,
    }
}

async fn serve(args: ZoneServeArgs) -> Outcome {
    let (files, copies) = (args.files.len(), args.secondary.len());
    let options = options(&args)?;
    let server = FileServer::bind_with(args.files, &args.listen, options).await?;
    let shown: Vec<String> = server.local_addrs().iter().map(ToString::to_string).collect();
    let what = match copies {
        0 => counted(files, "zone file"),
        _ => format!(
            "{} and {}",
            counted(files, "zone file"),
            if copies == 1 { "1 copy".into() } else { format!("{copies} copies") }
        ),
    };
    let metrics = match args.metrics {
        Some(address) => Some(metrics::bind(address).await?),
        None => None,
    };
    note(&format!("serving {what} on {}", shown.join(", ")));
    if let Some(listener) = &metrics {
        note(&format!("counts at {}metrics", super::serve::url(listener.local_addr()?)));
    }
    note("SIGHUP reads again, Ctrl-C stops");
    let handle = server.handle();
    let counting = async {
        match metrics {
            Some(listener) => metrics::serve(listener, handle).await,
            None => std::future::pending().await,
        }
    };
    // Where signals cannot be listened for, the default ends the process all the same.
    let stop = async { drop(super::serve::wait_for_stop().await) };
    tokio::select! {
        ended = server.run(stop) => ended?,
        () = counting => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn options(args: &ZoneServeArgs) -> Result<ServeOptions, Failure> {
    let keys = args.key.iter().map(key).collect::<Result<Vec<Key>, Failure>>()?;
    for name in args.allow_transfer.iter().filter_map(|allow| allow.key()) {
        find(&keys, name)?;
    }
    let peers = |servers: &[Server]| {
        servers.iter().map(|server| peer(&keys, server)).collect::<Result<Vec<Peer>, _>>()
    };
    let mut secondaries = Vec::new();
    for copied in &args.secondary {
        secondaries.push(Secondary { zone: copied.zone.clone(), primaries: peers(&copied.primaries)? });
    }
    let store: Option<Arc<dyn ZoneStore>> = match &args.store {
        Some(path) => Some(Arc::new(Disk::open(path)?)),
        None => None,
    };
    let notify = peers(&args.notify)?;
    Ok(ServeOptions { allow_transfer: args.allow_transfer.clone(), notify, secondaries, store, keys })
}

fn peer(keys: &[Key], server: &Server) -> Result<Peer, Failure> {
    let key = server.key.as_deref().map(|name| find(keys, name)).transpose()?;
    Ok(Peer { address: server.address, key })
}

fn find(keys: &[Key], name: &str) -> Result<Key, Failure> {
    let absolute = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    let found = keys.iter().find(|key| absolute(&key.name()) == absolute(name));
    found.cloned().ok_or_else(|| {
        let name = quoted(name);
        Failure(format!("there is no key {name}\n  name it and its file: --key NAME:hmac-sha256:FILE"))
    })
}

fn key(place: &KeyFile) -> Result<Key, Failure> {
    let file = quoted(&place.file.to_string_lossy());
    let unreadable = |why: String| Failure(format!("the key's file {file} cannot be used: {why}"));
    let about = std::fs::metadata(&place.file).map_err(|fault| unreadable(fault.to_string()))?;
    if !about.is_file() || about.len() > SECRET_MAX {
        return Err(unreadable(format!("not a file of at most {SECRET_MAX} bytes")));
    }
    if about.permissions().mode() & 0o077 != 0 {
        note(&format!("warning: others can read the secret in {file}; chmod 600 makes it yours alone"));
    }
    let secret = std::fs::read_to_string(&place.file).map_err(|fault| unreadable(fault.to_string()))?;
    Key::new(&place.name, &place.algorithm, &secret).map_err(|fault| unreadable(fault.to_string()))
}
