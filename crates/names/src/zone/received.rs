//! A zone made of records that came from another server: the same rules as for a file.

use super::read::{self, Faults, Line};
use super::{Rr, Zone};
use domain::base::RecordData;

impl Zone {
    /// The zone with this SOA and these records.
    pub(crate) fn of_records(soa: Rr, records: Vec<Rr>) -> Result<Self, String> {
        let mut faults = Faults { file: "transfer", list: Vec::new() };
        let apex = soa.owner.clone();
        let line = |record: Rr| Line {
            place: Default::default(),
            owner: record.owner,
            ttl: record.ttl,
            rtype: record.data.rtype(),
            data: record.data,
        };
        let lines = std::iter::once(soa).chain(records).map(line).collect();
        let zone = read::assemble(lines, Some(&apex), true, &mut faults);
        match (zone, faults.list.into_iter().next()) {
            (Some(zone), None) => Ok(zone),
            (_, fault) => Err(fault.map_or_else(|| "no zone".to_owned(), |fault| fault.message)),
        }
    }
}
