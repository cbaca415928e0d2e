//! `page` and `operate`: the public page and the operators' site.

use std::net::SocketAddr;

use candor_core::model::{Operate, Page, ShowFaults};
use url::Url;

use crate::field::{Field, Map, Section, Shape};
use crate::reader::{Given, Reader, quote};
use crate::tree::Node;
use crate::unseen::is_unseen;

pub(crate) static PAGE: Section = Section {
    name: "page",
    doc: "The public page.",
    groups: &[&[
        Field::new("title", Shape::Text, "Its title.").preset("Status").example("Shop status"),
        Field::new(
            "url",
            Shape::Written("URL"),
            "Where readers find it. Not inside a watched zone: the page must outlive it.",
        )
        .example("https://shop-status.example"),
        Field::new("listen", Shape::Written("address:port"), "Where it listens.")
            .preset(PAGE_LISTEN)
            .example("0.0.0.0:8080"),
        Field::new("show", Shape::Map(&SHOW), "How much the public sees."),
        Field::later("publish"),
    ]],
};

static SHOW: Section = Section {
    name: "page.show",
    doc: "How much the public sees.",
    groups: &[&[Field::new(
        "faults",
        Shape::Word(&["words", "kinds", "details"]),
        "Of a fault: a sentence, its layer and kind as well, or its details too.",
    )
    .preset("words")]],
};

pub(crate) static OPERATE: Section = Section {
    name: "operate",
    doc: "The operators' site: API and metrics. Never on the public address.",
    groups: &[&[
        Field::new("listen", Shape::Written("address:port"), "Where it listens.").preset(OPERATE_LISTEN)
    ]],
};

/// Longest address of the page, in bytes.
const URL_MAX: usize = 1000;
const PAGE_LISTEN: &str = "127.0.0.1:8080";
const OPERATE_LISTEN: &str = "127.0.0.1:8081";

/// The page, and where its URL was written.
pub(crate) fn read_page(
    reader: &Reader<'_>,
    node: Option<&Node>,
) -> Option<(Page, Option<Given<String>>, SocketAddr)> {
    let map = match node {
        Some(node) => Some(Map::open(reader, node, &PAGE)?),
        None => None,
    };
    let get = |key| map.and_then(|m| m.get(key));
    let title = get("title").and_then(|n| reader.name(n)).unwrap_or("Status").to_owned();
    let url = get("url").and_then(|n| read_url(reader, n));
    let listen = get("listen").and_then(|n| listen(reader, n)).or_else(|| PAGE_LISTEN.parse().ok())?;
    let show = get("show").and_then(|n| Map::open(reader, n, &SHOW)).and_then(|m| m.get("faults"));
    let words =
        [("words", ShowFaults::Words), ("kinds", ShowFaults::Kinds), ("details", ShowFaults::Details)];
    let show = show.and_then(|n| reader.word(n, &words)).unwrap_or(ShowFaults::Words);
    let host = url.as_ref().and_then(|given| {
        let host = Url::parse(&given.value).ok()?.host_str()?.to_owned();
        Some(Given { value: host, at: given.at })
    });
    Some((Page { title, url: url.map(|u| u.value), listen, show }, host, listen))
}

pub(crate) fn read_operate(
    reader: &Reader<'_>,
    node: Option<&Node>,
    page: SocketAddr,
    page_node: Option<&Node>,
) -> Option<Operate> {
    let map = match node {
        Some(node) => Some(Map::open(reader, node, &OPERATE)?),
        None => None,
    };
    let written = map.and_then(|m| m.get("listen"));
    let address = written.and_then(|n| listen(reader, n)).or_else(|| OPERATE_LISTEN.parse().ok())?;
    let at = written.map(|n| n.span).or_else(|| page_node.and_then(|n| n.child("listen")).map(|n| n.span));
    if let Some(at) = at {
        if clash(page, address) {
            let hint = "give the operators' site a port of its own, such as 127.0.0.1:8081";
            reader.refuse_hint(at, "page.listen and operate.listen are the same address", hint);
        } else if written.is_some() && address.ip().is_unspecified() {
            let hint = "let it listen on loopback or an inner address, behind a proxy that signs people in";
            reader.warn(at, "the operators' site listens on every address of this host", hint);
        }
    }
    Some(Operate { listen: address })
}

/// Whether both cannot listen at once. Port 0 is any free port.
fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() != 0
        && a.port() == b.port()
        && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}

fn listen(reader: &Reader<'_>, node: &Node) -> Option<SocketAddr> {
    let text = reader.text(node)?;
    match text.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            let hint = "an address and a port: 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for every address";
            reader.refuse_hint(node.span, format!("{} is not an address to listen on", quote(text)), hint);
            None
        }
    }
}

fn read_url(reader: &Reader<'_>, node: &Node) -> Option<Given<String>> {
    let text = reader.text(node)?;
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some_and(|h| !h.is_empty())
                && url.port() != Some(0)
                && text.len() <= URL_MAX
                && !text.chars().any(|c| c.is_whitespace() || is_unseen(c)) =>
        {
            Some(Given { value: text.into(), at: node.span })
        }
        _ => {
            reader.refuse_hint(
                node.span,
                format!("{} is not a URL of a page", quote(text)),
                "such as https://status.example",
            );
            None
        }
    }
}
