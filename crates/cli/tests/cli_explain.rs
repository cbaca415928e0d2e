//! `candor explain` as people use it: a private tree on loopback, the sentence and the tree, JSON, a picture, a URL, and what
//! it says where it cannot walk.

mod support;

use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use candor_names::{ServeOptions, Server, Zone};
use regex::Regex;
use support::candor::run;
use tokio::sync::oneshot;

const ROOT: &str = "127.78.0.10";
const TEST: &str = "127.78.0.11";
const NS1: &str = "127.78.0.12";
const NS2: &str = "127.78.0.13";

const SHOP: &str = "$ORIGIN shop.test.\n$TTL 300\n@ SOA ns1 hostmaster 100 600 300 86400 60\n@ NS ns1\n@ NS ns2\nns1 A 127.78.0.12\n\
                    ns2 A 127.78.0.13\nwww A 127.0.0.1\napi A 192.0.2.20\nlogin CNAME edge\nedge A 192.0.2.30\n";

/// A root, `test.` and two servers of `shop.test.`, in this process; they end with the test.
struct Tree {
    port: u16,
    folder: tempfile::TempDir,
    _stop: Vec<oneshot::Sender<()>>,
}

/// What `test.` says of the zone.
const DELEGATION: &str =
    "shop NS ns1.shop\nshop NS ns2.shop\nns1.shop A 127.78.0.12\nns2.shop A 127.78.0.13\n";

impl Tree {
    async fn with(one: &str, two: &str) -> Self {
        Self::of(DELEGATION, one, two).await
    }

    async fn of(delegation: &str, one: &str, two: &str) -> Self {
        let port = free_port();
        let root = format!(
            "$ORIGIN .\n$TTL 300\n@ SOA a.root h.root 1 600 300 86400 60\n@ NS a.root\na.root A {ROOT}\ntest NS ns.test\nns.test A {TEST}\n"
        );
        let test = format!(
            "$ORIGIN test.\n$TTL 300\n@ SOA ns h 7 600 300 86400 60\n@ NS ns\nns A {TEST}\n{delegation}"
        );
        let mut stops = Vec::new();
        for (ip, text) in [(ROOT, root.as_str()), (TEST, &test), (NS1, one), (NS2, two)] {
            let at = SocketAddr::new(ip.parse::<IpAddr>().expect("an address of the test"), port);
            let zone = Zone::parse(text, None, "test.zone").expect("a zone of the test");
            let server = Server::bind_with(&[at], vec![zone], ServeOptions::default())
                .await
                .expect("the port was free");
            let (stop, stopped) = oneshot::channel::<()>();
            tokio::spawn(server.run(async move {
                let _ = stopped.await;
            }));
            stops.push(stop);
        }
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::write(folder.path().join("root.hints"), format!(". NS a.root.\na.root. A {ROOT}\n"))
            .expect("hints can be written");
        Self { port, folder, _stop: stops }
    }

    /// What `candor explain` says with these arguments, and its exit code.
    async fn explain(&self, words: &[&str]) -> (String, Option<i32>) {
        let folder = self.folder.path().to_owned();
        let port = self.port.to_string();
        let mut all = vec![
            "explain".to_owned(),
            "--hints".to_owned(),
            "root.hints".to_owned(),
            "--port".to_owned(),
            port,
        ];
        all.extend(words.iter().map(|word| (*word).to_owned()));
        let done = tokio::task::spawn_blocking(move || {
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let done = run(&folder, &all);
            (done.out, done.code)
        });
        done.await.expect("the command was run")
    }
}

fn free_port() -> u16 {
    loop {
        let port =
            UdpSocket::bind((NS1, 0)).and_then(|socket| socket.local_addr()).expect("a port is free").port();
        if [ROOT, TEST, NS1, NS2].into_iter().all(|ip| TcpListener::bind((ip, port)).is_ok()) {
            return port;
        }
    }
}

