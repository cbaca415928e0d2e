//! Asks on behalf of a walk, within its bounds: questions in all, at once, and time.
//!
//! The same question is put to the same server once; a server that was silent twice and never said anything is not
//! waited for again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::net::Net;
use super::{Bounds, CutShort};
use crate::ask::{AskError, AskOptions, Exchange, Transport};
use crate::question::Question;
use crate::record::Rcode;

/// Why nothing was heard.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// It was asked in vain.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// It was silent before, and was not asked again.
    #[error("{0} was silent before")]
    StillSilent(SocketAddr),
    /// The walk had come to one of its bounds.
    #[error("it was not asked: {0}")]
    CutShort(CutShort),
}

/// What a server said, or why nothing was heard.
pub type Heard = Arc<Result<Exchange, Unheard>>;

/// One question to one server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    pub(super) server: SocketAddr,
    pub(super) question: Question,
    pub(super) how: How,
}

/// How it is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum How {
    /// To an authoritative server: no RD, with DO; UDP, and TCP where the answer is cut.
    Authority,
    /// The same over TCP alone.
    Tcp,
    /// The same once more, for the so manieth time.
    Again(u8),
    /// To a resolver, as a customer's host asks.
    Resolver,
    /// To a resolver, which is told not to validate.
    Unchecked,
}

/// Silences after which a server that never spoke is not asked again.
const SILENCES: u32 = 2;

#[derive(Debug)]
pub(super) struct Asker {
    net: Arc<dyn Net>,
    end: Instant,
    each: Duration,
    limit: u32,
    asked: AtomicU32,
    gate: Semaphore,
    heard: Mutex<HashMap<Ask, Heard>>,
    /// Silences in a row, of servers that never spoke; zero for those that did.
    silences: Mutex<HashMap<SocketAddr, u32>>,
}

impl Asker {
    pub(super) fn new(net: Arc<dyn Net>, bounds: &Bounds) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            net,
            end: now.checked_add(bounds.time).unwrap_or(now),
            each: bounds.question,
            limit: bounds.questions,
            asked: AtomicU32::new(0),
            gate: Semaphore::new(bounds.at_once.max(1)),
            heard: Mutex::default(),
            silences: Mutex::default(),
        })
    }

    /// How many questions were put.
    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed).min(self.limit)
    }

    /// The bound that was come to, if any.
    pub(super) fn cut_short(&self) -> Option<CutShort> {
        if self.asked.load(Ordering::Relaxed) >= self.limit {
            return Some(CutShort::Questions(self.limit));
        }
        (Instant::now() >= self.end).then_some(CutShort::Time)
    }

    /// Puts all questions, side by side; the answers are in the order of the questions.
    pub(super) async fn all(self: &Arc<Self>, list: Vec<Ask>) -> Vec<Heard> {
        let mut tasks = JoinSet::new();
        let mut heard: Vec<Option<Heard>> = Vec::with_capacity(list.len());
        for (at, one) in list.into_iter().enumerate() {
            let known = self.heard.lock().ok().and_then(|kept| kept.get(&one).cloned());
            if known.is_none() {
                let asker = Arc::clone(self);
                tasks.spawn(async move { (at, asker.one(one).await) });
            }
            heard.push(known);
        }
        while let Some(done) = tasks.join_next().await {
            let Ok((at, said)) = done else { continue };
            if let Some(place) = heard.get_mut(at) {
                *place = Some(said);
            }
        }
        let lost = || Arc::new(Err(Unheard::CutShort(CutShort::Time)));
        heard.into_iter().map(|said| said.unwrap_or_else(lost)).collect()
    }

    async fn one(&self, ask: Ask) -> Heard {
        let said = Arc::new(self.put(&ask).await);
        if let Ok(mut kept) = self.heard.lock() {
            kept.insert(ask, Arc::clone(&said));
        }
        said
    }

    async fn put(&self, one: &Ask) -> Result<Exchange, Unheard> {
        let Ok(_turn) = self.gate.acquire().await else { return Err(Unheard::CutShort(CutShort::Time)) };
        if let Some(bound) = self.cut_short() {
            return Err(Unheard::CutShort(bound));
        }
        if one.how != How::Tcp && self.silences_of(one.server) >= SILENCES {
            return Err(Unheard::StillSilent(one.server));
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        let left = self.end.saturating_duration_since(Instant::now());
        let options = one.how.options(self.each.min(left));
        let mut said = self.net.ask(one.server, &one.question, &options).await;
        // Who does not know EDNS is asked without (RFC 6891, section 7).
        if said.as_ref().is_ok_and(|said| matches!(said.rcode, Rcode::FORMERR | Rcode::NOTIMP)) {
            let plain = AskOptions { edns_size: 0, dnssec_ok: false, ..options };
            said = self.net.ask(one.server, &one.question, &plain).await;
        }
        if one.how != How::Tcp {
            self.note(one.server, matches!(said, Err(AskError::Timeout { .. })));
        }
        Ok(said?)
    }

    fn silences_of(&self, server: SocketAddr) -> u32 {
        self.silences.lock().ok().and_then(|kept| kept.get(&server).copied()).unwrap_or(0)
    }

    /// Who spoke once is asked again whatever happens: packets are lost.
    fn note(&self, server: SocketAddr, silent: bool) {
        let Ok(mut kept) = self.silences.lock() else { return };
        match kept.get_mut(&server) {
            Some(0) => {}
            Some(count) if silent => *count += 1,
            _ => drop(kept.insert(server, u32::from(silent))),
        }
    }
}

impl How {
    fn options(self, deadline: Duration) -> AskOptions {
        let base = AskOptions { deadline, dnssec_ok: true, ..AskOptions::default() };
        match self {
            Self::Authority | Self::Again(_) => AskOptions { recursion_desired: false, ..base },
            Self::Tcp => AskOptions { recursion_desired: false, transport: Transport::Tcp, ..base },
            Self::Resolver => base,
            Self::Unchecked => AskOptions { checking_disabled: true, ..base },
        }
    }
}
