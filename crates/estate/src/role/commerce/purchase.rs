//! What customers have: restored, consumed, asked for by those who hand it out; and what sellers see of it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::{Value, json};

use super::Commerce;
use super::order::Refusal;
use crate::http::Problem;
use crate::place::Place;

/// How many purchases are listed, the newest first.
const LISTED_MAX: u32 = 1000;

/// Something that a customer has.
#[derive(Debug, Serialize)]
struct Purchase {
    item: String,
    consumable: bool,
    order: String,
    place: String,
    receipt: String,
}

type Shared = State<Arc<Commerce>>;

/// All that the customer has, each thing once; of what is used up, every piece that was not.
pub(super) async fn restore(
    State(commerce): Shared,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Problem> {
    let user = commerce.customer(&headers).await?;
    let purchases = commerce.database.run(move |db| held(db, &user)).await?;
    Ok(axum::Json(json!({ "purchases": purchases })))
}

fn held(db: &Connection, user: &str) -> rusqlite::Result<Vec<Purchase>> {
    // With max(), SQLite takes the other columns from the row that has it.
    let mut held = db.prepare(
        "SELECT item, consumable, id, place, receipt, max(made_at) AS newest
         FROM entitlements JOIN orders ON id = order_id
         WHERE entitlements.user = ?1 AND entitlements.state = 'held'
         GROUP BY item, CASE WHEN consumable THEN id END ORDER BY newest DESC, item LIMIT ?2",
    )?;
    let held = held.query_map(params![user, LISTED_MAX], |row| {
        Ok(Purchase {
            item: row.get(0)?,
            consumable: row.get(1)?,
            order: row.get(2)?,
            place: row.get(3)?,
            receipt: row.get(4)?,
        })
    })?;
    held.collect()
}

/// Whether the customer has an item.
pub(super) async fn entitlement(
    State(commerce): Shared,
    Path(item): Path<String>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Problem> {
    let user = commerce.customer(&headers).await?;
    let sql = "SELECT order_id FROM entitlements WHERE user = ?1 AND item = ?2 AND state = 'held' LIMIT 1";
    let asked = item.clone();
    let order: Option<String> = commerce
        .database
        .run(move |db| db.query_row(sql, [user, asked], |row| row.get(0)).optional())
        .await?;
    order
        .map(|order| axum::Json(json!({ "item": item, "order": order })))
        .ok_or_else(|| Problem::not_found("the customer does not have this item"))
}

/// Uses up what was bought, once.
pub(super) async fn consume(
    State(commerce): Shared,
    Path((order, item)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Problem> {
    let user = commerce.customer(&headers).await?;
    let (id, what) = (order.clone(), item.clone());
    let before = commerce.database.run(move |db| {
        let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let sql =
            "SELECT state, consumable FROM entitlements WHERE order_id = ?1 AND item = ?2 AND user = ?3";
        let before = change.query_row(sql, params![id, what, user], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?))
        });
        let before = before.optional()?;
        let use_up = "UPDATE entitlements SET state = 'consumed'
                      WHERE order_id = ?1 AND item = ?2 AND user = ?3 AND consumable AND state = 'held'";
        change.execute(use_up, params![id, what, user])?;
        change.commit()?;
        Ok(before)
    });
    let nothing = || Problem::not_found("the customer has bought no such thing with this order");
    match before.await?.as_ref().map(|(state, consumable)| (state.as_str(), *consumable)) {
        None => Err(nothing()),
        Some((_, false)) => {
            let words = "this is not used up: it stays the customer's";
            Err(Problem::unfit("consumable", words))
        }
        Some(("held", true)) => Ok(axum::Json(json!({ "order": order, "consumed": item }))),
        Some(("consumed", true)) => Err(Refusal::UsedUp.into()),
        Some((_, true)) => Err(Refusal::GivenBack.into()),
    }
}

/// How an item sells, by place; nothing about who bought it.
pub(super) async fn sales(
    State(commerce): Shared,
    Path(item): Path<String>,
    headers: HeaderMap,
) -> Result<axum::Json<Value>, Problem> {
    commerce.customer(&headers).await?;
    let asked = item.clone();
    let sales = commerce.database.run(move |db| sold(db, &asked)).await?;
    Ok(axum::Json(json!({ "item": item, "sales": sales })))
}

fn sold(db: &Connection, item: &str) -> rusqlite::Result<Vec<Value>> {
    let mut sold = db.prepare(
        "SELECT place, currency, count(*), count(*) FILTER (WHERE state = 'refunded'),
                coalesce(sum(amount) FILTER (WHERE state = 'paid'), 0)
         FROM lines JOIN orders ON id = order_id WHERE item = ?1 GROUP BY place, currency ORDER BY place",
    )?;
    let sold = sold.query_map([item], |row| {
        let (code, takings): (String, u64) = (row.get(0)?, row.get(4)?);
        let takings = Place::find(&code).map_or_else(String::new, |place| place.decimal(takings));
        Ok(json!({
            "place": code, "currency": row.get::<_, String>(1)?, "sold": row.get::<_, u64>(2)?,
            "given_back": row.get::<_, u64>(3)?, "takings": takings,
        }))
    })?;
    sold.collect()
}
