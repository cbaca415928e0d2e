//! The renderer: one thread that turns views into bytes, behind a bounded queue.
//!
//! It is its own thread so that neither checks nor readers wait for it, and it is niced: where the processor is short,
//! checks come first. One page is made at a time; who asks while the queue is full is told to ask again. A page whose
//! making panics is a fault of ours that is logged; the thread goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::pulse::Pulse;

/// Pages that wait to be made.
const QUEUE: usize = 64;
/// A single page never takes so long.
const PAGE_WITHIN: Duration = Duration::from_secs(60);
/// How far behind checks the renderer and the readers stand (nice values; 19 is last).
pub(crate) const BEHIND_CHECKS: i32 = 5;

/// Something to be made.
type Job = Box<dyn FnOnce() + Send>;

/// The way to the renderer's thread; the thread ends with the last of these.
#[derive(Debug, Clone)]
pub(crate) struct Renderer {
    queue: mpsc::Sender<Work>,
    state: Arc<State>,
}

struct Work(Job);

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

#[derive(Debug)]
struct State {
    busy: AtomicBool,
    pulse: Pulse,
}

/// The queue is full, or the thread is gone: ask again later.
#[derive(Debug)]
pub(crate) struct Busy;

impl Renderer {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (queue, mut work) = mpsc::channel::<Work>(QUEUE);
        let state = Arc::new(State { busy: AtomicBool::new(false), pulse: Pulse::new() });
        let told = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("render".into());
        thread.spawn(move || {
            stand_behind_checks();
            while let Some(Work(job)) = work.blocking_recv() {
                told.pulse.beat();
                told.busy.store(true, Ordering::Release);
                if catch_unwind(AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a page could not be made; the one before stays, until its time is over");
                }
                told.busy.store(false, Ordering::Release);
            }
        })?;
        Ok(Self { queue, state })
    }

    /// Has `job` done, after those that wait already.
    ///
    /// # Errors
    /// [`Busy`] where too many wait.
    pub(crate) fn try_do(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Busy> {
        self.queue.try_send(Work(Box::new(job))).map_err(|_| Busy)
    }

    /// Has `job` done, whenever there is room for it; `None` where it failed.
    pub(crate) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (tell, told) = tokio::sync::oneshot::channel();
        // Nobody may be waiting any more.
        let job = move || drop(tell.send(job()));
        self.queue.send(Work(Box::new(job))).await.ok()?;
        told.await.ok()
    }

    /// Whether it is there and not stuck.
    pub(crate) fn is_alive(&self) -> bool {
        let stuck = self.state.busy.load(Ordering::Acquire) && self.state.pulse.age() > PAGE_WITHIN;
        !self.queue.is_closed() && !stuck
    }
}

/// The calling thread takes what processor time checks leave.
pub(crate) fn stand_behind_checks() {
    // Where the system says no, all stand alike: measured late runs would tell.
    let _ = rustix::process::setpriority_process(None, BEHIND_CHECKS);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_page_costs_that_page_alone() {
        let renderer = Renderer::start().unwrap();
        let failed: Option<()> = renderer.run(|| panic!("a page that cannot be made")).await;
        assert_eq!(failed, None);
        assert_eq!(renderer.run(|| 7).await, Some(7));
        assert!(renderer.is_alive());
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let renderer = Renderer::start().unwrap();
        let (hold, held) = std::sync::mpsc::channel::<()>();
        renderer.try_do(move || assert!(held.recv().is_err())).unwrap();
        let refused = (0..=QUEUE + 1).filter(|_| renderer.try_do(|| ()).is_err()).count();
        assert!(refused >= 1);
        drop(hold);
        assert_eq!(renderer.run(|| 7).await, Some(7), "and there is room again");
    }
}
