//! Secrets come from the environment and from files, and are printed nowhere.

mod common;

use candor_config::{Source, resolve, show};
use candor_core::model::Step;
use common::{PASSWORD, faults, steps};

const SECRET: &str = "- post: https://a.example/${file:token.txt}\n  headers: {authorization: \"Bearer ${PROBE_PASSWORD}\"}\n  \
    json: {password: \"${PROBE_PASSWORD}\"}\n  proxy: {address: p.example:3128, user: u, password: \"${file:token.txt}\"}";

#[test]
fn a_secret_reaches_the_step_and_nothing_that_prints() {
    let resolved = common::read(&steps(SECRET)).expect("a plan");
    let Step::Http(http) = &resolved.plan.services[0].capabilities[0].journey.steps[0].step else {
        panic!("an HTTP step")
    };
    assert_eq!(http.headers[0].1.fill(|_| None).unwrap(), format!("Bearer {PASSWORD}"));
    let (_, password) = http.proxy.as_ref().and_then(|p| p.sign_in.as_ref()).expect("a sign-in");
    assert_eq!(password.expose(), PASSWORD);
    let json = serde_json::to_string(&resolved.plan).unwrap();
    let printed =
        format!("{:?} {json} {} {}", resolved, show(&resolved.plan), candor_config::cost(&resolved.plan));
    assert!(!printed.contains(PASSWORD));
    assert!(show(&resolved.plan).contains("Bearer ••••••"));
}

#[test]
fn a_private_key_is_never_shown() {
    let key = rcgen::KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["a.example".into()]).unwrap().self_signed(&key).unwrap();
    let mut environment = common::environment();
    environment.files.insert("cert.pem".into(), cert.pem());
    environment.files.insert("key.pem".into(), key.serialize_pem());
    environment.variables.insert("KEY".into(), key.serialize_pem());
    for from in ["key.pem", "\"${KEY}\"", "\"${file:key.pem}\""] {
        let text = steps(&format!(
            "- get: https://a.example/\n  client: {{ca: cert.pem, cert: cert.pem, key: {from}}}"
        ));
        let source = Source::of_text("candor.yaml", &text);
        let resolved = resolve(&source, &environment, common::now()).unwrap_or_else(|f| panic!("{f}"));
        let shown = show(&resolved.plan);
        assert!(!shown.contains("BEGIN") && !format!("{resolved:?}").contains("PRIVATE"), "{shown}");
        assert!(shown.contains("(PEM, "), "{shown}");
    }
}

#[test]
fn a_fault_quotes_the_name_of_a_secret_and_never_its_value() {
    let mut environment = common::environment();
    environment.variables.insert("BROKEN".into(), format!("{PASSWORD}\nx"));
    let texts = [
        steps("- get: https://a.example/\n  headers: {x: \"${BROKEN}\"}"),
        steps("- get: \"${PROBE_PASSWORD}\""),
        steps("- get: https://a.example/\n  client: {ca: \"${PROBE_PASSWORD}\"}"),
        steps("- get: https://a.example/\n  client: {cert: token.txt, key: token.txt}"),
        steps("- post: https://a.example/\n  body: \"${PROBE_PASSWORD} {nothing}\""),
        steps("- get: https://a.example/\n  proxy: {address: x, user: u, password: \"${PROBE_PASSWORD}\"}"),
    ];
    for text in texts {
        let source = Source::of_text("candor.yaml", &text);
        let faults = resolve(&source, &environment, common::now()).expect_err("a fault");
        let printed = format!("{faults} {faults:?} {} {}", faults.render(&source, false), faults.to_json());
        assert!(!printed.contains(PASSWORD), "{printed}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_a_fault_at_its_place() {
    let missing = faults(&steps("- get: https://a.example/${NONE}"));
    assert!(missing[0].starts_with("6:32: the environment variable `NONE` is not set"), "{missing:?}");
    assert!(faults(&steps("- get: https://a.example/${file:none}"))[0].contains("cannot be read"));
    assert!(faults(&steps("- get: https://a.example/${a b}"))[0].contains("not the name of a variable"));
    let text = format!("page: {{title: \"${{PROBE_USER}}\"}}\n{}", steps("- ping: a.example"));
    assert!(faults(&text)[0].starts_with("1:16: a secret cannot stand here"));
}
