//! Past incidents by month, newest first; and the page for what is not there.

use askama::Template;
use jiff::tz::Offset;

use crate::incident::{Brief, brief};
use crate::scene::{Frame, Here, Scene};

#[derive(Template)]
#[template(path = "history.html")]
pub(crate) struct HistoryPage {
    frame: Frame,
    months: Vec<Month>,
}

struct Month {
    name: String,
    incidents: Vec<Brief>,
}

#[derive(Template)]
#[template(path = "missing.html")]
pub(crate) struct MissingPage {
    frame: Frame,
}

pub(crate) fn page(scene: &Scene<'_>) -> HistoryPage {
    let mut months: Vec<Month> = Vec::new();
    for incident in &scene.view.incidents {
        let name = scene.speech.month(Offset::UTC.to_datetime(incident.opened_at).date());
        match months.iter_mut().find(|month| month.name == name) {
            Some(month) => month.incidents.push(brief(scene, incident)),
            None => months.push(Month { name, incidents: vec![brief(scene, incident)] }),
        }
    }
    let labels = scene.speech.labels();
    HistoryPage { frame: scene.frame(labels.history, labels.all_incidents.to_owned(), Here::History), months }
}

pub(crate) fn missing(scene: &Scene<'_>) -> MissingPage {
    let labels = scene.speech.labels();
    MissingPage { frame: scene.frame(labels.not_found, labels.not_found_words.to_owned(), Here::Elsewhere) }
}
