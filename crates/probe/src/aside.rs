//! Work that keeps a processor busy, moved out of the way of the runs that wait for the same thread.
//!
//! A run takes microseconds between its waits, unless an answer is large: undoing its codings and looking through it
//! can take many milliseconds, and a crowd of such answers would make every other run late. Such work keeps its thread,
//! and what else that thread was to do goes to another, so that the system shares the processors between them.

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Work on this many bytes or more goes aside; on fewer, it is over before another thread could take over.
pub(crate) const FROM: usize = 32 << 10;

/// Does `work`, which looks through so many bytes.
pub(crate) fn aside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    // A runtime of one thread has no other to go on with.
    let apart = Handle::try_current().is_ok_and(|at| at.runtime_flavor() == RuntimeFlavor::MultiThread);
    if apart && bytes >= FROM { block_in_place(work) } else { work() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// With one worker, a task that blocks would hold up the other for ever.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn work_on_a_large_answer_holds_up_no_other_run() {
        let (tell, told) = mpsc::channel();
        let busy = tokio::spawn(async move { aside(FROM, || told.recv()) });
        tokio::spawn(async move { tell.send("another run") });
        assert_eq!(busy.await.unwrap(), Ok("another run"));
    }

    #[tokio::test]
    async fn where_there_is_one_thread_alone_the_work_is_done_on_it() {
        assert_eq!(aside(FROM, || 1), 1);
    }
}
