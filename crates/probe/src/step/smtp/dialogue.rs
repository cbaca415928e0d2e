//! Commands and replies over a stream (RFC 5321, section 4.2), bounded in every direction.
//!
//! A reply is one line or several, all with the same code: `250-first`, `250 last`. Lines may be longer than the
//! 512 bytes of the RFC, as clients do allow; beyond [`LINE_MAX`] bytes or [`LINES_MAX`] lines it is no reply.

use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::template::REDACTED;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::StepContext;
use crate::connect::io_kind;
use crate::failure::StepFailure;

/// Longest line of a reply, in bytes.
const LINE_MAX: usize = 2_000;
/// Most lines of one reply.
const LINES_MAX: usize = 100;
/// Most lines of the whole dialogue that are kept.
const TRANSCRIPT_MAX: usize = 30;
/// How long the server may take to say goodbye; being slow at that is no fault.
const GOODBYE: Duration = Duration::from_millis(500);

/// What was said, as evidence.
#[derive(Debug, Default)]
pub(super) struct Transcript(Vec<String>);

impl Transcript {
    pub(super) fn note(&mut self, line: impl Into<String>) {
        if self.0.len() < TRANSCRIPT_MAX {
            self.0.push(line.into());
        }
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.0
    }
}

/// A reply.
pub(super) struct Reply {
    pub(super) code: u16,
    /// The text of each line.
    pub(super) texts: Vec<String>,
}

/// One side of a dialogue: ours.
pub(super) struct Dialogue<'t, S> {
    stream: S,
    /// What has come and not been read as a reply yet.
    pending: Vec<u8>,
    transcript: &'t mut Transcript,
    /// What was sent and must not be shown where the server says it back.
    hidden: Option<String>,
}

impl<'t, S: AsyncRead + AsyncWrite + Unpin> Dialogue<'t, S> {
    pub(super) fn new(stream: S, transcript: &'t mut Transcript) -> Self {
        Self { stream, pending: Vec::new(), transcript, hidden: None }
    }

    /// Says `command` and demands a reply with this code.
    pub(super) async fn ask(
        &mut self,
        context: &StepContext<'_>,
        command: &str,
        code: u16,
    ) -> Result<Reply, StepFailure> {
        self.ask_shown(context, command, command, code).await
    }

    /// The same, for a command that ends in a secret: it is not shown, nor where the server says it back.
    pub(super) async fn ask_secretly(
        &mut self,
        context: &StepContext<'_>,
        command: &str,
        secret: &str,
        code: u16,
    ) -> Result<Reply, StepFailure> {
        self.hidden = Some(secret.to_owned());
        self.ask_shown(context, &format!("{command} {secret}"), &format!("{command} {REDACTED}"), code).await
    }

    async fn ask_shown(
        &mut self,
        context: &StepContext<'_>,
        command: &str,
        shown: &str,
        code: u16,
    ) -> Result<Reply, StepFailure> {
        self.demand_silence()?;
        self.transcript.note(format!("C: {shown}"));
        let line = format!("{command}\r\n");
        let doing = format!("sending {shown}");
        let sent =
            context.within(Kind::TransferStalled, &doing, self.stream.write_all(line.as_bytes())).await?;
        sent.map_err(|error| StepFailure::new(io_kind(&error), format!("{doing}: {error}")))?;
        let flushed = context.within(Kind::TransferStalled, &doing, self.stream.flush()).await?;
        flushed.map_err(|error| StepFailure::new(io_kind(&error), format!("{doing}: {error}")))?;
        self.expect(context, &format!("the reply to {shown}"), code).await
    }

    /// Demands a reply with this code.
    pub(super) async fn expect(
        &mut self,
        context: &StepContext<'_>,
        what: &str,
        code: u16,
    ) -> Result<Reply, StepFailure> {
        let doing = format!("waiting for {what}");
        let reply = context.within(Kind::TransferStalled, &doing, self.reply(what)).await??;
        if reply.code == code {
            return Ok(reply);
        }
        let said = format!("{} {}", reply.code, reply.texts.join(" "));
        Err(StepFailure::new(Kind::HttpStatus, format!("{what} is: {said}")))
    }

