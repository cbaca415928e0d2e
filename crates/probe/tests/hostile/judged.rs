//! Roles whose content is well formed and costs as much as it can to be judged: pages, JSON, captures.

use candor_core::fault::Kind;
use candor_core::model::{Capture, CaptureFrom, JsonMatch};

use crate::http1::says;
use crate::role::{BODY_MAX, HEALTHY, Role, play_all, role};

/// A role that shows `content` to a step that passes it and then takes twenty values from it.
fn page(name: &'static str, kind: Kind, says_: &'static str, content: &str) -> Role {
    let content = format!("{HEALTHY}{content}");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", content.len());
    role(name, kind, says_, says(head + &content)).asked(|step| {
        let from = CaptureFrom::Css { selector: "a, p".to_owned(), attribute: None };
        step.captures = (0..20).map(|at| Capture { name: format!("c{at}"), from: from.clone() }).collect();
    })
}

/// A role that shows JSON to a step that wants a value in it.
fn json(name: &'static str, kind: Kind, says_: &'static str, content: &str) -> Role {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", content.len());
    role(name, kind, says_, says(head + content)).asked(|step| {
        step.expect.text.clear();
        step.expect.json = vec![("$.token".to_owned(), JsonMatch::Exists)];
    })
}

/// Every role of this file.
pub(crate) fn cast() -> Vec<Role> {
    [hoards(), tangles()].concat()
}

/// As much of `piece` as a step reads.
fn fill(piece: &str) -> String {
    piece.repeat((BODY_MAX as usize - 100) / piece.len())
}

/// Contents that ask for time.
fn tangles() -> Vec<Role> {
    let attributes: String = (0..120_000).map(|at| format!("a{at} ")).collect();
    let ends = format!("{}{}", "<x>".repeat(500), fill("</y>"));
    vec![
        page("ends of what never began", Kind::HttpMalformed, "too entangled", &ends),
        page("attributes without end", Kind::HttpMalformed, "too entangled", &format!("<x {attributes}>")),
    ]
}

/// Contents that ask for memory.
pub(crate) fn hoards() -> Vec<Role> {
    use Kind::{ContentAssertion as Assertion, ContentMissingCapture as Missing, HttpMalformed as Malformed};
    let formatting: String = (0..500).map(|at| format!("<b a={at}>")).collect();
    vec![
        page("elements in elements without end", Malformed, "more than 512 deep", &fill("<x>")),
        page(
            "elements that open again",
            Malformed,
            "elements",
            &format!("<p>{formatting}</p>{}", "<p>x</p>".repeat(50_000)),
        ),
        page("elements by the hundred thousand", Malformed, "more than 60000 elements", &fill("<i></i>")),
        page("a capture of a megabyte", Missing, "longer than 4096 bytes", &format!("<p>{}", fill("x"))),
        json(
            "a value a hundred times its text",
            Malformed,
            "more than 200000 values",
            &format!("[{}0]", fill("0,")),
        ),
        json("arrays in arrays without end", Malformed, "more than 200000 values", &fill("[")),
        json("arrays too deep to be read", Assertion, "recursion limit", &"[".repeat(1000)),
        json("a number of a megabyte", Assertion, "no JSON", &fill("9")),
        json("text that is no text", Assertion, "no JSON", "{\"a\": \"\\ud800\"}"),
    ]
}

#[tokio::test]
async fn each_content_that_is_costly_to_judge_gets_its_own_fault_in_bounds() {
    play_all(cast()).await;
}
