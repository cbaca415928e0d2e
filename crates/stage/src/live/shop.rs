//! What a customer of the estate knows of it: its hosts, what is sold, whose account to use; and what must be there before
//! anybody can open a document or install a beta.
//!
//! Failure policy: a shop that cannot be prepared is not played with; what it answered is in the error.

use std::time::Duration;

use bytes::Bytes;
use candor_estate::catalogue::{Item, PROBE_ITEM, Shelf};
use candor_estate::layout::ZONE;
use candor_estate::{DEVELOPER_PASSWORD, DEVELOPER_USER, PROBE_PASSWORD, PROBE_USER};
use hyper::header;
use serde_json::json;

use super::customers::{Ask, Client, Trouble};
use crate::truth::Layer;

/// The document that is there to be opened, and what it says.
pub(super) const DOCUMENT: &str = "/documents/welcome";
pub(super) const DOCUMENT_TEXT: &str = "Welcome to your documents.";
/// The build that is there to be uploaded again and installed, where it is, and what it is.
pub(super) const BUILD: &str = "/apps/orrery/builds/1.0.7";
pub(super) const BUILD_FILE: &str = "/apps/orrery/builds/1.0.7/file";
pub(super) const BUILD_TEXT: &str = "A build that turns the planets.";
/// The part of a file that is downloaded: enough to stall in.
pub(super) const RANGE: &str = "bytes=0-65535";
pub(super) const RANGE_SIZE: usize = 65_536;

/// How often something is tried while the shop warms up, and how long between.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(250);

/// Who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// A customer.
    Customer,
    /// A developer.
    Developer,
}

impl Who {
    /// User and password.
    pub(super) const fn credentials(self) -> (&'static str, &'static str) {
        match self {
            Self::Customer => (PROBE_USER, PROBE_PASSWORD),
            Self::Developer => (DEVELOPER_USER, DEVELOPER_PASSWORD),
        }
    }
}

/// A host of the shop by its full name.
pub(super) fn host(name: &str) -> String {
    format!("{name}.{ZONE}")
}

/// What customers buy in a store: on sale in every place.
pub(super) fn item(store: &str) -> &'static str {
    match Shelf::find(store) {
        None | Some(Shelf::Apps) => PROBE_ITEM,
        Some(shelf) => Item::on(shelf).find(|item| item.not_in.is_empty()).map_or(PROBE_ITEM, |item| item.id),
    }
}

/// Signs in; the token.
pub(super) async fn sign_in(client: &Client, who: Who) -> Result<String, Trouble> {
    let (user, password) = who.credentials();
    let given = json!({ "user": user, "password": password });
    let answer = client.ask(Ask::post(&host("id"), "/sign-in", &given)).await?.expect(&[200])?;
    answer.json("token").ok_or_else(|| Trouble::told(Layer::Content, "no token in the answer".to_owned()))
}

/// Buys what is to be downloaded, keeps what is to be opened, uploads what is to be installed.
pub(super) async fn prepare(client: &Client, place: &str, stores: &[&str]) -> Result<(), Trouble> {
    let customer = tried(async || sign_in(client, Who::Customer).await).await?;
    let developer = tried(async || sign_in(client, Who::Developer).await).await?;
    let orders = format!("/{place}/orders");
    for store in stores {
        let order = json!({ "item": item(store), "key": format!("stage-{store}") });
        tried(async || sent(client, Ask::post(&host("buy"), &orders, &order).with_token(&customer)).await)
            .await?;
    }
    let document = || Bytes::from_static(DOCUMENT_TEXT.as_bytes());
    tried(async || sent(client, Ask::put(&host("docs"), DOCUMENT, document()).with_token(&customer)).await)
        .await?;
    let build = || Bytes::from_static(BUILD_TEXT.as_bytes());
    tried(async || sent(client, Ask::put(&host("connect"), BUILD, build()).with_token(&developer)).await)
        .await?;
    let invited = json!({ "tester": PROBE_USER });
    let invite =
        || Ask::post(&host("testflight"), "/apps/orrery/invitations", &invited).with_token(&developer);
    tried(async || sent(client, invite()).await).await?;
    // It is processed first.
    tried(async || sent(client, Ask::get(&host("testflight"), BUILD_FILE).with_token(&customer)).await).await
}

/// Somebody sets the shop's own status page; the words of the key are the estate's.
pub(super) async fn say_status(client: &Client, system: &str, state: &str) -> Result<(), Trouble> {
    let said = json!({ "state": state, "note": "", "key": candor_estate::STATUS_KEY });
    sent(client, Ask::post(&host("status"), &format!("/systems/{system}"), &said)).await
}

/// So many customers come in a minute from now on.
pub(super) async fn pace(client: &Client, per_minute: u32, seed: u64) -> Result<(), Trouble> {
    let pace = json!({ "per_minute": per_minute, "seed": seed, "hour": 12 });
    sent(client, Ask::post(&host("customers"), "/pace", &pace)).await
}

/// What was counted of the customers.
pub(super) async fn tally(client: &Client) -> Result<Vec<u8>, Trouble> {
    let ask = Ask::get(&host("customers"), "/tally.json").with(header::ACCEPT, "application/json");
    Ok(client.ask(ask).await?.expect(&[200])?.body)
}

async fn sent(client: &Client, ask: Ask<'_>) -> Result<(), Trouble> {
    client.ask(ask).await?.expect(&[200, 201]).map(drop)
}

async fn tried<T>(step: impl AsyncFn() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let mut last = step().await;
    for _ in 1..TRIES {
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
        last = step().await;
    }
    last
}
