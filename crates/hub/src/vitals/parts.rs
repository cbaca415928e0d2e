//! The parts, one row each, and how each is looked at.

use std::time::Duration;

use super::{Ailment, Found, Part, Senses};

/// All of them.
pub(crate) const PARTS: &[Part; 7] = &[
    Part {
        name: "descriptors",
        figure: ("candor_descriptors_open", "File descriptors that this process has open."),
        looks: (1, 5),
        look: descriptors,
    },
    Part {
        name: "memory",
        figure: ("candor_memory_used_bytes", "Memory in use, of that which is limited most closely."),
        looks: (1, 5),
        look: memory,
    },
    Part {
        name: "disk",
        figure: ("candor_ledger_disk_free_bytes", "Room that is left on the ledger's file system."),
        looks: (1, 5),
        look: disk,
    },
    Part {
        name: "ledger",
        figure: ("candor_ledger_wait_milliseconds", "Longest wait for the ledger in the last look."),
        looks: (2, 10),
        look: ledger,
    },
    Part {
        name: "schedule",
        figure: ("candor_start_late_milliseconds", "Longest delay of a start in the last look."),
        looks: (3, 10),
        look: schedule,
    },
    Part {
        name: "process",
        figure: ("candor_standstill_milliseconds", "How long this process stood still in the last look."),
        looks: (1, 60),
        look: process,
    },
    Part {
        name: "hub",
        figure: ("candor_hub_whole", "1 while every task of the hub works, 0 otherwise."),
        looks: (1, 1),
        look: hub,
    },
];

/// Descriptors that should be left, at most and at least; a twentieth of the limit in between.
const ROOM: (u64, u64) = (8, 32);
/// As few as this, and runs fail for want of one.
const NO_ROOM: u64 = 3;

fn descriptors(senses: &mut Senses) -> (Option<u64>, Found) {
    let Some((open, limit)) = senses.system.descriptors() else {
        return (None, Found::Same);
    };
    (Some(open), descriptors_of(open, limit))
}

pub(super) fn descriptors_of(open: u64, limit: u64) -> Found {
    let (left, room) = (limit.saturating_sub(open), (limit / 20).clamp(ROOM.0, ROOM.1));
    let what = format!("{} of {} file descriptors are in use", grouped(open), grouped(limit));
    let todo = "Raise the limit (ulimit -n, LimitNOFILE= of a systemd unit) and start Candor anew.";
    if left <= NO_ROOM {
        let so = "checks that find none count as not measured, and new readers wait";
        return Found::Wrong(Ailment::ill(format!("File descriptors are used up: {what}; {so}. {todo}")));
    }
    if left < room {
        return Found::Wrong(Ailment::strained(format!("{what}. {todo}")));
    }
    if left >= room * 2 || open < room { Found::Well } else { Found::Same }
}

/// Parts in a hundred of the memory from which it is ill, strained, and below which well.
const MEMORY: (u64, u64, u64) = (95, 85, 80);

fn memory(senses: &mut Senses) -> (Option<u64>, Found) {
    let Some((used, limit, whose)) = senses.system.memory() else {
        return (None, Found::Same);
    };
    (Some(used), limit.map_or(Found::Well, |limit| memory_of(used, limit, whose)))
}

pub(super) fn memory_of(used: u64, limit: u64, whose: &str) -> Found {
    let hundredths = used.saturating_mul(100) / limit.max(1);
    let what = format!("{} of {} of memory are in use (the limit is {whose})", size(used), size(limit));
    let todo = "Give it more, or watch less: past the limit the system ends Candor.";
    if hundredths >= MEMORY.0 {
        return Found::Wrong(Ailment::ill(format!("Memory is nearly used up: {what}. {todo}")));
    }
    if hundredths >= MEMORY.1 {
        return Found::Wrong(Ailment::strained(format!("{what}. {todo}")));
    }
    if hundredths < MEMORY.2 { Found::Well } else { Found::Same }
}

