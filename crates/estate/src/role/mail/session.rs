//! What an SMTP client may say and when (RFC 5321, section 4.1.4), apart from sockets and disks.
//!
//! A command becomes a [`Step`]: a reply, or something that must be asked first. Bounds: those of section 4.5.3.1, a
//! size announced by EHLO, a hundred recipients. Paths are read strictly; source routes are refused.

use super::letter::local;

/// The largest letter, in bytes.
pub(super) const SIZE_MAX: usize = 512 * 1024;
/// The most recipients of one letter.
pub(super) const RECIPIENTS_MAX: usize = 100;
/// The longest path between its brackets (RFC 5321, section 4.5.3.1.3).
const PATH_MAX: usize = 254;

/// A reply of one or more lines.
pub(super) type Reply = String;

/// What to do after a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Say this.
    Say(Reply),
    /// Find out whether this recipient has a box; then [`Session::add`].
    Recipient(String),
    /// Take the letter.
    Content,
    /// Say this and close.
    Quit(Reply),
}

/// One client's state.
#[derive(Debug, Default)]
pub(super) struct Session {
    client: Option<String>,
    sender: Option<String>,
    recipients: Vec<String>,
}

fn line(code: u16, words: &str) -> Reply {
    format!("{code} {words}\r\n")
}

fn say(code: u16, words: &str) -> Step {
    Step::Say(line(code, words))
}

impl Session {
    /// Obeys a command, without its CRLF.
    pub(super) fn command(&mut self, given: &str) -> Step {
        let (verb, rest) = given.split_once(' ').unwrap_or((given, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greet(rest, true),
            "HELO" => self.greet(rest, false),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" if !rest.trim().is_empty() => say(501, "DATA takes no argument"),
            "DATA" if self.sender.is_none() => say(503, "say MAIL first"),
            "DATA" if self.recipients.is_empty() => say(554, "there is no valid recipient"),
            "DATA" => Step::Content,
            "RSET" => {
                self.reset();
                say(250, "forgotten")
            }
            "NOOP" => say(250, "still here"),
            "VRFY" if rest.trim().is_empty() => say(501, "VRFY whom?"),
            "VRFY" => say(252, "send it, and it will be seen"),
            "HELP" => say(214, "RFC 5321: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT"),
            "QUIT" => Step::Quit(line(221, "mx.shop.example says goodbye")),
            "EXPN" | "TURN" | "AUTH" | "STARTTLS" | "BDAT" => say(502, "this is not offered here"),
            _ => say(500, "this command is not known"),
        }
    }

    fn greet(&mut self, client: &str, extended: bool) -> Step {
        let client = client.trim();
        let fits = !client.is_empty() && client.len() <= 255 && client.bytes().all(|b| b.is_ascii_graphic());
        if !fits {
            return say(501, "say who you are: one domain or address literal");
        }
        self.reset();
        self.client = Some(client.to_owned());
        if !extended {
            return say(250, "mx.shop.example");
        }
        Step::Say(format!(
            "250-mx.shop.example greets you\r\n250-SIZE {SIZE_MAX}\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 HELP\r\n"
        ))
    }

    fn mail(&mut self, rest: &str) -> Step {
        if self.client.is_none() {
            return say(503, "say EHLO first");
        }
        if self.sender.is_some() {
            return say(503, "there is a sender already; RSET forgets it");
        }
        let Some((path, parameters)) = path(rest, "FROM:") else {
            return say(501, "write MAIL FROM:<ADDRESS>");
        };
        for parameter in parameters.split_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<u64>() {
                    Ok(size) if size > SIZE_MAX as u64 => return say(552, "the letter is too large"),
                    Ok(_) => {}
                    Err(_) => return say(501, "SIZE is a number of bytes"),
                },
                "BODY" if ["7BIT", "8BITMIME"].iter().any(|kind| value.eq_ignore_ascii_case(kind)) => {}
                "BODY" => return say(501, "BODY is 7BIT or 8BITMIME"),
                _ => return say(555, "this parameter of MAIL is not known"),
            }
        }
        self.sender = Some(path.to_owned());
        say(250, "sender noted")
    }

    fn rcpt(&mut self, rest: &str) -> Step {
        if self.sender.is_none() {
            return say(503, "say MAIL first");
        }
        let Some((path, parameters)) = path(rest, "TO:").filter(|(path, _)| !path.is_empty()) else {
            return say(501, "write RCPT TO:<ADDRESS>");
        };
        if !parameters.trim().is_empty() {
            return say(555, "this parameter of RCPT is not known");
        }
        if self.recipients.len() >= RECIPIENTS_MAX {
            return say(452, "too many recipients; send the rest in another letter");
        }
        // Every host must take mail for its postmaster (RFC 5321, section 4.5.1): here it is the desk.
        let path = if path.eq_ignore_ascii_case("postmaster") { "desk@shop.example" } else { path };
        let path =
            if path.eq_ignore_ascii_case("postmaster@shop.example") { "desk@shop.example" } else { path };
        match local(path) {
            Some(owner) => Step::Recipient(owner),
            None => say(550, "this is not one of our addresses; nothing is relayed"),
        }
    }

    /// Adds a recipient who has a box.
    pub(super) fn add(&mut self, owner: String) -> Reply {
        if !self.recipients.contains(&owner) {
            self.recipients.push(owner);
        }
        line(250, "recipient noted")
    }

    /// The envelope of the letter that came: who sent it, and to whom; the session is as after RSET.
    pub(super) fn envelope(&mut self) -> (String, Vec<String>) {
        (self.sender.take().unwrap_or_default(), std::mem::take(&mut self.recipients))
    }

    /// Who the client says it is.
    pub(super) fn client(&self) -> &str {
        self.client.as_deref().unwrap_or_default()
    }

    fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }
}

