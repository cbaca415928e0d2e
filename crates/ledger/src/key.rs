//! The signing key of a ledger, and signatures over its head, in minisign's format.
//!
//! `PATH.key` holds the secret key without a password, mode 0600; `PATH.pub` the public key, made anew from the secret
//! one where it is missing or differs. What is signed is the text [`head_text`], which also stands in the signature's
//! trusted comment, so that a signature alone says what it is for. A missing key is made; a damaged one is an error
//! and never replaced, because a new key is a thing that readers must learn of.

use std::fmt;
use std::fs;
use std::io::{self, Cursor};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use candor_core::entry::LedgerHead;
use ct_codecs::{Base64, Decoder, Encoder};
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox, SignatureBox};

use crate::error::{LedgerError, OpenError};
use crate::files::{beside, put};

/// Bytes of a signature line of minisign: algorithm, key number, Ed25519 signature.
const SIGNATURE_LINE_BYTES: usize = 2 + 8 + 64;
/// Bytes of the line that signs the trusted comment.
const GLOBAL_LINE_BYTES: usize = 64;
/// Longest signature file that is looked at; ours are below 400 bytes.
const SIGNATURE_TEXT_MAX: usize = 2_048;
/// Longest key file that is looked at; ours are below 400 bytes.
const KEY_TEXT_MAX: u64 = 4_096;

/// The text that is signed: no line end follows it.
pub(crate) fn head_text(seq: u64, hash: &str) -> String {
    format!("candor ledger head {seq} {hash}")
}

/// The key that signs heads. Its `Debug` shows the public half alone.
pub(crate) struct Signer {
    secret: SecretKey,
    public: PublicKey,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("public", &self.public.to_base64()).finish_non_exhaustive()
    }
}

impl Signer {
    /// Takes the key beside the ledger at `path`, making one where there is none.
    pub(crate) fn load_or_make(path: &Path) -> Result<Self, OpenError> {
        let key_path = beside(path, "key");
        let text = match read_key(&key_path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&key_path)?,
            Err(error) => return Err(OpenError::Key { path: key_path, why: error.to_string() }),
        };
        let bad = |why: minisign::PError| OpenError::Key { path: key_path.clone(), why: why.to_string() };
        let secret = SecretKeyBox::from_string(&text)
            .and_then(SecretKeyBox::into_unencrypted_secret_key)
            .map_err(bad)?;
        let public = PublicKey::from_secret_key(&secret).map_err(bad)?;
        warn_where_others_can_read(&key_path);
        let signer = Self { secret, public };
        signer.write_public(&beside(path, "pub"))?;
        Ok(signer)
    }

    /// The public key as minisign's one line.
    pub(crate) fn public(&self) -> String {
        self.public.to_base64()
    }

    /// A whole minisign signature file over the head.
    pub(crate) fn sign(&self, seq: u64, hash: &str) -> Result<String, LedgerError> {
        let text = head_text(seq, hash);
        minisign::sign(None, &self.secret, Cursor::new(&text), Some(&text), Some("candor ledger"))
            .map(SignatureBox::into_string)
            .map_err(|error| LedgerError::Io(format!("signing the head: {error}")))
    }

    fn write_public(&self, path: &Path) -> Result<(), OpenError> {
        let text = public_file(&self.public.to_base64());
        if fs::read_to_string(path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        put(path, &text, 0o644).map_err(|error| OpenError::io(path, &error))
    }
}

/// The text of a minisign public key file.
pub(crate) fn public_file(public: &str) -> String {
    format!("untrusted comment: candor ledger public key\n{public}\n")
}

/// A key is a short file; a pipe would wait for ever, and a device never end.
fn read_key(key_path: &Path) -> io::Result<String> {
    let meta = fs::metadata(key_path)?;
    if !meta.is_file() || meta.len() > KEY_TEXT_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no key file"));
    }
    fs::read_to_string(key_path)
}

fn make(key_path: &Path) -> Result<String, OpenError> {
    let bad = |why: minisign::PError| OpenError::Key { path: key_path.to_path_buf(), why: why.to_string() };
    let pair = KeyPair::generate_unencrypted_keypair().map_err(bad)?;
    let text = pair.sk.to_box(Some("candor ledger secret key")).map_err(bad)?.to_string();
    put(key_path, &text, 0o600).map_err(|error| OpenError::io(key_path, &error))?;
    Ok(text)
}

fn warn_where_others_can_read(key_path: &Path) {
    if fs::metadata(key_path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0) {
        tracing::warn!(key = %key_path.display(), "others can read the ledger's signing key: chmod 600 it");
    }
}

/// A stored signature in the one-line form of [`LedgerHead`].
pub(crate) fn one_line(signature: &str) -> Result<String, LedgerError> {
    Base64::encode_to_string(signature.as_bytes()).map_err(|error| LedgerError::Refused(error.to_string()))
}

/// Checks a published head against a public key: minisign's one line, or a whole `.pub` file.
///
/// # Errors
/// Why the signature does not hold, in words.
pub fn verify_head(public_key: &str, head: &LedgerHead) -> Result<(), String> {
    let bytes = Base64::decode_to_vec(head.signature.as_bytes(), None).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    verify_text(public_key, head.seq, &head.hash, &text)
}

/// Checks a whole minisign signature over a head.
pub(crate) fn verify_text(public_key: &str, seq: u64, hash: &str, signature: &str) -> Result<(), String> {
    check_form(signature)?;
    let line = public_key.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let public = PublicKey::from_base64(line).map_err(|error| format!("the public key is none: {error}"))?;
    let signature = SignatureBox::from_string(signature).map_err(|error| error.to_string())?;
    let text = head_text(seq, hash);
    if signature.trusted_comment().map_err(|error| error.to_string())? != text {
        return Err("the signature is for another head".to_owned());
    }
    minisign::verify(&public, &signature, Cursor::new(&text), true, false, false).map_err(|e| e.to_string())
}

/// The library takes the lengths of a signature's parts for granted; a stored or published one may be anything.
fn check_form(signature: &str) -> Result<(), String> {
    let bad = || "the signature is malformed".to_owned();
    if signature.len() > SIGNATURE_TEXT_MAX {
        return Err(bad());
    }
    let lines: Vec<&str> = signature.lines().collect();
    let [_, line, _, global] = lines.as_slice() else { return Err(bad()) };
    for (text, length) in [(line, SIGNATURE_LINE_BYTES), (global, GLOBAL_LINE_BYTES)] {
        let bytes = Base64::decode_to_vec(text.trim().as_bytes(), None).map_err(|_| bad())?;
        if bytes.len() != length {
            return Err(bad());
        }
    }
    Ok(())
}
