//! `apps`, `macapps`, `music`, `books`: what customers see: front page, search and item pages for each place. One
//! implementation; the shelf makes the difference.
//!
//! | endpoint | answers |
//! |---|---|
//! | `GET /{place}/` | the front page with the charts; JSON if that is asked for |
//! | `GET /{place}/search?q=WORDS` | what has all of the words; JSON if that is asked for |
//! | `GET /{place}/items/{id}`, `….json` | the item's page; JSON if that is asked for · 404 · 503 |
//! | `POST /{place}/items/{id}/buy` | 201 the receipt · 503 the purchase could not be completed |
//! | `GET /{place}/to/{store}` | the way to another store's front page of this place |
//! | `GET /` | the store's own name: the places to choose from; a storefront: its front page |
//!
//! Each place's storefront listens on an address of its own and has its own name, `{place}.apps`; `apps` itself
//! only shows the way. With the fault `cut:CODE` that storefront's listener is closed, connections and all; with
//! `apology` every page is the apology page, with status 200.
//!
//! A storefront that has a certificate, `{place}.{store}.pem` in the state's directory, takes TLS beside plain HTTP at
//! the same address; `reload` reads it again.
//!
//! # Where a page comes from
//! The charts and the search are the store's own. An item's description, facts and reviews live in the role
//! `details` and nowhere else, and are asked for by name at every view. So item pages break, and front pages do not,
//! whenever details cannot be found, does not run, or cannot read its database.
//! A storefront asks the name server of its place, as its customers do.
//! Browsing needs nobody else. Buying asks identity and commerce, found by name at every purchase; when they cannot
//! be found the customer reads that, and no more.

mod buy;
mod item;
mod pages;
mod street;
mod visit;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::watch;

use super::control::{Control, Faults, Order};
use super::{RoleArgs, RoleError, Sheet};
use crate::catalogue::{Item, Shelf};
use crate::http::{Door, Finder, Problem, asset, shell};
use crate::layout::full;
use crate::place::Place;
use street::Street;
use visit::Visit;

/// The place of each store on the map.
pub(super) const fn sheet(shelf: Shelf) -> &'static Sheet {
    match shelf {
        Shelf::Apps => &Sheet { word: "apps", about: "sells apps", octet: 10, hosts: &["apps"] },
        Shelf::MacApps => {
            &Sheet { word: "macapps", about: "sells apps for the desk", octet: 60, hosts: &["macapps"] }
        }
        Shelf::Music => {
            &Sheet { word: "music", about: "sells music, films and series", octet: 61, hosts: &["music"] }
        }
        Shelf::Books => &Sheet { word: "books", about: "sells books", octet: 62, hosts: &["books"] },
    }
}

/// The longest search, in bytes.
const SEARCH_MAX: usize = 200;

/// What a listener of the store knows.
#[derive(Debug, Clone)]
struct Store {
    shelf: Shelf,
    finder: Arc<Finder>,
    /// What storefronts ask instead, by place.
    finders: Arc<HashMap<&'static str, Arc<Finder>>>,
    storefronts: Vec<(&'static Place, SocketAddr)>,
    /// The place whose storefront this is; none for the store's own name.
    own: Option<&'static Place>,
    port: u16,
    faults: watch::Receiver<Faults>,
}

pub(super) async fn run(shelf: Shelf, args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let port = args.listen.port();
    let store = Store {
        shelf,
        finder: Arc::new(Finder::new(args.dns, port)),
        finders: Arc::new(Finder::by_place(&args.names, port)),
        storefronts: args.places,
        own: None,
        port,
        faults: control.faults(),
    };
    let ways = shell(choose(Arc::new(store.clone())), control.faults());
    let listen = |source| RoleError::Listen { address: args.listen, source };
    let _door = Door::open(args.listen, ways).await.map_err(listen)?;
    let mut street = Street::open(store, args.state).await?;
    let obeyed = control.attend(async |order| match order {
        Order::Set(faults) => {
            street.cut(&faults.cut).await.map_err(|(address, why)| format!("{address}: {why}"))
        }
        Order::Reload => street.reload(),
    });
    obeyed.await.map_err(RoleError::Control)
}

/// The routes of the store's own name: which way to the storefronts.
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
        .route("/{place}/search", get(search))
        .route("/{place}/to/{store}", get(other_store))
        .route("/{place}/items/{id}", get(item::item))
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

