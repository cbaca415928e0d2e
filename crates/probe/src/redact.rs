//! Stars in the place of secrets, in everything that leaves a run: details, targets, evidence.
//!
//! Secrets are found as they stand, and as they look inside of a URL, a JSON string or HTML. Credentials learned in
//! the run (cookies, captured values) are treated alike from [`LEARNED_MIN`] bytes on; shorter ones are no secrets.
//! Cutting comes after redacting, so that no cut leaves half a secret.

use std::borrow::Cow;

use candor_core::fault::is_inert;
use candor_core::model::{Body, HttpStep, Journey, JsonTemplate, Step, Target};
use candor_core::observation::Evidence;
use candor_core::template::{Piece, REDACTED, Secret, Template};
use url::Url;

/// Bounds of evidence: lines, bytes of a line, bytes of the body.
const LINES_MAX: usize = 40;
const LINE_MAX: usize = 200;
const BODY_MAX: usize = 2048;

/// Shortest learned value that is starred.
const LEARNED_MIN: usize = 8;

/// Header fields whose values are never shown.
pub(crate) const SECRET_FIELDS: [&str; 6] =
    ["authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key", "x-auth-token"];

/// The secrets of a journey, longest first.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Vec<String>);

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} texts)", self.0.len())
    }
}

impl Redactor {
    /// The secrets that the steps of `journey` hold.
    pub(crate) fn of(journey: &Journey) -> Self {
        let mut redactor = Self::default();
        for step in &journey.steps {
            redactor.add_step(&step.step);
        }
        redactor.sort();
        redactor
    }

    /// The same with what a run learned.
    pub(crate) fn with_learned<'a>(&self, learned: impl Iterator<Item = &'a str>) -> Cow<'_, Self> {
        let mut learned = learned.filter(|value| value.len() >= LEARNED_MIN).peekable();
        if learned.peek().is_none() {
            return Cow::Borrowed(self);
        }
        let mut redactor = self.clone();
        learned.for_each(|value| redactor.add(value));
        redactor.sort();
        Cow::Owned(redactor)
    }

    /// `text` with stars for secrets, cut to `max` bytes.
    pub(crate) fn text(&self, text: &str, max: usize) -> String {
        if self.0.is_empty() && text.len() <= max {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (piece, after) = match self.0.iter().find_map(|secret| rest.strip_prefix(secret.as_str())) {
                Some(after) => (REDACTED, after),
                None => rest.split_at_checked(c.len_utf8()).unwrap_or((rest, "")),
            };
            if out.len() + piece.len() > max {
                break;
            }
            out.push_str(piece);
            rest = after;
        }
        out
    }

    /// The same in one line of what may be shown. A secret may come to stand there only when what may not be shown is out
    /// of it, so it is looked for again.
    pub(crate) fn line(&self, text: &str, max: usize) -> String {
        self.shown(text, max, is_inert)
    }

    fn shown(&self, text: &str, max: usize, stays: impl Fn(char) -> bool) -> String {
        let clean = |text: &str| text.chars().map(|c| if stays(c) { c } else { ' ' }).collect::<String>();
        self.text(&clean(&self.text(text, usize::MAX)), max)
    }

    /// Evidence within its bounds and without secrets.
    pub(crate) fn evidence(&self, evidence: &Evidence) -> Evidence {
        let lines = evidence.lines.iter().take(LINES_MAX).map(|line| self.line(line, LINE_MAX)).collect();
        // A body has lines of its own.
        let stays = |c| is_inert(c) || matches!(c, '\n' | '\t');
        Evidence { lines, body: self.shown(&evidence.body, BODY_MAX, stays) }
    }

    fn add_step(&mut self, step: &Step) {
        match step {
            Step::Http(step) => self.add_http(step),
            Step::Dns(step) => {
                self.add_template(&step.name);
                step.expect.answer.iter().flatten().for_each(|answer| self.add_template(answer));
            }
            Step::Tcp(step) => self.add_template(&step.host),
            Step::Tls(step) => {
                self.add_template(&step.host);
                self.add_secret(step.client.key_pem.as_ref());
            }
            Step::Smtp(step) => {
                self.add_template(&step.host);
                self.add_secret(step.client.key_pem.as_ref());
                if let Some((user, password)) = &step.sign_in {
                    self.add_template(user);
                    self.add_template(password);
                }
            }
            Step::Ping(step) => self.add_template(&step.host),
        }
    }

    fn add_http(&mut self, step: &HttpStep) {
        if let Target::Url(url) = &step.target {
            self.add_template(url);
        }
        step.headers.iter().for_each(|(_, value)| self.add_template(value));
        match &step.body {
            Body::Empty => {}
            Body::Text(text) => self.add_template(text),
            Body::Json(json) => self.add_json(json),
            Body::Form(fields) => fields.iter().for_each(|(_, value)| self.add_template(value)),
        }
        self.add_secret(step.tls.key_pem.as_ref());
        self.add_secret(
            step.proxy.as_ref().and_then(|proxy| proxy.sign_in.as_ref()).map(|(_, secret)| secret),
        );
        step.expect.text.iter().chain(&step.expect.not_text).for_each(|text| self.add_template(text));
    }

    fn add_json(&mut self, json: &JsonTemplate) {
        match json {
            JsonTemplate::Text(text) => self.add_template(text),
            JsonTemplate::Array(items) => items.iter().for_each(|item| self.add_json(item)),
            JsonTemplate::Object(fields) => fields.iter().for_each(|(_, item)| self.add_json(item)),
            JsonTemplate::Null | JsonTemplate::Bool(_) | JsonTemplate::Int(_) | JsonTemplate::Float(_) => {}
        }
    }

    fn add_template(&mut self, template: &Template) {
        for piece in &template.0 {
            if let Piece::Secret(secret) = piece {
                self.add_secret(Some(secret));
            }
        }
    }

    fn add_secret(&mut self, secret: Option<&Secret>) {
        if let Some(secret) = secret {
            self.add(secret.expose());
        }
    }

    /// Adds a text and how it looks inside of other notations.
    fn add(&mut self, text: &str) {
        let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let percent = form.replace('+', "%20");
        let json = serde_json::Value::from(text).to_string();
        let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json).to_owned();
        let html =
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        self.0.extend([text.to_owned(), form, percent, json, html]);
        self.0.extend(in_urls(text).into_iter().flatten());
    }

    fn sort(&mut self) {
        self.0.retain(|text| !text.is_empty());
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.0.dedup();
    }
}

