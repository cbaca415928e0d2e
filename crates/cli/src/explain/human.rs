//! The answer for people, in 80 columns: the sentence, what to do, then the walk as a tree.

use std::fmt::Write;

use candor_core::finding::Finding;
use candor_explain::{in_short, said_by};
use candor_names::Walk;
use candor_names::walk::{HostFault, Link, Standing, ZoneSeen};
use candor_page::{Language, class_title, finding_words};

use crate::print::{BAD, BOLD, DIM, GOOD, WIDTH, counted, styled, wrap};

/// Servers of a zone that are listed one by one; of more, those that are well are counted.
const LISTED: usize = 8;

pub(crate) fn text(finding: &Finding, walk: &Walk, notes: &[String]) -> String {
    let mut out = String::new();
    head(&mut out, finding);
    for note in notes {
        labelled(&mut out, "note", note);
    }
    let _ = writeln!(out);
    for at in roots(walk) {
        zone(&mut out, walk, at, 0);
    }
    resolvers(&mut out, walk);
    let bound = walk.cut_short.map_or_else(String::new, |bound| format!("; {bound}"));
    let foot =
        format!("{} in {:.1} s{bound}", counted(walk.asked as usize, "question"), walk.took.as_secs_f64());
    let _ = writeln!(out, "\n{}", styled(DIM, &foot));
    out
}

fn head(out: &mut String, finding: &Finding) {
    let told = finding_words(finding, Language::English);
    let style = if finding.what.is_fault() { BAD } else { GOOD };
    let class = match finding.what.class() {
        "not_dns" => "not DNS",
        "could_not_tell" => "not known",
        other => other,
    };
    let title = class_title(&finding.what, Language::English);
    let _ = writeln!(
        out,
        "{}{}",
        styled(style, class),
        if title.is_empty() { String::new() } else { format!("  {title}") }
    );
    for line in wrap(&told.words, WIDTH) {
        let _ = writeln!(out, "{}", styled(BOLD, &line));
    }
    let _ = writeln!(out);
    for (label, text) in [
        ("where", &told.place),
        ("seen", &told.seen),
        ("expected", &told.expected),
        ("since", &told.since),
        ("who", &told.act),
        ("next", &told.next),
    ] {
        labelled(out, label, text);
    }
    for aside in &finding.asides {
        let finding = Finding { what: aside.clone(), was: None, ..finding.clone() };
        labelled(out, "also", &finding_words(&finding, Language::English).words);
    }
}

fn labelled(out: &mut String, label: &str, text: &str) {
    let mut label = label;
    if text.is_empty() {
        return;
    }
    for line in wrap(text, WIDTH - 10) {
        let _ = writeln!(out, "{} {line}", styled(DIM, &format!("{label:>9}")));
        label = "";
    }
}

/// The zones that the walk began at.
fn roots(walk: &Walk) -> Vec<usize> {
    (0..walk.zones.len()).filter(|at| walk.zones.get(*at).is_some_and(|zone| zone.parent.is_none())).collect()
}

fn zone(out: &mut String, walk: &Walk, at: usize, depth: usize) {
    let Some(zone_seen) = walk.zones.get(at) else { return };
    let indent = "  ".repeat(depth);
    let _ = writeln!(out, "{indent}{}", styled(BOLD, &short(&zone_seen.apex, indent.len())));
    servers(out, zone_seen, &indent);
    for host in zone_seen.hosts.iter().filter(|host| host.fault.is_some()) {
        let why = host.fault.as_ref().map(host_fault).unwrap_or_default();
        let line = short(&format!("{} {why}", host.name), indent.len() + 4);
        let _ = writeln!(out, "{indent}  {} {line}", styled(BAD, "✗"));
    }
    let targets = walk.targets.iter().flat_map(|target| &target.links);
    for link in walk.links.iter().chain(targets).filter(|link| link.reach.zone() == Some(at)) {
        name(out, zone_seen, link, &indent);
    }
    let below = (0..walk.zones.len())
        .filter(|child| walk.zones.get(*child).is_some_and(|zone| zone.parent == Some(at)));
    for child in below {
        zone(out, walk, child, depth + 1);
    }
}

