//! The name, then what it is an alias of, and so on to data, a denial, or a circle.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;

use domain::base::Rtype;

use super::asker::{Ask, How};
use super::cut::commonest;
use super::down::Walker;
use super::{Endless, FormerSeen, Heard, KnownServer, Link, Reach, Reply, Step, Target, read};
use crate::name::{self, Name};
use crate::question::Question;
use crate::record::Record;

/// Longest chain of aliases that is followed.
const MAX_ALIASES: usize = 16;
/// Most hosts that data sends others to which are looked up.
const MAX_TARGETS: usize = 8;
/// Most levels above a name at which its wildcard is looked for.
const MAX_LEVELS: usize = 8;
/// How often servers that have different data are asked again: two that choose between two answers by chance both say
/// the same so often in one case of four thousand.
const ROUNDS: u8 = 6;
/// Most servers of old that are asked.
const MAX_FORMER: usize = 16;
/// Most other names of the zone that are asked for.
const MAX_NEIGHBOURS: usize = 64;

impl Walker<'_> {
    /// Walks to the name of the questions, and along its aliases.
    pub(super) async fn links(&mut self, questions: &[Question], thorough: bool) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        let mut seen: Vec<Name> = Vec::new();
        let mut next = questions.first().map(|question| question.wire_name().clone());
        while let Some(name) = next.take() {
            let mut link = self.link(&name, questions, thorough).await;
            seen.push(name.clone());
            if let Some(target) = link.alias.as_deref().and_then(|target| name::parse(target).ok()) {
                link.endless = match (seen.contains(&target), seen.len() > MAX_ALIASES) {
                    (true, _) => Some(Endless::Circle),
                    (false, true) => Some(Endless::TooLong),
                    (false, false) => None,
                };
                if link.endless.is_none() {
                    (self.watch)(Step::Alias { name: name::show(&name), target: name::show(&target) });
                    next = Some(target);
                }
            }
            links.push(link);
        }
        links
    }

    /// Looks up the hosts that the data at the end of the links sends others to.
    pub(super) async fn targets(&mut self, last: Option<&Link>) -> Vec<Target> {
        let mut list: Vec<Target> = Vec::new();
        for (rtype, host) in last.map(hosts_named).unwrap_or_default() {
            let types = [Rtype::A, Rtype::AAAA];
            let questions = types.map(|wanted| Question::of(host.clone(), wanted));
            let links = self.links(&questions, false).await;
            list.push(Target { rtype, name: name::show(&host), links });
        }
        list
    }

    async fn link(&mut self, name: &Name, questions: &[Question], thorough: bool) -> Link {
        let is_ds = questions.iter().all(|question| question.wire_type() == Rtype::DS);
        // A DS lies in the zone above (RFC 4035, section 3.1.4.1).
        let above = parent(name).filter(|_| is_ds);
        let reach = match above {
            Some(above) => self.to(&above, thorough).await,
            _ => self.to(name, thorough).await,
        };
        let types = questions.iter().map(|question| Question::of(name.clone(), question.wire_type()));
        let types: Vec<Question> = types.collect();
        let replies = self.replies(&reach, &types, How::Authority).await;
        let answers = replies.iter().filter_map(|reply| reply.heard.as_ref().as_ref().ok());
        let is_alias = questions.iter().any(|question| question.wire_type() == Rtype::CNAME);
        let answers = answers.filter(|_| !is_alias);
        let alias = commonest(answers.filter_map(|exchange| read::alias(name, exchange)));
        let has_data = replies.iter().any(has_data);
        let again = if thorough { self.again(&reach, &types, &replies).await } else { Vec::new() };
        let stranger = match (has_data, stranger(name)) {
            (true, Some(stranger)) => {
                let ask = |question: &Question| Question::of(stranger.clone(), question.wire_type());
                let list: Vec<Question> = types.iter().map(ask).collect();
                self.replies(&reach, &list, How::Authority).await
            }
            _ => Vec::new(),
        };
        let encloser = self.encloser(name, &reach, &stranger).await;
        Link {
            name: name::show(name),
            reach,
            replies,
            stranger,
            encloser,
            again,
            alias: alias.map(|target| name::show(&target)),
            endless: None,
        }
    }

    /// Asks servers that do not say the same again, until one changes its mind: who balances load does so sooner or later.
    /// Only what they differ in is asked, so that who takes turns by question is not always met at the same turn.
    async fn again(&self, reach: &Reach, questions: &[Question], first: &[Reply]) -> Vec<Vec<Reply>> {
        let differing: Vec<Question> =
            questions.iter().filter(|question| differ(first, question)).cloned().collect();
        let mut rounds: Vec<Vec<Reply>> = Vec::new();
        // Where one has data and another has none, no balance explains it: once more is enough.
        let all_have_it = first.iter().filter(|reply| differing.contains(&reply.question)).all(has_data);
        let most = if all_have_it { ROUNDS } else { 1 };
        while !differing.is_empty() && rounds.len() < usize::from(most) {
            let turn = u8::try_from(rounds.len()).unwrap_or(ROUNDS);
            let how = if turn == 0 { How::Tcp } else { How::Again(turn) };
            let round = self.replies(reach, &differing, how).await;
            let changed = round.iter().any(|now| first.iter().any(|then| changed_mind(then, now)));
            rounds.push(round);
            if changed {
                break;
            }
        }
        rounds
    }

    /// The highest name of the zone below which a name that nobody can have meant has data, where one beside `name` has.
    async fn encloser(&self, name: &Name, reach: &Reach, beside: &[Reply]) -> Option<String> {
        let question = beside.iter().find(|reply| has_data(reply))?.question.clone();
        let apex = self.apexes.get(reach.zone()?)?;
        let mut found = parent(name)?;
        for _ in 0..MAX_LEVELS {
            let (Some(above), Some(stranger)) = (parent(&found), stranger(&found)) else { break };
            if found == *apex {
                break;
            }
            let question = Question::of(stranger, question.wire_type());
            if !self.replies(reach, &[question], How::Authority).await.iter().any(has_data) {
                break;
            }
            found = above;
        }
        Some(name::show(&found))
    }

    /// Asks each server of the zone that was come to each question.
    async fn replies(&self, reach: &Reach, questions: &[Question], how: How) -> Vec<Reply> {
        let Some(zone) = reach.zone() else { return Vec::new() };
        let mut servers = self.speakers(zone);
        // In turns that are not always the same: some balancers hand out answers to one server after the other.
        if matches!(how, How::Again(turn) if turn % 2 == 1) {
            servers.reverse();
        }
        let mut list = Vec::new();
        let mut who = Vec::new();
        for question in questions {
            for (server, address) in &servers {
                list.push(Ask { server: *address, question: question.clone(), how });
                who.push((*server, question.clone()));
            }
        }
        let heard = self.asker.all(list).await;
        let reply = |((server, question), heard)| Reply { server, question, heard };
        who.into_iter().zip(heard).map(reply).collect()
    }

    /// Asks servers of old, where the zone that they had is denied from above.
    pub(super) async fn former(
        &self,
        link: Option<&Link>,
        servers: &[(String, KnownServer)],
    ) -> Vec<FormerSeen> {
        let Some(Link { reach: Reach::Denied { at, .. }, .. }) = link else { return Vec::new() };
        let Ok(apex) = name::parse(at) else { return Vec::new() };
        let of_zone = |(zone, _): &&(String, KnownServer)| name::parse(zone).is_ok_and(|zone| zone == apex);
        let list: Vec<&KnownServer> =
            servers.iter().filter(of_zone).map(|(_, server)| server).take(MAX_FORMER).collect();
        let places: Vec<(usize, SocketAddr)> =
            list.iter().enumerate().map(|(at, server)| (at, server.address)).collect();
        let heard = self.each(&places, &apex, Rtype::SOA).await;
        let seen = list.into_iter().zip(heard);
        seen.map(|(server, (_, heard))| FormerSeen {
            zone: at.clone(),
            server: server.clone(),
            serves: serves(&heard),
        })
        .collect()
    }

    /// Asks the servers of the first link's zone for other names that used to be in it.
    pub(super) async fn neighbours(&self, link: Option<&Link>, others: &[Question]) -> Vec<Reply> {
        let Some(link) = link else { return Vec::new() };
        let Some(apex) = link.reach.zone().and_then(|zone| self.apexes.get(zone)) else { return Vec::new() };
        let inside = |question: &&Question| question.wire_name().ends_with(apex);
        let list: Vec<Question> = others.iter().filter(inside).take(MAX_NEIGHBOURS).cloned().collect();
        self.replies(&link.reach, &list, How::Authority).await
    }
}

