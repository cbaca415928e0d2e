//! Journeys run against a server on loopback that says what the input says, by the product's own [`Runner`].
//!
//! Client and server share one thread and one runtime, so that a try is the same each time. The server closes when it
//! has said its part; a journey that goes on waiting is cut by its own timeout, far below the fuzzer's.

use std::net::SocketAddr;
use std::time::Duration;

use candor_config::{Source, resolve};
use candor_core::id::CheckId;
use candor_core::observation::Run;
use candor_core::template::REDACTED;
use candor_probe::Runner;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::surroundings::{SECRET, Surroundings, now};

/// What stands for the secret in an input: a server that knows it may say it.
const SAID_SECRET: &[u8] = b"@@SECRET@@";
/// How a TLS client begins: with a record of the handshake, which holds no line.
const TLS: u8 = 0x16;
/// How long a server waits for a line before it says the next part: the client is in the same thread.
const PATIENCE: Duration = Duration::from_millis(3);
/// Most bytes read of a request.
const HEARD_MAX: usize = 256 * 1024;

/// A server and the runner of a plan that leads to it.
pub struct Stand {
    runtime: Runtime,
    listener: TcpListener,
    runner: Runner,
    /// Each with whether its journey holds the secret: a server that was never told it cannot give it away.
    checks: Vec<(CheckId, bool)>,
}

/// How the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A part for each connection, after the head of a request.
    Answers,
    /// All parts on one connection: the first at once, each further one after a line of the client.
    Talks,
}

impl Stand {
    /// A stand for the plan that `config` says, with `PORT` in it for the server's.
    ///
    /// # Panics
    /// Where the target itself is wrong.
    #[must_use]
    pub fn new(config: &str) -> Self {
        let runtime =
            Builder::new_current_thread().enable_all().build().expect("a runtime, because it is the first");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener =
            runtime.block_on(TcpListener::bind(any)).expect("a free port, because loopback has thousands");
        let port = listener.local_addr().expect("an address, because it is bound").port();
        let source = Source::of_text("fuzz.yaml", &config.replace("PORT", &port.to_string()));
        let plan = match resolve(&source, &Surroundings, now()) {
            Ok(resolved) => resolved.plan,
            Err(faults) => panic!("the plan of this target is wrong: {faults}"),
        };
        let told = |journey| serde_json::to_string(journey).unwrap_or_default().contains(REDACTED);
        let checks = plan.cells().flat_map(|(_, capability, cell)| {
            let told = told(&*capability.journey);
            cell.checks.iter().map(move |check| (check.id, told))
        });
        let checks = checks.collect();
        Self { runtime, listener, runner: Runner::new(plan.into()), checks }
    }

    /// Runs the check that `choice` picks against a server that says `parts`, and holds the run to its bounds.
    ///
    /// # Panics
    /// Where a run says what it must not, or more than it may.
    pub fn run(&self, choice: u8, manner: Manner, parts: &[&[u8]]) {
        let at = usize::from(choice) % self.checks.len().max(1);
        let Some(&(check, told)) = self.checks.get(at) else { return };
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| with_secret(part)).collect();
        let run = self.runtime.block_on(async {
            self.forget().await;
            tokio::select! {
                run = self.runner.run(check) => run,
                () = self.serve(manner, &parts) => unreachable!("a server goes on for ever"),
            }
        });
        hold(&run, told);
    }

    /// Lets go of connections that a run before this one left behind.
    async fn forget(&self) {
        loop {
            tokio::select! {
                biased;
                accepted = self.listener.accept() => drop(accepted),
                () = std::future::ready(()) => return,
            }
        }
    }

    async fn serve(&self, manner: Manner, parts: &[Vec<u8>]) {
        let mut parts = parts.iter();
        loop {
            let Ok((mut stream, _)) = self.listener.accept().await else { continue };
            // A client that goes away in the middle is what clients do.
            let _ = match manner {
                Manner::Answers => answer(&mut stream, parts.next().map_or(&[], Vec::as_slice)).await,
                Manner::Talks => talk(&mut stream, &mut parts).await,
            };
        }
    }
}

async fn answer(stream: &mut TcpStream, part: &[u8]) -> std::io::Result<()> {
    let mut heard = Vec::new();
    while !heard.windows(4).any(|end| end == b"\r\n\r\n") && heard.len() < HEARD_MAX {
        if stream.read_buf(&mut heard).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(part).await?;
    leave(stream).await
}

async fn talk(stream: &mut TcpStream, parts: &mut std::slice::Iter<'_, Vec<u8>>) -> std::io::Result<()> {
    for part in parts {
        stream.write_all(part).await?;
        let mut heard = Vec::new();
        while !heard.contains(&b'\n') && heard.first() != Some(&TLS) && heard.len() < HEARD_MAX {
            match timeout(PATIENCE, stream.read_buf(&mut heard)).await {
                Ok(read) => {
                    if read? == 0 {
                        return Ok(());
                    }
                }
                // It waits for more.
                Err(_) => break,
            }
        }
    }
    leave(stream).await
}

/// Ends what is said, and hears the other side out, so that the connection is closed and not reset.
async fn leave(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.shutdown().await?;
    let mut heard = Vec::new();
    while heard.len() < HEARD_MAX && stream.read_buf(&mut heard).await? > 0 {}
    Ok(())
}

fn with_secret(part: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some(at) = rest.windows(SAID_SECRET.len()).position(|window| window == SAID_SECRET) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        out.extend_from_slice(SECRET.as_bytes());
        rest = after.get(SAID_SECRET.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// What holds of every run: bounds of what it says, no control characters in what people see, no secret anywhere.
fn hold(run: &Run, told: bool) {
    let fault = run.observation.fault.as_ref();
    let detail = fault.map_or("", |fault| fault.detail.as_str());
    assert!(
        detail.len() <= 300 && !detail.chars().any(char::is_control),
        "a detail out of bounds: {detail:?}"
    );
    let evidence = run.evidence.clone().unwrap_or_default();
    assert!(evidence.lines.len() <= 40 && evidence.body.len() <= 2_048, "evidence out of bounds");
    assert!(evidence.lines.iter().all(|line| line.len() <= 200 && !line.chars().any(char::is_control)));
    let targets = run.steps.iter().map(|step| step.target.as_str());
    for text in targets.chain([detail, &evidence.body]).chain(evidence.lines.iter().map(String::as_str)) {
        assert!(!told || !text.contains(SECRET), "the secret is shown: {text:?}");
    }
}
