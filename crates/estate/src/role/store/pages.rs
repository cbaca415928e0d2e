//! The store's pages, from the templates in `templates/`.

use std::hash::{BuildHasher, RandomState};

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::catalogue::Item;
use crate::http::Problem;
use crate::place::Place;

#[derive(Template)]
#[template(path = "chooser.html")]
struct Chooser {
    ways: Vec<(&'static Place, String)>,
}

/// The places to choose from.
pub(super) fn chooser(ways: Vec<(&'static Place, String)>) -> Response {
    page(StatusCode::OK, &Chooser { ways })
}

#[derive(Template)]
#[template(path = "front.html")]
struct Front {
    place: &'static Place,
    items: Vec<&'static Item>,
}

/// A place's front page.
pub(super) fn front(place: &'static Place) -> Response {
    page(StatusCode::OK, &Front { place, items: Item::charts().collect() })
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage<'a> {
    place: &'static Place,
    item: &'static Item,
    key: String,
    failed: bool,
    receipt: Option<(&'a str, Option<&'a str>)>,
}

/// An item's page.
pub(super) fn item(place: &'static Place, item: &'static Item) -> Response {
    page(StatusCode::OK, &ItemPage { place, item, key: fresh_key(), failed: false, receipt: None })
}

/// The item's page after a purchase.
pub(super) fn bought(
    place: &'static Place,
    item: &'static Item,
    order: &str,
    file: Option<&str>,
) -> Response {
    let receipt = Some((order, file));
    page(StatusCode::CREATED, &ItemPage { place, item, key: String::new(), failed: false, receipt })
}

/// The item's page after a purchase that could not be completed; the key stays, so that trying again is safe.
pub(super) fn not_bought(place: &'static Place, item: &'static Item, key: &str) -> Response {
    let key = key.to_owned();
    page(StatusCode::SERVICE_UNAVAILABLE, &ItemPage { place, item, key, failed: true, receipt: None })
}

#[derive(Template)]
#[template(path = "words.html")]
struct Words {
    title: &'static str,
    words: &'static str,
    back: Option<&'static str>,
}

/// There is no such item.
pub(super) fn no_such_item(place: &'static Place) -> Response {
    let words = "It may have been withdrawn, or the link is wrong.";
    page(StatusCode::NOT_FOUND, &Words { title: "We do not sell this", words, back: Some(place.code) })
}

/// The apology page: it says sorry, and its status says that all is well.
pub(super) fn apology() -> Response {
    let words =
        "The shop is temporarily unavailable. We are sorry for the inconvenience. Please try again later.";
    page(StatusCode::OK, &Words { title: "We’ll be back soon", words, back: None })
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    const POLICY: &str =
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'";
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
