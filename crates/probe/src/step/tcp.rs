//! `tcp:` a connection is accepted, and TLS works over it where demanded.
//!
//! Nothing is sent but the handshake, and nothing is waited for: what a service says is the affair of other steps.

use candor_core::model::{TcpStep, TlsClient};

use super::{StepContext, tls};
use crate::connect::connect;
use crate::failure::StepFailure;

/// Connects.
///
/// # Errors
/// The fault of the phase that failed.
pub(crate) async fn run(step: &TcpStep, context: &mut StepContext<'_>) -> Result<(), StepFailure> {
    let host = context.fill(&step.host)?;
    context.report.target = format!("{host}:{}", step.port);
    let stream = connect(context, &host, step.port).await?;
    if let Some(expect) = &step.tls {
        tls::demand(context, stream, &host, expect, &TlsClient::default()).await?;
    }
    context.expect_within(step.within)
}
