//! Across cells: what an incident comes from.
//!
//! * [`Inquiry`]: what is known before anything is asked: the plan, every check's testimony, what is remembered.
//! * `witness`, `suspects`: whose testimony points at which names.
//! * [`look_into()`]: walks to those names, and connects to addresses, all within a budget.
//! * `conclude`: pure; from what was heard to causes, each with the cells that it explains.
//! * [`Memory`], [`round`]: what names led to while all was well.
//!
//! Failure policy: a name that is wrong is accused only where its failing cells go to it; "not DNS" is said where names
//! are right and what they lead to fails; everything else is "not known". Absent: verdicts; those stand before a cause is
//! looked for.

mod conclude;
mod contacts;
mod memory;
mod round;
mod suspects;
mod witness;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::engine::Case;
use candor_core::finding::Finding;
use candor_core::id::CheckId;
use candor_core::incident::Found;
use candor_core::model::Plan;
use candor_names::walk::{Bounds, Net};
use candor_names::{Question, Walk, WalkRequest, walk_in};
use tokio::task::JoinSet;

pub use contacts::{ConnectFuture, Reach};
pub use memory::Memory;
pub use round::{round, settle};

use self::contacts::Contacts;
use self::suspects::Suspect;
use crate::judge;

/// Time for one question of a walk, its second try included: most of an inquiry's budget is left for what comes of it.
const QUESTION: Duration = Duration::from_millis(900);
/// Questions that the walk to one name may put.
const QUESTIONS: u32 = 400;
/// What a diagnosis may take, so that the cause stands beside the outage within seconds.
pub const BUDGET: Duration = Duration::from_millis(3_500);

/// What is known before anything is asked.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// What is watched.
    pub plan: Arc<Plan>,
    /// What every check says.
    pub case: Case,
    /// What names led to while all was well.
    pub memory: Arc<Memory>,
    /// The hosts that each check reached when it last passed, and at which address.
    pub reached: Arc<BTreeMap<CheckId, Vec<(String, SocketAddr)>>>,
}

/// A name that was walked to.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) finding: Finding,
    /// Where it leads.
    pub(crate) addresses: Vec<IpAddr>,
    /// The name, and those that it is an alias of.
    pub(crate) links: Vec<String>,
}

/// What was heard of all names, and met at addresses.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) looked: BTreeMap<String, Looked>,
    pub(crate) contacts: Contacts,
}

/// Looks into an incident: asks what is to be asked, and says what explains how much of it; what explains most first.
pub async fn look_into(
    inquiry: &Inquiry,
    net: &Arc<dyn Net>,
    reach: &Arc<dyn Reach>,
    now: Timestamp,
) -> Vec<Found> {
    let witnesses = witness::all(inquiry);
    let suspects = suspects::of(inquiry, &witnesses);
    let looked = walks(inquiry, suspects, net, now).await;
    let contacts = contacts::make(inquiry, &witnesses, &looked, reach).await;
    conclude::conclude(inquiry, &witnesses, &Evidence { looked, contacts }, now)
}

async fn walks(
    inquiry: &Inquiry,
    suspects: Vec<Suspect>,
    net: &Arc<dyn Net>,
    now: Timestamp,
) -> BTreeMap<String, Looked> {
    let mut under_way = JoinSet::new();
    for suspect in suspects {
        let (net, memory) = (Arc::clone(net), Arc::clone(&inquiry.memory));
        let zone = suspects::zone_of(&inquiry.plan, &suspect.host).to_owned();
        under_way.spawn(async move {
            let known = memory.known(&suspect.host, &zone);
            let request = WalkRequest {
                neighbours: memory.neighbours(&suspect.host, &zone),
                former: Vec::new(),
                resolvers: suspect.resolvers.clone(),
                questions: suspect.questions.clone(),
                bounds: Bounds {
                    questions: QUESTIONS,
                    question: QUESTION,
                    time: BUDGET * 3 / 4,
                    ..Bounds::default()
                },
            };
            let walk = walk_in(net, &suspect.start, &request, &|_| {}).await;
            let finding = judge(&walk, &known, now);
            (suspect.host, Looked { finding, addresses: addresses(&walk), links: links(&walk) })
        });
    }
    let mut looked = BTreeMap::new();
    while let Some(done) = under_way.join_next().await {
        // A walk that came to grief is one that heard nothing.
        looked.extend(done.ok());
    }
    looked
}

fn links(walk: &Walk) -> Vec<String> {
    walk.links.iter().map(|link| link.name.clone()).collect()
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