    /// Says goodbye. The measurement is done: how the server takes it does not matter, but what it said too much before
    /// does.
    pub(super) async fn leave(mut self, context: &StepContext<'_>) -> Result<(), StepFailure> {
        self.demand_silence()?;
        let goodbye = async {
            self.stream.write_all(b"QUIT\r\n").await.ok()?;
            self.stream.flush().await.ok()?;
            self.reply("the reply to QUIT").await.ok()
        };
        let _ = timeout(GOODBYE.min(context.remaining()), goodbye).await;
        Ok(())
    }

    /// The stream below, for TLS to begin on; nothing may have come on it beyond the last reply.
    pub(super) fn into_silent_stream(self) -> Result<(S, &'t mut Transcript), StepFailure> {
        self.demand_silence()?;
        Ok((self.stream, self.transcript))
    }

    /// What came before it was asked for must not be taken for an answer to what follows (RFC 3207, section 4.2).
    fn demand_silence(&self) -> Result<(), StepFailure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let (count, text) = (self.pending.len(), shown(&self.pending));
        let detail = format!("{count} bytes came before they were asked for: {text}");
        Err(StepFailure::new(Kind::HttpMalformed, detail))
    }

    async fn reply(&mut self, what: &str) -> Result<Reply, StepFailure> {
        let mut texts = Vec::new();
        let mut first = None;
        while texts.len() < LINES_MAX {
            let mut line = self.line(what).await?;
            if let Some(hidden) = &self.hidden {
                line = String::from_utf8_lossy(&line).replace(hidden.as_str(), REDACTED).into_bytes();
            }
            self.transcript.note(format!("S: {}", shown(&line)));
            let broken =
                || StepFailure::new(Kind::HttpMalformed, format!("{what} is not SMTP: {}", shown(&line)));
            let (code, last, text) = parse(&line).ok_or_else(broken)?;
            if *first.get_or_insert(code) != code {
                return Err(broken());
            }
            texts.push(text);
            if last {
                return Ok(Reply { code, texts });
            }
        }
        Err(StepFailure::new(Kind::HttpMalformed, format!("{what} has more than {LINES_MAX} lines")))
    }

    /// The next line, without its end.
    async fn line(&mut self, what: &str) -> Result<Vec<u8>, StepFailure> {
        loop {
            let end = self.pending.iter().position(|&byte| byte == b'\n');
            if let Some(end) = end.filter(|&end| end <= LINE_MAX) {
                let mut line: Vec<u8> = self.pending.drain(..=end).collect();
                line.truncate(line.trim_ascii_end().len());
                return Ok(line);
            }
            if self.pending.len() > LINE_MAX {
                let detail = format!("{what} has a line of more than {LINE_MAX} bytes");
                return Err(StepFailure::new(Kind::HttpMalformed, detail));
            }
            let mut room = [0; 1_024];
            let read = self.stream.read(&mut room).await;
            let count =
                read.map_err(|error| StepFailure::new(io_kind(&error), format!("{what}: {error}")))?;
            if count == 0 {
                return Err(StepFailure::new(
                    Kind::ConnectReset,
                    format!("the server hung up instead of {what}"),
                ));
            }
            self.pending.extend_from_slice(room.get(..count).unwrap_or_default());
        }
    }
}

/// Code, whether it is the last line, and text. Letters beyond ASCII are borne with, as clients do; a NUL is not
/// (RFC 5321, section 4.2).
fn parse(line: &[u8]) -> Option<(u16, bool, String)> {
    if line.contains(&0) {
        return None;
    }
    let (digits, rest) = line.split_at_checked(3)?;
    if !matches!(digits, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match rest {
        [] => Some((code, true, String::new())),
        [b' ', rest @ ..] => Some((code, true, text(rest))),
        [b'-', rest @ ..] => Some((code, false, text(rest))),
        _ => None,
    }
}

/// The beginning of what came, as text.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_reply_is_a_code_and_a_text() {
        assert_eq!(
            parse(b"220 mail.shop.example ready"),
            Some((220, true, "mail.shop.example ready".to_owned()))
        );
        assert_eq!(parse(b"250-SIZE 100"), Some((250, false, "SIZE 100".to_owned())));
        assert_eq!(parse(b"250"), Some((250, true, String::new())));
        for broken in ["", "22", "hello", "2500 x", "190 x", "250_x", "250 a\0b", "\u{fe}\u{ff}"] {
            assert_eq!(parse(broken.as_bytes()), None, "{broken:?}");
        }
    }
}
