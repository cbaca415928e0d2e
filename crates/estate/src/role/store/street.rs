//! The storefronts of a store: a listener for each place, open or cut off. One that has a certificate takes TLS as well.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Store, sell};
use crate::http::{Certified, Door, shell};
use crate::role::RoleError;

/// The storefronts, open and closed.
pub(super) struct Street {
    store: Store,
    state: PathBuf,
    certified: BTreeMap<&'static str, Certified>,
    open: BTreeMap<&'static str, Door>,
}

impl Street {
    /// Opens every storefront.
    pub(super) async fn open(store: Store, state: PathBuf) -> Result<Self, RoleError> {
        let mut certified = BTreeMap::new();
        for (place, _) in &store.storefronts {
            let host = format!("{}.{}", place.code, store.shelf.word());
            if let Some(found) = Certified::find(&state, host).map_err(RoleError::Certificate)? {
                certified.insert(place.code, found);
            }
        }
        let mut street = Self { store, state, certified, open: BTreeMap::new() };
        let opened = street.cut(&BTreeSet::new()).await;
        opened.map_err(|(address, source)| RoleError::Listen { address, source })?;
        Ok(street)
    }

    /// Reads the certificates again.
    pub(super) fn reload(&self) -> Result<(), String> {
        self.certified.values().try_for_each(|certified| certified.reload(&self.state))
    }

    /// Closes the storefronts of these places and opens all others.
    pub(super) async fn cut(&mut self, codes: &BTreeSet<String>) -> Result<(), (SocketAddr, io::Error)> {
        for &(place, address) in &self.store.storefronts {
            match (codes.contains(place.code), self.open.contains_key(place.code)) {
                (true, true) => {
                    if let Some(door) = self.open.remove(place.code) {
                        door.close().await;
                    }
                }
                (false, false) => {
                    let finder = self.store.finders.get(place.code).unwrap_or(&self.store.finder);
                    let (own, finder) = (Some(place), Arc::clone(finder));
                    let store = Store { own, finder, ..self.store.clone() };
                    let router = shell(sell(Arc::new(store)), self.store.faults.clone());
                    let opened = match self.certified.get(place.code) {
                        Some(certified) => Door::open_either(address, router, certified.config()).await,
                        None => Door::open(address, router).await,
                    };
                    let door = opened.map_err(|why| (address, why))?;
                    self.open.insert(place.code, door);
                }
                (true, false) | (false, true) => {}
            }
        }
        Ok(())
    }
}
