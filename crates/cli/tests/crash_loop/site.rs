//! Services of the test's own, and the truth about each: when it last answered well, and from when to when it did not.
#![allow(dead_code, reason = "two tests stand on it, and each uses its own part")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use candor_core::Timestamp;

/// The services: one that always works, one that breaks while the hub looks, one that dies while it is down.
pub(crate) const SERVICES: [&str; 3] = ["steady", "shaky", "mortal"];

/// How a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Status 200.
    Well,
    /// Status 503.
    Broken,
    /// Takes connections and answers nothing.
    Silent,
}

/// What is true of a service.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    mood: Mood,
    /// How long it takes for an answer.
    takes: Duration,
    /// The same, by the monotonic clock.
    good_by_monotonic: Option<Instant>,
    /// When it last began to answer well.
    pub(crate) good_at: Option<Timestamp>,
    /// From when to when it did not answer well; the last may last.
    pub(crate) bad: Vec<(Timestamp, Option<Timestamp>)>,
}

impl Facts {
    pub(crate) fn is_well(&self) -> bool {
        self.mood == Mood::Well
    }
}

/// What is true, by service.
pub(crate) type Truth = Arc<Mutex<BTreeMap<String, Facts>>>;

/// All services, on one port.
#[derive(Debug)]
pub(crate) struct Site {
    port: u16,
    truth: Truth,
}

impl Site {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let truth = Truth::default();
        let known = Arc::clone(&truth);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let truth = Arc::clone(&known);
                std::thread::spawn(move || answer(stream, &truth));
            }
        });
        let site = Self { port, truth };
        for service in SERVICES.iter().chain(&["guest"]) {
            let facts = Facts {
                mood: Mood::Well,
                takes: Duration::ZERO,
                good_by_monotonic: None,
                good_at: None,
                bad: Vec::new(),
            };
            site.truth.lock().expect("no thread panics").insert((*service).to_owned(), facts);
        }
        site
    }

    pub(crate) fn url(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}/{service}", self.port)
    }

    pub(crate) fn truth(&self) -> Truth {
        Arc::clone(&self.truth)
    }

    /// How long a service takes for its answers from now on.
    pub(crate) fn takes(&self, service: &str, time: Duration) {
        if let Some(facts) = self.truth.lock().expect("no thread panics").get_mut(service) {
            facts.takes = time;
        }
    }

    /// When a service last began to answer well, and whether it always did.
    pub(crate) fn good_and_well(&self, service: &str) -> (Option<Instant>, bool) {
        let truth = self.truth.lock().expect("no thread panics");
        truth.get(service).map_or((None, true), |facts| (facts.good_by_monotonic, facts.bad.is_empty()))
    }

    pub(crate) fn be(&self, service: &str, mood: Mood) {
        let mut truth = self.truth.lock().expect("no thread panics");
        let facts = truth.get_mut(service).expect("a service of this site");
        match (facts.mood == Mood::Well, mood == Mood::Well) {
            (true, false) => facts.bad.push((Timestamp::now(), None)),
            (false, true) => {
                if let Some((_, until)) = facts.bad.last_mut() {
                    *until = Some(Timestamp::now());
                }
            }
            _ => {}
        }
        facts.mood = mood;
    }
}

fn answer(mut stream: TcpStream, truth: &Truth) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut request = [0; 2048];
    let read = stream.read(&mut request).unwrap_or(0);
    let text = String::from_utf8_lossy(&request[..read]);
    let service = text.split_whitespace().nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
    let takes = truth.lock().expect("no thread panics").get(&service).map(|facts| facts.takes);
    std::thread::sleep(takes.unwrap_or_default());
    let mood = {
        let mut truth = truth.lock().expect("no thread panics");
        let Some(facts) = truth.get_mut(&service) else { return };
        if facts.is_well() {
            (facts.good_at, facts.good_by_monotonic) = (Some(Timestamp::now()), Some(Instant::now()));
        }
        facts.mood
    };
    let status = match mood {
        Mood::Well => "200 OK",
        Mood::Broken => "503 Service Unavailable",
        Mood::Silent => {
            // The asker gives up and closes, or dies.
            let _ = stream.read(&mut [0; 1]);
            return;
        }
    };
    let head = "content-type: text/plain\r\nconnection: close\r\ncontent-length: 2";
    drop(write!(stream, "HTTP/1.1 {status}\r\n{head}\r\n\r\nok"));
}
