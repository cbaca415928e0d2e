//! The misbehaviours, one row each: the server's script, and what the step must make of it.
//!
//! The step demands STARTTLS unless the row says otherwise, and signs in where TLS is there to sign in under. A new
//! misbehaviour is a row here.

use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::StartTls;

use crate::stage::Act::{self, Drip, Endless, Hang, Hear, HearAnything, Reset, Say, Tls};

/// One misbehaviour.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) starttls: StartTls,
    pub(crate) script: &'static [Act],
    /// Whether the step waits until its time is up.
    pub(crate) waits: bool,
    /// The fault and words of its detail; none where the server is good enough all the same.
    pub(crate) fault: Option<(Kind, &'static str)>,
}

impl Case {
    /// What the step has: where it ends at once, far more than that takes on a busy machine; else it takes all of it.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(if self.waits { 5 } else { 60 })
    }
}

const HELLO: Act = Say(b"220 mail.shop.example ESMTP\r\n");
const OFFER: Act = Say(b"250-mail.shop.example\r\n250 STARTTLS\r\n");
const GO: Act = Say(b"220 go ahead\r\n");
const OFFER_AUTH: Act = Say(b"250-mail.shop.example\r\n250 AUTH PLAIN\r\n");
const WELCOME: Act = Say(b"235 welcome\r\n");
const BYE: Act = Say(b"221 bye\r\n");

fn case(name: &'static str, script: &'static [Act], kind: Kind, words: &'static str) -> Case {
    Case { name, starttls: StartTls::Required, script, waits: false, fault: Some((kind, words)) }
}

fn waits(name: &'static str, script: &'static [Act], kind: Kind, words: &'static str) -> Case {
    Case { waits: true, ..case(name, script, kind, words) }
}

fn borne(name: &'static str, script: &'static [Act]) -> Case {
    Case { name, starttls: StartTls::Required, script, waits: false, fault: None }
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    [endless(), slow(), early(), starttls(), broken(), codes(), hung_up(), odd()]
        .into_iter()
        .flatten()
        .collect()
}

/// More than anybody may have to say.
fn endless() -> Vec<Case> {
    use Kind::HttpMalformed;
    vec![
        case(
            "a banner without end",
            &[Endless(b"220-and so on\r\n")],
            HttpMalformed,
            "the greeting has more than 100 lines",
        ),
        case(
            "a line without end",
            &[Endless(b"220 and so on ")],
            HttpMalformed,
            "the greeting has a line of more than 2000 bytes",
        ),
        case(
            "a line of NUL without end",
            &[Endless(&[0; 4096])],
            HttpMalformed,
            "the greeting has a line of more than 2000 bytes",
        ),
        case(
            "a reply without end",
            &[HELLO, Hear, Endless(b"250-X\r\n")],
            HttpMalformed,
            "[127.0.0.1] has more than 100 lines",
        ),
        case(
            "a reply of one line without end",
            &[HELLO, Hear, Endless(b"250-XXXXXXXXXXXXXXXX")],
            HttpMalformed,
            "[127.0.0.1] has a line of more than 2000 bytes",
        ),
        case(
            "a reply under TLS without end",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, Endless(b"250-X\r\n")],
            HttpMalformed,
            "[127.0.0.1] has more than 100 lines",
        ),
        case(
            "an answer to the password without end",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, OFFER_AUTH, Hear, Endless(b"235-XXXXXXXXXXXXXXXX")],
            HttpMalformed,
            "has a line of more than 2000 bytes",
        ),
    ]
}

/// Never quite nothing.
fn slow() -> Vec<Case> {
    use Kind::{TlsHandshake, TransferStalled};
    vec![
        waits("silence", &[Hang], TransferStalled, "ran out while waiting for the greeting"),
        waits(
            "a greeting byte by byte",
            &[Drip(b"220-and so on\r\n")],
            TransferStalled,
            "waiting for the greeting",
        ),
        waits(
            "a reply byte by byte",
            &[HELLO, Hear, Drip(b"250-X\r\n")],
            TransferStalled,
            "waiting for the reply to EHLO",
        ),
        waits(
            "silence after STARTTLS",
            &[HELLO, Hear, OFFER, Hear, Hang],
            TransferStalled,
            "the reply to STARTTLS",
        ),
        waits(
            "a handshake that never begins",
            &[HELLO, Hear, OFFER, Hear, GO, Hang],
            TlsHandshake,
            "ran out while shaking hands",
        ),
        waits(
            "a handshake that never ends",
            // A record of 16 KiB is announced, in it a ServerHello of 64 KiB, and then it drips.
            &[
                HELLO,
                Hear,
                OFFER,
                Hear,
                GO,
                HearAnything,
                Say(&[22, 3, 3, 0x40, 0, 2, 0, 0xff, 0]),
                Drip(&[3]),
            ],
            TlsHandshake,
            "ran out while shaking hands",
        ),
        waits(
            "silence under TLS",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, Hang],
            TransferStalled,
            "the reply to EHLO",
        ),
        waits(
            "silence after the password",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, OFFER_AUTH, Hear, Hang],
            TransferStalled,
            "waiting for the reply to AUTH PLAIN",
        ),
        borne(
            "silence after QUIT",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, OFFER_AUTH, Hear, WELCOME, Hear, Hang],
        ),
    ]
}

