//! `smtp:` a greeting, TLS as demanded, and a sign-in where one is given (RFC 5321, 3207, 4954, 8314).
//!
//! The dialogue is greeting, EHLO, STARTTLS, EHLO, AUTH PLAIN, QUIT; no mail is sent. A reply other than the one that
//! the next command needs is a fault with the code and its text; anything that is not a reply is one of protocol.
//! Bytes that come before they were asked for end the dialogue: behind an answer to STARTTLS they are how commands
//! are slipped in between the clear and the encrypted part. A password goes over TLS or not at all.
//! Absent: HELO for servers older than EHLO, other ways to sign in, LMTP.

mod dialogue;

use candor_core::fault::Kind;
use candor_core::model::{SmtpStep, StartTls};
use data_encoding::BASE64;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

use self::dialogue::{Dialogue, Reply, Transcript};
use super::{StepContext, micros, tls};
use crate::connect::connect;
use crate::failure::StepFailure;

/// Holds the dialogue.
///
/// # Errors
/// The fault of the part that failed, with what was said until then.
pub(crate) async fn run(step: &SmtpStep, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    if step.sign_in.is_some() && step.starttls == StartTls::Never {
        return Err(StepFailure::config(
            "a password is never sent in the clear: signing in needs `starttls`",
        ));
    }
    let host = context.fill(&step.host)?;
    context.report.target = format!("{host}:{}", step.port);
    let stream = connect(context, &host, step.port).await?;
    let mut transcript = Transcript::default();
    let held = hold(step, context, &host, stream, &mut transcript).await;
    held.map_err(|failure| failure.with_lines(transcript.into_lines()))?;
    context.expect_within(step.within)
}

async fn hold(
    step: &SmtpStep,
    context: &mut StepContext<'_>,
    host: &str,
    stream: TcpStream,
    transcript: &mut Transcript,
) -> Result<(), StepFailure> {
    let ehlo = format!("EHLO {}", own_name(&stream));
    if step.starttls == StartTls::Implicit {
        let stream = tls::demand(context, stream, host, &step.tls, &step.client).await?;
        transcript.note("(TLS)");
        let mut dialogue = Dialogue::new(stream, transcript);
        greeting(context, &mut dialogue).await?;
        let offered = dialogue.ask(context, &ehlo, 250).await?;
        return sign_in_and_leave(step, context, dialogue, &offered).await;
    }
    let mut dialogue = Dialogue::new(stream, transcript);
    greeting(context, &mut dialogue).await?;
    let offered = dialogue.ask(context, &ehlo, 250).await?;
    match step.starttls {
        StartTls::Required | StartTls::Offered if offers(&offered, "STARTTLS") => {
            dialogue.ask(context, "STARTTLS", 220).await?;
            let (stream, transcript) = dialogue.into_silent_stream()?;
            let stream = tls::demand(context, stream, host, &step.tls, &step.client).await?;
            transcript.note("(TLS)");
            let mut dialogue = Dialogue::new(stream, transcript);
            let offered = dialogue.ask(context, &ehlo, 250).await?;
            sign_in_and_leave(step, context, dialogue, &offered).await
        }
        StartTls::Required => Err(StepFailure::new(Kind::TlsHandshake, "the server does not offer STARTTLS")),
        _ if step.sign_in.is_some() => {
            let detail = "the server does not offer STARTTLS, and a password is never sent in the clear";
            Err(StepFailure::new(Kind::TlsHandshake, detail))
        }
        _ => dialogue.leave(context).await,
    }
}

async fn greeting<S>(context: &mut StepContext<'_>, dialogue: &mut Dialogue<'_, S>) -> Result<(), StepFailure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let begun = Instant::now();
    let greeted = dialogue.expect(context, "the greeting", 220).await;
    context.report.phases.first_byte_us = Some(micros(begun));
    greeted.map(drop)
}

async fn sign_in_and_leave<S>(
    step: &SmtpStep,
    context: &mut StepContext<'_>,
    mut dialogue: Dialogue<'_, S>,
    offered: &Reply,
) -> Result<(), StepFailure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Some((user, password)) = &step.sign_in {
        if !offers_plain(offered) {
            return Err(StepFailure::new(Kind::ContentAssertion, "the server does not offer AUTH PLAIN"));
        }
        // RFC 4616: no authorisation identity, then who, then the password.
        let token = format!("\0{}\0{}", context.fill(user)?, context.fill(password)?);
        dialogue.ask_secretly(context, "AUTH PLAIN", &BASE64.encode(token.as_bytes()), 235).await?;
    }
    dialogue.leave(context).await
}

/// How we name ourselves: by our address, as those without a name do (RFC 5321, section 4.1.4).
fn own_name(stream: &TcpStream) -> String {
    match stream.local_addr().map(|address| address.ip().to_canonical()) {
        Ok(std::net::IpAddr::V6(address)) => format!("[IPv6:{address}]"),
        Ok(address) => format!("[{address}]"),
        Err(_) => "[127.0.0.1]".to_owned(),
    }
}

/// Whether the answer to EHLO names this extension. Its first line is the server's name.
fn offers(reply: &Reply, extension: &str) -> bool {
    reply.texts.iter().skip(1).any(|text| {
        text.split_whitespace().next().is_some_and(|keyword| keyword.eq_ignore_ascii_case(extension))
    })
}

fn offers_plain(reply: &Reply) -> bool {
    reply.texts.iter().skip(1).any(|text| {
        let mut words = text.split_whitespace();
        words.next().is_some_and(|keyword| keyword.eq_ignore_ascii_case("AUTH"))
            && words.any(|way| way.eq_ignore_ascii_case("PLAIN"))
    })
}
