//! All services by name, under their headings: what the front page has no room for where there are very many.

use std::collections::BTreeMap;

use askama::Template;
use candor_core::view::ServiceView;

use crate::scene::{Frame, Here, Mark, Scene};
use crate::service::mark;

#[derive(Template)]
#[template(path = "services.html")]
pub(crate) struct ServicesPage {
    frame: Frame,
    headline: String,
    groups: Vec<Group>,
}

/// Services under one heading, by name.
struct Group {
    name: Option<String>,
    names: Vec<Named>,
}

/// A service by name.
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mark: Mark,
}

/// Services under one heading.
pub(crate) struct Heading<'v> {
    pub(crate) name: Option<String>,
    pub(crate) services: Vec<&'v ServiceView>,
}

pub(crate) fn page(scene: &Scene<'_>) -> ServicesPage {
    let groups = headings(scene).into_iter().map(|heading| Group {
        name: heading.name,
        names: heading.services.into_iter().map(|s| named(scene, s)).collect(),
    });
    ServicesPage {
        frame: scene.frame(
            scene.speech.labels().services,
            scene.speech.all_services(scene.view.services.len()),
            Here::Elsewhere,
        ),
        headline: scene.speech.all_services(scene.view.services.len()),
        groups: groups.collect(),
    }
}

pub(crate) fn named(scene: &Scene<'_>, service: &ServiceView) -> Named {
    Named { id: service.id.to_string(), name: service.name.clone(), mark: mark(scene, service) }
}

/// Services by their headings. Trouble comes first, among the headings and under each; otherwise the plan's order.
pub(crate) fn headings<'v>(scene: &Scene<'v>) -> Vec<Heading<'v>> {
    let mut found: Vec<Heading<'v>> = Vec::new();
    let mut known: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for service in &scene.view.services {
        let at = *known.entry(service.group.as_deref()).or_insert(found.len());
        match found.get_mut(at) {
            Some(heading) => heading.services.push(service),
            None => found.push(Heading { name: service.group.clone(), services: vec![service] }),
        }
    }
    for heading in &mut found {
        heading.services.sort_by_key(|s| std::cmp::Reverse(s.verdict));
    }
    found.sort_by_key(|heading| std::cmp::Reverse(heading.services.iter().map(|s| s.verdict).max()));
    if found.iter().any(|heading| heading.name.is_some()) {
        for heading in &mut found {
            heading.name.get_or_insert_with(|| scene.speech.labels().other_services.to_owned());
        }
    }
    found
}
