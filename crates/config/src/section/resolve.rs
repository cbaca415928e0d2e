//! `resolve` and `anchors`: how addresses are found, and what a vantage must reach to be believed.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use candor_core::model::{Anchor, Resolve, ServerAddress};

use crate::field::{Field, Map, Section, Shape};
use crate::reader::{Reader, quote};
use crate::step::address::{is_host, split_port};
use crate::tree::{Node, NodeKind};

pub(crate) static RESOLVE: Section = Section {
    name: "resolve",
    doc: "How addresses are found: by these servers, or by a fixed table. The word `system` asks the host's resolver.",
    groups: &[&[
        Field::new(
            "servers",
            Shape::List(&Shape::Written("address[:port]")),
            "Servers to ask, recursion desired; the port is 53 unless written.",
        )
        .example("[\"10.9.0.53:53\"]"),
        Field::new(
            "pinned",
            Shape::Table(&Shape::Many(&Shape::Written("address"))),
            "Names and their addresses; other names do not exist.",
        )
        .example("{shop.example: 192.0.2.10}"),
    ]],
};

pub(crate) const SHAPE: Shape = Shape::AnyOf(&[Shape::Word(&["system"]), Shape::Map(&RESOLVE)]);

/// How addresses are found; `None` where it was not written or is wrong.
pub(crate) fn read(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> Option<Resolve> {
    let node = node?;
    if let NodeKind::Scalar { .. } = &node.kind {
        return reader.word(node, &[("system", Resolve::System)]);
    }
    let map = Map::open(reader, node, &RESOLVE)?;
    match (map.get("servers"), map.get("pinned")) {
        (Some(servers), None) => {
            let items = reader.list(servers);
            if items.is_empty() {
                reader.refuse_hint(
                    servers.span,
                    "no server to ask",
                    "write `resolve: system` for the host's own resolver",
                );
            }
            Some(Resolve::Servers(items.iter().filter_map(|n| server(reader, n)).collect()))
        }
        (None, Some(table)) => Some(Resolve::Pinned(pinned(reader, table)?)),
        _ => {
            reader.refuse_hint(
                map.head(),
                "`resolve` needs one of `servers` and `pinned`",
                "or the word `system`",
            );
            None
        }
    }
}

fn pinned(reader: &Reader<'_>, node: &Node) -> Option<BTreeMap<String, Vec<IpAddr>>> {
    let NodeKind::Map(entries) = &node.kind else {
        reader.refuse_hint(
            node.head(),
            "a map of names and addresses belongs here",
            "such as {shop.example: 192.0.2.10}",
        );
        return None;
    };
    let mut table = BTreeMap::new();
    for entry in entries {
        let name = entry.key.trim_end_matches('.').to_ascii_lowercase();
        if !is_host(&name) {
            reader.refuse(entry.at, format!("{} is not a host name", quote(&entry.key)));
        }
        let addresses =
            reader.one_or_many(&entry.value).into_iter().filter_map(|n| address(reader, n)).collect();
        table.insert(name, addresses);
    }
    Some(table)
}

fn address(reader: &Reader<'_>, node: &Node) -> Option<IpAddr> {
    let text = reader.text(node)?;
    let address = text.parse().ok();
    if address.is_none() {
        reader.refuse_hint(
            node.span,
            format!("{} is not an IP address", quote(text)),
            "such as 192.0.2.10 or 2001:db8::10",
        );
    }
    address
}

/// A name server by address; the port is 53 unless written.
pub(crate) fn server(reader: &Reader<'_>, node: &Node) -> Option<SocketAddr> {
    let text = reader.text(node)?;
    let address = socket(text);
    if address.is_none() {
        let hint = "an IP address with or without a port: 192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:53";
        reader.refuse_hint(node.span, format!("{} is not the address of a server", quote(text)), hint);
    }
    address
}

fn socket(text: &str) -> Option<SocketAddr> {
    text.parse()
        .ok()
        .or_else(|| text.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 53)))
}

/// `ns1.shop.example@192.0.2.1`, or an address alone.
pub(crate) fn named_server(reader: &Reader<'_>, node: &Node) -> Option<ServerAddress> {
    let text = reader.text(node)?;
    let (name, address) = match text.split_once('@') {
        Some((name, address)) => (Some(name.trim_end_matches('.').to_ascii_lowercase()), address),
        None => (None, text),
    };
    match socket(address) {
        Some(address) if name.as_deref().is_none_or(is_host) => Some(ServerAddress { name, address }),
        _ => {
            let hint = "an address, with the server's name before it: ns1.shop.example@192.0.2.1";
            reader.refuse_hint(node.span, format!("{} is not a name server", quote(text)), hint);
            None
        }
    }
}

pub(crate) fn read_anchors(reader: &Reader<'_>, node: Option<&Rc<Node>>) -> Vec<Anchor> {
    let Some(node) = node else { return Vec::new() };
    reader.list(node).iter().filter_map(|n| anchor(reader, n)).collect()
}

fn anchor(reader: &Reader<'_>, node: &Node) -> Option<Anchor> {
    let text = reader.text(node)?;
    let read = match text.split_once("://") {
        Some(("dns", rest)) => rest.split_once('/').and_then(|(server, name)| {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            (name.is_empty() || is_host(&name)).then_some(())?;
            Some(Anchor::Dns { server: socket(server)?, name })
        }),
        Some(("tcp", rest)) => split_port(rest)
            .and_then(|(host, port)| is_host(host).then(|| Anchor::Tcp { host: host.into(), port })),
        _ => None,
    };
    if read.is_none() {
        let hint =
            "dns://192.0.2.53/example.net asks a server for a name, tcp://192.0.2.7:443 opens a connection";
        reader.refuse_hint(node.span, format!("{} is not an anchor", quote(text)), hint);
    }
    read
}
