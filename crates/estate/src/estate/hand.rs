//! What can be done to the estate beside levers: causes one by one, for whoever stages something. Each holds until it is
//! taken back, or until [`Estate::mend_all`]; each may be repeated.

use std::time::Duration;

use serde_json::json;

use super::zones::serial_at;
use super::{Estate, EstateError};
use crate::http::{Call, exchange};
use crate::role::{Faults, Role, SLOW_MAX_MS, ServedPage};
use crate::zone::{Shape, ZoneEdit, plain};

/// The longest text of a page that stands in front of a role, in bytes.
const PAGE_TEXT_MAX: usize = 2000;

/// How long the crowd may take to hear how many should come.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

impl Estate {
    /// The zone file of the primary as it is, or as it will be read.
    #[must_use]
    pub fn zone_text(&self) -> &str {
        self.zones.text()
    }

    /// The serial that was published last.
    #[must_use]
    pub const fn zone_serial(&self) -> u32 {
        self.zones.serial()
    }

    /// The serial that a name server of the shop answers with; none where it does not answer, or has no zone.
    pub async fn serial_of(&self, role: Role) -> Option<u32> {
        serial_at(self.address(role)).await
    }

    /// Publishes a zone on the primary, whatever levers say, until [`Estate::publish_whole`]; its serial is set to one
    /// that is higher than the last. Returns when every copy has it that is not withheld from, dead or stopped.
    ///
    /// # Errors
    /// When the text is no zone of the shop, or a server does not take it.
    pub async fn publish(&mut self, text: &str) -> Result<u32, EstateError> {
        self.by_hand.zone.text = Some(plain(text).map_err(EstateError::Zone)?);
        self.reconcile().await?;
        Ok(self.zones.serial())
    }

    /// Publishes the zone in force with a change; as [`Estate::publish`].
    ///
    /// # Errors
    /// When what comes of it is no zone, or a server does not take it.
    pub async fn edit(&mut self, edit: &ZoneEdit) -> Result<u32, EstateError> {
        let text = edit.apply(self.zones.text());
        self.publish(&text).await
    }

    /// Publishes the estate's own zone again, with what levers break in it.
    ///
    /// # Errors
    /// When a server does not take it.
    pub async fn publish_whole(&mut self) -> Result<u32, EstateError> {
        self.by_hand.zone = Shape::default();
        self.reconcile().await?;
        Ok(self.zones.serial())
    }

    /// From now on the primary neither tells this copy of changes nor hands it the zone: it keeps what it has.
    ///
    /// # Errors
    /// When the primary does not obey.
    pub async fn withhold(&mut self, copy: Role) -> Result<(), EstateError> {
        let held = self.zones.written();
        self.by_hand.stale.entry(copy).or_insert(held);
        self.reconcile().await
    }

    /// Lets the copy have the zone again, and waits until it has.
    ///
    /// # Errors
    /// When the primary does not obey, or the copy does not fetch it.
    pub async fn deliver(&mut self, copy: Role) -> Result<(), EstateError> {
        self.by_hand.stale.remove(&copy);
        self.reconcile().await
    }

    /// Tells a role to end, and leaves it so.
    ///
    /// # Errors
    /// When the estate cannot be brought into that state.
    pub async fn halt(&mut self, role: Role) -> Result<(), EstateError> {
        if let Some(child) = self.children.remove(&role) {
            child.end().await;
        }
        self.kill(role).await
    }

    /// Kills a role on the spot (SIGKILL), and leaves it dead.
    ///
    /// # Errors
    /// When the estate cannot be brought into that state.
    pub async fn kill(&mut self, role: Role) -> Result<(), EstateError> {
        self.by_hand.dead.insert(role);
        self.reconcile().await
    }

