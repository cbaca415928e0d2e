//! nginx (Debian package `nginx-light`) in a folder of its own on free ports of 127.0.0.1; killed with the test.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::certificates::{Authority, Signed};

/// A running nginx.
pub(crate) struct Nginx {
    child: Child,
    folder: TempDir,
    /// Plain HTTP.
    pub(crate) http: u16,
    /// HTTPS for shop.example, HTTP/2 offered.
    pub(crate) https: u16,
    /// HTTPS with an expired certificate.
    pub(crate) expired: u16,
    /// HTTPS with a certificate for other.example.
    pub(crate) wrong_name: u16,
    /// HTTPS for those with a certificate of the authority.
    pub(crate) clients_only: u16,
    /// HTTP/2 in the clear, with prior knowledge.
    pub(crate) http2: u16,
}

impl Nginx {
    /// Starts it and waits until it listens.
    pub(crate) fn start(authority: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports: [u16; 6] = free_ports();
        let [http, https, expired, wrong_name, clients_only, http2] = ports;
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let keep = |name: &str, signed: &Signed| {
            write(&format!("{name}.pem"), &signed.certificate);
            write(&format!("{name}.key"), &signed.key);
        };
        keep("good", &authority.sign("shop.example"));
        keep("expired", &authority.sign_until("shop.example", 2001));
        keep("wrong", &authority.sign("other.example"));
        write("ca.pem", authority.certificate());
        std::fs::create_dir(folder.path().join("files")).unwrap();
        write(
            "files/page.html",
            "<title>Shop</title><h1>Top charts</h1><a class=item href=item.html>One</a>",
        );
        write("files/item.html", "<title>Item one</title><h1>Buy me</h1>");
        write("files/probe.txt", &"0123456789abcdef".repeat(8192));
        write("nginx.conf", &config(ports));
        let spawned = Command::new("nginx")
            .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("this test needs nginx: install the Debian package nginx-light")
            }
            Err(error) => panic!("nginx does not start: {error}"),
        };
        let nginx = Self { child, folder, http, https, expired, wrong_name, clients_only, http2 };
        ports.iter().for_each(|&port| wait_for(port));
        nginx
    }

    /// A URL on the plain server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://shop.example:{}{path}", self.http)
    }

    /// The same in TLS.
    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://shop.example:{}{path}", self.https)
    }

    /// Where its files lie.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports that were free a moment ago, all different.
fn free_ports() -> [u16; 6] {
    let listeners = [(); 6].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn wait_for(port: u16) {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "nginx does not listen on port {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn config(ports: [u16; 6]) -> String {
    let [http, https, expired, wrong_name, clients_only, http2] = ports;
    format!(
        r#"
daemon off; master_process off; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  types {{ text/html html; text/plain txt; }}
  gzip on; gzip_min_length 1; gzip_types text/plain;
  server {{
    listen 127.0.0.1:{http};
    location / {{ root files; }}
    location = /missing {{ return 404; }}
    location = /broken {{ return 503; }}
    location = /moved {{ return 302 /page.html; }}
    location = /found-after-post {{ return 303 /echo; }}
    location = /keep-method {{ return 307 /echo; }}
    location = /echo {{ default_type text/plain; return 200 "$request_method $http_user_agent $http_host"; }}
    location = /json {{ default_type application/json; return 200 '{{"state":"paid","total":12.5,"items":[{{"id":7}}]}}'; }}
  }}
  server {{
    listen 127.0.0.1:{https} ssl http2; ssl_certificate good.pem; ssl_certificate_key good.key;
    location / {{ root files; }}
    location = /echo {{ default_type text/plain; return 200 "$server_protocol $http_host"; }}
  }}
  server {{
    listen 127.0.0.1:{http2} http2;
    location = /echo {{ default_type text/plain; return 200 "$server_protocol $request_method $http_x_plain"; }}
  }}
  server {{ listen 127.0.0.1:{expired} ssl; ssl_certificate expired.pem; ssl_certificate_key expired.key; }}
  server {{ listen 127.0.0.1:{wrong_name} ssl; ssl_certificate wrong.pem; ssl_certificate_key wrong.key; }}
  server {{
    listen 127.0.0.1:{clients_only} ssl; ssl_certificate good.pem; ssl_certificate_key good.key;
    ssl_client_certificate ca.pem; ssl_verify_client on;
    location = /whoami {{ default_type text/plain; return 200 "$ssl_client_verify"; }}
  }}
}}
"#
    )
}
