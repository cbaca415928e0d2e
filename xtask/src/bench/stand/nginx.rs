//! nginx with one worker on loopback, its files in a folder of its own; ended by its process id.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::process::Server;
use super::programs::command;
use super::tools::pinned;
use super::{Folder, HOSTS, free_address};

const READY_WITHIN: Duration = Duration::from_secs(10);

/// A running nginx.
pub(in super::super) struct Nginx {
    _server: Server,
    address: SocketAddr,
    _folder: Folder,
}

impl Nginx {
    /// Answers every request with the same few bytes.
    pub(in super::super) fn start() -> Result<Self, String> {
        let folder = Folder::new("nginx")?;
        Self::serve(folder, "default_type text/plain; return 200 \"Top charts\\n\";", None)
    }

    /// Serves by the words of one `location /`, with the files in `folder`, on one core where that is given.
    pub(in super::super) fn serve(
        folder: Folder,
        location: &str,
        core: Option<&str>,
    ) -> Result<Self, String> {
        let address = free_address()?;
        let file = folder.0.join("nginx.conf");
        std::fs::write(&file, config(&folder, address.port(), location))
            .map_err(|error| error.to_string())?;
        let mut nginx = command("nginx")?;
        nginx.arg("-c").arg(&file);
        let server = match core {
            Some(core) => Server::start(&mut pinned(core, &mut nginx)?)?,
            None => Server::start(&mut nginx)?,
        };
        let nginx = Self { _server: server, address, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if begun.elapsed() > READY_WITHIN {
                return Err("nginx does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }

    /// Where it listens first.
    pub(in super::super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A URL that it answers.
    pub(in super::super) fn url(&self) -> String {
        format!("http://{}/x", self.address)
    }

    /// The same on each of its addresses: for a schedule that paces its starts against one host.
    pub(in super::super) fn urls(&self) -> Vec<String> {
        HOSTS.iter().map(|host| format!("http://{host}:{}/x", self.address.port())).collect()
    }
}

fn config(folder: &Folder, port: u16, location: &str) -> String {
    let place = folder.0.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|word| format!("{word}_temp_path {place}/{word};\n"))
        .concat();
    let listen: String = HOSTS.iter().map(|host| format!("listen {host}:{port} backlog=4096;\n")).collect();
    format!(
        "worker_processes 1;\ndaemon off;\npid {place}/pid;\nerror_log {place}/errors;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\naccess_log off;\n{temporary}server {{\n{listen}location / {{ {location} }}\n}}\n}}\n"
    )
}