/// What should be left on the disk: this, or a twentieth of it where that is less.
const DISK_ROOM: u64 = 256 << 20;

fn disk(senses: &mut Senses) -> (Option<u64>, Found) {
    let Some((free, size)) = senses.system.disk(&senses.ledger) else {
        return (None, Found::Same);
    };
    (Some(free), disk_of(free, size, &senses.ledger.display().to_string()))
}

pub(super) fn disk_of(free: u64, of: u64, path: &str) -> Found {
    let room = DISK_ROOM.min(of / 20);
    if free < room {
        let what = format!("{} are left on the disk of the ledger {path}", size(free));
        let todo = "When it is full, history is not recorded any more: make room, or keep less (`keep:`).";
        return Found::Wrong(Ailment::strained(format!("{what}. {todo}")));
    }
    if free >= room + room / 4 { Found::Well } else { Found::Same }
}

/// A wait for the ledger that is too long, and one that is none.
const WAIT: (Duration, Duration) = (Duration::from_millis(800), Duration::from_millis(300));

fn ledger(senses: &mut Senses) -> (Option<u64>, Found) {
    let waited = senses.recorder.take_wait();
    (Some(millis(waited)), ledger_of(waited))
}

pub(super) fn ledger_of(waited: Duration) -> Found {
    if waited >= WAIT.0 {
        let what = format!(
            "The ledger is slow: it was waited for {} ms, and verdicts come so much later",
            millis(waited)
        );
        let todo = "Look at its disk, and at what else uses that.";
        return Found::Wrong(Ailment::strained(format!("{what}. {todo}")));
    }
    if waited <= WAIT.1 { Found::Well } else { Found::Same }
}

/// Delays of starts that are ill, strained, and well.
const LATE: (Duration, Duration, Duration) =
    (Duration::from_secs(10), Duration::from_secs(1), Duration::from_millis(300));

fn schedule(senses: &mut Senses) -> (Option<u64>, Found) {
    let late = senses.schedule.take_late();
    (Some(millis(late)), schedule_of(late))
}

pub(super) fn schedule_of(late: Duration) -> Found {
    let words = || {
        let what = format!("Checks start late, by up to {} ms", millis(late));
        format!(
            "{what}: this machine is too busy, or too many checks wait for one host. Give it more processor, or watch less often."
        )
    };
    if late >= LATE.0 {
        return Found::Wrong(Ailment::ill(words()));
    }
    if late >= LATE.1 {
        return Found::Wrong(Ailment::strained(words()));
    }
    if late <= LATE.2 { Found::Well } else { Found::Same }
}

/// A standstill that is worth telling.
const STANDSTILL: Duration = Duration::from_secs(1);

fn process(senses: &mut Senses) -> (Option<u64>, Found) {
    // The schedule knows of those that runs were in flight in; this thread, of all that are long.
    let stood = senses.schedule.take_standstill().max(senses.overslept);
    (Some(millis(stood)), process_of(stood))
}

pub(super) fn process_of(stood: Duration) -> Found {
    if stood < STANDSTILL {
        return Found::Well;
    }
    let what = format!("Candor stood still for {} ms", millis(stood));
    Found::Wrong(Ailment::strained(format!(
        "{what}: it was stopped, or had no processor. What was being measured then does not count against services. Look at what else this machine does."
    )))
}

fn hub(senses: &mut Senses) -> (Option<u64>, Found) {
    let ill = senses.health.ill();
    (Some(u64::from(ill.is_none())), hub_of(ill))
}

pub(super) fn hub_of(ill: Option<&str>) -> Found {
    let words = |part| {
        format!(
            "{part} does not work any more. This is a bug of Candor's: start it anew, and report the log."
        )
    };
    ill.map_or(Found::Well, |part| Found::Wrong(Ailment::ill(words(part))))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// "12 MiB"; below one, in KiB.
fn size(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", grouped(bytes >> 20)) }
}

/// "10,000"
fn grouped(n: u64) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", grouped(n / 1_000), n % 1_000) }
}
