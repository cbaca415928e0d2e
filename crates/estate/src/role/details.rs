//! `details`: knows what an item's page tells beside what the charts tell: description, facts, reviews.
//!
//! | endpoint | answers |
//! |---|---|
//! | `GET /{place}/items/{id}` | 200 `{"about", "facts", "stars", "reviews"}` · 404 |
//!
//! It is internal: stores ask it, by name, at every view of an item. Everything is read from its own SQLite file,
//! which is filled from the catalogue when it starts.
//! Absent: new reviews.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::control::Control;
use super::database::Database;
use super::{RoleArgs, RoleError, Sheet, serve};
use crate::catalogue::Item;
use crate::http::Problem;
use crate::place::Place;

pub(super) const SHEET: Sheet =
    Sheet { word: "details", about: "describes items", octet: 63, hosts: &["details.internal"] };

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, about TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS facts (
        item TEXT NOT NULL, n INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (item, n)) STRICT;
    CREATE TABLE IF NOT EXISTS reviews (
        item TEXT NOT NULL, n INTEGER NOT NULL, stars INTEGER NOT NULL, words TEXT NOT NULL,
        PRIMARY KEY (item, n)) STRICT;
";

/// What is told of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// A paragraph.
    pub(super) about: String,
    pub(super) facts: Vec<Fact>,
    /// The mean of the reviews' stars, with one decimal; none without reviews.
    pub(super) stars: Option<String>,
    pub(super) reviews: Vec<Review>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Review {
    /// One to five.
    pub(super) stars: u8,
    pub(super) words: String,
}

impl Review {
    /// Its stars, drawn.
    pub(super) fn drawn(&self) -> String {
        let full = usize::from(self.stars.min(5));
        format!("{}{}", "★".repeat(full), "☆".repeat(5 - full))
    }
}

pub(super) async fn run(args: RoleArgs, control: Control) -> Result<(), RoleError> {
    let database = Database::open(&args.state.join("details.db"), SCHEMA, control.faults())?;
    database.prepare(fill)?;
    let routes = Router::new().route("/{place}/items/{id}", get(told)).with_state(database);
    serve(args.listen, routes, control).await
}

/// Puts what is told of every item in its tables.
fn fill(db: &Connection) -> rusqlite::Result<()> {
    let change = db.unchecked_transaction()?;
    change.execute_batch("DELETE FROM items; DELETE FROM facts; DELETE FROM reviews;")?;
    for item in Item::all() {
        describe(&change, item)?;
    }
    change.commit()
}

fn describe(change: &Transaction<'_>, item: &Item) -> rusqlite::Result<()> {
    change.execute("INSERT INTO items VALUES (?1, ?2)", params![item.id, item.details.about])?;
    for (n, (name, value)) in item.details.facts.iter().enumerate() {
        change.execute("INSERT INTO facts VALUES (?1, ?2, ?3, ?4)", params![item.id, n, name, value])?;
    }
    for (n, (stars, words)) in item.details.reviews.iter().enumerate() {
        change.execute("INSERT INTO reviews VALUES (?1, ?2, ?3, ?4)", params![item.id, n, stars, words])?;
    }
    Ok(())
}

async fn told(
    State(database): State<Database>,
    Path((place, id)): Path<(String, String)>,
) -> Result<axum::Json<Told>, Problem> {
    let nothing = || Problem::not_found("nothing is told of this item");
    let place = Place::find(&place).ok_or_else(nothing)?;
    let item = Item::find(&id).filter(|item| item.is_sold_in(place)).ok_or_else(nothing)?;
    database.run(move |db| read(db, item.id)).await?.map(axum::Json).ok_or_else(nothing)
}

fn read(db: &Connection, id: &str) -> rusqlite::Result<Option<Told>> {
    let about = db.query_row("SELECT about FROM items WHERE id = ?1", [id], |row| row.get(0)).optional()?;
    let Some(about) = about else { return Ok(None) };
    let mut facts = db.prepare("SELECT name, value FROM facts WHERE item = ?1 ORDER BY n")?;
    let facts = facts.query_map([id], |row| Ok(Fact { name: row.get(0)?, value: row.get(1)? }))?;
    let facts = facts.collect::<Result<_, _>>()?;
    let mut reviews = db.prepare("SELECT stars, words FROM reviews WHERE item = ?1 ORDER BY n")?;
    let reviews = reviews.query_map([id], |row| Ok(Review { stars: row.get(0)?, words: row.get(1)? }))?;
    let reviews = reviews.collect::<Result<_, _>>()?;
    let mean = "SELECT printf('%.1f', avg(stars)) FROM reviews WHERE item = ?1 HAVING count(*) > 0";
    let stars = db.query_row(mean, [id], |row| row.get(0)).optional()?;
    Ok(Some(Told { about, facts, stars, reviews }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_catalogue_says_is_told_also_after_a_second_start() {
        let dir = tempfile::tempdir().unwrap();
        let told = |_| {
            let database = Database::open(
                &dir.path().join("details.db"),
                SCHEMA,
                tokio::sync::watch::Sender::default().subscribe(),
            )
            .unwrap();
            database.prepare(fill).unwrap();
            let mut told = None;
            database.prepare(|db| read(db, "tidewater").map(|read| told = read)).unwrap();
            told.unwrap()
        };
        let (first, second) = (told(1), told(2));
        assert_eq!(first, second);
        assert!(first.about.contains("High water") && first.facts[0].name == "Version");
        assert_eq!((first.stars.as_deref(), first.reviews.len()), (Some("4.5"), 2));
        assert_eq!(first.reviews[1].drawn(), "★★★★☆");
    }
}
