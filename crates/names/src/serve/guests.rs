//! Guests: how many connections each client address holds, so that one cannot take all (RFC 7766, section 6.2.2).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The connections of each client.
#[derive(Debug, Clone, Default)]
pub(super) struct Guests(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    guests: Guests,
    client: IpAddr,
}

impl Guests {
    /// Lets one more connection of a client in, unless it has `most`.
    pub(super) fn admit(&self, client: IpAddr, most: usize) -> Option<Guest> {
        // An address that is written as IPv6 is the same client.
        let client = client.to_canonical();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Guest { guests: self.clone(), client })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut counts = self.guests.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_so_many_connections_and_leaves_no_trace() {
        let guests = Guests::default();
        let (one, mapped): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "::ffff:192.0.2.1".parse().unwrap());
        let first = guests.admit(one, 2).unwrap();
        let second = guests.admit(mapped, 2).unwrap();
        assert!(guests.admit(one, 2).is_none());
        assert!(guests.admit("192.0.2.2".parse().unwrap(), 2).is_some());
        drop(first);
        assert!(guests.admit(mapped, 2).is_some());
        drop(second);
        assert!(guests.0.lock().unwrap().is_empty());
    }
}
