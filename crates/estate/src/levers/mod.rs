//! What can be broken: one file per lever, as data; the [`Cause`]s are carried out by [`crate::estate`].
//!
//! A lever breaks causes, never appearances: nothing here says "down". To add one, write its file and its row in
//! [`ALL`].

mod all_names_gone;
mod apology;
mod details_gone;
mod downloads_stall;
mod internal_name_gone;
mod name_gone;
mod place_cut;
mod process_dies;
mod sign_in_dies;
mod slow;

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

/// Something that is really wrong.
#[derive(Debug)]
pub enum Cause {
    /// These names, relative to the zone, leave it.
    NamesLeave(&'static [&'static str]),
    /// Every name but the zone's own and its servers' leaves it.
    EveryNameLeaves,
    /// The role's process is killed, and not started again.
    Dies(Role),
    /// A fault in the role's own workings, as `role::Faults` reads it.
    Fault(Role, &'static str),
    /// The storefront of this place takes no connection; in an estate without it, that of the last place.
    PlaceCut(&'static str),
}

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
];

impl Lever {
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
