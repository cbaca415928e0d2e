//! Faults that are not of the DNS: roles, disks, certificates, links.

use super::dns::front;
use super::{Dice, Kind};

/// Roles that customers meet, or that those ask.
const ROLES: &[&str] = &[
    "apps",
    "macapps",
    "music",
    "books",
    "details",
    "identity",
    "commerce",
    "delivery",
    "mail",
    "documents",
    "connect",
    "testflight",
    "support",
];

/// Roles that write before they answer.
const WRITING: &[&str] = &["apps", "macapps", "music", "books", "commerce", "mail", "connect", "support"];

/// Roles whose answers can be slow without an end.
const SLOW: &[&str] = &["apps", "music", "details", "commerce", "documents", "support", "identity"];

/// Hosts with certificates, beside the storefronts.
const HOSTS: &[&str] = &["id", "cdn", "mail", "docs", "connect", "testflight", "support"];

pub(super) fn items(kind: Kind, dice: &mut Dice) -> Vec<String> {
    let cause = match kind {
        Kind::Killed => {
            let verb = dice.one(&["kill", "stop"]);
            format!("{verb}: {}", dice.one(ROLES))
        }
        Kind::Halted => format!("pause: {}", dice.one(ROLES)),
        Kind::ServedPage => page(dice, ROLES),
        Kind::Stalled => format!("stall: {}", dice.one(ROLES)),
        Kind::DiskFull => format!("fill-disk: {}", dice.one(WRITING)),
        Kind::Slow => {
            let (role, by_ms) = (dice.one(SLOW), dice.between(1_600, 1_900));
            format!("slow-disk: {{role: {role}, by: {by_ms}ms}}")
        }
        Kind::Certificate => {
            let host = if dice.between(0, 1) == 0 { front(dice) } else { dice.one(HOSTS).to_owned() };
            format!("expire-certificate: {host}")
        }
        Kind::PlaceCut => format!("link: {{place: {}, cut: true}}", dice.place()),
        _ => {
            let place = dice.place();
            let what = match dice.between(0, 2) {
                0 => format!("corrupt: {}%", dice.between(30, 45)),
                1 => format!("delay: {}ms", dice.between(300, 400)),
                _ => format!("drop: {}%", dice.between(30, 45)),
            };
            format!("link: {{place: {place}, {what}}}")
        }
    };
    vec![dice.fault(&cause)]
}

/// One page for everything, with a status that says success or not.
pub(super) fn page(dice: &mut Dice, roles: &[&str]) -> String {
    let (role, status) = (dice.one(roles).to_owned(), dice.one(&["200", "500", "503"]));
    format!("serve-page: {{role: {role}, status: {status}}}")
}
