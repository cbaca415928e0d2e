//! `delivery`: hands out files, to those who bought them.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /probe.bin` | `Range`, `If-Range`, `If-None-Match` | 200 or 206, [`PROBE_SIZE`] bytes of [`PROBE_SHA256`] · 304 · 416 |
//! | `GET /items/{id}/file` | the same, and `Authorization: Bearer TOKEN` or `?receipt=ORDER` | the item's file · 401 · 403 · 404 · 503 |
//! | `GET /items/{id}` | | 200 `{"item", "size", "sha256"}` · 404 |
//!
//! Whether a customer may have a file is asked of commerce, found by name: with a token, whether its owner (identity
//! says who that is) has the item; with the number of an order, which only its customer knows, whether that order is
//! paid and has the item in it. So an item that was given back is not handed out again.
//! Every file has a strong validator and the digest of its whole (`Repr-Digest`, RFC 9530), so that a download that broke
//! off can be resumed and checked.
//! With the fault `stall`, a download sends its first fifth and then nothing, and keeps its connection, as a server does
//! whose disk has stopped answering; when the fault goes, the download goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::control::{Control, Faults};
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::catalogue::Item;
use crate::download::{Download, Noise};
use crate::http::{Call, CallError, Finder, Problem, bearer};
use crate::layout::full;

pub(super) const SHEET: Sheet =
    Sheet { word: "delivery", about: "hands out files", octet: 13, hosts: &["cdn", "cdn.internal"] };

/// The size of `/probe.bin` in bytes: 5 MB.
pub const PROBE_SIZE: usize = 5_000_000;
/// The SHA-256 of `/probe.bin`.
pub const PROBE_SHA256: &str = "64fb0b2f059387a760a868c92488c87b1b548ba0603dff6c4d0234f4c562cb98";

const PROBE: Noise = Noise { seed: 0, size: PROBE_SIZE };

#[derive(Debug)]
struct Delivery {
    finder: Finder,
    faults: watch::Receiver<Faults>,
    /// Digests of files, made when they are first asked for.
    digests: Mutex<HashMap<&'static str, [u8; 32]>>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let finder = Finder::new(args.dns, args.listen.port());
    let delivery = Arc::new(Delivery { finder, faults: control.faults(), digests: Mutex::default() });
    let routes = Router::new()
        .route("/probe.bin", get(probe))
        .route("/items/{id}", get(describe))
        .route("/items/{id}/file", get(file))
        .with_state(delivery);
    serve(args.listen, routes, control).await
}

type Shared = State<Arc<Delivery>>;

async fn probe(State(delivery): Shared, method: Method, headers: HeaderMap) -> Result<Response, Problem> {
    let sha256 = delivery.sha256("probe.bin", PROBE).await?;
    let download = Download { content: PROBE, sha256, name: "probe.bin".to_owned() };
    Ok(download.answer(&method, &headers, delivery.faults.clone()))
}

#[derive(serde::Deserialize)]
struct Receipt {
    receipt: Option<String>,
}

async fn file(
    State(delivery): Shared,
    Path(id): Path<String>,
    Query(given): Query<Receipt>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let item = find(&id)?;
    match bearer(&headers) {
        Some(token) => delivery.check_owner(item, token).await?,
        None => delivery.check_receipt(item, given.receipt.as_deref()).await?,
    }
    let sha256 = delivery.sha256(item.id, content(item)).await?;
    let name = format!("{}.{}", item.id, item.kind.ending());
    let download = Download { content: content(item), sha256, name };
    Ok(download.answer(&method, &headers, delivery.faults.clone()))
}

async fn describe(State(delivery): Shared, Path(id): Path<String>) -> Result<axum::Json<Value>, Problem> {
    let item = find(&id)?;
    let sha256 = HEXLOWER.encode(&delivery.sha256(item.id, content(item)).await?);
    Ok(axum::Json(json!({ "item": item.id, "size": item.kind.size(), "sha256": sha256 })))
}

fn find(id: &str) -> Result<&'static Item, Problem> {
    Item::find(id).ok_or_else(|| Problem::not_found("the shop does not sell this item"))
}

/// What is in an item's file.
fn content(item: &Item) -> Noise {
    let seed = item.id.bytes().fold(1, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    Noise { seed, size: item.kind.size() }
}

impl Delivery {
    async fn sha256(&self, name: &'static str, content: Noise) -> Result<[u8; 32], Problem> {
        let digests = || self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        let known = digests().get(name).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let made = tokio::task::spawn_blocking(move || content.sha256()).await;
        let made = made.map_err(|error| Problem::broken(&error))?;
        digests().insert(name, made);
        Ok(made)
    }

    /// Whether the token's owner has the item: commerce says.
    async fn check_owner(&self, item: &Item, token: &str) -> Result<(), Problem> {
        let path = format!("/entitlements/{}", item.id);
        let answer = self.ask(Call::get(&path).with_token(token)).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::UNAUTHORIZED => Err(Problem::new(StatusCode::UNAUTHORIZED, "token", "sign in first")),
            StatusCode::NOT_FOUND => {
                Err(Problem::new(StatusCode::FORBIDDEN, "not_bought", "you have not bought this item"))
            }
            status => Err(unexpected(status)),
        }
    }

    /// Whether the receipt is a paid order with this item: commerce says.
    async fn check_receipt(&self, item: &Item, receipt: Option<&str>) -> Result<(), Problem> {
        let given =
            receipt.filter(|order| !order.is_empty() && order.bytes().all(|b| b.is_ascii_alphanumeric()));
        let words = "a file is for those who bought it: send a token, or add ?receipt=ORDER";
        let order = given.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "receipt", words))?;
        let answer = self.ask(Call::get(&format!("/receipts/{order}"))).await?;
        match answer.status {
            StatusCode::OK if has(&answer.body, item.id) => Ok(()),
            StatusCode::OK | StatusCode::NOT_FOUND => {
                Err(Problem::new(StatusCode::FORBIDDEN, "receipt", "this receipt is not for this item"))
            }
            status => Err(unexpected(status)),
        }
    }

    async fn ask(&self, call: Call<'_>) -> Result<crate::http::Answer, Problem> {
        let answer = self.finder.call(&full("buy.internal"), call).await;
        answer.map_err(|error| Problem::missing("commerce", &error))
    }
}

/// Whether an order, as commerce shows it, has this item.
fn has(order: &[u8], item: &str) -> bool {
    let order: Value = serde_json::from_slice(order).unwrap_or_default();
    let items = order.get("items").and_then(Value::as_array);
    items.is_some_and(|items| items.iter().any(|line| line.get("item").is_some_and(|id| id == item)))
}

/// Commerce could not say: what it lacks is lacking here too.
fn unexpected(status: StatusCode) -> Problem {
    Problem::missing("commerce", &CallError::Unexpected { host: full("buy.internal"), status })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_file_is_what_its_constants_say() {
        assert_eq!(HEXLOWER.encode(&PROBE.sha256()), PROBE_SHA256);
    }
}
