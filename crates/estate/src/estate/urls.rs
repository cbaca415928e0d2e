//! Where everything is: by name for programs that ask the estate's name server, by address for people's browsers.

use crate::catalogue::Shelf;
use crate::layout::{ACCOUNT_HOST, Layout, ZONE, full};
use crate::place::Place;
use crate::role::Role;

/// The estate's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    layout: Layout,
}

impl Urls {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// The port of every role.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.layout.port
    }

    /// The places, in order.
    #[must_use]
    pub fn places(&self) -> &[&'static Place] {
        &self.layout.places
    }

    /// The app store's storefronts by name, with a hole for the place: `http://{place}.apps.shop.example:8080/{place}/`.
    #[must_use]
    pub fn storefront(&self) -> String {
        self.storefront_of(Shelf::Apps)
    }

    /// A store's storefronts by name, with a hole for the place.
    #[must_use]
    pub fn storefront_of(&self, shelf: Shelf) -> String {
        format!("http://{{place}}.{}.{ZONE}:{}/{{place}}/", shelf.word(), self.layout.port)
    }

    /// Where orders, purchases, receipts and keys are, by name, without a slash at the end.
    #[must_use]
    pub fn commerce(&self) -> String {
        format!("http://buy.{ZONE}:{}", self.layout.port)
    }

    /// Where files are, by name, without a slash at the end.
    #[must_use]
    pub fn delivery(&self) -> String {
        format!("http://cdn.{ZONE}:{}", self.layout.port)
    }

    /// Where to sign in, by name.
    #[must_use]
    pub fn sign_in(&self) -> String {
        format!("http://id.{ZONE}:{}/sign-in", self.layout.port)
    }

    /// Where customers sign in by TLS, by name, without a slash at the end. Who vouches for it is in [`super::Estate::ca_file`].
    #[must_use]
    pub fn account(&self) -> String {
        format!("https://{}:{}", full(ACCOUNT_HOST), self.layout.port)
    }

    /// A host of the shop, or of what lives apart (`social`, `status`), by name, without a slash at the end.
    #[must_use]
    pub fn host(&self, host: &str) -> String {
        format!("http://{}:{}", full(host), self.layout.port)
    }

    /// The shop's own status page and the public timeline, by address, for people.
    #[must_use]
    pub fn apart_by_address(&self) -> [(&'static str, String); 2] {
        let url = |role| format!("http://{}/", self.layout.socket(role));
        [("The shop’s own page", url(Role::Status)), ("What customers say", url(Role::Social))]
    }

    /// Where to order, by name, with a hole for the place; an order itself is below it, at its key.
    #[must_use]
    pub fn orders(&self) -> String {
        format!("http://buy.{ZONE}:{}/{{place}}/orders", self.layout.port)
    }

    /// The file for measuring downloads, by name.
    #[must_use]
    pub fn probe_file(&self) -> String {
        format!("http://cdn.{ZONE}:{}/probe.bin", self.layout.port)
    }

    /// The page that leads to the app store's storefronts, by address, for people.
    #[must_use]
    pub fn shop_by_address(&self) -> String {
        format!("http://{}/", self.layout.socket(Role::Store(Shelf::Apps)))
    }

    /// Each store and the page that leads to its storefronts, by address, for people.
    #[must_use]
    pub fn stores_by_address(&self) -> [(Shelf, String); 4] {
        Shelf::ALL.map(|shelf| (shelf, format!("http://{}/", self.layout.socket(Role::Store(shelf)))))
    }

    /// The app store's storefronts by address, for people.
    #[must_use]
    pub fn storefronts_by_address(&self) -> Vec<(&'static Place, String)> {
        let fronts = self.layout.storefronts(Shelf::Apps).into_iter();
        fronts.map(|(place, socket)| (place, format!("http://{socket}/{}/", place.code))).collect()
    }
}
