//! Contacts: which addresses are connected to, which tells a name that is wrong from what it leads to.

use std::collections::{BTreeMap, BTreeSet};

use candor_core::id::VantageId;
use core::net::SocketAddr;

use super::witness::{self, Witness};
use super::{Inquiry, Looked};

/// Most connections in one inquiry.
const MAX_CONTACTS: usize = 48;

/// A connection that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    /// From which vantage.
    pub from: VantageId,
    /// To which address.
    pub to: SocketAddr,
    /// The host that is meant.
    pub host: String,
}

/// What failing checks reached while all was well, where their names lead now, and what they need.
#[must_use]
pub fn wanted_contacts(inquiry: &Inquiry, looked: &BTreeMap<String, Looked>) -> BTreeSet<Contact> {
    let mut wanted = BTreeSet::new();
    for witness in witness::all(inquiry).iter().filter(|witness| witness.accuses().is_some()) {
        let Some(aim) = witness.aim() else { continue };
        let mut want = |host: &str, to: SocketAddr| {
            if wanted.len() < MAX_CONTACTS {
                wanted.insert(Contact { from: witness.vantage.clone(), to, host: host.to_owned() });
            }
        };
        before(inquiry, witness).into_iter().for_each(|address| want(&aim.host, address));
        let Some(port) = aim.port else { continue };
        let of = |host: &str| looked.get(host).and_then(|looked| looked.addresses.first());
        for host in std::iter::once(&aim.host).chain(&witness.needs) {
            of(host).into_iter().for_each(|ip| want(host, SocketAddr::new(*ip, port)));
        }
    }
    wanted
}

/// The address at which the check reached the host of its failing step while all was well.
pub(super) fn before(inquiry: &Inquiry, witness: &Witness<'_>) -> Option<SocketAddr> {
    let reached = inquiry.reached.get(&witness.check)?;
    let aim = witness.aim()?;
    reached.iter().find(|place| place.host == aim.host).map(|place| place.address)
}
