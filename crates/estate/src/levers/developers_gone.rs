//! The names of support and of the developers’ systems leave the zone.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "developers-gone",
    title: "Support and developers lose their names",
    does: "The names of support, of developer uploads and of beta testing are taken out of the zone. The processes run.",
    notice: "No ticket can be opened, no build uploaded, no beta installed: who would help is out as well.",
    expect: "Support, uploads and beta testing fail; the stores stay green.",
    causes: &[Cause::NamesLeave(&[
        "support",
        "support.internal",
        "connect",
        "connect.internal",
        "testflight",
    ])],
};
