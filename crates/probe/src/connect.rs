//! Resolve, then connect: two phases measured apart, every failure with its kind.
//!
//! Both families are tried. Each attempt has a head start of [`HEAD_START`] over the next (RFC 8305, section 5), so
//! that one dead address costs little; the fault reported is the first, except that having no route of our own to a
//! family gives way to what the other family answered. Errors of our own host (no descriptors, no memory, no local
//! port) are faults of ours and never the target's.
//! Hosts that only a response named may not be reached at private addresses: see [`crate::guard`].

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use candor_core::fault::Kind;
use candor_names::LookupError;
use rustix::io::Errno;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::failure::StepFailure;
use crate::guard;
use crate::step::{StepContext, add_phase};

/// How long an attempt runs alone before the next address is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// Addresses of one host tried at most.
const ADDRESSES_MAX: usize = 8;

/// Resolves `host` and connects to `port` there; the phases `dns` and `connect` and the address go into the report.
///
/// # Errors
/// The fault of the phase that failed.
pub(crate) async fn connect(
    context: &mut StepContext<'_>,
    host: &str,
    port: u16,
) -> Result<TcpStream, StepFailure> {
    let addresses = resolve(context, host).await?;
    let addresses =
        if context.allowed.contains(host) { addresses } else { guard::reachable(host, addresses)? };
    let begun = Instant::now();
    let attempt = race(&addresses, port);
    let stream =
        context.within(Kind::ConnectTimeout, &format!("connecting to {host} port {port}"), attempt).await;
    add_phase(&mut context.report.phases.connect_us, begun);
    let (stream, address) = stream?.map_err(|(address, error)| connect_failure(address, &error))?;
    context.report.address = Some(address.to_string());
    Ok(stream)
}

/// The addresses of `host`, both families in turn; never empty. The phase `dns` goes into the report, unless `host`
/// is an address itself.
///
/// # Errors
/// The fault of the lookup.
pub(crate) async fn resolve(context: &mut StepContext<'_>, host: &str) -> Result<Vec<IpAddr>, StepFailure> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse() {
        return Ok(vec![address]);
    }
    let begun = Instant::now();
    let resolver = context.resolver.clone();
    let lookup = resolver.lookup(host, context.remaining());
    let found = context.within(Kind::DnsTimeout, &format!("looking up {host}"), lookup).await;
    add_phase(&mut context.report.phases.dns_us, begun);
    let found = found?.map_err(|error| lookup_failure(context, &error))?;
    if found.addresses.is_empty() {
        return Err(StepFailure::new(Kind::DnsNodata, format!("{host} has no address")));
    }
    Ok(in_turn(found.addresses))
}

/// What a failed lookup says about the target.
fn lookup_failure(context: &StepContext<'_>, error: &LookupError) -> StepFailure {
    let kind = match error {
        LookupError::Timeout { .. } if context.deadline_passed() && context.deadline_is_journeys => {
            Kind::DeadlineExceeded
        }
        LookupError::Nxdomain { .. } => Kind::DnsNxdomain,
        LookupError::Nodata { .. } => Kind::DnsNodata,
        LookupError::Servfail { .. } | LookupError::Malformed { .. } => Kind::DnsServfail,
        LookupError::Bogus { .. } => Kind::DnsBogus,
        LookupError::Refused { .. } => Kind::DnsRefused,
        LookupError::Timeout { .. } | LookupError::Unreachable { .. } => Kind::DnsTimeout,
        LookupError::AliasBroken { .. } => Kind::DnsAliasBroken,
        LookupError::BadName { name, .. } if context.allowed.contains(name) => Kind::VantageConfig,
        LookupError::BadName { .. } => Kind::HttpMalformed,
        LookupError::Unable { .. } => Kind::VantageUnable,
    };
    StepFailure::new(kind, error.to_string())
}

/// IPv6 and IPv4 one after the other, each family in the order of the answer (RFC 8305, section 4), bounded.
fn in_turn(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut turns = Vec::new();
    while turns.len() < ADDRESSES_MAX {
        let before = turns.len();
        turns.extend(six.next());
        turns.extend(four.next());
        if turns.len() == before {
            break;
        }
    }
    turns.truncate(ADDRESSES_MAX);
    turns
}

type Attempt = Result<(TcpStream, SocketAddr), (SocketAddr, io::Error)>;

