//! One visit: browse, sign in, buy, download; and what becomes of it.

use std::time::Duration;

use axum::http::StatusCode;
use http_body_util::BodyExt;
use serde_json::json;

use super::crowd::Wish;
use super::words::{Failed, complaint};
use super::{Crowd, tally};
use crate::http::{Answer, Call, CallError};
use crate::layout::{ZONE, full};
use crate::place::Place;

/// How often something is tried, and how long somebody waits before trying again.
const TRIES: u32 = 3;
const PATIENCE: Duration = Duration::from_millis(700);
/// How long a download may make no progress.
const STALL: Duration = Duration::from_secs(5);
/// The customers' passwords: of no use beyond the loopback of one host.
const PASSWORD: &str = "open-sesame-customer";

/// Why a visit ended early.
struct GaveUp {
    failed: Failed,
    /// Whether it may have been paid all the same.
    perhaps_paid: bool,
}

const fn gave_up(failed: Failed) -> GaveUp {
    GaveUp { failed, perhaps_paid: false }
}

/// Comes, and writes down how it ended.
pub(super) async fn visit(crowd: &Crowd, wish: &Wish) {
    count(crowd, "visits").await;
    let bought = buys(crowd, wish).await;
    let (state, failed) = match &bought {
        Ok(_) => ("taken", None),
        Err(GaveUp { failed, perhaps_paid: false }) => ("not_taken", Some(failed.word())),
        Err(GaveUp { failed, perhaps_paid: true }) => ("unknown", Some(failed.word())),
    };
    let row = wish.clone();
    drop(crowd.database.run(move |db| tally::end(db, &row, state, failed)).await);
    let failed = match bought {
        Ok(token) => {
            settle(crowd, wish).await;
            match downloads(crowd, wish, &token).await {
                Ok(()) => {
                    count(crowd, "downloads").await;
                    return;
                }
                Err(failed) => {
                    count(crowd, "gave_up_download").await;
                    failed
                }
            }
        }
        Err(GaveUp { failed, .. }) => failed,
    };
    complain(crowd, wish, failed).await;
}

async fn count(crowd: &Crowd, what: &'static str) {
    drop(crowd.database.run(move |db| tally::count(db, what)).await);
}

/// Up to the receipt; the token is for the download.
async fn buys(crowd: &Crowd, wish: &Wish) -> Result<String, GaveUp> {
    let (place, item) = (wish.place.code, wish.item.id);
    let front = full(&format!("{place}.{}", wish.shelf.word()));
    for path in [format!("/{place}/"), format!("/{place}/items/{item}")] {
        let seen = tried(crowd, wish.place, &front, || Call::get(&path)).await;
        seen.filter(|answer| answer.status == StatusCode::OK).ok_or(gave_up(Failed::Browse))?;
    }
    let token = signs_in(crowd, wish.place, wish.customer).await.ok_or(gave_up(Failed::SignIn))?;
    let path = format!("/{place}/orders");
    let mut perhaps_paid = false;
    for n in 0..TRIES {
        if n > 0 {
            tokio::time::sleep(PATIENCE).await;
        }
        let order = json!({ "item": item, "key": wish.key });
        match crowd.finder(wish.place).call(&full("buy"), Call::post(&path, order).with_token(&token)).await {
            Ok(answer) if answer.status == StatusCode::CREATED => return Ok(token),
            Ok(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                // The session has ended: the next visit signs in anew.
                crowd.set_token(wish.customer, None);
                return Err(GaveUp { failed: Failed::SignIn, perhaps_paid });
            }
            Ok(answer) => perhaps_paid |= answer.status == StatusCode::INTERNAL_SERVER_ERROR,
            // Whoever did not answer may have done it.
            Err(CallError::Late { .. } | CallError::Broken { .. }) => perhaps_paid = true,
            Err(CallError::Name(_) | CallError::Connect { .. } | CallError::Unexpected { .. }) => {}
        }
    }
    Err(GaveUp { failed: Failed::Buy, perhaps_paid })
}

/// A few tries; none if no answer came or only excuses (503).
async fn tried<'a>(crowd: &Crowd, place: &Place, host: &str, call: impl Fn() -> Call<'a>) -> Option<Answer> {
    for n in 0..TRIES {
        if n > 0 {
            tokio::time::sleep(PATIENCE).await;
        }
        match crowd.finder(place).call(host, call()).await {
            Ok(answer) if !answer.status.is_server_error() => return Some(answer),
            Ok(_) | Err(_) => {}
        }
    }
    None
}

async fn signs_in(crowd: &Crowd, place: &Place, customer: u32) -> Option<String> {
    if let Some(token) = crowd.token(customer) {
        return Some(token);
    }
    let given = json!({ "user": format!("customer-{customer}@{ZONE}"), "password": PASSWORD });
    let host = full("id");
    let sign_in = || Call::post("/sign-in", given.clone());
    let mut answer = tried(crowd, place, &host, sign_in).await?;
    if answer.status == StatusCode::UNAUTHORIZED {
        // The first visit: an account is opened.
        tried(crowd, place, &host, || Call::post("/accounts", given.clone())).await?;
        answer = tried(crowd, place, &host, sign_in).await?;
    }
    let token = answer.text("token")?;
    crowd.set_token(customer, Some(token.clone()));
    Some(token)
}

async fn downloads(crowd: &Crowd, wish: &Wish, token: &str) -> Result<(), Failed> {
    let path = format!("/items/{}/file", wish.item.id);
    let answer = crowd.finder(wish.place).open(&full("cdn"), Call::get(&path).with_token(token)).await;
    let answer = answer.map_err(|_| Failed::Download)?;
    if answer.status() != StatusCode::OK {
        return Err(Failed::Download);
    }
    let mut body = answer.into_body();
    loop {
        match tokio::time::timeout(STALL, body.frame()).await {
            Ok(Some(Ok(_))) => {}
            Ok(None) => return Ok(()),
            Ok(Some(Err(_))) | Err(_) => return Err(Failed::Download),
        }
    }
}

/// Buying works here: what was given up without an answer is looked up.
async fn settle(crowd: &Crowd, wish: &Wish) {
    let place = wish.place.code;
    let Ok(open) = crowd.database.run(move |db| tally::unknown(db, place)).await else { return };
    for (key, customer) in open {
        let Some(token) = signs_in(crowd, wish.place, customer).await else { return };
        let path = format!("/{place}/orders/{key}");
        let answer = crowd.finder(wish.place).call(&full("buy"), Call::get(&path).with_token(&token)).await;
        let paid = match answer {
            Ok(answer) if answer.status == StatusCode::OK => answer.text("state").as_deref() == Some("paid"),
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => false,
            Ok(_) | Err(_) => continue,
        };
        drop(crowd.database.run(move |db| tally::settle(db, &key, paid)).await);
    }
}

async fn complain(crowd: &Crowd, wish: &Wish, failed: Failed) {
    let place = wish.place.code;
    if !crowd.database.run(move |db| tally::may_complain(db, place)).await.unwrap_or(false) {
        return;
    }
    let post = json!({
        "author": format!("customer-{}", wish.customer), "lang": wish.lang, "place": place,
        "text": complaint(wish.lang, failed),
    });
    let posted = crowd.outside.call(&full("social"), Call::post("/posts", post)).await;
    if posted.is_ok_and(|answer| answer.status == StatusCode::CREATED) {
        count(crowd, "complaints").await;
    }
}
