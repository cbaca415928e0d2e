//! The names of signing in and of what needs it leave the zone.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "accounts-gone",
    title: "Mail, documents and signing in lose their names",
    does: "The names of identity, mail and documents are taken out of the zone; the internal ones too. The processes run.",
    notice: "Nobody signs in, reads mail or opens a document. Nobody can buy either.",
    expect: "Sign-in, mail and documents fail, and with them everything that asks who somebody is. Browsing stays green.",
    causes: &[Cause::NamesLeave(&[
        "account",
        "id",
        "id.internal",
        "mail",
        "mail.internal",
        "mx",
        "docs",
        "docs.internal",
    ])],
};
