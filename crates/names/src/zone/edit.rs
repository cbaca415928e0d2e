//! Small edits; each gives a new zone with a higher serial and leaves the old one as it is.

use domain::base::Rtype;

use super::read::{self, Faults};
use super::{Zone, serial};
use crate::name;
use crate::record::Record;

impl Zone {
    /// The zone without every record owned by `name`, its serial one higher (RFC 1982).
    ///
    /// # Errors
    /// In words, when `name` is not a name of the zone, is its apex, or owns nothing.
    pub fn without(&self, name: &str) -> Result<Self, String> {
        let wire = name::parse(name).map_err(|why| format!("{name:?} is not a domain name: {why}"))?;
        if wire == self.apex {
            return Err(format!("{name} is the apex of the zone and cannot be removed"));
        }
        let mut zone = self.clone();
        if zone.nodes.remove(&wire).is_none() {
            return Err(format!("{name} owns no record in {}", self.origin()));
        }
        zone.set_serial(serial::next(self.serial()));
        Ok(zone)
    }

    /// The same records under another serial.
    #[must_use]
    pub fn renumbered(&self, serial: u32) -> Self {
        let mut zone = self.clone();
        zone.set_serial(serial);
        zone
    }

    /// The zone with one record more, its serial one higher (RFC 1982).
    ///
    /// # Errors
    /// In words, when the record cannot be read, lies outside of the zone, or cannot stand beside what is there.
    pub fn with(&self, record: &Record) -> Result<Self, String> {
        let text = record.to_string();
        if text.contains(['\n', '\r']) {
            return Err("a record is one line".to_owned());
        }
        let mut faults = Faults { file: "record", list: Vec::new() };
        let (lines, _) = read::scan(&text, Some(&self.apex), &mut faults);
        if let Some(fault) = faults.list.first() {
            return Err(fault.message.clone());
        }
        let [line] = lines.as_slice() else {
            return Err("there is no record in it".to_owned());
        };
        if line.rtype == Rtype::SOA {
            return Err("the zone has its SOA record".to_owned());
        }
        let mut zone = self.clone();
        zone.add(line)?;
        zone.order();
        if let Some((_, why)) = zone.contradictions().into_iter().next() {
            return Err(why);
        }
        zone.set_serial(serial::next(self.serial()));
        Ok(zone)
    }
}
