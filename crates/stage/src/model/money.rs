//! Money really not taken: customers who came to buy while they could not.

use std::collections::BTreeMap;

use candor_estate::place::Place;

use crate::Ms;
use crate::cause::Cause;
use crate::scenario::{Happening, STORES, Scenario};
use crate::truth::{Can, NotTaken, Truth};

/// What they came to buy costs this much, on the whole.
const TIER: usize = 2;

/// One of so many who come would buy.
const BUYERS: u64 = 3;

/// What was not taken, by place.
pub(super) fn not_taken(scenario: &Scenario, truth: &Truth) -> Vec<NotTaken> {
    let paces = paces(scenario, truth.lasts_ms);
    // Thousandths of buyers, so that the parts of seconds add up.
    let mut lost: BTreeMap<&str, u64> = BTreeMap::new();
    for (cell, spans) in &truth.cells {
        let Some(place) = cell.place.as_deref().filter(|_| cell.capability == "buy") else { continue };
        for span in spans.iter().filter(|span| span.fares.can >= Can::Partly) {
            let whole = if span.fares.can == Can::No { 1 } else { 2 };
            let came: u64 = paces
                .iter()
                .map(|(from, until, pace)| {
                    let ms = span.until_ms.min(*until).saturating_sub(span.from_ms.max(*from));
                    ms * u64::from(*pace) / 60
                })
                .sum();
            *lost.entry(place).or_default() += came / whole;
        }
    }
    let share = (scenario.places.len() * STORES.len()) as u64 * BUYERS;
    let rows = scenario.places.iter().filter_map(|code| {
        let place = Place::find(code)?;
        let thousandths = lost.get(code.as_str())? / share.max(1);
        let amount = thousandths * u64::from(place.amount(TIER)) / 1_000;
        (amount > 0).then(|| NotTaken {
            place: code.clone(),
            currency: place.currency.to_owned(),
            amount: place.decimal(amount),
        })
    });
    rows.collect()
}

/// How many came in a minute, from when until when.
fn paces(scenario: &Scenario, lasts_ms: Ms) -> Vec<(Ms, Ms, u32)> {
    let mut paces = vec![(0, lasts_ms, scenario.customers)];
    for event in &scenario.events {
        if let Happening::Cause(Cause::Customers { per_minute }) = event.what {
            if let Some(last) = paces.last_mut() {
                last.1 = event.at_ms;
            }
            paces.push((event.at_ms, lasts_ms, per_minute));
        }
    }
    paces
}
