//! Kill, look, start again: one world, many rounds.
//!
//! * `site` — three services of the test's own, and the truth about each
//! * `watch` — reads the page all the time, and holds what it claims against the truth
//! * `books` — what the ledger must say after a kill
//! * `round` — the moments at which a hub is killed

mod books;
mod chance;
mod round;
mod site;
mod watch;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

use self::books::Books;
use self::chance::Chance;
use self::round::{MOMENTS, Moment, Round};
use self::site::{Mood, SERVICES, Site};
use self::watch::{Seen, Watch};
use crate::support::candor::{Running, candor, run as command};
use crate::support::wait_for;

/// How long a run may take: what was answered before is known within it, or never.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);
/// How long a pass counts.
pub(crate) const LEASE: Duration = Duration::from_secs(5);
/// How long a hub may take to come up, or to decide, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Progress is told so often.
const TELL_EVERY: u64 = 25;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) kills: u64,
    pub(crate) limit: Option<Duration>,
}

/// What came of it.
#[derive(Debug, Default)]
struct Score {
    kills: u64,
    pages: u64,
    greens: u64,
    heads: u64,
    moments: [u64; MOMENTS.len()],
}

/// The hub's surroundings, which outlive it.
struct World {
    folder: tempfile::TempDir,
    site: Site,
    public: SocketAddr,
    operators: SocketAddr,
    books: Books,
    /// What was seen last before the kill.
    before: Option<Seen>,
    score: Score,
}

/// Runs the loop; a failure is a panic that names the seed.
pub(crate) fn run(plan: &Plan) {
    say(&format!("seed {}", plan.seed));
    let begun = Instant::now();
    let mut world = World::new();
    let mut chance = Chance::new(plan.seed);
    let over = |begun: &Instant| plan.limit.is_some_and(|limit| begun.elapsed() >= limit);
    while world.score.kills < plan.kills && !over(&begun) {
        let round = Round::drawn(&mut chance, world.score.kills);
        let told = format!("seed {}, kill {}: {round:?}", plan.seed, world.score.kills + 1);
        let _named = Named(&told);
        world.play(&round);
        if world.score.kills.is_multiple_of(TELL_EVERY) {
            say(&world.score.line(begun.elapsed()));
        }
    }
    let told = format!("seed {}, the end after {} kills", plan.seed, world.score.kills);
    let _named = Named(&told);
    world.end();
    say(&format!(
        "seed {}: {}; {}",
        plan.seed,
        world.score.line(begun.elapsed()),
        world.books.line(&world.score.moments)
    ));
}

/// Names the round where it ends in a panic.
struct Named<'t>(&'t str);

impl Drop for Named<'_> {
    #[expect(clippy::print_stderr, reason = "whoever reads the failure must be able to replay it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was {}", self.0);
        }
    }
}

#[expect(clippy::print_stdout, reason = "a long run tells how far it is")]
fn say(text: &str) {
    println!("{text}");
}

impl Score {
    fn line(&self, took: Duration) -> String {
        format!(
            "{} kills in {} s, {} pages read, {} greens held against the truth, {} heads found again",
            self.kills,
            took.as_secs(),
            self.pages,
            self.greens,
            self.heads
        )
    }
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for a test");
        let site = Site::start();
        let world = Self {
            public: own_address(),
            operators: own_address(),
            folder,
            site,
            books: Books::default(),
            before: None,
            score: Score::default(),
        };
        world.configure(false);
        world
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the config, as editors do: whole, under another name, then renamed.
    fn configure(&self, more: bool) {
        let mut text = format!(
            "page: {{title: Shop status, listen: \"{}\"}}\noperate: {{listen: \"{}\"}}\n\
             defaults: {{every: 2s, timeout: 2s, deadline: 2s, lease: 5s, degraded: {{failing: never}}}}\nservices:\n",
            self.public, self.operators
        );
        let services = SERVICES.iter().copied().chain(more.then_some("guest"));
        for service in services {
            let url = self.site.url(service);
            text.push_str(&format!(
                "  - id: {service}\n    capabilities: {{open: {{journey: [{{get: \"{url}\"}}]}}}}\n"
            ));
        }
        let part = self.path().join("candor.yaml.new");
        std::fs::write(&part, text).expect("a config can be written");
        std::fs::rename(&part, self.path().join("candor.yaml")).expect("a file can be renamed");
    }

