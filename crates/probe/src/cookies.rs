//! The cookies of one journey (RFC 6265), kept as a browser would and gone with the run.
//!
//! A cookie goes only to the hosts, paths and schemes it was set for. A domain cookie is refused where its domain is
//! one label, or looks like the registry of a country (`co.uk`): no list of public suffixes is carried for that.
//! Absent: `SameSite`, name prefixes, partitioning; a journey has no third parties.

use std::time::SystemTime;

use url::{Host, Url};

/// Cookies kept of one domain and in all, and the longest kept, in bytes (RFC 6265, section 6.1). Of a domain that
/// sets more, the oldest go; once there are so many in all, those of domains that had none yet are not kept.
const DOMAIN_MAX: usize = 50;
const COOKIES_MAX: usize = 200;
const COOKIE_MAX: usize = 4096;

/// The second labels under which country registries sell names.
const REGISTRY_LABELS: [&str; 14] =
    ["ac", "co", "com", "edu", "go", "gob", "gouv", "gov", "ltd", "mil", "ne", "net", "or", "org"];

/// The cookies of one journey.
#[derive(Debug, Default)]
pub(crate) struct CookieJar(Vec<Cookie>);

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
}

impl CookieJar {
    /// Keeps what a `Set-Cookie` field of an answer from `url` says; what breaks the rules is ignored, as browsers do.
    pub(crate) fn set(&mut self, url: &Url, field: &str) {
        let Some((cookie, gone)) = parse(url, field) else { return };
        self.0.retain(|old| {
            (&old.name, &old.domain, &old.path) != (&cookie.name, &cookie.domain, &cookie.path)
        });
        if gone {
            return;
        }
        let of_domain = self.0.iter().filter(|old| old.domain == cookie.domain).count();
        if of_domain >= DOMAIN_MAX || (self.0.len() >= COOKIES_MAX && of_domain > 0) {
            let oldest = self.0.iter().position(|old| old.domain == cookie.domain);
            oldest.map(|oldest| self.0.remove(oldest));
        }
        if self.0.len() < COOKIES_MAX {
            self.0.push(cookie);
        }
    }

    /// The `Cookie` field of a request for `url`; `None` where no cookie goes there.
    pub(crate) fn field(&self, url: &Url) -> Option<String> {
        let host = host_of(url)?;
        let secure = url.scheme() == "https";
        let mut chosen: Vec<&Cookie> = self
            .0
            .iter()
            .filter(|c| if c.host_only { c.domain == host } else { lies_in(&host, &c.domain) })
            .filter(|c| path_lies_in(url.path(), &c.path) && (secure || !c.secure))
            .collect();
        // Longer paths first (RFC 6265, section 5.4); the sort keeps the order of setting among equals.
        chosen.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = chosen.iter().map(|c| format!("{}={}", c.name, c.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The values held, which are credentials as often as not.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|cookie| cookie.value.as_str())
    }
}

fn host_of(url: &Url) -> Option<String> {
    url.host_str().map(|host| host.trim_end_matches('.').to_ascii_lowercase())
}

/// The cookie, and whether it is to be deleted instead of kept.
fn parse(url: &Url, field: &str) -> Option<(Cookie, bool)> {
    if field.len() > COOKIE_MAX || field.chars().any(|c| c.is_control() && c != '\t') {
        return None;
    }
    let mut parts = field.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let host = host_of(url)?;
    let mut cookie = Cookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        domain: host.clone(),
        host_only: true,
        path: default_path(url.path()),
        secure: false,
    };
    let (mut expired, mut max_age) = (false, None);
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" => place(&mut cookie, url, &host, value)?,
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "secure" => cookie.secure = true,
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            "expires" => expired = is_past(value),
            _ => {}
        }
    }
    let over_plain_http = cookie.secure && url.scheme() != "https";
    let gone = max_age.map_or(expired, |seconds| seconds <= 0);
    (!cookie.name.is_empty() && !over_plain_http).then_some((cookie, gone))
}

/// Widens a cookie to the domain it names; `None` where the host has no right to it.
fn place(cookie: &mut Cookie, url: &Url, host: &str, domain: &str) -> Option<()> {
    let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
    if domain.is_empty() || domain == host {
        // An address has no domain above it: the cookie stays the host's.
        cookie.host_only = domain.is_empty() || !matches!(url.host(), Some(Host::Domain(_)));
        return Some(());
    }
    let named = matches!(url.host(), Some(Host::Domain(_)));
    if !named || !lies_in(host, &domain) || is_registry(&domain) {
        return None;
    }
    cookie.domain = domain;
    cookie.host_only = false;
    Some(())
}

