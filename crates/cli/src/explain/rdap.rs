//! What a registry says of a domain (RDAP, RFC 9082 and 9083): when its registration ends, and what keeps it out of the DNS.
//!
//! The answer is anybody's: it is bounded in size and time, must be about the domain asked for, and of its text only words that
//! are known here are told. Absent: who registered it, and everything else that is not needed.

use std::time::Duration;

use candor_core::Timestamp;
use candor_core::finding::Registration;
use serde::Deserialize;
use serde_json::error::Category;
use tokio::time::Instant;
use url::Url;

use super::fetch::fetch;

/// Where the internet's registries are listed (RFC 9224).
pub(crate) const INTERNET: &str = "https://data.iana.org/rdap/dns.json";
/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(8);
/// States that keep a domain out of the DNS, or are on their way there (RFC 8056).
const HELD: [&str; 6] =
    ["client hold", "server hold", "inactive", "redemption period", "pending restore", "pending delete"];
/// What is read.
const ACCEPT: &str = "application/rdap+json, application/json";
/// Most services of a list of registries that are looked at.
const MAX_SERVICES: usize = 10_000;

/// Asks the registry of `domain`: at `base` itself, or where a list of registries (a URL that ends in `.json`) says.
///
/// # Errors
/// In words, why nothing is known.
pub(crate) async fn registration(base: &Url, domain: &str, until: Instant) -> Result<Registration, String> {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    if domain.is_empty() || !domain.chars().all(plain) {
        return Err("its name is none that a registry could have".to_owned());
    }
    let until = until.min(Instant::now() + LIMIT);
    let mut base = base.clone();
    if base.path().ends_with(".json") {
        let list = fetch(&base, ACCEPT, until).await?;
        base = service_of(&list.content, &domain, base.scheme())?;
    }
    let at = Url::parse(&format!("{}/domain/{domain}", base.as_str().trim_end_matches('/')))
        .map_err(|why| format!("{base} is no place to ask: {why}"))?;
    let answer = fetch(&at, ACCEPT, until).await?;
    if answer.status_404 {
        return Ok(Registration::default());
    }
    read(&answer.content, &domain)
}

/// A list of registries.
#[derive(Deserialize)]
struct Services {
    services: Vec<(Vec<String>, Vec<String>)>,
}

/// Where the registry of the longest ending of `domain` is asked; over TLS wherever the list itself came so.
fn service_of(content: &[u8], domain: &str, scheme: &str) -> Result<Url, String> {
    let list: Services = parsed(content, "the list of registries")?;
    let within =
        |ending: &str| domain.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let mut best: Option<(usize, &[String])> = None;
    for (endings, urls) in list.services.iter().take(MAX_SERVICES) {
        let fits = endings.iter().map(|ending| ending.to_ascii_lowercase()).filter(|ending| within(ending));
        if let Some(length) = fits.map(|ending| ending.len()).max()
            && best.is_none_or(|(known, _)| length > known)
        {
            best = Some((length, urls));
        }
    }
    let (_, urls) = best.ok_or_else(|| "no registry that is listed has it".to_owned())?;
    let urls = urls.iter().filter_map(|url| Url::parse(url).ok());
    let mut urls = urls.filter(|url| url.scheme() == "https" || (scheme == "http" && url.scheme() == "http"));
    urls.next().ok_or_else(|| "its registry is listed without a place to ask".to_owned())
}

/// What a registry answers about a domain (RFC 9083, section 5.3).
#[derive(Deserialize)]
struct Domain {
    #[serde(rename = "objectClassName")]
    class: Option<String>,
    #[serde(rename = "ldhName")]
    name: Option<String>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "eventAction")]
    action: Option<String>,
    #[serde(rename = "eventDate")]
    date: Option<String>,
}

