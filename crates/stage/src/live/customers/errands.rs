//! What customers do, a function for each capability: the steps that somebody takes who comes for that, from the name to
//! the thing itself. Nothing is kept from one time to the next but who is signed in, and that for less than a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::header;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::client::{Answer, Ask, Client, Trouble};
use crate::live::shop::{
    BUILD, BUILD_FILE, BUILD_TEXT, DOCUMENT, DOCUMENT_TEXT, RANGE, RANGE_SIZE, Who, host, item, sign_in,
};
use crate::truth::{CellName, Layer};

/// For how long who signed in is signed in.
const SIGNED_IN: Duration = Duration::from_millis(700);
/// What stands on every page of a store that works.
const MARK: &str = "Top charts";
/// What stands on the page of a purchase.
const THANKS: &str = "Thank you.";
/// Where a chart leads to an item.
const ITEM_LINK: &str = "class=\"item\" href=\"";

/// A customer of one place.
#[derive(Debug)]
pub(super) struct Customer {
    pub(super) client: Client,
    pub(super) place: String,
    /// With a whole errand.
    pub(super) patience: Duration,
    /// Distinguishes purchases and letters.
    pub(super) errands: AtomicU64,
    pub(super) customer: SignedIn,
    pub(super) developer: SignedIn,
}

/// Who signed in last, when, and how it ended: those who come at the same moment come together.
pub(super) type SignedIn = Mutex<Option<(Instant, Result<String, Trouble>)>>;

impl Customer {
    /// Comes for one thing.
    pub(super) async fn comes_for(&self, cell: &CellName) -> Result<(), Trouble> {
        let late = || Err(Trouble::waited(Layer::Deadline, format!("{cell}: it takes too long")));
        timeout(self.patience, self.errand(cell)).await.unwrap_or_else(|_| late())
    }

    async fn errand(&self, cell: &CellName) -> Result<(), Trouble> {
        let service = cell.service.as_str();
        match (service, cell.capability.as_str()) {
            (_, "browse") => self.front(service).await.map(drop),
            (_, "view") => self.view(service).await,
            (_, "buy") => self.buy(service).await,
            (_, "download") => self.download(service).await,
            ("account", _) => self.sign_in(Who::Customer).await.map(drop),
            ("mail", "send") => self.send_letter().await,
            ("mail", _) => self.fetch("mail", "/letters", "letters").await,
            ("documents", _) => self.fetch("docs", DOCUMENT, DOCUMENT_TEXT).await,
            ("connect", _) => self.upload().await,
            ("testflight", _) => self.fetch("testflight", BUILD_FILE, BUILD_TEXT).await,
            ("support", _) => self.ask_for_help().await,
            _ => Err(Trouble::told(Layer::Content, format!("nobody comes for {cell}"))),
        }
    }

    async fn page(&self, store: &str, path: &str) -> Result<Answer, Trouble> {
        let front = host(&format!("{}.{store}", self.place));
        let page = self
            .client
            .ask(Ask::get(&front, path).with(header::ACCEPT, "text/html"))
            .await?
            .expect(&[200])?;
        match page.text().contains(MARK) {
            true => Ok(page),
            false => Err(Trouble::told(Layer::Content, "this is not the store's page".to_owned())),
        }
    }

    async fn front(&self, store: &str) -> Result<Answer, Trouble> {
        self.page(store, &format!("/{}/", self.place)).await
    }

    /// The first item of the charts.
    async fn view(&self, store: &str) -> Result<(), Trouble> {
        let front = self.front(store).await?.text();
        let link = front.split_once(ITEM_LINK).and_then(|(_, rest)| Some(rest.split_once('"')?.0));
        let link =
            link.ok_or_else(|| Trouble::told(Layer::Content, "there is nothing in the charts".to_owned()))?;
        self.page(store, link).await.map(drop)
    }

