//! The closed taxonomy of what can be wrong, by layer, and who must act on it.
//!
//! A fault is the target's; [`Kind`]s of [`Layer::Vantage`] are ours and never count against a target.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

/// The layer at which a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Finding the name.
    Dns,
    /// Reaching the address.
    Connect,
    /// Proving who answers.
    Tls,
    /// The protocol spoken.
    Http,
    /// What was said.
    Content,
    /// How the bytes came.
    Transfer,
    /// It took longer than the whole journey may.
    Deadline,
    /// We could not measure; the target is not accused.
    Vantage,
}

/// Who must act: the first question at three in the morning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Those who run the service.
    Service,
    /// Those who publish the zone.
    ZoneOwner,
    /// The registrar or the parent zone.
    Registrar,
    /// Those who run the resolver that was asked.
    Resolver,
    /// Those who run the network between.
    Network,
    /// Those who run Candor.
    Us,
    /// Those who wrote Candor's configuration.
    Config,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $layer:ident, $act:ident;)*) => {
        /// What is wrong. `layer()` and `act()` follow from it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind, in the order of the layers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The layer it belongs to.
            #[must_use]
            pub const fn layer(self) -> Layer {
                match self { $(Self::$name => Layer::$layer,)* }
            }

            /// Who must act on it, as far as the kind alone tells.
            #[must_use]
            pub const fn act(self) -> Act {
                match self { $(Self::$name => Act::$act,)* }
            }

            /// The word used in JSON, metrics and docs, unique within its layer.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

kinds! {
    /// The name does not exist (RFC 8020).
    DnsNxdomain = "nxdomain", Dns, ZoneOwner;
    /// The name exists, the type does not (RFC 2308, section 2.2).
    DnsNodata = "nodata", Dns, ZoneOwner;
    /// The server could not answer.
    DnsServfail = "servfail", Dns, ZoneOwner;
    /// The server would not answer.
    DnsRefused = "refused", Dns, Resolver;
    /// No server answered in time.
    DnsTimeout = "timeout", Dns, Resolver;
    /// A server named by the parent does not serve the zone (RFC 9499, "lame delegation").
    DnsLame = "lame", Dns, ZoneOwner;
    /// The answer fails DNSSEC validation.
    DnsBogus = "bogus", Dns, ZoneOwner;
    /// The answer is not the expected one.
    DnsWrongAnswer = "wrong_answer", Dns, ZoneOwner;
    /// The authorities do not agree.
    DnsDisagreement = "disagreement", Dns, ZoneOwner;
    /// An alias (CNAME or DNAME) leads nowhere or in a circle.
    DnsAliasBroken = "alias_broken", Dns, ZoneOwner;
    /// The address answers that nobody listens.
    ConnectRefused = "refused", Connect, Service;
    /// The address does not answer.
    ConnectTimeout = "timeout", Connect, Network;
    /// No route, or an answer on the way that it cannot be reached.
    ConnectUnreachable = "unreachable", Connect, Network;
    /// The connection was cut.
    ConnectReset = "reset", Connect, Service;
    /// The certificate has run out, is not valid yet, or runs out sooner than demanded.
    TlsExpired = "expired", Tls, Service;
    /// The certificate is for another name.
    TlsWrongName = "wrong_name", Tls, Service;
    /// Nobody we trust vouches for the certificate.
    TlsUntrusted = "untrusted", Tls, Service;
    /// No agreement was reached.
    TlsHandshake = "handshake", Tls, Service;
    /// The status code is not the expected one. Also a refusal in another protocol's reply code (SMTP).
    HttpStatus = "status", Http, Service;
    /// Too many redirects, or a circle.
    HttpRedirectLoop = "redirect_loop", Http, Service;
    /// What came is not the protocol, breaks its bounds, or points where it must not.
    HttpMalformed = "malformed", Http, Service;
    /// The content does not satisfy an expectation.
    ContentAssertion = "assertion", Content, Service;
    /// A page that says sorry with a status that says success.
    ContentApologyPage = "apology_page", Content, Service;
    /// A value that a later step needs is not there.
    ContentMissingCapture = "missing_capture", Content, Service;
    /// No byte for longer than a stall may last.
    TransferStalled = "stalled", Transfer, Service;
    /// The connection ended before the promised length.
    TransferTruncated = "truncated", Transfer, Service;
    /// All came, or kept coming, slower than demanded.
    TransferTooSlow = "too_slow", Transfer, Service;
    /// The step or the journey took longer than it may.
    DeadlineExceeded = "exceeded", Deadline, Service;
    /// The check hung in our own code and was cut by the watchdog.
    VantageHung = "hung", Vantage, Us;
    /// The vantage could not measure: no descriptors, no memory, no route of its own.
    VantageUnable = "unable", Vantage, Us;
    /// The vantage reaches none of its anchors.
    VantageBlind = "blind", Vantage, Us;
    /// The step cannot run as configured (privileges, a hole that nothing fills).
    VantageConfig = "config", Vantage, Config;
}

impl Layer {
    /// The word used in JSON, metrics and docs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Content => "content",
            Self::Transfer => "transfer",
            Self::Deadline => "deadline",
            Self::Vantage => "vantage",
        }
    }
}

