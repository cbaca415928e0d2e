//! A site to watch: well, broken, or silent, as the test says.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// How the site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Status 200, "Top charts".
    Well,
    /// Status 503.
    Broken,
    /// Takes connections and answers nothing.
    Silent,
}

/// A site on a free port of loopback, until the test ends.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) port: u16,
    mood: Arc<AtomicU8>,
}

impl Origin {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let mood = Arc::new(AtomicU8::new(0));
        let looks = Arc::clone(&mood);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mood = looks.load(Ordering::SeqCst);
                std::thread::spawn(move || {
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                    let _ = stream.read(&mut [0; 4096]);
                    let (status, body) = match mood {
                        0 => ("200 OK", "<title>Shop</title><h1>Top charts</h1>"),
                        1 => ("503 Service Unavailable", "broken"),
                        _ => {
                            // Nothing more is sent; the asker gives up and closes.
                            let _ = stream.read(&mut [0; 1]);
                            return;
                        }
                    };
                    let head = "content-type: text/html\r\nconnection: close";
                    let length = body.len();
                    drop(write!(
                        stream,
                        "HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
                    ));
                });
            }
        });
        Self { port, mood }
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}
