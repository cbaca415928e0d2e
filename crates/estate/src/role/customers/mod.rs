//! `customers`: a seeded load of people by country and hour, who browse, sign in, buy and download, and complain when they
//! cannot.
//!
//! | endpoint | takes | answers |
//! |---|---|---|
//! | `GET /` | | the tally for people |
//! | `GET /tally.json` | | 200 what they did, what was taken, and what was really not taken, by place and minute |
//! | `POST /pace` | `{"per_minute", "seed"?, "hour"?}` | 200 the same · 422 |
//!
//! Nobody comes until a pace is set. Who comes next, where, and what they want follows from the seed and the hour (UTC) alone:
//! the machine's, or the one that `hour` fixes. What they meet does not: it is whatever the estate really does, found by its public
//! names as customers find it, by the copy of the zone of their place, addresses remembered for half a second.
//!
//! A customer who fails tries twice more, with the same key, and gives up: that is money not taken. Where an attempt may
//! have been paid though no answer came, the order is looked up once buying works again there, and counted by what is found.
//! Who gave up complains on `social` in their language, a few in a minute for each place; when things work they do not post.
//! Absent: people who return later, carts, in-app purchases.

mod crowd;
mod tally;
mod visit;
mod words;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::http::{Finder, Manner, Problem, Sent, page, site};
use crate::place::Place;
use tally::Tally;

pub(super) const SHEET: Sheet =
    Sheet { word: "customers", about: "comes and buys, or cannot", octet: 27, hosts: &["customers"] };

/// The most visits a minute.
const PACE_MAX: u32 = 3000;
/// Visits at once; who would come beyond that does not come, and is counted.
const VISITS_AT_ONCE: usize = 100;

/// How many come, and who.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    per_minute: u32,
    #[serde(default)]
    seed: u64,
    /// The hour of the day, UTC; the machine's where none is given.
    hour: Option<u32>,
}

/// What visits share.
#[derive(Debug)]
struct Crowd {
    database: Database,
    /// What customers of a place ask for names, by code; and what those ask who have no place of their own there.
    finders: HashMap<&'static str, Arc<Finder>>,
    finder: Arc<Finder>,
    /// What they ask for the names of what lives apart.
    outside: Finder,
    places: Vec<&'static Place>,
    pace: watch::Sender<Pace>,
    visits: Arc<Semaphore>,
    turned_away: AtomicU64,
    /// Who is signed in, by number, with their token.
    tokens: Mutex<HashMap<u32, String>>,
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let none = Pace { per_minute: 0, seed: 0, hour: None };
    let crowd = Arc::new(Crowd {
        database: Database::open(&args.state.join("customers.db"), tally::SCHEMA, control.faults())?,
        finders: Finder::by_place(&args.names, args.listen.port()),
        finder: Arc::new(Finder::new(args.dns, args.listen.port())),
        outside: Finder::new(args.outside.unwrap_or(args.dns), args.listen.port()),
        places: args.places.iter().map(|(place, _)| *place).collect(),
        pace: watch::Sender::new(none),
        visits: Arc::new(Semaphore::new(VISITS_AT_ONCE)),
        turned_away: AtomicU64::new(0),
        tokens: Mutex::default(),
    });
    let routes = Router::new()
        .route("/", get(front))
        .route("/tally.json", get(as_json))
        .route("/pace", post(set_pace))
        .with_state(Arc::clone(&crowd));
    // The set ends every visit when the role ends.
    let mut load = JoinSet::new();
    load.spawn(come(crowd));
    serve(args.listen, site("Customers", routes), control).await
}

/// Lets customers come at the pace that is set, the first one of a new pace at once.
async fn come(crowd: Arc<Crowd>) {
    let mut pace = crowd.pace.subscribe();
    let mut visits = JoinSet::new();
    let mut number = 0;
    loop {
        let now = *pace.borrow_and_update();
        if now.per_minute == 0 {
            number = 0;
            if pace.changed().await.is_err() {
                return;
            }
            continue;
        }
        while visits.try_join_next().is_some() {}
        match Arc::clone(&crowd.visits).try_acquire_owned() {
            Ok(turn) => {
                let wish = crowd::wish(now.seed, number, now.hour.unwrap_or_else(hour), &crowd.places);
                let crowd = Arc::clone(&crowd);
                visits.spawn(async move {
                    if let Some(wish) = wish {
                        visit::visit(&crowd, &wish).await;
                    }
                    drop(turn);
                });
            }
            Err(_) => drop(crowd.turned_away.fetch_add(1, Ordering::Relaxed)),
        }
        number += 1;
        let gap = Duration::from_secs(60) / now.per_minute;
        tokio::select! {
            () = tokio::time::sleep(gap) => {}
            changed = pace.changed() => match changed {
                Ok(()) => number = 0,
                Err(_) => return,
            },
        }
    }
}

/// The hour of the day, UTC.
fn hour() -> u32 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    u32::try_from(seconds / 3600 % 24).unwrap_or(0)
}

type Shared = State<Arc<Crowd>>;

impl Crowd {
    /// How customers of a place find things.
    fn finder(&self, place: &Place) -> &Finder {
        self.finders.get(place.code).unwrap_or(&self.finder)
    }

    fn token(&self, customer: u32) -> Option<String> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&customer).cloned()
    }

    fn set_token(&self, customer: u32, token: Option<String>) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        match token {
            Some(token) => drop(tokens.insert(customer, token)),
            None => drop(tokens.remove(&customer)),
        }
    }

    async fn tally(&self) -> Result<Said, Problem> {
        let tally = self.database.run(tally::read).await?;
        let turned_away = self.turned_away.load(Ordering::Relaxed);
        Ok(Said { pace: *self.pace.borrow(), turned_away, tally })
    }
}

/// The tally as it is told.
#[derive(Debug, Serialize)]
struct Said {
    pace: Pace,
    turned_away: u64,
    #[serde(flatten)]
    tally: Tally,
}

#[derive(Template)]
#[template(path = "service/customers.html")]
struct Page {
    service: &'static str,
    who: Option<String>,
    said: Said,
}

async fn front(State(crowd): Shared, manner: Manner) -> Result<Response, Problem> {
    let said = crowd.tally().await?;
    Ok(match manner.html {
        true => page(StatusCode::OK, &Page { service: "Customers", who: None, said }),
        false => axum::Json(said).into_response(),
    })
}

async fn as_json(State(crowd): Shared) -> Result<axum::Json<Said>, Problem> {
    crowd.tally().await.map(axum::Json)
}

async fn set_pace(State(crowd): Shared, Sent(pace): Sent<Pace>) -> Result<axum::Json<Pace>, Problem> {
    if pace.per_minute > PACE_MAX || pace.hour.is_some_and(|hour| hour > 23) {
        let words = format!("per_minute is at most {PACE_MAX}, hour at most 23");
        return Err(Problem::unfit("pace", words));
    }
    crowd.pace.send_replace(pace);
    Ok(axum::Json(pace))
}
