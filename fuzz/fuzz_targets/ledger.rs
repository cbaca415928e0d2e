//! A ledger whose file was changed, by bytes or by values of its tables: everything that reads it says what is wrong or
//! goes on, and so does what writes to it. The first byte says which way; then come the changes.
#![no_main]

use std::cell::LazyCell;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use candor_config::{Source, resolve};
use candor_core::Timestamp;
use candor_core::engine::{Action, Engine, Extras, Input};
use candor_core::entry::{Entry, Event};
use candor_core::fault::{Fault, Kind};
use candor_core::model::Plan;
use candor_core::observation::{Evidence, Observation, Phases, Run, StepReport};
use candor_core::verdict::Verdict;
use candor_fuzz::feed::Feed;
use candor_fuzz::surroundings::{Surroundings, now};
use candor_ledger::{Export, Ledger, Reader, Span};
use libfuzzer_sys::fuzz_target;
use rusqlite::Connection;
use rusqlite::types::Value;

const PLAN: &str = "services: [{id: shop, capabilities: {buy: {journey: [{ping: a.example}]}}}]";

/// A table, the column by which its rows are told apart, and one that is changed.
const COLUMNS: [(&str, &str, &str); 32] = [
    ("entries", "seq", "text"),
    ("entries", "seq", "seq"),
    ("entries", "seq", "hash"),
    ("entries", "seq", "signature"),
    ("keys", "public", "public"),
    ("keys", "public", "since"),
    ("observations", "seq", "seq"),
    ("observations", "seq", "check_id"),
    ("observations", "seq", "observed_at"),
    ("observations", "seq", "received_at"),
    ("observations", "seq", "took_ms"),
    ("observations", "seq", "kind"),
    ("observations", "seq", "step"),
    ("observations", "seq", "detail"),
    ("reports", "seq", "steps"),
    ("reports", "seq", "evidence"),
    ("cells", "cell_id", "service"),
    ("cells", "cell_id", "place"),
    ("checks", "check_id", "vantage"),
    ("buckets", "width", "start"),
    ("buckets", "width", "runs"),
    ("buckets", "width", "took_sum"),
    ("buckets", "width", "took_min"),
    ("bucket_faults", "kind", "kind"),
    ("bucket_faults", "kind", "count"),
    ("days", "day", "day"),
    ("days", "day", "operational_ms"),
    ("days", "day", "maintenance_ms"),
    ("covered", "cell_id", "until_ms"),
    ("snapshots", "id", "watermark"),
    ("configs", "id", "files"),
    ("marks", "name", "seq"),
];

/// A ledger that is whole, as bytes, and where copies of it are changed.
struct Bench {
    folder: tempfile::TempDir,
    whole: Vec<u8>,
}

static PLANNED: LazyLock<Arc<Plan>> = LazyLock::new(|| {
    let read = resolve(&Source::of_text("p.yaml", PLAN), &Surroundings, now());
    Arc::new(read.expect("a plan, because it is ours").plan)
});

thread_local! {
    static BENCH: LazyCell<Bench> = LazyCell::new(Bench::new);
}

fuzz_target!(|data: &[u8]| BENCH.with(|bench| bench.try_out(&mut Feed::new(data))));

impl Bench {
    fn new() -> Self {
        // In memory where there is such a place: nothing here must outlive a power cut.
        let memory = Path::new("/dev/shm");
        let within = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(within).expect("a folder, because the temporary one is writable");
        fill(&folder.path().join("candor.db"));
        let whole = fs::read(folder.path().join("candor.db"))
            .expect("the file that was just written, because it is ours");
        Self { folder, whole }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("candor.db")
    }

    fn try_out(&self, feed: &mut Feed<'_>) {
        let how = feed.byte();
        let mut bytes = self.whole.clone();
        if how & 1 == 0 {
            while !feed.is_empty() {
                let at = (feed.word() >> 40) as usize % bytes.len().max(1);
                bytes[at] = feed.byte();
            }
        }
        let file = self.file();
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(self.folder.path().join(format!("candor.db{end}")));
        }
        fs::write(&file, &bytes).expect("a file, because the folder is ours");
        if how & 1 == 1 {
            change(&file, feed);
        }
        if let Ok(reader) = Ledger::open_to_read(&file) {
            read(&reader);
        }
        if how & 2 == 2
            && let Ok(mut ledger) = Ledger::open(&file)
        {
            write(&mut ledger);
        }
    }
}

