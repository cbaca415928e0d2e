//! The door for fuzzing, there only under `cfg(fuzzing)`: what is private here and reads hostile bytes.
//!
//! Failure policy: what is read is told as far as a target checks it. Absent: sockets.

use std::sync::Arc;

use crate::question::Question;
use crate::transfer::Receiver;
use crate::zone::Zone;
use crate::{resolve, secure, serve, wire};

/// Reads a packet as the answer to `question`, and tells every record of it as text; of one that is not `whole` the
/// header alone counts.
///
/// # Errors
/// Why it is not that answer, or cannot be read.
pub fn response(packet: &[u8], whole: bool, id: u16, question: &Question) -> Result<Vec<String>, String> {
    match wire::response(packet, whole, id, question) {
        Ok(read) => {
            let records = [read.answer, read.authority, read.additional].into_iter().flatten();
            let ede = read.ede.map(|(code, text)| format!("{code} {text}"));
            Ok(records.map(|record| record.to_string()).chain(ede).collect())
        }
        Err(wire::NotIt::Other(why)) => Err(why.to_owned()),
        Err(wire::NotIt::Broken(why)) => Err(why),
    }
}

/// Takes a packet as an answer of a signed zone, and looks at its keys, its DS and every signature in it.
pub fn signatures(packet: &[u8], question: &Question, now: u64) -> Option<usize> {
    let exchange = crate::ask::exchange_of(packet, question)?;
    let keys = secure::keys(&exchange);
    let fits =
        secure::ds(&exchange).iter().filter(|ds| keys.iter().any(|key| ds.fits(key) == Some(true))).count();
    let name = question.name();
    let owners =
        exchange.answer.iter().chain(&exchange.authority).map(|record| (&record.name, &record.rtype));
    let signed =
        owners.filter_map(|(owner, rtype)| secure::signed(&exchange, owner, rtype, &keys, now)).count();
    let denial = secure::denial_signed(&exchange, "shop.test.", &keys, now);
    let listed = secure::listed(&exchange, "shop.test.", &name).map_or(0, |types| types.len());
    let from_wildcard = usize::from(secure::from_wildcard(&exchange, &name));
    Some(fits + signed + usize::from(denial.is_some()) + listed + from_wildcard)
}

/// What a server of these zones answers to a packet that came over TCP or not.
pub fn replies(zones: Vec<Zone>) -> impl Fn(&[u8], bool) -> Option<Vec<u8>> {
    serve::replies(zones)
}

/// Takes messages as the answer to a request for the zone of `held`, with the difference from it asked for or the whole
/// zone; what they make of it. The id of each message is made to fit where it has one.
///
/// # Errors
/// What is wrong with them.
pub fn transfer(held: &Zone, ixfr: bool, messages: Vec<Vec<u8>>) -> Result<Option<Zone>, String> {
    let base = Some(Arc::new(held.clone()));
    let (mut receiver, asked) =
        Receiver::ask(held.apex(), base, ixfr, None).map_err(|why| why.to_string())?;
    for mut message in messages {
        message.iter_mut().zip(&asked).take(2).for_each(|(byte, id)| *byte = *id);
        if receiver.take(message).map_err(|why| why.to_string())? {
            break;
        }
    }
    receiver.finish().map(|(_, zone)| zone).map_err(|why| why.to_string())
}

/// Reads the two files that say how a host resolves names; how many hosts and servers they name.
#[must_use]
pub fn system_files(hosts: &str, resolv_conf: &str) -> (usize, usize) {
    resolve::system_files(hosts, resolv_conf)
}
