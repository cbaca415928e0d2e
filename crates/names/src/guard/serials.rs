//! R5: the serial is newer, by RFC 1982, than what is published and than what every live server has.

use super::Case;
use super::breach::{Breaches, Severity};
use crate::zone::serial::{is_newer, next};

const RAISE: &str = "Raise the serial of the SOA: copies take nothing that is not newer than what they have.";

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    if case.live == case.proposed {
        return;
    }
    let (new, held) = (case.proposed.serial(), case.live.serial());
    // A server that is new takes whatever there is.
    let old = case.around.servers.iter().filter(|server| !server.is_new);
    let seen = old.filter_map(|server| Some((format!("{} has", server.name), *server.serial.as_ref().ok()?)));
    let published = std::iter::once(("published is".to_owned(), held));
    // The newest of those that it does not follow: more than that is enough for all of them.
    let refusing = published.chain(seen).filter(|(_, serial)| !is_newer(new, *serial));
    let newest = refusing.reduce(|one, other| if is_newer(other.1, one.1) { other } else { one });
    let Some((who, serial)) = newest else { return };
    let words = if new == serial {
        format!("the serial {new} is not raised: {who} {serial}; the next is {}", next(serial))
    } else {
        format!("the serial {new} goes backwards: {who} {serial}; the next is {} (RFC 1982)", next(serial))
    };
    found.add_all(Severity::Refuse, RAISE, vec![case.proposed.origin()], words);
}
