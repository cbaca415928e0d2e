//! `candor zone plan`: what a change would break is said before it is published, to people and to programs.

#![expect(clippy::unwrap_used, reason = "a test that finds nothing fails")]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;
use support::candor::{Running, Said, candor, finish};

const ZONE: &str = "$ORIGIN shop.test.
$TTL 300
@ SOA ns1 host 100 3600 600 1209600 300
@ NS ns1
@ NS ns2
@ MX 10 mail
ns1 A 192.0.2.1
ns2 A 198.51.100.1
www A 192.0.2.10
api A 192.0.2.20
mail A 192.0.2.30
login CNAME edge
edge A 192.0.2.40
";

/// What sells there needs a name inside that no customer ever asks for.
const CONFIG: &str = "services:
  - id: shop
    needs: [api.shop.test]
    capabilities:
      browse: {journey: [{get: \"http://www.shop.test/\"}]}
";

/// The zone with these lines for those, and the next serial.
fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = ZONE.replacen(" 100 ", " 101 ", 1);
    for (old, new) in changes {
        assert!(text.contains(old), "{old:?} is not in the zone");
        text = text.replacen(old, new, 1);
    }
    text
}

fn folder(proposed: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("live.zone"), ZONE).unwrap();
    fs::write(folder.path().join("new.zone"), proposed).unwrap();
    fs::write(folder.path().join("shop.yaml"), CONFIG).unwrap();
    folder
}

fn plan(folder: &Path, more: &[&str]) -> Said {
    let words = ["zone", "plan", "--live", "live.zone", "--proposed", "new.zone"];
    finish(candor(folder).args(words).args(more))
}

fn json(folder: &Path, more: &[&str]) -> (Value, Said) {
    let said = plan(folder, &[&["--format", "json"], more].concat());
    let value = serde_json::from_str(&said.out).unwrap_or_else(|why| panic!("{why}\n{}", said.all()));
    (value, said)
}

#[test]
fn a_name_that_is_needed_inside_is_not_deleted_though_nobody_listed_it() {
    let folder = folder(&changed(&[("api A 192.0.2.20\n", "")]));
    let said = plan(folder.path(), &["shop.yaml", "--no-journeys"]);
    said.ended(1);
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{}", said.out);
    insta::assert_snapshot!(said.out);
}

#[test]
fn a_change_that_breaks_nothing_may_be_published() {
    let folder = folder(&changed(&[
        ("edge A 192.0.2.40", "edge A 192.0.2.41"),
        ("mail A", "new A 192.0.2.50\nmail A"),
    ]));
    let said =
        plan(folder.path(), &["shop.yaml", "--no-journeys", "--require", "login", "--owned", "192.0.2.0/24"]);
    said.ended(0);
    insta::assert_snapshot!(said.out);
    fs::write(folder.path().join("new.zone"), ZONE).unwrap();
    let said = plan(folder.path(), &[]);
    said.ended(0);
    assert!(said.out.contains("There is nothing to publish."), "{}", said.out);
}

#[test]
fn programs_get_the_object_of_the_contract() {
    let folder = folder(&changed(&[("api A 192.0.2.20", "api A 192.0.2.21"), ("edge A 192.0.2.40\n", "")]));
    let (plan, said) = json(folder.path(), &["--require", "login A"]);
    said.ended(1);
    assert_eq!((plan["zone"].as_str(), plan["refused"].as_bool()), (Some("shop.test."), Some(true)));
    assert_eq!(
        (plan["base"]["serial"].as_u64(), plan["proposed"]["serial"].as_u64()),
        (Some(100), Some(101))
    );
    assert_ne!(plan["base"]["hash"], plan["proposed"]["hash"]);
    let rules: Vec<&str> =
        plan["findings"].as_array().unwrap().iter().filter_map(|f| f["rule"].as_str()).collect();
    assert_eq!(rules, ["R1", "R4"]);
    assert_eq!(plan["findings"][0]["names"], serde_json::json!(["login.shop.test."]));
    assert_eq!(plan["diff"]["changed"][0]["after"]["data"], serde_json::json!(["192.0.2.21"]));
    assert_eq!(plan["diff"]["removed"][0]["name"], "edge.shop.test.");
    assert_eq!(plan["journeys"], Value::Null);
    // The same records, written otherwise, have the same hash.
    let other = ZONE
        .replace("$ORIGIN shop.test.\n", "$ORIGIN shop.test.\n; a comment\n")
        .replace("www A", "www.shop.test. 300 IN A");
    fs::write(folder.path().join("new.zone"), other).unwrap();
    let (same, said) = json(folder.path(), &[]);
    said.ended(0);
    assert_eq!(same["base"], same["proposed"]);
}

#[test]
fn pipelines_get_annotations_and_code_scanning_its_log() {
    let folder = folder(&changed(&[("api A 192.0.2.20\n", "")]));
    let said = plan(folder.path(), &["--require", "api", "--format", "github"]);
    said.ended(1);
    assert!(
        said.out.starts_with("::error file=new.zone,title=R1::api.shop.test. would not exist"),
        "{}",
        said.out
    );
    let said = plan(folder.path(), &["--require", "api", "--format", "sarif"]);
    said.ended(1);
    let log: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!((results[0]["ruleId"].as_str(), results[0]["level"].as_str()), (Some("R1"), Some("error")));
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]), "{result}");
    }
    fs::write(folder.path().join("new.zone"), ZONE).unwrap();
    let said = plan(folder.path(), &["--format", "github"]);
    said.ended(0);
    assert!(said.out.starts_with("::notice"), "{}", said.out);
}

