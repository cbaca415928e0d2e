//! A plan without any file: `candor serve https://shop.example` watches the front page, the certificate and the name.

use std::fmt::Write;

use candor_core::Timestamp;
use url::{Host, Url};

use crate::environment::Environment;
use crate::fault::{COMMAND_LINE, Fault, Faults, Severity};
use crate::source::Source;
use crate::{Resolved, resolve};

/// A plan for one site: its front page, its certificate (https) and its name.
///
/// # Errors
/// One fault where the text is not an http or https URL.
pub fn for_url(url: &str, environment: &dyn Environment, now: Timestamp) -> Result<Resolved, Faults> {
    let site = Url::parse(url).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.host().is_some());
    let site = site.filter(|u| u.username().is_empty() && u.password().is_none() && u.port() != Some(0));
    let Some(site) = site else {
        return Err(Faults(vec![Fault {
            severity: Severity::Error,
            file: COMMAND_LINE.into(),
            line: 1,
            column: 1,
            span: 0..0,
            // Not quoted: what is wrong with it may be the password in it.
            text: String::new(),
            message: "this is not the URL of a site".into(),
            hint: Some("such as https://shop.example, without user and password".into()),
        }]));
    };
    resolve(&Source::of_text(COMMAND_LINE, &yaml(&site)), environment, now)
}

/// The plan in the language itself, so that every default and check is that of a file.
fn yaml(site: &Url) -> String {
    let host = site.host_str().unwrap_or("");
    let mut out = format!(
        "page: {{title: {title}}}\nservices:\n  - id: {id}\n    name: {title}\n    capabilities:\n      \
         front-page:\n        journey: [{{get: {url}}}]\n",
        title = text(host),
        id = text(&id_of(host)),
        url = text(site.as_str()),
    );
    if site.scheme() == "https" {
        let address = text(&format!("{host}:{}", site.port_or_known_default().unwrap_or(443)));
        let journey = format!("[{{tls: {address}, expect: {{expires_in: \">= 14d\"}}}}]");
        let _ = writeln!(out, "      certificate: {{every: 5m, journey: {journey}}}");
    }
    // `localhost` and addresses are no names of the DNS.
    if let Some(Host::Domain(name)) = site.host().filter(|h| *h != Host::Domain("localhost")) {
        let _ =
            writeln!(out, "      dns: {{name: Name, journey: [{{dns: {}}}]}}", text(&format!("{name} A")));
    }
    out
}

/// A text in quotes, with all that the language gives a meaning doubled.
fn text(raw: &str) -> String {
    let plain = raw.replace('$', "$$").replace('{', "{{").replace('}', "}}");
    serde_json::Value::String(plain).to_string()
}

fn id_of(host: &str) -> String {
    let plain =
        |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-' { c } else { '-' };
    let id: String = host.chars().map(plain).take(63).collect();
    let id = id.trim_matches(['-', '.']);
    if id.is_empty() { "site".into() } else { id.into() }
}
