//! `commerce`: carts, orders, in-app purchases, receipts, refunds. Each order is made once, and paid once.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /{place}/cart` | token | 200 `{"items", "total", "currency"}` |
//! | `PUT`, `DELETE /{place}/cart/{item}` | token | 200 the cart · 404 · 409 it is full |
//! | `POST /{place}/orders` | token, key, `{"item"}`, `{"items"}` or `{"cart": true}` | 201 the order, paid · 401 · 409 · 422 · 503 |
//! | `GET /{place}/orders/{key}` | token | 200 the order · 404 |
//! | `DELETE /{place}/orders/{key}` | token | 204, refunded or never made · 409 it was used up |
//! | `GET /{place}/apps/{app}/products` | | 200 what the app sells inside of itself · 404 |
//! | `POST /{place}/apps/{app}/purchases` | its customer's token, key, `{"product"}` | as for orders |
//! | `GET /purchases` | token | 200 all that the customer has, to be restored |
//! | `POST /purchases/{order}/{item}/consume` | token | 200, once · 404 · 409 · 422 |
//! | `GET /entitlements/{item}` | token | 200 the customer has it · 404 |
//! | `GET /receipts/{order}` | | 200 `{"order", "items", "state": "paid", "receipt"}` · 404 |
//! | `GET /keys` | | 200 the public keys of receipts, a JWK set (RFC 7517) |
//! | `GET /sales/{item}` | token | 200 how often it was sold and given back, and what came in, by place |
//!
//! *Token*: `Authorization: Bearer`; whose it is, is asked of identity, found by name at every request. *Key*: the
//! field `key` of the body or the header `Idempotency-Key`. It belongs to the customer: the same key with the same
//! order is the same order, however often it is sent and whatever died in between; with another order it is refused
//! with 422. An order that was given back keeps its key, so that a late repetition does not buy again. Another key is
//! another purchase, also of something that the customer has.
//!
//! # What cannot be lost
//! An order, its lines, its charge and what it entitles to are one transaction, on the disk before the answer: there is
//! no paid order without its item, no item without its charge, and no second charge (`tables` has the constraints).
//! The money is a ledger in `payments`. Prices are in the currency's own decimals, as text.
//!
//! The orders of automatic customers (of the probe item and its products) may be looked up and given back with the key
//! alone, so that a journey can tidy up after a failed sign-in.
//! Absent: real money; that only the owner of an app buys in it.

mod cart;
mod in_app;
mod order;
mod purchase;
mod receipt;
mod tables;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};

use super::control::Control;
use super::database::Database;
use super::identity::PROBE_USER;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::catalogue::{Item, Product};
use crate::http::{Call, CallError, Finder, Problem, bearer};
use crate::layout::full;
use crate::place::Place;
use receipt::Signer;

pub(super) use order::checked;

pub(super) const SHEET: Sheet =
    Sheet { word: "commerce", about: "takes orders", octet: 12, hosts: &["buy", "buy.internal"] };

#[derive(Debug)]
struct Commerce {
    database: Database,
    finder: Finder,
    places: Vec<&'static str>,
    signer: Arc<Signer>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("commerce.db"), tables::SCHEMA, control.faults())?;
    let mut key = Vec::new();
    database.prepare(|db| tables::signing_key(db).map(|kept| key = kept))?;
    let commerce = Commerce {
        database,
        finder: Finder::new(args.dns, args.listen.port()),
        places: args.places.iter().map(|(place, _)| place.code).collect(),
        signer: Arc::new(Signer::of(&key).map_err(RoleError::Key)?),
    };
    serve(args.listen, routes(commerce), control).await
}

fn routes(commerce: Commerce) -> Router {
    Router::new()
        .route("/{place}/cart", get(cart::show))
        .route("/{place}/cart/{item}", put(cart::add).delete(cart::remove))
        .route("/{place}/orders", post(order::order))
        .route("/{place}/orders/{key}", get(order::look_up).delete(order::give_back))
        .route("/{place}/apps/{app}/products", get(in_app::products))
        .route("/{place}/apps/{app}/purchases", post(in_app::buy))
        .route("/purchases", get(purchase::restore))
        .route("/purchases/{order}/{item}/consume", post(purchase::consume))
        .route("/entitlements/{item}", get(purchase::entitlement))
        .route("/receipts/{order}", get(receipt::receipt))
        .route("/keys", get(receipt::keys))
        .route("/sales/{item}", get(purchase::sales))
        .with_state(Arc::new(commerce))
}

/// Something with a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Good {
    id: &'static str,
    tier: usize,
    /// Whether it is used up.
    consumable: bool,
}

impl From<&'static Item> for Good {
    fn from(item: &'static Item) -> Self {
        Self { id: item.id, tier: item.tier, consumable: false }
    }
}

impl From<&'static Product> for Good {
    fn from(product: &'static Product) -> Self {
        Self { id: product.id, tier: product.tier, consumable: product.consumable }
    }
}

impl Commerce {
    fn place(&self, code: &str) -> Result<&'static Place, Problem> {
        let place = Place::find(code).filter(|place| self.places.contains(&place.code));
        place.ok_or_else(|| Problem::not_found(format!("the shop does not sell in {code:?}")))
    }

    /// Whose token it is: identity says.
    async fn customer(&self, headers: &HeaderMap) -> Result<String, Problem> {
        let refused = || Problem::new(StatusCode::UNAUTHORIZED, "token", "sign in first");
        let token = bearer(headers).ok_or_else(refused)?;
        let host = full("id.internal");
        let answer = self.finder.call(&host, Call::get("/verify").with_token(token)).await;
        let answer = answer.map_err(|error| Problem::missing("identity", &error))?;
        match (answer.status, answer.text("user")) {
            (StatusCode::OK, Some(user)) => Ok(user),
            (StatusCode::UNAUTHORIZED, _) => Err(refused()),
            (status, _) => Err(Problem::missing("identity", &CallError::Unexpected { host, status })),
        }
    }

    /// The customer, or the automatic one if nobody says who asks.
    async fn customer_or_probe(&self, headers: &HeaderMap) -> Result<(String, bool), Problem> {
        match bearer(headers) {
            Some(_) => Ok((self.customer(headers).await?, false)),
            None => Ok((PROBE_USER.to_owned(), true)),
        }
    }
}

/// The item of this id, sold in the place.
fn on_sale(place: &Place, id: &str) -> Result<&'static Item, Problem> {
    let item = Item::find(id).filter(|item| item.is_sold_in(place));
    let words = "the shop does not sell this item here";
    item.ok_or_else(|| Problem::unfit("item", words))
}
