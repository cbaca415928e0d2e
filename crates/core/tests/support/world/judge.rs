//! The judge of a world: knows the truth, hears what the engine says, and notes every promise that is not kept.
//!
//! * What is wrong is not green any more within an interval, twice the step's deadline and the wait for a recheck; what
//!   is wrong now and then, within two windows of `n of m`.
//! * What is wrong for everyone is called an outage within the same time, or one interval more where more fails than its
//!   service has rechecks for, in places too few to confirm each other.
//! * Where nobody can measure nothing is green past the lease, and nobody is accused.
//! * No outage is called where there is none, and none is given up while it lasts.
//! * What is over is green again, and its incident is closed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use candor_core::fault::Kind;
use candor_core::id::CellKey;
use candor_core::verdict::Verdict;

use super::trouble::{Form, Trouble};

/// Moments kept for the history of a broken promise.
const REMEMBERED: usize = 16_384;
/// Lines of such a history.
const SHOWN: usize = 48;
/// What a promise grants beyond the interval and the deadlines: a recheck begins within 2.3 s, and packets travel.
const SLACK_MS: i64 = 3_100;
/// Rechecks that a cell wants of its budget for each of its vantages, until an outage is called.
const RECHECKS: usize = 2;
/// In so many places, those of a capability that go out together are sure to confirm each other.
const NEIGHBOURS: usize = 12;
/// A cell that fails ever so often for a moment (the weather) may put the end of its incident off.
const PATIENCE_MS: i64 = 10 * 60_000;

/// What a world came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Changes to outage while the truth was well: when, which.
    pub false_outages: Vec<(i64, CellKey)>,
    /// Changes to outage where one address of three was broken: more than was true, and not nothing.
    pub overstated: u64,
    /// Changes to outage where one vantage truly failed and another lost three attempts in a row: a majority of the
    /// evidence, and not of the truth.
    pub unlucky: u64,
    /// Milliseconds in which a cell read operational while its truth was outage, the longest stretch of each.
    pub false_green_ms: BTreeMap<CellKey, i64>,
    /// The same in all, and what of it lay past the promise.
    pub green_ms: i64,
    pub green_late_ms: i64,
    /// Milliseconds of truth that an outage lasted, over all cells.
    pub out_ms: i64,
    /// Troubles of a cell that were thrown in, that lasted longer than their promise, and of those found in time.
    pub thrown: u64,
    pub lasting: u64,
    pub found: u64,
    /// The longest time until one was found, by form.
    pub slowest_ms: BTreeMap<&'static str, i64>,
    /// Incidents opened, and closed.
    pub opened: u64,
    pub closed: u64,
    /// Rechecks asked for.
    pub rechecks: u64,
    /// Runs made.
    pub runs: u64,
    /// Promises that were not kept, with the history around them.
    pub broken: Vec<String>,
}

/// The times that promises are made of, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub every: i64,
    pub step: i64,
    pub lease: i64,
    pub window: i64,
    pub vantages: usize,
    /// Rechecks that a service has at once.
    pub budget: usize,
    /// Places of a capability.
    pub places: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Ends,
    Begins,
    /// The page must differ by now.
    Differs,
    /// Each cell must be found by now.
    Due,
    Settled,
}

/// Something that happened, for the history of a broken promise.
#[derive(Debug, Clone, Copy)]
pub enum Line {
    Run(usize, usize, Option<Kind>, u32),
    Verdict(usize, Verdict),
    Incident(usize, u64, &'static str),
}

#[derive(Debug, Default)]
struct Case {
    cells: BTreeSet<usize>,
    /// When a cell joined it last.
    grew: i64,
}

pub struct Judge {
    terms: Terms,
    cells: Vec<CellKey>,
    troubles: Vec<Trouble>,
    moments: BTreeSet<(i64, Moment, usize)>,
    /// The trouble that each cell is in, and the last that it was in.
    active: Vec<Option<usize>>,
    last: Vec<Option<usize>>,
    /// Troubles of which a cell is not green any more; cells that are what their trouble makes of them, and those of them
    /// that were so in time.
    noticed: BTreeSet<usize>,
    found: BTreeSet<(usize, usize)>,
    counted: BTreeSet<(usize, usize)>,
    recovered: BTreeSet<(usize, usize)>,
    verdicts: Vec<(Verdict, i64)>,
    cases: BTreeMap<u64, Case>,
    partitions: Vec<(usize, i64, i64)>,
    lines: VecDeque<(i64, Line)>,
    pub report: Report,
}

impl Judge {
    pub fn new(terms: Terms, cells: Vec<CellKey>, partitions: Vec<(usize, i64, i64)>) -> Self {
        let count = cells.len();
        Self {
            terms,
            cells,
            troubles: vec![],
            moments: BTreeSet::new(),
            active: vec![None; count],
            last: vec![None; count],
            noticed: BTreeSet::new(),
            found: BTreeSet::new(),
            counted: BTreeSet::new(),
            recovered: BTreeSet::new(),
            verdicts: vec![(Verdict::Unknown, i64::MIN / 2); count],
            cases: BTreeMap::new(),
            partitions,
            lines: VecDeque::new(),
            report: Report::default(),
        }
    }

