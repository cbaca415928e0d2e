//! What `--help` says: enough to work here without reading the source.

/// `cargo xtask --help`.
pub(crate) const GENERAL: &str = "\
The project's own chores.

Usage: cargo xtask CHORE [ARGUMENTS]

  test [--fast] [--only PART]    everything that CI runs, in order, with a table at the end
  tidy                           the house rules: budgets, floors, habits, documents
  docs [--check]                 rewrite the generated parts of the documents
  bench [ROW...] [--check]       measure, and write docs/benchmarks.md

`cargo xtask CHORE --help` says more about one of them.

A day's work:
  cargo xtask test --fast        while you work: format, clippy, tidy, tests of the libraries
  cargo xtask docs               after a crate was added or described anew
  cargo xtask test               before you push; CI runs exactly this

Exit: 0 all is well, 1 something failed, 2 it could not run (a program is missing, an argument is unknown).
";

const TEST: &str = "\
Run everything that CI runs. Quiet where all is well; the whole output of a part that fails.

Usage: cargo xtask test [--fast] [--only PART]

  --fast         leave out what takes long: end-to-end and browser tests, doc tests, rustdoc
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
  doctests       the examples in the docs
  rustdoc        the docs build without a warning
  deny           cargo deny, where it is installed (tidy holds the same policy)

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
Measure, and write docs/benchmarks.md with the machine and the versions.

Usage: cargo xtask bench [ROW...] [--check] [--cold] [--rounds N]

  ROW         P13, P15, ... ; default: every row there is
  --check     fail where a goal is missed, and leave docs/benchmarks.md alone
  --cold      measure a cold release build too (minutes, in a target folder of its own)
  --rounds N  repeat each measurement N times and take the median (default 5)

A row is one file in xtask/src/bench/. Peers are run in turns with ours, in the same run, on the same machine;
a row whose peer is not installed says so.
";

/// What `cargo xtask CHORE --help` says.
pub(crate) fn of(chore: &str) -> &'static str {
    match chore {
        "test" => TEST,
        "tidy" => TIDY,
        "docs" => DOCS,
        "bench" => BENCH,
        _ => GENERAL,
    }
}
