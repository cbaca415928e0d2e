//! How a visitor came: by name, or by address because their browser does not use the estate's name server. Links
//! to other hosts are made so that they work for that visitor.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::wants_json;
use crate::catalogue::Shelf;
use crate::layout::full;
use crate::place::Place;

/// What a request's header says about the visitor.
#[derive(Debug)]
pub(super) struct Visit {
    host: String,
    pub(super) wants_json: bool,
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host).to_owned();
        Ok(Self { host, wants_json: wants_json(&parts.headers) })
    }
}

impl Visit {
    /// Whether the visitor came by address.
    pub(super) fn by_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// Where a storefront is for this visitor.
    pub(super) fn authority(&self, shelf: Shelf, place: &Place, address: SocketAddr, port: u16) -> String {
        if self.by_address() {
            address.to_string()
        } else {
            format!("{}:{port}", full(&format!("{}.{}", place.code, shelf.word())))
        }
    }

    /// The front page of a storefront, for this visitor.
    pub(super) fn storefront(&self, shelf: Shelf, place: &Place, address: SocketAddr, port: u16) -> String {
        format!("http://{}/{}/", self.authority(shelf, place, address, port), place.code)
    }
}
