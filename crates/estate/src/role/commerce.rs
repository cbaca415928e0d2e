//! `commerce`: takes orders, each once.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `POST /{place}/orders` | Bearer token, `{"item", "key"}` | 201 `{"order", "state": "paid", …}` · 401 · 404 · 409 · 422 · 503 |
//! | `GET /{place}/orders/{key}` | Bearer token | 200 the order · 404 |
//! | `DELETE /{place}/orders/{key}` | Bearer token | 204, given back or never made |
//! | `GET /receipts/{order}` | | 200 `{"order", "item", "state": "paid"}` · 404 |
//!
//! The key belongs to the customer and makes an order idempotent: the same key with the same order is the same
//! order, however often it is sent and whatever died in between; with another order it is a conflict. An order that
//! was given back keeps its key, so that a late repetition does not buy again.
//! Whose token it is, is asked of identity, found by name at every order. The orders of automatic customers
//! ([`PROBE_ITEM`]) may be looked up and given back with the key alone, so that a journey can tidy up after a
//! failed sign-in.
//! Absent: money.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::Control;
use super::database::Database;
use super::identity::PROBE_USER;
use super::{RoleArgs, RoleError, Sheet};
use crate::catalogue::{Item, PROBE_ITEM};
use crate::http::{Call, CallError, Door, Finder, Json, Problem, bearer, shell};
use crate::layout::ZONE;
use crate::place::Place;

pub(super) const SHEET: Sheet =
    Sheet { word: "commerce", about: "takes orders", octet: 12, hosts: &["buy", "buy.internal"] };

/// The longest key of an order, in bytes.
const KEY_MAX: usize = 100;

/// Orders that were given back are forgotten after a day: no client repeats itself for that long.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, user TEXT NOT NULL, key TEXT NOT NULL, place TEXT NOT NULL, item TEXT NOT NULL,
        amount INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('paid', 'cancelled')),
        made_at INTEGER NOT NULL, UNIQUE (user, key)) STRICT;
    DELETE FROM orders WHERE state = 'cancelled' AND made_at < unixepoch() - 86400;
";

#[derive(Debug)]
struct Commerce {
    database: Database,
    finder: Finder,
    places: Vec<&'static str>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let commerce = Commerce {
        database: Database::open(&args.state.join("commerce.db"), SCHEMA)?,
        finder: Finder::new(args.dns, args.listen.port()),
        places: args.places.iter().map(|(place, _)| place.code).collect(),
    };
    let routes = Router::new()
        .route("/{place}/orders", post(order))
        .route("/{place}/orders/{key}", get(look_up).delete(give_back))
        .route("/receipts/{order}", get(receipt))
        .with_state(Arc::new(commerce));
    let address = args.listen;
    let _door = Door::open(address, shell(routes, control.faults()))
        .await
        .map_err(|source| RoleError::Listen { address, source })?;
    control.attend(async |_| Ok(())).await.map_err(RoleError::Control)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    item: String,
    key: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Order {
    order: String,
    state: String,
    place: String,
    item: String,
    price: String,
    currency: String,
    key: String,
}

const ORDER: &str = "SELECT id, state, place, item, amount, currency, key FROM orders";

impl Order {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let place: String = row.get(2)?;
        let amount: u64 = row.get(4)?;
        Ok(Self {
            order: row.get(0)?,
            state: row.get(1)?,
            price: Place::find(&place).map_or_else(String::new, |place| place.decimal(amount)),
            place,
            item: row.get(3)?,
            currency: row.get(5)?,
            key: row.get(6)?,
        })
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
        let host = format!("id.internal.{ZONE}");
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

type Shared = State<Arc<Commerce>>;

async fn order(
    State(commerce): Shared,
    Path(place): Path<String>,
    headers: HeaderMap,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Problem> {
    let place = commerce.place(&place)?;
    let item = Item::find(&wanted.item).ok_or_else(|| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "item", "the shop does not sell this item")
    })?;
    let key = checked(wanted.key)?;
    let user = commerce.customer(&headers).await?;
    let kept = commerce.database.run(move |db| keep(db, &user, &key, place, item)).await?;
    if kept.item != item.id || kept.place != place.code {
        let words = "this key belongs to another order";
        return Err(Problem::new(StatusCode::CONFLICT, "key", words));
    }
    if kept.state != "paid" {
        return Err(Problem::new(StatusCode::CONFLICT, "given_back", "this order was given back"));
    }
    Ok((StatusCode::CREATED, axum::Json(kept)).into_response())
}

/// A key as customers may choose it.
pub(super) fn checked(key: String) -> Result<String, Problem> {
    let fits = !key.is_empty()
        && key.len() <= KEY_MAX
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    let words = || format!("a key has 1 to {KEY_MAX} letters, digits and any of - _ . :");
    if fits { Ok(key) } else { Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key", words())) }
}

/// The order of this key: made now, or found as it was made before. One statement decides which.
fn keep(db: &mut Connection, user: &str, key: &str, place: &Place, item: &Item) -> rusqlite::Result<Order> {
    let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    change.execute(
        "INSERT INTO orders VALUES (lower(hex(randomblob(16))), ?1, ?2, ?3, ?4, ?5, ?6, 'paid', unixepoch())
         ON CONFLICT (user, key) DO NOTHING",
        params![user, key, place.code, item.id, place.amount(item.tier), place.currency],
    )?;
    let kept = change.query_row(
        &format!("{ORDER} WHERE user = ?1 AND key = ?2"),
        params![user, key],
        Order::from_row,
    )?;
    change.commit()?;
    Ok(kept)
}

async fn look_up(
    State(commerce): Shared,
    Path((place, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<axum::Json<Order>, Problem> {
    let place = commerce.place(&place)?;
    let (user, probe) = commerce.customer_or_probe(&headers).await?;
    let sql = format!("{ORDER} WHERE user = ?1 AND key = ?2 AND place = ?3 AND (NOT ?4 OR item = ?5)");
    let found = commerce.database.run(move |db| {
        db.query_row(&sql, params![user, key, place.code, probe, PROBE_ITEM], Order::from_row).optional()
    });
    found.await?.map(axum::Json).ok_or_else(|| Problem::not_found("there is no order with this key"))
}

async fn give_back(
    State(commerce): Shared,
    Path((place, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let place = commerce.place(&place)?;
    let (user, probe) = commerce.customer_or_probe(&headers).await?;
    let sql = "UPDATE orders SET state = 'cancelled'
               WHERE user = ?1 AND key = ?2 AND place = ?3 AND (NOT ?4 OR item = ?5)";
    let changed =
        commerce.database.run(move |db| db.execute(sql, params![user, key, place.code, probe, PROBE_ITEM]));
    changed.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn receipt(State(commerce): Shared, Path(order): Path<String>) -> Result<axum::Json<Value>, Problem> {
    let sql = "SELECT item FROM orders WHERE id = ?1 AND state = 'paid'";
    let id = order.clone();
    let item: Option<String> =
        commerce.database.run(move |db| db.query_row(sql, [id], |row| row.get(0)).optional()).await?;
    item.map(|item| axum::Json(json!({ "order": order, "item": item, "state": "paid" })))
        .ok_or_else(|| Problem::not_found("there is no paid order with this number"))
}
