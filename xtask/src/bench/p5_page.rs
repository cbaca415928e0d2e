//! P5: the public page under load, beside nginx with the same bytes in the same coding and under the same header
//! fields. Both serve from one and the same core, in turns, and `wrk` asks from another.

use std::path::Path;
use std::time::Duration;

use super::row::{Bench, Goal, Measured, Row};
use super::stand::{Folder, Hub, Load, Nginx, binary, fetch, plans, wrk};

/// The row.
pub(super) const ROW: Row = Row {
    id: "P5",
    title: "the public page under load",
    peers: "nginx, same bytes, one core each",
    needs: &["wrk", "nginx", "taskset"],
    profile: None,
    measure,
};

const SERVICES: usize = 20;
const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";
const MEASURED_WITHIN: Duration = Duration::from_secs(60);
/// A browser's wish; wrk asks with the same words.
const ACCEPT: &str = "accept-encoding: br";
/// Looks until the page has been packed for its readers.
const LOOKS: usize = 100;

fn measure(bench: &Bench<'_>) -> Result<Vec<Measured>, String> {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return Err("one core for the server and one for wrk are needed".into());
    }
    let candor = binary(bench)?;
    let mut rounds = Vec::new();
    bench.each_round(|| {
        let (ours, theirs) = once(&candor)?;
        rounds.push((ours, theirs));
        let rates = format!("candor {:.0}, nginx {:.0} requests/s", ours.per_second, theirs.per_second);
        Ok(format!("{rates}; p99 {:.2} and {:.2} ms", ours.p99_ms, theirs.p99_ms))
    })?;
    Ok(values(&rounds))
}

fn values(rounds: &[(Load, Load)]) -> Vec<Measured> {
    let all = |value: fn(&(Load, Load)) -> f64| rounds.iter().map(value).collect::<Vec<f64>>();
    let ratio = |what: &str, samples, goal| Measured { what: what.into(), unit: "x", samples, goal };
    vec![
        Measured::beside("candor", "requests/s", all(|(ours, _)| ours.per_second)),
        Measured::beside("nginx", "requests/s", all(|(_, theirs)| theirs.per_second)),
        ratio(
            "candor over nginx, requests/s",
            all(|(ours, theirs)| ours.per_second / theirs.per_second),
            Goal::AtLeast(1.0),
        ),
        Measured::beside("candor, p99", "ms", all(|(ours, _)| ours.p99_ms)),
        Measured::beside("nginx, p99", "ms", all(|(_, theirs)| theirs.p99_ms)),
        ratio("candor over nginx, p99", all(|(ours, theirs)| ours.p99_ms / theirs.p99_ms), Goal::AtMost(1.0)),
    ]
}

fn once(candor: &Path) -> Result<(Load, Load), String> {
    let target = Nginx::start()?;
    let plan = plans::http(SERVICES, &target.urls(), "30s");
    let hub = Hub::start_on(candor, &plan, Some(SERVER_CORE))?;
    hub.wait_until_measured(SERVICES, MEASURED_WITHIN)?;
    let page = packed_page(&hub)?;
    let ours = load(&format!("http://{}/", hub.page()))?;
    drop(hub);
    let folder = Folder::new("page")?;
    let location = location(&folder, &page)?;
    let nginx = Nginx::serve(folder, &location, Some(SERVER_CORE))?;
    let theirs_page =
        fetch(nginx.address(), "/", &format!("{ACCEPT}\r\n")).and_then(|answer| Answer::read(&answer));
    if theirs_page.is_none_or(|theirs| theirs.body != page.body) {
        return Err("nginx does not serve the same bytes".into());
    }
    Ok((ours, load(&format!("http://{}/", nginx.address()))?))
}

fn load(url: &str) -> Result<Load, String> {
    wrk(Some(CLIENT_CORE), &["-c64", "-d10s", "-H", ACCEPT], url)
}

/// The front page once it comes packed.
fn packed_page(hub: &Hub) -> Result<Answer, String> {
    for _ in 0..LOOKS {
        let answer =
            fetch(hub.page(), "/", &format!("{ACCEPT}\r\n")).and_then(|answer| Answer::read(&answer));
        if let Some(answer) = answer.filter(|answer| answer.field("content-encoding") == Some("br")) {
            return Ok(answer);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err("the page is not packed for its readers".into())
}

/// The words of nginx's `location`, with the page as a file beside it.
fn location(folder: &Folder, page: &Answer) -> Result<String, String> {
    std::fs::write(folder.0.join("page"), &page.body).map_err(|error| error.to_string())?;
    let kept = |name: &str| !["content-type", "content-length", "date", "etag", "connection"].contains(&name);
    let fields: String = page
        .fields
        .iter()
        .filter(|(name, _)| kept(name))
        .map(|(name, value)| format!("add_header {name} \"{}\";\n", value.replace('"', "\\\"")))
        .collect();
    let media_type = page.field("content-type").unwrap_or("text/html");
    Ok(format!(
        "root {};\ntry_files /page =404;\ntypes {{}}\ndefault_type \"{media_type}\";\nopen_file_cache max=10;\n{fields}",
        folder.0.display()
    ))
}

/// An answer, taken apart.
#[derive(Debug, PartialEq)]
struct Answer {
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// `None` for anything but a whole 200.
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, body) = bytes.split_at_checked(end + 4)?;
        let mut lines = std::str::from_utf8(head).ok()?.lines();
        lines.next().filter(|status| status.contains(" 200 "))?;
        let field = |line: &str| line.split_once(": ").map(|(n, v)| (n.to_ascii_lowercase(), v.to_string()));
        Some(Self { fields: lines.filter_map(field).collect(), body: body.to_vec() })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart_and_anything_but_200_refused() {
        let answer = Answer::read(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n\xff\x00").unwrap();
        assert_eq!(
            (answer.field("content-encoding"), answer.body.as_slice()),
            (Some("br"), &b"\xff\x00"[..])
        );
        assert_eq!(Answer::read(b"HTTP/1.1 503 no\r\n\r\n"), None);
        assert_eq!(Answer::read(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
