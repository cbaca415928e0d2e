//! `candor demo`: the reference estate, and Candor watching it as it would watch anyone.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use candor_estate::board::{Panel, client, default_handle_file};
use candor_estate::{
    Board, BoardOptions, Estate, EstateOptions, PROBE_PASSWORD, PROBE_SHA256, PROBE_USER, RoleArgs, run_role,
};
use candor_hub::{Hub, HubOptions, Origin};
use tokio::sync::Mutex;

use super::serve::{url, wait_for_end};
use super::{Failure, Outcome, runtime};
use crate::args::{DemoArgs, DemoCommand};
use crate::print::{BAD, BOLD, DIM, GOOD, WIDTH, note, out, styled, wrap};

/// How the folders of demos begin; their process and a random part follow.
const FOLDER: &str = "candor-demo-";

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

/// All that runs in a demo, in the order in which it is stopped: the levers, the hub, the shop's processes, the folder.
struct Running {
    board: Board,
    hub: Hub,
    estate: Arc<Mutex<Estate>>,
    config: PathBuf,
    _folder: tempfile::TempDir,
}

async fn demo(args: &DemoArgs) -> Outcome {
    let running = tokio::select! {
        started = start(args) => started?,
        // Whoever ends it while it starts leaves nothing behind either: dropping what there is cleans up.
        ended = wait_for_end() => {
            ended?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    greet(&*running.estate.lock().await, &running);
    wait_for_end().await?;
    note("\nStopping; nothing is left behind.");
    drop(running.board);
    running.hub.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn start(args: &DemoArgs) -> Result<Running, Failure> {
    note("Starting a small shop: a name server, storefronts, sign-in, buying, downloads …");
    let estate = Arc::new(Mutex::new(Estate::start(EstateOptions::new(std::env::current_exe()?)).await?));
    sweep();
    let prefix = format!("{FOLDER}{}-", std::process::id());
    let ours = std::fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().prefix(&prefix).permissions(ours).tempdir()?;
    let config = folder.path().join("candor.yaml");
    std::fs::write(&config, filled_in(&*estate.lock().await, folder.path(), args))?;
    note("Starting Candor …");
    let origin = Origin::Files(config.clone());
    let hub = Hub::start(HubOptions { origin, listen: None, operate_listen: None, ledger: None }).await?;
    let options = BoardOptions {
        listen: args.levers_listen,
        status_url: Some(url(hub.public_address())),
        handle_file: default_handle_file(),
    };
    let board = Board::open(Arc::clone(&estate), options).await?;
    Ok(Running { board, hub, estate, config, _folder: folder })
}

/// Removes the folders of demos that were killed and could not do it themselves.
fn sweep() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process =
            name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.split_once('-')?.0.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists())
            && Path::new("/proc/self").exists()
        {
            // Somebody else's stays, and so does one that cannot be removed: it is small, and no harm.
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
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

fn greet(estate: &Estate, running: &Running) {
    let line = |name: &str, value: &str| out(&format!("  {}  {value}", styled(BOLD, &format!("{name:<12}"))));
    out("");
    line("Status page", &url(running.hub.public_address()));
    line("Levers", &url(running.board.address()));
    line("Shop", &estate.urls().shop_by_address());
    line("Operators", &url(running.hub.operators_address()));
    line("Config", &running.config.display().to_string());
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
        indented(&lever.does);
        indented(&format!("A customer will notice: {}", lever.notice));
    }
    if let Some(status) = &panel.status {
        indented(&format!("Watch {status} — levers at {}", url(board)));
    }
}

/// Text under a state, in 80 columns.
fn indented(text: &str) {
    const INDENT: usize = 8;
    for line in wrap(text, WIDTH - INDENT) {
        out(&format!("{:INDENT$}{line}", ""));
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