/// The hosts in the MX and SRV records of a link, each once; a root in their place means that there is none (RFC 7505,
/// RFC 2782).
fn hosts_named(link: &Link) -> Vec<(String, Name)> {
    let mut list: Vec<(String, Name)> = Vec::new();
    for exchange in link.replies.iter().filter_map(|reply| reply.heard.as_ref().as_ref().ok()) {
        let rtype = exchange.question.rtype();
        let ours = |record: &&Record| {
            matches!(rtype.as_str(), "MX" | "SRV")
                && record.rtype == rtype
                && record.name.eq_ignore_ascii_case(&link.name)
        };
        for record in exchange.answer.iter().filter(ours) {
            let host = record.data.rsplit(' ').next().and_then(|host| name::parse(host).ok());
            let Some(host) = host.filter(|host| !host.is_root()) else { continue };
            if list.len() < MAX_TARGETS && !list.iter().any(|(_, known)| *known == host) {
                list.push((rtype.clone(), host));
            }
        }
    }
    list
}

fn has_data(reply: &Reply) -> bool {
    reply.heard.as_ref().as_ref().is_ok_and(|exchange| !exchange.answer.is_empty())
}

/// Whether a server gave other data for the same question.
fn changed_mind(then: &Reply, now: &Reply) -> bool {
    then.server == now.server
        && then.question == now.question
        && data_of(then).zip(data_of(now)).is_some_and(|(then, now)| then != now)
}

/// Whether servers gave different data for a question.
fn differ(replies: &[Reply], question: &Question) -> bool {
    let mut said = replies.iter().filter(|reply| reply.question == *question).filter_map(data_of);
    said.next().is_some_and(|first| said.any(|other| other != first))
}

fn data_of(reply: &Reply) -> Option<Vec<(&str, &str)>> {
    let exchange = reply.heard.as_ref().as_ref().ok()?;
    let records = exchange.answer.iter().filter(|record| record.rtype != "RRSIG");
    let mut list: Vec<(&str, &str)> =
        records.map(|record| (record.rtype.as_str(), record.data.as_str())).collect();
    list.sort_unstable();
    Some(list)
}

/// Whether the SOA of a zone came with authority.
fn serves(heard: &Heard) -> bool {
    heard.as_ref().as_ref().is_ok_and(|exchange| exchange.flags.aa && read::serial(exchange).is_some())
}

/// A name beside `name` that nobody can have meant; it differs from walk to walk, so that no cache has it.
fn stranger(name: &Name) -> Option<Name> {
    let parent = name.parent()?;
    let label = format!("not-a-name-{:012x}", RandomState::new().build_hasher().finish() >> 16);
    name::parse(&format!("{label}.{}", name::show(&parent))).ok()
}

fn parent(name: &Name) -> Option<Name> {
    name::parse(&name::show(&name.parent()?)).ok()
}
