//! What a question costs: asks one server many times, some at once, each with a fresh socket, port and id.
//!
//! `asking serve 127.0.0.1:5300` answers; `asking ask 127.0.0.1:5300 100000 50` asks 100,000 times, 50 at once;
//! `asking lookup …` finds addresses instead. Count it from outside: `perf stat -e instructions:u,instructions:k`.
//! Fails at the first question that gets no answer.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use candor_names::{AskOptions, Question, Resolver, Server, ServersResolver, Zone, ask};
use tokio::task::JoinSet;

const ZONE: &str = "$ORIGIN shop.example.\n$TTL 60\n@ SOA ns1 hostmaster 1 2 3 4 5\n@ NS ns1\nns1 A 127.0.0.1\nwww A 192.0.2.1\n";
const PATIENCE: Duration = Duration::from_secs(5);

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let usage = "asking serve ADDRESS | asking ask|lookup ADDRESS QUESTIONS AT_ONCE";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", address] => runtime.block_on(serve(address.parse()?)),
        [how @ ("ask" | "lookup"), address, questions, at_once] => {
            runtime.block_on(many(*how == "ask", address.parse()?, questions.parse()?, at_once.parse()?))
        }
        _ => Err(usage.into()),
    }
}

async fn serve(address: SocketAddr) -> Outcome {
    let zone = Zone::parse(ZONE, None, "example").map_err(|faults| format!("{faults:?}"))?;
    Ok(Server::bind(&[address], vec![zone]).await?.run(std::future::pending()).await?)
}

async fn many(plainly: bool, server: SocketAddr, questions: u64, at_once: usize) -> Outcome {
    let left = Arc::new(AtomicU64::new(questions));
    let mut workers = JoinSet::new();
    for _ in 0..at_once {
        let left = Arc::clone(&left);
        workers.spawn(async move {
            let question = Question::parse("www.shop.example", "A")?;
            let options = AskOptions { deadline: PATIENCE, ..AskOptions::default() };
            let resolver = ServersResolver::new(vec![server]);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                if plainly {
                    ask(server, &question, &options).await?;
                } else {
                    resolver.lookup("www.shop.example", PATIENCE).await.map_err(|why| why.to_string())?;
                }
            }
            Outcome::Ok(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}
