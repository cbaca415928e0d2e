//! What commerce keeps, and the rules that its database holds whatever the code does.
//!
//! An order's charge and its refund are there once at most (the primary key of `payments`), a key belongs to one order of
//! a customer, and nobody is entitled to what is not a line of an order.
//! The probe's orders that were given back are forgotten a day later, charge, refund and all: no client repeats itself
//! for that long, and there are tens of thousands a day.

use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use rusqlite::{Connection, OptionalExtension};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, user TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL, place TEXT NOT NULL,
        currency TEXT NOT NULL, total INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('paid', 'refunded')),
        receipt TEXT NOT NULL, made_at INTEGER NOT NULL, UNIQUE (user, key)) STRICT;
    CREATE TABLE IF NOT EXISTS lines (
        order_id TEXT NOT NULL REFERENCES orders ON DELETE CASCADE, n INTEGER NOT NULL, item TEXT NOT NULL,
        amount INTEGER NOT NULL, PRIMARY KEY (order_id, item)) STRICT;
    CREATE INDEX IF NOT EXISTS lines_of_item ON lines (item);
    CREATE TABLE IF NOT EXISTS payments (
        order_id TEXT NOT NULL REFERENCES orders ON DELETE CASCADE,
        what TEXT NOT NULL CHECK (what IN ('charge', 'refund')), amount INTEGER NOT NULL, currency TEXT NOT NULL,
        made_at INTEGER NOT NULL, PRIMARY KEY (order_id, what)) STRICT;
    CREATE TABLE IF NOT EXISTS entitlements (
        order_id TEXT NOT NULL, item TEXT NOT NULL, user TEXT NOT NULL, consumable INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('held', 'consumed', 'revoked')), PRIMARY KEY (order_id, item),
        FOREIGN KEY (order_id, item) REFERENCES lines (order_id, item) ON DELETE CASCADE) STRICT;
    CREATE INDEX IF NOT EXISTS entitlements_of_user ON entitlements (user, item);
    CREATE TABLE IF NOT EXISTS carts (
        user TEXT NOT NULL, place TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (user, place, item)) STRICT;
    CREATE TABLE IF NOT EXISTS signing (pkcs8 BLOB NOT NULL) STRICT;
    DELETE FROM orders WHERE state = 'refunded' AND user = 'probe@shop.example' AND made_at < unixepoch() - 86400;
";

/// The key that signs receipts: made at the first start, and kept, so that old receipts stay good.
pub(super) fn signing_key(db: &Connection) -> rusqlite::Result<Vec<u8>> {
    let kept = db.query_row("SELECT pkcs8 FROM signing", [], |row| row.get(0)).optional()?;
    if let Some(kept) = kept {
        return Ok(kept);
    }
    // Without randomness there is no key: nothing is kept, and whoever reads the empty one says so.
    let Ok(made) = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()) else { return Ok(Vec::new()) };
    db.execute("INSERT INTO signing VALUES (?1)", [made.as_ref()])?;
    Ok(made.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::PROBE_USER;

    #[test]
    fn it_is_the_probes_orders_that_are_forgotten() {
        assert!(SCHEMA.contains(&format!("user = '{PROBE_USER}'")));
    }

    #[test]
    fn the_database_refuses_a_second_charge_and_an_entitlement_without_its_line() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(SCHEMA).unwrap();
        let order = "INSERT INTO orders VALUES ('o', 'u', 'k', 'a', 'gb', 'GBP', 79, 'paid', 'r', 1)";
        db.execute(order, []).unwrap();
        let charge = "INSERT INTO payments VALUES ('o', 'charge', 79, 'GBP', 1)";
        db.execute(charge, []).unwrap();
        db.execute(charge, []).unwrap_err();
        db.execute("INSERT INTO entitlements VALUES ('o', 'i', 'u', 0, 'held')", []).unwrap_err();
        assert_eq!(signing_key(&db).unwrap(), signing_key(&db).unwrap());
    }
}
