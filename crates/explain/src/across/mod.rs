//! Across cells: what an incident comes from. Pure: what is to be asked goes out, what was heard comes in.
//!
//! * [`Inquiry`]: what is known before anything is asked: the plan, every check's testimony, what is remembered.
//! * `witness`, [`suspects()`]: whose testimony points at which names, and how these are walked to.
//! * [`wanted_contacts()`]: which addresses are connected to, once the walks are over.
//! * [`conclude()`]: from what was heard to causes, each with the cells that it explains.
//! * [`Memory`], [`settle()`], [`wanted_names()`]: what names led to while all was well.
//!
//! Failure policy: a name that is wrong is accused only where its failing cells go to it; "not DNS" is said where names
//! are right and what they lead to fails; everything else is "not known". Absent: verdicts, which stand before a cause is
//! looked for; and asking, which whoever runs it does.

mod conclude;
mod contacts;
mod features;
mod memory;
mod rest;
mod suspects;
mod wanted;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::engine::Case;
use candor_core::fault::Kind;
use candor_core::finding::Finding;
use candor_core::id::{CheckId, VantageId};
use candor_core::model::Plan;
use candor_core::way::Way;
use candor_names::{Question, Walk};
use core::net::{IpAddr, SocketAddr};

pub use conclude::conclude;
pub use contacts::{Contact, wanted_contacts};
pub use memory::{Answer, Memory};
pub use suspects::{Suspect, suspects};
pub use wanted::{Wanted, settle, wanted_names};

use crate::{Known, judge, way};

/// Where checks got to when they last passed.
pub type Reached = BTreeMap<CheckId, Vec<Place>>;

/// A host that a step reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The step, counted from 0.
    pub step: u16,
    /// The host, in lower case without its last dot.
    pub host: String,
    /// Its address.
    pub address: SocketAddr,
    /// The SHA-256 of the certificate that it showed, where it showed one.
    pub certificate: Option<String>,
}

/// What is known before anything is asked.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// What is watched.
    pub plan: Arc<Plan>,
    /// What every check says.
    pub case: Case,
    /// What names led to while all was well.
    pub memory: Arc<Memory>,
    /// Where checks got to when they last passed.
    pub reached: Arc<Reached>,
}

/// A name that was walked to.
#[derive(Debug)]
pub struct Looked {
    finding: Finding,
    /// Where it leads.
    addresses: Vec<IpAddr>,
    /// The name, and those that it is an alias of.
    links: Vec<String>,
    way: Way,
}

/// What was heard of all names, and met at addresses.
#[derive(Debug, Default)]
pub struct Evidence {
    /// By host.
    pub looked: BTreeMap<String, Looked>,
    /// By vantage and address: how connections went.
    pub contacts: BTreeMap<(VantageId, SocketAddr), Result<(), Kind>>,
}

impl Looked {
    /// What a walk heard, judged.
    #[must_use]
    pub fn of(walk: &Walk, known: &Known, now: Timestamp) -> Self {
        Self {
            finding: judge(walk, known, now),
            addresses: addresses(walk),
            way: way(walk),
            links: walk.links.iter().map(|link| link.name.clone()).collect(),
        }
    }
}

/// The addresses that a walk came to.
fn addresses(walk: &Walk) -> Vec<IpAddr> {
    let replies = walk.links.last().map(|link| &link.replies).into_iter().flatten();
    let records = replies.filter_map(|reply| reply.heard.as_ref().as_ref().ok()).flat_map(|e| &e.answer);
    let mut list = Vec::new();
    for record in records.filter(|record| matches!(record.rtype.as_str(), "A" | "AAAA")) {
        list.extend(record.data.parse().ok().filter(|ip| !list.contains(ip)));
    }
    list
}

/// What is asked of a name: a type, or its addresses.
fn questions(host: &str, record: Option<&str>) -> Vec<Question> {
    let types: &[&str] = &["A", "AAAA"];
    let types = record.as_ref().map_or(types, std::slice::from_ref);
    types.iter().filter_map(|rtype| Question::parse(host, rtype).ok()).collect()
}
