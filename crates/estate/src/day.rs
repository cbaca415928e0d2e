//! The day in five minutes, as data: 11 March 2015 in the shape that its reports give it, told by causes alone.
//!
//! A bad zone is on the Indian copy first, then on all; signing in, mail and documents are out for a part of the day, the
//! stores, support and the developers' systems for all of it; the shop's own status page says that all is well for hours;
//! customers complain; the repair reaches India last. Nobody outside knows which record was wrong that day: this is its shape.

use std::time::Duration;

/// A moment of the day, and what happens then.
#[derive(Debug)]
pub struct Step {
    /// When, from the beginning of the play.
    pub at: Duration,
    /// What the clocks said.
    pub clock: &'static str,
    /// What happens, in a few words.
    pub title: &'static str,
    /// Where to look, and what is to be seen there.
    pub look: &'static str,
    /// Levers that are pulled.
    pub pull: &'static [&'static str],
    /// Levers that are mended, at the same stroke.
    pub mend: &'static [&'static str],
    /// What people do.
    pub acts: &'static [Act],
}

/// What people do, beside breaking things.
#[derive(Debug)]
pub enum Act {
    /// So many customers come in a minute.
    Customers(u32),
    /// Somebody sets systems on the shop's own status page.
    SayStatus(&'static [&'static str], &'static str, &'static str),
    /// The support account posts.
    Post(&'static str),
}

const STORES: &[&str] = &["apps", "macapps", "music", "books"];

/// The day, in order.
pub const DAY: &[Step] = &[
    Step {
        at: Duration::ZERO,
        clock: "08:40",
        title: "An ordinary morning",
        look: "Everything is green. Customers come and buy in every place.",
        pull: &[],
        mend: &[],
        acts: &[Act::Customers(240)],
    },
    Step {
        at: Duration::from_secs(15),
        clock: "08:50",
        title: "A bad zone reaches the Indian copy",
        look: "Watch India on the status page: viewing, buying and downloading turn red there, and nowhere else.",
        pull: &["bad-zone-india"],
        mend: &[],
        acts: &[],
    },
    Step {
        at: Duration::from_secs(55),
        clock: "09:05",
        title: "Every copy has it; sign-in, mail, documents and support go too",
        look: "All places follow. Front pages still open. Look at what customers say, and at the shop’s own status page, which says that all is well.",
        pull: &["bad-zone", "accounts-gone", "developers-gone"],
        mend: &["bad-zone-india"],
        acts: &[],
    },
    Step {
        at: Duration::from_secs(95),
        clock: "09:40",
        title: "The first words",
        look: "Look at what customers say: the support account has posted. The shop’s own page is still green.",
        pull: &[],
        mend: &[],
        acts: &[Act::Post("You may be receiving an error this morning. We are looking into it.")],
    },
    Step {
        at: Duration::from_secs(130),
        clock: "13:00",
        title: "Sign-in, mail and documents are back",
        look: "Account, mail and documents recover. The stores do not.",
        pull: &[],
        mend: &["accounts-gone"],
        acts: &[],
    },
    Step {
        at: Duration::from_secs(155),
        clock: "13:30",
        title: "The shop’s own page admits it, hours late",
        look: "Compare both pages: one says “unavailable to all users” now, the other has measured it for hours.",
        pull: &[],
        mend: &[],
        acts: &[Act::SayStatus(STORES, "outage", "Unavailable to all users")],
    },
    Step {
        at: Duration::from_secs(175),
        clock: "15:00",
        title: "The stores apologise, with status 200",
        look: "Front pages are now an apology. Who checks only the status code sees the shop recover.",
        pull: &["apology"],
        mend: &[],
        acts: &[],
    },
    Step {
        at: Duration::from_secs(210),
        clock: "17:00",
        title: "A statement, and front pages again",
        look: "Front pages open again. Look at what customers say: an apology, a cause, and no time of recovery.",
        pull: &[],
        mend: &["apology"],
        acts: &[Act::Post("We apologise. The cause was an internal DNS error. Thank you for your patience.")],
    },
    Step {
        at: Duration::from_secs(235),
        clock: "20:00",
        title: "The zone is repaired; the Indian copy has not heard of it",
        look: "One place after another is green again. In India nobody can buy yet.",
        pull: &["copy-old"],
        mend: &["bad-zone", "developers-gone"],
        acts: &[],
    },
    Step {
        at: Duration::from_secs(270),
        clock: "20:20",
        title: "Every copy is right",
        look: "India follows, and all is green. The shop’s own page still says outage: it is as wrong as it was in the morning.",
        pull: &[],
        mend: &["copy-old"],
        acts: &[],
    },
    Step {
        at: Duration::from_secs(295),
        clock: "20:30",
        title: "The shop’s own page says that it is over",
        look: "The incidents on the status page are watched for a while, and within a minute resolved, with their times. So ends the day.",
        pull: &[],
        mend: &[],
        acts: &[Act::SayStatus(STORES, "available", ""), Act::Customers(60)],
    },
];

/// Every lever that the day moves.
pub(crate) fn levers() -> Vec<&'static str> {
    let mut all: Vec<_> = DAY.iter().flat_map(|step| step.pull.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levers::Lever;

    #[test]
    fn the_day_is_in_order_within_five_minutes_and_ends_as_it_began() {
        assert!(DAY.windows(2).all(|pair| pair[0].at < pair[1].at && pair[0].clock < pair[1].clock));
        assert!(DAY.last().is_some_and(|last| last.at <= Duration::from_secs(300)));
        let mut pulled: Vec<&str> = Vec::new();
        for step in DAY {
            assert!(step.mend.iter().all(|id| pulled.contains(id)), "{}", step.title);
            pulled.retain(|id| !step.mend.contains(id));
            pulled.extend(step.pull);
        }
        assert!(pulled.is_empty(), "{pulled:?}");
        assert!(levers().iter().all(|id| Lever::find(id).is_some()));
    }
}
