//! Who may have a whole zone: addresses, keys, or both at once.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::network::Network;
use crate::tsig::Key;

/// One that is allowed: whoever asks from the network and signs with the key; either may be left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    network: Option<Network>,
    key: Option<String>,
}

/// A text that says nobody to allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nobody to allow: write 192.0.2.1, 192.0.2.0/24, key:NAME, or 192.0.2.1+key:NAME")]
pub struct AllowError(String);

impl Allow {
    /// The name of the key that is demanded, if one is.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Whether a request from there, signed with that key or not at all, is allowed.
    #[must_use]
    pub fn admits(&self, client: IpAddr, key: Option<&Key>) -> bool {
        let here = self.network.is_none_or(|network| network.contains(client));
        let signed = self.key.as_ref().is_none_or(|name| key.is_some_and(|key| key.is_named(name)));
        here && signed
    }
}

impl FromStr for Allow {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        let nobody = || AllowError(text.chars().take(100).collect());
        let (place, key) = match text.strip_prefix("key:") {
            Some(key) => (None, Some(key)),
            None => match text.split_once("+key:") {
                Some((place, key)) => (Some(place), Some(key)),
                None => (Some(text), None),
            },
        };
        if key.is_some_and(|key| crate::name::parse(key).is_err()) {
            return Err(nobody());
        }
        let network = place.map(|place| place.parse().map_err(|_| nobody())).transpose()?;
        Ok(Self { network, key: key.map(str::to_owned) })
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.network, &self.key) {
            (Some(network), Some(key)) => write!(out, "{network}+key:{key}"),
            (Some(network), None) => write!(out, "{network}"),
            (None, key) => write!(out, "key:{}", key.as_deref().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(allow: &str, client: &str, key: Option<&Key>) -> bool {
        allow.parse::<Allow>().unwrap().admits(client.parse().unwrap(), key)
    }

    #[test]
    fn an_address_a_network_and_a_key_admit_who_they_name() {
        let key = Key::new("Xfr.example", "hmac-sha256", "c2VjcmV0IG9mIHRlc3Rz").unwrap();
        assert!(admits("192.0.2.0/24", "192.0.2.77", None) && !admits("192.0.2.0/24", "192.0.3.1", None));
        assert!(admits("0.0.0.0/0", "203.0.113.9", None) && !admits("0.0.0.0/0", "::1", None));
        assert!(admits("2001:db8::/32", "2001:db8::9", None) && !admits("2001:db8::1", "2001:db8::9", None));
        assert!(admits("192.0.2.1", "::ffff:192.0.2.1", None));
        assert!(
            admits("key:xfr.example", "192.0.2.1", Some(&key))
                && !admits("key:xfr.example", "192.0.2.1", None)
        );
        assert!(!admits("key:other", "192.0.2.1", Some(&key)));
        assert!(admits("192.0.2.1+key:xfr.example.", "192.0.2.1", Some(&key)));
        assert!(!admits("192.0.2.1+key:xfr.example", "192.0.2.2", Some(&key)));
        assert!(!admits("192.0.2.1+key:xfr.example", "192.0.2.1", None));
    }

    #[test]
    fn what_names_nobody_is_refused() {
        for text in ["", "any", "192.0.2.1/33", "192.0.2.0/x", "key:", "192.0.2.1+key:", "+key:a", "::/129"] {
            assert!(text.parse::<Allow>().is_err(), "{text}");
        }
    }
}
