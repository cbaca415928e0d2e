//! Names in English sentences: articles, lists, places, and how a deed is tied to a service.

use candor_core::saying::{Deed, PlaceScope};

/// Most names that a sentence spells out; beyond that it counts them.
const SPELT: usize = 3;

/// Last words of service names that English gives an article: "the App Store", but "Mail".
const WITH_ARTICLE: &[&str] = &[
    "store",
    "shop",
    "site",
    "website",
    "portal",
    "console",
    "dashboard",
    "exchange",
    "library",
    "forum",
    "blog",
    "wiki",
    "archive",
    "gateway",
    "platform",
    "marketplace",
    "market",
    "desk",
    "service",
    "api",
    "app",
    "page",
];

/// `A`, `A and B`, `A, B and C`.
pub(super) fn list<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", head.join(", "), last.as_ref())
        }
    }
}

/// The name of a service with its article, if it takes one.
pub(super) fn service(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    let own = words.first().is_some_and(|w| matches!(w.as_str(), "the" | "our" | "my") || w.contains('\''));
    let common = words.last().is_some_and(|w| WITH_ARTICLE.contains(&w.as_str()));
    let plain = words.join(" ").is_empty();
    match (plain, common && !own) {
        (true, _) => "this service".to_owned(),
        (false, true) => format!("the {}", tidy(name)),
        (false, false) => tidy(name),
    }
}

/// The services of a claim, spelt out or counted.
pub(super) fn services(names: &[String]) -> String {
    if names.len() > SPELT {
        return format!("{} services", names.len());
    }
    list(&names.iter().map(|n| service(n)).collect::<Vec<_>>())
}

/// A deed tied to its services: "buying" + "from the App Store". Empty services leave the deed alone.
/// Deeds are always spelt out: a plan has few of them for one service, and they are what readers look for.
pub(super) fn tied(forms: &[String], deeds: &[&Deed], services_text: &str) -> String {
    let done = list(forms);
    if services_text.is_empty() {
        return done;
    }
    match deeds {
        [one] if forms.len() == 1 => match link(&one.can) {
            "" => format!("{done} {services_text}"),
            word => format!("{done} {word} {services_text}"),
        },
        // "browsing and signing in to the App Store"
        _ if done.ends_with(" in") => format!("{done} to {services_text}"),
        _ => format!("{done} in {services_text}"),
    }
}

/// The word between a verb and the service that it is done with.
fn link(can: &str) -> &'static str {
    let mut words = can.split_whitespace();
    let first = words.next().unwrap_or_default().to_lowercase();
    let second = words.next().unwrap_or_default().to_lowercase();
    match (first.as_str(), second.as_str()) {
        (
            "browse" | "visit" | "open" | "reach" | "use" | "read" | "search" | "watch" | "load" | "see"
            | "view" | "enter" | "resolve" | "find",
            "",
        ) => "",
        // "open the front page of the shop", "check the certificate of mail.example"
        (_, "the") => "of",
        ("sign" | "log", "in") | ("connect" | "upload" | "subscribe" | "talk", _) => "to",
        ("buy" | "order" | "download" | "fetch" | "stream" | "receive" | "install" | "rent", _) => "from",
        _ => "in",
    }
}

/// "in India", "in India and Canada", "in all 41 places", "in 3 of 41 places".
pub(super) fn places_counted(scope: &PlaceScope) -> String {
    match scope {
        PlaceScope::Some(names, of) if names.len() > 2 => format!("in {} of {of} places", names.len()),
        other => places(other),
    }
}

/// The same, with up to three names: "in 3 of 41 places (India, Canada and the UK)".
pub(super) fn places(scope: &PlaceScope) -> String {
    match scope {
        PlaceScope::Whole => String::new(),
        PlaceScope::All(names) if names.len() <= 2 => named(names),
        PlaceScope::All(names) => format!("in all {} places", names.len()),
        PlaceScope::Some(names, _) if names.len() <= 2 => named(names),
        PlaceScope::Some(names, of) if names.len() <= SPELT => {
            format!("in {} of {of} places ({})", names.len(), list(&articled(names)))
        }
        PlaceScope::Some(names, of) => format!("in {} of {of} places", names.len()),
    }
}

/// The same for a question: "in any of 4 places".
pub(super) fn any_place(scope: &PlaceScope) -> String {
    match scope {
        PlaceScope::All(names) if names.len() > 2 => format!("in any of {} places", names.len()),
        other => places(other),
    }
}

fn named(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("in {}", list(&articled(names))) }
}

fn articled(names: &[String]) -> Vec<String> {
    names.iter().map(|name| place(name)).collect()
}

fn place(name: &str) -> String {
    let low = name.trim().to_lowercase();
    let takes = matches!(low.as_str(), "uk" | "us" | "usa" | "uae" | "eu" | "netherlands" | "philippines")
        || matches!(low.as_str(), "bahamas" | "maldives" | "gambia" | "seychelles" | "comoros")
        || low.starts_with("united ")
        || low.ends_with(" republic")
        || low.ends_with(" islands");
    if takes { format!("the {}", tidy(name)) } else { tidy(name) }
}

/// Single spaces and no brackets: a name cannot unbalance a sentence.
pub(super) fn tidy(name: &str) -> String {
    let flat: String = name.chars().map(|c| if matches!(c, '(' | ')') { ' ' } else { c }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ")
}
