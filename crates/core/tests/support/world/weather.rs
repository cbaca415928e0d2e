//! What goes wrong around a world without anything being wrong in it.

use candor_core::id::CellKey;

/// Each with its measure.
#[derive(Debug, Clone)]
pub struct Weather {
    /// Attempts lost by themselves, in a million.
    pub loss_ppm: u64,
    /// Mean time between bursts of loss, and their length, in milliseconds; a burst hits one vantage.
    pub burst_every_ms: i64,
    pub burst_ms: i64,
    /// Vantages that are cut off, from when to when.
    pub partitions: Vec<(usize, i64, i64)>,
    /// Latency of a run, from least to most, in milliseconds.
    pub latency_ms: (i64, i64),
    /// Steps of the hub's clock: when (true time), by how much.
    pub clock_steps: Vec<(i64, i64)>,
    /// When the hub is restarted from its snapshot.
    pub restarts: Vec<i64>,
    /// When the plan is loaded again.
    pub reloads: Vec<i64>,
    /// Cells that are truly out: which, from when to when.
    pub outages: Vec<(CellKey, i64, i64)>,
    /// Whether each hour of each day has a trouble.
    pub storms: bool,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            loss_ppm: 5_000,
            burst_every_ms: 3_600_000,
            burst_ms: 2_000,
            partitions: vec![],
            latency_ms: (20, 400),
            clock_steps: vec![],
            restarts: vec![],
            reloads: vec![],
            outages: vec![],
            storms: false,
        }
    }
}

impl Weather {
    /// That of the measures: half a percent lost, bursts, and one vantage broken for the second week.
    pub fn of_a_year() -> Self {
        const WEEK: i64 = 7 * 86_400_000;
        Self { partitions: vec![(1, WEEK, 2 * WEEK)], ..Self::default() }
    }
}
