//! `dns`, `dns-west`, `dns-east`, `dns-in`, `dns-outside`: the name servers, by candor-names.
//!
//! `dns` is the primary of the shop's zone, from a zone file; `reload` puts a changed file in force at once. It tells the
//! copies (NOTIFY), who fetch what changed (IXFR, else AXFR); both are signed with a key of each copy (TSIG). The copies
//! (`--secondary-of`) follow the timers of the SOA besides, and answer SERVFAIL when they were not current for its EXPIRE.
//! `dns-outside` is the server of the zone that lives apart, and stands on nothing. Each keeps its versions in its own
//! SQLite file. With the fault `withhold:WORD` the primary neither tells that copy nor hands the zone to it.
//!
//! A file with faults is refused and what is served stays in force.

mod store;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use candor_names::{Allow, Key, Peer, Secondary, ServeOptions, Server, ServerHandle, Zone, ZoneStore};
use tokio::task::JoinSet;

use super::control::{Control, Faults, Order};
use super::{Role, RoleArgs, RoleError, Sheet};
use crate::layout::{Region, ZONE};
use store::Disk;

pub(super) const SHEET: Sheet =
    Sheet { word: "dns", about: "answers for the shop's zone: the primary", octet: 53, hosts: &["ns1"] };

pub(super) const OUTSIDE_SHEET: Sheet =
    Sheet { word: "dns-outside", about: "answers for the zone that lives apart", octet: 57, hosts: &["ns"] };

/// The place of each copy on the map.
pub(super) const fn copy_sheet(region: Region) -> &'static Sheet {
    match region {
        Region::West => {
            &Sheet { word: "dns-west", about: "a copy of the zone, for the west", octet: 54, hosts: &["ns2"] }
        }
        Region::East => {
            &Sheet { word: "dns-east", about: "a copy of the zone, for the east", octet: 55, hosts: &["ns3"] }
        }
        Region::India => {
            &Sheet { word: "dns-in", about: "a copy of the zone, for India", octet: 56, hosts: &["ns4"] }
        }
    }
}

/// The file of the secret that transfers are signed with, in the directory of the state.
pub(crate) const KEY_FILE: &str = "transfer.key";

/// How long an address may stay taken by the sockets of the server before; and how often it is tried meanwhile.
const HANDOVER: Duration = Duration::from_secs(2);
const HANDOVER_LOOK: Duration = Duration::from_millis(5);

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let mut desk = Desk::new(&args)?;
    let zone = match &desk.file {
        Some(file) => Some(read(file).map_err(RoleError::Zone)?),
        None => None,
    };
    let address = args.listen;
    desk.serve(zone).await.map_err(|source| RoleError::Listen { address, source })?;
    let obeyed = control.attend(async |order| desk.obey(order).await);
    obeyed.await.map_err(RoleError::Control)
}

/// A server, and what it is started with; its sockets end with it.
#[derive(Debug)]
struct Desk {
    address: SocketAddr,
    /// The zone file, of a primary.
    file: Option<PathBuf>,
    secondary_of: Option<Peer>,
    copies: Vec<(Role, Peer)>,
    store: Arc<Disk>,
    withheld: BTreeSet<String>,
    handle: Option<ServerHandle>,
    serving: JoinSet<()>,
}

impl Desk {
    fn new(args: &RoleArgs) -> Result<Self, RoleError> {
        let secret = args.state.join(KEY_FILE);
        let peer = |role: Role, address| {
            let key = key(role, &secret)?;
            Ok::<_, RoleError>(Peer { address, key: Some(key) })
        };
        let copies =
            args.copies.iter().map(|&(role, address)| Ok::<_, RoleError>((role, peer(role, address)?)));
        if args.zone.is_some() == args.secondary_of.is_some() {
            return Err(RoleError::Zone("it takes one of --zone and --secondary-of".to_owned()));
        }
        Ok(Self {
            address: args.listen,
            file: args.zone.clone(),
            secondary_of: args.secondary_of.map(|primary| peer(args.role, primary)).transpose()?,
            copies: copies.collect::<Result<_, RoleError>>()?,
            store: Arc::new(Disk::open(&args.state.join(format!("{}.db", args.role.word())))?),
            withheld: BTreeSet::new(),
            handle: None,
            serving: JoinSet::new(),
        })
    }

