//! A purchase at the storefront: sign the visitor in, order, show the receipt. Each step finds its service by name.

use std::sync::Arc;

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use super::{Store, Visit, pages};
use crate::catalogue::Item;
use crate::http::{Call, CallError, Problem};
use crate::layout::full;
use crate::place::Place;
use crate::role::commerce::checked;
use crate::role::identity::{VISITOR_PASSWORD, VISITOR_USER};

/// What the button sends: the key makes a second press the same purchase.
#[derive(Debug, Deserialize)]
pub(super) struct Press {
    key: String,
}

pub(super) async fn buy(
    State(store): State<Arc<Store>>,
    Path((code, id)): Path<(String, String)>,
    visit: Visit,
    press: Result<Form<Press>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Problem> {
    let place = store.place(&code)?;
    let item = store.item(place, &id);
    let item = item.ok_or_else(|| Problem::not_found("the shop does not sell this item here"))?;
    let Form(press) = press.map_err(|error| Problem::new(error.status(), "form", error.body_text()))?;
    let key = checked(press.key)?;
    match store.order(place, item, &key).await {
        Ok(order) => {
            let file = store.file(&visit, item, &order).await;
            Ok(pages::bought(store.shelf, place, item, &order, file.as_deref()))
        }
        Err(error) => {
            tracing::warn!("a purchase failed: {error}");
            Ok(pages::not_bought(store.shelf, place, item, &key))
        }
    }
}

impl Store {
    /// Buys `item` for the visitor; the number of the order.
    async fn order(&self, place: &Place, item: &Item, key: &str) -> Result<String, CallError> {
        let credentials = json!({ "user": VISITOR_USER, "password": VISITOR_PASSWORD });
        let token =
            self.ask("id.internal", Call::post("/sign-in", credentials), StatusCode::OK, "token").await?;
        let path = format!("/{}/orders", place.code);
        let order = Call::post(&path, json!({ "item": item.id, "key": key })).with_token(&token);
        self.ask("buy.internal", order, StatusCode::CREATED, "order").await
    }

    async fn ask(
        &self,
        host: &str,
        call: Call<'_>,
        good: StatusCode,
        key: &str,
    ) -> Result<String, CallError> {
        let host = full(host);
        let answer = self.finder.call(&host, call).await?;
        match answer.text(key) {
            Some(text) if answer.status == good => Ok(text),
            _ => Err(CallError::Unexpected { host, status: answer.status }),
        }
    }

    /// Where the visitor finds the file they bought, unless delivery has no address just now.
    async fn file(&self, visit: &Visit, item: &Item, order: &str) -> Option<String> {
        let host = full("cdn");
        let address = self.finder.find(&host).await.ok()?;
        let authority =
            if visit.by_address() { address.to_string() } else { format!("{host}:{}", self.port) };
        Some(format!("http://{authority}/items/{}/file?receipt={order}", item.id))
    }
}
