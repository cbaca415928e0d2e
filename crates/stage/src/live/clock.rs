//! The stage's own clock: milliseconds since the scenario began, by the monotonic clock; 0 before.

use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

use crate::Ms;

/// A clock that many read and that is started once.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock(Arc<OnceLock<Instant>>);

impl Clock {
    /// The scenario begins now.
    pub(super) fn start(&self) {
        self.0.get_or_init(Instant::now);
    }

    /// How long ago it began.
    pub(super) fn now(&self) -> Ms {
        self.0.get().map_or(0, |begun| Ms::try_from(begun.elapsed().as_millis()).unwrap_or(Ms::MAX))
    }
}
