//! A tunnel through an HTTP proxy: CONNECT (RFC 9110, section 9.3.6).

use candor_core::fault::Kind;
use candor_core::model::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::hop;
use crate::connect::io_kind;
use crate::deadline::Deadline;
use crate::failure::StepFailure;

/// Longest head of a proxy's answer, in bytes.
const HEAD_MAX: usize = 16 << 10;

/// Asks the proxy at the other end of `stream` for a tunnel to `host`.
///
/// # Errors
/// What the proxy said instead: a 407 is ours to mend, any other refusal means that the target is not reached.
pub(super) async fn tunnel(
    stream: &mut TcpStream,
    proxy: &Proxy,
    host: &str,
    port: u16,
    deadline: Deadline,
) -> Result<(), StepFailure> {
    let doing = format!("asking the proxy {} for {host}", proxy.host);
    let asked = ask(stream, proxy, host, port);
    let head = deadline.within(Kind::ConnectTimeout, &doing, asked).await??;
    let line = String::from_utf8_lossy(&head);
    let line = line.lines().next().unwrap_or_default();
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse::<u16>().ok());
    let kind = match status {
        Some(200..=299) => return Ok(()),
        Some(407) => Kind::VantageConfig,
        Some(_) => Kind::ConnectUnreachable,
        None => Kind::HttpMalformed,
    };
    Err(StepFailure::new(kind, format!("the proxy {} answers: {line}", proxy.host)))
}

async fn ask(stream: &mut TcpStream, proxy: &Proxy, host: &str, port: u16) -> Result<Vec<u8>, StepFailure> {
    let failed =
        |error: std::io::Error| StepFailure::new(io_kind(&error), format!("proxy {}: {error}", proxy.host));
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n").into_bytes();
    if let Some(value) = proxy.sign_in.as_ref().and_then(|(user, password)| hop::basic(user, password)) {
        request.extend_from_slice(b"proxy-authorization: ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(failed)?;
    let mut head = Vec::new();
    // Byte by byte, so that nothing beyond the head is taken out of the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD_MAX {
            return Err(StepFailure::new(
                Kind::HttpMalformed,
                format!("proxy {}: endless answer", proxy.host),
            ));
        }
        head.push(stream.read_u8().await.map_err(failed)?);
    }
    Ok(head)
}
