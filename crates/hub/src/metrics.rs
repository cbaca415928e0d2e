//! `/metrics`: the hub's own figures, in the Prometheus text format, for operators only.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use candor_core::verdict::Verdict;
use candor_probe::{LATE_CLASSES, ScheduleFigures, ScheduleStats};
use tokio::sync::watch;

use crate::publish::Published;
use crate::recorder::RecorderStats;
use crate::vitals::Vitals;

/// Where the figures are read from.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) schedule: Arc<ScheduleStats>,
    pub(crate) recorder: Arc<RecorderStats>,
    pub(crate) published: watch::Receiver<Published>,
    pub(crate) vitals: Arc<Vitals>,
}

impl Metrics {
    /// All figures at this moment.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.schedule_text(&mut out);
        self.recorder_text(&mut out);
        self.vitals_text(&mut out);
        self.verdict_text(&mut out);
        out
    }

    fn vitals_text(&self, out: &mut String) {
        for (part, figure, _) in self.vitals.figures() {
            gauge(out, part.figure.0, part.figure.1, figure);
        }
        head(out, "candor_part", "gauge", "How a part of Candor itself is: 0 well, 1 strained, 2 ill.");
        for (part, _, grade) in self.vitals.figures() {
            let _ = writeln!(out, "candor_part{{part=\"{}\"}} {grade}", part.name);
        }
    }

    fn schedule_text(&self, out: &mut String) {
        let figures = self.schedule.figures();
        counter(out, "candor_runs_started_total", "Runs started.", figures.started);
        counter(out, "candor_runs_skipped_total", "Planned starts that did not happen.", figures.skipped);
        counter(out, "candor_runs_hung_total", "Runs that the watchdog cut.", figures.hung);
        counter(out, "candor_runs_panicked_total", "Runs that ended in a fault of ours.", figures.panicked);
        gauge(out, "candor_runs_in_flight", "Runs in flight.", figures.in_flight);
        gauge(out, "candor_runs_undelivered", "Results that wait to be taken.", figures.undelivered);
        // Never reset: two readers must not take it from each other.
        let late = u64::try_from(figures.late_max.as_millis()).unwrap_or(u64::MAX);
        gauge(
            out,
            "candor_start_late_max_milliseconds",
            "Longest delay of a start since the hub came up.",
            late,
        );
        late_text(out, &figures);
    }

    fn recorder_text(&self, out: &mut String) {
        let of = |figure: &std::sync::atomic::AtomicU64| figure.load(Ordering::Relaxed);
        counter(out, "candor_ledger_runs_total", "Runs kept.", of(&self.recorder.runs));
        counter(
            out,
            "candor_ledger_groups_total",
            "Groups that they were kept in.",
            of(&self.recorder.groups),
        );
        counter(out, "candor_ledger_entries_total", "Entries kept.", of(&self.recorder.entries));
        counter(
            out,
            "candor_ledger_unrecorded_total",
            "Runs decided on before they were kept.",
            of(&self.recorder.unrecorded),
        );
        gauge(out, "candor_ledger_waiting", "Runs that wait to be kept.", of(&self.recorder.waiting));
        counter(
            out,
            "candor_ledger_lost_total",
            "Runs and entries lost to history.",
            of(&self.recorder.lost),
        );
        let recording = u64::from(of(&self.recorder.in_trouble) == 0);
        gauge(
            out,
            "candor_ledger_recording",
            "1 while history is being recorded, 0 while it is not.",
            recording,
        );
    }

    fn verdict_text(&self, out: &mut String) {
        // Cloned, because the engine would wait for a reader.
        let published = self.published.borrow().clone();
        head(out, "candor_cell_verdict", "gauge", "1 for the verdict that a cell has, 0 for the others.");
        let services = published.view.iter().flat_map(|view| &view.services);
        for cell in services.flat_map(|s| &s.capabilities).flat_map(|c| &c.cells) {
            let key = &cell.key;
            for known in Verdict::ALL {
                let is = u8::from(known == cell.measured);
                let _ =
                    writeln!(out, "candor_cell_verdict{{cell=\"{key}\",verdict=\"{}\"}} {is}", known.word());
            }
        }
        gauge(
            out,
            "candor_vantages_blind",
            "Vantages that reach none of their anchors.",
            published.blind.len() as u64,
        );
    }
}

/// A histogram in the form of Prometheus: classes that add up, then the sum and the count.
fn late_text(out: &mut String, figures: &ScheduleFigures) {
    let name = "candor_start_late_seconds";
    head(out, name, "histogram", "Delays between planned starts of runs and their starts.");
    for (most, count) in LATE_CLASSES.iter().zip(figures.late_within) {
        let _ = writeln!(out, "{name}_bucket{{le=\"{}\"}} {count}", most.as_secs_f64());
    }
    let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {}", figures.started);
    let _ = writeln!(out, "{name}_sum {}", figures.late_sum.as_secs_f64());
    let _ = writeln!(out, "{name}_count {}", figures.started);
}

fn head(out: &mut String, name: &str, kind: &str, what: &str) {
    let _ = writeln!(out, "# HELP {name} {what}\n# TYPE {name} {kind}");
}

fn counter(out: &mut String, name: &str, what: &str, value: u64) {
    head(out, name, "counter", what);
    let _ = writeln!(out, "{name} {value}");
}

fn gauge(out: &mut String, name: &str, what: &str, value: u64) {
    head(out, name, "gauge", what);
    let _ = writeln!(out, "{name} {value}");
}
