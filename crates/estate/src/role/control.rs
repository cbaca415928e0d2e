//! How a running role is told things: one order a line on its standard input, one answer a line on its standard
//! output.
//!
//! ```text
//! set [FAULT]...   these faults are in force from now on, and no others      done | no REASON
//! reload           read your files again                                     done | no REASON
//! ```
//!
//! | fault | what is wrong |
//! |---|---|
//! | `stall` | downloads stop after some bytes |
//! | `apology` | every page of a store is its apology page |
//! | `slow`, `slow:MS` | every answer waits three seconds, or so many milliseconds |
//! | `hang` | no request is answered |
//! | `slow-disk` | every use of the role's database waits three seconds |
//! | `page:STATUS:TEXT` | every request is answered with this page; the text in base64url |
//! | `cut:CODE` | the storefront of that place takes no connection |
//! | `withhold:ROLE` | the primary name server tells that copy nothing, and hands it nothing |
//!
//! The end of standard input is the last order: whoever gave orders is gone, and the role ends.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use tokio::sync::{mpsc, watch};

/// The longest order.
const LINE_MAX: u64 = 4096;

/// How long an answer of a slow role waits where nobody says, and at most.
const SLOW_MS: u32 = 3_000;
pub(crate) const SLOW_MAX_MS: u32 = 60_000;

/// What is wrong with a role on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// Downloads stop after some bytes and keep their connections.
    pub stall: bool,
    /// Every page is the apology page, with status 200.
    pub apology: bool,
    /// Every answer waits so many milliseconds.
    pub slow_ms: Option<u32>,
    /// No request is answered.
    pub hang: bool,
    /// Every use of the role's database waits three seconds.
    pub slow_disk: bool,
    /// Every request is answered with this page.
    pub page: Option<ServedPage>,
    /// Codes of places whose storefronts take no connection.
    pub cut: BTreeSet<String>,
    /// Copies of the zone that are told nothing and handed nothing, by the words of their roles.
    pub withhold: BTreeSet<String>,
}

/// A page that stands in front of a whole role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedPage {
    /// Its status.
    pub status: u16,
    /// What it says, in plain text.
    pub text: String,
}

impl Faults {
    /// Takes up what another says is wrong as well.
    pub(crate) fn add(&mut self, other: &Self) {
        self.stall |= other.stall;
        self.apology |= other.apology;
        self.slow_ms = self.slow_ms.max(other.slow_ms);
        self.hang |= other.hang;
        self.slow_disk |= other.slow_disk;
        if other.page.is_some() {
            self.page.clone_from(&other.page);
        }
        self.cut.extend(other.cut.iter().cloned());
        self.withhold.extend(other.withhold.iter().cloned());
    }

    fn take(&mut self, word: &str) -> Option<()> {
        match word.split_once(':').unwrap_or((word, "")) {
            ("stall", "") => self.stall = true,
            ("apology", "") => self.apology = true,
            ("slow", "") => self.slow_ms = Some(SLOW_MS),
            ("slow", ms) => self.slow_ms = Some(ms.parse().ok().filter(|ms| *ms <= SLOW_MAX_MS)?),
            ("hang", "") => self.hang = true,
            ("slow-disk", "") => self.slow_disk = true,
            ("page", page) => self.page = Some(ServedPage::read(page)?),
            ("cut", code) => drop(self.cut.insert(code.to_owned())),
            ("withhold", role) => drop(self.withhold.insert(role.to_owned())),
            _ => return None,
        }
        Some(())
    }
}

impl ServedPage {
    fn read(word: &str) -> Option<Self> {
        let (status, text) = word.split_once(':')?;
        let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
        let status = status.parse().ok().filter(|status| (200..600).contains(status))?;
        Some(Self { status, text })
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(words: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        for word in words.split_whitespace() {
            faults.take(word).ok_or_else(|| format!("there is no fault {word:?}"))?;
        }
        Ok(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switches = [
            ("stall", self.stall),
            ("apology", self.apology),
            ("hang", self.hang),
            ("slow-disk", self.slow_disk),
        ];
        let on = switches.into_iter().filter(|(_, on)| *on).map(|(word, _)| word.to_owned());
        let slow = self.slow_ms.map(|ms| format!("slow:{ms}"));
        let page = self
            .page
            .iter()
            .map(|page| format!("page:{}:{}", page.status, BASE64URL_NOPAD.encode(page.text.as_bytes())));
        let cut = self.cut.iter().map(|code| format!("cut:{code}"));
        let withheld = self.withhold.iter().map(|role| format!("withhold:{role}"));
        let words: Vec<String> = on.chain(slow).chain(page).chain(cut).chain(withheld).collect();
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
        for words in [
            "",
            "stall",
            "stall apology hang slow-disk slow:1800 page:503:U29ycnk cut:gb cut:in withhold:dns-in",
        ] {
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
        for words in ["stall:x", "page:99:U29ycnk", "page:200:?", "page:200"] {
            assert!(words.parse::<Faults>().is_err(), "{words}");
        }
    }
}