    /// Starts the hub, kills it at the round's moment, and checks what it leaves.
    fn play(&mut self, round: &Round) {
        for &(service, mood) in &round.before {
            self.site.be(service, mood);
        }
        let mut hub = Running::start(candor(self.path()).arg("serve"));
        let watch = Watch::start(self.operators, self.site.truth(), self.before.take());
        let mut backup = None;
        if round.moment != Moment::Starting {
            self.wait_until_up(&mut hub, &watch);
            backup = self.prepare(round, &watch);
        }
        std::thread::sleep(round.wait);
        hub.kill();
        let seen = watch.end();
        let backup = backup.map(|backup| self.backed_up(backup));
        self.score.kills += 1;
        self.score.pages += seen.pages;
        self.score.greens += seen.greens;
        self.score.moments[round.moment as usize] += 1;
        self.score.heads += u64::from(seen.head.is_some());
        if self.path().join("candor.db").exists() {
            command(self.path(), &["ledger", "verify"]).ended(0);
            self.books.check(&self.path().join("candor.db"), &seen, &self.site.truth());
        }
        if let Some(Some(copy)) = backup {
            self.books.check_copy(&copy);
            std::fs::remove_file(copy).expect("a copy can be removed");
        }
        self.before = Some(seen);
    }

    fn wait_until_up(&self, hub: &mut Running, watch: &Watch) {
        let begun = Instant::now();
        while !watch.has_a_page() {
            assert!(!hub.is_over(), "the hub does not start:\n{}", hub.noted());
            assert!(begun.elapsed() < PATIENCE, "no page within {PATIENCE:?}:\n{}", hub.noted());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What the round does before its wait; a backup that was begun is given back.
    fn prepare(&self, round: &Round, watch: &Watch) -> Option<(Running, std::path::PathBuf)> {
        for &(service, mood) in &round.after {
            self.site.be(service, mood);
        }
        match round.moment {
            Moment::Reloading => self.configure(round.more),
            Moment::Snapshotting => watch.wait_for_a_new_entry(),
            Moment::BackingUp => {
                let copy = self.path().join(format!("copy-{}.db", self.score.kills));
                let mut backup = candor(self.path());
                backup.args(["ledger", "backup"]).arg(&copy);
                return Some((Running::start(&mut backup), copy));
            }
            Moment::Starting | Moment::Any | Moment::Turning => {}
        }
        None
    }

    /// The copy, where the backup says that it made one. It may have been too early for a ledger.
    fn backed_up(&self, (mut backup, copy): (Running, std::path::PathBuf)) -> Option<std::path::PathBuf> {
        let ended = backup.ended(PATIENCE);
        assert!(ended.success(), "a backup beside a hub that is killed: {}", backup.noted());
        Some(copy)
    }

    /// Everything works again: all is green, nothing is open, and the books are whole.
    fn end(&mut self) {
        for service in SERVICES {
            self.site.be(service, Mood::Well);
        }
        self.configure(false);
        let mut hub = Running::start(candor(self.path()).arg("serve"));
        let watch = Watch::start(self.operators, self.site.truth(), self.before.take());
        wait_for("all is green and nothing is open", PATIENCE, || watch.is_all_well().then_some(()));
        let seen = watch.end();
        assert_eq!(hub.stop().code(), Some(0), "{}", hub.noted());
        command(self.path(), &["ledger", "verify"]).ended(0);
        self.books.check(&self.path().join("candor.db"), &seen, &self.site.truth());
    }
}

/// An address that nobody else uses: of this process alone, so that no other's connection takes its port while the hub
/// is down.
fn own_address() -> SocketAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = Ipv4Addr::new(127, 83, high, low.max(1));
    let listener = TcpListener::bind((host, 0)).expect("a free port on loopback");
    listener.local_addr().expect("a bound socket has an address")
}