#[test]
fn what_is_no_zone_is_refused_with_the_place_of_each_fault() {
    let cut = ZONE.split_at(ZONE.len() - 14).0;
    for (proposed, rule, words) in [
        (cut, "R14", "new.zone"),
        ("www A 192.0.2.1\n", "R14", "SOA"),
        ("; empty\n\n", "R17", "there is no record in what is proposed"),
        ("", "R17", "there is no record in what is proposed"),
    ] {
        let folder = folder(proposed);
        let (plan, said) = json(folder.path(), &["--origin", "shop.test"]);
        said.ended(1);
        assert_eq!((plan["refused"].as_bool(), &plan["proposed"]), (Some(true), &Value::Null), "{proposed}");
        let finding = &plan["findings"][0];
        assert_eq!(finding["rule"], rule, "{proposed}");
        assert!(finding["words"].as_str().unwrap().contains(words), "{finding}");
        plan_for_people(folder.path());
    }
}

fn plan_for_people(folder: &Path) {
    let said = plan(folder, &["--origin", "shop.test"]);
    said.ended(1);
    assert!(said.out.contains("This change is refused"), "{}", said.out);
}

#[test]
fn where_there_is_no_plan_it_is_said_why_and_what_to_do() {
    let folder = folder(ZONE);
    let cases: &[(&[&str], &str)] = &[
        (&["--require", "www A B"], "write a name and a type"),
        (&["--require", "www.other.test. A"], "does not lie in the zone"),
        (&["--rule", "R99=off"], "there is no rule"),
        (&["--rule", "R1=maybe"], "refuse, warn or off"),
        (&["--owned", "192.0.2.0/99"], "is no network"),
        (&["--removed", "many"], "write 5%"),
        (&["--server", "ns1@nowhere"], "an address"),
        (&["--server", "127.0.0.1", "--offline"], "cannot be used with"),
        (&["nowhere.yaml"], "nowhere.yaml"),
        (&["--origin", "other.test"], "the SOA is that of"),
    ];
    for (words, why) in cases {
        let said = plan(folder.path(), words);
        said.ended(2);
        assert!(said.err.contains(why), "{words:?}: {}", said.all());
    }
    fs::write(folder.path().join("live.zone"), "nonsense").unwrap();
    let said = plan(folder.path(), &[]);
    said.ended(2);
    assert!(said.err.contains("the live zone cannot be read"), "{}", said.all());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let live = format!("axfr:{nobody}");
    let said =
        finish(candor(folder.path()).args(["zone", "plan", "--live", &live, "--proposed", "new.zone"]));
    said.ended(2);
    assert!(said.err.contains("cannot be transferred from"), "{}", said.all());
}

