//! `delivery`: hands out files.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /probe.bin` | `Range`, `If-Range`, `If-None-Match` | 200 or 206, [`PROBE_SIZE`] bytes of [`PROBE_SHA256`] · 304 · 416 |
//! | `GET /items/{id}/file?receipt=ORDER` | the same | the item's file · 401 · 403 · 404 · 503 |
//!
//! Whether a receipt is good is asked of commerce, found by name. With the fault `stall`, a download sends its
//! first fifth and then nothing, and keeps its connection, as a server does whose disk has stopped answering; when
//! the fault goes, the download goes on.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::control::{Control, Faults};
use super::{RoleArgs, RoleError, Sheet};
use crate::catalogue::Item;
use crate::download::{Download, pseudorandom};
use crate::http::{Call, CallError, Door, Finder, Problem, shell};
use crate::layout::ZONE;

pub(super) const SHEET: Sheet =
    Sheet { word: "delivery", about: "hands out files", octet: 13, hosts: &["cdn", "cdn.internal"] };

/// The size of `/probe.bin` in bytes: 5 MB.
pub const PROBE_SIZE: usize = 5_000_000;
/// The SHA-256 of `/probe.bin`.
pub const PROBE_SHA256: &str = "64fb0b2f059387a760a868c92488c87b1b548ba0603dff6c4d0234f4c562cb98";
/// The size of an item's file in bytes.
const ITEM_SIZE: usize = 400_000;

static PROBE: LazyLock<Bytes> = LazyLock::new(|| pseudorandom(0, PROBE_SIZE));

#[derive(Debug)]
struct Delivery {
    finder: Finder,
    faults: watch::Receiver<Faults>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let finder = Finder::new(args.dns, args.listen.port());
    let delivery = Arc::new(Delivery { finder, faults: control.faults() });
    let routes = Router::new()
        .route("/probe.bin", get(probe))
        .route("/items/{id}/file", get(file))
        .with_state(delivery);
    let address = args.listen;
    let _door = Door::open(address, shell(routes, control.faults()))
        .await
        .map_err(|source| RoleError::Listen { address, source })?;
    control.attend(async |_| Ok(())).await.map_err(RoleError::Control)
}

async fn probe(State(delivery): State<Arc<Delivery>>, headers: HeaderMap) -> Response {
    let download =
        Download { content: PROBE.clone(), etag: format!("\"{PROBE_SHA256}\""), name: "probe.bin" };
    download.answer(&headers, delivery.faults.clone())
}

#[derive(serde::Deserialize)]
struct Receipt {
    receipt: Option<String>,
}

async fn file(
    State(delivery): State<Arc<Delivery>>,
    Path(id): Path<String>,
    Query(given): Query<Receipt>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let item = Item::find(&id).ok_or_else(|| Problem::not_found("the shop does not sell this item"))?;
    delivery.check(item, given.receipt.as_deref()).await?;
    let seed = item.id.bytes().fold(1, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let content = pseudorandom(seed, ITEM_SIZE);
    let etag = format!("\"{:x}\"", Sha256::digest(&content));
    Ok(Download { content, etag, name: item.id }.answer(&headers, delivery.faults.clone()))
}

impl Delivery {
    /// Whether the receipt is a paid order of this item: commerce says.
    async fn check(&self, item: &Item, receipt: Option<&str>) -> Result<(), Problem> {
        let given =
            receipt.filter(|order| !order.is_empty() && order.bytes().all(|b| b.is_ascii_alphanumeric()));
        let words = "a file is for those who bought it: add ?receipt=ORDER";
        let order = given.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "receipt", words))?;
        let host = format!("buy.internal.{ZONE}");
        let answer = self.finder.call(&host, Call::get(&format!("/receipts/{order}"))).await;
        let answer = answer.map_err(|error| Problem::missing("commerce", &error))?;
        match answer.status {
            StatusCode::OK if answer.text("item").as_deref() == Some(item.id) => Ok(()),
            StatusCode::OK | StatusCode::NOT_FOUND => {
                Err(Problem::new(StatusCode::FORBIDDEN, "receipt", "this receipt is not for this item"))
            }
            status => Err(Problem::missing("commerce", &CallError::Unexpected { host, status })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_file_is_what_its_constants_say() {
        assert_eq!(PROBE.len(), PROBE_SIZE);
        assert_eq!(format!("{:x}", Sha256::digest(&*PROBE)), PROBE_SHA256);
    }
}
