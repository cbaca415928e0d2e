//! Other people's programs, run on what the estate says.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

/// Runs a program of a Debian package.
pub(crate) fn run(program: &str, package: &str, words: &[&str], folder: &Path) -> Output {
    match Command::new(program).args(words).current_dir(folder).output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("this test needs {program}: sudo apt-get install {package}")
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

/// What a receipt says, once openssl has verified it with the key set that commerce serves, and nothing else.
pub(crate) fn verified(receipt: &str, keys: &Value) -> Option<Value> {
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let (said, signature) = receipt.rsplit_once('.').unwrap();
    let (header, payload) = said.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!((key["kty"].as_str(), key["crv"].as_str()), (Some("OKP"), Some("Ed25519")));

    // SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4) is this and the key.
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    der.extend(decode(key["x"].as_str().unwrap()));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("key.der"), der).unwrap();
    std::fs::write(dir.path().join("said"), said).unwrap();
    std::fs::write(dir.path().join("signature"), decode(signature)).unwrap();
    let words = "pkeyutl -verify -rawin -pubin -keyform DER -inkey key.der -in said -sigfile signature";
    let words: Vec<_> = words.split(' ').collect();
    let output = run("openssl", "openssl", &words, dir.path());
    output.status.success().then(|| serde_json::from_slice(&decode(payload)).unwrap())
}
