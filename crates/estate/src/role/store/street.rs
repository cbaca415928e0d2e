//! The storefronts of a store: a listener for each place, open or cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Store, sell};
use crate::http::{Door, shell};

/// The storefronts, open and closed.
pub(super) struct Street {
    store: Store,
    open: BTreeMap<&'static str, Door>,
}

impl Street {
    /// Opens every storefront.
    pub(super) async fn open(store: Store) -> Result<Self, (SocketAddr, io::Error)> {
        let mut street = Self { store, open: BTreeMap::new() };
        street.cut(&BTreeSet::new()).await?;
        Ok(street)
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
                    let door = Door::open(address, router).await.map_err(|why| (address, why))?;
                    self.open.insert(place.code, door);
                }
                (true, false) | (false, true) => {}
            }
        }
        Ok(())
    }
}
