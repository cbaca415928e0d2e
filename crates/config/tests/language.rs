//! The language, one rule a test: what YAML would misread, what must hold, what defaults mean.

mod common;

use std::time::Duration;

use candor_core::model::{
    Body, FailingOf, JsonMatch, JsonTemplate, LedgerPlace, Plan, Quorum, Resolve, RuleWeight, StartTls, Step,
    StepWhen, Target, When,
};
use common::{around, faults, read, steps};

fn plan(text: &str) -> Plan {
    read(text).unwrap_or_else(|faults| panic!("{faults}\n{text}")).plan
}

/// One fault, at this place, that says this.
#[track_caller]
fn one_fault(text: &str, place: &str, says: &str) {
    let faults = faults(text);
    let [only] = faults.as_slice() else { panic!("{faults:#?}\n{text}") };
    assert!(only.starts_with(place) && only.contains(says), "{only}\n{text}");
}

// ---- YAML's traps ----

#[test]
fn norway_is_a_place_and_numbers_are_ids() {
    let plan = plan(
        "places: [no, 1]\nvantages: {on: {in: no}}\nservices:\n- {id: 0o7, capabilities: {1: {journey: [{get: http://a.example/}]}}}\n",
    );
    assert_eq!(plan.places[0].id.as_str(), "no");
    assert_eq!(plan.places[0].name, "Norway");
    assert_eq!(plan.places[1].name, "1");
    assert_eq!(plan.vantages[0].id.as_str(), "on");
    assert_eq!(plan.services[0].id.as_str(), "0o7");
    assert_eq!(plan.services[0].capabilities[0].id.as_str(), "1");
    assert!(plan.services[0].capabilities[0].cells[0].near);
    assert!(!plan.services[0].capabilities[0].cells[1].near);
}

#[test]
fn a_key_that_stands_twice_is_refused_at_its_second_place() {
    one_fault(
        "page: {title: a}\npage: {title: b}\nservices: [{id: a, capabilities: {b: {journey: [{ping: a.example}]}}}]",
        "2:1",
        "stands here twice",
    );
}

#[test]
fn a_hole_without_quotes_gets_the_hint_to_quote_it() {
    one_fault(&steps("- get: https://a.example/\n  headers: {x: {place}}"), "7:22", "in quotes: \"{place}\"");
    one_fault("services: {id}/x", "1:", "not YAML");
}

#[test]
fn braces_are_doubled_and_dollars_too() {
    let plan = plan(&steps(
        "- post: https://a.example/\n  body: '{{\"a\": \"{run}\"}} costs $5 or $${x}'"
            .replace("{x}", "")
            .as_str(),
    ));
    let Step::Http(http) = &plan.services[0].capabilities[0].journey.steps[0].step else {
        panic!("an HTTP step")
    };
    let Body::Text(body) = &http.body else { panic!("a text") };
    assert_eq!(body.fill(|_| Some("7".into())).unwrap(), "{\"a\": \"7\"} costs $5 or $");
    one_fault(&steps("- post: https://a.example/\n  body: '{\"a\": 1}'"), "7:", "doubled");
}

#[test]
fn json_keeps_its_kinds() {
    let plan = plan(&steps(
        "- post: https://a.example/\n  json: {a: 1, b: \"1\", c: no, d: true, e: null, f: 1.5, g: [x, {h: 007}], i: \"\"}",
    ));
    let Step::Http(http) = &plan.services[0].capabilities[0].journey.steps[0].step else {
        panic!("an HTTP step")
    };
    let shown = serde_json::to_value(&http.body).unwrap();
    assert_eq!(
        shown["json"],
        serde_json::json!([
            ["a", 1],
            ["b", "1"],
            ["c", "no"],
            ["d", true],
            ["e", null],
            ["f", 1.5],
            ["g", ["x", [["h", "007"]]]],
            ["i", ""]
        ])
    );
}

#[test]
fn aliases_and_merge_keys_work() {
    let plan = plan(
        "services:\n- id: a\n  capabilities: &both\n    open: &open {every: 1m, journey: [{get: https://a.example/}]}\n- id: b\n  capabilities:\n    <<: *both\n    read: {<<: *open, every: 2m}\n",
    );
    assert_eq!(plan.services[1].capabilities.len(), 2);
    assert_eq!(plan.services[1].capabilities[0].policy.every, Duration::from_secs(120));
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let of = format!("*a{}", n - 1);
        text.push_str(&format!("a{n}: &a{n} [{}]\n", [of.as_str(); 10].join(", ")));
    }
    assert!(faults(&text).iter().any(|f| f.contains("aliases written out")), "{:?}", faults(&text));
}

