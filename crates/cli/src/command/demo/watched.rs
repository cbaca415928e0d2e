//! What a demo watches: its config, filled in for an estate and for how many places it has.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use candor_estate::{DEVELOPER_PASSWORD, DEVELOPER_USER, Estate, PROBE_PASSWORD, PROBE_USER, Region};

use crate::args::DemoArgs;

/// The demo's config, with words to fill in.
const CONFIG: &str = include_str!("../demo.yaml");

/// What is uploaded to see whether uploads work, and its SHA-256.
const BUILD: &str = "candor demo build";
const BUILD_SHA256: &str = "de1da10baf9da42b5c39415b5cd201d3fdedca3b67423b9e7414a42cd007a7fd";

/// Up to so many places everything is looked at every five seconds.
const FEW: usize = 8;

/// The config of a demo.
pub(super) fn config(estate: &Estate, folder: &Path, args: &DemoArgs) -> String {
    let urls = estate.urls();
    let codes: Vec<&str> = urls.places().iter().map(|place| place.code).collect();
    // With 41 places that is some fifty journeys a second, which two cores carry beside the shop and its customers.
    let [browse, view, buy, download, other] = match codes.len() <= FEW {
        true => ["5s"; 5],
        false => ["10s", "15s", "15s", "15s", "15s"],
    };
    // With room for a machine that is busy: what is slow for a moment is no trouble of the shop's.
    let [timeout, deadline, within] = match codes.len() <= FEW {
        true => ["2s", "4s", "1500ms"],
        false => ["4s", "8s", "2500ms"],
    };
    let mut text = CONFIG.to_owned();
    for (word, value) in [
        ("@LISTEN@", args.listen.to_string()),
        ("@OPERATE@", args.operate_listen.to_string()),
        ("@LEDGER@", folder.join("candor.db").display().to_string()),
        ("@PLACES@", codes.iter().map(|code| format!("{code}: {{}}")).collect::<Vec<_>>().join(", ")),
        ("@VANTAGES@", vantages(estate, &codes)),
        ("@SERVERS@", servers(estate)),
        ("@BROWSE@", browse.to_owned()),
        ("@VIEW@", view.to_owned()),
        ("@BUY@", buy.to_owned()),
        ("@DOWNLOAD@", download.to_owned()),
        ("@OTHER@", other.to_owned()),
        ("@TIMEOUT@", timeout.to_owned()),
        ("@DEADLINE@", deadline.to_owned()),
        ("@WITHIN@", within.to_owned()),
        ("@PORT@", urls.port().to_string()),
        ("@CA@", estate.ca_file().display().to_string()),
        ("@USER@", PROBE_USER.to_owned()),
        ("@PASSWORD@", PROBE_PASSWORD.to_owned()),
        ("@DEVELOPER@", DEVELOPER_USER.to_owned()),
        ("@DEVELOPER_PASSWORD@", DEVELOPER_PASSWORD.to_owned()),
        ("@BUILD@", BUILD.to_owned()),
        ("@BUILD_SHA256@", BUILD_SHA256.to_owned()),
    ] {
        text = text.replace(word, &value);
    }
    text
}

/// The name servers of the shop's zone, with their names.
fn servers(estate: &Estate) -> String {
    let servers = estate.name_servers().into_iter().enumerate();
    let servers = servers.map(|(n, (_, address))| format!("ns{}.shop.example@{address}", n + 1));
    servers.collect::<Vec<_>>().join(", ")
}

/// A vantage for each part of the world that has places here, which asks the copy of the zone of that part.
fn vantages(estate: &Estate, codes: &[&str]) -> String {
    let mut parts: BTreeMap<Region, (SocketAddr, Vec<&str>)> = BTreeMap::new();
    for &code in codes {
        let part = parts.entry(Region::of(code)).or_insert_with(|| (estate.dns_of(code), Vec::new()));
        part.1.push(code);
    }
    let mut text = String::new();
    for (region, (dns, codes)) in parts {
        let (id, name) = match region {
            Region::West => ("west", "the west"),
            Region::East => ("east", "the east"),
            Region::India => ("india", "India"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {id}: {{name: {name}, in: [{}], resolve: {{servers: [\"{dns}\"]}}}}",
            codes.join(", ")
        );
    }
    text
}
