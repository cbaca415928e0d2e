//! What is given to whoever watches: the scenario's services, capabilities and places as Candor's config, each journey
//! the steps of a customer. It holds nothing of what will happen.
//!
//! The zone's name servers stand in it by their own addresses: who looks into a failure asks them past all relays.
//! A vantage stands in each place and asks the name servers that are asked there, through the watcher's own network; what
//! lies elsewhere is the anchor. Intended downtime is in it once it was announced.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use candor_estate::layout::ZONE;

use super::Given;
use crate::live::link::{ELSEWHERE_NAME, Network};
use crate::live::secure::Secure;
use crate::live::shop::{BUILD, BUILD_FILE, BUILD_TEXT, DOCUMENT, DOCUMENT_TEXT, RANGE, Who, host, item};
use crate::scenario::{STORES, Scenario};

/// Downtime that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::live) struct Announced {
    /// Its name for readers.
    pub(in crate::live) name: String,
    /// The services that it covers.
    pub(in crate::live) services: Vec<String>,
    /// When it begins, as RFC 3339 has it.
    pub(in crate::live) from: String,
    /// How long it lasts, in seconds.
    pub(in crate::live) for_s: u64,
}

/// The config.
pub(super) fn config(given: &Given, ledger: &Path, announced: &[Announced]) -> String {
    let Given { scenario, network, secure, port, name_servers, .. } = given;
    let (port, watch) = (*port, scenario.watch);
    let mut text = format!(
        "page: {{title: Shop status, listen: \"127.0.0.1:0\", show: {{faults: kinds}}}}\n\
         operate: {{listen: \"127.0.0.1:0\"}}\n\
         ledger: \"sqlite:{}\"\n\
         anchors: [\"tcp://{ELSEWHERE_NAME}:{port}\"]\n\
         defaults: {{every: {every}ms, timeout: {}ms, deadline: {}ms}}\n",
        ledger.display(),
        watch.timeout_ms,
        watch.deadline_ms,
        every = watch.every_ms,
    );
    let written = zone(&mut text, name_servers)
        .and_then(|()| places(&mut text, scenario, network))
        .and_then(|()| services(&mut text, scenario, secure, port))
        .and_then(|()| maintenance(&mut text, announced));
    // Writing into a text cannot fail.
    debug_assert!(written.is_ok());
    text
}

fn zone(text: &mut dyn Write, servers: &[(String, SocketAddr)]) -> std::fmt::Result {
    let servers: Vec<String> =
        servers.iter().map(|(name, address)| format!("\"{}@{address}\"", host(name))).collect();
    writeln!(text, "names: [{{zone: {ZONE}, servers: [{}]}}]", servers.join(", "))
}

fn needs(text: &mut dyn Write, service: &str) -> std::fmt::Result {
    let names: Vec<String> = crate::model::needs(service).into_iter().map(host).collect();
    writeln!(text, "    needs: [{}]\n    capabilities:", names.join(", "))
}

fn places(text: &mut dyn Write, scenario: &Scenario, network: &Network) -> std::fmt::Result {
    let places: Vec<String> = scenario.places.iter().map(|place| format!("\"{place}\": {{}}")).collect();
    writeln!(text, "places: {{{}}}\nvantages:", places.join(", "))?;
    for place in &scenario.places {
        let servers: Vec<String> =
            network.servers(place).iter().map(|server| format!("\"{server}\"")).collect();
        writeln!(
            text,
            "  from-{place}: {{in: \"{place}\", resolve: {{servers: [{}]}}}}",
            servers.join(", ")
        )?;
    }
    Ok(())
}

fn services(text: &mut dyn Write, scenario: &Scenario, secure: &Secure, port: u16) -> std::fmt::Result {
    let (every_ms, stall_ms) = (scenario.watch.every_ms, scenario.watch.timeout_ms / 2);
    let journeys = Journeys { secure, port, every_ms, stall_ms };
    text.write_str("services:\n")?;
    for store in STORES {
        writeln!(text, "  - id: {store}")?;
        needs(text, store)?;
        journeys.store(text, store)?;
    }
    for (service, deeds) in journeys.others() {
        writeln!(text, "  - id: {service}\n    places: none")?;
        needs(text, service)?;
        for (deed, steps) in deeds {
            journeys.capability(text, deed, &steps)?;
        }
    }
    Ok(())
}

fn maintenance(text: &mut dyn Write, announced: &[Announced]) -> std::fmt::Result {
    if !announced.is_empty() {
        text.write_str("maintenance:\n")?;
    }
    for Announced { name, services, from, for_s } in announced {
        let name = serde_json::Value::from(name.as_str());
        writeln!(
            text,
            "  - {{name: {name}, services: [{}], from: \"{from}\", for: {for_s}s}}",
            services.join(", ")
        )?;
    }
    Ok(())
}

/// The capabilities of a service, each with its steps.
type Deeds = Vec<(&'static str, Vec<String>)>;

/// The steps of each capability, as flow maps of YAML.
struct Journeys<'s> {
    secure: &'s Secure,
    port: u16,
    every_ms: u64,
    stall_ms: u64,
}

