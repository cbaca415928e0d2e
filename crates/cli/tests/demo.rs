//! `candor demo` as a process: each lever is pulled, seen on the page in the right cells with the right fault, mended
//! and seen to be well; and at the end nothing is left.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use candor_estate::levers;
use serde_json::Value;
use support::candor::{children_of, files_in, finish, runs};
use support::demo::Demo;
use support::http::{list, text};
use support::normal::{USER, assert_narrow, normal};
use support::wait_for;

/// How long Candor may take to see a lever, or its mending, on a busy machine.
const SEEN: Duration = Duration::from_secs(60);
/// How long processes may take to be gone.
const GONE: Duration = Duration::from_secs(15);

/// What a lever must look like.
struct Seen {
    lever: &'static str,
    /// Cells that fail, as `SERVICE.CAPABILITY` or `SERVICE.CAPABILITY.PLACE`; all others stay green. `stores` is each of
    /// the four stores, `*` any.
    fail: &'static [&'static str],
    /// Layer and kind of each failure; one of these.
    faults: &'static [&'static str],
    /// What the first line must speak of.
    words: &'static [&'static str],
    /// The class of the cause that the newest incident names; one of these.
    cause: &'static [&'static str],
}

/// Everything that asks whose token it was given.
const SIGNED_IN: &[&str] = &[
    "account.sign-in",
    "stores.buy",
    "mail.*",
    "documents.open",
    "connect.upload",
    "testflight.install",
    "support.ask",
];

