//! The status as JSON: the shape that others build on, for the public and for operators.

#![expect(clippy::unwrap_used, reason = "tests")]

mod scenes;

use candor_core::view::View;
use candor_page::{Audience, Language, status_json};
use serde_json::Value;

fn status(view: &View, audience: Audience) -> Value {
    serde_json::from_slice(&status_json(view, audience, Language::English)).unwrap()
}

/// One service with one deed in one place, so that a snapshot can be read.
fn small() -> View {
    let mut view = scenes::trouble();
    view.services.truncate(1);
    let service = std::sync::Arc::make_mut(view.services.first_mut().unwrap());
    service.capabilities.retain(|c| c.id.as_str() == "buy");
    service.capabilities.iter_mut().for_each(|c| c.cells.retain(|cell| cell.fault.is_some()));
    view
}

#[test]
fn what_the_public_gets() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&status(&small(), Audience::Public)).unwrap());
}

#[test]
fn what_operators_get() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&status(&small(), Audience::Operators)).unwrap());
}

#[test]
fn every_key_of_the_contract_is_there_even_before_the_first_measurement() {
    let status = status(&scenes::new(), Audience::Public);
    for key in [
        "title",
        "as_of",
        "valid_until",
        "overall",
        "words",
        "cells",
        "incidents",
        "maintenance",
        "ledger_head",
    ] {
        assert!(status.get(key).is_some(), "{key}");
    }
    assert_eq!(status.get("overall").unwrap(), "unknown");
    let cell = status.pointer("/cells/0").unwrap();
    for key in [
        "service",
        "capability",
        "place",
        "measured",
        "maintenance",
        "since",
        "observed_at",
        "valid_until",
        "fault",
        "words",
    ] {
        assert!(cell.get(key).is_some(), "{key}");
    }
    assert_eq!(cell.get("measured").unwrap(), "unknown");
}