#[test]
fn the_live_zone_comes_from_its_server() {
    let folder = folder(&changed(&[("api A 192.0.2.20\n", "")]));
    let words = ["zone", "serve", "live.zone", "--listen", "127.0.0.1:0", "--allow-transfer", "127.0.0.1"];
    let mut server = Running::start(candor(folder.path()).args(words));
    let port = server.port_after("serving 1 zone file on ");
    let live = format!("axfr:127.0.0.1:{port}");
    let words = ["zone", "plan", "--live", &live, "--proposed", "new.zone", "--require", "api"];
    let said = finish(candor(folder.path()).args(words));
    said.ended(1);
    assert!(said.out.contains("api.shop.test. would not exist"), "{}", said.all());
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn servers_of_the_zone_are_asked_before_they_are_named() {
    let folder =
        folder(&changed(&[("@ NS ns2", "@ NS ns2\n@ NS ns3"), ("www A", "ns3 A 203.0.113.1\nwww A")]));
    let serve = |file: &str, text: &str| {
        fs::write(folder.path().join(file), text).unwrap();
        let words = ["zone", "serve", file, "--listen", "127.0.0.1:0"];
        let mut server = Running::start(candor(folder.path()).args(words));
        let port = server.port_after("serving 1 zone file on ");
        (server, port)
    };
    let (_old, old) = serve("old.zone", ZONE);
    let (_ahead, ahead) = serve("ahead.zone", &ZONE.replacen(" 100 ", " 300 ", 1));
    let (_blank, blank) = serve("blank.zone", &ZONE.replace("www A 192.0.2.10\n", ""));
    let (_other, other) = serve(
        "other.zone",
        "$ORIGIN other.test.\n@ 60 SOA ns host 1 60 60 600 60\n@ 60 NS ns\nns 60 A 192.0.2.1\n",
    );
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let judged = |server: &str, port: u16| {
        let server = server.replace("PORT", &port.to_string());
        let (plan, said) = json(folder.path(), &["--require", "www A", "--server", &server]);
        let told = plan["findings"].as_array().unwrap().iter().map(|finding| {
            let part = |key: &str| finding[key].as_str().unwrap().to_owned();
            (part("rule"), part("severity"), part("words"))
        });
        (told.collect::<Vec<_>>(), said.code)
    };
    assert_eq!(judged("ns1.shop.test.@127.0.0.1:PORT", old), (Vec::new(), Some(0)));
    assert_eq!(judged("new:ns3.shop.test.@127.0.0.1:PORT", old), (Vec::new(), Some(0)));
    for (server, port, rule, severity, words) in [
        ("ns2.shop.test.@127.0.0.1:PORT", ahead, "R5", "refuse", "ns2.shop.test. has 300; the next is 301"),
        ("new:ns3.shop.test.@127.0.0.1:PORT", blank, "R6", "refuse", "answers NXDOMAIN for www.shop.test. A"),
        ("ns2.shop.test.@127.0.0.1:PORT", blank, "R6", "warn", "answers NXDOMAIN for www.shop.test. A"),
        ("new:127.0.0.1:PORT", other, "R6", "refuse", "does not answer for the zone: REFUSED"),
        ("127.0.0.1:PORT", nobody, "R6", "warn", "does not answer for the zone"),
    ] {
        let (told, code) = judged(server, port);
        assert_eq!(code, Some(i32::from(severity == "refuse")), "{told:?}");
        let is = |(its, weighs, said): &(String, String, String)| {
            its == rule && weighs == severity && said.contains(words)
        };
        assert!(told.iter().any(is), "{server}: {told:?}");
    }
    let (plan, said) = json(folder.path(), &["--offline"]);
    said.ended(0);
    assert_eq!(plan["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn journeys_are_tried_with_a_zone_that_is_not_published() {
    let site = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = site.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in site.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 2_048]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let config = CONFIG.replace("www.shop.test/", &format!("www.shop.test:{port}/"));
    // A journey that writes is left alone.
    let config = format!("{config}      buy: {{journey: [{{post: \"http://www.shop.test:{port}/\"}}]}}\n");
    fs::write(folder.path().join("shop.yaml"), config).unwrap();
    let live = ZONE.replace("www A 192.0.2.10", "www A 127.0.0.1");
    fs::write(folder.path().join("live.zone"), &live).unwrap();
    let next = live.replacen(" 100 ", " 101 ", 1);
    fs::write(folder.path().join("new.zone"), next.replace("www A 127.0.0.1", "www A 127.0.0.9")).unwrap();
    let (plan, said) = json(folder.path(), &["shop.yaml"]);
    said.ended(1);
    assert_eq!(plan["findings"].as_array().unwrap().len(), 0, "no rule can know: {plan:#}");
    let journeys = &plan["journeys"];
    assert_eq!((journeys["tried"].as_u64(), journeys["left_out"].as_u64()), (Some(1), Some(1)), "{journeys}");
    assert_eq!(journeys["broken"][0]["service"], "shop");
    assert!(journeys["broken"][0]["fault"].as_str().unwrap().starts_with("connect.refused"), "{journeys}");
    fs::write(folder.path().join("new.zone"), next.replace("mail A 192.0.2.30", "mail A 192.0.2.31"))
        .unwrap();
    let (plan, said) = json(folder.path(), &["shop.yaml"]);
    said.ended(0);
    assert_eq!(plan["journeys"]["passed"].as_u64(), Some(1), "{plan:#}");
}
