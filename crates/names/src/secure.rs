//! Signatures (DNSSEC, RFC 4033 to 4035): a zone's keys, its parent's DS, and whether a set of records is signed with them.
//!
//! Each is looked at where it was heard, server by server: a resolver's "bogus" names neither the server nor the record.
//! Failure policy: keys and signatures are hostile; what cannot be read counts as not there, and at most
//! `MAX_TRIED` signatures are tried for one set of records (many keys with one tag are an attack, CVE-2023-50387).
//! Of proofs of non-existence, the signatures are looked at and the list of types that each has; absent: whether a proof
//! covers the name that it denies.

use bytes::Bytes;
use domain::base::iana::{DigestAlgorithm, SecurityAlgorithm};
use domain::base::message::RecordSection;
use domain::base::name::{ParsedName, ToLabelIter, ToName};
use domain::base::rdata::ComposeRecordData;
use domain::base::{Message, RecordData, Rtype};
use domain::crypto::common::{AlgorithmError, DigestBuilder, DigestType, PublicKey};
use domain::dnssec::common::nsec3_hash;
use domain::rdata::nsec3::OwnerHash;
use domain::rdata::{Dnskey, Nsec3, Rrsig, ZoneRecordData};

use crate::ask::Exchange;
use crate::name::{self, Name};
use crate::record::Rcode;
use crate::zone::{self, Node, Rdata, Zone};

/// Most signatures that are tried for one set of records.
const MAX_TRIED: usize = 8;
/// Most keys and DS records that are taken of one answer.
const MAX_KEYS: usize = 32;
/// Most rounds of hashing that are done for a name; resolvers give up earlier (RFC 9276, section 3.2).
const MAX_ROUNDS: u16 = 500;

/// A key of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    owner: Name,
    key: Dnskey<Bytes>,
}

/// What a parent says is a key of the zone below (RFC 4034, section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ds {
    /// The key's tag.
    pub tag: u16,
    /// The key's algorithm, by its number.
    pub algorithm: u8,
    /// Time to live in seconds: how long resolvers may go on believing it.
    pub ttl: u32,
    digest_type: DigestAlgorithm,
    digest: Bytes,
}

/// How a set of records is signed; of several signatures, the best counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signed {
    /// With one of the keys; until when, in seconds since 1970.
    Valid {
        /// When the signature ends.
        until: u64,
    },
    /// With an algorithm that is not known here: nothing can be said.
    Unsupported {
        /// The algorithm, by its number.
        algorithm: u8,
    },
    /// The signature has ended.
    Expired {
        /// The key's tag.
        tag: u16,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// The signature begins later.
    NotYet {
        /// The key's tag.
        tag: u16,
        /// When, in seconds since 1970.
        from: u64,
    },
    /// The key of that tag is there, and the signature was not made with it.
    Wrong {
        /// The key's tag.
        tag: u16,
    },
    /// By a key that the zone does not publish.
    UnknownKey {
        /// The key's tag.
        tag: u16,
    },
    /// Not at all.
    Missing,
}

impl Key {
    /// Its tag (RFC 4034, appendix B).
    #[must_use]
    pub fn tag(&self) -> u16 {
        self.key.key_tag()
    }

    /// Its algorithm, by its number.
    #[must_use]
    pub fn algorithm(&self) -> u8 {
        self.key.algorithm().to_int()
    }

    /// Whether it is meant as the entry into the zone (a KSK).
    #[must_use]
    pub fn is_entry(&self) -> bool {
        self.key.is_secure_entry_point()
    }

    /// Whether it may sign records of the zone at all.
    #[must_use]
    pub fn signs(&self) -> bool {
        self.key.is_zone_key() && !self.key.is_revoked()
    }
}

impl Ds {
    /// Whether it is of an algorithm and a digest that are known here; of others nothing follows (RFC 4035, section 5.2).
    #[must_use]
    pub fn is_known(&self) -> bool {
        matches!(self.algorithm, 5 | 7 | 8 | 10 | 13 | 14 | 15 | 16)
            && matches!(
                self.digest_type,
                DigestAlgorithm::SHA1 | DigestAlgorithm::SHA256 | DigestAlgorithm::SHA384
            )
    }

    /// Whether it is the same record, whatever is left of its time to live.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Self { ttl: other.ttl, ..self.clone() } == *other
    }

    /// Whether it stands for this key; `None` where its digest is of a kind that is not known here.
    #[must_use]
    pub fn fits(&self, key: &Key) -> Option<bool> {
        if self.tag != key.tag() || self.algorithm != key.algorithm() {
            return Some(false);
        }
        let kind = match self.digest_type {
            DigestAlgorithm::SHA1 => DigestType::Sha1,
            DigestAlgorithm::SHA256 => DigestType::Sha256,
            DigestAlgorithm::SHA384 => DigestType::Sha384,
            _ => return None,
        };
        let mut text = Vec::new();
        let Ok(()) = key.owner.compose_canonical(&mut text);
        let Ok(()) = key.key.compose_canonical_rdata(&mut text);
        let mut digest = DigestBuilder::new(kind);
        digest.update(&text);
        Some(digest.finish().as_ref() == self.digest.as_ref())
    }
}

