//! Zones that are really signed, with BIND's tools.

use std::path::Path;
use std::process::Command;

/// A signed zone, and the DS that its parent has to publish.
pub struct Signed {
    pub zone: String,
    pub ds: String,
    origin: String,
    folder: tempfile::TempDir,
}

/// How it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Well,
    /// The signatures ended twenty days ago.
    Ended,
    /// With hashed names in its denials (NSEC3).
    Hashed,
}

fn tool(program: &str, folder: &Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(folder).output();
    let output = output
        .unwrap_or_else(|_| panic!("{program} must be installed for this test: Debian package bind9-utils"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Signs a zone with fresh keys.
pub fn sign(origin: &str, zone: &str, how: How) -> Signed {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    tool("dnssec-keygen", dir, &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", origin]);
    tool("dnssec-keygen", dir, &["-q", "-a", "ECDSAP256SHA256", origin]);
    let text = signed_text(dir, origin, zone, how);
    let bare = origin.trim_end_matches('.');
    let ds = std::fs::read_to_string(dir.join(format!("dsset-{bare}."))).unwrap();
    Signed { zone: text, ds: one_ds(&ds), origin: origin.to_owned(), folder }
}

fn signed_text(dir: &Path, origin: &str, zone: &str, how: How) -> String {
    std::fs::write(dir.join("plain"), zone).unwrap();
    let times: &[&str] = match how {
        How::Well => &[],
        How::Hashed => &["-3", "-", "-H", "0"],
        How::Ended => &["-s", "now-5184000", "-e", "now-1728000"],
    };
    let mut args = vec!["-S", "-q", "-P", "-K", ".", "-d", ".", "-o", origin, "-f", "signed", "-O", "full"];
    args.extend_from_slice(times);
    args.push("plain");
    tool("dnssec-signzone", dir, &args);
    std::fs::read_to_string(dir.join("signed")).unwrap()
}

/// One DS record, of the strongest digest, on one line.
fn one_ds(text: &str) -> String {
    let line = text.lines().find(|line| line.contains(" 13 2 ")).unwrap_or_else(|| panic!("no DS in {text}"));
    let (owner, rest) = line.split_once(char::is_whitespace).unwrap();
    let (_, data) = rest.split_once("DS").unwrap();
    let words: Vec<&str> = data.split_whitespace().collect();
    format!("{owner} 300 IN DS {} {} {} {}", words[0], words[1], words[2], words[3..].concat())
}

impl Signed {
    /// The same keys over the zone, signed anew.
    pub fn again(&self, zone: &str, how: How) -> String {
        signed_text(self.folder.path(), &self.origin, zone, how)
    }

    /// The zone without the key that signs its records.
    pub fn without_zone_key(&self) -> String {
        let is_zone_key = |line: &&str| line.contains("DNSKEY\t256 ") || line.contains("DNSKEY 256 ");
        let kept: Vec<&str> = self.zone.lines().filter(|line| !is_zone_key(line)).collect();
        assert!(kept.len() < self.zone.lines().count(), "there is no such key:\n{}", self.zone);
        kept.join("\n") + "\n"
    }
}