    fn options(&self) -> ServeOptions {
        let served = self.copies.iter().filter(|(role, _)| !self.withheld.contains(role.word()));
        let notify: Vec<Peer> = served.map(|(_, peer)| peer.clone()).collect();
        let names = notify.iter().filter_map(|peer| peer.key.as_ref()).map(Key::name);
        let store: Arc<dyn ZoneStore> = self.store.clone();
        ServeOptions {
            // All keys are known, so that a copy that gets nothing is refused and not taken for a stranger.
            keys: self.copies.iter().filter_map(|(_, peer)| peer.key.clone()).collect(),
            allow_transfer: names.filter_map(|name| format!("key:{name}").parse::<Allow>().ok()).collect(),
            notify,
            secondaries: self
                .secondary_of
                .iter()
                .map(|primary| Secondary { zone: ZONE.to_owned(), primaries: vec![primary.clone()] })
                .collect(),
            store: Some(store),
        }
    }

    /// Serves with these options from now on, in place of the server before. A primary's start tells all copies.
    async fn serve(&mut self, zone: Option<Zone>) -> std::io::Result<()> {
        self.serving.shutdown().await;
        let zones: Vec<Zone> = zone.into_iter().collect();
        let begun = std::time::Instant::now();
        let server = loop {
            match Server::bind_with(&[self.address], zones.clone(), self.options()).await {
                // The sockets of the server before are closed by tasks that are ending.
                Err(error)
                    if error.kind() == ErrorKind::AddrInUse
                        && self.handle.is_some()
                        && begun.elapsed() < HANDOVER =>
                {
                    tokio::time::sleep(HANDOVER_LOOK).await;
                }
                bound => break bound?,
            }
        };
        self.handle = Some(server.handle());
        self.serving.spawn(async move {
            if let Err(error) = server.run(std::future::pending()).await {
                tracing::error!("the server has ended: {error}");
            }
        });
        Ok(())
    }

    async fn obey(&mut self, order: &Order) -> Result<(), String> {
        match order {
            Order::Reload => self.reload().await,
            Order::Set(faults) => {
                let others = Faults { withhold: BTreeSet::new(), ..faults.clone() }.to_string();
                if !others.is_empty() {
                    return Err(format!("a name server knows no fault {others}"));
                }
                self.withhold(&faults.withhold).await
            }
        }
    }

    async fn withhold(&mut self, withheld: &BTreeSet<String>) -> Result<(), String> {
        if *withheld == self.withheld {
            return Ok(());
        }
        self.withheld.clone_from(withheld);
        let zone = self.file.as_deref().map(read).transpose()?;
        self.serve(zone).await.map_err(|error| error.to_string())
    }

    /// Puts what the file says in force; a copy has none, and nothing to do.
    async fn reload(&self) -> Result<(), String> {
        let (Some(file), Some(handle)) = (&self.file, self.handle.clone()) else { return Ok(()) };
        let zone = read(file)?;
        tracing::info!("{} is in force with serial {}", zone.origin(), zone.serial());
        let base = handle.serials(&zone.origin()).last().copied();
        let done = tokio::task::spawn_blocking(move || handle.publish_on(base, zone)).await;
        done.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

/// The key between the primary and a copy.
fn key(copy: Role, secret: &Path) -> Result<Key, RoleError> {
    let text = std::fs::read_to_string(secret)
        .map_err(|error| RoleError::Key(format!("{}: {error}", secret.display())))?;
    Key::new(&format!("{}.{ZONE}", copy.word()), "hmac-sha256", &text)
        .map_err(|error| RoleError::Key(error.to_string()))
}

fn read(file: &Path) -> Result<Zone, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Zone::parse(&text, None, &file.to_string_lossy()).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}
