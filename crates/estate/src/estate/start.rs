//! The start: a directory, a block of addresses that is free, the zone, the processes.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::BASE64;
use ring::rand::{SecureRandom, SystemRandom};

use super::certificate::{Authority, private};
use super::world::World;
use super::zones::Zones;
use super::{Estate, EstateError, EstateOptions};
use crate::layout::Layout;
use crate::place::{PLACES, Place};
use crate::role::{KEY_FILE, Role};

/// How many blocks are tried before giving up.
const BLOCKS_TRIED: u8 = 40;

/// Tells apart the directories of one process.
static STARTED: AtomicU32 = AtomicU32::new(0);

pub(super) async fn start(options: EstateOptions) -> Result<Estate, EstateError> {
    let places = places(&options.places)?;
    let (dir, temporary) = directory(options.dir.clone())?;
    let authority = Authority::new().map_err(|error| EstateError::Certificate(error.to_string()))?;
    // From here on the estate's own end tidies up, whatever happens.
    let mut estate = Estate {
        layout: Layout { block: 0, port: options.port, places },
        options,
        dir,
        temporary,
        children: BTreeMap::new(),
        pulled: BTreeMap::new(),
        by_hand: World::default(),
        in_force: Some(World::default()),
        zones: Zones::default(),
        authority,
    };
    let mut last = EstateError::Taken { why: "there is no block to try".to_owned() };
    for block in blocks(estate.options.block) {
        estate.layout.block = block;
        match Box::pin(on_this_block(&mut estate)).await {
            Ok(()) => return Ok(estate),
            // Somebody is there, or came between our look and the start: the next block.
            Err(error @ EstateError::Taken { .. }) => last = error,
            Err(error) => return Err(error),
        }
        for mut child in std::mem::take(&mut estate.children).into_values() {
            child.kill().await;
        }
    }
    Err(last)
}

async fn on_this_block(estate: &mut Estate) -> Result<(), EstateError> {
    estate.layout.port = free_port(&estate.layout, estate.options.port)?;
    let dir = estate.dir.clone();
    let told = |source| EstateError::File { file: dir.clone(), source };
    estate.authority.publish(&dir).map_err(told)?;
    for (host, _) in estate.certified() {
        estate.authority.certify(&dir, &host, false).map_err(told)?;
    }
    private(&dir.join(KEY_FILE), &secret()?).map_err(told)?;
    estate.write_zones()?;
    let (servers, others): (Vec<Role>, Vec<Role>) = Role::ALL.iter().partition(|role| role.is_name_server());
    for role in servers {
        estate.start_role(role).await?;
    }
    estate.start_roles(&others).await?;
    estate.settle_zones(&World::default()).await
}

/// A new secret, in base64, for signing what name servers say to each other.
fn secret() -> Result<String, EstateError> {
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| EstateError::Certificate("the system gives no random numbers".to_owned()))?;
    Ok(BASE64.encode(&bytes))
}

/// The blocks to try, in order.
fn blocks(wish: Option<u8>) -> Vec<u8> {
    match wish {
        Some(block) => vec![block],
        None => (0..BLOCKS_TRIED).collect(),
    }
}

fn places(codes: &[String]) -> Result<Vec<&'static Place>, EstateError> {
    let known = || PLACES.iter().map(|place| place.code).collect::<Vec<_>>().join(", ");
    if codes.is_empty() {
        return Err(EstateError::UnknownPlace { code: String::new(), known: known() });
    }
    let found = codes.iter().map(|code| {
        Place::find(code).ok_or_else(|| EstateError::UnknownPlace { code: code.clone(), known: known() })
    });
    found.collect()
}

fn directory(wish: Option<PathBuf>) -> Result<(PathBuf, bool), EstateError> {
    let make = |dir: PathBuf, recursive: bool| match std::fs::DirBuilder::new()
        .mode(0o700)
        .recursive(recursive)
        .create(&dir)
    {
        Ok(()) => Ok(dir),
        Err(source) => Err((dir, source)),
    };
    let told = |(file, source)| EstateError::File { file, source };
    if let Some(dir) = wish {
        let made = make(dir, true).map_err(told)?;
        let dir = made.canonicalize().map_err(|source| told((made, source)))?;
        return Ok((dir, false));
    }
    loop {
        let n = STARTED.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("candor-estate-{}-{n}", std::process::id()));
        match make(dir, false) {
            Ok(dir) => return Ok((dir, true)),
            Err((_, source)) if source.kind() == ErrorKind::AlreadyExists => {}
            Err(fault) => return Err(told(fault)),
        }
    }
}

/// The port, once every socket of the layout can be bound on it.
fn free_port(layout: &Layout, wish: u16) -> Result<u16, EstateError> {
    let first = layout.socket(Role::Dns);
    let told = |address: SocketAddr, error: &io::Error| match error.kind() {
        ErrorKind::AddrNotAvailable => EstateError::OneLoopbackAddress {
            block: layout.block,
            needed: layout
                .sockets()
                .iter()
                .map(|socket| socket.ip().to_string())
                .collect::<Vec<_>>()
                .join(" "),
        },
        _ => EstateError::Taken { why: format!("{address}: {error}") },
    };
    let held = TcpListener::bind(SocketAddr::new(first.ip(), wish)).map_err(|error| told(first, &error))?;
    let port = held.local_addr().map_err(|error| told(first, &error))?.port();
    let layout = Layout { port, ..layout.clone() };
    for role in Role::ALL.iter().filter(|role| role.is_name_server()) {
        let udp = layout.socket(*role);
        UdpSocket::bind(udp).map_err(|error| told(udp, &error))?;
    }
    for socket in layout.sockets().into_iter().skip(1) {
        TcpListener::bind(socket).map_err(|error| told(socket, &error))?;
    }
    Ok(port)
}
