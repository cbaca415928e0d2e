//! The door for fuzzing, there only under `cfg(fuzzing)`: what is private here and reads hostile bytes.
//!
//! Failure policy: what is read is told as far as a target checks it. Absent: sockets.

use std::sync::Arc;

use crate::question::Question;
use crate::transfer::Receiver;
use crate::zone::Zone;
use crate::{resolve, serve, wire};

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
