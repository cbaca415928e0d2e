//! Orders: made once by their key, paid when they are made, given back whole.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::receipt::{Claims, Signer};
use super::{Commerce, Good, cart, on_sale};
use crate::http::{Json, Problem};
use crate::place::Place;

/// The longest key of an order, in bytes.
const KEY_MAX: usize = 100;
/// How many things an order or a cart may have.
pub(super) const GOODS_MAX: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    item: Option<String>,
    items: Option<Vec<String>>,
    #[serde(default)]
    cart: bool,
    key: Option<String>,
}

/// An order, as customers see it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Order {
    order: String,
    state: String,
    place: String,
    items: Vec<Line>,
    /// The one item, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<String>,
    /// What all of it costs.
    price: String,
    currency: String,
    key: String,
    receipt: String,
}

/// What one thing of an order costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    pub(super) item: String,
    pub(super) price: String,
}

/// Where the things of an order come from.
#[derive(Debug)]
pub(super) enum Source {
    Goods(Vec<Good>),
    Cart,
}

/// What a customer asks for; the same `asked` is the same order.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) user: String,
    pub(super) key: String,
    pub(super) place: &'static Place,
    pub(super) source: Source,
    pub(super) asked: String,
}

/// Why there is no such order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The key belongs to another order.
    OtherOrder,
    /// The order was given back.
    GivenBack,
    /// Nothing is in the cart.
    Empty,
    /// What was bought has been used up.
    UsedUp,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (status, error, words) = match refusal {
            Refusal::OtherOrder => {
                (StatusCode::UNPROCESSABLE_ENTITY, "key", "this key belongs to another order")
            }
            Refusal::GivenBack => (StatusCode::CONFLICT, "given_back", "this order was given back"),
            Refusal::Empty => (StatusCode::UNPROCESSABLE_ENTITY, "cart", "nothing is in the cart"),
            Refusal::UsedUp => (StatusCode::CONFLICT, "consumed", "what was bought has been used up"),
        };
        Self::new(status, error, words)
    }
}

pub(super) async fn order(
    State(commerce): State<Arc<Commerce>>,
    Path(place): Path<String>,
    headers: HeaderMap,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Problem> {
    let place = commerce.place(&place)?;
    let source = source(place, &wanted)?;
    let key = key(&headers, wanted.key)?;
    let user = commerce.customer(&headers).await?;
    let asked = match &source {
        Source::Cart => format!("{} cart", place.code),
        Source::Goods(goods) => {
            let ids: Vec<_> = goods.iter().map(|good| good.id).collect();
            format!("{} items {}", place.code, ids.join(" "))
        }
    };
    made(&commerce, Request { user, key, place, source, asked }).await
}

/// Makes the order, or finds it as it was made before.
pub(super) async fn made(commerce: &Commerce, request: Request) -> Result<Response, Problem> {
    let signer = Arc::clone(&commerce.signer);
    let kept = commerce.database.run(move |db| keep(db, &signer, &request)).await??;
    Ok((StatusCode::CREATED, axum::Json(kept)).into_response())
}

fn source(place: &Place, wanted: &Wanted) -> Result<Source, Problem> {
    let ids: Vec<&String> = match (&wanted.item, &wanted.items, wanted.cart) {
        (None, None, true) => return Ok(Source::Cart),
        (Some(item), None, false) => vec![item],
        (None, Some(items), false) if (1..=GOODS_MAX).contains(&items.len()) => items.iter().collect(),
        _ => {
            let words = format!("say one of: item, items (1 to {GOODS_MAX}), cart");
            return Err(Problem::unfit("item", words));
        }
    };
    let goods = ids.into_iter().map(|id| on_sale(place, id).map(Good::from));
    let mut goods = goods.collect::<Result<Vec<_>, _>>()?;
    goods.sort_unstable();
    goods.dedup();
    Ok(Source::Goods(goods))
}

/// The key of an order, from its body or from `Idempotency-Key`.
pub(super) fn key(headers: &HeaderMap, of_body: Option<String>) -> Result<String, Problem> {
    let refused = |words: &str| Problem::unfit("key", format!("the body cannot be read: {words}"));
    let of_header = headers.get("idempotency-key").map(|value| value.to_str().unwrap_or_default());
    let of_header = of_header.map(|key| key.trim().trim_matches('"').to_owned());
    match (of_body, of_header) {
        (Some(body), Some(header)) if body != header => {
            Err(refused("it names one key, Idempotency-Key another"))
        }
        (Some(key), _) | (None, Some(key)) => checked(key),
        (None, None) => Err(refused("missing field `key`, or the header Idempotency-Key")),
    }
}

/// A key as customers may choose it.
pub(in crate::role) fn checked(key: String) -> Result<String, Problem> {
    let fits = !key.is_empty()
        && key.len() <= KEY_MAX
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    let words = || format!("a key has 1 to {KEY_MAX} letters, digits and any of - _ . :");
    if fits { Ok(key) } else { Err(Problem::unfit("key", words())) }
}

/// The order of this key: made and paid now, or found as it was made before. One transaction decides which.
fn keep(db: &mut Connection, signer: &Signer, request: &Request) -> rusqlite::Result<Result<Order, Refusal>> {
    let Request { user, key, place, source, asked } = request;
    let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = "SELECT id, asked, state FROM orders WHERE user = ?1 AND key = ?2";
    let before = change.query_row(before, [user, key], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    });
    if let Some((id, before, state)) = before.optional()? {
        return match (before == *asked, state.as_str()) {
            (false, _) => Ok(Err(Refusal::OtherOrder)),
            (true, "paid") => whole(&change, &id).map(Ok),
            (true, _) => Ok(Err(Refusal::GivenBack)),
        };
    }
    let goods = match source {
        Source::Goods(goods) => goods.clone(),
        Source::Cart => cart::take(&change, user, place)?,
    };
    if goods.is_empty() {
        return Ok(Err(Refusal::Empty));
    }
    let id = pay(&change, signer, request, &goods)?;
    let order = whole(&change, &id)?;
    change.commit()?;
    Ok(Ok(order))
}

