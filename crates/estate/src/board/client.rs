//! A client of a running board: what `candor demo break NAME` is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Panel, handle};
use crate::http::{Answer, Call, CallError, exchange};

/// How long a board may take; starting a process again is the longest that it does.
const DEADLINE: Duration = Duration::from_secs(30);

/// Why a lever was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No demo runs.
    #[error("no demo is running (looked in {}); start one with: candor demo", file.display())]
    NotRunning {
        /// Where its address would be written down.
        file: PathBuf,
    },
    /// The board refused, in its own words.
    #[error("{0}")]
    Refused(String),
    /// The board does not answer, or not as a board does.
    #[error("the levers at http://{address}/ do not answer: {why}")]
    Silent {
        /// Where they should be.
        address: SocketAddr,
        /// What happened.
        why: String,
    },
}

/// Where the running board is, by its handle file; it was seen answering.
///
/// # Errors
/// When none runs.
pub async fn find(handle_file: &Path) -> Result<SocketAddr, ClientError> {
    let not_running = || ClientError::NotRunning { file: handle_file.to_owned() };
    let address = handle::read(handle_file).map_err(|_| not_running())?;
    list(address).await.map(|_| address).map_err(|_| not_running())
}

/// The board as it is.
///
/// # Errors
/// When it does not answer.
pub async fn list(board: SocketAddr) -> Result<Panel, ClientError> {
    send(board, Call::get("/levers")).await
}

/// Breaks what a lever breaks.
///
/// # Errors
/// When there is no such lever, it cannot be moved, or the board does not answer.
pub async fn pull(board: SocketAddr, id: &str) -> Result<Panel, ClientError> {
    press(board, id, "break").await
}

/// Mends what a lever broke.
///
/// # Errors
/// As [`pull`].
pub async fn mend(board: SocketAddr, id: &str) -> Result<Panel, ClientError> {
    press(board, id, "mend").await
}

/// Mends everything.
///
/// # Errors
/// When it cannot be mended, or the board does not answer.
pub async fn mend_all(board: SocketAddr) -> Result<Panel, ClientError> {
    send(board, Call::post("/mend", serde_json::Value::Null)).await
}

async fn press(board: SocketAddr, id: &str, what: &str) -> Result<Panel, ClientError> {
    // What is no id at all never becomes part of a path.
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        let known = list(board).await?.levers.into_iter().map(|lever| lever.id).collect::<Vec<_>>();
        return Err(ClientError::Refused(format!(
            "there is no lever {id:?}; there are {}",
            known.join(", ")
        )));
    }
    send(board, Call::post(&format!("/levers/{id}/{what}"), serde_json::Value::Null)).await
}

async fn send(board: SocketAddr, call: Call<'_>) -> Result<Panel, ClientError> {
    let silent = |why: String| ClientError::Silent { address: board, why };
    let answered = tokio::time::timeout(DEADLINE, exchange(board, &board.to_string(), call)).await;
    let answer: Result<Answer, CallError> =
        answered.map_err(|_| silent(format!("not within {} s", DEADLINE.as_secs())))?;
    let answer = answer.map_err(|error| silent(error.to_string()))?;
    if answer.status.is_success() {
        return serde_json::from_slice(&answer.body).map_err(|error| silent(error.to_string()));
    }
    match answer.text("message") {
        Some(words) => Err(ClientError::Refused(words)),
        None => Err(silent(format!("status {}", answer.status))),
    }
}
