//! `candor demo`: the reference estate, and Candor watching it as it would watch anyone.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use candor_estate::board::{Panel, client, default_handle_file};
use candor_estate::{
    Board, BoardOptions, Estate, EstateOptions, PROBE_PASSWORD, PROBE_SHA256, PROBE_USER, RoleArgs, run_role,
};
use candor_hub::{Hub, HubOptions, Origin};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;

use super::serve::url;
use super::{Failure, Outcome, runtime};
use crate::args::{DemoArgs, DemoCommand};
use crate::print::{BAD, BOLD, DIM, GOOD, note, out, styled};

/// The demo's config, with words to fill in.
const CONFIG: &str = include_str!("demo.yaml");

pub(crate) fn run(args: &DemoArgs) -> Outcome {
    let runtime = runtime()?;
    match &args.command {
        None => runtime.block_on(demo(args)),
        Some(DemoCommand::Break { lever }) => runtime.block_on(press(lever, true)),
        Some(DemoCommand::Mend { lever }) => runtime.block_on(press(lever, false)),
        Some(DemoCommand::Levers) => runtime.block_on(levers()),
    }
}

/// `candor estate ROLE …`: one process of the shop.
pub(crate) fn role(words: &[String]) -> Outcome {
    let args = RoleArgs::from_words(words.iter().cloned())?;
    runtime()?.block_on(run_role(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn demo(args: &DemoArgs) -> Outcome {
    let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    note("Starting a small shop: a name server, storefronts, sign-in, buying, downloads …");
    let estate = Arc::new(Mutex::new(Estate::start(EstateOptions::new(std::env::current_exe()?)).await?));
    let folder = tempfile::Builder::new().prefix("candor-demo-").tempdir()?;
    let config = folder.path().join("candor.yaml");
    std::fs::write(&config, filled_in(&*estate.lock().await, folder.path(), args))?;
    note("Starting Candor …");
    let options = HubOptions {
        origin: Origin::Files(config.clone()),
        listen: None,
        operate_listen: None,
        ledger: None,
    };
    let hub = Hub::start(options).await?;
    let status = url(hub.public_address());
    let board_options = BoardOptions {
        listen: args.levers_listen,
        status_url: Some(status.clone()),
        handle_file: default_handle_file(),
    };
    let board = Board::open(Arc::clone(&estate), board_options).await?;
    greet(&*estate.lock().await, &hub, &status, &board, &config);
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    note("\nStopping; nothing is left behind.");
    drop(board);
    hub.stop().await;
    // Dropping the estate ends its processes; the folder goes with its guard.
    drop(estate);
    Ok(ExitCode::SUCCESS)
}

fn filled_in(estate: &Estate, folder: &Path, args: &DemoArgs) -> String {
    let urls = estate.urls();
    let ledger = folder.join("candor.db");
    [
        ("@LISTEN@", args.listen.to_string()),
        ("@OPERATE@", args.operate_listen.to_string()),
        ("@LEDGER@", ledger.display().to_string()),
        ("@DNS@", estate.dns_addr().to_string()),
        ("@STOREFRONT@", urls.storefront()),
        ("@SIGN_IN@", urls.sign_in()),
        ("@ORDERS@", urls.orders()),
        ("@PROBE_FILE@", urls.probe_file()),
        ("@USER@", PROBE_USER.into()),
        ("@PASSWORD@", PROBE_PASSWORD.into()),
        ("@SHA256@", PROBE_SHA256.into()),
    ]
    .iter()
    .fold(CONFIG.to_string(), |text, (word, value)| text.replace(word, value))
}

fn greet(estate: &Estate, hub: &Hub, status: &str, board: &Board, config: &Path) {
    let line = |name: &str, value: &str| out(&format!("  {}  {value}", styled(BOLD, &format!("{name:<12}"))));
    out("");
    line("Status page", status);
    line("Levers", &url(board.address()));
    line("Shop", &estate.urls().shop_by_address());
    line("Operators", &url(hub.operators_address()));
    line("Config", &config.display().to_string());
    out("");
    out("Open the status page and the levers side by side, and break something. Or:");
    out("");
    out("  candor demo break name-gone     buying leaves the DNS; the front page works on");
    out("  candor demo mend name-gone      and comes back");
    out("  candor demo levers              everything that can be broken");
    out("");
    out(&styled(DIM, "Ctrl-C ends it, and leaves nothing behind."));
}

async fn press(lever: &str, breaks: bool) -> Outcome {
    let board = client::find(&default_handle_file()).await?;
    let panel = if breaks { client::pull(board, lever).await } else { client::mend(board, lever).await }
        .map_err(Failure::from)?;
    tell(&panel, lever, board);
    Ok(ExitCode::SUCCESS)
}

fn tell(panel: &Panel, moved: &str, board: SocketAddr) {
    let Some(lever) = panel.levers.iter().find(|lever| lever.id == moved) else { return };
    let state = if lever.pulled { styled(BAD, "broken") } else { styled(GOOD, "mended") };
    out(&format!("{state}  {}", lever.title));
    if lever.pulled {
        out(&format!("        {}", lever.does));
        out(&format!("        A customer will notice: {}", lever.notice));
    }
    if let Some(status) = &panel.status {
        out(&styled(DIM, &format!("        Watch {status} — levers at {}", url(board))));
    }
}

async fn levers() -> Outcome {
    let board = client::find(&default_handle_file()).await?;
    let panel = client::list(board).await?;
    for lever in &panel.levers {
        let mark = if lever.pulled { styled(BAD, "broken") } else { styled(GOOD, "whole ") };
        out(&format!("{mark}  {:<20} {}", lever.id, lever.title));
    }
    Ok(ExitCode::SUCCESS)
}