/// Puts other values into the tables, behind the ledger's back.
fn change(file: &Path, feed: &mut Feed<'_>) {
    let conn = Connection::open(file).expect("a database, because it is whole");
    while !feed.is_empty() {
        let (table, key, column) = feed.of(&COLUMNS, COLUMNS[0]);
        let row = feed.byte() % 8;
        let value = match feed.byte() % 12 {
            0 => Value::Null,
            1 => Value::Integer(i64::MAX),
            2 => Value::Integer(i64::MIN),
            3 => Value::Integer(-1),
            4 => Value::Integer(0),
            5 => Value::Integer(i64::from(u32::MAX) + 1),
            6 => Value::Text(feed.text()),
            7 => Value::Text("[]".into()),
            8 => Value::Text(r#"{"at":"9999-12-30T22:00:00Z","watermark":18446744073709551615,"ordinal":18446744073709551615,"what":{"event":"stopped"}}"#.into()),
            9 => Value::Text(r#"[["get","https://a.example/",true,[4294967295,null,0,1,2],"192.0.2.1"]]"#.into()),
            10 => Value::Text("dns.nxdomain".into()),
            _ => Value::Integer(i64::from(feed.byte())),
        };
        let sql = format!(
            "UPDATE {table} SET {column} = ?1 WHERE {key} = (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {row})"
        );
        // What the table itself forbids cannot stand in it.
        let _ = conn.execute(&sql, [value]);
    }
}

fn read(reader: &Reader) {
    let today = jiff::civil::date(2026, 3, 27);
    let _ = reader.verify();
    let _ = reader.integrity();
    let _ = reader.head();
    let _ = reader.decided();
    let _ = reader.keys();
    let _ = reader.checks();
    let _ = reader.recent_runs(100);
    let _ = reader.history(90, today);
    let _ = reader.latest_snapshot();
    let _ = reader.last_config();
    let _ = reader.export(std::io::sink(), Export { observations: true });
    let mut engine = Engine::new(Arc::clone(&PLANNED), now());
    let _ = reader.replay(0, 0, |logged| {
        if let candor_ledger::Logged::Observation(seq, seen) = logged {
            engine.handle(seen.received_at, Input::Observation(seq, seen));
            while engine.poll().is_some() {}
        }
        ControlFlow::Continue(())
    });
    drop(engine.view(&Extras::default()));
}

fn write(ledger: &mut Ledger) {
    let watermark = ledger.watermark().unwrap_or(0);
    let _ = ledger.observe(&runs());
    let _ = ledger.append(&Entry { at: now(), watermark, ordinal: 0, what: Event::Stopped });
    let _ = ledger.record_spans(&spans());
    let _ = ledger.roll_up();
}

/// A ledger with something in every table.
fn fill(file: &Path) {
    let mut ledger = Ledger::open(file).expect("a ledger, because there is none yet");
    let plan = Arc::clone(&PLANNED);
    let checks: Vec<_> = plan
        .cells()
        .flat_map(|(_, _, c)| c.checks.iter().map(|k| (k.id, c.key.clone(), k.vantage.clone())))
        .collect();
    ledger.name_checks(&checks).expect("names, because the disk has room");
    let mut engine = Engine::new(plan, now());
    for run in runs() {
        let seq = ledger.observe(std::slice::from_ref(&run)).expect("a run, because the disk has room");
        engine.handle(run.observation.received_at, Input::Observation(seq, run.observation));
        while let Some(action) = engine.poll() {
            if let Action::Record(entry) = action {
                ledger.append(&entry).expect("an entry, because the disk has room");
            }
        }
    }
    let head = ledger.head().ok().flatten().map_or(0, |head| head.seq);
    let kept = serde_json::to_vec(&engine.snapshot()).expect("JSON, because a snapshot is always written");
    ledger.snapshot(engine.watermark(), head, &kept).expect("a snapshot, because it is of this ledger");
    ledger.keep_config(now(), "hash", &[("a.yaml", PLAN)]).expect("a config, because the disk has room");
    ledger.record_spans(&spans()).expect("spans, because they are short");
    ledger.roll_up().expect("rollups, because the disk has room");
}

fn runs() -> Vec<Run> {
    let plan = Arc::clone(&PLANNED);
    let check = plan.cells().flat_map(|(_, _, cell)| cell.checks.iter().map(|check| check.id)).next();
    let run = |n: u64| {
        let at = now().checked_add(std::time::Duration::from_secs(n * 30)).unwrap_or(Timestamp::MAX);
        let fault = (n % 5 > 2).then(|| Fault::new(Kind::DnsNxdomain, 0, "gone"));
        let step = StepReport {
            step: "ping".into(),
            target: "a.example".into(),
            passed: fault.is_none(),
            phases: Phases::default(),
            address: Some("192.0.2.1".into()),
            certificate: None,
        };
        let evidence =
            fault.as_ref().map(|_| Evidence { lines: vec!["NXDOMAIN".into()], body: String::new() });
        let check = check.unwrap_or(candor_core::id::CheckId(1));
        let observation = Observation { check, observed_at: at, received_at: at, took_ms: 5, fault };
        Run { observation, steps: vec![step], evidence }
    };
    (0..12).map(run).collect()
}

fn spans() -> Vec<Span> {
    let plan = Arc::clone(&PLANNED);
    let to = now().checked_add(std::time::Duration::from_secs(3_600)).unwrap_or(Timestamp::MAX);
    let span = |key: &candor_core::id::CellKey| Span {
        cell: key.clone(),
        verdict: Verdict::Degraded,
        under_maintenance: false,
        from: now(),
        to,
    };
    plan.cells().map(|(_, _, cell)| span(&cell.key)).collect()
}
