//! Many readers, slow readers and a hub that goes: none of them holds up checks or pages.

use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Does, Folder, PATIENCE, SHOP, Script, eventually, get, read};

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: status.example\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_and_slow_readers_hold_up_neither_checks_nor_pages() {
    let folder = Folder::new(SHOP);
    let script = Script::new(Does::Pass);
    let hub = folder.start(&script).await;
    hub.until("green", |s| s["overall"] == "operational").await;
    let mut idle = Vec::new();
    for n in 0..200 {
        let mut stream = TcpStream::connect(hub.public).await.unwrap();
        // Some say nothing at all, some half a request, and some never read what they asked for.
        match n % 3 {
            0 => {}
            1 => stream.write_all(b"GET / HT").await.unwrap(),
            _ => stream.write_all(&GET.repeat(50)).await.unwrap(),
        }
        idle.push(stream);
    }
    let before = script.runs.load(Ordering::Relaxed);
    let mut pages = 0;
    eventually("five more runs", async || {
        assert_eq!(get(hub.public, "/").await.status, 200);
        assert_eq!(get(hub.operators, "/metrics").await.status, 200);
        pages += 1;
        script.runs.load(Ordering::Relaxed) >= before + 5
    })
    .await;
    assert!(pages > 5, "pages come more often than runs, one a second: {pages}");
    hub.until("green", |s| s["overall"] == "operational").await;
    drop(idle);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_connections_and_frees_the_addresses() {
    let folder = Folder::new(SHOP);
    let hub = folder.start(&Script::new(Does::Pass)).await;
    hub.status().await;
    let sites = hub.sites;
    let mut kept = TcpStream::connect(sites.public).await.unwrap();
    kept.write_all(GET).await.unwrap();
    let mut first = [0; 16];
    kept.read_exact(&mut first).await.unwrap();
    hub.stop().await;
    let mut rest = first.to_vec();
    tokio::time::timeout(PATIENCE, kept.read_to_end(&mut rest)).await.expect("it ends").unwrap();
    assert_eq!(read(&rest).status, 200, "and the answer was whole");
    for at in [sites.public, sites.operators] {
        assert!(TcpStream::connect(at).await.is_err(), "{at} is free");
    }
}
