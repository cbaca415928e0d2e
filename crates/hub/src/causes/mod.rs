//! Looks for causes beside the engine: a thread of its own, which no verdict, page or alert ever waits for.
//!
//! It is told of incidents and, now and then, how every check fares. In between it asks what names lead to while all is
//! well. A diagnosis that takes longer than its budget is cut off, and found nothing; one more is asked for later.

mod inquire;
mod reach;
mod round;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use candor_core::engine::Testimony;
use candor_core::model::Plan;
use candor_explain::across::{Inquiry, Memory, settle};
use candor_names::walk::{Net, Sockets};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

pub use self::inquire::{BUDGET, look_into};
use self::reach::Tcp;
pub use self::reach::{ConnectFuture, Reach};
pub use self::round::round;
use crate::clock;
use crate::decide::Control;

/// Inquiries at once.
const AT_ONCE: usize = 4;
/// What was asked for and is not yet begun.
pub(crate) const QUEUE: usize = 64;
/// Between two rounds of questions for what names lead to: at first, and later.
const ROUND_EVERY: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(60));
/// Rounds after which what there is to know is known.
const FIRST_ROUNDS: u32 = 5;

/// How long after so many rounds the next one is made.
#[must_use]
pub const fn round_after(rounds: u32) -> Duration {
    if rounds < FIRST_ROUNDS { ROUND_EVERY.0 } else { ROUND_EVERY.1 }
}

/// What is wanted.
#[derive(Debug)]
pub(crate) enum Wish {
    /// The cause of an incident; what is remembered is filled in.
    Cause(Box<Inquiry>),
    /// A look at what names lead to.
    Round(Arc<Plan>, Vec<Testimony>),
}

/// Starts the thread. It ends when nobody is left to wish for anything.
///
/// What it learns of names it puts into `memory`, which begins with what was known before.
pub(crate) fn start(
    wishes: mpsc::Receiver<Wish>,
    engine: mpsc::Sender<Control>,
    memory: watch::Sender<Arc<Memory>>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name("causes".into())
        .spawn(move || runtime.block_on(work(wishes, engine, memory)))
        .map(drop)
}

async fn work(
    mut wishes: mpsc::Receiver<Wish>,
    engine: mpsc::Sender<Control>,
    memory: watch::Sender<Arc<Memory>>,
) {
    let (net, reach): (Arc<dyn Net>, Arc<dyn Reach>) = (Arc::new(Sockets), Arc::new(Tcp));
    let seats = Arc::new(Semaphore::new(AT_ONCE));
    let mut rounds: JoinSet<Memory> = JoinSet::new();
    loop {
        let wish = tokio::select! {
            wish = wishes.recv() => wish,
            Some(done) = rounds.join_next() => {
                if let Ok(done) = done {
                    memory.send_replace(Arc::new(done));
                }
                continue;
            }
        };
        match wish {
            None => return,
            Some(Wish::Cause(mut inquiry)) => {
                inquiry.memory = Arc::clone(&memory.borrow());
                let (net, reach, engine) = (Arc::clone(&net), Arc::clone(&reach), engine.clone());
                let seats = Arc::clone(&seats);
                tokio::spawn(async move {
                    let _seat = seats.acquire().await;
                    let incident = inquiry.case.incident;
                    // Whoever is gone needs no cause any more.
                    if let Ok(found) = timeout(BUDGET, look_into(&inquiry, &net, &reach, clock::now())).await
                    {
                        let _ = engine.send(Control::Found(incident, found)).await;
                    }
                });
            }
            // A round that takes longer than the time between two is not begun twice.
            Some(Wish::Round(plan, testimony)) if rounds.is_empty() => {
                let (net, reach) = (Arc::clone(&net), Arc::clone(&reach));
                let mut memory = Memory::clone(&memory.borrow());
                rounds.spawn(async move {
                    settle(&plan, &testimony, &mut memory, clock::now());
                    round(&plan, &mut memory, &net, &reach, clock::now()).await;
                    memory
                });
            }
            Some(Wish::Round(..)) => {}
        }
    }
}

#[cfg(test)]
mod tests;