/// The keys that an answer to a question for DNSKEY holds.
#[must_use]
pub fn keys(exchange: &Exchange) -> Vec<Key> {
    let apex = exchange.question.wire_name();
    let list = records(exchange).into_iter().filter(|(owner, _)| owner == apex);
    let keys = list.filter_map(|(owner, found)| match found {
        ZoneRecordData::Dnskey(key) => Some(Key { owner, key }),
        _ => None,
    });
    keys.take(MAX_KEYS).collect()
}

/// The DS records that an answer to a question for DS holds.
#[must_use]
pub fn ds(exchange: &Exchange) -> Vec<Ds> {
    let at = exchange.question.name();
    let ttl =
        exchange.answer.iter().find(|record| record.rtype == "DS" && record.name.eq_ignore_ascii_case(&at));
    let ttl = ttl.map_or(0, |record| record.ttl);
    let apex = exchange.question.wire_name();
    let list = records(exchange).into_iter().filter(|(owner, _)| owner == apex);
    list.filter_map(|(_, found)| of_data(&found, ttl)).take(MAX_KEYS).collect()
}

/// The DS records that a zone holds for the one below it at this name.
#[must_use]
pub fn ds_in(parent: &Zone, child: &str) -> Vec<Ds> {
    let node =
        name::parse(child).ok().and_then(|name| parent.node(&name).and_then(|node| node.get(&Rtype::DS)));
    let found = node.into_iter().flat_map(|set| set.data.iter().map(|data| (data, set.ttl.as_secs())));
    found.filter_map(|(data, ttl)| of_data(data, ttl)).take(MAX_KEYS).collect()
}

fn of_data(data: &Rdata, ttl: u32) -> Option<Ds> {
    match data {
        ZoneRecordData::Ds(ds) => Some(Ds {
            tag: ds.key_tag(),
            algorithm: ds.algorithm().to_int(),
            ttl,
            digest_type: ds.digest_type(),
            digest: ds.digest().clone(),
        }),
        _ => None,
    }
}

/// The keys that a zone has at its apex.
pub(crate) fn keys_of(zone: &Zone) -> Vec<Key> {
    let set = zone.node(zone.apex()).and_then(|node| node.get(&Rtype::DNSKEY));
    let keys = set.into_iter().flat_map(|set| &set.data).filter_map(|found| match found {
        ZoneRecordData::Dnskey(key) => Some(Key { owner: zone.apex().clone(), key: key.clone() }),
        _ => None,
    });
    keys.take(MAX_KEYS).collect()
}

/// How a set of a zone is signed with these keys.
pub(crate) fn signed_in(owner: &Name, node: &Node, rtype: Rtype, keys: &[Key], now: u64) -> Signed {
    let set: Vec<&Rdata> = node.get(&rtype).into_iter().flat_map(|set| &set.data).collect();
    let signatures = node.get(&Rtype::RRSIG).into_iter().flat_map(|set| &set.data);
    let covering = signatures.filter_map(|found| match found {
        ZoneRecordData::Rrsig(signature) if signature.type_covered() == rtype => Some(signature),
        _ => None,
    });
    let best = covering.take(MAX_TRIED).map(|signature| one(signature, owner, &set, keys, now)).min();
    best.unwrap_or(Signed::Missing)
}

/// How the records of type `rtype` at `owner`, in the answer or the authority section, are signed with the keys of the
/// zone; `None` where there are no such records. `now` is in seconds since 1970.
#[must_use]
pub fn signed(exchange: &Exchange, owner: &str, rtype: &str, keys: &[Key], now: u64) -> Option<Signed> {
    let owner = name::parse(owner).ok()?;
    let rtype: Rtype = rtype.parse().ok()?;
    signed_set(&records(exchange), &owner, rtype, keys, now)
}

