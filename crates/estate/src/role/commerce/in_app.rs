//! In-app purchase: another program buys for its customer, with that customer's token.
//!
//! What is not used up is restored for ever; what is used up stays listed until the program has said that it was
//! consumed, so that nothing paid is lost between the purchase and its use.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::order::{self, Request, Source};
use super::{Commerce, Good};
use crate::catalogue::{Item, Product};
use crate::http::{Json, Problem};
use crate::place::Place;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    product: String,
    key: Option<String>,
}

fn app(place: &Place, id: &str) -> Result<&'static Item, Problem> {
    let app = Item::find(id).filter(|item| item.is_sold_in(place));
    app.ok_or_else(|| Problem::not_found("the shop does not sell this app here"))
}

pub(super) async fn products(
    State(commerce): State<Arc<Commerce>>,
    Path((place, id)): Path<(String, String)>,
) -> Result<axum::Json<Value>, Problem> {
    let place = commerce.place(&place)?;
    let app = app(place, &id)?;
    let products = Product::of(app.id).map(|product| {
        json!({
            "id": product.id, "name": product.name, "price": place.price(product.tier),
            "consumable": product.consumable,
        })
    });
    let products: Vec<_> = products.collect();
    Ok(axum::Json(json!({ "app": app.id, "currency": place.currency, "products": products })))
}

pub(super) async fn buy(
    State(commerce): State<Arc<Commerce>>,
    Path((place, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(wanted): Json<Wanted>,
) -> Result<Response, Problem> {
    let place = commerce.place(&place)?;
    let app = app(place, &id)?;
    let product = Product::find(&wanted.product).filter(|product| product.app == app.id);
    let unknown = || Problem::unfit("product", "the app does not sell this product");
    let product = product.ok_or_else(unknown)?;
    let key = order::key(&headers, wanted.key)?;
    let user = commerce.customer(&headers).await?;
    let asked = format!("{} product {}", place.code, product.id);
    let source = Source::Goods(vec![Good::from(product)]);
    order::made(&commerce, Request { user, key, place, source, asked }).await
}
