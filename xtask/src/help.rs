//! What `--help` says: enough to work here without reading the source.

/// `cargo xtask --help`.
pub(crate) const GENERAL: &str = "\
The project's own chores.

Usage: cargo xtask CHORE [ARGUMENTS]

  test [--fast|--all] [--only P] everything that CI runs, in order, with a table at the end
  tidy                           the house rules: budgets, floors, habits, documents
  docs [--check]                 rewrite the generated parts of the documents
  bench [ROW...] [--check]       measure beside peers, and write docs/benchmarks.md
  fuzz [TARGET...] [--seconds N] hostile bytes for every parser
  soak [--kills N] [--minutes M] kill the hub again and again, and check what it leaves

`cargo xtask CHORE --help` says more about one of them.

A day's work:
  cargo xtask test --fast        while you work: format, clippy, tidy, tests of the libraries
  cargo xtask docs               after a crate was added or described anew
  cargo xtask test               before you push; CI runs exactly this

Exit: 0 all is well, 1 something failed, 2 it could not run (a program is missing, an argument is unknown).
";

const TEST: &str = "\
Run everything that CI runs. Quiet where all is well; the whole output of a part that fails.

Usage: cargo xtask test [--fast|--all] [--only PART]

  --fast         leave out what takes long: end-to-end and browser tests, doc tests, rustdoc
  --all          and also what CI has no time for: every scenario live, one after the other (some hours)
  --only PART    one part alone; may be given several times
  --list         name the parts and stop

Parts, in order:
  programs       what the tests need besides cargo: name servers, nginx, openssl, Chromium with its driver.
                 Missing ones are installed where apt-get and root are there; else one command to run is printed.
  format         cargo fmt --check
  tidy           cargo xtask tidy
  clippy         every target of every crate, warnings are errors
  core           candor-core stays without std and without I/O
  build          every target of every crate
  tests          unit, property, end-to-end and browser tests (cargo nextest where it is installed)
  fuzz           every parser under libFuzzer: its corpus replayed, then a few seconds of new inputs
  doctests       the examples in the docs
  rustdoc        the docs build without a warning
  deny           cargo deny, where it is installed (tidy holds the same policy)
  live           with --all or --only live: every file of scenarios/ through `candor replay FILE --live`, a line for
                 each as it ends; CI plays six causes live among its tests. Let nothing else run beside it.

The last line is `N passed, N failed`, counting parts.
";

const TIDY: &str = "\
Check the house rules on every file that git would commit.

Usage: cargo xtask tidy [RULE...]

Every finding names its place and a remedy. Each rule is one file in xtask/src/tidy/ that says why it is there;
the budgets are constants in xtask/src/tidy/budgets.rs. There are no warnings: a rule holds or it goes.
";

const DOCS: &str = "\
Rewrite what is generated in the documents, between its markers.

Usage: cargo xtask docs [--check]

  --check    change nothing; fail if something would change (tidy does the same)

Generated: the list of crates in ARCHITECTURE.md, from each crate's Cargo.toml.
";

const BENCH: &str = "\
Measure, side by side with peers, and write docs/benchmarks.md with the machine and the versions.

Usage: cargo xtask bench [ROW...] [--check] [--rounds N] [--cold] [--candor PATH]
       cargo xtask bench --profile ROW

  ROW            P1 P5, or --row P1,P5; default: every row there is. Only a run of all rows writes the document.
  --check        say which goals are missed and fail if there are any; leave docs/benchmarks.md alone
  --rounds N     repeat each measurement N times and take the median (default 3)
  --cold         measure a cold release build too (minutes, in a target folder of its own)
  --candor PATH  measure this binary instead of building one
  --profile ROW  take samples of the row's hub with perf and print where its time goes, phase by phase (P1, P2);
                 builds once more, with symbols, in a target folder of its own

Rows:
  P1   CPU per HTTP check, beside ab and blackbox_exporter         ab (apache2-utils), nginx (nginx-light)
  P2   CPU per DNS check, beside dnsperf and blackbox_exporter     dnsperf, nsd
  P3   500 and 10,000 targets hang at once: when the page says so
  P4   memory at 10,000 checks, with a reader                      nginx
  P5   the public page under load, beside nginx                    wrk, nginx
  P7   our name server beside NSD, one worker each               nsd, dnsperf
  P12  false outages over a simulated year
  P13  replay of the log into state
  P14  growth: CPU per check at 50,000 checks and at 500           nginx
  P15  the first minutes: size, first page, cold build

Peers run in turns with ours, in the same run, on the same machine. A row whose peer is missing names its Debian
package and is not measured; blackbox_exporter (Debian package prometheus-blackbox-exporter, with wrk) is shown
where it is installed. A whole run takes about half an hour on two cores, and needs the machine to itself.
A row is one file in xtask/src/bench/. What people learnt from profiles is kept in xtask/src/bench/learnt.md.
";

const FUZZ: &str = "\
Feed every parser hostile bytes, by libFuzzer on the stable compiler; print inputs, coverage and findings.

Usage: cargo xtask fuzz [TARGET...] [--seconds N] [--keep] [--list]

  TARGET       a file in fuzz/fuzz_targets/; default: all of them, as many at once as there are processors
  --seconds N  how long each works, after its corpus was replayed (default 60)
  --keep       take into fuzz/corpus/ what was learnt and reaches new code
  --list       name the targets and stop

What breaks a target is left in fuzz/artifacts/TARGET/; a panic, five seconds and 2 GiB are all findings.
`cargo xtask test` gives each target a few seconds. `cargo fuzz run --sanitizer none TARGET` works as well.
";

const SOAK: &str = "\
Kill the hub (kill -9) again and again at seeded moments, and check from outside what it leaves.

Usage: cargo xtask soak [--kills N] [--minutes M] [--seed S]

  --kills N    how often (default 1000; with --minutes alone, as often as there is time for)
  --minutes M  stop after so long
  --seed S     make the same choices again; a failure names its seed

Moments: while it starts, at rest, while services break and come back, while it takes a changed config, writes a
snapshot, or is backed up. After each kill: the chain verifies and holds every head that was shown, no run that was
said to be kept is lost, no green without evidence in its lease, one incident for each outage and none without.
CI runs the same loop for 25 kills. A thousand take about 40 minutes.
";

/// What `cargo xtask CHORE --help` says.
pub(crate) fn of(chore: &str) -> &'static str {
    match chore {
        "test" => TEST,
        "tidy" => TIDY,
        "docs" => DOCS,
        "bench" => BENCH,
        "fuzz" => FUZZ,
        "soak" => SOAK,
        _ => GENERAL,
    }
}