    pub fn add(&mut self, trouble: Trouble) {
        let nth = self.troubles.len();
        let due = trouble.from + self.promise(&trouble);
        let differs = trouble.from + self.promise(&trouble).min(self.soon());
        if matches!(trouble.form, Form::Whole | Form::OneVantage(_) | Form::Slow)
            && differs + 1_000 < trouble.to
        {
            self.moments.insert((differs, Moment::Differs, nth));
        }
        self.moments.insert((trouble.from, Moment::Begins, nth));
        self.moments.insert((trouble.to, Moment::Ends, nth));
        self.moments.insert((trouble.to + self.settles(&trouble), Moment::Settled, nth));
        self.report.thrown += trouble.cells.len() as u64;
        // One that ends as it comes due may be found or not.
        if due + 1_000 < trouble.to {
            self.moments.insert((due, Moment::Due, nth));
            self.report.lasting += trouble.cells.len() as u64;
        }
        self.troubles.push(trouble);
    }

    pub fn trouble_of(&self, cell: usize) -> Option<&Trouble> {
        self.active[cell].map(|nth| &self.troubles[nth])
    }

    pub fn next_moment(&self) -> Option<i64> {
        self.moments.first().map(|(at, ..)| *at)
    }

    /// Takes the next moment; the engine has been told the time.
    pub fn pass_moment(&mut self) {
        let Some((now, moment, nth)) = self.moments.pop_first() else { return };
        for cell in self.troubles[nth].cells.clone() {
            match moment {
                Moment::Begins => self.begins(now, cell, nth),
                Moment::Differs => {
                    if !self.noticed.contains(&nth) && !self.is_crowded(nth, now) {
                        self.broken(now, cell, "the page does not differ, and nobody could know");
                    }
                    break;
                }
                Moment::Due => self.due(now, cell, nth),
                Moment::Ends => self.ends(now, cell, nth),
                Moment::Settled => self.settled(now, cell, nth),
            }
        }
    }

    pub fn note(&mut self, now: i64, line: Line) {
        if self.lines.len() == REMEMBERED {
            self.lines.pop_front();
        }
        self.lines.push_back((now, line));
    }

    pub fn verdict(&mut self, now: i64, key: &CellKey, to: Verdict) {
        let cell = self.index(key);
        self.note(now, Line::Verdict(cell, to));
        self.count_green(now, cell);
        self.verdicts[cell] = (to, now);
        if let Some(nth) = self.active[cell] {
            self.hear(now, cell, nth);
            let trouble = &self.troubles[nth];
            let promised = trouble.from + self.promise(trouble);
            if trouble.form == Form::Whole && now > promised && to != Verdict::Outage {
                self.broken(now, cell, &format!("an outage is given up while it lasts, for {to:?}"));
            }
        } else if to == Verdict::Operational
            && let Some(nth) = self.last[cell]
        {
            self.recovered.insert((nth, cell));
        }
        if to == Verdict::Outage {
            self.outage(now, cell);
        }
    }

    pub fn joins(&mut self, now: i64, incident: u64, key: &CellKey, opened: bool) {
        let cell = self.index(key);
        self.note(now, Line::Incident(cell, incident, if opened { "opened" } else { "grew" }));
        self.report.opened += u64::from(opened);
        let case = self.cases.entry(incident).or_default();
        case.cells.insert(cell);
        case.grew = now;
    }

    pub fn closes(&mut self, now: i64, incident: u64) {
        if let Some(case) = self.cases.remove(&incident) {
            self.report.closed += 1;
            case.cells.iter().for_each(|cell| self.note(now, Line::Incident(*cell, incident, "closed")));
        }
    }

    fn index(&self, key: &CellKey) -> usize {
        self.cells.iter().position(|known| known == key).expect("a cell of the plan")
    }

    fn begins(&mut self, now: i64, cell: usize, nth: usize) {
        self.active[cell] = Some(nth);
        self.last[cell] = Some(nth);
        self.hear(now, cell, nth);
    }

    fn ends(&mut self, now: i64, cell: usize, nth: usize) {
        self.count_green(now, cell);
        let trouble = &self.troubles[nth];
        if trouble.form == Form::Whole {
            self.report.out_ms += trouble.to - trouble.from;
        }
        self.active[cell] = None;
        if self.verdicts[cell].0 == Verdict::Operational {
            self.recovered.insert((nth, cell));
        }
    }

