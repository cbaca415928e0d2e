//! One upload: streamed into a file, checked against what the developer says it is, then acknowledged.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;

use super::builds::{self, Incoming};
use super::store::{self, Kept};
use super::{Checksum, Connect, Told, VERSION_MAX, full_up, nothing};
use crate::http::Problem;

/// The largest build, in bytes.
const SIZE_MAX: u64 = 64 * 1024 * 1024;

pub(super) async fn upload(
    State(connect): State<Arc<Connect>>,
    Path((app, version)): Path<(String, String)>,
    Query(Checksum { sha256 }): Told,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let person = connect.developer(&headers).await?;
    let plain = version.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
    if version.is_empty() || version.len() > VERSION_MAX || !plain {
        return Err(Problem::unfit("version", "a version has 1 to 30 letters, digits, dots and hyphens"));
    }
    let asked = app.clone();
    let owner = connect.database.run(move |db| store::owner(db, &asked)).await?;
    if owner.is_none_or(|(owner, _)| owner != person.user) {
        return Err(nothing());
    }
    let _turn = connect.uploads.acquire().await.map_err(|error| Problem::broken(&error))?;
    let incoming = taken(&connect, body).await?;
    if sha256.is_some_and(|told| !told.eq_ignore_ascii_case(incoming.sha256())) {
        return Err(Problem::unfit("sha256", "what came is not what you say it is; send it again"));
    }
    let (sha256, size) = incoming.settle(&connect.folder).await?;
    let kept = connect.database.run(move |db| store::keep(db, &app, &version, size, &sha256)).await?;
    match kept {
        Kept::New(build) => {
            tokio::spawn(builds::process(Arc::clone(&connect), build.clone()));
            Ok((StatusCode::CREATED, axum::Json(build)).into_response())
        }
        Kept::Known(build) => Ok((StatusCode::OK, axum::Json(build)).into_response()),
        Kept::Other => {
            let words = "this version was uploaded with other content; give it another number";
            Err(Problem::new(StatusCode::CONFLICT, "version", words))
        }
        Kept::Full => Err(full_up()),
    }
}

async fn taken(connect: &Connect, mut body: Body) -> Result<builds::Whole, Problem> {
    let mut incoming = Incoming::begin(&connect.folder).await?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new(StatusCode::BAD_REQUEST, "body", "the upload broke off; send it again")
        })?;
        let Ok(piece) = frame.into_data() else { continue };
        incoming.write(&piece).await?;
        if incoming.size() > SIZE_MAX {
            let words = format!("a build has at most {SIZE_MAX} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body", words));
        }
    }
    if incoming.size() == 0 {
        return Err(Problem::unfit("body", "a build has at least one byte"));
    }
    incoming.end().await
}