fn is_registry(domain: &str) -> bool {
    match domain.split_once('.') {
        None => true,
        Some((second, top)) => top.len() == 2 && REGISTRY_LABELS.contains(&second),
    }
}

fn lies_in(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// RFC 6265, section 5.1.4.
fn path_lies_in(path: &str, within: &str) -> bool {
    path.strip_prefix(within)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || within.ends_with('/'))
}

fn default_path(path: &str) -> String {
    match path.rsplit_once('/') {
        None | Some(("", _)) => "/".to_owned(),
        Some((above, _)) => above.to_owned(),
    }
}

/// Whether an `Expires` date lies in the past. The dashes of the oldest form are read as blanks.
fn is_past(date: &str) -> bool {
    let date = date.replace('-', " ");
    httpdate::parse_http_date(&date).is_ok_and(|at| at <= SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn jar(from: &str, fields: &[&str]) -> CookieJar {
        let mut jar = CookieJar::default();
        for field in fields {
            jar.set(&url(from), field);
        }
        jar
    }

    #[test]
    fn a_cookie_goes_back_to_its_host_alone() {
        let jar = jar("https://shop.example/", &["sid=1"]);
        assert_eq!(jar.field(&url("https://shop.example/buy")).as_deref(), Some("sid=1"));
        for other in
            ["https://evil.example/", "https://a.shop.example/", "https://xshop.example/", "https://example/"]
        {
            assert_eq!(jar.field(&url(other)), None, "{other}");
        }
    }

    #[test]
    fn a_domain_cookie_goes_to_hosts_below_and_never_to_a_registry() {
        let wide = jar("https://a.shop.example/", &["sid=1; Domain=.shop.example"]);
        assert_eq!(wide.field(&url("https://b.shop.example/")).as_deref(), Some("sid=1"));
        for refused in
            ["sid=1; Domain=example", "sid=1; Domain=other.example", "sid=1; Domain=b.a.shop.example"]
        {
            assert_eq!(
                jar("https://a.shop.example/", &[refused]).field(&url("https://a.shop.example/")),
                None
            );
        }
        let registry = jar("https://shop.co.uk/", &["sid=1; Domain=co.uk"]);
        assert_eq!(registry.field(&url("https://evil.co.uk/")), None);
    }

    #[test]
    fn a_secure_cookie_never_goes_over_plain_http() {
        let secure = jar("https://shop.example/", &["sid=1; Secure"]);
        assert_eq!(secure.field(&url("http://shop.example/")), None);
        assert_eq!(
            jar("http://shop.example/", &["sid=1; Secure"]).field(&url("https://shop.example/")),
            None
        );
    }

    #[test]
    fn paths_hold_whole_segments_and_longer_ones_come_first() {
        let jar = jar("https://shop.example/a/b", &["one=1; Path=/", "two=2", "three=3; Path=/a/b/"]);
        assert_eq!(jar.field(&url("https://shop.example/a/b/c")).as_deref(), Some("three=3; two=2; one=1"));
        assert_eq!(jar.field(&url("https://shop.example/ab")).as_deref(), Some("one=1"));
    }

    #[test]
    fn a_date_or_age_in_the_past_deletes() {
        for end in
            ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=Thu, 01-Jan-1970 00:00:00 GMT"]
        {
            let jar = jar("https://shop.example/", &["sid=1", &format!("sid=; {end}")]);
            assert_eq!(jar.field(&url("https://shop.example/")), None, "{end}");
        }
    }

    #[test]
    fn a_domain_that_sets_too_many_loses_its_oldest_and_nobody_elses() {
        let mut jar = jar("https://shop.example/", &["session=1"]);
        for domain in 0..10 {
            for cookie in 0..100 {
                jar.set(&url(&format!("https://evil{domain}.example/")), &format!("c{cookie}=x"));
            }
        }
        assert_eq!(jar.0.len(), COOKIES_MAX);
        assert_eq!(jar.field(&url("https://shop.example/")).as_deref(), Some("session=1"));
        let evil = jar.field(&url("https://evil0.example/")).unwrap();
        assert!(evil.starts_with("c50=x") && evil.ends_with("c99=x"), "{evil}");
    }

    #[test]
    fn a_cookie_that_could_split_a_header_is_ignored() {
        assert_eq!(
            jar("https://shop.example/", &["sid=1\r\nx: y"]).field(&url("https://shop.example/")),
            None
        );
    }
}
