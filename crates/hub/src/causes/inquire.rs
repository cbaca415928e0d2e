//! An inquiry into an incident: walks to suspects, then connections, within a budget.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::incident::Found;
use candor_explain::across::{Evidence, Inquiry, Looked, Suspect, conclude, suspects, wanted_contacts};
use candor_names::walk::{Bounds, Net};
use candor_names::{WalkRequest, walk_in};
use tokio::task::JoinSet;

use super::reach::Reach;

/// What an inquiry may take, so that the cause stands beside the outage within seconds.
pub const BUDGET: Duration = Duration::from_millis(3_500);
/// Time for one question of a walk, its second try included, and for one connection: most of the budget is left for what
/// comes of it.
const WITHIN: Duration = Duration::from_millis(900);
/// Questions that the walk to one name may put.
const QUESTIONS: u32 = 400;

/// Looks into an incident: asks what is to be asked, and says what explains how much of it; what explains most first.
pub async fn look_into(
    inquiry: &Inquiry,
    net: &Arc<dyn Net>,
    reach: &Arc<dyn Reach>,
    now: Timestamp,
) -> Vec<Found> {
    let looked = walks(suspects(inquiry), net, now).await;
    let mut evidence = Evidence { looked, ..Evidence::default() };
    let mut under_way = JoinSet::new();
    for contact in wanted_contacts(inquiry, &evidence.looked) {
        let reach = Arc::clone(reach);
        under_way.spawn(async move {
            let met = reach.connect(&contact.from, contact.to, &contact.host, WITHIN).await;
            ((contact.from, contact.to), met)
        });
    }
    while let Some(done) = under_way.join_next().await {
        evidence.contacts.extend(done.ok());
    }
    conclude(inquiry, &evidence, now)
}

async fn walks(suspects: Vec<Suspect>, net: &Arc<dyn Net>, now: Timestamp) -> BTreeMap<String, Looked> {
    let mut under_way = JoinSet::new();
    for suspect in suspects {
        let net = Arc::clone(net);
        under_way.spawn(async move {
            let Suspect { host, questions, neighbours, resolvers, start, known } = suspect;
            let bounds =
                Bounds { questions: QUESTIONS, question: WITHIN, time: BUDGET * 3 / 4, ..Bounds::default() };
            let request = WalkRequest { questions, resolvers, neighbours, former: Vec::new(), bounds };
            let walk = walk_in(net, &start, &request, &|_| {}).await;
            (host, Looked::of(&walk, &known, now))
        });
    }
    let mut looked = BTreeMap::new();
    while let Some(done) = under_way.join_next().await {
        // A walk that came to grief is one that heard nothing.
        looked.extend(done.ok());
    }
    looked
}
