//! What customers did, what was taken, and what was really not taken, in SQLite.
//!
//! A wish is one row. `unknown` is a wish that was given up and may have been paid all the same.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde::Serialize;

use super::crowd::Wish;
use crate::place::Place;

/// Rows that are listed of what was not taken: a day of minutes in 41 places would be more than anybody reads.
const LISTED_MAX: u32 = 2000;
/// Complaints of one place in a minute.
const COMPLAINTS_A_MINUTE: u32 = 5;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS wishes (
        key TEXT PRIMARY KEY, customer INTEGER NOT NULL, place TEXT NOT NULL, amount INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('taken', 'not_taken', 'unknown')), failed TEXT, at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS wishes_of ON wishes (state, place, at);
    CREATE TABLE IF NOT EXISTS counts (what TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS complaints (id INTEGER PRIMARY KEY, place TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS complaints_of ON complaints (place, at);
";

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Tally {
    /// Visits, downloads, complaints, and failures by where they were.
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) taken: Vec<Sum>,
    /// What was really not taken, by place.
    pub(super) not_taken: Vec<Sum>,
    /// Given up, and perhaps paid: found out when buying works again.
    pub(super) unknown: Vec<Sum>,
    /// What was really not taken, by place and minute, newest first.
    pub(super) minutes: Vec<Minute>,
}

/// Wishes of a place; the amount is a decimal in its currency.
#[derive(Debug, Serialize)]
pub(super) struct Sum {
    pub(super) place: String,
    pub(super) currency: &'static str,
    pub(super) wishes: u64,
    pub(super) amount: String,
}

/// Wishes of a place that were given up in a minute.
#[derive(Debug, Serialize)]
pub(super) struct Minute {
    pub(super) minute: String,
    #[serde(flatten)]
    pub(super) sum: Sum,
}

fn sum(place: String, wishes: u64, amount: u64) -> Sum {
    let known = Place::find(&place);
    let (currency, amount) =
        known.map_or(("", amount.to_string()), |known| (known.currency, known.decimal(amount)));
    Sum { place, currency, wishes, amount }
}

fn sums(db: &Connection, state: &str) -> rusqlite::Result<Vec<Sum>> {
    let mut query = db.prepare(
        "SELECT place, count(*), sum(amount) FROM wishes WHERE state = ?1 GROUP BY place ORDER BY place",
    )?;
    query.query_map([state], |row| Ok(sum(row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

pub(super) fn read(db: &mut Connection) -> rusqlite::Result<Tally> {
    let mut counts = db.prepare("SELECT what, n FROM counts")?;
    let counts = counts.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut minutes = db.prepare(&format!(
        "SELECT strftime('%Y-%m-%dT%H:%MZ', at, 'unixepoch') AS minute, place, count(*), sum(amount) FROM wishes
         WHERE state = 'not_taken' GROUP BY minute, place ORDER BY minute DESC, place LIMIT {LISTED_MAX}"
    ))?;
    let minutes = minutes.query_map([], |row| {
        Ok(Minute { minute: row.get(0)?, sum: sum(row.get(1)?, row.get(2)?, row.get(3)?) })
    })?;
    let minutes = minutes.collect::<Result<_, _>>()?;
    let (taken, not_taken, unknown) = (sums(db, "taken")?, sums(db, "not_taken")?, sums(db, "unknown")?);
    Ok(Tally { counts, taken, not_taken, unknown, minutes })
}

pub(super) fn count(db: &Connection, what: &str) -> rusqlite::Result<()> {
    db.execute("INSERT INTO counts VALUES (?1, 1) ON CONFLICT (what) DO UPDATE SET n = n + 1", [what])
        .map(drop)
}

/// How a wish ended: `taken`, `not_taken` or `unknown`.
pub(super) fn end(db: &Connection, wish: &Wish, state: &str, failed: Option<&str>) -> rusqlite::Result<()> {
    let amount = wish.place.amount(wish.item.tier);
    db.execute(
        "INSERT INTO wishes VALUES (?1, ?2, ?3, ?4, ?5, ?6, unixepoch()) ON CONFLICT (key) DO NOTHING",
        params![wish.key, wish.customer, wish.place.code, amount, state, failed],
    )?;
    failed.map_or(Ok(()), |failed| count(db, &format!("gave_up_{failed}")))
}

/// A few wishes of this customer's place that may have been paid.
pub(super) fn unknown(db: &Connection, place: &str) -> rusqlite::Result<Vec<(String, u32)>> {
    let mut query =
        db.prepare("SELECT key, customer FROM wishes WHERE state = 'unknown' AND place = ?1 LIMIT 5")?;
    query.query_map([place], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Says of a wish that may have been paid whether it was.
pub(super) fn settle(db: &Connection, key: &str, paid: bool) -> rusqlite::Result<()> {
    let state = if paid { "taken" } else { "not_taken" };
    db.execute("UPDATE wishes SET state = ?2 WHERE key = ?1 AND state = 'unknown'", [key, state]).map(drop)
}

/// Whether one more may complain of this place in this minute; if so, they do.
pub(super) fn may_complain(db: &mut Connection, place: &str) -> rusqlite::Result<bool> {
    let change = db.transaction()?;
    change.execute("DELETE FROM complaints WHERE at <= unixepoch() - 60", [])?;
    let lately = "SELECT count(*) FROM complaints WHERE place = ?1";
    if change.query_row(lately, [place], |row| row.get::<_, u32>(0))? >= COMPLAINTS_A_MINUTE {
        return Ok(false);
    }
    change.execute("INSERT INTO complaints (place, at) VALUES (?1, unixepoch())", [place])?;
    change.commit()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::PLACES;
    use crate::role::customers::crowd;

    #[test]
    fn what_was_not_taken_is_summed_by_place_and_minute_and_what_was_paid_after_all_is_not() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let gb: Vec<_> = PLACES.iter().filter(|place| place.code == "gb").collect();
        let wishes: Vec<_> = (0..6).map(|n| crowd::wish(3, n, 9, &gb).unwrap()).collect();
        end(&db, &wishes[0], "taken", None).unwrap();
        end(&db, &wishes[1], "not_taken", Some("buy")).unwrap();
        end(&db, &wishes[2], "unknown", Some("buy")).unwrap();
        end(&db, &wishes[3], "unknown", Some("buy")).unwrap();
        let amount = |n: usize| u64::from(wishes[n].place.amount(wishes[n].item.tier));
        assert_eq!(unknown(&db, "gb").unwrap().len(), 2);
        settle(&db, &wishes[2].key, true).unwrap();
        settle(&db, &wishes[3].key, false).unwrap();
        settle(&db, &wishes[1].key, true).unwrap();
        let tally = read(&mut db).unwrap();
        let place = gb[0];
        assert_eq!(tally.not_taken[0].amount, place.decimal(amount(1) + amount(3)));
        assert_eq!(tally.taken[0].amount, place.decimal(amount(0) + amount(2)));
        assert!(tally.unknown.is_empty() && tally.counts["gave_up_buy"] == 3);
        assert_eq!(tally.minutes.iter().map(|minute| minute.sum.wishes).sum::<u64>(), 2);
    }

    #[test]
    fn a_place_complains_a_few_times_a_minute() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        for _ in 0..COMPLAINTS_A_MINUTE {
            assert!(may_complain(&mut db, "gb").unwrap());
        }
        assert!(!may_complain(&mut db, "gb").unwrap() && may_complain(&mut db, "in").unwrap());
    }
}
