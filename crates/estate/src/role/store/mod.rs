//! `store`: what customers see: a front page and item pages for each place.
//!
//! | endpoint | answers |
//! |---|---|
//! | `GET /{place}/` | the front page with the charts; JSON if that is asked for |
//! | `GET /{place}/items/{id}`, `….json` | the item's page; JSON if that is asked for |
//! | `POST /{place}/items/{id}/buy` | 201 the receipt · 503 the purchase could not be completed |
//! | `GET /` | `apps`: the places to choose from; a storefront: its front page |
//!
//! Each place's storefront listens on an address of its own and has its own name, `{place}.apps`; `apps` itself
//! only shows the way. With the fault `cut:CODE` that storefront's listener is closed, connections and all; with
//! `apology` every page is the apology page, with status 200.
//!
//! Browsing needs nobody. Buying asks identity and commerce, found by name at every purchase; when they cannot be
//! found the customer reads that, and no more.

mod buy;
mod pages;
mod visit;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::watch;

use super::control::{Control, Faults, Order};
use super::{RoleArgs, RoleError, Sheet};
use crate::catalogue::Item;
use crate::http::{Door, Finder, Problem, asset, shell};
use crate::place::Place;
use visit::Visit;

pub(super) const SHEET: Sheet =
    Sheet { word: "store", about: "front pages and item pages", octet: 10, hosts: &["apps"] };

/// What a listener of the store knows.
#[derive(Debug, Clone)]
struct Store {
    finder: Arc<Finder>,
    storefronts: Vec<(&'static Place, SocketAddr)>,
    /// The place whose storefront this is; none for `apps`.
    own: Option<&'static Place>,
    port: u16,
    faults: watch::Receiver<Faults>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let port = args.listen.port();
    let store = Store {
        finder: Arc::new(Finder::new(args.dns, port)),
        storefronts: args.places,
        own: None,
        port,
        faults: control.faults(),
    };
    let listen = |(address, source)| RoleError::Listen { address, source };
    let ways = shell(choose(Arc::new(store.clone())), control.faults());
    let _door = Door::open(args.listen, ways).await.map_err(|source| listen((args.listen, source)))?;
    let mut street = Street { store, open: BTreeMap::new() };
    street.cut(&BTreeSet::new()).await.map_err(listen)?;
    let obeyed = control.attend(async |order| match order {
        Order::Set(faults) => {
            street.cut(&faults.cut).await.map_err(|(address, why)| format!("{address}: {why}"))
        }
        Order::Reload => Ok(()),
    });
    obeyed.await.map_err(RoleError::Control)
}

/// The storefronts, open and closed.
struct Street {
    store: Store,
    open: BTreeMap<&'static str, Door>,
}

impl Street {
    /// Closes the storefronts of these places and opens all others.
    async fn cut(&mut self, codes: &BTreeSet<String>) -> Result<(), (SocketAddr, io::Error)> {
        for &(place, address) in &self.store.storefronts {
            match (codes.contains(place.code), self.open.contains_key(place.code)) {
                (true, true) => {
                    if let Some(door) = self.open.remove(place.code) {
                        door.close().await;
                    }
                }
                (false, false) => {
                    let store = Store { own: Some(place), ..self.store.clone() };
                    let router = shell(sell(Arc::new(store)), self.store.faults.clone());
                    let door = Door::open(address, router).await.map_err(|why| (address, why))?;
                    self.open.insert(place.code, door);
                }
                (true, false) | (false, true) => {}
            }
        }
        Ok(())
    }
}

/// The routes of `apps`: which way to the storefronts.
fn choose(store: Arc<Store>) -> Router {
    Router::new()
        .route("/", get(chooser))
        .route("/{place}/", get(lead))
        .route("/{place}/{*rest}", get(lead))
        .route("/shop.css", get(style))
        .layer(middleware::from_fn_with_state(Arc::clone(&store), apologise))
        .with_state(store)
}

/// The routes of a storefront.
fn sell(store: Arc<Store>) -> Router {
    Router::new()
        .route("/", get(own_front))
        .route("/{place}/", get(front))
        .route("/{place}/items/{id}", get(item))
        .route("/{place}/items/{id}/buy", post(buy::buy))
        .route("/icons/{file}", get(icon))
        .route("/shop.css", get(style))
        .layer(middleware::from_fn_with_state(Arc::clone(&store), apologise))
        .with_state(store)
}

type Shared = State<Arc<Store>>;

impl Store {
    /// The place of this code, if this listener is its storefront.
    fn place(&self, code: &str) -> Result<&'static Place, Problem> {
        let own = self.own.filter(|own| own.code == code);
        own.ok_or_else(|| Problem::not_found(format!("this is not the storefront of {code:?}")))
    }
}

async fn apologise(State(store): Shared, request: Request, next: Next) -> Response {
    let apology = store.faults.borrow().apology && request.uri().path() != "/shop.css";
    if apology { pages::apology() } else { next.run(request).await }
}

async fn chooser(State(store): Shared, visit: Visit) -> Response {
    let ways = store
        .storefronts
        .iter()
        .map(|(place, address)| (*place, visit.storefront(place, *address, store.port)));
    pages::chooser(ways.collect())
}

/// `apps/{place}/…` leads to the place's own storefront.
async fn lead(State(store): Shared, visit: Visit, request: Request) -> Result<Redirect, Problem> {
    let path = request.uri().path();
    let code = path.split('/').nth(1).unwrap_or_default();
    let known = store.storefronts.iter().find(|(place, _)| place.code == code);
    let way = known
        .map(|(place, address)| format!("http://{}{path}", visit.authority(place, *address, store.port)));
    way.map(|way| Redirect::temporary(&way))
        .ok_or_else(|| Problem::not_found(format!("there is no shop in {code:?}")))
}

async fn own_front(State(store): Shared) -> Redirect {
    Redirect::temporary(&format!("/{}/", store.own.map_or("", |place| place.code)))
}

async fn front(State(store): Shared, Path(code): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let place = store.place(&code)?;
    if visit.wants_json {
        let items: Vec<_> = Item::charts().map(|item| summary(place, item)).collect();
        return Ok(
            axum::Json(json!({ "place": place.code, "title": "Top charts", "items": items })).into_response()
        );
    }
    Ok(pages::front(place))
}

async fn item(
    State(store): Shared,
    Path((code, id)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let place = store.place(&code)?;
    let (id, json) = id.strip_suffix(".json").map_or((id.as_str(), visit.wants_json), |id| (id, true));
    let Some(item) = Item::find(id) else {
        return match json {
            true => Err(Problem::not_found("the shop does not sell this item")),
            false => Ok(pages::no_such_item(place)),
        };
    };
    Ok(if json { axum::Json(summary(place, item)).into_response() } else { pages::item(place, item) })
}

fn summary(place: &Place, item: &Item) -> serde_json::Value {
    json!({
        "id": item.id, "name": item.name, "genre": item.genre, "line": item.line, "place": place.code,
        "price": place.price(item.tier), "currency": place.currency,
    })
}

async fn icon(Path(file): Path<String>) -> Result<Response, Problem> {
    let item = file.strip_suffix(".svg").and_then(Item::find);
    item.map(|item| asset("image/svg+xml", item.picture()))
        .ok_or_else(|| Problem::not_found("there is no such picture"))
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../../assets/shop.css"))
}

/// Whether an `Accept` field asks for JSON and not for a page.
fn wants_json(headers: &axum::http::HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}
