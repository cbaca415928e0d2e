//! What can be asked on the command line. Help, man pages and completions are made from here.

pub(crate) mod explain;
pub(crate) mod replay;
pub(crate) mod zone;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

use self::explain::ExplainArgs;
use self::replay::ReplayArgs;
use self::zone::{ZonePlanArgs, ZoneRollbackArgs, ZoneServeArgs, ZoneVersionsArgs};
use crate::print;

/// Candor tells the truth about a service: it measures what customers can do, decides from that evidence, and says so.
#[derive(Debug, Parser)]
#[command(
    name = "candor",
    version,
    max_term_width = 80,
    after_help = "Examples:\n  candor demo                        a shop that breaks, being watched\n  candor serve https://shop.example  watch a site, with no file at all\n  candor check candor.yaml           run every journey once, for CI\n\nDocs: README.md and docs/ in the source; `candor help COMMAND` for more."
)]
pub(crate) struct Args {
    /// Say more on standard error: -v what happens, -vv why
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch, decide, tell: run the hub and its page
    #[command(
        after_help = "Examples:\n  candor serve                       with ./candor.yaml\n  candor serve https://shop.example  front page, certificate, DNS of a site\n  candor serve candor.yaml --listen 127.0.0.1:9000\n\nA changed file is loaded without a restart; a bad one is refused, and said.\nStop it with Ctrl-C or SIGTERM."
    )]
    Serve(ServeArgs),
    /// Run the journeys once, for CI: exit 0 all pass, 1 something fails, 2 could not run
    #[command(
        after_help = "Examples:\n  candor check                        every journey of ./candor.yaml\n  candor check candor.yaml app-store  one service only\n  candor check https://shop.example   a site, with no file\n  candor check --format junit > candor.xml"
    )]
    Check(CheckArgs),
    /// Name what is wrong with a name or a site, where, and who can mend it: exit 0 healthy, 1 a fault, 2 could not tell
    #[command(
        after_help = "Examples:\n  candor explain shop.example             walk from the root, and compare resolvers\n  candor explain shop.example/MX          one type\n  candor explain https://shop.example     and on to the address, TLS and HTTP\n  candor explain api.corp.example --stub corp.example=192.0.2.1\n  candor explain api.shop.example --expected \"api.shop.example A 192.0.2.20\"\n  candor explain shop.example --format svg > shop.svg\n\nEvery server at every cut is asked itself; docs/dns.md teaches to read a walk."
    )]
    Explain(ExplainArgs),
    /// Look at the configuration: check it, its schema, its resolved form
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look after what is kept: verify, export, back up, restore, migrate
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// A shop that really breaks, and Candor watching it: nothing to configure
    #[command(
        after_help = "Examples:\n  candor demo                  start it, then open the pages that it prints\n  candor demo break name-gone  take the shop's buying out of the DNS\n  candor demo mend name-gone   and put it back\n  candor demo levers           what can be broken"
    )]
    Demo(DemoArgs),
    /// Play a scenario on the estate, and score what the page says: exit 0 passed, 1 not
    #[command(
        after_help = "Examples:\n  candor replay scenarios/the-day.yaml            11 March 2015, in seconds\n  candor replay mine.yaml --seeds 20              the same with other chance\n  candor replay mine.yaml --report mine.html      with its picture\n\ndocs/scenarios.md says how to write one."
    )]
    Replay(ReplayArgs),
    /// Zones: judge a change before it is published, serve them, bring a version back
    #[command(subcommand)]
    Zone(ZoneCommand),
    /// A role of the reference estate; `candor demo` starts them
    #[command(hide = true)]
    Estate {
        /// The role and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Completions for a shell, to standard output
    #[command(after_help = "Example:\n  candor completions bash > /etc/bash_completion.d/candor")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Man pages into a folder, or the first of them to standard output
    #[command(after_help = "Examples:\n  candor man /usr/local/share/man/man1\n  candor man | man -l -")]
    Man {
        /// The folder; it must exist
        folder: Option<PathBuf>,
    },
}

/// An address to listen on.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "an IP address and a port: 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for every address",
    )
}

/// Longest answer to arguments that cannot be understood, in characters; it quotes them.
const ANSWER_MAX: usize = 2_000;

/// Prints what the parser says instead of a command: help, the version, or what is wrong with the arguments.
pub(crate) fn answer(answer: &clap::Error) -> ExitCode {
    let text = answer.render();
    if answer.use_stderr() {
        // Arguments can come from a script that took them from anywhere.
        let plain = text.to_string();
        let unseen = |c: char| c.is_control() && c != '\n';
        if plain.chars().any(unseen) || plain.chars().nth(ANSWER_MAX).is_some() {
            let seen = |c: char| if unseen(c) { '\u{fffd}' } else { c };
            print::note(plain.chars().map(seen).take(ANSWER_MAX).collect::<String>().trim_end());
        } else {
            print::note(text.ansi().to_string().trim_end());
        }
        ExitCode::from(2)
    } else {
        print::out(text.ansi().to_string().trim_end());
        ExitCode::SUCCESS
    }
}

/// `candor serve`
#[derive(Debug, Group)]
pub(crate) struct ServeArgs {
    /// A config file, a folder of them, or the URL of a site [default: candor.yaml]
    pub(crate) target: Option<OsString>,
    /// Where the public page listens
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the operators' site listens
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) operate_listen: Option<SocketAddr>,
    /// Where the ledger lies
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// End when standard input ends: for whoever starts it, and may be killed
    #[arg(long, hide = true)]
    pub(crate) while_stdin: bool,
}

/// `candor check`
#[derive(Debug, Group)]
pub(crate) struct CheckArgs {
    /// A config file, a folder of them, or the URL of a site [default: candor.yaml]
    pub(crate) target: Option<OsString>,
    /// Services to check, by id; all where none is named
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
}