#[test]
fn deep_nesting_ends_in_a_fault() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "a:\n".repeat(3) + &"? ".repeat(100_000),
    ] {
        assert!(!faults(&text).is_empty());
    }
    assert!(faults(&"[".repeat(70)).iter().any(|f| f.contains("nested more than 64 deep")));
}

#[test]
fn what_stands_in_the_wrong_shape_gets_a_hint_for_its_case() {
    let cases = [
        ("services:\n\t- id: a\n", "indent with spaces"),
        ("services:\n- id: a\n  name: Shop: the best\n", "a colon and a space"),
        ("services:\n- id: @a\n", "starts with this character"),
        ("services:\n- id: a\n   name: b\n", "look at the indentation"),
        ("services:\n  id: a\n", "put `- ` before each item"),
        ("- a\n", "keys such as page"),
        ("services:\n- id: a\n  capabilities: [open]\n", "a map of capabilities"),
        (
            "services:\n- id: a\n  capabilities:\n    open:\n    - get: https://a.example/\n",
            "under `journey:`",
        ),
    ];
    for (text, says) in cases {
        one_fault(text, "", says);
    }
}

#[test]
fn tags_and_second_documents_are_refused() {
    let sound = steps("- get: https://a.example/");
    assert!(faults(&format!("{sound}---\npage: {{}}\n")).iter().any(|f| f.contains("second document")));
    assert!(faults(&sound.replace("https", "!secret https")).iter().any(|f| f.contains("tags")));
}

#[test]
fn places_are_counted_in_characters_with_any_line_ending() {
    one_fault(
        "page: {title: \"Größe 🛒\", ulr: x}\r\nservices: [{id: a, capabilities: {b: {journey: [{ping: a.example}]}}}]\r\n",
        "1:26",
        "did you mean `url`?",
    );
    one_fault(
        "page: {title: \"é\"}\r\nservices: [{id: ä, capabilities: {b: {journey: [{ping: a.example}]}}}]\r\n",
        "2:17",
        "not an id",
    );
}

#[test]
fn addresses_need_no_quotes() {
    let plan = plan(&format!(
        "operate: {{listen: 127.0.0.1:9}}\nresolve: {{servers: [127.0.0.1:5353, 192.0.2.1]}}\nanchors: [dns://192.0.2.53/example.net, tcp://198.51.100.7:443]\nnames: [{{zone: Shop.Example., servers: [ns1.shop.example@192.0.2.1]}}]\n{}",
        steps(
            "- {smtp: mail.shop.example:587, starttls: required}\n- {tcp: mail.shop.example:993, tls: {expires_in: \">= 14d\"}}\n- {dns: shop.example MX, expect: {answer: [\"10 mx1.shop.example.\"], authorities: agree, flags: [aa]}}"
        )
    ));
    assert_eq!(plan.anchors.len(), 2);
    assert_eq!(
        plan.resolve,
        Resolve::Servers(vec!["127.0.0.1:5353".parse().unwrap(), "192.0.2.1:53".parse().unwrap()])
    );
    assert_eq!(plan.zones[0].zone, "shop.example");
}

