//! A developer's apps, builds and sales as a page. Without commerce the page is there and says that sales are not.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::store::{self, App};
use super::{Connect, Sale};
use crate::http::{Problem, page};

#[derive(Template)]
#[template(path = "service/connect.html")]
struct Page {
    service: &'static str,
    who: Option<String>,
    apps: Vec<App>,
    sales: Option<Vec<Sale>>,
}

pub(super) async fn front(
    State(connect): State<Arc<Connect>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = connect.developer(&headers).await?;
    let owner = person.user.clone();
    let apps = connect.database.run(move |db| store::apps(db, &owner)).await?;
    let sales = connect.sales(&apps, &headers).await.ok();
    Ok(page(StatusCode::OK, &Page { service: "Connect", who: Some(person.user), apps, sales }))
}
