//! Reads the operators' page all the time while a hub runs, from before its first page to its death, and holds every
//! green against the truth: it was answered well no longer ago than a run and a lease.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use candor_core::Timestamp;
use serde_json::Value;

use super::site::Truth;
use super::{DEADLINE, LEASE, PATIENCE};
use crate::support::http::{list, text};

/// Between two looks.
const POLL: Duration = Duration::from_millis(25);

/// An incident as the page tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) id: u64,
    pub(super) opened_at: String,
    pub(super) is_open: bool,
}

/// What was read while a hub ran.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) pages: u64,
    pub(super) greens: u64,
    /// The end of the chain, as last told: number and hash.
    pub(super) head: Option<(u64, String)>,
    /// Runs that this hub said to have kept.
    pub(super) kept: u64,
    /// Incidents as last told.
    pub(super) incidents: Vec<Told>,
    is_all_well: bool,
    /// What is wrong with what was told.
    wrong: Option<String>,
}

/// A thread that reads.
pub(super) struct Watch {
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches the page at `at`; `before` is what was told before the hub was killed.
    pub(super) fn start(at: SocketAddr, truth: Truth, before: Option<Seen>) -> Self {
        let (seen, over) = (Arc::new(Mutex::new(Seen::default())), Arc::new(AtomicBool::new(false)));
        let (writes, ends) = (Arc::clone(&seen), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::SeqCst) {
                let asked = Timestamp::now();
                if let Some(status) =
                    get(at, "/api/v1/status").and_then(|body| serde_json::from_str(&body).ok())
                {
                    let kept = get(at, "/metrics").as_deref().and_then(runs_kept);
                    let mut seen = writes.lock().expect("no thread panics");
                    seen.take(&status, asked, &truth, before.as_ref());
                    seen.kept = kept.unwrap_or(seen.kept);
                }
                std::thread::sleep(POLL);
            }
        });
        Self { seen, over, thread: Some(thread) }
    }

    fn seen(&self) -> Seen {
        self.seen.lock().expect("no thread panics").clone()
    }

    pub(super) fn has_a_page(&self) -> bool {
        self.seen().pages > 0
    }

    pub(super) fn is_all_well(&self) -> bool {
        self.seen().is_all_well
    }

    /// Waits until the chain has grown, for a while: what was asked for may change nothing.
    pub(super) fn wait_for_a_new_entry(&self) {
        let (before, begun) = (self.seen().head, Instant::now());
        while self.seen().head == before && begun.elapsed() < DEADLINE * 2 {
            std::thread::sleep(POLL);
        }
    }

    /// Ends the watch; a false claim fails the test now.
    pub(super) fn end(mut self) -> Seen {
        self.over.store(true, Ordering::SeqCst);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_some_and(|ended| ended.is_ok()), "the watch itself must not fail");
        let seen = self.seen();
        assert!(seen.wrong.is_none(), "{}", seen.wrong.unwrap_or_default());
        seen
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

impl Seen {
    fn take(&mut self, status: &Value, asked: Timestamp, truth: &Truth, before: Option<&Self>) {
        self.pages += 1;
        let head = status.pointer("/ledger_head/seq").and_then(Value::as_u64);
        let hash = text(status, "/ledger_head/hash").to_owned();
        let head = head.map(|seq| (seq, hash));
        if head.as_ref().map(|head| head.0) < self.head.as_ref().map(|head| head.0) {
            self.complain(format!("the head went back from {:?} to {head:?}", self.head));
        }
        self.head = head.or(self.head.take());
        for cell in list(status, "/cells") {
            if text(cell, "/measured") == "operational" {
                self.greens += 1;
                self.complain_of_green(cell, asked, truth);
            }
        }
        self.incidents = list(status, "/incidents").iter().map(told).collect();
        if let Some(before) = before {
            self.complain_of_loss(before, truth);
        }
        let open = self.incidents.iter().any(|incident| incident.is_open);
        self.is_all_well = text(status, "/overall") == "operational" && !open;
    }

    /// Keeps the first complaint: it is the one to look at.
    fn complain(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }

    fn complain_of_green(&mut self, cell: &Value, asked: Timestamp, truth: &Truth) {
        let service = text(cell, "/service");
        let time = |pointer| text(cell, pointer).parse::<Timestamp>().ok();
        let good_at = truth.lock().expect("no thread panics").get(service).and_then(|facts| facts.good_at);
        let (Some(observed), Some(until), Some(good_at)) =
            (time("/observed_at"), time("/valid_until"), good_at)
        else {
            return self.complain(format!("green without evidence ({good_at:?}): {cell:#}"));
        };
        if asked >= until {
            self.complain(format!("green at {asked}, past its time: {cell:#}"));
        }
        if until > good_at + DEADLINE + LEASE {
            self.complain(format!("green until {until}, and it last answered well at {good_at}: {cell:#}"));
        }
        if until > observed + LEASE {
            self.complain(format!("green for longer than a lease: {cell:#}"));
        }
    }

    /// Each incident that was told before the kill is still told, as it was; one may be over only where all is well.
    fn complain_of_loss(&mut self, before: &Self, truth: &Truth) {
        for known in &before.incidents {
            let now = self.incidents.iter().find(|incident| incident.id == known.id).cloned();
            let Some(now) = now else {
                self.complain(format!("lost by the kill: {known:?} is not in {:?}", self.incidents));
                continue;
            };
            if now.opened_at != known.opened_at {
                self.complain(format!("another beginning: {known:?} is now {now:?}"));
            }
            let well = truth.lock().expect("no thread panics").values().any(super::site::Facts::is_well);
            if known.is_open && !now.is_open && !well {
                self.complain(format!("over while nothing works: {known:?} is now {now:?}"));
            }
        }
    }
}

fn told(incident: &Value) -> Told {
    Told {
        id: incident.pointer("/id").and_then(Value::as_u64).unwrap_or_default(),
        opened_at: text(incident, "/opened_at").to_owned(),
        is_open: incident.pointer("/resolved_at").is_none_or(Value::is_null),
    }
}

fn runs_kept(metrics: &str) -> Option<u64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix("candor_ledger_runs_total "))?;
    line.parse().ok()
}

/// The body of a whole answer; `None` where nobody answers, or dies while answering.
fn get(at: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    (head.starts_with("HTTP/1.1 200") && body.len() == length).then(|| body.to_owned())
}