/// How each denial in the answer (NSEC, NSEC3, and the SOA beside them) is signed: the worst of them. `None` where
/// the answer denies nothing in the name of the zone at `apex`.
#[must_use]
pub fn denial_signed(exchange: &Exchange, apex: &str, keys: &[Key], now: u64) -> Option<Signed> {
    let apex = name::parse(apex).ok()?;
    let denies = exchange.rcode == Rcode::NXDOMAIN || exchange.answer.is_empty();
    let list = records(exchange);
    let is_soa = |(owner, found): &&(Name, Rdata)| found.rtype() == Rtype::SOA && *owner == apex;
    let soa = list.iter().find(is_soa).filter(|_| denies)?;
    let mut worst = signed_set(&list, &soa.0, Rtype::SOA, keys, now)?;
    let mut proofs = 0;
    for (owner, found) in &list {
        let rtype = found.rtype();
        if matches!(rtype, Rtype::NSEC | Rtype::NSEC3) {
            proofs += 1;
            worst = worst.max(signed_set(&list, owner, rtype, keys, now)?);
        }
    }
    Some(if proofs == 0 { Signed::Missing } else { worst })
}

/// The types that the zone's proofs in an answer list for `owner`: those of the NSEC or NSEC3 record of that very name; `None`
/// where there is none, or where it is that of the zone above, which knows nothing of the types below its cut.
#[must_use]
pub fn listed(exchange: &Exchange, apex: &str, owner: &str) -> Option<Vec<String>> {
    let (apex, owner) = (name::parse(apex).ok()?, name::parse(owner).ok()?);
    let of_owner = |(at, found): (Name, Rdata)| -> Option<Vec<Rtype>> {
        match found {
            ZoneRecordData::Nsec(nsec) if at == owner => Some(nsec.types().iter().collect()),
            ZoneRecordData::Nsec3(nsec3) if stands_for(&at, &apex, &nsec3, &owner) => {
                Some(nsec3.types().iter().collect())
            }
            _ => None,
        }
    };
    let types = records(exchange).into_iter().find_map(of_owner)?;
    let is_cut = types.contains(&Rtype::NS) && !types.contains(&Rtype::SOA);
    (!is_cut).then(|| types.iter().map(Rtype::to_string).collect())
}

/// Whether an NSEC3 record is that of a name (RFC 5155, section 5).
fn stands_for(at: &Name, apex: &Name, nsec3: &Nsec3<Bytes>, owner: &Name) -> bool {
    if nsec3.iterations() > MAX_ROUNDS || at.parent().is_none_or(|above| above != *apex) {
        return false;
    }
    let hash = nsec3_hash::<_, _, Vec<u8>>(owner, nsec3.hash_algorithm(), nsec3.iterations(), nsec3.salt());
    let label: Option<OwnerHash<Vec<u8>>> =
        at.iter_labels().next().and_then(|label| label.to_string().parse().ok());
    hash.ok().zip(label).is_some_and(|(hash, label)| hash.as_slice() == label.as_slice())
}

fn signed_set(list: &[(Name, Rdata)], owner: &Name, rtype: Rtype, keys: &[Key], now: u64) -> Option<Signed> {
    let of_owner = || list.iter().filter(|(name, _)| name == owner).map(|(_, found)| found);
    let set: Vec<&Rdata> = of_owner().filter(|found| found.rtype() == rtype).collect();
    if set.is_empty() {
        return None;
    }
    let signatures = of_owner().filter_map(|found| match found {
        ZoneRecordData::Rrsig(signature) if signature.type_covered() == rtype => Some(signature),
        _ => None,
    });
    let best = signatures.take(MAX_TRIED).map(|signature| one(signature, owner, &set, keys, now)).min();
    Some(best.unwrap_or(Signed::Missing))
}

fn one(signature: &Rrsig<Bytes, Name>, owner: &Name, set: &[&Rdata], keys: &[Key], now: u64) -> Signed {
    let tag = signature.key_tag();
    let algorithm = signature.algorithm();
    let matches = |key: &&Key| {
        key.tag() == tag
            && key.key.algorithm() == algorithm
            && key.signs()
            && key.owner == *signature.signer_name()
    };
    let mut tried = keys.iter().filter(matches).take(MAX_TRIED).peekable();
    if tried.peek().is_none() {
        return Signed::UnknownKey { tag };
    }
    let (from, until) =
        (near(signature.inception().into_int(), now), near(signature.expiration().into_int(), now));
    let text = signed_text(signature, owner, set);
    let mut answer = Signed::Wrong { tag };
    for key in tried {
        match verify(&key.key, &text, signature.signature()) {
            Ok(()) if now > until => return Signed::Expired { tag, at: until },
            Ok(()) if now < from => return Signed::NotYet { tag, from },
            Ok(()) => return Signed::Valid { until },
            Err(AlgorithmError::Unsupported) => {
                answer = Signed::Unsupported { algorithm: algorithm.to_int() }
            }
            Err(_) => {}
        }
    }
    answer
}

fn verify(key: &Dnskey<Bytes>, text: &[u8], signature: &Bytes) -> Result<(), AlgorithmError> {
    if key.algorithm() == SecurityAlgorithm::ECDSAP256SHA256 && key.public_key().len() != 64 {
        return Err(AlgorithmError::InvalidData);
    }
    PublicKey::from_dnskey(key)?.verify(text, signature)
}

