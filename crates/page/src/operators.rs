//! What only operators see: each vantage's vote, its fault with who must act, its last step, and what that saw.
//!
//! All of it may quote the target: it is hostile text, bounded before it came here and escaped by the templates.

use candor_core::fault::Fault;
use candor_core::model::ShowFaults;
use candor_core::observation::Phases;
use candor_core::view::{CellView, Vote, VoteView};

use crate::scene::{Scene, When};

/// Width of the drawing of phases, in its own units.
const WIDE: u32 = 240;

/// A vantage's part in a cell.
pub(crate) struct VoteRow {
    pub(crate) vantage: String,
    pub(crate) vote: &'static str,
    /// The verdict whose colour and shape it takes.
    pub(crate) v: &'static str,
    pub(crate) observed: Option<When>,
    pub(crate) took: String,
    pub(crate) fault: Option<FaultRow>,
    pub(crate) step: Option<StepRow>,
    pub(crate) saw: String,
}

pub(crate) struct FaultRow {
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) act: &'static str,
    pub(crate) step: u16,
}

pub(crate) struct StepRow {
    pub(crate) verb: String,
    pub(crate) target: String,
    pub(crate) address: String,
    pub(crate) phases: Vec<Phase>,
}

/// One phase of a step: its share of the drawing, and its time.
pub(crate) struct Phase {
    pub(crate) class: &'static str,
    pub(crate) name: &'static str,
    pub(crate) time: String,
    pub(crate) x: u32,
    pub(crate) wide: u32,
}

pub(crate) fn votes(scene: &Scene<'_>, cell: &CellView) -> Vec<VoteRow> {
    cell.votes.iter().map(|vote| vote_row(scene, vote)).collect()
}

fn vote_row(scene: &Scene<'_>, vote: &VoteView) -> VoteRow {
    VoteRow {
        vantage: vote.vantage.to_string(),
        vote: scene.speech.vote(vote.vote),
        v: match vote.vote {
            Vote::Passing => "operational",
            Vote::Failing => "outage",
            Vote::Wavering => "degraded",
            Vote::Silent | Vote::Blind => "unknown",
        },
        observed: vote.observed_at.map(|at| scene.clock(at)),
        took: vote.took_ms.map(|ms| format!("{ms} ms")).unwrap_or_default(),
        fault: vote.fault.as_ref().map(|fault| FaultRow {
            code: code(fault),
            detail: fault.detail.clone(),
            act: scene.speech.act(fault.kind.act()),
            step: fault.step.saturating_add(1),
        }),
        step: vote.last_step.as_deref().map(|step| StepRow {
            verb: step.step.clone(),
            target: step.target.clone(),
            address: step.address.clone().unwrap_or_default(),
            phases: phases(scene, &step.phases),
        }),
        saw: vote.evidence.as_deref().map(saw).unwrap_or_default(),
    }
}

fn saw(evidence: &candor_core::observation::Evidence) -> String {
    let lines = evidence.lines.join("\n");
    let gap = if lines.is_empty() || evidence.body.is_empty() { "" } else { "\n\n" };
    format!("{lines}{gap}{}", evidence.body)
}

fn phases(scene: &Scene<'_>, phases: &Phases) -> Vec<Phase> {
    let all = [phases.dns_us, phases.connect_us, phases.tls_us, phases.first_byte_us, phases.body_us];
    let total: u64 = all.into_iter().flatten().map(u64::from).sum::<u64>().max(1);
    let names = scene.speech.labels().phases;
    let mut x = 0;
    let mut drawn = Vec::new();
    for ((us, name), class) in all.into_iter().zip(names).zip(["p0", "p1", "p2", "p3", "p4"]) {
        let Some(us) = us else { continue };
        let wide = u32::try_from(u64::from(us) * u64::from(WIDE) / total).unwrap_or(WIDE).max(1);
        let time = format!("{}.{} ms", us / 1_000, us % 1_000 / 100);
        drawn.push(Phase { class, name, time, x, wide });
        x += wide;
    }
    drawn
}

/// `dns.nxdomain`.
pub(crate) fn code(fault: &Fault) -> String {
    format!("{}.{}", fault.kind.layer().word(), fault.kind.word())
}

impl Scene<'_> {
    /// A fault as far as this audience may see it beyond the words: nothing, its kind, or its detail too.
    pub(crate) fn fault_label(&self, fault: Option<&Fault>) -> Option<String> {
        let fault = fault?;
        let show = if self.operators() { ShowFaults::Details } else { self.view.show };
        match show {
            ShowFaults::Words => None,
            ShowFaults::Kinds => Some(code(fault)),
            ShowFaults::Details if fault.detail.is_empty() => Some(code(fault)),
            ShowFaults::Details => Some(format!("{}: {}", code(fault), fault.detail)),
        }
    }
}
