//! How a running role is told things: one order a line on its standard input, one answer a line on its standard
//! output.
//!
//! ```text
//! set [FAULT]...   these faults are in force from now on, and no others      done | no REASON
//! reload           read your files again                                     done | no REASON
//! ```
//!
//! Faults: `stall` (downloads stop after some bytes), `apology` (every page is the apology page), `slow` (every
//! answer waits three seconds), `cut:CODE` (the storefront of that place takes no connection).
//! The end of standard input is the last order: whoever gave orders is gone, and the role ends.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::str::FromStr;

use tokio::sync::{mpsc, watch};

/// The longest order.
const LINE_MAX: u64 = 4096;

/// What is wrong with a role on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Downloads stop after some bytes and keep their connections.
    pub stall: bool,
    /// Every page is the apology page, with status 200.
    pub apology: bool,
    /// Every answer waits three seconds.
    pub slow: bool,
    /// Codes of places whose storefronts take no connection.
    pub cut: BTreeSet<String>,
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        for word in words.split_whitespace() {
            match word {
                "stall" => faults.stall = true,
                "apology" => faults.apology = true,
                "slow" => faults.slow = true,
                _ => match word.strip_prefix("cut:") {
                    Some(code) => drop(faults.cut.insert(code.to_owned())),
                    None => return Err(format!("there is no fault {word:?}")),
                },
            }
        }
        Ok(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switches = [("stall", self.stall), ("apology", self.apology), ("slow", self.slow)];
        let on = switches.into_iter().filter(|(_, on)| *on).map(|(word, _)| word.to_owned());
        let words: Vec<String> = on.chain(self.cut.iter().map(|code| format!("cut:{code}"))).collect();
        f.write_str(&words.join(" "))
    }
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// These faults are in force from now on, and no others.
    Set(Faults),
    /// Read your files again.
    Reload,
}

impl FromStr for Order {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
            ("set", words) => words.parse().map(Self::Set),
            ("reload", "") => Ok(Self::Reload),
            _ => Err(format!("{line:?} is not an order")),
        }
    }
}

/// The orders of a role and what is in force.
#[derive(Debug)]
pub(crate) struct Control {
    lines: mpsc::Receiver<String>,
    faults: watch::Sender<Faults>,
}

impl Control {
    /// Begins to read orders.
    pub(crate) fn start() -> Self {
        let (send, lines) = mpsc::channel(1);
        // A thread of its own: a read of standard input cannot be given up, and must not hold up the runtime's end.
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let mut line = String::new();
                match input.by_ref().take(LINE_MAX).read_line(&mut line) {
                    Ok(read) if read > 0 && send.blocking_send(line).is_ok() => {}
                    Ok(_) | Err(_) => return,
                }
            }
        });
        Self { lines, faults: watch::Sender::default() }
    }

    /// The faults in force, now and as they change.
    pub(crate) fn faults(&self) -> watch::Receiver<Faults> {
        self.faults.subscribe()
    }

    /// Says that the role is ready, then obeys until the orders end.
    /// `obey` does what is special to the role and says why not in plain words.
    pub(crate) async fn attend(
        mut self,
        mut obey: impl AsyncFnMut(&Order) -> Result<(), String>,
    ) -> io::Result<()> {
        say("ready")?;
        while let Some(line) = self.lines.recv().await {
            let done = match line.parse::<Order>() {
                Ok(order) => {
                    let done = obey(&order).await;
                    if let (Order::Set(faults), Ok(())) = (order, &done) {
                        self.faults.send_replace(faults);
                    }
                    done
                }
                Err(why) => Err(why),
            };
            match done {
                Ok(()) => say("done")?,
                Err(why) => say(&format!("no {}", why.replace('\n', "; ")))?,
            }
        }
        Ok(())
    }
}

/// Says why the role does not start, where its address is the reason.
pub(crate) fn say_taken(why: &io::Error) -> io::Result<()> {
    say(&format!("taken {why}"))
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_back() {
        for words in ["", "stall", "stall apology slow cut:gb cut:in"] {
            let faults: Faults = words.parse().unwrap();
            assert_eq!(faults.to_string(), words);
            assert_eq!(format!("set {words}").parse(), Ok(Order::Set(faults)));
        }
    }

    #[test]
    fn what_is_not_an_order_is_refused_in_words() {
        assert_eq!("dance".parse::<Order>(), Err("\"dance\" is not an order".to_owned()));
        assert_eq!("set melt".parse::<Order>(), Err("there is no fault \"melt\"".to_owned()));
        assert!("reload now".parse::<Order>().is_err());
    }
}