    /// Whether what is said of the cell is what its trouble asks for.
    fn hear(&mut self, now: i64, cell: usize, nth: usize) {
        let verdict = self.verdicts[cell].0;
        let form = self.troubles[nth].form;
        let heard = match form {
            Form::Whole => verdict == Verdict::Outage,
            Form::OneVantage(_) | Form::OneAddress | Form::Slow | Form::SomeSlow => verdict.is_failing(),
            Form::Ours | Form::Silence => verdict != Verdict::Operational,
        };
        if verdict.is_failing() {
            self.noticed.insert(nth);
        }
        if heard && self.found.insert((nth, cell)) {
            let took = now - self.troubles[nth].from;
            let slowest = self.report.slowest_ms.entry(self.class(&self.troubles[nth])).or_default();
            *slowest = (*slowest).max(took);
        }
    }

    fn due(&mut self, now: i64, cell: usize, nth: usize) {
        let in_time = now - self.troubles[nth].from <= self.promise(&self.troubles[nth]);
        if self.found.contains(&(nth, cell)) {
            self.report.found += u64::from(self.counted.insert((nth, cell)));
        } else if in_time && self.is_crowded(nth, now) {
            let later = now + self.terms.every;
            if later + 1_000 < self.troubles[nth].to {
                self.moments.insert((later, Moment::Due, nth));
            } else {
                self.report.lasting -= 1;
            }
        } else {
            self.broken(now, cell, "it is not found within its promise");
        }
    }

    fn settled(&mut self, now: i64, cell: usize, nth: usize) {
        let verdict = self.verdicts[cell].0;
        let cut_off = self.cut_off(now);
        let over = self.recovered.contains(&(nth, cell)) || (cut_off && verdict != Verdict::Outage);
        if !over {
            self.broken(now, cell, &format!("it is over, and still {verdict:?}"));
        }
        let patience = now - PATIENCE_MS;
        let at_peace = |cell: &usize| {
            self.active[*cell].is_none()
                && self.last[*cell].is_none_or(|nth| {
                    let trouble = &self.troubles[nth];
                    trouble.to + self.settles(trouble) <= now && trouble.to < patience
                })
        };
        let held = self.cases.iter().find(|(_, case)| case.cells.contains(&cell));
        let stale = |case: &Case| !cut_off && case.grew < patience && case.cells.iter().all(at_peace);
        let stale = held.filter(|(_, case)| stale(case)).map(|(id, _)| *id);
        if let Some(id) = stale {
            self.broken(
                now,
                cell,
                &format!("incident {id} is still open, long after all that it holds was over"),
            );
        }
        self.noticed.remove(&nth);
        self.found.remove(&(nth, cell));
        self.counted.remove(&(nth, cell));
        self.recovered.remove(&(nth, cell));
    }

    /// An outage is called: true, more than true, or false.
    fn outage(&mut self, now: i64, cell: usize) {
        let ended_lately =
            |nth: &usize| now - self.troubles[*nth].to < 2 * self.terms.every + self.terms.step;
        let true_form =
            self.active[cell].or(self.last[cell].filter(ended_lately)).map(|nth| self.troubles[nth].form);
        match true_form {
            Some(Form::Whole) => {}
            Some(Form::OneAddress) => self.report.overstated += 1,
            Some(Form::OneVantage(one)) if self.another_lost_three(cell, one) => self.report.unlucky += 1,
            _ => {
                self.report.false_outages.push((now, self.cells[cell].clone()));
                self.broken(now, cell, "an outage is called, and there is none");
            }
        }
    }

    /// Whether the last three attempts of a vantage other than this one all failed.
    fn another_lost_three(&self, cell: usize, one: usize) -> bool {
        (0..self.terms.vantages).filter(|vantage| *vantage != one).any(|vantage| {
            let runs = self.lines.iter().rev().filter_map(|(_, line)| match line {
                Line::Run(of, from, kind, _) if *of == cell && *from == vantage => Some(kind.is_some()),
                _ => None,
            });
            runs.take(3).filter(|failed| *failed).count() == 3
        })
    }

    /// Counts the time that it has read green while it was out, up to now.
    fn count_green(&mut self, now: i64, cell: usize) {
        let (verdict, since) = self.verdicts[cell];
        let Some(trouble) = self.active[cell].map(|nth| &self.troubles[nth]) else { return };
        if verdict != Verdict::Operational || trouble.form != Form::Whole {
            return;
        }
        let green = now - since.max(trouble.from);
        let late = now - since.max(trouble.from + self.promise(trouble)).min(now);
        self.report.green_ms += green;
        self.report.green_late_ms += late;
        let longest = self.report.false_green_ms.entry(self.cells[cell].clone()).or_default();
        *longest = (*longest).max(now - trouble.from);
    }