/// What comes before it was asked for.
fn early() -> Vec<Case> {
    use Kind::HttpMalformed;
    const EARLY: &str = "before they were asked for";
    vec![
        case(
            "garbage behind the greeting",
            &[Say(b"220 hello\r\n\xff\xfe\x00garbage"), Hang],
            HttpMalformed,
            EARLY,
        ),
        case(
            "the next reply behind the greeting",
            &[Say(b"220 hello\r\n250 STARTTLS\r\n"), Hang],
            HttpMalformed,
            EARLY,
        ),
        case(
            "garbage behind the offer",
            &[HELLO, Hear, Say(b"250-a\r\n250 STARTTLS\r\ngarbage"), Hang],
            HttpMalformed,
            EARLY,
        ),
        // CVE-2011-0411 and its kin: what is slipped in here would be taken for said under TLS.
        case(
            "commands behind the word to begin TLS",
            &[
                HELLO,
                Hear,
                OFFER,
                Hear,
                Say(b"220 go ahead\r\n250-mail.shop.example\r\n250 AUTH PLAIN\r\n"),
                Tls,
                Hang,
            ],
            HttpMalformed,
            "before they were asked for: 250-mail.shop.example",
        ),
        case(
            "one byte behind the word to begin TLS",
            &[HELLO, Hear, OFFER, Hear, Say(b"220 go ahead\r\n2"), Tls, Hang],
            HttpMalformed,
            "1 bytes came before they were asked for: 2",
        ),
        case(
            "commands in the clear where TLS should begin",
            &[
                HELLO,
                Hear,
                OFFER,
                Hear,
                GO,
                HearAnything,
                Say(b"250-mail.shop.example\r\n250 AUTH PLAIN\r\n"),
                Hang,
            ],
            Kind::TlsHandshake,
            "mail.shop.example",
        ),
        case(
            "garbage behind the offer under TLS",
            &[
                HELLO,
                Hear,
                OFFER,
                Hear,
                GO,
                Tls,
                Hear,
                Say(b"250-a\r\n250 AUTH PLAIN\r\n235 welcome\r\n"),
                Hang,
            ],
            HttpMalformed,
            EARLY,
        ),
        case(
            "garbage behind the welcome",
            &[
                HELLO,
                Hear,
                OFFER,
                Hear,
                GO,
                Tls,
                Hear,
                OFFER_AUTH,
                Hear,
                Say(b"235 welcome\r\ngarbage"),
                Hang,
            ],
            HttpMalformed,
            EARLY,
        ),
    ]
}

/// STARTTLS taken away, taken back, or not meant.
fn starttls() -> Vec<Case> {
    use Kind::{HttpStatus, TlsHandshake};
    vec![
        case(
            "STARTTLS stripped",
            &[HELLO, Hear, Say(b"250-a\r\n250 XXXXXXXA\r\n"), Hang],
            TlsHandshake,
            "does not offer STARTTLS",
        ),
        case(
            "STARTTLS as the server's name",
            &[HELLO, Hear, Say(b"250 STARTTLS\r\n"), Hang],
            TlsHandshake,
            "does not offer STARTTLS",
        ),
        Case {
            name: "STARTTLS stripped where there is a password to send",
            starttls: StartTls::Offered,
            waits: false,
            script: &[HELLO, Hear, Say(b"250-a\r\n250 AUTH PLAIN\r\n"), Hang],
            fault: Some((TlsHandshake, "never sent in the clear")),
        },
        case(
            "STARTTLS offered and refused",
            &[HELLO, Hear, OFFER, Hear, Say(b"454 not today\r\n"), Hang],
            HttpStatus,
            "the reply to STARTTLS is: 454 not today",
        ),
        Case {
            name: "in the clear where TLS should be from the beginning",
            starttls: StartTls::Implicit,
            waits: false,
            script: &[HELLO, Hear, OFFER, Hang],
            fault: Some((TlsHandshake, "mail.shop.example")),
        },
        Case {
            name: "a banner without end where TLS should be from the beginning",
            starttls: StartTls::Implicit,
            waits: false,
            script: &[Endless(b"220-and so on\r\n")],
            fault: Some((TlsHandshake, "mail.shop.example")),
        },
        case(
            "records of TLS without end",
            &[HELLO, Hear, OFFER, Hear, GO, HearAnything, Endless(&[20, 3, 3, 0, 1, 1])],
            TlsHandshake,
            "mail.shop.example",
        ),
        case(
            "alerts of TLS without end",
            &[HELLO, Hear, OFFER, Hear, GO, HearAnything, Endless(&[21, 3, 3, 0, 2, 1, 0])],
            TlsHandshake,
            "mail.shop.example",
        ),
    ]
}

