//! The cart: what a customer means to buy in a place. It is emptied by the order that buys it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use rusqlite::{Connection, params};
use serde::Serialize;

use super::order::{GOODS_MAX, Line};
use super::{Commerce, Good, on_sale};
use crate::catalogue::Item;
use crate::http::Problem;
use crate::place::Place;

#[derive(Debug, Serialize)]
pub(super) struct Cart {
    place: &'static str,
    items: Vec<Line>,
    total: String,
    currency: &'static str,
}

type Shared = State<Arc<Commerce>>;

pub(super) async fn show(
    State(commerce): Shared,
    Path(place): Path<String>,
    headers: HeaderMap,
) -> Result<axum::Json<Cart>, Problem> {
    let place = commerce.place(&place)?;
    let user = commerce.customer(&headers).await?;
    Ok(axum::Json(commerce.database.run(move |db| read(db, &user, place)).await?))
}

pub(super) async fn add(
    State(commerce): Shared,
    Path((place, item)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<axum::Json<Cart>, Problem> {
    let place = commerce.place(&place)?;
    let item = on_sale(place, &item).map_err(|problem| Problem::not_found(problem.message))?;
    let user = commerce.customer(&headers).await?;
    let cart = commerce.database.run(move |db| {
        let change = db.transaction()?;
        let insert = "INSERT INTO carts VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        change.execute(insert, params![user, place.code, item.id])?;
        let cart = read(&change, &user, place)?;
        if cart.items.len() > GOODS_MAX {
            return Ok(None);
        }
        change.commit()?;
        Ok(Some(cart))
    });
    let full = || Problem::new(StatusCode::CONFLICT, "full", format!("a cart has at most {GOODS_MAX} items"));
    cart.await?.map(axum::Json).ok_or_else(full)
}

pub(super) async fn remove(
    State(commerce): Shared,
    Path((place, item)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<axum::Json<Cart>, Problem> {
    let place = commerce.place(&place)?;
    let user = commerce.customer(&headers).await?;
    let cart = commerce.database.run(move |db| {
        let delete = "DELETE FROM carts WHERE user = ?1 AND place = ?2 AND item = ?3";
        db.execute(delete, params![user, place.code, item])?;
        read(db, &user, place)
    });
    Ok(axum::Json(cart.await?))
}

fn read(db: &Connection, user: &str, place: &'static Place) -> rusqlite::Result<Cart> {
    let goods = goods(db, user, place)?;
    let total = goods.iter().map(|good| u64::from(place.amount(good.tier))).sum();
    let items = goods.iter().map(|good| Line { item: good.id.to_owned(), price: place.price(good.tier) });
    let items = items.collect();
    Ok(Cart { place: place.code, items, total: place.decimal(total), currency: place.currency })
}

/// What is in the cart; what is not sold any more is not.
fn goods(db: &Connection, user: &str, place: &Place) -> rusqlite::Result<Vec<Good>> {
    let mut items = db.prepare("SELECT item FROM carts WHERE user = ?1 AND place = ?2 ORDER BY item")?;
    let items = items.query_map([user, place.code], |row| row.get::<_, String>(0))?;
    let goods = items.map(|id| Ok(Item::find(&id?).filter(|item| item.is_sold_in(place)).map(Good::from)));
    goods.filter_map(Result::transpose).collect()
}

/// Takes everything out of the cart.
pub(super) fn take(db: &Connection, user: &str, place: &Place) -> rusqlite::Result<Vec<Good>> {
    let goods = goods(db, user, place)?;
    db.execute("DELETE FROM carts WHERE user = ?1 AND place = ?2", [user, place.code])?;
    Ok(goods)
}