const SEEN_AS: &[Seen] = &[
    Seen {
        lever: "name-gone",
        fail: &["stores.buy"],
        faults: &["dns.nxdomain"],
        words: &["buying"],
        cause: &["F1"],
    },
    Seen {
        lever: "process-dies",
        fail: &["stores.buy"],
        faults: &["connect.refused"],
        words: &["buying"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "downloads-stall",
        fail: &["stores.download"],
        faults: &["transfer.stalled"],
        words: &["downloading"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "apology",
        fail: &["stores.browse", "stores.view"],
        faults: &["content.apology_page", "content.assertion", "content.missing_capture"],
        words: &["browsing", "viewing items"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "place-cut",
        fail: &["stores.browse.in", "stores.view.in"],
        faults: &["connect.refused"],
        words: &["in India"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "slow",
        fail: &["stores.browse", "stores.view"],
        faults: &["deadline.exceeded"],
        words: &["browsing", "viewing items"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "sign-in-dies",
        fail: SIGNED_IN,
        faults: &["connect.refused"],
        words: &["signing in", "buying"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "internal-name-gone",
        fail: &[
            "stores.buy",
            "mail.*",
            "documents.open",
            "connect.upload",
            "testflight.install",
            "support.ask",
        ],
        faults: &["http.status"],
        words: &["buying"],
        cause: &["F1"],
    },
    Seen {
        lever: "details-gone",
        fail: &["stores.view"],
        faults: &["http.status"],
        words: &["viewing items"],
        cause: &["F1"],
    },
    Seen {
        lever: "all-names-gone",
        fail: &["*"],
        faults: &["dns.nxdomain"],
        words: &[],
        cause: &["F1", "F3"],
    },
    Seen {
        lever: "bad-zone-india",
        fail: &["stores.view.in", "stores.buy.in", "stores.download.in"],
        faults: &["dns.nxdomain", "http.status"],
        words: &["in India"],
        cause: &["F5", "F12"],
    },
    Seen {
        lever: "bad-zone",
        fail: &["stores.view", "stores.buy", "stores.download"],
        faults: &["dns.nxdomain", "http.status"],
        words: &["buying", "downloading", "viewing items"],
        cause: &["F1", "F3"],
    },
    Seen {
        lever: "accounts-gone",
        fail: SIGNED_IN,
        faults: &["dns.nxdomain"],
        words: &["signing in", "buying", "mail"],
        cause: &["F1", "F3"],
    },
    Seen {
        lever: "developers-gone",
        fail: &["connect.upload", "testflight.install", "support.ask"],
        faults: &["dns.nxdomain"],
        words: &["uploading", "installing", "asking"],
        cause: &["F1", "F3"],
    },
    Seen {
        lever: "addresses-gone",
        fail: &["stores.buy"],
        faults: &["dns.nodata", "dns.alias_broken"],
        words: &["buying"],
        cause: &["F2", "F6"],
    },
    Seen {
        lever: "wrong-address",
        fail: &["stores.buy"],
        faults: &["http.status"],
        words: &["buying"],
        cause: &["F8"],
    },
    Seen {
        lever: "dot-missing",
        fail: &["stores.buy"],
        faults: &["dns.nxdomain", "dns.alias_broken"],
        words: &["buying"],
        cause: &["F4"],
    },
    Seen {
        lever: "alias-broken",
        fail: &["stores.download"],
        faults: &["dns.nxdomain", "dns.alias_broken"],
        words: &["downloading"],
        cause: &["F6"],
    },
    Seen {
        lever: "zone-truncated",
        fail: &["books.browse", "books.view", "music.browse.in", "music.view.in"],
        faults: &["dns.nxdomain"],
        words: &["browsing", "viewing items"],
        cause: &["F3"],
    },
    Seen {
        lever: "copy-old",
        fail: &["stores.buy.in"],
        faults: &["dns.nxdomain"],
        words: &["in India"],
        cause: &["F5", "F12"],
    },
    Seen {
        lever: "copy-expired",
        fail: &["stores.browse.in", "stores.view.in", "stores.buy.in", "stores.download.in"],
        faults: &["dns.servfail"],
        words: &["in India"],
        cause: &["F12"],
    },
    Seen {
        lever: "servers-silent",
        fail: &["*"],
        faults: &["dns.timeout", "deadline.exceeded"],
        words: &[],
        cause: &["F11"],
    },
    Seen {
        lever: "certificate-expired",
        fail: &["account.sign-in"],
        faults: &["tls.expired"],
        words: &["signing in"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "disk-full",
        fail: &["stores.buy"],
        faults: &["http.status"],
        words: &["buying"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "disk-slow",
        fail: &["stores.buy"],
        faults: &["deadline.exceeded", "http.status"],
        words: &["buying"],
        cause: &["not_dns"],
    },
    Seen {
        lever: "apology-elsewhere",
        fail: &["support.ask"],
        faults: &["http.status", "content.apology_page"],
        words: &["asking support"],
        cause: &["not_dns"],
    },
];

/// Whether a pattern of [`Seen::fail`] means a cell.
fn means(pattern: &str, service: &str, capability: &str, place: &str) -> bool {
    let mut words = pattern.split('.');
    let is_service = match words.next() {
        Some("*") => true,
        Some("stores") => ["apps", "macapps", "music", "books"].contains(&service),
        word => word == Some(service),
    };
    let is = |word: Option<&str>, what: &str| word.is_none_or(|word| word == "*" || word == what);
    is_service && is(words.next(), capability) && is(words.next(), place)
}

impl Seen {
    /// Whether a cell must fail.
    fn fails(&self, cell: &Value) -> bool {
        let of = |key| text(cell, key);
        self.fail.iter().any(|fail| means(fail, of("/service"), of("/capability"), of("/place")))
    }

    /// Whether a cell may be degraded: what every part of the world measures is, where it fails in India alone.
    fn may_degrade(&self, cell: &Value) -> bool {
        self.lever == "copy-expired" && text(cell, "/place").is_empty()
    }

    /// Whether the newest incident names its cause.
    fn is_explained(&self, status: &Value) -> bool {
        let mut open = list(status, "/incidents").iter().filter(|incident| is_open(incident));
        open.next().is_some_and(|incident| self.cause.contains(&text(incident, "/cause/class")))
    }

    /// Whether every cell is as it must be.
    fn is(&self, status: &Value) -> bool {
        let cells = list(status, "/cells");
        !cells.is_empty()
            && cells.iter().all(|cell| match self.fails(cell) {
                true => text(cell, "/measured") == "outage" && self.faults.contains(&fault(cell).as_str()),
                false => {
                    text(cell, "/measured") == "operational"
                        || self.may_degrade(cell) && text(cell, "/measured") == "degraded"
                }
            })
    }

    /// The words on the first line, in every cell, and over the incident speak of the right things.
    fn speaks(&self, status: &Value) {
        let first = text(status, "/words");
        // The first line may pass over some of many, but never over all.
        let spoken = self.words.is_empty() || self.words.iter().any(|word| first.contains(word));
        assert!(spoken, "{}: {first:?} speaks of none of {:?}", self.lever, self.words);
        for cell in list(status, "/cells").iter().filter(|cell| self.fails(cell)) {
            assert!(text(cell, "/words").contains("failed"), "{}: {cell:#}", self.lever);
            assert!(!text(cell, "/fault/words").is_empty(), "{cell:#}");
        }
        for incident in list(status, "/incidents").iter().filter(|incident| is_open(incident)) {
            assert!(!text(incident, "/title").is_empty(), "{incident:#}");
            assert!(!text(incident, "/updates/0/text").is_empty(), "{incident:#}");
        }
    }
}

fn fault(cell: &Value) -> String {
    format!("{}.{}", text(cell, "/fault/layer"), text(cell, "/fault/kind"))
}

fn is_open(incident: &Value) -> bool {
    !matches!(text(incident, "/state"), "resolved" | "postmortem")
}

fn all_is_well(status: &Value) -> bool {
    text(status, "/overall") == "operational" && !list(status, "/incidents").iter().any(is_open)
}

#[test]
fn each_lever_has_its_row() {
    assert!(SEEN_AS.len() <= 4 * PART, "a lever that nobody walks to");
    let known: Vec<&str> = SEEN_AS.iter().map(|seen| seen.lever).collect();
    let all: Vec<&str> = levers::ALL.iter().map(|lever| lever.id).collect();
    assert_eq!(known, all);
}

/// The levers come in four parts, so that several demos can walk through them at once.
const PART: usize = 7;

#[test]
fn each_lever_of_the_first_part_is_seen_for_what_it_is_and_its_mending_too() {
    walk(0);
}

#[test]
fn each_lever_of_the_second_part_is_seen_for_what_it_is_and_its_mending_too() {
    walk(1);
}

#[test]
fn each_lever_of_the_third_part_is_seen_for_what_it_is_and_its_mending_too() {
    walk(2);
}

#[test]
fn each_lever_of_the_fourth_part_is_seen_for_what_it_is_and_its_mending_too() {
    walk(3);
}

/// Breaks and mends each in turn; all of it ends as it began, and then leaves nothing.
fn walk(part: usize) {
    let levers: Vec<&Seen> = SEEN_AS.iter().skip(part * PART).take(PART).collect();
    let mut demo = Demo::start();
    let mut told = BTreeSet::new();
    for (n, seen) in levers.iter().enumerate() {
        demo.say(&["break", seen.lever]).ended(0);
        let broken = demo.wait(&format!("{} is seen", seen.lever), SEEN, |s| {
            seen.is(s) && is_told(s) && seen.is_explained(s)
        });
        seen.speaks(&broken);
        if n == 0 {
            operators_are_told_the_evidence(&demo, &broken);
        }
        let open = list(&broken, "/incidents").iter().filter(|incident| is_open(incident));
        told.extend(open.map(|incident| incident.get("id").map(Value::to_string)));
        demo.say(&["mend", seen.lever]).ended(0);
        // An incident is watched for a while before it is over; one is waited for here, the others at the end.
        demo.wait(&format!("{} is seen mended", seen.lever), SEEN, |status| match n {
            0 => all_is_well(status),
            _ => text(status, "/overall") == "operational",
        });
    }
    let end = demo.wait("every incident is resolved", SEEN, all_is_well);
    let over = list(&end, "/incidents").iter().map(|incident| incident.get("id").map(Value::to_string));
    assert!(told.len() >= 2 && told.is_subset(&over.collect()), "{told:?} are over: {end:#}");
    leaves_nothing(&mut demo);
}

/// What `candor explain --incident` says of the newest incident: its cause, how much it explains, who must act, what was ruled
/// out; and of one that there is not, which there are.
fn operators_are_told_the_evidence(demo: &Demo, status: &Value) {
    let incident = list(status, "/incidents").first().expect("one is open");
    let (number, at) = (incident["id"].to_string(), format!("127.0.0.1:{}", demo.operators));
    let explain = |words: &[&str]| finish(demo.command().args(["explain", "--operators", &at]).args(words));
    let said = explain(&["--incident", &number]);
    said.ended(1);
    for words in ["identified", "It explains", "To act: ", "Next: "] {
        assert!(said.out.contains(words), "{words:?} is missing in\n{}", said.all());
    }
    assert_narrow(&said.out);
    let json: Value =
        serde_json::from_str(&explain(&["--incident", &number, "--format", "json"]).out).expect("JSON");
    assert_eq!(text(&json, "/cause/class"), text(incident, "/cause/class"));
    assert_eq!(said.out.contains("Ruled out:"), !list(&json, "/cause/ruled_out").is_empty(), "{json:#}");
    let drawn = explain(&["--incident", &number, "--format", "svg"]);
    if json.pointer("/cause/picture").is_some_and(Value::is_string) {
        drawn.ended(1);
        assert!(drawn.out.starts_with("<svg") && drawn.out.trim_end().ends_with("</svg>"), "{}", drawn.all());
    } else {
        drawn.ended(2);
        assert!(drawn.err.contains("there is no picture of this cause"), "{}", drawn.all());
    }
    let none = explain(&["--incident", "4000"]);
    none.ended(2);
    assert!(none.err.contains("there is no incident 4000"), "{}", none.all());
}

/// Whether an incident is open and something was said about it.
fn is_told(status: &Value) -> bool {
    let open = list(status, "/incidents").iter().filter(|incident| is_open(incident));
    open.clone().count() > 0 && open.clone().all(|incident| !list(incident, "/updates").is_empty())
}

/// Stopped by SIGTERM, it takes its processes and its files along.
fn leaves_nothing(demo: &mut Demo) {
    let children = children_of(demo.process.id());
    assert!(children.len() >= 5, "the shop is made of processes: {children:?}");
    assert_eq!(demo.process.stop().code(), Some(0), "{}", demo.process.noted());
    wait_for("its processes are gone", GONE, || (!children.iter().any(|id| runs(*id))).then_some(()));
    let left = [files_in(&demo.temporary()), files_in(&demo.runtime())].concat();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn a_demo_that_is_killed_takes_its_processes_along() {
    let mut demo = Demo::start();
    let children = children_of(demo.process.id());
    assert!(children.len() >= 5, "the shop is made of processes: {children:?}");
    demo.process.kill();
    wait_for("its processes are gone", GONE, || (!children.iter().any(|id| runs(*id))).then_some(()));
}

#[test]
fn a_demo_whose_reader_goes_away_still_takes_everything_down() {
    let mut demo = Demo::start();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let levers = demo.command().args(["demo", "levers"]).stdout(writer).status();
    assert_eq!(levers.expect("the binary starts").code(), Some(0));
    insta::assert_snapshot!("levers", demo.say(&["levers"]).all());
    insta::assert_snapshot!("nonsense", demo.say(&["break", "nonsense"]).all());
    insta::assert_snapshot!("worse_nonsense", demo.say(&["break", "../x"]).all());
    leaves_nothing(&mut demo);
    let folder = demo.runtime();
    let after = demo.say(&["break", "name-gone"]);
    let after = after.all().replace(&folder.display().to_string(), "RUNTIME");
    insta::assert_snapshot!("not_running", normal(&after, &[USER]));
}
