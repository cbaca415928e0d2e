//! What is told to whom, and how.

use std::io::Read;

use candor_core::fault::Kind;

use crate::support::{
    ADDRESS, DETAIL, Does, Folder, Running, SAW, SHOP, Script, TARGET, ask, eventually, get, read,
};

async fn failing(folder: &Folder) -> Running {
    let hub = folder.start(&Script::new(Does::Fail(Kind::ConnectRefused))).await;
    hub.until("an incident", |s| s["incidents"][0]["state"] == "investigating").await;
    hub
}

/// Every page that the site's own pages lead to.
async fn pages(at: std::net::SocketAddr) -> Vec<(String, String)> {
    let mut found = vec!["/".to_string(), "/api/v1/status".to_string(), "/api/v1/live".to_string()];
    let mut read = Vec::new();
    while let Some(path) = found.get(read.len()).cloned() {
        let answer = get(at, &path).await;
        assert_eq!(answer.status, 200, "{path}");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let links = text.split("href=\"").skip(1).chain(text.split("src=\"").skip(1));
        for link in links.filter_map(|rest| rest.split(['"', '#']).next()) {
            if link.starts_with('/') && !found.iter().any(|known| known == link) {
                found.push(link.to_string());
            }
        }
        read.push((path, text));
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_get_no_address_detail_or_evidence_and_operators_get_all_of_it() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    let public = pages(hub.public).await;
    assert!(public.iter().any(|(path, _)| path == "/incidents/1"), "{:?}", public.iter().map(|p| &p.0));
    for (path, text) in &public {
        for secret in [ADDRESS, TARGET, DETAIL, SAW, "192.0.2.2"] {
            assert!(!text.contains(secret), "{secret} is in {path}");
        }
    }
    let details = hub.until_details("evidence", |d| !d["cells"][0]["votes"][0]["evidence"].is_null()).await;
    let page = get(hub.operators, "/services/shop").await.text();
    for known in [ADDRESS, TARGET, DETAIL, SAW] {
        assert!(details.to_string().contains(known), "{known} is not in {details:#}");
        assert!(page.contains(known), "{known} is not in {page}");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health_are_for_operators_only() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    assert_eq!(get(hub.public, "/metrics").await.status, 404);
    assert_eq!(get(hub.public, "/healthz").await.status, 404);
    assert_eq!(get(hub.operators, "/healthz").await.status, 200);
    let metrics = get(hub.operators, "/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = metrics.text();
    assert!(text.contains("candor_cell_verdict{cell=\"shop/buy\",verdict=\"outage\"} 1\n"), "{text}");
    assert!(text.contains("candor_cell_verdict{cell=\"shop/buy\",verdict=\"operational\"} 0\n"), "{text}");
    let helped = text.lines().filter(|line| line.starts_with("# HELP ")).count();
    assert_eq!(helped, text.lines().filter(|line| line.starts_with("# TYPE ")).count());
    let mut names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    names.dedup();
    assert_eq!(names.len(), helped, "no metric is described twice");
    hub.stop().await;
}

/// The table of docs/operating.md, and what is served.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_metrics_is_what_is_served() {
    let folder = Folder::new(SHOP);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    hub.status().await;
    let text = get(hub.operators, "/metrics").await.text();
    let mut served: Vec<String> = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = line.split_once(' ').unwrap();
        let kind = text.lines().find_map(|l| l.strip_prefix(&format!("# TYPE {name} "))).unwrap();
        served.push(format!("| `{name}` | {kind} | {help} |"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let written: Vec<_> = docs.lines().filter(|line| line.starts_with("| `candor_")).collect();
    assert_eq!(written, served, "docs/operating.md should say:\n{}", served.join("\n"));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_has_its_headers() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    for at in [hub.public, hub.operators] {
        for path in ["/", "/api/v1/status", "/history", "/no-such-page"] {
            let answer = get(at, path).await;
            let csp = answer.header("content-security-policy");
            assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"), "{path}: {csp}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(answer.header("cache-control"), "no-cache", "{path}");
            assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{path}");
        }
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused_and_other_paths_get_a_page() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    for at in [hub.public, hub.operators] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
            let answer = ask(at, method, "/", "").await;
            assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method}");
        }
        let missing = get(at, "/no/such/page").await;
        assert_eq!((missing.status, missing.header("content-type")), (404, "text/html; charset=utf-8"));
        assert_eq!(get(at, "/services/shop/").await.status, 200, "a trailing slash makes no difference");
        assert_eq!(get(at, "/?utm=1").await.status, 200, "nor does a query");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn head_has_the_headers_of_get_and_no_body() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    let style = stylesheet(&get(hub.public, "/").await.text());
    let whole = get(hub.public, &style).await;
    let head = ask(hub.public, "HEAD", &style, "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-length", "content-type", "etag", "cache-control", "vary"] {
        assert!(!head.header(name).is_empty(), "{name}");
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    assert_eq!(ask(hub.public, "HEAD", "/no-such-page", "").await.status, 404);
    hub.stop().await;
}

fn stylesheet(page: &str) -> String {
    let link = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    link.into_iter().find(|link| link.ends_with(".css")).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_reader_has_is_not_sent_again() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    let style = stylesheet(&get(hub.public, "/").await.text());
    let first = get(hub.public, &style).await;
    assert_eq!(first.header("cache-control"), "public, max-age=31536000, immutable");
    let etag = first.header("etag");
    for tags in
        [etag.to_string(), format!("\"other\", {etag}"), etag.trim_start_matches("W/").into(), "*".into()]
    {
        let again = ask(hub.public, "GET", &style, &format!("if-none-match: {tags}\r\n")).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{tags}");
        assert_eq!(again.header("etag"), etag);
    }
    let other = ask(hub.public, "GET", &style, "if-none-match: \"other\"\r\n").await;
    assert_eq!((other.status, other.body), (200, first.body));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codings_are_negotiated_and_decode_to_the_same_bytes() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    let style = stylesheet(&get(hub.public, "/").await.text());
    let plain = get(hub.public, &style).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
    for (accepted, coding) in [
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", ""),
        ("deflate", ""),
    ] {
        let accepts = format!("accept-encoding: {accepted}\r\n");
        // The first reader may get it plain.
        eventually(accepted, async || {
            ask(hub.public, "GET", &style, &accepts).await.header("content-encoding") == coding
        })
        .await;
        let packed = ask(hub.public, "GET", &style, &accepts).await;
        assert_eq!(packed.header("etag"), plain.header("etag"));
        let mut body = Vec::new();
        match coding {
            "br" => brotli::Decompressor::new(&*packed.body, 4096).read_to_end(&mut body).unwrap(),
            "gzip" => flate2::read::GzDecoder::new(&*packed.body).read_to_end(&mut body).unwrap(),
            _ => (&*packed.body).read_to_end(&mut body).unwrap(),
        };
        assert_eq!(body, plain.body, "{accepted}");
        assert!(coding.is_empty() || packed.body.len() < plain.body.len());
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_head_without_end_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    let mut stream = tokio::net::TcpStream::connect(hub.public).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: status.example\r\nx-long: ").await.unwrap();
    let more = vec![b'x'; 1 << 20];
    // The hub may hang up before it has read all of it.
    let _ = stream.write_all(&more).await;
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(crate::support::PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "the connection is cut");
    if !bytes.is_empty() {
        assert_eq!(read(&bytes).status, 431);
    }
    assert_eq!(get(hub.public, "/").await.status, 200);
    hub.stop().await;
}

/// The status line's number for these very bytes, on a connection of their own.
async fn raw(at: std::net::SocketAddr, request: &str) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(at).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    // Nothing more is asked; the answer comes all the same.
    stream.shutdown().await.unwrap();
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(crate::support::PATIENCE, stream.read_to_end(&mut bytes)).await;
    ended.expect("an answer ends").unwrap();
    read(&bytes).status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_its_host_once_and_well() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    for at in [hub.public, hub.operators] {
        for (fields, status) in [
            ("", 400),
            ("host: 127.0.0.1\r\nhost: 127.0.0.1\r\n", 400),
            ("host: a b\r\n", 400),
            ("host: http://127.0.0.1/\r\n", 400),
            ("host: 127.0.0.1:x\r\n", 400),
            ("host: 127.0.0.1:80\r\n", 200),
            ("host: [::1]:80\r\n", 200),
        ] {
            assert_eq!(raw(at, &format!("GET / HTTP/1.1\r\n{fields}\r\n")).await, status, "{fields:?}");
        }
        assert_eq!(raw(at, "GET / HTTP/1.0\r\n\r\n").await, 200, "the old version goes without");
        assert_eq!(raw(at, "GET / HTTP/1.1\r\n\r\n").await, 400);
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_site_answers_to_any_name_and_operators_to_none_that_a_stranger_can_own() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    let of = |host: &str| format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
    for (host, operators) in [
        ("status.example", 421),
        ("127.0.0.1.rebound.example:8081", 421),
        ("localhost:8081", 200),
        ("candor:8081", 200),
        ("192.0.2.7", 200),
    ] {
        assert_eq!(raw(hub.public, &of(host)).await, 200, "{host}");
        assert_eq!(raw(hub.operators, &of(host)).await, operators, "{host}");
    }
    let metrics = "GET /metrics HTTP/1.1\r\nhost: rebound.example\r\n\r\n";
    assert_eq!(raw(hub.operators, metrics).await, 421);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_made_when_it_is_asked_for_and_a_path_has_one_form() {
    let folder = Folder::new(SHOP);
    let hub = failing(&folder).await;
    let asks = (0..100).map(|_| tokio::spawn(get(hub.public, "/services/shop")));
    let mut tags = std::collections::BTreeSet::new();
    for asked in asks.collect::<Vec<_>>() {
        let answer = asked.await.unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
        tags.insert(answer.header("etag").to_owned());
    }
    assert!(tags.len() <= 5, "all who ask at once get the same page: {tags:?}");
    for path in ["/services/none", "/incidents/01", "/incidents/+1", "/incidents/x", "/services/shop/x"] {
        assert_eq!(get(hub.public, path).await.status, 404, "{path}");
    }
    for path in ["/services", "/services/shop", "/history", "/incidents/1", "/services/shop/"] {
        assert_eq!(get(hub.public, path).await.status, 200, "{path}");
    }
    hub.stop().await;
}
