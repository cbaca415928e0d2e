//! An item's page: what the chart knows is ours, the rest is asked of details, found by name.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{Store, Visit, pages, summary};
use crate::catalogue::Item;
use crate::http::{Call, CallError, Problem};
use crate::layout::full;
use crate::place::Place;
use crate::role::details::Told;

pub(super) async fn item(
    State(store): State<Arc<Store>>,
    Path((code, id)): Path<(String, String)>,
    visit: Visit,
) -> Result<Response, Problem> {
    let place = store.place(&code)?;
    let (id, json) = id.strip_suffix(".json").map_or((id.as_str(), visit.wants_json), |id| (id, true));
    let Some(item) = store.item(place, id) else {
        return match json {
            true => Err(Problem::not_found("the shop does not sell this item here")),
            false => Ok(pages::no_such_item(store.shelf, place)),
        };
    };
    match store.details(item, place).await {
        Ok(told) if json => Ok(axum::Json(whole(place, item, &told)).into_response()),
        Ok(told) => Ok(pages::item(store.shelf, place, item, &told)),
        Err(error) if json => Err(Problem::missing("details", &error)),
        Err(error) => {
            tracing::warn!("an item's page broke: {error}");
            Ok(pages::broken_item(store.shelf, place))
        }
    }
}

impl Store {
    async fn details(&self, item: &Item, place: &Place) -> Result<Told, CallError> {
        let host = full("details.internal");
        let path = format!("/{}/items/{}", place.code, item.id);
        let answer = self.finder.call(&host, Call::get(&path)).await?;
        if answer.status != StatusCode::OK {
            return Err(CallError::Unexpected { host, status: answer.status });
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| CallError::Broken { host, why: error.to_string() })
    }
}

fn whole(place: &Place, item: &Item, told: &Told) -> serde_json::Value {
    let mut whole = summary(place, item);
    if let (Some(whole), Ok(serde_json::Value::Object(told))) =
        (whole.as_object_mut(), serde_json::to_value(told))
    {
        whole.extend(told);
    }
    whole
}
