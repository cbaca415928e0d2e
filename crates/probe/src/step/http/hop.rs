//! What is sent, and what a redirect makes of it (RFC 9110, section 15.4).
//!
//! Credentials never cross origins: a redirect to another origin takes every field that could be one away for good,
//! and a body that holds one is not sent again. From https to http nothing that holds a credential goes at all: that
//! is a fault of the service, and said to be one.

use std::borrow::Cow;

use bytes::Bytes;
use candor_core::fault::Kind;
use candor_core::model::{Body, HttpStep, JsonTemplate, Method as StepMethod};
use candor_core::template::{Secret, Template};
use data_encoding::BASE64;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION};
use hyper::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Number, Value};
use url::Url;

use crate::failure::StepFailure;
use crate::step::StepContext;

/// Fields that are credentials whatever they hold.
const CREDENTIALS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token"];

/// Longest URL that an answer may lead to, in bytes: some characters of it are written as three.
const URL_MAX: usize = 16 << 10;

/// One request to be sent.
#[derive(Debug)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) fields: Vec<Field>,
    pub(super) body: Bytes,
    body_is_credential: bool,
}

/// A header field to be sent.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    is_credential: bool,
}

impl Hop {
    /// The request that the step describes.
    ///
    /// # Errors
    /// A fault of the configuration where a hole stays open or a field cannot be sent.
    pub(super) fn first(
        step: &HttpStep,
        context: &StepContext<'_>,
        mut url: Url,
    ) -> Result<Self, StepFailure> {
        let mut fields = Vec::with_capacity(step.headers.len() + 2);
        let (body, media_type) = body(&step.body, context)?;
        if let Some(media_type) = media_type {
            fields.push(Field::plain(CONTENT_TYPE, HeaderValue::from_static(media_type)));
        }
        for (name, template) in &step.headers {
            let field = Field::filled(name, template, context)?;
            fields.retain(|old| old.name != field.name || field.name != CONTENT_TYPE);
            fields.push(field);
        }
        if let Some(value) = sign_in_of(&mut url)
            && !fields.iter().any(|field| field.name == AUTHORIZATION)
        {
            fields.push(Field { name: AUTHORIZATION, value, is_credential: true });
        }
        let body_is_credential = any_template(&step.body, &|template| is_credential(template, context));
        Ok(Self { method: method(step.method), url, fields, body, body_is_credential })
    }

    /// Turns into the request that an answer of `status` with this `Location` asks for.
    ///
    /// # Errors
    /// [`Kind::HttpMalformed`] where it leads to no HTTP, or would carry credentials where they must not go.
    pub(super) fn follow(&mut self, status: StatusCode, location: &str) -> Result<(), StepFailure> {
        let malformed = |detail: String| StepFailure::new(Kind::HttpMalformed, detail);
        let mut next = (self.url.join(location))
            .map_err(|error| malformed(format!("the redirect to {location:?} is no URL: {error}")))?;
        if !matches!(next.scheme(), "http" | "https") || next.host_str().is_none() {
            return Err(malformed(format!("the redirect leads out of HTTP, to {location:?}")));
        }
        within_bounds(&next).map_err(|why| malformed(format!("the redirect leads to {why}")))?;
        // What stands before the host was chosen by the answer: it signs nobody in.
        sign_in_of(&mut next);
        self.rewrite(status);
        let downgrade = self.url.scheme() == "https" && next.scheme() == "http";
        let crosses = self.url.origin() != next.origin();
        if downgrade && (self.body_is_credential || self.fields.iter().any(|field| field.is_credential)) {
            return Err(malformed(format!("the redirect would carry credentials from https to {next}")));
        }
        if crosses && self.body_is_credential {
            return Err(malformed(format!("the redirect would carry credentials to another origin, {next}")));
        }
        if crosses {
            // A host written by hand was meant for the first origin.
            self.fields.retain(|field| !field.is_credential && field.name != HOST);
        }
        self.url = next;
        Ok(())
    }

    /// The method after a redirect: 303 asks for another resource, and 301 and 302 are taken so after POST.
    fn rewrite(&mut self, status: StatusCode) {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD && self.method != Method::GET,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = Bytes::new();
            self.body_is_credential = false;
            self.fields.retain(|field| field.name != CONTENT_TYPE && field.name != CONTENT_LENGTH);
        }
    }
}

impl Field {
    fn plain(name: HeaderName, value: HeaderValue) -> Self {
        Self { name, value, is_credential: false }
    }

    fn filled(name: &str, template: &Template, context: &StepContext<'_>) -> Result<Self, StepFailure> {
        let text = context.fill(template)?;
        let known = HeaderName::from_bytes(name.as_bytes());
        let known =
            known.map_err(|_| StepFailure::config(format!("{name:?} is no name of a header field")))?;
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            // A captured value is the doing of whoever answered it.
            let captured = template.holes().any(|hole| context.variables.captures().contains_key(hole));
            let kind = if captured { Kind::HttpMalformed } else { Kind::VantageConfig };
            StepFailure::new(kind, format!("the header field {name} holds what no field may hold"))
        })?;
        let is_credential = CREDENTIALS.contains(&known.as_str()) || is_credential(template, context);
        value.set_sensitive(is_credential);
        Ok(Self { name: known, value, is_credential })
    }
}

