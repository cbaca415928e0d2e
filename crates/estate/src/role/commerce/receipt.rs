//! Receipts: what was paid, signed, so that anyone can verify it without asking us.
//!
//! A receipt is a JWS in compact form (RFC 7515) with Ed25519 (`"alg": "EdDSA"`, RFC 8037). `GET /keys` has the public
//! key as a JWK set. A receipt says how things were when it was made; `GET /receipts/{order}` says how they are.

use std::sync::Arc;

use axum::extract::{Path, State};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rusqlite::OptionalExtension;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Commerce;
use super::order::{self, Line};
use crate::http::Problem;
use crate::layout::ZONE;

/// What a receipt says.
#[derive(Debug, Serialize)]
pub(super) struct Claims<'a> {
    pub(super) order: &'a str,
    pub(super) customer: &'a str,
    pub(super) place: &'a str,
    pub(super) items: &'a [Line],
    pub(super) total: &'a str,
    pub(super) currency: &'a str,
    /// `paid` or `refunded`.
    pub(super) state: &'a str,
    /// When it was made, in seconds since 1970.
    pub(super) iat: i64,
}

/// Signs receipts.
#[derive(Debug)]
pub(super) struct Signer {
    pair: Ed25519KeyPair,
    /// The first half of the public key's SHA-256.
    kid: String,
}

impl Signer {
    /// With this key, in PKCS #8.
    pub(super) fn of(pkcs8: &[u8]) -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|error| error.to_string())?;
        let digest = Sha256::digest(pair.public_key().as_ref());
        let kid = HEXLOWER.encode(digest.get(..16).unwrap_or_default());
        Ok(Self { pair, kid })
    }

    pub(super) fn sign(&self, claims: &Claims<'_>) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let mut payload = json!({ "iss": ZONE });
        if let (Some(payload), Ok(Value::Object(claims))) =
            (payload.as_object_mut(), serde_json::to_value(claims))
        {
            payload.extend(claims);
        }
        let header = json!({ "alg": "EdDSA", "kid": self.kid, "typ": "receipt+jws" });
        let said = format!("{}.{}", part(&header), part(&payload));
        let signature = BASE64URL_NOPAD.encode(self.pair.sign(said.as_bytes()).as_ref());
        format!("{said}.{signature}")
    }

    fn jwk(&self) -> Value {
        let x = BASE64URL_NOPAD.encode(self.pair.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x })
    }
}

pub(super) async fn keys(State(commerce): State<Arc<Commerce>>) -> axum::Json<Value> {
    axum::Json(json!({ "keys": [commerce.signer.jwk()] }))
}

/// Whoever knows an order's number, which cannot be guessed, may see its receipt, while it is paid.
pub(super) async fn receipt(
    State(commerce): State<Arc<Commerce>>,
    Path(id): Path<String>,
) -> Result<axum::Json<order::Order>, Problem> {
    let found = commerce.database.run(move |db| {
        let paid = "SELECT id FROM orders WHERE id = ?1 AND state = 'paid'";
        let id: Option<String> = db.query_row(paid, [id], |row| row.get(0)).optional()?;
        id.map_or(Ok(None), |id| order::read(db, &id))
    });
    found.await?.map(axum::Json).ok_or_else(|| Problem::not_found("there is no paid order with this number"))
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_receipt_verifies_with_the_public_key_and_not_when_it_is_changed() {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let signer = Signer::of(key.as_ref()).unwrap();
        let items = [Line { item: "orrery".into(), price: "1.49".into() }];
        let claims = Claims {
            order: "o",
            customer: "c",
            place: "gb",
            items: &items,
            total: "1.49",
            currency: "GBP",
            state: "paid",
            iat: 7,
        };
        let receipt = signer.sign(&claims);
        let (said, signature) = receipt.rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        let x = BASE64URL_NOPAD.decode(signer.jwk()["x"].as_str().unwrap().as_bytes()).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, x);
        public.verify(said.as_bytes(), &signature).unwrap();
        public.verify(said.replace('.', ".e").as_bytes(), &signature).unwrap_err();
        assert!(Signer::of(b"").is_err());
    }
}
