//! Where the questions of a walk go: over sockets, or to zones in memory, so that the same walk can be tried on a tree that
//! does not run anywhere.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, ready};
use std::net::SocketAddr;
use std::pin::Pin;

use domain::base::Rtype;
use domain::base::name::ToLabelIter;

use crate::ask::{AskError, AskOptions, Exchange, ask};
use crate::question::Question;
use crate::record::Rcode;
use crate::zone::{Zone, ZoneAnswer};

/// The future of one question.
pub type AskFuture<'a> = Pin<Box<dyn Future<Output = Result<Exchange, AskError>> + Send + 'a>>;

/// What can be asked.
pub trait Net: Send + Sync + fmt::Debug {
    /// Asks `server` one question.
    ///
    /// # Errors
    /// The future's error says why nothing was heard.
    fn ask<'a>(
        &'a self,
        server: SocketAddr,
        question: &'a Question,
        options: &'a AskOptions,
    ) -> AskFuture<'a>;
}

/// The network.
#[derive(Debug, Clone, Copy)]
pub struct Sockets;

impl Net for Sockets {
    fn ask<'a>(
        &'a self,
        server: SocketAddr,
        question: &'a Question,
        options: &'a AskOptions,
    ) -> AskFuture<'a> {
        Box::pin(ask(server, question, options))
    }
}

/// What a host of a tree in memory does.
#[derive(Debug, Clone)]
pub enum Host {
    /// Serves these zones, and refuses all others.
    Serves(Vec<Zone>),
    /// Knows of every zone, and has a valid copy of none: SERVFAIL.
    Fails,
    /// Says nothing.
    Silent,
}

/// A tree in memory: hosts by where they listen. Elsewhere nobody listens. Silence takes no time.
#[derive(Debug, Clone, Default)]
pub struct TreeInMemory(BTreeMap<SocketAddr, Host>);

impl TreeInMemory {
    /// Puts a host there, in the place of one that was there before.
    pub fn put(&mut self, at: SocketAddr, host: Host) {
        self.0.insert(at, host);
    }

    fn say(
        &self,
        server: SocketAddr,
        question: &Question,
        options: &AskOptions,
    ) -> Result<Exchange, AskError> {
        match self.0.get(&server) {
            None => Err(AskError::Refused { server }),
            Some(Host::Silent) => Err(AskError::Timeout { server, deadline: options.deadline }),
            Some(Host::Fails) => Ok(Exchange::of_zone(server, question, bare(Rcode::SERVFAIL))),
            Some(Host::Serves(zones)) => {
                let answer = match authority(zones, question) {
                    Some(zone) => zone.answer(question, options.dnssec_ok),
                    None => bare(Rcode::REFUSED),
                };
                Ok(Exchange::of_zone(server, question, answer))
            }
        }
    }
}

/// The deepest of the zones that the question's name lies in; of a DS, the one above it (RFC 4035, section 3.1.4.1).
fn authority<'z>(zones: &'z [Zone], question: &Question) -> Option<&'z Zone> {
    let name = question.wire_name();
    let mut above: Vec<&Zone> = zones.iter().filter(|zone| name.ends_with(zone.apex())).collect();
    above.sort_by_key(|zone| std::cmp::Reverse(zone.apex().iter_labels().count()));
    let of_parent = question.wire_type() == Rtype::DS && above.len() > 1;
    let skipped = usize::from(of_parent && above.first().is_some_and(|zone| zone.apex() == name));
    above.into_iter().nth(skipped)
}

fn bare(rcode: Rcode) -> ZoneAnswer {
    ZoneAnswer { rcode, aa: false, answer: Vec::new(), authority: Vec::new(), additional: Vec::new() }
}

impl Net for TreeInMemory {
    fn ask<'a>(
        &'a self,
        server: SocketAddr,
        question: &'a Question,
        options: &'a AskOptions,
    ) -> AskFuture<'a> {
        Box::pin(ready(self.say(server, question, options)))
    }
}
