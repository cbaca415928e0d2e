//! The watcher's public page, read again and again into what was [`Seen`].
//!
//! Failure policy: a page that does not answer, or not with a status, is silence, and noted as such. Bounded in size and
//! time. Absent: everything but `GET /api/v1/status` and
//! the pictures that it names; who has more than the public has is not asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Ms;
use crate::seen::{Said, Seen, SeenCause, SeenIncident, Verdict};
use crate::truth::{CellName, Layer};

/// How long an answer may take, and how large it may be.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
const ANSWER_MAX: usize = 8 << 20;

/// What the page says at a moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Sample {
    pub(super) cells: BTreeMap<CellName, Said>,
    incidents: Vec<Stated>,
}

/// An incident, as the page states it.
#[derive(Debug, Clone, PartialEq)]
struct Stated {
    id: String,
    over: bool,
    title: String,
    cells: usize,
    cause: Option<StatedCause>,
}

/// A cause, as the page states it.
#[derive(Debug, Clone, PartialEq)]
struct StatedCause {
    class: String,
    subject: Option<String>,
    /// The path of its picture.
    picture: Option<String>,
}

/// Asks once; none where the page does not answer.
pub(super) async fn sample(page: SocketAddr) -> Option<Sample> {
    let body = timeout(ANSWERS_WITHIN, fetch(page, "/api/v1/status")).await.ok()??;
    read(&serde_json::from_slice(&body).ok()?)
}

/// Paths of pictures that are not there yet, by incident.
pub(super) fn missing(seen: &Seen, sample: Option<&Sample>) -> Vec<(String, String)> {
    let undrawn = |id: &str| {
        let known = seen.incidents.iter().find(|incident| incident.id == id);
        known.and_then(|incident| incident.cause.as_ref()).is_some_and(|cause| cause.picture.is_none())
    };
    let stated = sample.into_iter().flat_map(|sample| &sample.incidents).filter(|stated| undrawn(&stated.id));
    stated.filter_map(|stated| Some((stated.id.clone(), stated.cause.as_ref()?.picture.clone()?))).collect()
}

/// A picture; none where the page does not answer with one.
pub(super) async fn picture(page: SocketAddr, path: &str) -> Option<String> {
    let body = timeout(ANSWERS_WITHIN, fetch(page, path)).await.ok()??;
    String::from_utf8(body.into()).ok().filter(|text| text.starts_with("<svg"))
}

/// Hangs a picture beside the cause of an incident.
pub(super) fn hang(seen: &mut Seen, incident: &str, picture: String) {
    let known = seen.incidents.iter_mut().find(|known| known.id == incident);
    if let Some(cause) = known.and_then(|known| known.cause.as_mut()) {
        cause.picture = Some(picture);
    }
}

async fn fetch(page: SocketAddr, path: &str) -> Option<Bytes> {
    let stream = TcpStream::connect(page).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = Request::get(path).header("host", page.to_string()).body(Empty::<Bytes>::new()).ok()?;
    let answer = sender.send_request(request).await.ok()?;
    let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await.ok()?;
    Some(body.to_bytes())
}

fn read(status: &Value) -> Option<Sample> {
    let cells = status.get("cells")?.as_array()?.iter();
    let cells = cells.filter_map(|cell| {
        let text = |key: &str| cell.get(key)?.as_str();
        let name = CellName::new(text("service")?, text("capability")?, text("place"));
        let layer = cell.pointer("/fault/layer").and_then(Value::as_str).and_then(Layer::find);
        let maintenance = cell.get("maintenance").is_some_and(|overlay| !overlay.is_null());
        let verdict = Verdict::find(text("measured")?)?;
        Some((name, Said { verdict, maintenance, layer, words: text("words")?.to_owned() }))
    });
    let incidents = status.get("incidents").and_then(Value::as_array).into_iter().flatten();
    let incidents = incidents.filter_map(|incident| {
        let cells = incident.get("cells").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let of_cause = |key: &str| incident.get("cause")?.get(key)?.as_str().map(str::to_owned);
        Some(Stated {
            id: incident.get("id")?.to_string(),
            over: incident.get("resolved_at").is_some_and(|at| !at.is_null()),
            title: incident.get("title")?.as_str()?.to_owned(),
            cells: cells.unwrap_or(0),
            cause: of_cause("class").map(|class| StatedCause {
                class,
                subject: of_cause("subject"),
                picture: of_cause("picture"),
            }),
        })
    });
    Some(Sample { cells: cells.collect(), incidents: incidents.collect() })
}

/// Adds a sample to what was seen.
pub(super) fn note(seen: &mut Seen, at_ms: Ms, sample: Option<&Sample>) {
    let Some(sample) = sample else { return seen.note_silence(at_ms) };
    for (cell, said) in &sample.cells {
        seen.note(cell, at_ms, said);
    }
    for Stated { id, over, title, cells, cause } in &sample.incidents {
        seen.note_incident(SeenIncident {
            id: id.clone(),
            opened_ms: at_ms,
            resolved_ms: over.then_some(at_ms),
            title: title.clone(),
            cells: *cells,
            members: Vec::new(),
            cause: cause.clone().map(|cause| SeenCause {
                class: cause.class,
                subject: cause.subject,
                at_ms,
                picture: None,
            }),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_status_is_read_as_far_as_it_is_understood() {
        let status = json!({
            "cells": [
                {"service": "apps", "capability": "buy", "place": "in", "measured": "outage", "maintenance": null,
                 "fault": {"layer": "dns", "kind": "nxdomain", "words": "x"}, "words": "failed"},
                {"service": "mail", "capability": "read", "place": null, "measured": "operational",
                 "maintenance": {"name": "x", "until": "y"}, "fault": null, "words": "works"},
                {"service": "mail", "capability": "send", "place": null, "measured": "purple", "words": ""},
            ],
            "incidents": [{"id": 3, "title": "Buying fails", "cells": 4, "resolved_at": null,
                           "cause": {"class": "F1", "subject": "id.shop.example", "words": "It is gone."}}],
        });
        let sample = read(&status).unwrap();
        let said = |service, capability, place| sample.cells.get(&CellName::new(service, capability, place));
        let buy = said("apps", "buy", Some("in")).unwrap();
        assert_eq!((buy.verdict, buy.layer, buy.maintenance), (Verdict::Outage, Some(Layer::Dns), false));
        assert!(said("mail", "read", None).unwrap().maintenance && said("mail", "send", None).is_none());

        let mut seen = Seen::default();
        note(&mut seen, 1000, Some(&sample));
        note(&mut seen, 2000, None);
        seen.end(9000);
        let spans = &seen.cells[&CellName::new("apps", "buy", Some("in"))];
        assert_eq!(spans.iter().map(|s| (s.from_ms, s.until_ms)).collect::<Vec<_>>(), [(1000, 2000)]);
        let incident = &seen.incidents[0];
        assert_eq!((incident.id.as_str(), incident.resolved_ms, incident.cells), ("3", None, 4));
        let cause = SeenCause {
            class: "F1".into(),
            subject: Some("id.shop.example".into()),
            at_ms: 1000,
            picture: None,
        };
        assert_eq!(incident.cause, Some(cause));
        assert_eq!(read(&json!({"words": "no status"})), None);
    }
}