impl Journeys<'_> {
    fn capability(&self, text: &mut dyn Write, deed: &str, steps: &[String]) -> std::fmt::Result {
        writeln!(text, "      {deed}:\n        every: {}ms\n        journey:", self.every_ms)?;
        steps.iter().try_for_each(|step| writeln!(text, "          - {{{step}}}"))
    }

    fn url(&self, name: &str, path: &str) -> String {
        format!("\"http://{}:{}{path}\"", host(name), self.port)
    }

    /// A path at a store's storefronts; and who vouches for them, where that is asked.
    fn front(&self, store: &str, path: &str) -> (String, String) {
        let url = |scheme| format!("\"{scheme}://{{place}}.{}:{}{path}\"", host(store), self.port);
        match self.secure.has(store) {
            true => (url("https"), format!(", client: {{ca: \"{}\"}}", self.secure.authority.display())),
            false => (url("http"), String::new()),
        }
    }

    fn store(&self, text: &mut dyn Write, store: &str) -> std::fmt::Result {
        let (front, trusts) = self.front(store, "/{place}/");
        let page = format!("expect: {{status: 200, text: Top charts}}{trusts}");
        let browse = format!("get: {front}, {page}");
        let view = format!("get: {{first_link: a.item}}, {page}");
        self.capability(text, "browse", std::slice::from_ref(&browse))?;
        self.capability(text, "view", &[browse.clone(), view])?;
        let (button, trusts) = self.front(store, &format!("/{{place}}/items/{}/buy", item(store)));
        let press = format!(
            "post: {button}, headers: {{accept: text/html}}, form: {{key: \"{{run}}\"}}, \
             expect: {{status: 201, text: Thank you.}}{trusts}"
        );
        self.capability(text, "buy", &[self.sign_in(Who::Customer), press])?;
        let path = format!("/items/{}/file", item(store));
        let file = format!(
            "get: {}, headers: {{authorization: \"Bearer {{token}}\", range: \"{RANGE}\"}}, \
             expect: {{status: 206, size: 64KiB, stall: {}ms}}",
            self.url("cdn", &path),
            self.stall_ms
        );
        self.capability(text, "download", &[self.sign_in(Who::Customer), browse, file])
    }

    fn sign_in(&self, who: Who) -> String {
        let (user, password) = who.credentials();
        format!(
            "post: {}, json: {{user: \"{user}\", password: \"{password}\"}}, expect: {{status: 200}}, \
             capture: {{token: $.token}}",
            self.url("id", "/sign-in")
        )
    }

    /// A step with the token, which expects this text.
    fn fetch(&self, name: &str, path: &str, text: &str) -> Vec<String> {
        let step = format!(
            "get: {}, headers: {{authorization: \"Bearer {{token}}\", accept: application/json}}, \
             expect: {{status: 200, text: \"{text}\"}}",
            self.url(name, path)
        );
        vec![self.sign_in(Who::Customer), step]
    }

    /// Something that is sent, and taken back whatever comes of it.
    fn sent(&self, name: &str, path: &str, json: &str, capture: &str, back: &str) -> Vec<String> {
        let token = "headers: {authorization: \"Bearer {token}\"}";
        let step = format!(
            "post: {}, {token}, json: {{{json}}}, expect: {{status: 201}}, capture: {{{capture}}}",
            self.url(name, path)
        );
        vec![
            self.sign_in(Who::Customer),
            step,
            format!("always: [{{{back}, {token}, expect: {{status: [200, 204, 404]}}}}]"),
        ]
    }

    /// What has no places: each service with its capabilities.
    fn others(&self) -> Vec<(&'static str, Deeds)> {
        let (to, _) = Who::Customer.credentials();
        let letter = format!("to: \"{to}\", subject: Hello, text: A letter., key: \"{{run}}\"");
        let discard = format!("delete: {}", self.url("mail", "/letters/{letter}"));
        let ticket = "subject: A question, text: How?, key: \"{run}\"";
        let close = format!("post: {}, json: {{}}", self.url("support", "/tickets/{ticket}/close"));
        let upload = format!(
            "put: {}, headers: {{authorization: \"Bearer {{token}}\"}}, body: \"{BUILD_TEXT}\", expect: {{status: [200, 201]}}",
            self.url("connect", BUILD)
        );
        vec![
            ("account", vec![("sign-in", vec![self.sign_in(Who::Customer)])]),
            (
                "mail",
                vec![
                    ("send", self.sent("mail", "/letters", &letter, "letter: $.id", &discard)),
                    ("read", self.fetch("mail", "/letters", "letters")),
                ],
            ),
            ("documents", vec![("open", self.fetch("docs", DOCUMENT, DOCUMENT_TEXT))]),
            ("connect", vec![("upload", vec![self.sign_in(Who::Developer), upload])]),
            ("testflight", vec![("install", self.fetch("testflight", BUILD_FILE, BUILD_TEXT))]),
            ("support", vec![("ask", self.sent("support", "/tickets", ticket, "ticket: $.ticket", &close))]),
        ]
    }
}