    /// Signs in, and presses the button at the storefront, which signs in and orders inside of the shop.
    async fn buy(&self, store: &str) -> Result<(), Trouble> {
        self.sign_in(Who::Customer).await?;
        let front = host(&format!("{}.{store}", self.place));
        let path = format!("/{}/items/{}/buy", self.place, item(store));
        let press = format!("key={}", self.key());
        let bought = self.client.ask(Ask::form(&front, &path, press)).await?.expect(&[201])?;
        match bought.text().contains(THANKS) {
            true => Ok(()),
            false => Err(Trouble::told(Layer::Content, "nobody says thank you".to_owned())),
        }
    }

    /// The beginning of what was bought before.
    async fn download(&self, store: &str) -> Result<(), Trouble> {
        let token = self.sign_in(Who::Customer).await?;
        self.front(store).await?;
        let path = format!("/items/{}/file", item(store));
        let ask = Ask::get(&host("cdn"), &path).with_token(&token).with(header::RANGE, RANGE);
        let file = self.client.ask(ask).await?.expect(&[206])?;
        match file.body.len() {
            RANGE_SIZE => Ok(()),
            size => Err(Trouble::told(Layer::Transfer, format!("{size} bytes came"))),
        }
    }

    /// Something of the customer's, which holds this text.
    async fn fetch(&self, name: &str, path: &str, text: &str) -> Result<(), Trouble> {
        let token = self.sign_in(Who::Customer).await?;
        let ask = Ask::get(&host(name), path).with_token(&token).with(header::ACCEPT, "application/json");
        let found = self.client.ask(ask).await?.expect(&[200])?;
        match found.text().contains(text) {
            true => Ok(()),
            false => Err(Trouble::told(Layer::Content, format!("{name}: something else came"))),
        }
    }

    async fn send_letter(&self) -> Result<(), Trouble> {
        let token = self.sign_in(Who::Customer).await?;
        let (to, _) = Who::Customer.credentials();
        let letter = json!({ "to": to, "subject": "Hello", "text": "A letter.", "key": self.key() });
        let ask = Ask::post(&host("mail"), "/letters", &letter).with_token(&token);
        let sent = self.client.ask(ask).await?.expect(&[201])?;
        if let Some(id) = sent.json("id") {
            let path = format!("/letters/{id}");
            drop(self.client.ask(Ask::delete(&host("mail"), &path).with_token(&token)).await);
        }
        Ok(())
    }

    async fn upload(&self) -> Result<(), Trouble> {
        let token = self.sign_in(Who::Developer).await?;
        let build = Bytes::from_static(BUILD_TEXT.as_bytes());
        let ask = Ask::put(&host("connect"), BUILD, build).with_token(&token);
        self.client.ask(ask).await?.expect(&[200, 201]).map(drop)
    }

    async fn ask_for_help(&self) -> Result<(), Trouble> {
        let token = self.sign_in(Who::Customer).await?;
        let ticket = json!({ "subject": "A question", "text": "How?", "key": self.key() });
        let ask = Ask::post(&host("support"), "/tickets", &ticket).with_token(&token);
        let opened = self.client.ask(ask).await?.expect(&[201])?;
        if let Some(ticket) = opened.json("ticket") {
            let path = format!("/tickets/{ticket}/close");
            drop(self.client.ask(Ask::post(&host("support"), &path, &json!({})).with_token(&token)).await);
        }
        Ok(())
    }

    async fn sign_in(&self, who: Who) -> Result<String, Trouble> {
        let mut last = match who {
            Who::Customer => self.customer.lock().await,
            Who::Developer => self.developer.lock().await,
        };
        if let Some((at, ended)) = last.as_ref()
            && at.elapsed() < SIGNED_IN
        {
            return ended.clone();
        }
        let ended = sign_in(&self.client, who).await;
        *last = Some((Instant::now(), ended.clone()));
        ended
    }

    fn key(&self) -> String {
        format!("truth-{}-{}", self.place, self.errands.fetch_add(1, Ordering::Relaxed))
    }
}
