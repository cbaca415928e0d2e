//! What resolvers say, what lies behind a name that is right, and what is not known.

use candor_core::finding::{ResolverFault, What};

use super::parts::{bare, lasting, shown_data, shown_list};
use crate::words::english::kinds;

pub(super) fn of_others(what: &What, asked: &str) -> (String, String, String) {
    match what {
        What::Cached { name, resolver, holds, right, seconds } => {
            let words = format!(
                "{} is right at all its name servers ({}); the resolver {resolver} still holds what was: {holds}, for {} more.",
                bare(name),
                shown_data(right),
                lasting(*seconds)
            );
            (format!("resolver {resolver}"), holds.clone(), words)
        }
        What::Resolver { name, resolver, fault } => {
            let (seen, how) = match fault {
                ResolverFault::Silent => ("silent".to_owned(), "does not answer".to_owned()),
                ResolverFault::Unreachable(why) => (why.clone(), format!("cannot be reached: {why}")),
                ResolverFault::Error(said) => (said.clone(), format!("fails: {said}")),
                ResolverFault::Validation(said) => {
                    (said.clone(), format!("fails to validate what others validate: {said}"))
                }
            };
            let words =
                format!("{} is healthy at all its name servers; the resolver {resolver} {how}.", bare(name));
            (format!("resolver {resolver}"), seen, words)
        }
        What::Healthy { name, data } => {
            let words = format!(
                "{} is healthy: every name server on the way agrees on {}.",
                bare(name),
                shown_data(data)
            );
            (String::new(), shown_list(data), words)
        }
        What::NotDns { name, address, kind, detail } => {
            let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
            let words = format!(
                "It is not DNS: {} leads to {address}, and there {}{detail}.",
                bare(name),
                kinds::kind(*kind)
            );
            (address.clone(), format!("{}.{}", kind.layer().word(), kind.word()), words)
        }
        What::CouldNotTell { why } => {
            (String::new(), why.clone(), format!("What is wrong with {} cannot be told: {why}.", bare(asked)))
        }
        _ => Default::default(),
    }
}
