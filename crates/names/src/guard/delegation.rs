//! R6: every server that the zone names answers for every required name, as the zone says.

use super::Case;
use super::breach::{Breaches, Severity};

const READY: &str = "Have the server serve the zone, whole, before the zone names it.";
const MEND: &str = "Look after the server: it was asked while nothing had changed yet.";

pub(super) fn check(case: &Case<'_>, found: &mut Breaches) {
    for server in &case.around.servers {
        let severity = Severity::of_new(server.is_new);
        let remedy = if server.is_new { READY } else { MEND };
        let kind = if server.is_new { "the new name server" } else { "the name server" };
        if let Err(why) = &server.serial {
            let name = server.name.clone();
            found.add(severity, remedy, name, |name| {
                format!("{kind} {name} does not answer for the zone: {why}")
            });
        } else if let Some((asked, said)) = server.otherwise.first() {
            let more = match server.otherwise.len() {
                1 => String::new(),
                n => format!(", and otherwise than the zone for {} more", n - 1),
            };
            let name = server.name.clone();
            found.add(severity, remedy, name, |name| {
                format!("{kind} {name} answers {said} for {asked}{more}")
            });
        }
    }
}