fn servers(out: &mut String, zone: &ZoneSeen, indent: &str) {
    let well = |standing: &Standing| matches!(standing, Standing::Authoritative(_));
    let standings: Vec<Standing> =
        zone.servers.iter().map(candor_names::walk::ServerSeen::standing).collect();
    let fold = standings.len() > LISTED;
    if fold {
        let count = standings.iter().filter(|standing| well(standing)).count();
        let _ =
            writeln!(out, "{indent}  {} {} of {} servers answer", styled(GOOD, "✓"), count, standings.len());
    }
    for (server, standing) in zone.servers.iter().zip(&standings) {
        if fold && well(standing) {
            continue;
        }
        let sign = if well(standing) { styled(GOOD, "✓") } else { styled(BAD, "✗") };
        let tcp = if server.tcp_fails() { ", not over TCP" } else { "" };
        let took = server
            .soa
            .as_ref()
            .as_ref()
            .ok()
            .map_or_else(String::new, |soa| format!(", {} ms", soa.took.as_millis()));
        let line = format!("{} ({})  {}{tcp}{took}", server.name, server.address.ip(), said(standing));
        let _ = writeln!(out, "{indent}  {sign} {}", short(&line, indent.len() + 4));
    }
}

fn said(standing: &Standing) -> String {
    match standing {
        Standing::Authoritative(serial) => format!("serial {serial}"),
        Standing::Lame(candor_names::walk::Lame::Error(rcode)) => rcode.to_string(),
        Standing::Lame(candor_names::walk::Lame::NotAuthoritative) => "answers without authority".to_owned(),
        Standing::Lame(candor_names::walk::Lame::RefersAway) => "refers elsewhere".to_owned(),
        Standing::Silent => "does not answer".to_owned(),
        Standing::Closed => "nobody listens there".to_owned(),
        Standing::NoRoute(_) => "no way leads there from here".to_owned(),
        Standing::Nonsense(_) => "answers what cannot be read".to_owned(),
        Standing::NotAsked => "not asked".to_owned(),
    }
}

fn host_fault(fault: &HostFault) -> String {
    match fault {
        HostFault::NoGlue => "has no address at the parent (no glue)".to_owned(),
        HostFault::Denied { zone, at } => format!("does not exist: {zone} has no {at}"),
        HostFault::Empty { zone } => format!("has no address in {zone}"),
        HostFault::Stuck { zone } => format!("cannot be found: no server of {zone} answers"),
        HostFault::Alias => "is an alias, which the name of a server may not be".to_owned(),
        HostFault::Circular => "can only be found by asking itself".to_owned(),
        HostFault::NotAsked => "was not looked up".to_owned(),
    }
}

/// What the servers say of a name, those together that say the same.
fn name(out: &mut String, zone: &ZoneSeen, link: &Link, indent: &str) {
    let mut hosts: Vec<&str> = zone.servers.iter().map(|server| server.name.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let mut said: Vec<(String, Vec<&str>)> = Vec::new();
    for (at, server) in zone.servers.iter().enumerate() {
        let Some(text) = said_by(link, at) else { continue };
        match said.iter_mut().find(|(known, _)| *known == text) {
            Some((_, who)) if who.contains(&server.name.as_str()) => {}
            Some((_, who)) => who.push(&server.name),
            None => said.push((text, vec![&server.name])),
        }
    }
    let many = said.len() > 1;
    for (text, servers) in said {
        let sign =
            if text == "NXDOMAIN" || text == "NODATA" { styled(BAD, "✗") } else { styled(GOOD, "✓") };
        let who = match servers.as_slice() {
            _ if !many => String::new(),
            [one] => format!("  from {one}"),
            more => format!("  from {} of {}", more.len(), hosts.len()),
        };
        let line = format!("{}  {text}{who}", link.name);
        let _ = writeln!(out, "{indent}  {sign} {}", short(&line, indent.len() + 4));
    }
}

fn resolvers(out: &mut String, walk: &Walk) {
    if walk.resolvers.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", styled(BOLD, "resolvers"));
    for resolver in &walk.resolvers {
        let fault = resolver.heard.iter().find_map(|(_, heard)| heard.as_ref().as_ref().err());
        let mut list: Vec<String> = resolver
            .heard
            .iter()
            .filter_map(|(_, heard)| heard.as_ref().as_ref().ok())
            .map(in_short)
            .collect();
        list.dedup();
        if list.len() > 1 {
            list.retain(|text| text != "NODATA");
        }
        let text = fault.map_or_else(|| list.join(", "), ToString::to_string);
        let _ = writeln!(out, "  {}", short(&format!("{}  {text}", resolver.address), 2));
    }
}

/// A line that fits beside what stands before it.
fn short(line: &str, before: usize) -> String {
    let room = WIDTH.saturating_sub(before).max(20);
    if line.chars().count() <= room {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(room - 1).collect();
    cut.push('…');
    cut
}
