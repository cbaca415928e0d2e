//! Parts at their thresholds, beats in their time, ailments side by side.

use std::fmt::Write as _;
use std::time::Duration;

use super::parts::{descriptors_of, disk_of, hub_of, ledger_of, memory_of, process_of, schedule_of};
use super::*;

const MIB: u64 = 1 << 20;

fn of(found: Found) -> Option<Grade> {
    match found {
        Found::Wrong(ailment) => Some(ailment.grade),
        Found::Well | Found::Same => None,
    }
}

#[test]
fn each_part_is_strained_before_it_is_ill_and_well_with_room_to_spare() {
    let (well, ill, strained) = (None, Some(Grade::Ill), Some(Grade::Strained));
    assert_eq!(
        [60, 990, 1_000, 1_021, 1_024].map(|open| of(descriptors_of(open, 1_024))),
        [well, well, strained, ill, ill]
    );
    assert_eq!(descriptors_of(20, 1_024), Found::Well);
    assert_eq!(descriptors_of(985, 1_024), Found::Same, "between the two it stays what it was");
    assert_eq!(
        [40, 86, 96].map(|used| of(memory_of(used * MIB, 100 * MIB, "ulimit -v"))),
        [well, strained, ill]
    );
    assert_eq!(memory_of(82, 100, ""), Found::Same);
    assert_eq!([300, 200, 0].map(|free| of(disk_of(free * MIB, 1 << 40, "x"))), [well, strained, strained]);
    assert_eq!(disk_of(MIB, 4 * MIB, "x"), Found::Well, "a small disk is not short because it is small");
    let ms = Duration::from_millis;
    assert_eq!([10, 900].map(|waited| of(ledger_of(ms(waited)))), [well, strained]);
    assert_eq!([10, 1_500, 11_000].map(|late| of(schedule_of(ms(late)))), [well, strained, ill]);
    assert_eq!([0, 1_200].map(|stood| of(process_of(ms(stood)))), [well, strained]);
    assert_eq!([None, Some("The engine")].map(|part| of(hub_of(part))), [well, ill]);
}

#[test]
fn what_operators_are_told_of_each_part() {
    let mut told = String::new();
    let ms = Duration::from_millis;
    for found in [
        descriptors_of(19_990, 20_000),
        descriptors_of(1_024, 1_024),
        memory_of(470 * MIB, 512 * MIB, "the control group's"),
        memory_of(510 * MIB, 512 * MIB, "ulimit -v"),
        disk_of(12 * MIB, 1 << 34, "/var/lib/candor/candor.db"),
        ledger_of(ms(1_850)),
        schedule_of(ms(2_300)),
        process_of(ms(8_213)),
        hub_of(Some("The recorder")),
    ] {
        let Found::Wrong(ailment) = found else { panic!("{found:?}") };
        writeln!(told, "{:?}: {}", ailment.grade, ailment.words).unwrap();
    }
    insta::assert_snapshot!(told);
}

fn part(looks: (u32, u32)) -> Part {
    Part { name: "test", figure: ("", ""), looks, look: |_| (None, Found::Same) }
}

fn wrong(words: &str) -> Found {
    Found::Wrong(Ailment::strained(words.into()))
}

#[test]
fn one_bad_look_is_not_told_where_it_takes_two_and_one_good_look_does_not_end_it() {
    let (part, mut beat) = (part((2, 3)), Beat::default());
    assert_eq!(beat.take(&part, wrong("a")), None);
    assert_eq!(beat.take(&part, Found::Well), None);
    assert_eq!(beat.take(&part, wrong("a")), None);
    assert_eq!(beat.take(&part, wrong("b")), Some(Some(Ailment::strained("b".into()))));
    assert_eq!(beat.take(&part, Found::Well), None);
    assert_eq!(beat.take(&part, Found::Well), None);
    assert_eq!(beat.take(&part, Found::Same), None);
    assert_eq!(beat.take(&part, Found::Well), Some(None));
}

#[test]
fn worse_is_told_in_its_turn_and_newer_words_now_and_then() {
    let (part, mut beat) = (part((1, 2)), Beat::default());
    assert!(beat.take(&part, wrong("a")).is_some());
    let ill = || Found::Wrong(Ailment::ill("worse".into()));
    assert_eq!(beat.take(&part, ill()), Some(Some(Ailment::ill("worse".into()))));
    assert_eq!(beat.take(&part, wrong("a")), None, "better only after two looks");
    assert_eq!(beat.take(&part, wrong("a")), Some(Some(Ailment::strained("a".into()))));
    let again = (0..TELL_AGAIN).find_map(|_| beat.take(&part, wrong("b")));
    assert_eq!(again, Some(Some(Ailment::strained("b".into()))));
}

#[test]
fn ill_parts_share_one_notice_and_strained_ones_have_one_each() {
    let mut ailments = Ailments::default();
    ailments.note("disk", Some(Ailment::strained("Little room.".into())));
    ailments.note("rollups", Some(Ailment::ill("Rollups fail.".into())));
    ailments.note("descriptors", Some(Ailment::ill("None left.".into())));
    ailments.note("memory", Some(Ailment::strained("Little memory.".into())));
    let notices = ailments.notices();
    let words: Vec<&str> = notices
        .iter()
        .map(|notice| match notice {
            Notice::Ill { what, .. } | Notice::Strained { what, .. } => what.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, ["None left. Rollups fail.", "Little room.", "Little memory."]);
    ailments.note("descriptors", None);
    ailments.note("rollups", None);
    assert_eq!(ailments.notices().len(), 2);
}

#[test]
fn an_ailment_is_as_old_as_its_beginning() {
    let mut ailments = Ailments::default();
    ailments.note("disk", Some(Ailment::strained("12 MiB".into())));
    let since = |ailments: &Ailments| match &*ailments.notices() {
        [Notice::Strained { since, what }] => (*since, what.clone()),
        other => panic!("{other:?}"),
    };
    let first = since(&ailments);
    ailments.note("disk", Some(Ailment::strained("11 MiB".into())));
    assert_eq!(since(&ailments), (first.0, "11 MiB".to_string()));
}

#[tokio::test]
async fn a_hub_that_was_told_to_stop_is_not_looked_at_any_more() {
    let health = Health {
        tasks: Vec::new(),
        engine: Arc::new(crate::pulse::Pulse::new()),
        renderer: crate::render::Renderer::start().unwrap(),
    };
    let senses = Senses::new(Arc::default(), Arc::default(), Arc::new(health), PathBuf::from("/"));
    let vitals = Arc::new(Vitals::default());
    let (engine, _heard) = mpsc::channel(4);
    let (_stop, stopped) = watch::channel(true);
    let beats = PARTS.iter().map(|_| Beat::default()).collect();
    let watch = Watch { senses, vitals: Arc::clone(&vitals), engine, stopped, beats };
    let (over, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        watch.work();
        over.send(()).unwrap();
    });
    ended.recv_timeout(LOOK * 10).unwrap();
    let looked: Vec<_> =
        vitals.figures().filter(|(_, figure, _)| *figure != 0).map(|(p, ..)| p.name).collect();
    assert_eq!(looked, Vec::<&str>::new());
}
