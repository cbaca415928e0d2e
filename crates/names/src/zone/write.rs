//! A zone written as a zone file, one record a line, all names absolute.

use std::fmt::Write as _;

use super::Zone;

impl Zone {
    /// The zone as a zone file that reads back as the same zone.
    #[must_use]
    pub fn to_zone_file(&self) -> String {
        let mut text = format!("$ORIGIN {}\n", self.origin());
        for record in self.records() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{record}");
        }
        text
    }
}
