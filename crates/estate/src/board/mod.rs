//! The board of levers: a page for people, JSON for programs, and a client of it.
//!
//! | endpoint | answers |
//! |---|---|
//! | `GET /` | the page |
//! | `GET /levers` | the [`Panel`] as JSON |
//! | `POST /levers/{id}/break`, `POST /levers/{id}/mend`, `POST /mend`, `POST /day/play`, `POST /day/stop` | for JSON: the panel; for a form: back to the page |
//!
//! Reading order: `panel` (what is shown), `guard` (who may press), `page`, `handle` (where a running board is
//! written down), `play` (the day), [`client`].
//!
//! It listens on loopback alone, and takes no press that another site's page could have sent; see `guard`.
//! Whoever has an account on the same machine can press: it is a demo's board.

pub mod client;
mod guard;
mod handle;
mod page;
mod panel;
mod play;

use std::io;
use std::net::SocketAddr;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tokio::sync::{Mutex, watch};

use crate::estate::{Estate, EstateError};
use crate::http::{Door, Problem, asset, shell};
use handle::Handle;
pub use handle::default_handle_file;
pub use panel::{Link, Panel, PanelDay, PanelLever, PanelRole};
use play::Stage;

/// How to open a board.
#[derive(Debug, Clone)]
pub struct BoardOptions {
    /// Where it listens: a loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The page that tells how the shop is, if somebody watches it.
    pub status_url: Option<String>,
    /// Where its address is written down for [`client::find`]; see [`default_handle_file`].
    pub handle_file: PathBuf,
}

/// Why a board does not open.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// Another one is open.
    #[error("a demo is running already, its levers are at http://{address}/; stop it first")]
    AlreadyOpen {
        /// Where.
        address: SocketAddr,
    },
    /// Only loopback addresses are listened on.
    #[error("{address} is not a loopback address, and levers are for this machine alone")]
    NotLoopback {
        /// The address given.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("the levers cannot listen on {address}: {source}; choose another port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Its address cannot be written down.
    #[error("{}: {source}", file.display())]
    Handle {
        /// Where.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An open board. Dropping it closes it and removes its handle file.
#[derive(Debug)]
pub struct Board {
    door: Door,
    handle: Handle,
}

impl Board {
    /// Opens the board of an estate.
    ///
    /// # Errors
    /// When another one is open, or its address or its handle file cannot be had.
    pub async fn open(estate: Arc<Mutex<Estate>>, options: BoardOptions) -> Result<Self, BoardError> {
        let address = options.listen;
        if !address.ip().is_loopback() {
            return Err(BoardError::NotLoopback { address });
        }
        if let Ok(address) = client::find(&options.handle_file).await {
            return Err(BoardError::AlreadyOpen { address });
        }
        let faults = watch::Sender::default().subscribe();
        let stage = Stage::new(Arc::clone(&estate));
        let desk = Arc::new(Desk { estate, stage, status_url: options.status_url });
        let door = Door::open(address, shell(routes(desk), faults))
            .await
            .map_err(|source| BoardError::Listen { address, source })?;
        let file = options.handle_file;
        let handle = Handle::write(file.clone(), door.address())
            .map_err(|source| BoardError::Handle { file, source })?;
        Ok(Self { door, handle })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Where its address is written down.
    #[must_use]
    pub fn handle_file(&self) -> &FilePath {
        self.handle.file()
    }
}

#[derive(Debug)]
struct Desk {
    estate: Arc<Mutex<Estate>>,
    stage: Stage,
    status_url: Option<String>,
}

impl Desk {
    async fn panel(&self) -> Panel {
        let scene = self.stage.scene();
        Panel::of(&mut *self.estate.lock().await, self.status_url.clone(), &scene)
    }
}

fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/levers", get(list))
        .route("/levers/{id}/{what}", post(press))
        .route("/mend", post(mend_all))
        .route("/day/{what}", post(day))
        .route("/levers.css", get(style))
        .layer(middleware::from_fn(guard::guard))
        .with_state(desk)
}

type Shared = State<Arc<Desk>>;

async fn show(State(desk): Shared) -> Response {
    page::page(StatusCode::OK, &desk.panel().await, None)
}

async fn list(State(desk): Shared) -> axum::Json<Panel> {
    axum::Json(desk.panel().await)
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../assets/levers.css"))
}

async fn press(
    State(desk): Shared,
    Path((id, what)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let done = {
        let mut estate = desk.estate.lock().await;
        match what.as_str() {
            "break" => estate.pull(&id).await,
            "mend" => estate.mend(&id).await,
            _ => return Err(Problem::not_found("a lever takes break and mend")),
        }
    };
    answer(&desk, &headers, done, &format!("/#{id}")).await
}

async fn mend_all(State(desk): Shared, headers: HeaderMap) -> Result<Response, Problem> {
    let stopped = desk.stage.stop().await;
    let done = desk.estate.lock().await.mend_all().await;
    answer(&desk, &headers, stopped.and(done), "/").await
}

async fn day(State(desk): Shared, Path(what): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let done = match what.as_str() {
        "play" => desk.stage.play().await,
        "stop" => desk.stage.stop().await,
        _ => return Err(Problem::not_found("a day takes play and stop")),
    };
    answer(&desk, &headers, done, "/").await
}

async fn answer(
    desk: &Desk,
    headers: &HeaderMap,
    done: Result<(), EstateError>,
    back: &str,
) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let for_people = accept.contains("text/html");
    match done {
        Ok(()) if for_people => Ok(Redirect::to(back).into_response()),
        Ok(()) => Ok(axum::Json(desk.panel().await).into_response()),
        Err(error @ EstateError::UnknownLever { .. }) => Err(Problem::not_found(error.to_string())),
        Err(error) => {
            tracing::error!("a lever did not move: {error}");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            if for_people {
                return Ok(page::page(status, &desk.panel().await, Some(error.to_string())));
            }
            Err(Problem::new(status, "estate", error.to_string()))
        }
    }
}
