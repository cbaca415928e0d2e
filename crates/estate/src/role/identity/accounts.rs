//! Accounts: their names, their passwords as Argon2id, and how often a wrong one was tried.
//!
//! The hash takes a millisecond here, so that many estates fit on a machine that tests; a shop with people's passwords
//! would take OWASP's 19 MiB. Wrong tries are bounded for each name, whether there is such an account or not.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rusqlite::{Connection, OptionalExtension, params};

use crate::http::Problem;
use crate::layout::ZONE;
use crate::role::callers::Kind;

/// Memory of the hash in KiB, and passes over it.
const COST: (u32, u32) = (256, 2);
/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// Bytes of a hash.
const HASH: usize = 32;
/// The shortest and the longest password, in bytes.
const PASSWORD: (usize, usize) = (8, 128);
/// The longest name before the `@`.
const NAME_MAX: usize = 40;
/// Wrong tries for one name in [`WINDOW_S`] seconds before it is barred until they are over.
const FAILURES_MAX: u32 = 10;
const WINDOW_S: u32 = 300;
/// Names whose failures are remembered.
const NAMES_MAX: u32 = 10_000;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS people (
        user TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('customer', 'developer', 'desk')), made_at INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS failures (
        user TEXT PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;
";

/// What is known of a name that wants to sign in.
pub(super) enum Look {
    /// Too many wrong passwords were tried.
    Barred,
    /// There is an account.
    Known { salt: Vec<u8>, hash: Vec<u8> },
    /// There is none.
    Unknown,
}

pub(super) fn look(db: &Connection, user: &str) -> rusqlite::Result<Look> {
    let failures = "SELECT count FROM failures WHERE user = ?1 AND since > unixepoch() - ?2";
    let failures: Option<u32> =
        db.query_row(failures, params![user, WINDOW_S], |row| row.get(0)).optional()?;
    if failures.is_some_and(|count| count >= FAILURES_MAX) {
        return Ok(Look::Barred);
    }
    let account = "SELECT salt, hash FROM people WHERE user = ?1";
    let known = db
        .query_row(account, [user], |row| Ok(Look::Known { salt: row.get(0)?, hash: row.get(1)? }))
        .optional()?;
    Ok(known.unwrap_or(Look::Unknown))
}

/// Remembers that a wrong password was tried.
pub(super) fn failed(db: &mut Connection, user: &str) -> rusqlite::Result<()> {
    let change = db.transaction()?;
    change.execute("DELETE FROM failures WHERE since <= unixepoch() - ?1", [WINDOW_S])?;
    // A name as long as a request may be is not kept: no account has it.
    if user.len() <= NAME_MAX + 1 + ZONE.len() {
        change.execute(
            "INSERT INTO failures VALUES (?1, 1, unixepoch()) ON CONFLICT (user) DO UPDATE SET count = count + 1",
            [user],
        )?;
        let kept = "DELETE FROM failures WHERE rowid IN (SELECT rowid FROM failures ORDER BY since DESC LIMIT -1 OFFSET ?1)";
        change.execute(kept, [NAMES_MAX])?;
    }
    change.commit()
}

/// Whether a new account may have this name and this password.
pub(super) fn check(user: &str, password: &str) -> Result<(), Problem> {
    let name = user.strip_suffix(ZONE).and_then(|user| user.strip_suffix('@')).unwrap_or_default();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
    if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(plain) {
        let words =
            format!("a user is 1 to {NAME_MAX} of a-z 0-9 - . _ and @{ZONE}, such as customer-17@{ZONE}");
        return Err(Problem::unfit("user", words));
    }
    if !(PASSWORD.0..=PASSWORD.1).contains(&password.len()) {
        let words = format!("a password has {} to {} bytes", PASSWORD.0, PASSWORD.1);
        return Err(Problem::unfit("password", words));
    }
    Ok(())
}

pub(super) fn salt(db: &Connection) -> rusqlite::Result<Vec<u8>> {
    db.query_row("SELECT randomblob(?1)", [SALT], |row| row.get(0))
}

/// Opens an account, unless there is one of that name.
pub(super) fn open(
    db: &Connection,
    user: &str,
    salt: &[u8],
    hash: &[u8],
    kind: Kind,
) -> rusqlite::Result<bool> {
    let insert = "INSERT INTO people VALUES (?1, ?2, ?3, ?4, unixepoch()) ON CONFLICT DO NOTHING";
    Ok(db.execute(insert, params![user, salt, hash, word(kind)])? == 1)
}

/// Opens an account that is there from the first start on.
pub(super) fn seed(db: &Connection, user: &str, password: &str, kind: Kind) -> rusqlite::Result<()> {
    if !exists(db, user)? {
        let salt = salt(db)?;
        open(db, user, &salt, &hash(&salt, password), kind)?;
    }
    Ok(())
}

pub(super) fn exists(db: &Connection, user: &str) -> rusqlite::Result<bool> {
    db.query_row("SELECT EXISTS (SELECT 1 FROM people WHERE user = ?1)", [user], |row| row.get(0))
}

/// A password as it is kept.
pub(super) fn hash(salt: &[u8], password: &str) -> Vec<u8> {
    let params = Params::new(COST.0, COST.1, 1, Some(HASH))
        .expect("parameters of Argon2, because they are constants within its bounds");
    let (mut hash, mut memory) = (vec![0; HASH], vec![Block::default(); params.block_count()]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut hash, &mut memory)
        .expect("a hash, because its size and the salt's are constants within Argon2's bounds");
    hash
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Customer => "customer",
        Kind::Developer => "developer",
        Kind::Desk => "desk",
    }
}