    /// Starts a role again that was told to end or killed.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn revive(&mut self, role: Role) -> Result<(), EstateError> {
        self.by_hand.dead.remove(&role);
        self.reconcile().await
    }

    /// Stops a role in its tracks (SIGSTOP): its sockets stay open, and nobody answers.
    ///
    /// # Errors
    /// When it takes no signal.
    pub async fn pause(&mut self, role: Role) -> Result<(), EstateError> {
        self.by_hand.paused.insert(role);
        self.reconcile().await
    }

    /// Lets a role go on that was stopped in its tracks.
    ///
    /// # Errors
    /// When it takes no signal.
    pub async fn resume(&mut self, role: Role) -> Result<(), EstateError> {
        self.by_hand.paused.remove(&role);
        self.reconcile().await
    }

    /// Lets a role write nothing more, as on a full disk; or again.
    ///
    /// # Errors
    /// When the system does not limit it.
    pub async fn fill_disk(&mut self, role: Role, full: bool) -> Result<(), EstateError> {
        match full {
            true => drop(self.by_hand.full.insert(role)),
            false => drop(self.by_hand.full.remove(&role)),
        }
        self.reconcile().await
    }

    /// Makes each use of a role's database wait for three seconds; or no longer.
    ///
    /// # Errors
    /// When the role does not obey.
    pub async fn slow_disk(&mut self, role: Role, slow: bool) -> Result<(), EstateError> {
        self.with_faults(role, |faults| faults.slow_disk = slow).await
    }

    /// Makes each answer of a role wait so long, a minute at most; or no longer.
    ///
    /// # Errors
    /// When that is too long, or the role does not obey.
    pub async fn slow(&mut self, role: Role, by: Option<Duration>) -> Result<(), EstateError> {
        let slow_ms = by.map(|by| u32::try_from(by.as_millis()).unwrap_or(u32::MAX));
        if slow_ms.is_some_and(|ms| ms > SLOW_MAX_MS) {
            return Err(EstateError::Role { role, why: format!("an answer waits {SLOW_MAX_MS} ms at most") });
        }
        self.with_faults(role, |faults| faults.slow_ms = slow_ms).await
    }

    /// Makes a role answer nothing any more: downloads stop in the middle, other requests hang; or no longer.
    ///
    /// # Errors
    /// When the role does not obey.
    pub async fn stall(&mut self, role: Role, stalled: bool) -> Result<(), EstateError> {
        let set = |faults: &mut Faults| match role {
            Role::Delivery => faults.stall = stalled,
            _ => faults.hang = stalled,
        };
        self.with_faults(role, set).await
    }

    /// Puts a page in front of everything that a role answers; none takes it away.
    ///
    /// # Errors
    /// When the text is too long, or the role does not obey.
    pub async fn serve_page(&mut self, role: Role, page: Option<ServedPage>) -> Result<(), EstateError> {
        if page.as_ref().is_some_and(|page| page.text.len() > PAGE_TEXT_MAX) {
            let why = format!("a page has at most {PAGE_TEXT_MAX} bytes of text");
            return Err(EstateError::Role { role, why });
        }
        self.with_faults(role, |faults| faults.page = page).await
    }

    /// Closes the storefronts of a place, connections and all; or opens them again.
    ///
    /// # Errors
    /// When a store does not obey.
    pub async fn cut_place(&mut self, code: &str, cut: bool) -> Result<(), EstateError> {
        match cut {
            true => self.by_hand.cut(code, &self.layout),
            false => self.by_hand.faults.values_mut().for_each(|faults| {
                faults.cut.remove(code);
            }),
        }
        self.tidy_faults();
        self.reconcile().await
    }

    /// Lets so many customers come in a minute, in every place together; none lets nobody come. Who comes follows from the
    /// same seed each time.
    ///
    /// # Errors
    /// When the crowd does not obey.
    pub async fn invite_customers(&mut self, per_minute: u32) -> Result<(), EstateError> {
        let role = Role::Customers;
        let call = Call::post("/pace", json!({ "per_minute": per_minute, "seed": 2015 }));
        let answered =
            tokio::time::timeout(ANSWERS_WITHIN, exchange(self.address(role), role.word(), call)).await;
        let why = match answered {
            Ok(Ok(answer)) if answer.status.is_success() => return Ok(()),
            Ok(Ok(answer)) => format!("answered {}", answer.status),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "does not answer".to_owned(),
        };
        Err(EstateError::Role { role, why })
    }

    /// Shows those who come to a host by TLS a certificate that has expired; or a good one again. Hosts that have one are
    /// `account` and [`EstateOptions::certified`](super::EstateOptions::certified).
    ///
    /// # Errors
    /// When the host has none, it cannot be made, or is not taken.
    pub async fn expire_certificate(&mut self, host: &str, expired: bool) -> Result<(), EstateError> {
        if !self.certified().iter().any(|(certified, _)| certified == host) {
            return Err(EstateError::Certificate(format!("{host} has none")));
        }
        match expired {
            true => drop(self.by_hand.expired.insert(host.to_owned())),
            false => drop(self.by_hand.expired.remove(host)),
        }
        self.reconcile().await
    }

    async fn with_faults(&mut self, role: Role, set: impl FnOnce(&mut Faults)) -> Result<(), EstateError> {
        set(self.by_hand.faults.entry(role).or_default());
        self.tidy_faults();
        self.reconcile().await
    }

    fn tidy_faults(&mut self) {
        self.by_hand.faults.retain(|_, faults| *faults != Faults::default());
    }
}
