//! Whether every part of the hub works: what `/healthz` says.
//!
//! A part is ill where its task has ended, its thread is gone, or its loop stands still. What is ill of the machine or of
//! the ledger is not told here: the page says that, and starting anew would not help.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::pulse::Pulse;
use crate::render::Renderer;

/// A loop that goes round every second and has not for this long stands still.
const STILL: Duration = Duration::from_secs(20);

/// See the module.
#[derive(Debug)]
pub(crate) struct Health {
    /// Tasks that must not end while the hub runs, by their names.
    pub(crate) tasks: Vec<(&'static str, AbortHandle)>,
    /// The engine's loop, which goes round every second at least.
    pub(crate) engine: Arc<Pulse>,
    pub(crate) renderer: Renderer,
}

impl Health {
    /// The first part that does not work; `None` where all do.
    pub(crate) fn ill(&self) -> Option<&'static str> {
        let ended = self.tasks.iter().find(|(_, task)| task.is_finished()).map(|(name, _)| *name);
        ended
            .or_else(|| (self.engine.age() > STILL).then_some("The engine"))
            .or_else(|| (!self.renderer.is_alive()).then_some("The renderer"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ended_is_named() {
        let ended = tokio::spawn(async {});
        let stays = tokio::spawn(std::future::pending::<()>());
        let mut health = Health {
            tasks: vec![("The recorder", stays.abort_handle())],
            engine: Arc::new(Pulse::new()),
            renderer: Renderer::start().unwrap(),
        };
        assert_eq!(health.ill(), None);
        health.tasks.push(("The schedule", ended.abort_handle()));
        ended.await.unwrap();
        assert_eq!(health.ill(), Some("The schedule"));
    }
}
