//! The store's pages, from the templates in `templates/`.

use std::hash::{BuildHasher, RandomState};

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::catalogue::{Item, Kind, Shelf};
use crate::http::Problem;
use crate::place::Place;
use crate::role::details::Told;

#[derive(Template)]
#[template(path = "chooser.html")]
struct Chooser {
    shelf: Shelf,
    ways: Vec<(&'static Place, String)>,
}

/// The places to choose from.
pub(super) fn chooser(shelf: Shelf, ways: Vec<(&'static Place, String)>) -> Response {
    page(StatusCode::OK, &Chooser { shelf, ways })
}

#[derive(Template)]
#[template(path = "front.html")]
struct Front {
    shelf: Shelf,
    place: &'static Place,
    /// Each kind with its items, best first.
    charts: Vec<(Kind, Vec<&'static Item>)>,
}

/// A place's front page.
pub(super) fn front(shelf: Shelf, place: &'static Place, items: &[&'static Item]) -> Response {
    let of_kind = |kind| items.iter().copied().filter(|item| item.kind == kind).collect();
    let charts = shelf.kinds().iter().map(|kind| (*kind, of_kind(*kind))).collect();
    page(StatusCode::OK, &Front { shelf, place, charts })
}

#[derive(Template)]
#[template(path = "found.html")]
struct Found<'a> {
    shelf: Shelf,
    place: &'static Place,
    q: &'a str,
    items: Vec<&'static Item>,
}

/// What a search has found.
pub(super) fn found(shelf: Shelf, place: &'static Place, q: &str, items: Vec<&'static Item>) -> Response {
    page(StatusCode::OK, &Found { shelf, place, q, items })
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage<'a> {
    shelf: Shelf,
    place: &'static Place,
    item: &'static Item,
    told: Option<&'a Told>,
    key: String,
    failed: bool,
    receipt: Option<(&'a str, Option<&'a str>)>,
}

impl<'a> ItemPage<'a> {
    fn of(shelf: Shelf, place: &'static Place, item: &'static Item) -> Self {
        Self { shelf, place, item, told: None, key: String::new(), failed: false, receipt: None }
    }
}

/// An item's page.
pub(super) fn item(shelf: Shelf, place: &'static Place, item: &'static Item, told: &Told) -> Response {
    let of = ItemPage::of(shelf, place, item);
    page(StatusCode::OK, &ItemPage { told: Some(told), key: fresh_key(), ..of })
}

/// The item's page after a purchase; it needs nothing of what details tells.
pub(super) fn bought(
    shelf: Shelf,
    place: &'static Place,
    item: &'static Item,
    order: &str,
    file: Option<&str>,
) -> Response {
    page(StatusCode::CREATED, &ItemPage { receipt: Some((order, file)), ..ItemPage::of(shelf, place, item) })
}

/// The item's page after a purchase that could not be completed; the key stays, so that trying again is safe.
pub(super) fn not_bought(shelf: Shelf, place: &'static Place, item: &'static Item, key: &str) -> Response {
    let of = ItemPage::of(shelf, place, item);
    page(StatusCode::SERVICE_UNAVAILABLE, &ItemPage { key: key.to_owned(), failed: true, ..of })
}

#[derive(Template)]
#[template(path = "words.html")]
struct Words {
    shelf: Shelf,
    title: &'static str,
    words: &'static str,
    back: Option<&'static str>,
}

/// There is no such item.
pub(super) fn no_such_item(shelf: Shelf, place: &'static Place) -> Response {
    let words = "It may have been withdrawn, it may not be sold in your country, or the link is wrong.";
    let title = "We do not sell this";
    page(StatusCode::NOT_FOUND, &Words { shelf, title, words, back: Some(place.code) })
}

/// What the page would tell cannot be had just now.
pub(super) fn broken_item(shelf: Shelf, place: &'static Place) -> Response {
    let words = "The content of this page is temporarily unavailable. Please try again later.";
    let title = "This page cannot be shown";
    page(StatusCode::SERVICE_UNAVAILABLE, &Words { shelf, title, words, back: Some(place.code) })
}

/// The apology page: it says sorry, and its status says that all is well.
pub(super) fn apology(shelf: Shelf) -> Response {
    let words =
        "The shop is temporarily unavailable. We are sorry for the inconvenience. Please try again later.";
    page(StatusCode::OK, &Words { shelf, title: "We’ll be back soon", words, back: None })
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                          frame-ancestors 'none'; base-uri 'none'";
    match template.render() {
        Ok(html) => {
            let fields = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-store")];
            (status, fields, Html(html)).into_response()
        }
        Err(error) => Problem::broken(&error).into_response(),
    }
}

/// A key for one press of the button. It need not be secret: it belongs to the customer who presses.
fn fresh_key() -> String {
    format!("web-{:016x}", RandomState::new().hash_one(std::time::SystemTime::now()))
}