/// The first address that accepts; else the most telling error.
async fn race(addresses: &[IpAddr], port: u16) -> Attempt {
    let mut waiting = addresses.iter().map(|&address| SocketAddr::new(address, port));
    if let [single] = addresses {
        return dial(SocketAddr::new(*single, port)).await;
    }
    let mut running = JoinSet::new();
    let mut told: Option<(SocketAddr, io::Error)> = None;
    loop {
        match waiting.next() {
            Some(address) => {
                running.spawn(dial(address));
                // A failed or slow attempt lets the next begin; an accepted one ends the race.
                let Ok(ended) = timeout(HEAD_START, running.join_next()).await else { continue };
                match ended.and_then(Result::ok) {
                    Some(Ok(won)) => return Ok(won),
                    Some(Err(lost)) => told = Some(more_telling(told, lost)),
                    None => {}
                }
            }
            None => match running.join_next().await {
                Some(Ok(Ok(won))) => return Ok(won),
                Some(Ok(Err(lost))) => told = Some(more_telling(told, lost)),
                Some(Err(_)) => {}
                None => return Err(told.unwrap_or_else(|| nobody(port))),
            },
        }
    }
}

async fn dial(address: SocketAddr) -> Attempt {
    let stream = TcpStream::connect(address).await.map_err(|error| (address, error))?;
    // Requests are small and written whole: waiting to fill a segment would only be measured as slowness.
    let _ = stream.set_nodelay(true);
    Ok((stream, address))
}

fn more_telling(
    told: Option<(SocketAddr, io::Error)>,
    lost: (SocketAddr, io::Error),
) -> (SocketAddr, io::Error) {
    match told {
        Some(first) if !is_no_route_of_ours(&first.1) || is_no_route_of_ours(&lost.1) => first,
        Some(_) | None => lost,
    }
}

fn is_no_route_of_ours(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NETUNREACH | Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
}

fn nobody(port: u16) -> (SocketAddr, io::Error) {
    (SocketAddr::from(([0, 0, 0, 0], port)), io::Error::other("no address to connect to"))
}

fn connect_failure(address: SocketAddr, error: &io::Error) -> StepFailure {
    StepFailure::new(io_kind(error), format!("{address}: {error}"))
}

/// Whose fault an error of a socket is.
pub(crate) fn io_kind(error: &io::Error) -> Kind {
    if let Some(
        Errno::MFILE
        | Errno::NFILE
        | Errno::NOBUFS
        | Errno::NOMEM
        | Errno::ADDRNOTAVAIL
        | Errno::AFNOSUPPORT
        | Errno::ACCESS
        | Errno::PERM,
    ) = Errno::from_io_error(error)
    {
        return Kind::VantageUnable;
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => Kind::ConnectRefused,
        ErrorKind::TimedOut => Kind::ConnectTimeout,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => {
            Kind::ConnectUnreachable
        }
        ErrorKind::OutOfMemory => Kind::VantageUnable,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof
        | ErrorKind::NotConnected => Kind::ConnectReset,
        _ => Kind::ConnectUnreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_shortages_are_never_the_targets_fault() {
        for ours in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL] {
            assert_eq!(io_kind(&ours.into()), Kind::VantageUnable, "{ours}");
        }
        assert_eq!(io_kind(&Errno::CONNREFUSED.into()), Kind::ConnectRefused);
        assert_eq!(io_kind(&Errno::NETUNREACH.into()), Kind::ConnectUnreachable);
        assert_eq!(io_kind(&Errno::HOSTUNREACH.into()), Kind::ConnectUnreachable);
        assert_eq!(io_kind(&Errno::CONNRESET.into()), Kind::ConnectReset);
        assert_eq!(io_kind(&Errno::TIMEDOUT.into()), Kind::ConnectTimeout);
    }

    #[test]
    fn having_no_route_of_our_own_gives_way_to_an_answer() {
        let six = SocketAddr::from(([0_u16; 8], 1));
        let four = SocketAddr::from(([0_u8; 4], 1));
        let told = more_telling(Some((six, Errno::NETUNREACH.into())), (four, Errno::CONNREFUSED.into()));
        assert_eq!(told.0, four);
        let told = more_telling(Some((four, Errno::CONNREFUSED.into())), (six, Errno::NETUNREACH.into()));
        assert_eq!(told.0, four);
    }

    #[test]
    fn families_take_turns() {
        let text = ["2001:db8::1", "2001:db8::2", "192.0.2.1"];
        let addresses = text.iter().map(|a| a.parse().unwrap()).collect();
        let turns: Vec<String> = in_turn(addresses).iter().map(ToString::to_string).collect();
        assert_eq!(turns, ["2001:db8::1", "192.0.2.1", "2001:db8::2"]);
    }
}
