//! The few commands of WebDriver that the tests need, over HTTP on loopback.
//!
//! Written out, because the crates for it bring more than twenty others, most of them in a second version. One
//! connection for each command; an answer is a JSON object whose `value` is the result or says what is wrong.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The key under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A session with a driver on loopback.
#[derive(Debug)]
pub(crate) struct Session {
    port: u16,
    id: String,
}

impl Session {
    /// Opens one with these capabilities.
    pub(crate) async fn open(port: u16, wanted: Value) -> Result<Self, String> {
        let body = json!({"capabilities": {"alwaysMatch": wanted}});
        let opened = request(port, "POST", "/session", Some(body)).await?;
        match opened.get("sessionId").and_then(Value::as_str) {
            Some(id) => Ok(Self { port, id: id.to_string() }),
            None => Err(format!("no session in {opened}")),
        }
    }

    /// Sends something to the session.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        request(self.port, "POST", &format!("/session/{}/{path}", self.id), Some(body)).await
    }

    /// Asks the session something.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, String> {
        request(self.port, "GET", &format!("/session/{}/{path}", self.id), None).await
    }

    /// Clicks the first element that matches.
    pub(crate) async fn click(&self, selector: &str) -> Result<Value, String> {
        let found = self.post("element", json!({"using": "css selector", "value": selector})).await?;
        let element =
            found.get(ELEMENT).and_then(Value::as_str).ok_or_else(|| format!("no element in {found}"))?;
        self.post(&format!("element/{element}/click"), json!({})).await
    }

    /// What the screen shows, as PNG.
    pub(crate) async fn screenshot(&self) -> Result<Vec<u8>, String> {
        let picture = self.get("screenshot").await?;
        picture.as_str().and_then(from_base64).ok_or_else(|| "a screenshot that is no base64".to_string())
    }

    /// Ends the session, and the browser with it.
    pub(crate) async fn close(&self) -> Result<Value, String> {
        request(self.port, "DELETE", &format!("/session/{}", self.id), None).await
    }
}

async fn request(port: u16, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let exchange = exchange(port, format!("{head}{body}").as_bytes()).await;
    let (head, body) = exchange.map_err(|error| error.to_string())?;
    let mut answer: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let value = answer.get_mut("value").map(Value::take).unwrap_or_default();
    match head.starts_with("HTTP/1.1 200") {
        true => Ok(value),
        false => Err(value.get("message").and_then(Value::as_str).unwrap_or(&head).to_string()),
    }
}

/// Head and body of the answer. The driver keeps the connection open whatever it is told, so its length decides.
async fn exchange(port: u16, request: &[u8]) -> std::io::Result<(String, Vec<u8>)> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
    stream.write_all(request).await?;
    let (mut head, mut length) = (String::new(), 0);
    while stream.read_line(&mut head).await? > 2 {
        let line = head.lines().next_back().unwrap_or_default().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((head, body))
}

/// RFC 4648 section 4; `None` for anything else.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).ok()?);
        }
    }
    Some(bytes)
}
