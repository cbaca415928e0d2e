//! Whether a vantage sees anything at all: its anchors asked, all at once.
//!
//! An anchor is something that has nothing to do with the watched services. A vantage that reaches none of them is
//! blind, and nobody is called down by the blind. One anchor is enough; an anchor that answers with an error has
//! answered. Each has [`PATIENCE`], and all are asked at the same time, so a question costs that at most.
//! Absent: what blindness means for votes (core), and asking on behalf of a vantage on another machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use candor_core::id::VantageId;
use candor_core::model::{Anchor, Plan, Resolve};
use candor_names::{AskOptions, PinnedResolver, Question, Resolver, ServersResolver, SystemResolver, ask};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// How long one anchor has.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How often vantages are asked where nobody asks sooner.
pub const EVERY: Duration = Duration::from_secs(10);

/// Addresses of one anchor tried at most.
const ADDRESSES_MAX: usize = 8;

/// Whether any anchor of the plan can be reached from this vantage; true where the plan has no anchors.
pub async fn vantage_sees(plan: &Plan, vantage: &VantageId) -> bool {
    if plan.anchors.is_empty() {
        return true;
    }
    let resolver = resolver_of(plan, vantage);
    let mut asking = JoinSet::new();
    for anchor in &plan.anchors {
        let (anchor, resolver) = (anchor.clone(), Arc::clone(&resolver));
        asking.spawn(async move { timeout(PATIENCE, reaches(&anchor, &*resolver)).await.unwrap_or(false) });
    }
    while let Some(reached) = asking.join_next().await {
        if matches!(reached, Ok(true)) {
            return true;
        }
    }
    false
}

/// Tells of every vantage of the plan whether it sees: at once, every [`EVERY`], when the plan changes, and for one
/// that is named on `asked`. Ends when nobody listens, or when the plan's owner is gone.
///
/// Every answer is sent, whether it changed or not: it is as old as its sending.
pub async fn watch_anchors(
    mut plans: watch::Receiver<Arc<Plan>>,
    mut asked: mpsc::Receiver<VantageId>,
    out: mpsc::Sender<(VantageId, bool)>,
) {
    let mut ticks = interval_at(Instant::now(), EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut open = true;
    loop {
        let one = tokio::select! {
            _ = ticks.tick() => None,
            changed = plans.changed() => match changed {
                Ok(()) => None,
                Err(_) => return,
            },
            vantage = asked.recv(), if open => match vantage {
                Some(vantage) => Some(vantage),
                None => {
                    open = false;
                    continue;
                }
            },
        };
        let plan = Arc::clone(&plans.borrow_and_update());
        let vantages = match one {
            Some(vantage) => vec![vantage],
            None => plan.vantages.iter().map(|vantage| vantage.id.clone()).collect(),
        };
        if tell(&plan, vantages, &out).await.is_err() {
            return;
        }
    }
}

/// Asks for several vantages at once and sends each answer when it is there.
async fn tell(
    plan: &Arc<Plan>,
    vantages: Vec<VantageId>,
    out: &mpsc::Sender<(VantageId, bool)>,
) -> Result<(), mpsc::error::SendError<(VantageId, bool)>> {
    let mut asking = JoinSet::new();
    for vantage in vantages {
        let plan = Arc::clone(plan);
        asking.spawn(async move {
            let sees = vantage_sees(&plan, &vantage).await;
            (vantage, sees)
        });
    }
    while let Some(answer) = asking.join_next().await {
        if let Ok(answer) = answer {
            out.send(answer).await?;
        }
    }
    Ok(())
}

async fn reaches(anchor: &Anchor, resolver: &dyn Resolver) -> bool {
    match anchor {
        Anchor::Dns { server, name } => {
            let Ok(question) = Question::parse(name, "SOA") else { return false };
            let options = AskOptions { deadline: PATIENCE, ..AskOptions::default() };
            ask(*server, &question, &options).await.is_ok()
        }
        Anchor::Tcp { host, port } => {
            let Ok(found) = resolver.lookup(host, PATIENCE).await else { return false };
            let mut dialing = JoinSet::new();
            for address in found.addresses.into_iter().take(ADDRESSES_MAX) {
                dialing.spawn(TcpStream::connect(SocketAddr::new(address, *port)));
            }
            while let Some(dialed) = dialing.join_next().await {
                if matches!(dialed, Ok(Ok(_))) {
                    return true;
                }
            }
            false
        }
    }
}

/// How a vantage finds addresses: as it says itself, else as the plan does, else as the host.
fn resolver_of(plan: &Plan, vantage: &VantageId) -> Arc<dyn Resolver> {
    let own = plan.vantage(vantage).map(|vantage| &vantage.resolve);
    let said = own.filter(|resolve| **resolve != Resolve::Inherit).unwrap_or(&plan.resolve);
    match said {
        Resolve::Inherit | Resolve::System => Arc::new(SystemResolver::new()),
        Resolve::Servers(servers) => Arc::new(ServersResolver::new(servers.clone())),
        Resolve::Pinned(hosts) => Arc::new(PinnedResolver::new(hosts.clone())),
    }
}
