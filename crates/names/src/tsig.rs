//! Transaction signatures (RFC 8945): shared keys, and requests checked against them.
//!
//! The library computes; here are the keys, the clock and the errors as the RFC demands them. Failure policy: a request
//! that is signed wrong is answered with the error that says so (BADKEY, BADSIG, BADTIME, BADTRUNC), and nothing else of it
//! is looked at. A secret is never shown. Absent: HMAC-MD5, GSS-TSIG, TKEY.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use domain::base::iana::TsigRcode;
use domain::base::name::ToName;
use domain::base::{Header, Message, MessageBuilder};
use domain::rdata::tsig::Time48;
use domain::tsig::{self, Algorithm, KeyName, KeyStore, ServerTransaction};
use domain::utils::base64;

/// Fewest bytes of a secret.
const SECRET_MIN: usize = 8;

/// A shared key: its name, its algorithm, and a secret that is never shown.
#[derive(Clone)]
pub struct Key(Arc<tsig::Key>);

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is not a domain name.
    #[error("{0:?} is not a key's name: it is written like a domain name")]
    Name(String),
    /// An algorithm that is not known here.
    #[error("{0:?} is not an algorithm: one of hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha1")]
    Algorithm(String),
    /// The secret cannot be read; it is not quoted.
    #[error("the secret is not base64 of at least 8 bytes (openssl rand -base64 32 makes one)")]
    Secret,
}

impl Key {
    /// A key of its name, its algorithm (`hmac-sha256`), and its secret in base64.
    ///
    /// # Errors
    /// When one of the three cannot be read.
    pub fn new(name: &str, algorithm: &str, secret: &str) -> Result<Self, KeyError> {
        let wire = crate::name::parse(name).map_err(|_| KeyError::Name(name.to_owned()))?;
        let wire: KeyName = wire.try_to_name().map_err(|_| KeyError::Name(name.to_owned()))?;
        let lower = algorithm.to_ascii_lowercase();
        let known: Algorithm = lower.parse().map_err(|_| KeyError::Algorithm(algorithm.to_owned()))?;
        let secret: Vec<u8> = base64::decode(secret.trim()).map_err(|_| KeyError::Secret)?;
        if secret.len() < SECRET_MIN {
            return Err(KeyError::Secret);
        }
        let key = tsig::Key::new(known, &secret, wire, None, None).map_err(|_| KeyError::Secret)?;
        Ok(Self(Arc::new(key)))
    }

    /// Its name, with the last dot.
    #[must_use]
    pub fn name(&self) -> String {
        crate::name::show(self.0.name())
    }

    /// Its algorithm, as it is written in a configuration.
    #[must_use]
    pub fn algorithm(&self) -> String {
        self.0.algorithm().to_string()
    }

    /// Bytes that a signature with it takes in a message.
    pub(crate) fn room(&self) -> usize {
        usize::from(self.0.compose_len())
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name().trim_end_matches('.').eq_ignore_ascii_case(name.trim_end_matches('.'))
    }
}

impl AsRef<tsig::Key> for Key {
    fn as_ref(&self) -> &tsig::Key {
        &self.0
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name() && self.0.algorithm() == other.0.algorithm()
    }
}

impl Eq for Key {}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Key({} {} ***)", self.name(), self.algorithm())
    }
}

/// The keys that a server knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(pub(crate) Vec<Key>);

impl KeyStore for Keys {
    type Key = Key;

    fn get_key<N: ToName>(&self, name: &N, algorithm: Algorithm) -> Option<Key> {
        self.0.iter().find(|key| key.0.name() == name && key.0.algorithm() == algorithm).cloned()
    }
}

/// A request whose signature holds; its response is signed with it.
pub(crate) type Signed = ServerTransaction<Key>;

/// Checks the signature of a request that has one; the error is the whole response.
pub(crate) fn check(keys: &Keys, packet: &[u8]) -> Result<Option<Signed>, Option<Vec<u8>>> {
    let Ok(mut message) = Message::from_octets(packet.to_vec()) else { return Err(None) };
    ServerTransaction::request(keys, &mut message, now()).map_err(|fault| {
        let known = fault.error();
        let builder = MessageBuilder::new_vec();
        let mut bytes = fault.build_message(&message, builder).ok()?.finish();
        let notauth = Header::for_message_slice(&bytes).rcode() == domain::base::iana::Rcode::NOTAUTH;
        // The library calls a wrong MAC a FORMERR; RFC 8945, section 5.2.2, calls it BADSIG. The field stands before the
        // length of other data, which is empty, at the end of the message.
        if notauth && known == TsigRcode::FORMERR {
            let at = bytes.len().saturating_sub(4);
            bytes.get_mut(at..at + 2)?.copy_from_slice(&TsigRcode::BADSIG.to_int().to_be_bytes());
        }
        Some(bytes)
    })
}

/// The time that is signed; one before 1970 is none.
pub(crate) fn now() -> Time48 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Time48::from_u64(since.map_or(0, |since| since.as_secs()) & 0xFFFF_FFFF_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "c2VjcmV0IG9mIHRoZSB0ZXN0cyBvbmx5";

    #[test]
    fn a_secret_is_never_shown() {
        let key = Key::new("xfr.example", "HMAC-SHA256", SECRET).unwrap();
        assert_eq!(format!("{key:?}"), "Key(xfr.example. hmac-sha256 ***)");
        let said = Key::new("xfr.example", "hmac-sha256", "bm90%").unwrap_err().to_string();
        assert!(!said.contains("bm90"), "{said}");
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said() {
        assert_eq!(Key::new("", "hmac-sha256", SECRET), Err(KeyError::Name(String::new())));
        assert_eq!(Key::new("k", "hmac-md5", SECRET), Err(KeyError::Algorithm("hmac-md5".into())));
        assert_eq!(Key::new("k", "hmac-sha256", "YQ=="), Err(KeyError::Secret));
    }
}
