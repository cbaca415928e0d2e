//! Answers from a zone that is not published.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::base::Rtype;

use super::chain::{self, Lead};
use super::{Lookup, LookupError, LookupFuture, Resolver, literal};
use crate::name;
use crate::question::Question;
use crate::record::Rcode;
use crate::zone::{Zone, ZoneAnswer};

/// Answers from a zone in memory; names outside of it go to another resolver, or are refused.
#[derive(Debug, Clone)]
pub struct ZoneResolver {
    zone: Arc<Zone>,
    elsewhere: Option<Arc<dyn Resolver>>,
}

/// What the zone alone can say.
enum Said {
    Found(Lookup),
    /// The zone is not the authority for this name.
    NotOurs(String, Vec<String>),
}

impl ZoneResolver {
    /// Answers from `zone` alone.
    #[must_use]
    pub fn new(zone: Arc<Zone>) -> Self {
        Self { zone, elsewhere: None }
    }

    /// Asks `elsewhere` for names outside of the zone, and for those that it delegates.
    #[must_use]
    pub fn with_elsewhere(mut self, elsewhere: Arc<dyn Resolver>) -> Self {
        self.elsewhere = Some(elsewhere);
        self
    }

    async fn find(&self, host: &str, deadline: Duration) -> Result<Lookup, LookupError> {
        if let Some(found) = literal(host) {
            return Ok(found);
        }
        let (name, mut aliases) = match self.say(host)? {
            Said::Found(found) => return Ok(found),
            Said::NotOurs(name, aliases) => (name, aliases),
        };
        let Some(elsewhere) = &self.elsewhere else {
            return Err(LookupError::Refused { name, server: None });
        };
        let mut found = elsewhere.lookup(&name, deadline).await?;
        aliases.append(&mut found.aliases);
        Ok(Lookup { aliases, ..found })
    }

    fn say(&self, host: &str) -> Result<Said, LookupError> {
        let wire = name::parse(host).map_err(|why| LookupError::BadName { name: host.to_owned(), why })?;
        let start = name::show(&wire);
        let six = self.zone.answer(&Question::of(wire.clone(), Rtype::AAAA), false);
        let four = self.zone.answer(&Question::of(wire, Rtype::A), false);
        let mut aliases = Vec::new();
        let mut addresses: Vec<IpAddr> = Vec::new();
        for answer in [&six, &four] {
            aliases.clear();
            match chain::follow(&start, &answer.answer.iter().collect::<Vec<_>>(), &mut aliases) {
                Lead::Addresses(list) => addresses.extend(list),
                Lead::Broken(why) => {
                    return Err(LookupError::AliasBroken { name: host.to_owned(), server: None, why });
                }
                Lead::Open => {}
            }
        }
        if !addresses.is_empty() {
            return Ok(Said::Found(Lookup { addresses, aliases, ..Lookup::default() }));
        }
        nothing_here(host, &start, &four, aliases)
    }
}

fn nothing_here(
    host: &str,
    start: &str,
    answer: &ZoneAnswer,
    aliases: Vec<String>,
) -> Result<Said, LookupError> {
    let denied = answer.authority.iter().any(|record| record.rtype == "SOA");
    let reached = aliases.last().map_or(start, String::as_str).to_owned();
    let aliased = !aliases.is_empty();
    let broken = |what: &str| LookupError::AliasBroken {
        name: host.to_owned(),
        server: None,
        why: format!("it leads to {reached}, which {what}"),
    };
    match answer.rcode {
        Rcode::NXDOMAIN if aliased => Err(broken("does not exist")),
        Rcode::NXDOMAIN => Err(LookupError::Nxdomain { name: host.to_owned(), server: None }),
        Rcode::NOERROR if denied && aliased => Err(broken("has no address")),
        Rcode::NOERROR if denied => Err(LookupError::Nodata { name: host.to_owned(), server: None }),
        Rcode::NOERROR | Rcode::REFUSED => Ok(Said::NotOurs(reached, aliases)),
        other => Err(LookupError::Servfail { name: host.to_owned(), server: None, why: other.to_string() }),
    }
}

impl Resolver for ZoneResolver {
    fn lookup<'a>(&'a self, host: &'a str, deadline: Duration) -> LookupFuture<'a> {
        Box::pin(self.find(host, deadline))
    }
}
