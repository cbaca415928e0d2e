//! The certificate with which customers sign in has expired.

use super::{Cause, Lever};

pub(super) const LEVER: Lever = Lever {
    id: "certificate-expired",
    title: "A certificate has expired",
    does: "account.shop.example shows a certificate that ended on 11 March 2015. The process was told to read it, as after a renewal that went wrong.",
    notice: "Signing in warns of an insecure connection.",
    expect: "Signing in fails because the certificate has expired; buying goes on, for programs sign in by another name.",
    causes: &[Cause::CertificateExpired],
};