/// Refuses a URL that is too long to be sent.
///
/// # Errors
/// Says what it is.
pub(super) fn within_bounds(url: &Url) -> Result<(), String> {
    let length = url.as_str().len();
    if length > URL_MAX { Err(format!("a URL of {length} bytes")) } else { Ok(()) }
}

/// Where an answer redirects to; `None` where it is to be judged itself.
pub(super) fn redirect(step: &HttpStep, status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let redirects = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    if step.redirects == 0 || !redirects {
        return None;
    }
    headers.get(LOCATION).map(|location| String::from_utf8_lossy(location.as_bytes()).into_owned())
}

/// The value of `Authorization` and `Proxy-Authorization` (RFC 7617).
pub(super) fn basic(user: &str, password: &Secret) -> Option<HeaderValue> {
    let pair = BASE64.encode(format!("{user}:{}", password.expose()).as_bytes());
    let mut value = HeaderValue::from_str(&format!("Basic {pair}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Takes user and password out of a URL.
fn sign_in_of(url: &mut Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| {
        let pairs = format!("x={}", text.replace('+', "%2B"));
        url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let value = basic(&decoded(url.username())?, &Secret::new(decoded(url.password().unwrap_or(""))?));
    // Both fail only on URLs that cannot have a host, and these have had a user before it.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    value
}

/// Whether a text holds a secret, or something captured: all that was captured counts as a credential.
fn is_credential(template: &Template, context: &StepContext<'_>) -> bool {
    let captures = context.variables.captures();
    template.has_secret() || template.holes().any(|hole| captures.contains_key(hole))
}

fn any_template(body: &Body, test: &dyn Fn(&Template) -> bool) -> bool {
    match body {
        Body::Empty => false,
        Body::Text(text) => test(text),
        Body::Form(fields) => fields.iter().any(|(_, value)| test(value)),
        Body::Json(json) => any_text(json, test),
    }
}

fn any_text(json: &JsonTemplate, test: &dyn Fn(&Template) -> bool) -> bool {
    match json {
        JsonTemplate::Text(text) => test(text),
        JsonTemplate::Array(items) => items.iter().any(|item| any_text(item, test)),
        JsonTemplate::Object(fields) => fields.iter().any(|(_, item)| any_text(item, test)),
        JsonTemplate::Null | JsonTemplate::Bool(_) | JsonTemplate::Int(_) | JsonTemplate::Float(_) => false,
    }
}

fn method(method: StepMethod) -> Method {
    match method {
        StepMethod::Get => Method::GET,
        StepMethod::Head => Method::HEAD,
        StepMethod::Post => Method::POST,
        StepMethod::Put => Method::PUT,
        StepMethod::Delete => Method::DELETE,
    }
}

/// The content sent, and its media type where the kind of body says one.
fn body(body: &Body, context: &StepContext<'_>) -> Result<(Bytes, Option<&'static str>), StepFailure> {
    Ok(match body {
        Body::Empty => (Bytes::new(), None),
        Body::Text(text) => (context.fill(text)?.into(), None),
        Body::Json(json) => (value(json, context)?.to_string().into(), Some("application/json")),
        Body::Form(fields) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, template) in fields {
                form.append_pair(name, &context.fill(template)?);
            }
            (form.finish().into(), Some("application/x-www-form-urlencoded"))
        }
    })
}

/// A JSON template with its holes filled.
///
/// # Errors
/// A fault of the configuration where nothing fills a hole.
pub(super) fn value(json: &JsonTemplate, context: &StepContext<'_>) -> Result<Value, StepFailure> {
    Ok(match json {
        JsonTemplate::Null => Value::Null,
        JsonTemplate::Bool(bool) => Value::Bool(*bool),
        JsonTemplate::Int(int) => Value::Number((*int).into()),
        JsonTemplate::Float(float) => Number::from_f64(*float).map_or(Value::Null, Value::Number),
        JsonTemplate::Text(text) => Value::String(context.fill(text)?),
        JsonTemplate::Array(items) => {
            Value::Array(items.iter().map(|item| value(item, context)).collect::<Result<_, _>>()?)
        }
        JsonTemplate::Object(fields) => {
            let fields = fields.iter().map(|(name, item)| Ok((name.clone(), value(item, context)?)));
            Value::Object(fields.collect::<Result<Map<_, _>, StepFailure>>()?)
        }
    })
}

/// The host field of a request for `url` (RFC 9110, section 7.2).
pub(super) fn authority(url: &Url) -> Cow<'_, str> {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => Cow::Owned(format!("{host}:{port}")),
        None => Cow::Borrowed(host),
    }
}