/// Times as letters.
fn steady(text: &str) -> String {
    let ms = Regex::new(r"\d+ ms").expect("a pattern of the test").replace_all(text, "N ms").into_owned();
    Regex::new(r"in \d+\.\d s").expect("a pattern of the test").replace_all(&ms, "in N s").into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_healthy_name_is_told_with_its_tree() {
    let tree = Tree::with(SHOP, SHOP).await;
    let (said, code) = tree.explain(&["login.shop.test"]).await;
    assert_eq!(code, Some(0), "{said}");
    insta::assert_snapshot!(steady(&said));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_gone_is_told_with_what_to_do() {
    let gone = SHOP.replace("api A 192.0.2.20\n", "").replace(" 100 600", " 101 600");
    let tree = Tree::with(&gone, &gone).await;
    std::fs::write(tree.folder.path().join("yesterday.zone"), SHOP).expect("a zone can be written");
    let (said, code) = tree.explain(&["api.shop.test", "--expected-zone", "yesterday.zone"]).await;
    assert_eq!(code, Some(1), "{said}");
    insta::assert_snapshot!(steady(&said));
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_get_one_object_in_the_shape_that_was_promised() {
    let blank = "$ORIGIN shop.test.\n$TTL 300\n@ SOA ns1 hostmaster 100 600 300 86400 60\n@ NS ns1\n@ NS ns2\nns1 A 127.78.0.12\nns2 A 127.78.0.13\n";
    let tree = Tree::with(SHOP, blank).await;
    let (said, code) = tree.explain(&["api.shop.test", "--format", "json"]).await;
    assert_eq!(code, Some(1), "{said}");
    let answer: serde_json::Value = serde_json::from_str(&said).expect("it is JSON");
    assert_eq!((answer["class"].as_str(), answer["name"].as_str()), (Some("F5"), Some("api.shop.test.")));
    assert_eq!(answer["where"].as_str(), Some("ns2.shop.test (127.78.0.13)"));
    for key in ["seen", "expected", "since", "act", "words"] {
        assert!(answer.get(key).is_some(), "{key} is missing: {said}");
    }
    let servers = answer["servers"].as_array().expect("a list");
    let of_shop: Vec<_> = servers.iter().filter(|server| server["zone"] == "shop.test.").collect();
    assert_eq!(of_shop.len(), 2);
    let rcodes: Vec<_> = of_shop.iter().filter_map(|server| server["rcode"].as_str()).collect();
    assert_eq!(rcodes, ["NOERROR", "NXDOMAIN"]);
    for key in ["zone", "server", "address", "rcode", "aa", "serial", "answer", "took_ms"] {
        assert!(of_shop.iter().all(|server| server.get(key).is_some()), "{key} is missing: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_of_the_delegation_is_a_whole_svg() {
    let tree = Tree::with(SHOP, SHOP).await;
    let (said, code) = tree.explain(&["www.shop.test", "--format", "svg"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("<svg xmlns=") && said.trim_end().ends_with("</svg>"), "{said}");
    for part in ["shop.test.", "ns1.shop.test.", "127.78.0.13", "serial 100"] {
        assert!(said.contains(part), "{part} is not in the picture");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_whose_name_is_right_and_where_nobody_listens_is_not_dns() {
    let tree = Tree::with(SHOP, SHOP).await;
    let closed = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port is free")
        .port();
    let (said, code) = tree.explain(&[&format!("http://www.shop.test:{closed}/")]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("not DNS\n"), "{said}");
    assert!(said.contains("www.shop.test leads to 127.0.0.1"), "{said}");
}

/// Answers every request with a redirect to another host, until the test ends.
fn redirecting() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has one").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 2048];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let answer = "HTTP/1.1 301 Moved Permanently\r\nlocation: http://elsewhere.test/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_redirects_to_another_host_is_not_accused_for_that_hosts_name() {
    let tree = Tree::with(SHOP, SHOP).await;
    let port = redirecting();
    let (said, code) = tree.explain(&[&format!("http://www.shop.test:{port}/")]).await;
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_walk_is_possible_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let said = |words: &[&str]| {
        let done = run(folder.path(), words);
        (done.out, done.code)
    };
    // Nobody listens there: an address of the loopback network, and a port that is closed.
    let port = free_port();
    let (text, code) =
        said(&["explain", "www.shop.test", "--stub", &format!("shop.test=127.78.0.99:{port}")]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("F11  "), "{text}");
    std::fs::write(folder.path().join("root.hints"), ". NS a.root.\na.root. A 127.78.0.99\n")
        .expect("hints can be written");
    let (text, code) =
        said(&["explain", "www.shop.test", "--hints", "root.hints", "--port", &port.to_string()]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.starts_with("not known\n"), "{text}");
}

#[test]
fn arguments_that_are_none_are_answered_with_what_to_write() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("bad.hints"), "test. NS a.\n").expect("hints can be written");
    let said = |words: &[&str]| {
        let done = run(folder.path(), words);
        assert_eq!(done.code, Some(2), "{}", done.all());
        done.all()
    };
    let dark = |path: &Path| path.display().to_string();
    let all = [
        said(&["explain"]),
        said(&["explain", "a..b"]),
        said(&["explain", "shop.test/WHAT"]),
        said(&["explain", "192.0.2.1"]),
        said(&["explain", "shop.test/any"]),
        said(&["explain", "shop.test", "--hints", "/dev/zero"]),
        said(&["explain", "shop.test", "--stub", "corp=127.0.0.1", "--expected-zone", "/dev/zero"]),
        said(&["explain", "ftp://shop.test/"]),
        said(&["explain", "https://"]),
        said(&["explain", "shop.test", "--hints", "bad.hints"]),
        said(&["explain", "shop.test", "--hints", "none.hints"]),
        said(&["explain", "shop.test", "--stub", "corp"]),
        said(&["explain", "shop.test", "--stub", "corp=127.0.0.1", "--expected", "shop.test"]),
        said(&["explain", "shop.test", "--stub", "corp=127.0.0.1", "--expected-zone", "none.zone"]),
        said(&["explain", "shop.test", "--resolver", "nobody"]),
        said(&["explain", "shop.test", "--rdap", "somewhere"]),
    ];
    insta::assert_snapshot!(all.join("---\n").replace(&dark(folder.path()), "FOLDER"));
}

/// Answers every HTTP request with what `answer` makes of its path, until the test ends.
fn registry(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has one").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let read = std::io::Read::read(&mut stream, &mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(request.get(..read).unwrap_or_default()).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default();
            let _ = std::io::Write::write_all(&mut stream, &answer(path));
        }
    });
    format!("http://127.0.0.1:{port}")
}

fn http(status: &str, content: &str) -> Vec<u8> {
    let length = content.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/rdap+json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{content}").into_bytes()
}

/// What a registry says of the domain that ends then.
fn domain(ends: &str, status: &str) -> String {
    format!(
        r#"{{"objectClassName":"domain","ldhName":"shop.test","status":["{status}"],"events":[{{"eventAction":"expiration","eventDate":"{ends}"}}]}}"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_domain_that_is_gone_is_told_with_what_its_registry_says() {
    let tree = Tree::of("", SHOP, SHOP).await;
    let words = async |answer: Vec<u8>| {
        let url = registry(
            move |path| if path == "/domain/shop.test" { answer.clone() } else { http("500 Bad", "") },
        );
        let (said, code) = tree.explain(&["www.shop.test", "--rdap", &url, "--format", "json"]).await;
        let said: serde_json::Value = serde_json::from_str(&said).expect("it is JSON");
        assert_eq!((code, said["class"].as_str()), (Some(1), Some("F10")), "{said}");
        assert_eq!(said["notes"].as_array().map(Vec::len), Some(0), "{said}");
        said["words"].as_str().unwrap_or_default().to_owned()
    };
    let all = [
        words(http("200 OK", &domain("2020-10-01T00:00:00Z", "active"))).await,
        words(http("200 OK", &domain("2999-10-01T00:00:00Z", "server hold"))).await,
        words(http("200 OK", &domain("2999-10-01T00:00:00Z", "active"))).await,
        words(http("200 OK", r#"{"objectClassName":"domain","ldhName":"shop.test"}"#)).await,
        words(http("404 Not Found", r#"{"errorCode":404}"#)).await,
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_ends_soon_is_mentioned_beside_a_name_that_is_well() {
    let tree = Tree::with(SHOP, SHOP).await;
    let said = async |seconds: i64| {
        let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        let url = registry(move |_| http("200 OK", &domain(&ends.to_string(), "active")));
        let (said, code) = tree.explain(&["www.shop.test", "--rdap", &url]).await;
        assert_eq!(code, Some(0), "{said}");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let day = 86_400;
    assert!(said(10 * day).await.contains("also The registration of shop.test ends on "));
    assert!(said(-day).await.contains("also The registration of shop.test ended on "));
    assert!(!said(40 * day).await.contains("registration"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_registries_leads_to_the_one_that_is_asked() {
    let tree = Tree::of("", SHOP, SHOP).await;
    let one = registry(|_| http("200 OK", &domain("2020-10-01T00:00:00Z", "active")));
    let list = registry(move |_| {
        http(
            "200 OK",
            &format!(r#"{{"services":[[["example"],["http://127.0.0.1:1/"]],[["test"],["{one}/v1/"]]]}}"#),
        )
    });
    let (said, code) = tree.explain(&["www.shop.test", "--rdap", &format!("{list}/dns.json")]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("The registration of shop.test ended on 2020-10-01"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_registry_answers_amiss_is_a_note_and_changes_nothing() {
    let tree = Tree::with(SHOP, SHOP).await;
    let note = async |url: &str, within: &str| {
        let words = ["www.shop.test", "--rdap", url, "--within", within, "--format", "json"];
        let (said, code) = tree.explain(&words).await;
        let said: serde_json::Value = serde_json::from_str(&said).expect("it is JSON");
        assert_eq!((code, said["class"].as_str()), (Some(0), Some("healthy")), "{said}");
        let note = said["notes"][0]
            .as_str()
            .unwrap_or_default()
            .replace(url, "URL")
            .replace(url.trim_start_matches("http://"), "HOST");
        assert!(note.len() < 400 && !note.contains('\u{1b}'), "{note}");
        note
    };
    let closed = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port is free")
        .port();
    let endless = vec![b'['; 4 << 20];
    let mut stream = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    stream.extend_from_slice(&endless);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let silent_at = format!("http://{}", silent.local_addr().expect("it has one"));
    let all = [
        note(&format!("http://127.0.0.1:{closed}"), "20").await,
        note(&registry(|_| http("200 OK", "<html>\u{1b}]0;x\u{7}")), "20").await,
        note(&registry(|_| http("200 OK", r#"{"objectClassName":"domain","ldhName":"other.test"}"#)), "20")
            .await,
        note(
            &registry(|_| {
                http("200 OK", r#"{"objectClassName":"domain","ldhName":"shop.test","events":"\u001b[31m"}"#)
            }),
            "20",
        )
        .await,
        note(&registry(move |_| stream.clone()), "20").await,
        note(&registry(|_| http("503 Busy", "")), "20").await,
        note(&silent_at, "2").await,
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expectation_that_could_not_be_used_is_said_to_be_unused() {
    let tree = Tree::with(SHOP, SHOP).await;
    let (said, code) = tree
        .explain(&[
            "www.shop.test",
            "--expected",
            "api.shop.test A 192.0.2.99",
            "--expected",
            "mail.elsewhere.test A 192.0.2.1",
        ])
        .await;
    assert_eq!(code, Some(0), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("also api.shop.test answers A 192.0.2.20, which is not what is expected: A 192.0.2.99"),
        "{said}"
    );
    assert!(said.contains("note --expected mail.elsewhere.test A was not used"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_many_kilobytes_fills_no_terminal() {
    let long = (0..60).map(|_| format!("\"{}\"", "t".repeat(200))).collect::<Vec<_>>().join(" ");
    let zone = format!("{SHOP}big TXT {long}\n");
    let tree = Tree::with(&zone, &zone).await;
    let (said, code) = tree.explain(&["big.shop.test/TXT"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.lines().count() < 30 && said.lines().all(|line| line.chars().count() <= 80), "{said}");
}
