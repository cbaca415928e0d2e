//! nginx with one worker on a free port of loopback, its files in a folder of its own; ended by its process id.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Folder, free_address};

const READY_WITHIN: Duration = Duration::from_secs(10);

/// A running nginx that answers every request with the same few bytes.
pub(in super::super) struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: Folder,
}

impl Nginx {
    pub(in super::super) fn start() -> Result<Self, String> {
        let folder = Folder::new("nginx")?;
        let address = free_address()?;
        let place = folder.0.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|word| format!("{word}_temp_path {place}/{word};\n"))
            .concat();
        let config = format!(
            "worker_processes 1;\ndaemon off;\npid {place}/pid;\nerror_log {place}/errors;\n\
             events {{ worker_connections 8192; }}\n\
             http {{\naccess_log off;\n{temporary}server {{\nlisten {address} backlog=4096;\n\
             location / {{ default_type text/plain; return 200 \"Top charts\\n\"; }}\n}}\n}}\n"
        );
        let file = folder.0.join("nginx.conf");
        std::fs::write(&file, config).map_err(|error| error.to_string())?;
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("nginx cannot be started (Debian package nginx-light): {error}"))?;
        let nginx = Self { child, address, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if begun.elapsed() > READY_WITHIN {
                return Err("nginx does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(nginx)
    }

    /// A URL that it answers.
    pub(in super::super) fn url(&self) -> String {
        format!("http://{}/x", self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master is asked to stop, so that its worker goes too.
        drop(Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status());
        drop(self.child.wait());
    }
}
