//! `candor demo`: the reference estate, and Candor watching it as it would watch anyone.

mod watched;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use candor_estate::board::{Panel, client, default_handle_file};
use candor_estate::place::PLACES;
use candor_estate::{Board, BoardOptions, Estate, EstateOptions, RoleArgs, run_role};
use candor_hub::{Hub, HubOptions, Origin};
use tokio::sync::Mutex;

use super::serve::{url, wait_for_end};
use super::{Failure, Outcome, runtime};
use crate::args::{DemoArgs, DemoCommand};
use crate::print::{BAD, BOLD, DIM, GOOD, WIDTH, note, out, styled, wrap};

/// How the folders of demos begin; their process and a random part follow.
const FOLDER: &str = "candor-demo-";

/// How many customers come in a minute, in every place together.
const CUSTOMERS: u32 = 60;

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
    note("Starting a shop: name servers, four stores, sign-in, buying, downloads, mail, support …");
    let places = PLACES.iter().take(usize::from(args.places)).map(|place| place.code.to_owned()).collect();
    let options = EstateOptions { places, ..EstateOptions::new(std::env::current_exe()?) };
    let estate = Arc::new(Mutex::new(Estate::start(options).await?));
    // Without them the shop is as good, and nobody complains.
    if let Err(error) = estate.lock().await.invite_customers(CUSTOMERS).await {
        note(&format!("no customers come: {error}"));
    }
    sweep();
    let prefix = format!("{FOLDER}{}-", std::process::id());
    let ours = std::fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().prefix(&prefix).permissions(ours).tempdir()?;
    let config = folder.path().join("candor.yaml");
    std::fs::write(&config, watched::config(&*estate.lock().await, folder.path(), args))?;
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

fn greet(estate: &Estate, running: &Running) {
    let line = |name: &str, value: &str| out(&format!("  {}  {value}", styled(BOLD, &format!("{name:<21}"))));
    out("");
    line("Status page", &url(running.hub.public_address()));
    line("Levers", &url(running.board.address()));
    line("Shop", &estate.urls().shop_by_address());
    for (name, url) in estate.urls().apart_by_address() {
        line(name, &url);
    }
    line("Operators", &url(running.hub.operators_address()));
    line("Config", &running.config.display().to_string());
    out("");
    out("Open the status page and the levers side by side. Break something and see what");
    out("works, what does not, where and why; or press “Play the day”. Or here:");
    out("");
    out("  candor demo break name-gone        buying leaves the DNS; front pages work on");
    out("  candor demo mend name-gone         and it comes back");
    out("  candor demo break bad-zone-india   one copy of the zone differs: India alone");
    out("  candor demo levers                 everything that can be broken");
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