#[test]
fn limits_of_a_zone_are_read_and_what_is_none_is_refused_at_its_place() {
    let zone = |more: &str| {
        format!("names: [{{zone: shop.example, {more}}}]\n{}", steps("- get: https://a.example/"))
    };
    let given = plan(&zone(
        "require: [www A, \"@ MX\", api], limits: {removed: 0.5%, removed_names: 7, negative_ttl: 5m, ttl: 1d, owned: [192.0.2.0/24, \"2001:db8::/32\"], last_line: \"; end\", rules: {R7: warn, R11: off}}",
    ));
    let (zone_, limits) = (&given.zones[0], &given.zones[0].limits);
    assert_eq!(zone_.require, ["www A", "@ MX", "api"]);
    assert_eq!((limits.removed, limits.removed_names), (50, 7));
    assert_eq!(limits.negative_ttl.as_secs(), 300);
    assert_eq!((limits.owned.len(), limits.last_line.as_deref()), (2, Some("; end")));
    assert_eq!(limits.rules.get("R11"), Some(&RuleWeight::Off));
    for (more, at, says) in [
        ("require: [www A B]", "www", "no name to require"),
        ("require: [-x- A]", "-x-", "no name to require"),
        ("limits: {removed: 5}", "5}", "`5` is no share"),
        ("limits: {removed: 101%}", "101", "no share"),
        ("limits: {owned: [192.0.2.0/33]}", "192", "no network"),
        ("limits: {rules: {R18: off}}", "R18", "no rule"),
        ("limits: {rules: {R1: maybe}}", "maybe", "not known here"),
        ("limits: {negative_ttl: 300}", "300", "no unit"),
        ("limits: {remove: 5%}", "remove", "remove"),
    ] {
        let text = zone(more);
        let place = format!("1:{}", text.find(at).unwrap() + 1);
        one_fault(&text, &place, says);
    }
}

// ---- quantities ----

#[test]
fn a_bare_number_is_refused_where_a_unit_belongs() {
    one_fault(&around("every: 30\njourney: [{get: https://a.example/}]"), "5:14", "`30` has no unit");
    one_fault(&steps("- get: https://a.example/\n  expect: {size: 5}"), "7:24", "has no unit");
    one_fault(&steps("- get: https://a.example/\n  expect: {rate: 1MB}"), "7:24", "not a rate");
}

#[test]
fn out_of_bounds_is_refused_not_clamped() {
    one_fault(&around("every: 500ms\njourney: [{get: https://a.example/}]"), "5:14", "from 1s to 1d");
    one_fault(&steps("- get: https://a.example/\n  redirects: 21"), "7:20", "from 0 to 20");
    one_fault(
        &format!("keep: {{hours: 99999 years}}\n{}", steps("- get: https://a.example/")),
        "1:15",
        "out of bounds",
    );
}

// ---- defaults ----

