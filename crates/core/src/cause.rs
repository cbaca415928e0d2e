//! Which of the things that failing cells share explains their failing.
//!
//! A hypothesis is a [`Feature`]. It explains the failing cells that have it, and the passing cells that have it speak against
//! it. The smallest set of hypotheses that explains all failing cells wins; of equally small ones that against which less
//! speaks; of those the most specific one. What no hypothesis explains is said.
//!
//! One hypothesis is one cause and one incident; two in the set are two. Nothing is confirmed here: a diagnosis does that.
//! Absent: probabilities. Cells are not independent, and a made-up number would only look like evidence.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{PlaceId, ServiceId, VantageId};

/// What cells can share, the most specific first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// A name that one of its steps asks for.
    Name(String),
    /// A name that it depends on inside, by `needs:`.
    Need(String),
    /// A certificate that it is shown, by its SHA-256.
    Certificate(String),
    /// An address that one of its steps connects to.
    Address(String),
    /// The network of such an address, as a prefix.
    Network(String),
    /// The zone that a name lies in.
    Zone(String),
    /// The service that it is a part of.
    Service(ServiceId),
    /// The place that it is about.
    Place(PlaceId),
    /// The vantage that measures it.
    Vantage(VantageId),
}

/// A cell, as a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Whether it fails.
    pub failing: bool,
    /// What it has; where it fails, what it had up to the step that failed.
    pub features: Vec<Feature>,
}

/// A feature as the cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// Which.
    pub feature: Feature,
    /// The failing witnesses that have it, by their places in the list.
    pub explains: Vec<usize>,
    /// The passing witnesses that have it.
    pub contradicts: Vec<usize>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranking {
    /// The smallest set that explains all that can be explained; what explains most comes first.
    pub causes: Vec<Hypothesis>,
    /// Failing witnesses that none of them explains.
    pub unexplained: Vec<usize>,
    /// Features that explain as much as a cause and are contradicted: what was ruled out, the nearest first.
    pub ruled_out: Vec<Hypothesis>,
}

/// Of how many that have a feature one may pass, and the feature still be the cause: a cell that recovers first, or a
/// cache that still holds what was right.
const ONE_MAY_PASS_IN: usize = 8;
/// Most features that are told as ruled out.
const TOLD: usize = 8;

impl Hypothesis {
    /// Whether what speaks against it leaves it standing.
    fn stands(&self) -> bool {
        self.contradicts.len() * ONE_MAY_PASS_IN <= self.explains.len()
    }
}

/// Weighs what the failing share against what the passing share.
#[must_use]
pub fn rank(witnesses: &[Witness]) -> Ranking {
    let all = hypotheses(witnesses);
    let (standing, fallen): (Vec<Hypothesis>, Vec<Hypothesis>) =
        all.into_iter().partition(Hypothesis::stands);
    let failing: Vec<usize> =
        witnesses.iter().enumerate().filter(|(_, witness)| witness.failing).map(|(at, _)| at).collect();
    let causes = smallest(&standing, &failing);
    let explained = |at: &usize| causes.iter().any(|cause| cause.explains.contains(at));
    let unexplained: Vec<usize> = failing.iter().copied().filter(|at| !explained(at)).collect();
    let least = causes.iter().map(|cause| cause.explains.len()).min().unwrap_or(1);
    let mut ruled_out: Vec<Hypothesis> =
        fallen.into_iter().filter(|other| other.explains.len() >= least).collect();
    ruled_out.sort_by_key(|other| other.contradicts.len());
    ruled_out.truncate(TOLD);
    Ranking { causes, unexplained, ruled_out }
}

/// Every feature that a failing witness has.
fn hypotheses(witnesses: &[Witness]) -> Vec<Hypothesis> {
    let mut all: BTreeMap<&Feature, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, witness) in witnesses.iter().enumerate() {
        for feature in &witness.features {
            let (explains, contradicts) = all.entry(feature).or_default();
            let list = if witness.failing { explains } else { contradicts };
            if list.last() != Some(&at) {
                list.push(at);
            }
        }
    }
    let found = all.into_iter().filter(|(_, (explains, _))| !explains.is_empty());
    found
        .map(|(feature, (explains, contradicts))| Hypothesis {
            feature: feature.clone(),
            explains,
            contradicts,
        })
        .collect()
}

/// A small set that explains all that can be explained. Each time the one that explains most of what is left; that is not
/// always the smallest set, but one or two causes, which is what there is, it finds: pairs are tried where it took more.
fn smallest(standing: &[Hypothesis], failing: &[usize]) -> Vec<Hypothesis> {
    let taken = greedy(standing, failing);
    if taken.len() <= 2 {
        return taken;
    }
    let covered: usize =
        failing.iter().filter(|at| taken.iter().any(|one| one.explains.contains(at))).count();
    pair(standing, covered).unwrap_or(taken)
}

fn greedy(standing: &[Hypothesis], failing: &[usize]) -> Vec<Hypothesis> {
    let mut left: Vec<usize> = failing.to_vec();
    let mut taken: Vec<Hypothesis> = Vec::new();
    while !left.is_empty() {
        let explains =
            |one: &Hypothesis| one.explains.iter().filter(|at| left.binary_search(at).is_ok()).count();
        // Features are in the order of how specific they are, and the first of the best is taken.
        let mut best: Option<(usize, &Hypothesis)> = None;
        for one in standing {
            let count = explains(one);
            let better = best.is_none_or(|(most, other)| {
                count > most || (count == most && one.contradicts.len() < other.contradicts.len())
            });
            if count > 0 && better {
                best = Some((count, one));
            }
        }
        let Some((_, best)) = best else { break };
        left.retain(|at| best.explains.binary_search(at).is_err());
        taken.push(best.clone());
    }
    taken
}

/// Two that explain as many together.
fn pair(standing: &[Hypothesis], covered: usize) -> Option<Vec<Hypothesis>> {
    /// Beyond this, pairs are too many to be tried beside everything else.
    const TRIED: usize = 60;
    let mut large: Vec<&Hypothesis> = standing.iter().collect();
    large.sort_by_key(|one| core::cmp::Reverse(one.explains.len()));
    large.truncate(TRIED);
    for (at, one) in large.iter().enumerate() {
        for two in large.iter().skip(at + 1) {
            if one.explains.len() + two.explains.len() < covered {
                break;
            }
            let more = two.explains.iter().filter(|index| one.explains.binary_search(index).is_err()).count();
            if one.explains.len() + more == covered {
                return Some([*one, *two].into_iter().cloned().collect());
            }
        }
    }
    None
}
