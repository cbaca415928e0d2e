//! The browser that the tests of the pages use does what they rely on, shown on a page of a few lines.

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use support::browser::{Browser, Scheme, Screen};

const LIMIT: Duration = Duration::from_secs(20);

const PAGE: &str = r#"<!doctype html><meta name="viewport" content="width=device-width">
<style>
  @media (prefers-color-scheme: dark) { h1::after { content: "dark"; } }
</style>
<h1>All is well</h1>
<button onclick="document.querySelector('p').textContent = 'pressed'">Press</button>
<p>not pressed</p>
<script>
  setTimeout(() => { document.querySelector('h1').textContent = 'Something has changed'; }, 300);
</script>
"#;

/// Serves the page on loopback until the test ends.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap_or(0);
            if read > 0 {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close";
                drop(write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len()));
            }
        }
    });
    address
}

#[tokio::test]
async fn a_page_is_read_waited_for_and_clicked() {
    let address = serve();
    let browser = Browser::open(Scheme::Light, Screen::Desktop).await;
    browser.goto(&format!("http://{address}/")).await;
    browser.wait_for_text("h1", "Something has changed", LIMIT).await;
    browser.click("button").await;
    browser.wait_until("document.querySelector('p').textContent === 'pressed'", LIMIT).await;
    browser.screenshot("smoke").await;
    browser.close().await;
}

#[tokio::test]
async fn dark_phones_without_scripts_are_imitated() {
    let address = serve();
    let browser = Browser::open(Scheme::Dark, Screen::Phone).await;
    browser.allow_scripts(false).await;
    browser.goto(&format!("http://{address}/")).await;
    let mark = "getComputedStyle(document.querySelector('h1'), '::after').content";
    browser.wait_until(&format!("{mark} === '\"dark\"'"), LIMIT).await;
    assert_eq!(browser.run("return window.innerWidth;", Vec::new()).await, 390);
    assert!(!browser.is_too_wide().await);
    browser.click("button").await;
    assert_eq!(browser.text("p").await.as_deref(), Some("not pressed"), "scripts of the page do not run");
    browser.look(Scheme::Light).await;
    browser.wait_until(&format!("{mark} === 'none'"), LIMIT).await;
    browser.screenshot_whole("smoke-phone").await;
}
