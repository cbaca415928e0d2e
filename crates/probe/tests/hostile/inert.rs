//! What a target says is quoted, and never acts: not on a terminal, not on the line it stands in, not on a page.
//!
//! Here it is followed to the end of a run. That the page then shows markup as text is tested with the page.

use candor_core::fault::is_inert;
use candor_core::model::{Capture, CaptureFrom, TextMatch};
use candor_core::observation::Run;
use candor_probe::Runner;

use crate::http1::{MARKUP, says};
use crate::plan::{self, template};
use crate::role::{Role, role};

/// Clears a terminal, changes its title, turns the direction of writing, hides, tags, ends lines, is no UTF-8.
const ESCAPES: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}\u{85}\u{8}\u{7f}";

/// Roles whose faults quote what they say, each in another place.
fn cast() -> Vec<Role> {
    let content = format!("<title>{ESCAPES}{MARKUP}</title>\r\n\tx\0y{ESCAPES}");
    let page = |fields: &str| {
        let length = content.len();
        let head = format!(
            "HTTP/1.1 200 {MARKUP}\r\nx: \u{202e}{MARKUP}\r\n{fields}content-length: {length}\r\n\r\n"
        );
        says([head.as_bytes(), content.as_bytes(), &[0xff]].concat())
    };
    let any = candor_core::fault::Kind::HttpMalformed;
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://[\u{202e}\u{200b}{MARKUP}\r\ncontent-length: 0\r\n\r\n"
    );
    let json = format!("{{\"a\": \"{MARKUP}\u{202e}\u{200b}\\u001b[2J\\u0000\"}}");
    let json = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{json}", json.len());
    vec![
        role("in the content", any, "", page("")),
        role("in a coding", any, "", page("content-encoding: \u{202e}\u{200b}x\r\n")),
        role("in a redirect", any, "", says(redirect)),
        role("in a field", any, "", page("")).asked(|step| {
            step.expect.text.clear();
            step.expect.headers = vec![("x".to_owned(), TextMatch::Equals(template("y")))];
        }),
        role("in JSON", any, "", says(json)).asked(|step| {
            step.expect.text.clear();
            step.expect.json = vec![("$.a".to_owned(), candor_core::model::JsonMatch::AtLeast(1.0))];
        }),
        role("in a captured URL", any, "", page("")).asked(|step| {
            step.expect.text.clear();
            let from = CaptureFrom::Css { selector: "title".to_owned(), attribute: None };
            step.captures = vec![Capture { name: "title".to_owned(), from }];
        }),
        crate::tls::markup_in_a_certificate(),
    ]
}

async fn met(role: &Role) -> Run {
    let stage = role.open().await;
    let mut journey = role.journey(stage.port);
    if role.name == "in a captured URL" {
        journey.steps.push(plan::step(plan::get("{title}")));
    }
    let (plan, check) = plan::plan(journey, role.time());
    Runner::new(plan).run(check).await
}

#[tokio::test]
async fn what_a_target_says_is_inert_wherever_a_run_quotes_it() {
    for role in cast() {
        let run = met(&role).await;
        let fault = run.observation.fault.as_ref().unwrap_or_else(|| panic!("{} passed", role.name));
        let evidence = run.evidence.clone().unwrap_or_default();
        let lines = [&fault.detail]
            .into_iter()
            .chain(run.steps.iter().map(|step| &step.target))
            .chain(&evidence.lines);
        for line in lines {
            assert!(line.chars().all(is_inert), "{}: {line:?}", role.name);
        }
        let body = evidence.body.replace(['\n', '\t'], "");
        assert!(body.chars().all(is_inert), "{}: {body:?}", role.name);
        assert!(!fault.is_ours(), "{}: {fault}", role.name);
    }
}