/// How a URL writes a text as its path, its query and its password: each leaves other characters as they are.
fn in_urls(text: &str) -> Option<[String; 3]> {
    let mut url = Url::parse("http://host.example/").ok()?;
    url.set_path(text);
    url.set_query(Some(text));
    url.set_password(Some(text)).ok()?;
    let path = url.path();
    let path = path.strip_prefix('/').unwrap_or(path).to_owned();
    Some([path, url.query().unwrap_or_default().to_owned(), url.password().unwrap_or_default().to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.add(secret));
        redactor.sort();
        redactor
    }

    #[test]
    fn a_secret_is_starred_in_every_notation() {
        let secret = "p&s \"x\"";
        let redactor = redactor(&[secret]);
        for text in
            [r#"p&s "x""#, "p%26s+%22x%22", "p%26s%20%22x%22", r#"p&s \"x\""#, "p&amp;s &quot;x&quot;"]
        {
            assert_eq!(redactor.text(text, 100), REDACTED, "{text}");
        }
    }

    #[test]
    fn a_secret_is_starred_wherever_a_url_holds_it() {
        let secret = "p !s'{x}";
        let url = Url::parse(&format!("http://a:{secret}@h.example/{secret}?{secret}#x")).unwrap();
        let shown = redactor(&[secret]).text(url.as_str(), 200);
        assert_eq!(shown, format!("http://a:{REDACTED}@h.example/{REDACTED}?{REDACTED}#x"));
    }

    #[test]
    fn a_cut_never_leaves_half_a_secret() {
        let redactor = redactor(&["hunter2hunter2"]);
        for max in 0..40 {
            let cut = redactor.text("ab hunter2hunter2 cd", max);
            assert!(!cut.contains("hu") && cut.len() <= max, "{max}: {cut}");
        }
    }

    #[test]
    fn a_secret_that_shows_only_when_control_characters_are_gone_is_starred() {
        let redactor = redactor(&["correct horse"]);
        assert_eq!(redactor.line("a correct\thorse b", 100), format!("a {REDACTED} b"));
        let lines = vec!["correct\u{7}horse".to_owned()];
        let shown = redactor.evidence(&Evidence { lines, body: "correct\u{202e}horse".to_owned() });
        assert_eq!((shown.lines, shown.body), (vec![REDACTED.to_owned()], REDACTED.to_owned()));
    }

    #[test]
    fn the_longer_secret_wins() {
        assert_eq!(redactor(&["abc", "abcdef"]).text("abcdef", 100), REDACTED);
    }
}
