//! `candor-estate`: the estate by itself. `candor-estate up` runs it with its board of levers until Ctrl-C;
//! `candor-estate ROLE …` runs one role; `candor-estate break|mend NAME` moves a lever of a running estate.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use candor_estate::board::{self, Panel, client};
use candor_estate::role::{RoleArgs, USAGE};
use candor_estate::{Board, BoardOptions, Estate, EstateOptions, run_role};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;

type Fault = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).log_internal_errors(false).init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["up", rest @ ..] => Box::pin(up(rest)).await,
        ["break", name] => moved(name, true).await,
        ["mend", name] => moved(name, false).await,
        [] | ["--help" | "-h"] => say(&help()),
        _ => run(words).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            drop(writeln!(io::stderr(), "candor-estate: {fault}"));
            ExitCode::from(2)
        }
    }
}

fn help() -> String {
    format!(
        "usage: candor-estate up [--everywhere] [--port N] [--levers N]\n       candor-estate break|mend NAME\n       candor-estate {USAGE}"
    )
}

async fn run(words: Vec<String>) -> Result<(), Fault> {
    Ok(run_role(RoleArgs::from_words(words)?).await?)
}

async fn up(words: &[&str]) -> Result<(), Fault> {
    let mut options = EstateOptions { lead: Vec::new(), ..EstateOptions::new(std::env::current_exe()?) };
    let mut levers = 0;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (*word, words.as_slice()) {
            ("--everywhere", _) => options = options.everywhere(),
            ("--port", [port, ..]) => options.port = port.parse()?,
            ("--levers", [port, ..]) => levers = port.parse()?,
            _ => return Err(help().into()),
        }
        if *word != "--everywhere" {
            words.next();
        }
    }
    let (mut stop, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let estate = Arc::new(Mutex::new(Estate::start(options).await?));
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, levers));
    let handle_file = handle_file();
    let board =
        Board::open(Arc::clone(&estate), BoardOptions { listen, status_url: None, handle_file }).await?;
    let (shop, dns) = {
        let estate = estate.lock().await;
        (estate.urls().shop_by_address(), estate.dns_addr())
    };
    say(&format!("shop    {shop}\nlevers  http://{}/\nnames   {dns}", board.address()))?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = stop.recv() => {}
        _ = hang_up.recv() => {}
    }
    // Dropping ends both: the board first, then every process.
    drop(board);
    Ok(())
}

async fn moved(name: &str, breaks: bool) -> Result<(), Fault> {
    let board = client::find(&handle_file()).await?;
    let panel = if breaks { client::pull(board, name).await? } else { client::mend(board, name).await? };
    say(&told(&panel))
}

fn told(panel: &Panel) -> String {
    let broken: Vec<_> =
        panel.levers.iter().filter(|lever| lever.pulled).map(|lever| lever.id.as_str()).collect();
    if broken.is_empty() {
        "everything is whole".to_owned()
    } else {
        format!("broken: {}", broken.join(", "))
    }
}

fn handle_file() -> PathBuf {
    board::default_handle_file()
}

fn say(words: &str) -> Result<(), Fault> {
    writeln!(io::stdout(), "{words}")?;
    Ok(())
}
