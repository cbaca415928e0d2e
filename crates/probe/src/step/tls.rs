//! `tls:` a handshake, and a chain that is good for as long as demanded.
//!
//! The chain must be vouched for by who is trusted, be valid now and for the name; that is the handshake's doing
//! ([`crate::tls`]). Then every certificate shown is held to `expires_in`, intermediates as well.

use candor_core::model::{TlsClient, TlsExpect, TlsStep};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;

use super::StepContext;
use crate::connect::connect;
use crate::failure::StepFailure;
use crate::tls::{Alpn, handshake, server_name};
use crate::{certificate, clock};

/// Connects and shakes hands.
///
/// # Errors
/// The fault of the phase that failed.
pub(crate) async fn run(step: &TlsStep, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    let host = context.fill(&step.host)?;
    context.report.target = format!("{host}:{}", step.port);
    let stream = connect(context, &host, step.port).await?;
    demand(context, stream, &host, &step.expect, &step.client).await?;
    Ok(())
}

/// Shakes hands over `stream` and demands of the certificates what `expect` says.
///
/// # Errors
/// The TLS fault, with the certificates shown as evidence.
pub(super) async fn demand<S>(
    context: &mut StepContext<'_>,
    stream: S,
    host: &str,
    expect: &TlsExpect,
    client: &TlsClient,
) -> Result<TlsStream<S>, StepFailure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = match &expect.name {
        Some(name) => {
            let name = context.fill(name)?;
            // This name is the configuration's, wherever the host came from.
            server_name(&name, true)?;
            name
        }
        None => host.to_owned(),
    };
    let config = context.tls.config(client, Alpn::None)?;
    let stream = handshake(context, stream, &name, config).await?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    certificate::expect_fresh(chain, expect.expires_in, clock::now())?;
    Ok(stream)
}