/// What is no SMTP.
fn broken() -> Vec<Case> {
    use Kind::HttpMalformed;
    vec![
        case(
            "another protocol",
            &[Say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Hang],
            HttpMalformed,
            "the greeting is not SMTP: HTTP/1.1 400",
        ),
        case(
            "two codes in one reply",
            &[Say(b"220-a\r\n250 b\r\n"), Hang],
            HttpMalformed,
            "the greeting is not SMTP: 250 b",
        ),
        case(
            "a NUL in a reply",
            &[Say(b"220 mail\0shop\r\n"), Hang],
            HttpMalformed,
            "the greeting is not SMTP: 220 mail shop",
        ),
        case("a code of four digits", &[Say(b"2200 hello\r\n"), Hang], HttpMalformed, "is not SMTP"),
        case("an empty line", &[Say(b"\r\n"), Hang], HttpMalformed, "is not SMTP"),
        case(
            "commands for a terminal",
            &[Say(b"220 \x1b[2J\x07\xe2\x80\xae\xe2\x81\xa6<b>\r\n421 \x1b]0;x\x07\r\n"), Hang],
            HttpMalformed,
            "before they were asked for: 421  ]0;x",
        ),
    ]
}

/// A no, at each place for one.
fn codes() -> Vec<Case> {
    use Kind::HttpStatus;
    vec![
        case("closed", &[Say(b"554 go away\r\n"), Hang], HttpStatus, "the greeting is: 554 go away"),
        case(
            "a yes that is another",
            &[Say(b"250 hello\r\n"), Hang],
            HttpStatus,
            "the greeting is: 250 hello",
        ),
        case("EHLO is not known", &[HELLO, Hear, Say(b"502 what\r\n"), Hang], HttpStatus, "is: 502 what"),
        case(
            "a hostile no",
            &[Say(b"554 \x1b[31m\xe2\x80\xaeoff\xff\r\n"), Hang],
            HttpStatus,
            "the greeting is: 554  [31m off\u{fffd}",
        ),
        case(
            "a wrong password",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, OFFER_AUTH, Hear, Say(b"535 no\r\n"), Hang],
            HttpStatus,
            "is: 535 no",
        ),
    ]
}

/// A connection that ends where it should not.
fn hung_up() -> Vec<Case> {
    use Kind::{ConnectReset, TlsHandshake};
    vec![
        case("instead of the greeting", &[], ConnectReset, "hung up instead of the greeting"),
        case("within the greeting", &[Say(b"220-mail")], ConnectReset, "hung up instead of the greeting"),
        case("instead of the offer", &[HELLO, Hear], ConnectReset, "hung up instead of the reply to EHLO"),
        case(
            "within the offer",
            &[HELLO, Hear, Say(b"250-mail\r\n")],
            ConnectReset,
            "hung up instead of the reply to EHLO",
        ),
        case(
            "instead of TLS",
            &[HELLO, Hear, OFFER, Hear],
            ConnectReset,
            "hung up instead of the reply to STARTTLS",
        ),
        case("before the handshake", &[HELLO, Hear, OFFER, Hear, GO], TlsHandshake, "broke off"),
        case(
            "within the handshake",
            &[HELLO, Hear, OFFER, Hear, GO, HearAnything, Say(&[22, 3, 3, 1])],
            TlsHandshake,
            "broke off",
        ),
        case(
            "after the handshake",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear],
            ConnectReset,
            "the reply to EHLO",
        ),
        case(
            "after the password",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, OFFER_AUTH, Hear],
            ConnectReset,
            "the reply to AUTH PLAIN",
        ),
        case("with a reset", &[HELLO, Hear, Reset], ConnectReset, "the reply to EHLO"),
    ]
}

/// What is odd and borne by every client.
fn odd() -> Vec<Case> {
    vec![
        borne(
            "as it should be",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, OFFER_AUTH, Hear, WELCOME, Hear, BYE],
        ),
        borne(
            "line feeds alone",
            &[
                Say(b"220 mail\n"),
                Hear,
                Say(b"250-a\n250 STARTTLS\n"),
                Hear,
                Say(b"220 go\n"),
                Tls,
                Hear,
                Say(b"250-a\n250 AUTH PLAIN\n"),
                Hear,
                Say(b"235 ok\n"),
                Hear,
                Say(b"221 bye\n"),
            ],
        ),
        borne(
            "letters beyond ASCII",
            &[
                Say(b"220 gr\xfc\xdfe \xff\xfe\r\n"),
                Hear,
                OFFER,
                Hear,
                GO,
                Tls,
                Hear,
                OFFER_AUTH,
                Hear,
                WELCOME,
                Hear,
                BYE,
            ],
        ),
        borne(
            "hanging up instead of a goodbye",
            &[HELLO, Hear, OFFER, Hear, GO, Tls, Hear, OFFER_AUTH, Hear, WELCOME],
        ),
    ]
}