impl Act {
    /// The word used in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::ZoneOwner => "zone_owner",
            Self::Registrar => "registrar",
            Self::Resolver => "resolver",
            Self::Network => "network",
            Self::Us => "us",
            Self::Config => "config",
        }
    }
}

impl Kind {
    /// Whether somebody took the connection, who may have failed because of what they need themselves.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        matches!(self.layer(), Layer::Http | Layer::Content | Layer::Transfer | Layer::Deadline)
    }

    /// Whether it says that something took too long: where nobody listened meanwhile, it says nothing.
    #[must_use]
    pub const fn is_of_time(self) -> bool {
        matches!(
            self,
            Self::DnsTimeout
                | Self::ConnectTimeout
                | Self::TlsHandshake
                | Self::TransferStalled
                | Self::TransferTooSlow
                | Self::DeadlineExceeded
        )
    }
}

/// A fault: what, at which step, and the detail for operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What is wrong.
    pub kind: Kind,
    /// The step that failed, counted from 0 over the whole journey.
    pub step: u16,
    /// For operators: one line, bounded to [`DETAIL_MAX`] bytes, free of secrets. May quote the target: hostile text.
    pub detail: String,
}

/// Longest [`Fault::detail`], in bytes.
pub const DETAIL_MAX: usize = 300;

impl Fault {
    /// A fault with its detail cut to [`DETAIL_MAX`] and stripped of characters that are not inert.
    #[must_use]
    pub fn new(kind: Kind, step: u16, detail: &str) -> Self {
        let mut kept = String::new();
        for c in detail.chars().map(|c| if is_inert(c) { c } else { ' ' }) {
            if kept.len() + c.len_utf8() + '…'.len_utf8() > DETAIL_MAX {
                kept.push('…');
                break;
            }
            kept.push(c);
        }
        Self { kind, step, detail: kept }
    }

    /// Whether it is our own failing, which must never count against the target.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.kind.layer() == Layer::Vantage
    }
}

/// Whether a character of hostile text may be shown: not where it acts on the line instead of standing in it. Control
/// characters do, and those that Unicode has to turn the direction of writing, to join, to hide and to tag.
#[must_use]
pub fn is_inert(c: char) -> bool {
    let acts = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    );
    !acts && !c.is_control()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind.layer().word(), self.kind.word())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_word_of_its_own_within_its_layer() {
        let words: BTreeSet<_> = Kind::ALL.iter().map(|k| (k.layer(), k.word())).collect();
        assert_eq!(words.len(), Kind::ALL.len());
    }

    #[test]
    fn a_detail_is_bounded_and_holds_no_control_characters() {
        let fault = Fault::new(Kind::HttpStatus, 0, &"\u{1b}é".repeat(400));
        assert!(fault.detail.len() <= DETAIL_MAX);
        assert!(!fault.detail.chars().any(char::is_control));
    }

    #[test]
    fn a_detail_cannot_turn_or_hide_the_text_around_it() {
        let fault = Fault::new(
            Kind::HttpStatus,
            0,
            "a\u{202e}b\u{2066}c\u{200b}d\u{e0041}e\u{feff}f\u{2028}g\u{85}h é ✓",
        );
        assert_eq!(fault.detail, "a b c d e f g h é ✓");
    }
}
