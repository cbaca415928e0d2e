//! `ping:` an ICMP echo and its answer (RFC 792, 4443).
//!
//! An echo is sent every second until one is answered or the time is up; the time that counts is that of the answered
//! one. The socket is the datagram kind that needs no privilege where the kernel allows our group
//! (`net.ipv4.ping_group_range`), else a raw one (`CAP_NET_RAW`); where neither may be had, the step cannot run as
//! configured, and says what to change.

mod echo;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket as StdSocket};
use std::time::Duration;

use candor_core::fault::Kind;
use candor_core::model::PingStep;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use self::echo::Echo;
use super::{StepContext, micros, seconds};
use crate::connect::{io_kind, resolve};
use crate::failure::StepFailure;
use crate::guard;

/// Between two echoes, as `ping` does.
const PACE: Duration = Duration::from_secs(1);

/// What to do where we may open no socket.
const REMEDY: &str = "ICMP is not allowed here: let our group in with `sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"`, \
                      or give the program CAP_NET_RAW";

/// The sequence of the echo that a packet answers: for fuzzing.
#[cfg(fuzzing)]
pub(crate) fn echo_answered(packet: &[u8], token: [u8; 16], v6: bool, raw: bool) -> Option<u16> {
    Echo::new(v6, raw, token).answered(packet)
}

/// Sends echoes until one is answered.
///
/// # Errors
/// [`Kind::ConnectTimeout`] for silence, [`Kind::ConnectUnreachable`] where the network says so.
pub(crate) async fn run(step: &PingStep, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    let host = context.fill(&step.host)?;
    context.report.target.clone_from(&host);
    let addresses = resolve(context, &host).await?;
    let addresses =
        if context.allowed.contains(&host) { addresses } else { guard::reachable(&host, addresses)? };
    let mut failure = None;
    for address in addresses {
        match ping(context, address).await {
            Ok(took) => return expect_within(step.within, took),
            // No way to this family, or none of our own: the other may have one.
            Err(lost) if matches!(lost.kind, Kind::ConnectUnreachable | Kind::VantageUnable) => {
                failure =
                    failure.filter(|first: &StepFailure| first.kind != Kind::VantageUnable).or(Some(lost));
            }
            Err(other) => return Err(other),
        }
    }
    Err(failure.unwrap_or_else(|| StepFailure::new(Kind::DnsNodata, format!("{host} has no address"))))
}

fn expect_within(within: Option<Duration>, took: Duration) -> Result<(), StepFailure> {
    match within {
        Some(allowed) if took > allowed => {
            let detail = format!("the answer took {}, allowed {}", seconds(took), seconds(allowed));
            Err(StepFailure::new(Kind::DeadlineExceeded, detail))
        }
        _ => Ok(()),
    }
}

async fn ping(context: &mut StepContext<'_>, address: IpAddr) -> Result<Duration, StepFailure> {
    context.report.address = Some(address.to_string());
    let failed = |error: &io::Error| match error.kind() {
        ErrorKind::PermissionDenied => StepFailure::config(REMEDY),
        _ => StepFailure::new(io_kind(error), format!("{address}: {error}")),
    };
    let (socket, raw) = socket(address).map_err(|error| failed(&error))?;
    socket.connect(SocketAddr::new(address, 0)).await.map_err(|error| failed(&error))?;
    let mut echo = Echo::new(address.is_ipv6(), raw, echo::token());
    let doing = format!("waiting for an echo from {address}");
    let begun = Instant::now();
    let answered = context.within(Kind::ConnectTimeout, &doing, exchange(&socket, &mut echo)).await;
    let took = answered?.map_err(|error| failed(&error))?;
    context.report.phases.first_byte_us =
        Some(micros(begun).min(u32::try_from(took.as_micros()).unwrap_or(u32::MAX)));
    Ok(took)
}

/// Sends echoes until one is answered, without end: the caller holds the deadline.
async fn exchange(socket: &UdpSocket, echo: &mut Echo) -> io::Result<Duration> {
    let mut sent = Vec::new();
    let mut buffer = [0; 2_048];
    loop {
        socket.send(&echo.next_request()).await?;
        sent.push(Instant::now());
        let until = Instant::now() + PACE;
        while let Ok(received) = timeout_at(until, socket.recv(&mut buffer)).await {
            let packet = buffer.get(..received?).unwrap_or_default();
            if let Some(at) = echo.answered(packet).and_then(|sequence| sent.get(usize::from(sequence))) {
                return Ok(at.elapsed());
            }
        }
    }
}

/// A socket for echoes, and whether it is a raw one.
fn socket(address: IpAddr) -> io::Result<(UdpSocket, bool)> {
    let (domain, protocol) = match address {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let open = |kind| Socket::new(domain, kind, Some(protocol));
    let (socket, raw) = match open(Type::DGRAM) {
        Ok(socket) => (socket, false),
        Err(_) => (open(Type::RAW)?, true),
    };
    socket.set_nonblocking(true)?;
    Ok((UdpSocket::from_std(StdSocket::from(socket))?, raw))
}
