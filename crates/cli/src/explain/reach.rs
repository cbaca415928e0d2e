//! From a name that is right on to what it leads to: a connection to each of its addresses, TLS, HTTP.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use candor_core::Timestamp;
use candor_core::finding::What;
use candor_names::{PinnedResolver, Walk};
use candor_probe::Runner;

use crate::command::Failure;

/// Most addresses that are tried.
const MAX_ADDRESSES: usize = 8;

/// Asks for the URL at every address of its host; what fails there, if anything does.
pub(crate) async fn follow(url: &str, name: &str, walked: &Walk) -> Result<Option<What>, Failure> {
    let resolved = candor_config::for_url(url, &candor_config::Process, Timestamp::now())
        .map_err(|faults| Failure(faults.to_string()))?;
    let plan = Arc::new(resolved.plan);
    for address in addresses(walked) {
        let host = name.trim_end_matches('.').to_owned();
        let pinned = PinnedResolver::new(BTreeMap::from([(host, vec![address])]));
        let runner = Runner::with_resolver(Arc::clone(&plan), Arc::new(pinned));
        let checks = plan.cells().flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.id));
        for check in checks {
            let run = runner.run(check).await;
            if let Some(fault) = run.observation.fault.filter(|fault| !fault.is_ours()) {
                return Ok(Some(What::NotDns {
                    name: name.to_owned(),
                    address: address.to_string(),
                    kind: fault.kind,
                    detail: fault.detail,
                }));
            }
        }
    }
    Ok(None)
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
