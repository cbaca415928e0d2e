//! An HTTP target of the bench's own that can be told to hang: it then accepts, and never says a word.
//!
//! While well it answers each request at once, and notes when the connection was accepted, by the path asked for. One
//! thread for each of its addresses; all end with this value. Connections that hang are let go once every client has
//! given up on them.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::HOSTS;

/// Longer than any timeout of a row.
const LET_GO: Duration = Duration::from_secs(15);
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// When which path was asked for, in seconds since the target began.
pub(in super::super) type Arrivals = BTreeMap<String, Vec<f64>>;

/// A running target.
pub(in super::super) struct Target {
    pub(in super::super) addresses: Vec<SocketAddr>,
    state: Arc<State>,
}

struct State {
    hangs: AtomicBool,
    over: AtomicBool,
    begun: Instant,
    arrivals: Mutex<Arrivals>,
}

impl Target {
    /// Listens on so many addresses of loopback, a port of its own on each.
    pub(in super::super) fn start(addresses: usize) -> Result<Self, String> {
        let state = Arc::new(State {
            hangs: AtomicBool::new(false),
            over: AtomicBool::new(false),
            begun: Instant::now(),
            arrivals: Mutex::default(),
        });
        let mut target = Self { addresses: Vec::new(), state };
        for host in HOSTS.iter().take(addresses) {
            let listener = TcpListener::bind((*host, 0)).map_err(|error| format!("{host}: {error}"))?;
            target.addresses.push(listener.local_addr().map_err(|error| error.to_string())?);
            let state = Arc::clone(&target.state);
            std::thread::spawn(move || work(&listener, &state));
        }
        Ok(target)
    }

    /// From now on it accepts, and says nothing.
    pub(in super::super) fn hang(&self) {
        self.state.hangs.store(true, Ordering::SeqCst);
    }

    /// What has arrived since the last time this was asked.
    pub(in super::super) fn take_arrivals(&self) -> Arrivals {
        std::mem::take(&mut *self.state.arrivals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::SeqCst);
        for address in &self.addresses {
            // A connection wakes the thread that waits for one.
            drop(TcpStream::connect(address));
        }
    }
}

fn work(listener: &TcpListener, state: &State) {
    let mut hanging: VecDeque<(Instant, TcpStream)> = VecDeque::new();
    for stream in listener.incoming().flatten() {
        let now = Instant::now();
        if state.over.load(Ordering::SeqCst) {
            return;
        }
        while hanging.front().is_some_and(|(since, _)| now.duration_since(*since) > LET_GO) {
            hanging.pop_front();
        }
        if state.hangs.load(Ordering::SeqCst) {
            hanging.push_back((now, stream));
        } else if let Some(path) = answer(stream) {
            let at = now.duration_since(state.begun).as_secs_f64();
            let mut arrivals = state.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
            arrivals.entry(path).or_default().push(at);
        }
    }
}

/// Answers one request, and says what path it asked for.
fn answer(mut stream: TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    let mut request = [0; 4096];
    let length = stream.read(&mut request).ok()?;
    stream.write_all(ANSWER).ok()?;
    let head = String::from_utf8_lossy(request.get(..length)?).into_owned();
    head.split(' ').nth(1).map(str::to_string)
}

/// By how many milliseconds the latest of these arrivals was later than its plan: one every `every` seconds, with the
/// phase of the most punctual one. One that never came makes all that follow it late.
pub(in super::super) fn latest_ms(arrivals: &[f64], every: f64) -> f64 {
    let mut planned = 0.0;
    let late: Vec<f64> = arrivals
        .iter()
        .map(|at| {
            let late = at - planned;
            planned += every;
            late
        })
        .collect();
    let most = late.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = late.iter().copied().fold(f64::INFINITY, f64::min);
    (most - least) * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: SocketAddr) -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_millis(300)))?;
        stream.write_all(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")?;
        stream.read(&mut [0; 64])
    }

    #[test]
    fn a_target_answers_and_notes_until_it_is_told_to_hang() {
        let target = Target::start(2).unwrap();
        let address = *target.addresses.last().unwrap();
        assert!(ask(address).unwrap() > 0);
        // The note is made after the answer: a second answer comes after the first note.
        assert!(ask(address).unwrap() > 0);
        assert!(!target.take_arrivals().get("/a").unwrap().is_empty());
        target.hang();
        assert!(ask(address).is_err());
    }

    #[test]
    fn one_late_arrival_is_found_and_the_phase_does_not_matter() {
        assert!((latest_ms(&[5.2, 6.2, 7.25, 8.2], 1.0) - 50.0).abs() < 1e-6);
        assert!(latest_ms(&[0.0, 1.0, 2.0], 1.0) < 1e-6);
    }

    #[test]
    fn an_arrival_that_never_came_is_a_whole_interval_late() {
        assert!((latest_ms(&[0.0, 1.0, 3.0, 4.0], 1.0) - 1_000.0).abs() < 1e-6);
    }
}