/// How results of a check are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people, in 80 columns
    Human,
    /// One JSON object
    Json,
    /// JUnit XML, for CI
    Junit,
}

/// `candor config`
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Report every fault with its place, and what the plan costs its targets
    #[command(after_help = "Exit 0 where the config stands, 2 where it has faults.")]
    Check {
        /// A config file or a folder of them
        #[arg(default_value = "candor.yaml")]
        file: PathBuf,
    },
    /// The JSON Schema of the language, for editors
    #[command(
        after_help = "Example, for editors that speak the YAML language server:\n  candor config schema > candor.schema.json\nand in the file:\n  # yaml-language-server: $schema=candor.schema.json"
    )]
    Schema,
    /// The resolved form, every default filled in, secrets redacted
    Show {
        /// A config file or a folder of them
        #[arg(default_value = "candor.yaml")]
        file: PathBuf,
    },
}

/// `candor ledger`
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check the whole chain and its signatures; also while a hub runs
    Verify {
        /// The ledger
        #[arg(default_value = "candor.db")]
        ledger: PathBuf,
    },
    /// Print the entries as JSON lines; with --observations those as well
    Export {
        /// The ledger
        #[arg(default_value = "candor.db")]
        ledger: PathBuf,
        /// Observations too, in the order in which they were decided
        #[arg(long)]
        observations: bool,
    },
    /// Copy the ledger as it stands, and verify the copy; also while a hub runs
    Backup {
        /// Where to; nothing is overwritten
        to: PathBuf,
        /// The ledger
        #[arg(default_value = "candor.db")]
        ledger: PathBuf,
    },
    /// Put a backup in place, after verifying it; nothing is overwritten
    Restore {
        /// The backup
        from: PathBuf,
        /// Where to
        #[arg(default_value = "candor.db")]
        ledger: PathBuf,
    },
    /// Bring a ledger of an older version to this one, with a backup beside it
    Migrate {
        /// The ledger
        #[arg(default_value = "candor.db")]
        ledger: PathBuf,
    },
}

/// `candor demo`
#[derive(Debug, Group)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct DemoArgs {
    /// What to do with a running demo
    #[command(subcommand)]
    pub(crate) command: Option<DemoCommand>,
    /// Where the status page listens
    #[arg(long, value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Where the operators' site listens
    #[arg(long, value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:8081")]
    pub(crate) operate_listen: SocketAddr,
    /// In how many places it sells, from 1 to 41; with up to 8 everything is looked at every five seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=41), default_value = "41")]
    pub(crate) places: u8,
    /// Where the page of levers listens
    #[arg(long, value_name = "ADDR", value_parser = address, default_value = "127.0.0.1:8082")]
    pub(crate) levers_listen: SocketAddr,
}

/// What to do with a running demo.
#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// Break something
    Break {
        /// Which lever; `candor demo levers` lists them
        lever: String,
    },
    /// Mend it again
    Mend {
        /// Which lever
        lever: String,
    },
    /// List what can be broken, and what is
    Levers,
}

/// `candor zone`
#[derive(Debug, Subcommand)]
pub(crate) enum ZoneCommand {
    /// Serve zones authoritatively, over UDP and TCP: from files, or as copies
    #[command(
        after_help = "Examples:\n  candor zone serve corp.zone --listen 127.0.0.1:5353\n\n  a primary, and a secondary that copies from it, with a shared key:\n  openssl rand -base64 32 > xfr.key; chmod 600 xfr.key\n  candor zone serve corp.zone --listen 192.0.2.1:53 --store zones.db \\\n    --key xfr.example:hmac-sha256:xfr.key \\\n    --allow-transfer key:xfr.example --notify 192.0.2.2+key:xfr.example\n  candor zone serve --listen 192.0.2.2:53 --store copies.db \\\n    --key xfr.example:hmac-sha256:xfr.key \\\n    --secondary corp.example=192.0.2.1+key:xfr.example\n\nThe origin comes from $ORIGIN or the SOA. SIGHUP reads the files again:\na bad one is refused, and the version before it stays in force. Give a changed\nfile a higher serial, or copies will not take it.\nFor internal zones; experimental on the open internet. More: docs/dns-server.md"
    )]
    Serve(ZoneServeArgs),
    /// Say what a change of a zone would break, before it is published
    #[command(
        after_help = "Examples:\n  candor zone plan --live axfr:192.0.2.1 --proposed new.zone shop.yaml\n  candor zone plan --live old.zone --proposed new.zone --require \"www A\" --require \"@ MX\"\n  candor zone plan --live old.zone --proposed new.zone shop.yaml --format sarif\n\nRequired are the names that the config's journeys go to and that its services\nneed, and those given with --require. Exit 0: it may be published; 1: it is\nrefused; 2: there is no plan. The rules: docs/guard.md"
    )]
    Plan(Box<ZonePlanArgs>),
    /// List the versions of zones that a store keeps
    #[command(
        after_help = "Example:\n  candor zone versions zones.db --zone corp.example\n\nIt can be read while the server runs."
    )]
    Versions(ZoneVersionsArgs),
    /// Bring the records of an earlier version back, under a newer serial
    #[command(
        after_help = "Examples:\n  candor zone versions zones.db                   which versions there are\n  candor zone rollback zones.db corp.zone --to 7 --dry-run\n  candor zone rollback zones.db corp.zone --to 7\n  kill -HUP PID                                   puts it in force\n\nThe file must hold the newest version that the store keeps: one that was\nchanged since is refused and left alone."
    )]
    Rollback(ZoneRollbackArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Args::command().debug_assert();
    }
}
