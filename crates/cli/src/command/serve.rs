//! `candor serve`: the hub, until it is told to stop.

use std::io::IsTerminal;
use std::process::ExitCode;

use candor_hub::{Hub, HubError, HubOptions, Origin};
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, NO_FILE, Outcome, Target, target};
use crate::args::ServeArgs;
use crate::print::{BOLD, DIM, counted, error, note, styled};

/// What the system sends to a process that writes past its limit on the size of files; the number is the same wherever
/// Candor is built.
const FILE_TOO_LARGE: i32 = 25;

pub(crate) async fn run(args: ServeArgs) -> Outcome {
    // Left alone, it ends the process. Where it is listened for, the write fails as on a full disk, and that is mended.
    let _listened_for = signal(SignalKind::from_raw(FILE_TOO_LARGE))?;
    let origin = match target(args.target)? {
        Target::Site(url) => Origin::Url(url),
        Target::Files(path) => Origin::Files(path),
    };
    let options =
        HubOptions { origin, listen: args.listen, operate_listen: args.operate_listen, ledger: args.ledger };
    let mut end = std::pin::pin!(told_to_end(args.while_stdin));
    let hub = tokio::select! {
        // First, so that a signal is listened for before anything is begun.
        biased;
        ended = &mut end => {
            ended?;
            return Ok(ExitCode::SUCCESS);
        }
        started = Hub::start(options) => started.map_err(explained)?,
    };
    greet(&hub);
    let code = tokio::select! {
        ended = &mut end => {
            ended?;
            note("stopping: what was decided is being kept");
            ExitCode::SUCCESS
        }
        () = hub.broken() => {
            error("nothing is decided any more: a fault of Candor's own; start it again, and report the log above");
            ExitCode::FAILURE
        }
    };
    hub.stop().await;
    Ok(code)
}

fn explained(error: HubError) -> Failure {
    match error {
        HubError::Read(why) => Failure(format!("{why}\n  {NO_FILE}")),
        other => Failure(other.to_string()),
    }
}

/// Until it is told to end; or, for whoever must not be outlived, until standard input ends.
async fn told_to_end(with_stdin: bool) -> std::io::Result<()> {
    if !with_stdin {
        return wait_for_end().await;
    }
    let (sender, stdin_ends) = tokio::sync::oneshot::channel();
    // A thread of its own: a read of standard input cannot be given up, and must not hold up the runtime's end.
    std::thread::spawn(move || {
        let read = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        // Nobody hears it where the hub has ended already.
        drop((read, sender.send(())));
    });
    tokio::select! {
        told = wait_for_end() => told,
        _ = stdin_ends => Ok(()),
    }
}

/// Until Ctrl-C or SIGTERM.
pub(super) async fn wait_for_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

/// The same, or until the terminal is gone (SIGHUP).
pub(super) async fn wait_for_end() -> std::io::Result<()> {
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        stopped = wait_for_stop() => stopped,
        _ = hang_up.recv() => Ok(()),
    }
}

fn greet(hub: &Hub) {
    let plan = hub.plan();
    let checks: usize = plan.cells().map(|(_, _, cell)| cell.checks.len()).sum();
    note(&format!("{} {}", styled(BOLD, "Status page"), url(hub.public_address())));
    note(&format!(
        "{} {}  {}",
        styled(BOLD, "Operators  "),
        url(hub.operators_address()),
        styled(DIM, "(metrics at /metrics)")
    ));
    note(&format!(
        "Watching {} with {}; history in {}.",
        counted(plan.cells().count(), "cell"),
        counted(checks, "check"),
        ledger(plan)
    ));
    if std::io::stderr().is_terminal() {
        note(&styled(DIM, "Ctrl-C stops it."));
    }
}

fn ledger(plan: &candor_core::model::Plan) -> String {
    let candor_core::model::LedgerPlace::Sqlite(path) = &plan.ledger;
    path.clone()
}

/// An address as people open it: a wildcard is this host.
pub(super) fn url(address: std::net::SocketAddr) -> String {
    let host = if address.ip().is_unspecified() { "localhost".to_string() } else { bracketed(address.ip()) };
    format!("http://{host}:{}/", address.port())
}

fn bracketed(ip: std::net::IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}