/// The kind of this word; what the database cannot hold is a customer.
pub(super) fn kind(word: &str) -> Kind {
    match word {
        "developer" => Kind::Developer,
        "desk" => Kind::Desk,
        _ => Kind::Customer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        db
    }

    #[test]
    fn a_hash_is_argon2id_and_depends_on_salt_and_password() {
        let one = hash(&[1; SALT], "open-sesame");
        assert_eq!(one, hash(&[1; SALT], "open-sesame"));
        assert_ne!(one, hash(&[2; SALT], "open-sesame"));
        assert_ne!(one, hash(&[1; SALT], "open-sesamf"));
        assert_eq!(one.len(), HASH);
    }

    #[test]
    fn ten_failures_bar_a_name_until_the_window_is_over() {
        let mut db = database();
        seed(&db, "customer-1@shop.example", "open-sesame", Kind::Customer).unwrap();
        for _ in 0..FAILURES_MAX {
            assert!(matches!(look(&db, "customer-1@shop.example").unwrap(), Look::Known { .. }));
            failed(&mut db, "customer-1@shop.example").unwrap();
        }
        assert!(matches!(look(&db, "customer-1@shop.example").unwrap(), Look::Barred));
        assert!(matches!(look(&db, "customer-2@shop.example").unwrap(), Look::Unknown));
        db.execute("UPDATE failures SET since = since - ?1", [WINDOW_S]).unwrap();
        assert!(matches!(look(&db, "customer-1@shop.example").unwrap(), Look::Known { .. }));
    }

    #[test]
    fn failures_of_names_without_end_are_bounded() {
        let mut db = database();
        failed(&mut db, &"a".repeat(5000)).unwrap();
        db.execute_batch(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})
             INSERT INTO failures SELECT 'n' || i, 1, unixepoch() FROM n",
            NAMES_MAX + 50
        ))
        .unwrap();
        failed(&mut db, "one-more").unwrap();
        let kept: u32 = db.query_row("SELECT count(*) FROM failures", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, NAMES_MAX);
    }

    #[test]
    fn names_and_passwords_have_bounds() {
        for user in ["customer-17@shop.example", "a@shop.example"] {
            assert_eq!(check(user, "12345678"), Ok(()));
        }
        for user in ["", "@shop.example", "a", "a@elsewhere.example", "A@shop.example", "a b@shop.example"] {
            assert_eq!(check(user, "12345678").unwrap_err().error, "user", "{user}");
        }
        assert_eq!(check("a@shop.example", "1234567").unwrap_err().error, "password");
        assert_eq!(check("a@shop.example", &"1".repeat(129)).unwrap_err().error, "password");
    }
}
