//! The request as it goes over the wire: target, fields, cookies, content.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use candor_core::fault::Kind;
use candor_core::model::HttpStep;
use http_body_util::Full;
use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT,
};
use hyper::{HeaderMap, Method, Request, Uri};
use url::Url;

use super::hop::{self, Hop};
use crate::failure::StepFailure;
use crate::step::StepContext;

/// Makes the request; interim answers to it are counted in `interim`.
///
/// # Errors
/// Where the URL cannot be sent: a fault of the configuration, if that names its host.
pub(super) fn build(
    step: &HttpStep,
    context: &StepContext<'_>,
    hop: &Hop,
    http2: bool,
    interim: &Arc<AtomicU32>,
) -> Result<Request<Full<Bytes>>, StepFailure> {
    let unsendable = |why: &dyn Display| {
        let ours = hop.url.host_str().is_some_and(|host| context.allowed.contains(host));
        let kind = if ours { Kind::VantageConfig } else { Kind::HttpMalformed };
        StepFailure::new(kind, format!("{} cannot be sent: {why}", hop.url))
    };
    let mut request = Request::new(Full::new(hop.body.clone()));
    *request.method_mut() = hop.method.clone();
    *request.uri_mut() = uri(step, hop, http2).map_err(|why| unsendable(&why))?;
    let fields = request.headers_mut();
    if !http2 {
        let authority = HeaderValue::from_str(&hop::authority(&hop.url)).map_err(|why| unsendable(&why))?;
        fields.insert(HOST, authority);
    }
    if !http2 {
        // Each connection serves one request; a server that closes it first keeps the port in TIME-WAIT, not we.
        fields.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    add_defaults(fields, context, hop);
    for field in &hop.fields {
        // HTTP/2 names the host in the URI alone.
        if !(http2 && field.name == HOST) {
            fields.insert(field.name.clone(), field.value.clone());
        }
    }
    if let Some(proxy) = &step.proxy
        && goes_in_the_clear_by_proxy(step, &hop.url)
        && let Some((user, password)) = &proxy.sign_in
        && let Some(value) = hop::basic(user, password)
    {
        fields.insert(PROXY_AUTHORIZATION, value);
    }
    let interim = interim.clone();
    hyper::ext::on_informational(&mut request, move |_| {
        interim.fetch_add(1, Ordering::Relaxed);
    });
    Ok(request)
}

/// The fields that a step need not name: who asks, what it can read, its cookies and the length of its content.
fn add_defaults(fields: &mut HeaderMap, context: &StepContext<'_>, hop: &Hop) {
    if let Ok(agent) = HeaderValue::from_str(context.user_agent) {
        fields.insert(USER_AGENT, agent);
    }
    fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, deflate"));
    if !hop.body.is_empty() || matches!(hop.method, Method::POST | Method::PUT) {
        fields.insert(CONTENT_LENGTH, hop.body.len().into());
    }
    if let Some(cookies) = context.session.cookies.field(&hop.url)
        && let Ok(mut cookies) = HeaderValue::from_str(&cookies)
    {
        cookies.set_sensitive(true);
        fields.insert(COOKIE, cookies);
    }
}

/// The request target: the path alone, or the whole URL for HTTP/2 and for a proxy (RFC 9112, section 3.2).
fn uri(step: &HttpStep, hop: &Hop, http2: bool) -> Result<Uri, String> {
    let url = &hop.url;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    if !http2 && !goes_in_the_clear_by_proxy(step, url) {
        return path.parse().map_err(|error| format!("{error}"));
    }
    let named = hop.fields.iter().find(|field| http2 && field.name == HOST);
    let authority = match named {
        Some(field) => field.value.to_str().unwrap_or_default().to_owned(),
        None => hop::authority(url).into_owned(),
    };
    let uri = Uri::builder().scheme(url.scheme()).authority(authority).path_and_query(path);
    uri.build().map_err(|error| error.to_string())
}

/// Whether a proxy reads the request itself.
pub(super) fn goes_in_the_clear_by_proxy(step: &HttpStep, url: &Url) -> bool {
    step.proxy.is_some() && url.scheme() == "http"
}
