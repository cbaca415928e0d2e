//! NSD with one zone on loopback, its rate limit off; ended by its process id.

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::process::Server;
use super::programs::command;
use super::tools::pinned;
use super::{Folder, HOSTS, free_address};

const READY_WITHIN: Duration = Duration::from_secs(10);
const ZONE: &str = "$ORIGIN bench.example.\n$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.1\n\
    www A 192.0.2.1\n";

/// A question for the address of `www.bench.example` (RFC 1035, section 4.1).
pub(in super::super) const QUERY: &[u8] =
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x05bench\x07example\x00\x00\x01\x00\x01";

/// A running NSD.
pub(in super::super) struct Nsd {
    _server: Server,
    port: u16,
    folder: Folder,
}

impl Nsd {
    pub(in super::super) fn start() -> Result<Self, String> {
        Self::serve(ZONE, "www.bench.example A\n", None)
    }

    /// With another text of `bench.example`, which has its `www`; on one core where that is given.
    pub(in super::super) fn serve(zone: &str, queries: &str, core: Option<&str>) -> Result<Self, String> {
        let folder = Folder::new("nsd")?;
        let port = free_address()?.port();
        let place = folder.0.display();
        let listen: String = HOSTS.iter().map(|host| format!("  ip-address: {host}@{port}\n")).collect();
        let config = format!(
            "server:\n{listen}  username: \"\"\n  chroot: \"\"\n  pidfile: \"{place}/pid\"\n  zonesdir: \"{place}\"\n  \
             database: \"\"\n  zonelistfile: \"{place}/zone.list\"\n  xfrdfile: \"{place}/xfrd.state\"\n  xfrdir: \"{place}\"\n  \
             cookie-secret-file: \"{place}/cookies\"\n  server-count: 1\n  rrl-ratelimit: 0\n\
             remote-control:\n  control-enable: no\nzone:\n  name: \"bench.example\"\n  zonefile: \"{place}/zone\"\n"
        );
        let file = folder.0.join("nsd.conf");
        let files =
            [(folder.0.join("zone"), zone), (folder.0.join("queries"), queries), (file.clone(), &config)];
        for (file, text) in files {
            std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        let mut nsd = command("nsd")?;
        nsd.arg("-d").arg("-c").arg(&file);
        let server = match core {
            Some(core) => Server::start(&mut pinned(core, &mut nsd)?)?,
            None => Server::start(&mut nsd)?,
        };
        wait_until_answered(port)?;
        Ok(Self { _server: server, port, folder })
    }

    /// Where it listens, each a host of its own to a schedule that paces its starts.
    pub(in super::super) fn addresses(&self) -> Vec<SocketAddr> {
        HOSTS.iter().filter_map(|host| format!("{host}:{}", self.port).parse().ok()).collect()
    }

    /// A file with its question, in the form of dnsperf.
    pub(in super::super) fn queries(&self) -> PathBuf {
        self.folder.0.join("queries")
    }

    /// The file of the zone.
    pub(in super::super) fn zone(&self) -> PathBuf {
        self.folder.0.join("zone")
    }
}

/// Until a name server on this port has an address for [`QUERY`].
pub(in super::super) fn wait_until_answered(port: u16) -> Result<(), String> {
    let ask = || {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        socket.send_to(QUERY, (HOSTS[0], port))?;
        socket.recv(&mut [0; 512])
    };
    let begun = Instant::now();
    while !ask().is_ok_and(|length| length > QUERY.len()) {
        if begun.elapsed() > READY_WITHIN {
            return Err(format!("no name server answers on port {port}"));
        }
    }
    Ok(())
}