/// Reads JSON; what is wrong with it is told by its place alone, without any of its text.
fn parsed<'c, T: Deserialize<'c>>(content: &'c [u8], what: &str) -> Result<T, String> {
    serde_json::from_slice(content).map_err(|why| {
        let kind = match why.classify() {
            Category::Syntax => "is no JSON",
            Category::Eof => "ends before its time",
            Category::Data | Category::Io => "has another form than RDAP",
        };
        format!("{what} cannot be read: line {}, column {}: it {kind}", why.line(), why.column())
    })
}

/// Reads the answer; what is not about the domain is none.
fn read(content: &[u8], domain: &str) -> Result<Registration, String> {
    let said: Domain = parsed(content, "what the registry answers")?;
    let name = said.name.unwrap_or_default();
    if said.class.as_deref() != Some("domain") || !name.trim_end_matches('.').eq_ignore_ascii_case(domain) {
        return Err("what the registry answers is not about it".to_owned());
    }
    let ends = said.events.iter().filter(|event| event.action.as_deref() == Some("expiration"));
    let ends = ends.filter_map(|event| event.date.as_ref()?.parse::<Timestamp>().ok()).max();
    let is_held = |known: &&&str| said.status.iter().any(|status| status.eq_ignore_ascii_case(known));
    let held = HELD.iter().filter(is_held).map(|known| (*known).to_owned()).collect();
    Ok(Registration { known: true, ends, held })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"objectClassName":"domain","ldhName":"SHOP.test","status":["active","server hold","<b>"],
        "events":[{"eventAction":"registration","eventDate":"2001-01-01T00:00:00Z"},{"eventAction":"expiration","eventDate":"2026-10-01T02:00:00+02:00"}]}"#;

    #[test]
    fn an_answer_says_when_it_ends_and_what_holds_it() {
        let read = read(ANSWER.as_bytes(), "shop.test").expect("it is one");
        assert_eq!(read.ends, "2026-10-01T00:00:00Z".parse().ok());
        assert_eq!(read.held, ["server hold"]);
        assert!(read.known);
    }

    #[test]
    fn what_is_no_answer_is_said_in_words() {
        let said = |text: &str| read(text.as_bytes(), "shop.test").expect_err("it is none");
        let deep = "[".repeat(100_000);
        insta::assert_snapshot!(said("<html>"), @"what the registry answers cannot be read: line 1, column 1: it is no JSON");
        insta::assert_snapshot!(said("{}"), @"what the registry answers is not about it");
        insta::assert_snapshot!(said(&ANSWER.replace("SHOP", "other")), @"what the registry answers is not about it");
        assert!(said(&deep).contains("cannot be read"), "{}", said(&deep));
        assert!(said(&format!(r#"{{"objectClassName":{deep}"#)).contains("cannot be read"));
        assert!(
            said(r#"{"objectClassName":"domain","ldhName":"shop.test","status":7}"#)
                .contains("cannot be read")
        );
        let odd = r#"{"objectClassName":"domain","ldhName":"shop.test","events":[{"eventAction":"expiration","eventDate":"soon"},{}]}"#;
        assert_eq!(read(odd.as_bytes(), "shop.test").map(|read| read.ends), Ok(None));
    }

    #[test]
    fn a_registry_is_found_by_the_longest_ending_and_asked_over_tls() {
        let list = r#"{"version":"1.0","services":[[["test","example"],["http://plain.example/","https://rdap.example/a/"]],[["co.test"],["https://co.example"]],[["bare"],[]]]}"#;
        let at = |domain: &str, scheme: &str| service_of(list.as_bytes(), domain, scheme).map(String::from);
        assert_eq!(at("shop.test", "https"), Ok("https://rdap.example/a/".to_owned()));
        assert_eq!(at("shop.test", "http"), Ok("http://plain.example/".to_owned()));
        assert_eq!(at("shop.co.test", "https"), Ok("https://co.example/".to_owned()));
        assert!(at("shop.contest", "https").is_err() && at("shop.bare", "https").is_err());
        assert!(service_of(b"{}", "shop.test", "https").is_err());
    }
}