/// Writes the order, its lines, its charge and what it entitles to; the order's number.
fn pay(
    change: &Transaction<'_>,
    signer: &Signer,
    request: &Request,
    goods: &[Good],
) -> rusqlite::Result<String> {
    let Request { user, key, place, asked, .. } = request;
    let (id, now): (String, i64) =
        change.query_row("SELECT lower(hex(randomblob(16))), unixepoch()", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let amounts: Vec<u64> = goods.iter().map(|good| place.amount(good.tier).into()).collect();
    let total: u64 = amounts.iter().sum();
    let line =
        |(good, amount): (&Good, &u64)| Line { item: good.id.to_owned(), price: place.decimal(*amount) };
    let lines: Vec<_> = goods.iter().zip(&amounts).map(line).collect();
    let claims = Claims {
        order: &id,
        customer: user,
        place: place.code,
        items: &lines,
        total: &place.decimal(total),
        currency: place.currency,
        state: "paid",
        iat: now,
    };
    let receipt = signer.sign(&claims);
    change.execute(
        "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'paid', ?8, ?9)",
        params![id, user, key, asked, place.code, place.currency, total, receipt, now],
    )?;
    for (n, (good, amount)) in goods.iter().zip(amounts).enumerate() {
        change.execute("INSERT INTO lines VALUES (?1, ?2, ?3, ?4)", params![id, n, good.id, amount])?;
        change.execute(
            "INSERT INTO entitlements VALUES (?1, ?2, ?3, ?4, 'held')",
            params![id, good.id, user, good.consumable],
        )?;
    }
    change.execute(
        "INSERT INTO payments VALUES (?1, 'charge', ?2, ?3, ?4)",
        params![id, total, place.currency, now],
    )?;
    Ok(id)
}

/// The order of this number, which is there.
fn whole(db: &Connection, id: &str) -> rusqlite::Result<Order> {
    read(db, id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// The order of this number.
pub(super) fn read(db: &Connection, id: &str) -> rusqlite::Result<Option<Order>> {
    let sql = "SELECT id, state, place, total, currency, key, receipt FROM orders WHERE id = ?1";
    let Some((mut order, place)) = db.query_row(sql, [id], from_row).optional()? else { return Ok(None) };
    let mut lines = db.prepare("SELECT item, amount FROM lines WHERE order_id = ?1 ORDER BY n")?;
    let lines = lines.query_map([id], |row| {
        let amount: u64 = row.get(1)?;
        Ok(Line { item: row.get(0)?, price: place.map_or_else(String::new, |place| place.decimal(amount)) })
    })?;
    order.items = lines.collect::<Result<_, _>>()?;
    if let [one] = order.items.as_slice() {
        order.item = Some(one.item.clone());
    }
    Ok(Some(order))
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<(Order, Option<&'static Place>)> {
    let code: String = row.get(2)?;
    let place = Place::find(&code);
    let total: u64 = row.get(3)?;
    let order = Order {
        order: row.get(0)?,
        state: row.get(1)?,
        place: code,
        items: Vec::new(),
        item: None,
        price: place.map_or_else(String::new, |place| place.decimal(total)),
        currency: row.get(4)?,
        key: row.get(5)?,
        receipt: row.get(6)?,
    };
    Ok((order, place))
}

/// Finds an order by its customer's key; without a token (`?4`) only the probe's.
const BY_KEY: &str = "SELECT id FROM orders WHERE user = ?1 AND key = ?2 AND place = ?3 AND (NOT ?4 OR NOT EXISTS (
    SELECT 1 FROM lines WHERE order_id = orders.id AND item <> 'probe-item' AND item NOT LIKE 'probe-item.%'))";

pub(super) async fn look_up(
    State(commerce): State<Arc<Commerce>>,
    Path((place, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<axum::Json<Order>, Problem> {
    let place = commerce.place(&place)?;
    let (user, probe) = commerce.customer_or_probe(&headers).await?;
    let found = commerce.database.run(move |db| {
        let id = db.query_row(BY_KEY, params![user, key, place.code, probe], |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id: String| read(db, &id))
    });
    found.await?.map(axum::Json).ok_or_else(|| Problem::not_found("there is no order with this key"))
}

pub(super) async fn give_back(
    State(commerce): State<Arc<Commerce>>,
    Path((place, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let place = commerce.place(&place)?;
    let (user, probe) = commerce.customer_or_probe(&headers).await?;
    let signer = Arc::clone(&commerce.signer);
    let refunded = commerce.database.run(move |db| {
        let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let id =
            change.query_row(BY_KEY, params![user, key, place.code, probe], |row| row.get(0)).optional()?;
        let Some(id): Option<String> = id else { return Ok(Ok(())) };
        let refunded = refund(&change, &signer, &id, &user)?;
        change.commit()?;
        Ok(refunded)
    });
    refunded.await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the money back once and takes the items back.
fn refund(
    change: &Transaction<'_>,
    signer: &Signer,
    id: &str,
    user: &str,
) -> rusqlite::Result<Result<(), Refusal>> {
    let used = "SELECT EXISTS (SELECT 1 FROM entitlements WHERE order_id = ?1 AND state = 'consumed')";
    if change.query_row(used, [id], |row| row.get(0))? {
        return Ok(Err(Refusal::UsedUp));
    }
    let Some(order) = read(change, id)?.filter(|order| order.state == "paid") else { return Ok(Ok(())) };
    let now: i64 = change.query_row("SELECT unixepoch()", [], |row| row.get(0))?;
    let receipt = signer.sign(&Claims {
        order: id,
        customer: user,
        place: &order.place,
        items: &order.items,
        total: &order.price,
        currency: &order.currency,
        state: "refunded",
        iat: now,
    });
    let state = "UPDATE orders SET state = 'refunded', receipt = ?2 WHERE id = ?1";
    change.execute(state, params![id, receipt])?;
    change.execute("UPDATE entitlements SET state = 'revoked' WHERE order_id = ?1", [id])?;
    change.execute(
        "INSERT INTO payments SELECT id, 'refund', total, currency, ?2 FROM orders WHERE id = ?1",
        params![id, now],
    )?;
    Ok(Ok(()))
}