    fn promise(&self, trouble: &Trouble) -> i64 {
        let Terms { every, step, lease, window, .. } = self.terms;
        match trouble.form {
            Form::Whole | Form::OneVantage(_) | Form::Slow if self.is_wide(trouble) => self.soon() + every,
            Form::Whole | Form::OneVantage(_) | Form::Slow => self.soon(),
            Form::OneAddress | Form::SomeSlow => 2 * window,
            Form::Ours | Form::Silence => lease + step,
        }
    }

    /// An interval, the deadline of an attempt and of its recheck, and the wait between them.
    fn soon(&self) -> i64 {
        self.terms.every + 2 * self.terms.step + SLACK_MS
    }

    /// Whether it wants more rechecks than its service has, and its cells do not confirm each other.
    fn is_wide(&self, trouble: &Trouble) -> bool {
        let one = &self.cells[trouble.cells[0]];
        let alike = |cell: &&usize| {
            let key = &self.cells[**cell];
            key.service == one.service && key.capability == one.capability
        };
        let most = trouble.cells.iter().filter(alike).count() * 2 > self.terms.places;
        let neighbours = trouble.form != Form::Slow && most && self.terms.places >= NEIGHBOURS;
        !neighbours && trouble.cells.len() * self.terms.vantages * RECHECKS > self.terms.budget
    }

    /// Whether another trouble of its service was going on, which took of the same budget.
    fn is_crowded(&self, nth: usize, now: i64) -> bool {
        let service = |trouble: &Trouble| &self.cells[trouble.cells[0]].service;
        let lately = now - 2 * self.soon();
        let others = self.troubles.iter().enumerate().rev().take(72).filter(|(other, _)| *other != nth);
        others.map(|(_, trouble)| trouble).any(|other| {
            other.from < now && other.to > lately && service(other) == service(&self.troubles[nth])
        })
    }

    fn settles(&self, trouble: &Trouble) -> i64 {
        let Terms { every, step, window, .. } = self.terms;
        let over = match trouble.form {
            Form::OneAddress | Form::SomeSlow => 2 * window,
            _ => window + 2 * step,
        };
        over + 3 * every + PATIENCE_MS
    }

    fn cut_off(&self, now: i64) -> bool {
        let lately = |to: i64| to + 2 * self.terms.window + PATIENCE_MS;
        self.partitions.iter().any(|(_, from, to)| (*from..lately(*to)).contains(&now))
    }

    fn class(&self, trouble: &Trouble) -> &'static str {
        match (trouble.form, trouble.waits(), self.is_wide(trouble)) {
            (Form::Whole, false, false) => "outage, answers at once",
            (Form::Whole, true, false) => "outage, no answer",
            (Form::Whole, _, true) => "outage, wider than the budget of rechecks",
            (Form::OneVantage(_), ..) => "from one vantage",
            (Form::OneAddress, ..) => "one address of three",
            (Form::Slow, ..) => "slow",
            (Form::SomeSlow, ..) => "two of three slow",
            (Form::Ours, ..) => "ours",
            (Form::Silence, ..) => "silence",
        }
    }

    fn broken(&mut self, now: i64, cell: usize, what: &str) {
        let trouble = self.active[cell].or(self.last[cell]).map(|nth| &self.troubles[nth]);
        let truth = trouble.map_or("nothing was ever wrong with it".into(), |t| {
            format!(
                "{:?} {:?} from {} to {} on {} cells",
                t.form,
                t.kind,
                when(t.from),
                when(t.to),
                t.cells.len()
            )
        });
        let mut said = format!("{} {}: {what}\n  truth: {truth}", when(now), self.cells[cell]);
        let of = |line: &&(i64, Line)| match line.1 {
            Line::Run(of, ..) | Line::Verdict(of, _) | Line::Incident(of, ..) => of == cell,
        };
        let lines: Vec<_> = self.lines.iter().rev().filter(of).take(SHOWN).collect();
        for (at, line) in lines.into_iter().rev() {
            let words = match line {
                Line::Run(_, vantage, None, took) => format!("vantage {vantage} passes in {took} ms"),
                Line::Run(_, vantage, Some(kind), took) => {
                    format!("vantage {vantage} fails, {kind:?}, in {took} ms")
                }
                Line::Verdict(_, verdict) => format!("verdict: {verdict:?}"),
                Line::Incident(_, id, what) => format!("incident {id} {what}"),
            };
            said.push_str(&format!("\n  {} {words}", when(*at)));
        }
        self.report.broken.push(said);
    }
}

/// A true time for people: the day, counted from 0, and the time in it.
pub fn when(ms: i64) -> String {
    let (day, s) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1_000);
    format!("day {day} {:02}:{:02}:{:02}.{:03}", s / 3_600, s / 60 % 60, s % 60, ms.rem_euclid(1_000))
}
