//! `get`, `head`, `post`, `put`, `delete`: an HTTP request.

use std::rc::Rc;
use std::time::Duration;

use candor_core::model::{Body, HttpExpect, HttpStep, HttpVersion, Method, Step, Target};
use candor_core::template::{Piece, Template};
use url::Url;

use super::address::sample;
use super::{COMMON, Scope, capture, client, expect, json};
use crate::field::{Field, Map, Section, Shape};
use crate::limits::{BODY_MAX, HEADERS_MAX, REDIRECTS};
use crate::quantity::Bytes;
use crate::reader::{Given, quote};
use crate::section::place::RESERVED;
use crate::tree::{Node, NodeKind};

pub(crate) static HTTP: Section = Section {
    name: "step http",
    doc: "An HTTP request (RFC 9110). One of the five verbs, with the URL.",
    groups: &[VERBS, OWN, COMMON],
};

const URL: Shape = Shape::AnyOf(&[Shape::Template, Shape::Map(&LINK)]);

const VERBS: &[Field] = &[
    Field::new("get", URL, "GET this URL, or follow a link of the last page.")
        .example("https://shop.example/{place}/"),
    Field::new("head", URL, "HEAD this URL."),
    Field::new("post", URL, "POST to this URL. It writes."),
    Field::new("put", URL, "PUT to this URL. It writes."),
    Field::new("delete", URL, "DELETE this URL. It writes."),
];

const OWN: &[Field] = &[
    Field::new("headers", Shape::Table(&Shape::Template), "Header fields.")
        .example("{authorization: \"Bearer {token}\"}"),
    Field::new("body", Shape::Template, "The content as it stands; its media type is a header of yours."),
    Field::new("json", Shape::Json, "The content as JSON.").example("{item: probe-item, key: \"{run}\"}"),
    Field::new("form", Shape::Table(&Shape::Template), "The content as a form.").example("{user: probe}"),
    Field::new(
        "redirects",
        Shape::Count(&REDIRECTS),
        "Redirects followed at most; 0 judges the redirect itself.",
    )
    .bound(),
    Field::new("version", Shape::Word(&["auto", "http/1.1", "http/2"]), "The protocol version.")
        .preset("auto"),
    Field::new("body_max", Shape::Size(&BODY_MAX), "Bytes of content read at most.")
        .preset("10MiB, or what `expect.size` needs"),
    Field::new("expect", Shape::Map(&expect::EXPECT), "What the answer must be."),
    Field::new("capture", capture::SHAPE, "What later steps take from the answer, by the name of the hole.")
        .example("{token: $.token}"),
    client::CLIENT_FIELD,
    client::PROXY_FIELD,
];

static LINK: Section = Section {
    name: "link",
    doc: "A target that the last page names.",
    groups: &[&[Field::new(
        "first_link",
        Shape::Written("CSS selector"),
        "The `href` of the first element that it selects.",
    )
    .required()
    .example("\"a.item\"")]],
};

const METHODS: [Method; 5] = [Method::Get, Method::Head, Method::Post, Method::Put, Method::Delete];

/// Fields that belong to the connection or follow from the content.
const OUR_HEADERS: [&str; 7] =
    ["content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive"];

pub(crate) fn read(scope: &mut Scope<'_, '_>, map: &Map<'_>) -> Option<(Step, Option<Given<Duration>>)> {
    let reader = scope.reader;
    let (method, node) = METHODS.into_iter().find_map(|m| map.entry(m.verb()).map(|e| (m, &e.value)))?;
    let target = target(scope, node);
    let headers = map.get("headers").map(|n| headers(scope, n)).unwrap_or_default();
    let body = body(scope, map, method);
    let redirects =
        map.get("redirects").and_then(|n| reader.count(n, &REDIRECTS)).unwrap_or(REDIRECTS.default);
    let versions =
        [("auto", HttpVersion::Auto), ("http/1.1", HttpVersion::Http1), ("http/2", HttpVersion::Http2)];
    let version = map.get("version").and_then(|n| reader.word(n, &versions)).unwrap_or(HttpVersion::Auto);
    let tls = client::of_step(scope, map);
    let proxy = map.get("proxy").and_then(|n| client::read_proxy(reader, n));
    let proxy = proxy.or_else(|| scope.outfit.proxy.clone()).flatten();
    let expect = expect::read(scope, map.get("expect").map(|n| &**n));
    let body_max = expect.as_ref().map_or(BODY_MAX.default, |(e, _)| body_max(scope, map, e));
    // Captures come last: the step's own texts cannot hold them.
    let captures = map.get("capture").map(|n| capture::read(scope, n)).unwrap_or_default();
    scope.page_read = true;
    let (expect, within) = expect?;
    let step = HttpStep {
        method,
        target: target?,
        headers,
        body: body?,
        redirects: u8::try_from(redirects).ok()?,
        version,
        tls,
        proxy,
        body_max,
        expect,
        captures,
    };
    Some((Step::Http(step), within))
}

fn target(scope: &Scope<'_, '_>, node: &Rc<Node>) -> Option<Target> {
    let reader = scope.reader;
    // {place} without quotes is a map too; that case has a better hint in `scalar`.
    let link = matches!(&node.kind, NodeKind::Map(entries) if entries.len() > 1 || entries.iter().any(|e| !e.value.is_nothing()));
    if link {
        let selector =
            Map::open(reader, node, &LINK)?.get("first_link").and_then(|n| capture::selector(reader, n));
        if !scope.page_read {
            let hint = "a `get` of the page comes before it";
            reader.refuse_hint(node.head(), "`first_link` needs a page that an earlier step read", hint);
        }
        return selector.map(Target::FirstLink);
    }
    let template = scope.template(node)?;
    check_url(scope, node, &template).then_some(Target::Url(template))
}

