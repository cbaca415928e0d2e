//! A misbehaviour, the fault that it must get, and how it is played.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use candor_core::fault::{DETAIL_MAX, Kind};
use candor_core::model::*;
use candor_core::observation::Run;
use candor_probe::Runner;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::peer::Peer;
use crate::plan;

/// What the content of every answer is searched for, and no role says.
pub(crate) const HEALTHY: &str = "what only a healthy shop says";

/// Content that a step reads at most here.
pub(crate) const BODY_MAX: u64 = 1 << 20;

/// Bytes taken from one connection at most, besides twice the content: the promise of `step::http`.
const TAKEN_MAX: u64 = (256 << 10) + (512 << 10);

/// Time of a step whose role ends only by it.
pub(crate) const SHORT: Duration = Duration::from_millis(400);

/// Time of a step whose role must be over long before.
const LONG: Duration = Duration::from_secs(20);

type Playing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A misbehaviour.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What the detail of the fault says.
    says: &'static str,
    /// Whether only the time of the step ends it.
    pub(crate) is_endless: bool,
    scheme: &'static str,
    change: Arc<dyn Fn(&mut HttpStep) + Send + Sync>,
    play: Arc<dyn Fn(Peer) -> Playing + Send + Sync>,
}

/// A role that must come to its end by some bound.
pub(crate) fn role<F>(
    name: &'static str,
    kind: Kind,
    says: &'static str,
    play: impl Fn(Peer) -> F + Send + Sync + 'static,
) -> Role
where
    F: Future<Output = ()> + Send + 'static,
{
    let play = Arc::new(move |peer| Box::pin(play(peer)) as Playing);
    Role { name, kind, says, is_endless: false, scheme: "http", change: Arc::new(|_| ()), play }
}

impl Role {
    /// The same, ended by the time of the step alone.
    pub(crate) fn endless(self) -> Self {
        Self { is_endless: true, ..self }
    }

    /// The same, asked by another step.
    pub(crate) fn asked(self, change: impl Fn(&mut HttpStep) + Send + Sync + 'static) -> Self {
        Self { change: Arc::new(change), ..self }
    }

    /// The same, asked over TLS.
    pub(crate) fn over_tls(self) -> Self {
        Self { scheme: "https", ..self }
    }

    /// Opens the stage for it.
    pub(crate) async fn open(&self) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Arc::new(AtomicU64::new(0));
        let (play, counter) = (self.play.clone(), sent.clone());
        let task = tokio::spawn(async move {
            let mut playing = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                playing.spawn(play(Peer::plain(stream, counter.clone())));
            }
        });
        Stage { port, sent, task }
    }

    /// The journey that meets it.
    pub(crate) fn journey(&self, port: u16) -> Journey {
        let mut http = plan::get(&format!("{}://shop.example:{port}/", self.scheme));
        http.expect.text = vec![plan::template(HEALTHY)];
        http.expect.stall = LONG;
        http.body_max = BODY_MAX;
        (self.change)(&mut http);
        plan::journey(vec![JourneyStep { timeout: self.time(), ..plan::step(http) }])
    }

    /// How long its step may take.
    pub(crate) fn time(&self) -> Duration {
        if self.is_endless { SHORT } else { LONG }
    }

    /// Plays it once and says all that is wrong with how it ended.
    async fn wrongs(&self) -> Vec<String> {
        let stage = self.open().await;
        let (plan, check) = plan::plan(self.journey(stage.port), 2 * LONG);
        let begun = Instant::now();
        let run = Runner::new(plan).run(check).await;
        let took = begun.elapsed();
        let sent = stage.sent.load(Ordering::Relaxed);
        let mut wrongs = self.judge(&run);
        if took > 5 * self.time() {
            wrongs.push(format!("took {took:?}, with {:?} given", self.time()));
        }
        if sent > 2 * BODY_MAX + TAKEN_MAX + kernel_holds() {
            wrongs.push(format!("{sent} bytes were taken"));
        }
        wrongs.iter().map(|wrong| format!("{}: {wrong}", self.name)).collect()
    }

    /// What is wrong with a run that met it.
    pub(crate) fn judge(&self, run: &Run) -> Vec<String> {
        let Some(fault) = &run.observation.fault else { return vec!["the run passed".to_owned()] };
        let mut wrongs = Vec::new();
        if fault.kind != self.kind || !fault.detail.contains(self.says) {
            wrongs.push(format!("{fault} (wanted {:?}: …{}…)", self.kind, self.says));
        }
        if fault.detail.len() > DETAIL_MAX {
            wrongs.push("its detail is too long".to_owned());
        }
        if let Some(evidence) = &run.evidence
            && (evidence.body.len() > 2048
                || evidence.lines.len() > 40
                || evidence.lines.iter().any(|l| l.len() > 200))
        {
            wrongs.push("its evidence is too large".to_owned());
        }
        wrongs
    }
}

/// A role on a port of its own, until dropped.
pub(crate) struct Stage {
    pub(crate) port: u16,
    pub(crate) sent: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Plays each role alone.
///
/// # Panics
/// Where one does not get its own fault, in time, within bounds; all that is wrong is said at once.
pub(crate) async fn play_all(cast: Vec<Role>) {
    let mut wrongs = Vec::new();
    for role in cast {
        wrongs.extend(role.wrongs().await);
    }
    assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
}

/// What the kernel may hold of a connection that nobody reads: sent by the server, not taken by the probe.
fn kernel_holds() -> u64 {
    let most = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().last().and_then(|max| max.parse().ok()).unwrap_or(8 << 20)
    };
    most("/proc/sys/net/ipv4/tcp_rmem") + (256 << 10)
}