/// What was signed (RFC 4034, section 3.1.8.1): the signature's own fields, then the records in canonical form and order.
fn signed_text(signature: &Rrsig<Bytes, Name>, owner: &Name, set: &[&Rdata]) -> Vec<u8> {
    let mut text = Vec::new();
    text.extend_from_slice(&signature.type_covered().to_int().to_be_bytes());
    text.extend_from_slice(&[signature.algorithm().to_int(), signature.labels()]);
    text.extend_from_slice(&signature.original_ttl().as_secs().to_be_bytes());
    text.extend_from_slice(&signature.expiration().into_int().to_be_bytes());
    text.extend_from_slice(&signature.inception().into_int().to_be_bytes());
    text.extend_from_slice(&signature.key_tag().to_be_bytes());
    let Ok(()) = signature.signer_name().compose_canonical(&mut text);
    let mut head = Vec::new();
    let Ok(()) = signed_owner(signature.labels(), owner).compose_canonical(&mut head);
    head.extend_from_slice(&signature.type_covered().to_int().to_be_bytes());
    head.extend_from_slice(&[0, 1]);
    head.extend_from_slice(&signature.original_ttl().as_secs().to_be_bytes());
    let mut list: Vec<Vec<u8>> = set
        .iter()
        .map(|found| {
            let mut bytes = Vec::new();
            let Ok(()) = found.compose_canonical_rdata(&mut bytes);
            bytes
        })
        .collect();
    list.sort();
    list.dedup();
    for bytes in list {
        text.extend_from_slice(&head);
        text.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        text.extend_from_slice(&bytes);
    }
    text
}

/// The owner as it was signed: under a wildcard, with the star (RFC 4035, section 5.3.2).
fn signed_owner(labels: u8, owner: &Name) -> Name {
    let own = owner.iter_labels().count() - 1;
    let Some(extra) = own.checked_sub(usize::from(labels)).filter(|extra| *extra > 0) else {
        return owner.clone();
    };
    let Some(encloser) = owner.iter_suffixes().nth(extra) else { return owner.clone() };
    let mut star = vec![1, b'*'];
    star.extend_from_slice(encloser.as_slice());
    Name::from_octets(Bytes::from(star)).unwrap_or_else(|_| owner.clone())
}

/// Whether the records at `owner` were made from a wildcard, as their signature tells.
#[must_use]
pub fn from_wildcard(exchange: &Exchange, owner: &str) -> bool {
    let Ok(owner) = name::parse(owner) else { return false };
    records(exchange).iter().any(|(name, found)| {
        let ZoneRecordData::Rrsig(signature) = found else { return false };
        *name == owner
            && signature.type_covered() != Rtype::NSEC
            && usize::from(signature.labels()) < owner.iter_labels().count() - 1
            && owner.iter_labels().next().is_some_and(|label| !label.is_wildcard())
    })
}

/// A moment of 32 bits, near `now` (RFC 4034, section 3.1.5: they live on a circle).
fn near(moment: u32, now: u64) -> u64 {
    let low = u32::try_from(now & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    let ahead = moment.wrapping_sub(low);
    if ahead < 1 << 31 {
        now.saturating_add(u64::from(ahead))
    } else {
        now.saturating_sub(u64::from(low.wrapping_sub(moment)))
    }
}

/// The records of the answer and authority sections; what cannot be read is left out.
fn records(exchange: &Exchange) -> Vec<(Name, Rdata)> {
    let Some(message) = exchange.message.clone().and_then(|bytes| Message::from_octets(bytes).ok()) else {
        return Vec::new();
    };
    let mut list = Vec::new();
    let Ok(answer) = message.answer() else { return list };
    let after = take(answer, &mut list);
    if let Some(authority) = after {
        take(authority, &mut list);
    }
    list
}

/// Reads a section into the list; the section after it.
fn take<'a>(
    mut section: RecordSection<'a, Bytes>,
    list: &mut Vec<(Name, Rdata)>,
) -> Option<RecordSection<'a, Bytes>> {
    for parsed in section.by_ref() {
        let parsed = parsed.ok()?;
        let owner: Name = parsed.owner().to_bytes();
        let rtype = parsed.rtype();
        let Ok(Some(record)) = parsed.into_record::<ZoneRecordData<Bytes, ParsedName<Bytes>>>() else {
            continue;
        };
        // Once more by the wire: names in the data are then whole, and its own.
        if let Ok(data) = zone::from_wire(rtype, zone::wire(record.data())) {
            list.push((owner, data));
        }
    }
    section.next_section().ok().flatten()
}
