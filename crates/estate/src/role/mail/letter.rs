//! A letter: its bytes as they came (RFC 5322), and what is shown of it.

use std::time::SystemTime;

use crate::layout::ZONE;

/// How much of a subject is shown, in characters.
const SHOWN: usize = 200;

/// A letter on its way into mailboxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// The envelope's sender; empty for a notice that wants no answer.
    pub(super) sender: String,
    /// Its subject, as it is shown.
    pub(super) subject: String,
    /// Header and body, lines ended by CRLF.
    pub(super) content: Vec<u8>,
}

impl Letter {
    /// One that came in by SMTP from `client`, with its trace (RFC 5321, section 4.4).
    pub(super) fn received(sender: &str, client: &str, content: &[u8]) -> Self {
        let date = httpdate::fmt_http_date(SystemTime::now());
        let trace = format!(
            "Return-Path: <{sender}>\r\nReceived: from {client} by mx.{ZONE} with SMTP; {}\r\n",
            date.replace("GMT", "+0000")
        );
        let subject = field(content, "subject").unwrap_or_default();
        Self { sender: sender.to_owned(), subject, content: [trace.as_bytes(), content].concat() }
    }

    /// One that a customer wrote at the mailbox. The caller has made sure that no field holds a line's end.
    pub(super) fn composed(from: &str, to: &str, subject: &str, text: &str) -> Self {
        let date = httpdate::fmt_http_date(SystemTime::now()).replace("GMT", "+0000");
        let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        let content = format!(
            "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
        );
        Self { sender: from.to_owned(), subject: subject.to_owned(), content: content.into_bytes() }
    }
}

/// The address in one form, if it is one of ours: local parts here are plain, and hosts have no case.
pub(super) fn local(address: &str) -> Option<String> {
    let (name, host) = address.trim().rsplit_once('@')?;
    let name = name.to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
    let fits = !name.is_empty() && name.len() <= 64 && name.bytes().all(plain);
    (fits && host.eq_ignore_ascii_case(ZONE)).then(|| format!("{name}@{ZONE}"))
}

/// What comes after the header.
pub(super) fn body(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    body.replace("\r\n", "\n").trim_end().to_owned()
}

/// A field of the header, unfolded (RFC 5322, section 2.2.3), without control characters.
fn field(content: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    let header = text.split_once("\r\n\r\n").map_or(&*text, |(header, _)| header);
    let mut lines = header.split("\r\n").skip_while(|line| {
        line.split_once(':').is_none_or(|(field, _)| !field.trim_end().eq_ignore_ascii_case(name))
    });
    let mut value = lines.next()?.split_once(':')?.1.trim().to_owned();
    for more in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(more.trim());
    }
    Some(value.chars().filter(|c| !c.is_control()).take(SHOWN).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_addresses_are_local() {
        assert_eq!(local("Customer-1@Shop.Example").as_deref(), Some("customer-1@shop.example"));
        for address in [
            "",
            "@shop.example",
            "a@b.example",
            "a b@shop.example",
            "a@shop.example.evil.example",
            "a/../b@shop.example",
        ] {
            assert_eq!(local(address), None, "{address}");
        }
    }

    #[test]
    fn a_subject_is_unfolded_and_a_body_is_what_follows_the_header() {
        let content = b"From: a@b.example\r\nSUBJECT: one\r\n two\r\nTo: x\r\n\r\nHello\r\nthere\r\n";
        let letter = Letter::received("a@b.example", "[192.0.2.7]", content);
        assert_eq!(letter.subject, "one two");
        assert_eq!(body(&letter.content), "Hello\nthere");
        assert!(
            letter
                .content
                .starts_with(b"Return-Path: <a@b.example>\r\nReceived: from [192.0.2.7] by mx.shop.example")
        );
        assert_eq!(Letter::received("", "x", b"no header at all").subject, "");
        assert_eq!(
            Letter::received("", "x", b"").content.len(),
            Letter::received("", "x", b"").content.len()
        );
    }

    #[test]
    fn a_composed_letter_has_the_lines_of_a_letter() {
        let letter = Letter::composed("a@shop.example", "b@shop.example", "Grüße", "one\ntwo\r\nthree");
        assert_eq!(body(&letter.content), "one\ntwo\nthree");
        assert!(!String::from_utf8(letter.content).unwrap().replace("\r\n", "").contains(['\r', '\n']));
    }
}
