//! From a name that is right on to what it leads to: a connection to each of its addresses, TLS, HTTP.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use candor_core::Timestamp;
use candor_core::fault::{Fault, Kind, Layer};
use candor_core::finding::What;
use candor_core::model::Plan;
use candor_names::resolve::LookupFuture;
use candor_names::{Lookup, LookupError, Resolver, ServersResolver, SystemResolver, Walk};
use candor_probe::Runner;
use tokio::time::{Instant, timeout_at};

use crate::command::Failure;

/// Most addresses that are tried.
const MAX_ADDRESSES: usize = 8;

/// Where other hosts are looked up, to which an answer may redirect.
#[derive(Debug, Clone)]
pub(crate) enum Others {
    /// As this host does.
    System,
    /// At these resolvers.
    At(Vec<SocketAddr>),
    /// Nowhere: in a private tree without a resolver.
    Nowhere,
}

/// Leads the host to one of its addresses, and looks others up.
#[derive(Debug)]
struct Towards {
    host: String,
    address: IpAddr,
    others: Others,
}

impl Resolver for Towards {
    fn lookup<'a>(&'a self, host: &'a str, deadline: Duration) -> LookupFuture<'a> {
        Box::pin(async move {
            if host.trim_end_matches('.').eq_ignore_ascii_case(&self.host) {
                return Ok(Lookup { addresses: vec![self.address], ..Lookup::default() });
            }
            match &self.others {
                Others::System => SystemResolver::new().lookup(host, deadline).await,
                Others::At(servers) => ServersResolver::new(servers.clone()).lookup(host, deadline).await,
                Others::Nowhere => Err(LookupError::Nxdomain { name: host.to_owned(), server: None }),
            }
        })
    }
}

/// Asks for the URL at every address of its host, until then; what fails there, if anything does.
pub(crate) async fn follow(
    url: &str,
    name: &str,
    walked: &Walk,
    others: &Others,
    until: Instant,
) -> Result<Option<What>, Failure> {
    let resolved = candor_config::for_url(url, &candor_config::Process, Timestamp::now())
        .map_err(|faults| Failure(faults.to_string()))?;
    let plan = Arc::new(resolved.plan);
    let addresses = addresses(walked);
    let mut tried: Vec<(IpAddr, Option<Fault>)> = Vec::new();
    for address in &addresses {
        let host = name.trim_end_matches('.').to_owned();
        let towards = Towards { host, address: *address, others: others.clone() };
        match timeout_at(until, visit(&plan, Arc::new(towards))).await {
            Ok(fault) => tried.push((*address, fault)),
            Err(_) => break,
        }
    }
    Ok(worst(name, tried))
}

/// Runs every check of the plan by this resolver; the first fault that is not ours, and not the DNS's of another host.
async fn visit(plan: &Arc<Plan>, towards: Arc<Towards>) -> Option<Fault> {
    let runner = Runner::with_resolver(Arc::clone(plan), towards);
    let checks = plan.cells().flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.id));
    for check in checks {
        let fault = runner.run(check).await.observation.fault;
        let fault = fault.filter(|fault| !fault.is_ours() && fault.kind.layer() != Layer::Dns);
        if fault.is_some() {
            return fault;
        }
    }
    None
}

/// What fails, and at how many of the addresses. One that no way leads to from here is left out where another works: a host
/// without IPv6 has none to any.
fn worst(name: &str, mut tried: Vec<(IpAddr, Option<Fault>)>) -> Option<What> {
    if tried.iter().any(|(_, fault)| fault.is_none()) {
        tried.retain(|(_, fault)| fault.as_ref().is_none_or(|fault| fault.kind != Kind::ConnectUnreachable));
    }
    let failing: Vec<&(IpAddr, Option<Fault>)> = tried.iter().filter(|(_, fault)| fault.is_some()).collect();
    let (address, fault) = failing.first().and_then(|(address, fault)| Some((address, fault.as_ref()?)))?;
    let detail = if failing.len() < tried.len() {
        format!("{} ({} of {} addresses fails so)", fault.detail, failing.len(), tried.len())
    } else {
        fault.detail.clone()
    };
    Some(What::NotDns {
        name: name.to_owned(),
        address: address.to_string(),
        kind: fault.kind,
        detail: detail.trim().to_owned(),
    })
}

/// The addresses that the name leads to.
fn addresses(walked: &Walk) -> Vec<IpAddr> {
    let mut list = Vec::new();
    let replies = walked.links.last().map(|link| &link.replies).into_iter().flatten();
    for exchange in replies.filter_map(|reply| reply.heard.as_ref().as_ref().ok()) {
        for record in &exchange.answer {
            if let ("A" | "AAAA", Ok(ip)) = (record.rtype.as_str(), record.data.parse())
                && !list.contains(&ip)
                && list.len() < MAX_ADDRESSES
            {
                list.push(ip);
            }
        }
    }
    list
}