    /// The item of this id, if it is on this shelf and sold in the place.
    fn item(&self, place: &Place, id: &str) -> Option<&'static Item> {
        Item::on(self.shelf).find(|item| item.id == id && item.is_sold_in(place))
    }
}

async fn apologise(State(store): Shared, request: Request, next: Next) -> Response {
    let apology = store.faults.borrow().apology && request.uri().path() != "/shop.css";
    if apology { pages::apology(store.shelf) } else { next.run(request).await }
}

async fn chooser(State(store): Shared, visit: Visit) -> Response {
    let way = |place, address| visit.storefront(store.shelf, place, address, store.port);
    let ways = store.storefronts.iter().map(|&(place, address)| (place, way(place, address)));
    let mut ways: Vec<_> = ways.collect();
    ways.sort_unstable_by_key(|(place, _)| place.name);
    pages::chooser(store.shelf, ways)
}

/// `apps/{place}/…` leads to the place's own storefront.
async fn lead(State(store): Shared, visit: Visit, request: Request) -> Result<Redirect, Problem> {
    let path = request.uri().path();
    let code = path.split('/').nth(1).unwrap_or_default();
    let known = store.storefronts.iter().find(|(place, _)| place.code == code);
    let way = known.map(|(place, address)| {
        format!("http://{}{path}", visit.authority(store.shelf, place, *address, store.port))
    });
    way.map(|way| Redirect::temporary(&way))
        .ok_or_else(|| Problem::not_found(format!("there is no shop in {code:?}")))
}

async fn own_front(State(store): Shared) -> Redirect {
    Redirect::temporary(&format!("/{}/", store.own.map_or("", |place| place.code)))
}

async fn front(State(store): Shared, Path(code): Path<String>, visit: Visit) -> Result<Response, Problem> {
    let place = store.place(&code)?;
    let items: Vec<_> = Item::charts(store.shelf, place).collect();
    if visit.wants_json {
        let summaries: Vec<_> = items.into_iter().map(|item| summary(place, item)).collect();
        return Ok(axum::Json(json!({
            "store": store.shelf.word(), "place": place.code, "currency": place.currency,
            "title": "Top charts", "items": summaries,
        }))
        .into_response());
    }
    Ok(pages::front(store.shelf, place, &items))
}

#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn search(
    State(store): Shared,
    Path(code): Path<String>,
    Query(Asked { q }): Query<Asked>,
    visit: Visit,
) -> Result<Response, Problem> {
    let place = store.place(&code)?;
    if q.len() > SEARCH_MAX {
        let words = format!("a search has at most {SEARCH_MAX} bytes");
        return Err(Problem::unfit("q", words));
    }
    let words: Vec<String> = q.split_whitespace().map(str::to_lowercase).collect();
    let found: Vec<_> =
        Item::charts(store.shelf, place).filter(|item| !words.is_empty() && item.matches(&words)).collect();
    if visit.wants_json {
        let items: Vec<_> = found.into_iter().map(|item| summary(place, item)).collect();
        return Ok(axum::Json(json!({ "place": place.code, "q": q, "items": items })).into_response());
    }
    Ok(pages::found(store.shelf, place, &q, found))
}

/// Another store's front page of this place, found by name.
async fn other_store(
    State(store): Shared,
    Path((code, word)): Path<(String, String)>,
    visit: Visit,
) -> Result<Redirect, Problem> {
    let place = store.place(&code)?;
    let shelf =
        Shelf::find(&word).ok_or_else(|| Problem::not_found(format!("there is no store {word:?}")))?;
    let host = full(&format!("{}.{}", place.code, shelf.word()));
    let address = store.finder.find(&host).await.map_err(|error| Problem::missing("store", &error))?;
    Ok(Redirect::temporary(&visit.storefront(shelf, place, address, store.port)))
}

/// What a chart says of an item, for programs.
fn summary(place: &Place, item: &Item) -> serde_json::Value {
    json!({
        "id": item.id, "name": item.name, "kind": item.kind.one(), "genre": item.genre, "line": item.line,
        "place": place.code, "price": place.price(item.tier), "currency": place.currency,
    })
}

async fn icon(State(store): Shared, Path(file): Path<String>) -> Result<Response, Problem> {
    let item = file.strip_suffix(".svg").and_then(|id| Item::on(store.shelf).find(|item| item.id == id));
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