/// A URL is checked with its holes filled by letters, or by digits: a hole may be a host label or a port.
fn check_url(scope: &Scope<'_, '_>, node: &Node, template: &Template) -> bool {
    // A capture or a variable may hold the whole of it.
    if template
        .0
        .first()
        .is_some_and(|p| matches!(p, Piece::Hole(name) if !RESERVED.contains(&name.as_str())))
    {
        return true;
    }
    let text = quote(node.scalar().unwrap_or(""));
    let parsed = ["x", "1"].iter().find_map(|hole| Url::parse(&sample(template, hole)).ok());
    let (message, hint) = match parsed {
        None => (format!("{text} is not a URL"), "such as https://shop.example/path"),
        Some(url) if !matches!(url.scheme(), "http" | "https") => (
            format!("{text} is not an http or https URL"),
            "other protocols have verbs of their own: dns, tcp, tls, smtp, ping",
        ),
        Some(url) if !url.username().is_empty() || url.password().is_some() => (
            format!("{text} holds a user or password"),
            "send them in a header: `headers: {authorization: \"Basic ${CREDENTIALS}\"}`",
        ),
        Some(url) if url.port() == Some(0) => {
            (format!("{text} has the port 0, where nobody listens"), "leave the port away for the usual one")
        }
        Some(_) if template.0.iter().any(has_control) => {
            (format!("{text} holds a line break or control character"), "take it out, of its secrets too")
        }
        Some(_) => return true,
    };
    scope.reader.refuse_hint(node.span, message, hint);
    false
}

fn headers(scope: &Scope<'_, '_>, node: &Node) -> Vec<(String, Template)> {
    let reader = scope.reader;
    let mut headers: Vec<(String, Template)> = Vec::new();
    if !reader.at_most(node.head(), node.len(), HEADERS_MAX, "header fields") {
        return headers;
    }
    for (name, at, value) in table(scope, node, "{accept: text/html}") {
        let lower = name.to_ascii_lowercase();
        if !is_header_name(&name) {
            reader.refuse(at, format!("{} is not the name of a header field", quote(&name)));
        } else if OUR_HEADERS.contains(&lower.as_str()) {
            reader.refuse(at, format!("{} follows from the request and cannot be set", quote(&name)));
        } else if headers.iter().any(|(known, _)| *known == lower) {
            reader.refuse(at, format!("{} stands here twice", quote(&name)));
        }
        if value.0.iter().any(has_control) {
            reader.refuse(at, "a header field cannot hold line breaks or control characters");
        }
        headers.push((lower, value));
    }
    headers
}

fn has_control(piece: &Piece) -> bool {
    match piece {
        Piece::Text(text) => text.chars().any(char::is_control),
        Piece::Secret(secret) => secret.expose().chars().any(char::is_control),
        Piece::Hole(_) => false,
    }
}

/// A map of texts with holes.
fn table(scope: &Scope<'_, '_>, node: &Node, example: &str) -> Vec<(String, crate::tree::Span, Template)> {
    let NodeKind::Map(entries) = &node.kind else {
        scope.reader.refuse_hint(
            node.head(),
            "a map of names and texts belongs here",
            format!("such as {example}"),
        );
        return Vec::new();
    };
    let unspent = entries.iter().take_while(|e| scope.reader.spend_bytes(e.at, e.key.len()));
    unspent.filter_map(|e| Some((e.key.to_string(), e.at, scope.template(&e.value)?))).collect()
}

fn body(scope: &Scope<'_, '_>, map: &Map<'_>, method: Method) -> Option<Body> {
    let reader = scope.reader;
    let entries: Vec<_> = ["body", "json", "form"].into_iter().filter_map(|key| map.entry(key)).collect();
    let first = match entries.as_slice() {
        [] => return Some(Body::Empty),
        [only] => only,
        [_, second, ..] => {
            reader.refuse(second.at, "a request has one of `body`, `json` and `form`");
            return None;
        }
    };
    if !method.writes() {
        let hint = "content belongs to post, put and delete (RFC 9110, section 9.3.1)";
        reader.refuse_hint(first.at, format!("a {} sends no content", method.verb()), hint);
        return None;
    }
    match &*first.key {
        "json" => json::read(scope, &first.value).map(Body::Json),
        "form" => {
            let fields = table(scope, &first.value, "{user: probe}");
            Some(Body::Form(fields.into_iter().map(|(name, _, value)| (name, value)).collect()))
        }
        _ => scope.template(&first.value).map(Body::Text),
    }
}

/// The bytes read at most: as written, else enough for the size that is expected.
fn body_max(scope: &Scope<'_, '_>, map: &Map<'_>, expect: &HttpExpect) -> u64 {
    let needed = expect.size.map_or(0, |s| if s.max == u64::MAX { s.min } else { s.max });
    let Some(node) = map.get("body_max") else { return BODY_MAX.default.max(needed) };
    let Some(written) = scope.reader.size(node, &BODY_MAX) else { return BODY_MAX.default };
    if written < needed {
        let message =
            format!("reading {} at most, a size of {} is never seen", Bytes(written), Bytes(needed));
        scope.reader.refuse_hint(node.span, message, "leave `body_max` away: it follows from `expect.size`");
    }
    written
}

/// A field name (RFC 9110, section 5.1: a token).
pub(crate) fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 256
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
