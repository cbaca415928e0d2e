//! nginx (Debian package `nginx-light`) in a folder of its own on a free port of loopback; killed with the test.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::wait_for;

/// A running nginx with a front page and a path that is broken.
#[derive(Debug)]
pub(crate) struct Nginx {
    child: Child,
    _folder: TempDir,
    pub(crate) port: u16,
}

impl Nginx {
    /// Starts it and waits until it listens.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for nginx");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port on loopback").port();
        std::fs::create_dir(folder.path().join("files")).expect("a folder can be made");
        let page = "<title>Shop</title><h1>Top charts</h1>";
        std::fs::write(folder.path().join("files/index.html"), page).expect("a page can be written");
        std::fs::write(folder.path().join("nginx.conf"), config(port)).expect("a file can be written");
        let spawned = Command::new("nginx")
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = spawned.unwrap_or_else(|error| {
            panic!("nginx does not start ({error}): install the Debian package nginx-light")
        });
        let nginx = Self { child, _folder: folder, port };
        wait_for("nginx listens", Duration::from_secs(10), || TcpStream::connect(("127.0.0.1", port)).ok());
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn config(port: u16) -> String {
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path t1; proxy_temp_path t2;
  fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  types {{ text/html html; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ root files; }}
    location = /buy {{ return 503; }}
  }}
}}
"
    )
}
