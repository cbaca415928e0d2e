//! Downloads that break off are resumed, by curl too, and checked by their digests.

use std::time::Duration;

use candor_estate::catalogue::Shelf;
use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::customer::Customer;
use crate::estate;
use crate::programs::run;

/// Bytes of a film.
const FILM: u64 = 1_500_000;

#[tokio::test(flavor = "multi_thread")]
async fn curl_resumes_a_download_that_stopped_making_progress() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    assert_eq!(customer.order(&token, "us", "salt-and-ladders", "film").await.unwrap().status, 201);
    let told =
        customer.get(&format!("{}/items/salt-and-ladders", customer.urls.delivery())).await.unwrap().json();

    let folder = tempfile::tempdir().unwrap();
    let port = customer.urls.port();
    let at = format!("cdn.shop.example:{port}:{}", customer.address("cdn.shop.example").await);
    let (url, bearer) = (
        format!("{}/items/salt-and-ladders/file", customer.urls.delivery()),
        format!("Authorization: Bearer {token}"),
    );
    let curl = |more: &[&str]| {
        let words =
            ["--silent", "--show-error", "--fail", "--noproxy", "*", "--resolve", &at, "--header", &bearer];
        let words = [&words, more, &["--output", "film", &url]].concat();
        run("curl", "curl", &words, folder.path())
    };
    let size = || std::fs::metadata(folder.path().join("film")).map_or(0, |file| file.len());

    estate.pull("downloads-stall").await.unwrap();
    // Slower than a byte in a second for three of them: curl gives up with 28.
    let stalled = curl(&["--speed-limit", "1", "--speed-time", "3"]);
    assert_eq!((stalled.status.code(), size()), (Some(28), FILM / 5), "{stalled:?}");
    estate.mend("downloads-stall").await.unwrap();
    let resumed = curl(&["-C", "-", "--dump-header", "fields"]);
    assert!(resumed.status.success(), "{resumed:?}");

    let film = std::fs::read(folder.path().join("film")).unwrap();
    let fields = std::fs::read_to_string(folder.path().join("fields")).unwrap().to_lowercase();
    assert_eq!((film.len() as u64, told["size"].as_u64()), (FILM, Some(FILM)));
    assert!(
        fields.starts_with("http/1.1 206") && fields.contains("content-range: bytes 300000-1499999/1500000")
    );
    assert_eq!(Some(format!("{:x}", Sha256::digest(&film)).as_str()), told["sha256"].as_str());
    estate.stop().await;
}

#[tokio::test]
async fn ranges_validators_and_digests_are_those_of_one_file() {
    let estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    let order = customer.order(&token, "gb", "a-pocket-of-primes", "k").await.unwrap().json();
    let receipt = order["order"].as_str().unwrap();
    let url = format!("{}/items/a-pocket-of-primes/file?receipt={receipt}", customer.urls.delivery());
    let ask =
        async |method: &str, fields: &[(&str, &str)]| customer.ask(method, &url, fields, "").await.unwrap();

    let whole = ask("GET", &[]).await;
    let digest = format!("sha-256=:{}:", BASE64.encode(&Sha256::digest(&whole.body)));
    assert_eq!((whole.status, whole.header("repr-digest")), (200, digest.as_str()));
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let etag = whole.header("etag").to_owned();

    let part = ask("GET", &[("range", "bytes=7-"), ("if-range", &etag)]).await;
    assert_eq!((part.status, part.header("repr-digest")), (206, digest.as_str()));
    assert_eq!(part.body, whole.body.slice(7..));
    let last = ask("GET", &[("range", "bytes=-5")]).await;
    assert_eq!((last.status, &last.body), (206, &whole.body.slice(whole.body.len() - 5..)));
    // A weak tag, a date and another tag never say that the bytes are the same.
    for tag in [format!("W/{etag}"), "Wed, 11 Mar 2015 09:00:00 GMT".to_owned(), "\"old\"".to_owned()] {
        let all = ask("GET", &[("range", "bytes=7-"), ("if-range", &tag)]).await;
        assert_eq!((all.status, all.body.len()), (200, whole.body.len()), "{tag}");
    }
    let several = ask("GET", &[("range", "bytes=0-1,5-6")]).await;
    assert_eq!((several.status, several.body.len()), (200, whole.body.len()));
    let beyond = ask("GET", &[("range", "bytes=120000-")]).await;
    assert_eq!(
        (beyond.status, beyond.header("content-range"), beyond.header("repr-digest")),
        (416, "bytes */120000", "")
    );
    let head = ask("HEAD", &[("range", "bytes=0-9")]).await;
    assert_eq!((head.status, head.header("content-length")), (200, "120000"), "ranges are for GET");
    assert_eq!(ask("GET", &[("if-none-match", &etag)]).await.status, 304);
    estate.stop().await;
}

#[tokio::test]
async fn nobody_downloads_while_it_cannot_be_known_who_bought() {
    let mut estate = estate().await;
    let customer = Customer::of(&estate);
    let token = customer.token().await;
    assert_eq!(customer.order(&token, "gb", "larder", "k").await.unwrap().status, 201);
    let url = format!("{}/items/larder/file", customer.urls.delivery());
    let status = async |token: &str| customer.with(token, "GET", &url, None).await.unwrap().status;
    assert_eq!((status(&token).await, status("nonsense").await), (200, 401));
    for lever in ["process-dies", "sign-in-dies", "internal-name-gone"] {
        estate.pull(lever).await.unwrap();
        let mut now = status(&token).await;
        for _ in 0..200 {
            if now != 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            now = status(&token).await;
        }
        assert_eq!(now, 503, "{lever}");
        let front = customer.get(&customer.store(Shelf::Apps, "gb")).await.unwrap();
        assert_eq!(front.status, 200);
        estate.mend(lever).await.unwrap();
        assert_eq!(status(&token).await, 200, "{lever}");
    }
    estate.stop().await;
}
