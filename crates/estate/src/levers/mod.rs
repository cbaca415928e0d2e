//! What can be broken: one file per lever, as data; the [`Cause`]s are carried out by [`crate::estate`].
//!
//! A lever breaks causes, never appearances: nothing here says "down". To add one, write its file and its row in
//! [`ALL`].

mod accounts_gone;
mod addresses_gone;
mod alias_broken;
mod all_names_gone;
mod apology;
mod apology_elsewhere;
mod bad_zone;
mod bad_zone_india;
mod certificate_expired;
mod copy_expired;
mod copy_old;
mod details_gone;
mod developers_gone;
mod disk_full;
mod disk_slow;
mod dot_missing;
mod downloads_stall;
mod internal_name_gone;
mod name_gone;
mod place_cut;
mod process_dies;
mod servers_silent;
mod sign_in_dies;
mod slow;
mod wrong_address;
mod zone_truncated;

use crate::layout::Region;
use crate::role::Role;

/// Something that can be broken and mended.
#[derive(Debug)]
pub struct Lever {
    /// Its word on the command line and in addresses.
    pub id: &'static str,
    /// What happens, in a few words.
    pub title: &'static str,
    /// What it really does.
    pub does: &'static str,
    /// What a customer will notice.
    pub notice: &'static str,
    /// What to expect of whoever watches.
    pub expect: &'static str,
    /// The causes.
    pub causes: &'static [Cause],
}

/// Something that is really wrong. Names are relative to the shop's zone.
#[derive(Debug)]
pub enum Cause {
    /// These names leave the zone.
    NamesLeave(&'static [&'static str]),
    /// Every name but the zone's own and its servers' leaves it.
    EveryNameLeaves,
    /// These names stay, without an address.
    AddressesLeave(&'static [&'static str]),
    /// This name leads to another system.
    LeadsTo(&'static str, Role),
    /// The last dot of where this alias leads was forgotten.
    DotMissing(&'static str),
    /// The zone's file ends early, and three eighths of the storefronts are not in it.
    ZoneEndsEarly,
    /// The copy of this region gets nothing new, and keeps what it has.
    Keeps(Region, Kept),
    /// The role's process is killed, and not started again.
    Dies(Role),
    /// The role's process is stopped, and holds what it has (SIGSTOP).
    Pauses(Role),
    /// A fault in the role's own workings, as `role::Faults` reads it.
    Fault(Role, &'static str),
    /// A page stands in front of the whole role: its status and its text.
    Page(Role, u16, &'static str),
    /// The storefront of this place takes no connection; in an estate without it, that of the last place.
    PlaceCut(&'static str),
    /// Nothing more can be written by the role.
    DiskFull(Role),
    /// The certificate with which customers sign in has expired.
    CertificateExpired,
}

/// What a copy has that gets nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// The zone when it was whole.
    Whole,
    /// A zone without these names.
    Without(&'static [&'static str]),
    /// The zone when it was whole, and not for long: it said that it is too old after ten seconds.
    Expires,
}

/// Names on which every store stands: of buying, of item pages, of downloads.
const STORE_NAMES: &[&str] = &["buy", "buy.internal", "details.internal", "cdn"];

/// Every lever, in the order in which to try them.
pub const ALL: &[&Lever] = &[
    &name_gone::LEVER,
    &process_dies::LEVER,
    &downloads_stall::LEVER,
    &apology::LEVER,
    &place_cut::LEVER,
    &slow::LEVER,
    &sign_in_dies::LEVER,
    &internal_name_gone::LEVER,
    &details_gone::LEVER,
    &all_names_gone::LEVER,
    &bad_zone_india::LEVER,
    &bad_zone::LEVER,
    &accounts_gone::LEVER,
    &developers_gone::LEVER,
    &addresses_gone::LEVER,
    &wrong_address::LEVER,
    &dot_missing::LEVER,
    &alias_broken::LEVER,
    &zone_truncated::LEVER,
    &copy_old::LEVER,
    &copy_expired::LEVER,
    &servers_silent::LEVER,
    &certificate_expired::LEVER,
    &disk_full::LEVER,
    &disk_slow::LEVER,
    &apology_elsewhere::LEVER,
];

impl Lever {
    /// The heading that it stands under: what kind of thing is broken.
    #[must_use]
    pub fn group(&self) -> &'static str {
        match self.causes.first() {
            Some(
                Cause::NamesLeave(_)
                | Cause::EveryNameLeaves
                | Cause::AddressesLeave(_)
                | Cause::LeadsTo(..)
                | Cause::DotMissing(_)
                | Cause::ZoneEndsEarly
                | Cause::Keeps(..)
                | Cause::Pauses(_),
            ) => "Names and name servers",
            Some(Cause::Dies(_) | Cause::DiskFull(_) | Cause::CertificateExpired | Cause::PlaceCut(_)) => {
                "Processes, disks, certificates, places"
            }
            Some(Cause::Fault(..) | Cause::Page(..)) | None => "Answers that come late, or wrong",
        }
    }

    /// The lever with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|lever| lever.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Faults;

    #[test]
    fn ids_are_unique_and_faults_are_known() {
        for (n, lever) in ALL.iter().enumerate() {
            assert_eq!(ALL.iter().position(|other| other.id == lever.id), Some(n));
            assert!(lever.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            for cause in lever.causes {
                if let Cause::Fault(_, words) = cause {
                    words.parse::<Faults>().unwrap();
                }
            }
        }
    }
}