#[test]
fn defaults_are_those_of_the_reference() {
    let plan = plan(&steps("- get: https://a.example/"));
    let capability = &plan.services[0].capabilities[0];
    let policy = &capability.policy;
    assert_eq!((policy.every.as_secs(), policy.deadline.as_secs(), policy.lease.as_secs()), (30, 30, 90));
    assert_eq!((policy.confirm.down, policy.confirm.up, policy.quorum), (2, 2, Quorum::Majority));
    assert_eq!(policy.degraded.failing, Some(FailingOf { failing: 2, of: 10 }));
    assert_eq!(capability.journey.steps[0].timeout.as_secs(), 10);
    assert_eq!(capability.cells.len(), 1);
    assert_eq!(plan.vantages[0].name, "this host");
    assert_eq!(plan.page.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(plan.operate.listen.to_string(), "127.0.0.1:8081");
    assert_eq!(plan.ledger, LedgerPlace::Sqlite("./candor.db".into()));
    assert_eq!(plan.resolve, Resolve::System);
}

#[test]
fn a_short_interval_shortens_what_it_bounds() {
    let policy = |text: &str| {
        let plan = plan(text);
        let capability = &plan.services[0].capabilities[0];
        let p = &capability.policy;
        (
            p.every.as_secs(),
            p.deadline.as_secs(),
            p.lease.as_secs(),
            capability.journey.steps[0].timeout.as_secs(),
        )
    };
    assert_eq!(policy(&around("every: 5s\njourney: [{get: https://a.example/}]")), (5, 5, 15, 5));
    assert_eq!(
        policy(&around("{every: 5s, timeout: 2s, deadline: 4s, journey: [{get: https://a.example/}]}")),
        (5, 4, 14, 2)
    );
    assert_eq!(
        policy(&around("{every: 5m, timeout: 1m, journey: [{get: https://a.example/}]}")),
        (300, 60, 660, 60)
    );
}

#[test]
fn journeys_that_write_run_every_five_minutes_unless_told_closer_by() {
    let every = |head: &str, keys: &str| {
        let text = format!("{head}{}", around(&format!("{keys}\njourney: [{{post: https://a.example/}}]")));
        plan(&text).services[0].capabilities[0].policy.every.as_secs()
    };
    assert_eq!(every("", ""), 300);
    assert_eq!(every("defaults: {every: 10s}\n", ""), 300);
    assert_eq!(every("defaults: {every: 10m}\n", ""), 600);
    assert_eq!(every("", "every: 1m"), 60);
    assert_eq!(every("", "writes: false"), 30);
}

#[test]
fn a_place_is_measured_from_near_else_from_all() {
    let text = "places: [gb, us, in]\nvantages: {london: {in: gb}, leeds: {in: gb}, mumbai: {in: [in]}}\nservices: [{id: a, capabilities: {b: {journey: [{ping: a.example}]}}}]";
    let checks =
        |plan: &Plan| plan.cells().map(|(_, _, cell)| (cell.checks.len(), cell.near)).collect::<Vec<_>>();
    assert_eq!(checks(&plan(text)), [(2, true), (3, false), (1, true)]);
    assert_eq!(checks(&plan(&format!("measure: {{from: all}}\n{text}"))), [(3, true), (3, false), (3, true)]);
}

#[test]
fn a_template_is_overlaid_and_ids_tell_apart() {
    let plan = plan(
        "templates:\n  web:\n    group: Sites\n    labels: {tier: \"2\", kind: web}\n    capabilities: {serve: {journey: [{get: \"https://{id}.corp.example/\"}]}}\nservices:\n- {ids: [wiki, blog], template: web}\n- {id: crm, template: web, labels: {tier: \"1\"}, capabilities: {edit: {journey: [{get: https://crm.example/}]}}}\n",
    );
    let ids: Vec<_> =
        plan.services.iter().map(|s| (s.id.as_str(), s.name.as_str(), s.capabilities.len())).collect();
    assert_eq!(ids, [("wiki", "Wiki", 1), ("blog", "Blog", 1), ("crm", "Crm", 2)]);
    assert_eq!(plan.services[2].labels["tier"], "1");
    assert_eq!(plan.services[2].labels["kind"], "web");
    assert_eq!(plan.services[0].capabilities[0].cells[0].variables["id"], "wiki");
}

#[test]
fn always_steps_run_also_after_a_failure() {
    let plan = plan(&steps("- get: https://a.example/\n- always:\n  - delete: https://a.example/{run}"));
    let steps = &plan.services[0].capabilities[0].journey.steps;
    assert_eq!([steps[0].when, steps[1].when], [StepWhen::Passing, StepWhen::Always]);
    assert!(plan.services[0].capabilities[0].journey.writes);
}

#[test]
fn verbs_read_their_addresses() {
    let plan = plan(&steps(
        "- get: https://a.example/\n- get: {first_link: a.item}\n- dns: A.example. mx\n- tcp: '[2001:db8::1]:993'\n  tls: {expires_in: \">= 14d\"}\n- tls: a.example\n- smtp: a.example:465\n- smtp: a.example\n  sign_in: {user: u, password: \"${PROBE_PASSWORD}\"}\n- ping: 192.0.2.1",
    ));
    let steps: Vec<&Step> = plan.services[0].capabilities[0].journey.steps.iter().map(|s| &s.step).collect();
    assert!(matches!(steps[1], Step::Http(h) if h.target == Target::FirstLink("a.item".into())));
    assert!(matches!(steps[2], Step::Dns(d) if d.rtype == "MX"));
    assert!(
        matches!(steps[3], Step::Tcp(t) if t.port == 993 && t.tls.as_ref().unwrap().expires_in.as_secs() == 14 * 86_400)
    );
    assert!(matches!(steps[4], Step::Tls(t) if t.port == 443));
    assert!(matches!(steps[5], Step::Smtp(s) if s.starttls == StartTls::Implicit));
    assert!(matches!(steps[6], Step::Smtp(s) if s.starttls == StartTls::Required && s.port == 25));
}

#[test]
fn expectations_read_their_forms() {
    let plan = plan(&steps(
        "- get: https://a.example/\n  expect:\n    status: [200, 3xx, 404..=410]\n    json: {$.n: \">= 3\", $.s: {matches: ^a}, $.b: true, $.m: {equals: {a: 1}}, $.e: {exists: true}}\n    headers: {Content-Type: text/html, x: {equals: y}}\n    size: \">= 20MiB\"",
    ));
    let Step::Http(http) = &plan.services[0].capabilities[0].journey.steps[0].step else {
        panic!("an HTTP step")
    };
    let status: Vec<_> = http.expect.status.iter().map(|s| (s.first, s.last)).collect();
    assert_eq!(status, [(200, 200), (300, 399), (404, 410)]);
    assert_eq!(http.expect.json[0].1, JsonMatch::AtLeast(3.0));
    assert_eq!(http.expect.json[2].1, JsonMatch::Equals(JsonTemplate::Bool(true)));
    assert_eq!(http.expect.json[4].1, JsonMatch::Exists);
    assert_eq!(http.expect.headers[0].0, "content-type");
    assert_eq!(http.body_max, 20 << 20);
}

#[test]
fn maintenance_is_once_or_by_the_calendar() {
    let plan = plan(&format!(
        "maintenance:\n- {{name: Launch, services: [shop], from: 2027-03-09T08:00Z, for: 4h}}\n- {{name: Moved, from: 2027-07-01T08:00, timezone: Europe/London, for: 1h}}\n- {{name: Nightly, on_calendar: \"Sun 02:00\", for: 1h, timezone: Europe/London}}\n{}",
        steps("- get: https://a.example/")
    ));
    assert_eq!(plan.maintenance[0].when, When::At("2027-03-09T08:00:00Z".parse().unwrap()));
    assert_eq!(plan.maintenance[1].when, When::At("2027-07-01T07:00:00Z".parse().unwrap()));
    let When::Often { words, starts } = &plan.maintenance[2].when else { panic!("often") };
    assert_eq!((words.as_str(), starts.len()), ("Sun 02:00 Europe/London", 14));
}

// ---- relations ----

#[test]
fn what_cannot_hold_is_refused() {
    let get = "journey: [{get: https://a.example/}]";
    let cases = [
        (around(&format!("{{every: 10s, deadline: 20s, {get}}}")), "longer than the 10s between two runs"),
        (around(&format!("{{every: 5s, timeout: 6s, {get}}}")), "longer than the journey's deadline"),
        (
            around("{journey: [{get: https://a.example/, timeout: 40s}]}"),
            "longer than the journey's deadline",
        ),
        (around("{journey: [{get: https://a.example/, expect: {within: 11s}}]}"), "longer than its timeout"),
        (around(&format!("{{lease: 40s, {get}}}")), "ends before the next result"),
        (around(&format!("{{degraded: {{within: 31s}}, {get}}}")), "longer than its deadline"),
        (around(&format!("{{quorum: 2, {get}}}")), "out of reach"),
        (around(&format!("{{quorum: 0, {get}}}")), "without any evidence"),
        (around(&format!("{{confirm: {{down: 0}}, {get}}}")), "does not fit"),
        (around(&format!("{{degraded: {{failing: 3 of 2}}, {get}}}")), "cannot hold"),
        (around(&format!("{{degraded: {{failing: 2 of 65}}, {get}}}")), "cannot hold"),
        (steps("- get: https://a.example/\n  body_max: 1kB\n  expect: {size: 5MB}"), "is never seen"),
        (steps("- get: {first_link: a}"), "needs a page"),
        (steps("- get: https://a.example/\n- get: {first_link: 'a['}"), "not a CSS selector"),
        (steps("- get: https://a.example/\n  capture: {t: $.}"), "not a JSON path"),
        (steps("- get: https://a.example/\n  capture: {t: {regex: '('}}"), "not a pattern"),
        (steps("- get: https://a.example/{t}\n  capture: {t: $.t}"), "nothing fills {t}"),
        (steps("- get: https://a.example/{place}"), "the service has no places"),
        (steps("- get: https://a.example/\n  capture: {run: $.t}"), "cannot name a capture"),
        (
            steps(
                "- get: https://a.example/\n  capture: {t: $.t}\n- get: https://a.example/\n  capture: {t: $.t}",
            ),
            "filled already",
        ),
        (steps("- get: ftp://a.example/"), "not an http or https URL"),
        (steps("- get: https://u:p@a.example/"), "holds a user or password"),
        (steps("- get: https:///"), "not a URL"),
        (steps("- get: https://a.example/\n  body: x"), "sends no content"),
        (steps("- post: https://a.example/\n  body: x\n  json: {}"), "one of `body`"),
        (steps("- get: https://a.example/\n  put: https://a.example/"), "one verb"),
        (steps("- gett: https://a.example/"), "did you mean `get`?"),
        (steps("- expect: {status: 200}"), "needs a verb"),
        (steps("- tcp: a.example:1\n  expect: {status: 200}"), "`status` is not known here"),
        (steps("- tcp: a.example"), "not a host and port"),
        (steps("- ping: https://a.example"), "not a host"),
        (steps("- dns: a.example MXX"), "did you mean MX?"),
        (steps("- dns: a.example\n  expect: {rcode: NXDOMAIN, answer: 192.0.2.1}"), "holds no such data"),
        (steps("- dns: a.example\n  expect: {dnssec: secure}"), "not in this version yet"),
        (
            steps("- smtp: a.example\n  starttls: never\n  sign_in: {user: u, password: p}"),
            "never sent in the clear",
        ),
        (steps("- get: https://a.example/\n  headers: {content-length: 1}"), "cannot be set"),
        (steps("- get: https://a.example/\n  client: {ca: none.pem}"), "cannot be read"),
        (steps("- get: https://a.example/\n  client: {cert: token.txt}"), "no certificate"),
        (steps("- always:\n  - always:\n    - get: https://a.example/"), "says it twice"),
        (around("{journey: []}"), "at least one step"),
        (around("{}"), "`journey` is missing"),
        ("page: {}\n".into(), "`services` is missing"),
        (String::new(), "`services` is missing"),
        ("services: []".into(), "watches nothing"),
        (format!("page: {{listen: 0.0.0.0:8081}}\n{}", steps("- ping: a.example")), "the same address"),
        (format!("ledger: nats://n1\n{}", steps("- ping: a.example")), "not in this version yet"),
        (format!("impact: {{currency: USD}}\n{}", steps("- ping: a.example")), "not in this version yet"),
        (
            format!("maintenance: [{{name: a, for: 1h}}]\n{}", steps("- ping: a.example")),
            "one of `from` and `on_calendar`",
        ),
        (
            format!(
                "maintenance: [{{name: a, for: 1h, from: 2027-01-01T00:00}}]\n{}",
                steps("- ping: a.example")
            ),
            "no time zone",
        ),
        (
            format!(
                "maintenance: [{{name: a, for: 1h, services: [shpo], from: 2027-01-01T00:00Z}}]\n{}",
                steps("- ping: a.example")
            ),
            "did you mean `shop`?",
        ),
    ];
    for (text, says) in cases {
        let faults = faults(&text);
        assert!(faults.iter().any(|f| f.contains(says)), "{says}: {faults:#?}\n{text}");
        assert!(faults.len() <= 2, "{faults:#?}\n{text}");
    }
}

#[test]
fn a_variable_that_one_place_lacks_is_refused() {
    let text = format!(
        "places: {{gb: {{variables: {{c: GBP}}}}, us: {{}}}}\n{}",
        steps("- get: https://a.example/{c}")
    );
    one_fault(&text, "7:32", "the place `us` has no variable `c`");
}

#[test]
fn an_id_names_one_service() {
    let one = "{id: a, capabilities: {b: {journey: [{ping: a.example}]}}}";
    let faults = faults(&format!("services: [{one}, {one}]"));
    assert!(faults[0].contains("listed twice"), "{faults:?}");
}

#[test]
fn sections_of_later_versions_are_refused_by_name() {
    for key in ["impact", "reports", "notify", "heartbeat", "operators"] {
        let text = format!("{key}: {{}}\n{}", steps("- ping: a.example"));
        one_fault(&text, "1:1", &format!("`{key}` is not in this version yet"));
    }
    one_fault(
        &format!("page: {{publish: [x]}}\n{}", steps("- ping: a.example")),
        "1:8",
        "not in this version yet",
    );
    one_fault(&around("loses: 100%\njourney: [{ping: a.example}]"), "5:7", "not in this version yet");
}

#[test]
fn an_unused_template_is_checked_and_warned_of() {
    let text = format!(
        "templates: {{web: {{capabilities: {{a: {{journey: [{{get: x}}]}}}}}}}}\n{}",
        steps("- ping: a.example")
    );
    one_fault(&text, "1:", "not a URL");
    let resolved = read(&text.replace("get: x", "get: https://a.example/")).unwrap();
    assert_eq!(resolved.warnings.len(), 1);
}
