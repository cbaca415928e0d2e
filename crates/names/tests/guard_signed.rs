//! The guard over zones that BIND's own tools signed: what would be refused by validating resolvers is refused by R8.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing fails")]

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use candor_names::Zone;
use candor_names::guard::{Around, Case, Limits, Parent, Severity, guard};
use candor_names::secure::ds_in;

const PLAIN: &str = "$ORIGIN shop.test.
$TTL 300
@ SOA ns1 host 100 3600 600 1209600 300
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns2 A 198.51.100.1
www A 192.0.2.10
sub NS ns.sub
ns.sub A 192.0.2.11
";

fn tool(program: &str, dir: &Path, args: &[&str]) {
    let done = Command::new(program)
        .current_dir(dir)
        .args(args)
        .output()
        .unwrap_or_else(|why| panic!("{program}: {why}"));
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Keys of a zone in a folder of their own.
struct Keys(tempfile::TempDir);

impl Keys {
    fn new() -> Self {
        let keys = Self(tempfile::tempdir().unwrap());
        tool("dnssec-keygen", keys.0.path(), &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "shop.test."]);
        tool("dnssec-keygen", keys.0.path(), &["-q", "-a", "ECDSAP256SHA256", "shop.test."]);
        keys
    }

    /// The zone signed with them under this serial, at these times.
    fn sign(&self, zone: &str, serial: u32, times: &[&str]) -> String {
        let dir = self.0.path();
        std::fs::write(dir.join("plain"), zone.replacen(" 100 ", &format!(" {serial} "), 1)).unwrap();
        let fixed =
            ["-S", "-q", "-P", "-K", ".", "-d", ".", "-o", "shop.test.", "-f", "signed", "-O", "full"];
        tool("dnssec-signzone", dir, &[&fixed, times, &["plain"]].concat());
        std::fs::read_to_string(dir.join("signed")).unwrap()
    }

    /// What the zone above says, with the DS of these keys.
    fn parent(&self) -> Parent {
        let ds = std::fs::read_to_string(self.0.path().join("dsset-shop.test.")).unwrap();
        let text = format!(
            "$ORIGIN test.\n$TTL 300\n@ SOA ns host 1 60 60 600 60\n@ NS ns\nns A 192.0.2.2\nshop NS ns1.shop\n{ds}"
        );
        let zone =
            Zone::parse(&text, None, "test.zone").unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
        let servers = ["ns1.shop.test.", "ns2.shop.test."].map(str::to_owned).into();
        let ds = ds_in(&zone, "shop.test.");
        assert!(!ds.is_empty(), "{text}");
        Parent { servers, ds }
    }
}

fn zone(text: &str) -> Zone {
    Zone::parse(text, None, "shop.test.zone").unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

/// What is said of the change: rule, whether it refuses, and words.
fn judged(live: &str, proposed: &str, parent: Option<Parent>) -> Vec<(&'static str, bool, String)> {
    let (live, new) = (zone(live), zone(proposed));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (limits, around) = (Limits::default(), Around { now, parent, ..Around::default() });
    let found = guard(&Case::new(&live, &new, &[], &limits, &around).unwrap());
    found.into_iter().map(|breach| (breach.rule, breach.severity == Severity::Refuse, breach.words)).collect()
}

fn refused(live: &str, proposed: &str, parent: Option<Parent>) -> String {
    let told = judged(live, proposed, parent);
    let first = told.iter().find(|(rule, refuses, _)| *rule == "R8" && *refuses);
    first.unwrap_or_else(|| panic!("R8 refuses nothing: {told:?}")).2.clone()
}

#[test]
fn f14_a_zone_signed_well_passes_and_one_that_is_not_is_refused_by_r8() {
    let keys = Keys::new();
    let live = keys.sign(PLAIN, 100, &[]);
    let parent = || Some(keys.parent());
    let renumbered = PLAIN.replace("www A 192.0.2.10", "www A 192.0.2.12");
    assert_eq!(judged(&live, &keys.sign(&renumbered, 101, &[]), parent()), []);
    // Signed long ago, and for a short time.
    let ended = keys.sign(&renumbered, 101, &["-s", "now-5184000", "-e", "now-1728000"]);
    assert!(refused(&live, &ended, parent()).contains("has ended"));
    let short = keys.sign(&renumbered, 101, &["-e", "now+7200"]);
    assert!(refused(&live, &short, parent()).contains("ends in"));
    // Changed by hand after it was signed.
    let edited = keys.sign(PLAIN, 101, &[]).replacen("192.0.2.10", "192.0.2.13", 1);
    assert!(refused(&live, &edited, parent()).contains("was not made with the key"));
    let with_more = format!("{}new.shop.test. 300 IN A 192.0.2.14\n", keys.sign(PLAIN, 101, &[]));
    assert!(refused(&live, &with_more, parent()).contains("new.shop.test. A would have no signature"));
}

#[test]
fn f13_keys_that_the_parent_does_not_know_are_refused_by_r8() {
    let (keys, others) = (Keys::new(), Keys::new());
    let live = keys.sign(PLAIN, 100, &[]);
    let parent = || Some(keys.parent());
    assert!(refused(&live, &others.sign(PLAIN, 101, &[]), parent()).contains("the zone above says"));
    // The key that signs is not published.
    let signed = keys.sign(PLAIN, 101, &[]);
    let is_zone_key = |line: &&str| line.contains("DNSKEY\t256 ") || line.contains("DNSKEY 256 ");
    let kept: Vec<&str> = signed.lines().filter(|line| !is_zone_key(line)).collect();
    assert!(kept.len() < signed.lines().count(), "{signed}");
    let told = refused(&live, &format!("{}\n", kept.join("\n")), parent());
    assert!(told.contains("would not publish") || told.contains("was not made"), "{told}");
    // Not signed any more, under a DS, or with nobody having looked.
    let bare = PLAIN.replacen(" 100 ", " 101 ", 1);
    assert!(refused(&live, &bare, parent()).contains("would not be signed"));
    assert!(refused(&live, &bare, None).contains("was not looked at"));
    let without_ds = Some(Parent { ds: Vec::new(), ..keys.parent() });
    assert!(judged(&live, &bare, without_ds).iter().all(|(rule, refuses, _)| *rule != "R8" || !refuses));
}

#[test]
fn what_the_parent_delegates_to_and_what_the_zone_names_agree_or_r6_refuses() {
    let parent = |servers: &[&str]| {
        Some(Parent { servers: servers.iter().map(|host| (*host).to_owned()).collect(), ds: Vec::new() })
    };
    let both = ["ns1.shop.test.", "ns2.shop.test."];
    let next = PLAIN.replacen(" 100 ", " 101 ", 1);
    let third =
        next.replace("@ NS ns2\n", "@ NS ns2\n@ NS ns3\n").replace("www A", "ns3 A 203.0.113.1\nwww A");
    assert_eq!(judged(PLAIN, &next, parent(&both)), []);
    let told = judged(PLAIN, &third, parent(&both));
    assert!(
        matches!(told.first(), Some(("R6", true, words)) if words.contains("ns3.shop.test., to which the zone above")),
        "{told:?}"
    );
    // They have not agreed before either: that is no reason to keep a change back.
    let told = judged(PLAIN, &next, parent(&["ns1.shop.test."]));
    assert!(matches!(told.as_slice(), [("R6", false, _)]), "{told:?}");
    // And the change that makes them agree passes.
    assert_eq!(judged(PLAIN, &third, parent(&["ns1.shop.test.", "ns2.shop.test.", "ns3.shop.test."])), []);
}
