//! How values stand in the tables: numbers that SQLite sorts, words that outlive an enum's order.

use std::collections::HashMap;
use std::sync::LazyLock;

use candor_core::Timestamp;
use candor_core::fault::Kind;
use candor_core::observation::{Phases, StepReport};
use serde::{Deserialize, Serialize};

use crate::error::LedgerError;

/// Nanoseconds since 1970. A time outside of 1677 to 2262 is taken for the nearer end: no decision can tell them apart.
pub(crate) fn nanos(time: Timestamp) -> i64 {
    let nanos = time.as_nanosecond();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

/// The time at so many nanoseconds since 1970.
pub(crate) fn timestamp(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos))
        .expect("it cannot fail, because 64 bits of nanoseconds end in 2262")
}

/// SQLite's integers are signed; ids are not. The bits are the same.
pub(crate) fn signed(id: u64) -> i64 {
    i64::from_ne_bytes(id.to_ne_bytes())
}

/// The id whose bits were kept as `stored`.
pub(crate) fn unsigned(stored: i64) -> u64 {
    u64::from_ne_bytes(stored.to_ne_bytes())
}

static KINDS: LazyLock<HashMap<String, Kind>> =
    LazyLock::new(|| Kind::ALL.iter().map(|kind| (kind_word(*kind), *kind)).collect());

/// `layer.word`.
pub(crate) fn kind_word(kind: Kind) -> String {
    format!("{}.{}", kind.layer().word(), kind.word())
}

/// The kind with this word.
pub(crate) fn kind_named(word: &str) -> Result<Kind, LedgerError> {
    KINDS.get(word).copied().ok_or_else(|| LedgerError::Corrupt(format!("{word:?} is no kind of fault")))
}

/// A step's report as a row of values: its names would be most of its bytes.
#[derive(Serialize, Deserialize)]
struct Packed<S>(S, S, bool, [Option<u32>; 5], Option<S>);

/// Steps as one line of JSON.
pub(crate) fn pack(steps: &[StepReport]) -> Result<String, LedgerError> {
    let packed: Vec<Packed<&str>> = steps
        .iter()
        .map(|s| {
            let p = s.phases;
            let phases = [p.dns_us, p.connect_us, p.tls_us, p.first_byte_us, p.body_us];
            Packed(&*s.step, &*s.target, s.passed, phases, s.address.as_deref())
        })
        .collect();
    serde_json::to_string(&packed).map_err(|error| LedgerError::Refused(error.to_string()))
}

/// What [`pack`] made.
pub(crate) fn unpack(text: &str) -> Result<Vec<StepReport>, LedgerError> {
    let packed: Vec<Packed<String>> =
        serde_json::from_str(text).map_err(|e| LedgerError::Corrupt(e.to_string()))?;
    let unpack = |Packed(step, target, passed, phases, address): Packed<String>| {
        let [dns_us, connect_us, tls_us, first_byte_us, body_us] = phases;
        let phases = Phases { dns_us, connect_us, tls_us, first_byte_us, body_us };
        StepReport { step, target, passed, phases, address, certificate: None }
    };
    Ok(packed.into_iter().map(unpack).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_from_its_word() {
        for kind in Kind::ALL {
            assert_eq!(kind_named(&kind_word(*kind)).unwrap(), *kind);
        }
        assert!(kind_named("dns.gremlins").is_err());
    }

    #[test]
    fn a_time_beyond_what_is_kept_becomes_the_nearer_end() {
        assert_eq!(nanos(Timestamp::MAX), i64::MAX);
        assert_eq!(nanos(Timestamp::MIN), i64::MIN);
        assert_eq!(timestamp(nanos(Timestamp::UNIX_EPOCH)), Timestamp::UNIX_EPOCH);
        let _ = (timestamp(i64::MAX), timestamp(i64::MIN));
    }

    #[test]
    fn an_id_keeps_its_bits() {
        for id in [0, 1, u64::MAX, 1 << 63] {
            assert_eq!(unsigned(signed(id)), id);
        }
    }
}