/// The path between brackets after `prefix`, and what follows.
fn path<'a>(rest: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    let rest = rest.trim_start();
    let (head, rest) = rest.split_at_checked(prefix.len())?;
    if !head.eq_ignore_ascii_case(prefix) {
        return None;
    }
    let (path, parameters) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'<');
    let shaped = path.is_empty() || path.contains('@') || path.eq_ignore_ascii_case("postmaster");
    let apart = parameters.is_empty() || parameters.starts_with(' ');
    (plain && shaped && apart && !path.starts_with('@') && path.len() <= PATH_MAX)
        .then_some((path, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(step: &Step) -> u16 {
        match step {
            Step::Say(reply) | Step::Quit(reply) => reply.get(..3).unwrap().parse().unwrap(),
            Step::Recipient(_) => 0,
            Step::Content => 354,
        }
    }

    fn talk(lines: &[(&str, u16)]) -> Session {
        let mut session = Session::default();
        for (given, expected) in lines {
            let step = session.command(given);
            assert_eq!(code(&step), *expected, "{given}: {step:?}");
            if let Step::Recipient(owner) = step {
                session.add(owner);
            }
        }
        session
    }

    #[test]
    fn commands_have_an_order() {
        talk(&[
            ("MAIL FROM:<a@b.example>", 503),
            ("RCPT TO:<a@shop.example>", 503),
            ("DATA", 503),
            ("NOOP", 250),
            ("EHLO client.example", 250),
            ("RCPT TO:<a@shop.example>", 503),
            ("MAIL FROM:<a@b.example>", 250),
            ("MAIL FROM:<a@b.example>", 503),
            ("DATA", 554),
            ("RCPT TO:<x@elsewhere.example>", 550),
            ("RCPT TO:<a@shop.example>", 0),
            ("RSET", 250),
            ("DATA", 503),
            ("mail from:<>", 250),
            ("rcpt to:<Postmaster>", 0),
            ("data", 354),
            ("QUIT", 221),
        ]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        talk(&[
            ("", 500),
            ("EHLO", 501),
            ("HELO client.example", 250),
            ("MAIL", 501),
            ("MAIL FROM:a@b.example", 501),
            ("MAIL FROM:<a@b.example", 501),
            ("MAIL FROM:<@relay.example:a@b.example>", 501),
            ("MAIL FROM:<a b@c.example>", 501),
            ("MAIL FROM:<a@b.example>SIZE=1", 501),
            ("MAIL FROM:<a@b.example> SIZE=x", 501),
            ("MAIL FROM:<a@b.example> SIZE=999999999", 552),
            ("MAIL FROM:<a@b.example> BODY=BINARY", 501),
            ("MAIL FROM:<a@b.example> SMTPUTF8", 555),
            ("MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME", 250),
            ("RCPT TO:<>", 501),
            ("RCPT TO:<a@shop.example> NOTIFY=NEVER", 555),
            ("DATA now", 501),
            ("VRFY", 501),
            ("VRFY customer-1", 252),
            ("EXPN all", 502),
            ("HELP", 214),
            ("FROBNICATE", 500),
            ("MAIL FROM:<é@b.example>", 503),
        ]);
    }

    #[test]
    fn recipients_are_bounded_and_counted_once() {
        let mut session = talk(&[("EHLO c.example", 250), ("MAIL FROM:<a@b.example>", 250)]);
        for n in 0..RECIPIENTS_MAX {
            session.add(format!("customer-{n}@shop.example"));
        }
        session.add("customer-0@shop.example".to_owned());
        assert_eq!(code(&session.command("RCPT TO:<one-more@shop.example>")), 452);
        assert_eq!(session.envelope().1.len(), RECIPIENTS_MAX);
    }
}
