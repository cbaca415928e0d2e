//! The table of results, for the terminal and for docs/benchmarks.md alike: Markdown that reads well as text.

use super::Outcome;
use super::row::{Goal, Measured, Row, short};

/// What was learnt from profiles, written by people.
const LEARNT: &str = include_str!("learnt.md");

/// The table.
pub(crate) fn render(results: &[(&Row, Outcome)]) -> String {
    let mut text = String::from(
        "| row | measure | median | range | goal | met | beside |\n|---|---|---|---|---|---|---|\n",
    );
    for (row, outcome) in results {
        match outcome {
            Ok(values) => values.iter().for_each(|value| text.push_str(&line(row, value))),
            Err(why) => {
                let why = why.lines().next().unwrap_or("");
                text.push_str(&format!(
                    "| {} | {} | not measured: {why} | | | no | {} |\n",
                    row.id, row.title, row.peers
                ));
            }
        }
    }
    text
}

/// The goals that were missed, a line each; rows that could not be measured too.
pub(crate) fn missed(results: &[(&Row, Outcome)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (row, outcome) in results {
        match outcome {
            Ok(values) => lines.extend(values.iter().filter(|value| !value.meets_goal()).map(|value| {
                let median = short(value.median());
                format!("{}: {} is {median} {}, its goal {}", row.id, value.what, value.unit, value.goal)
            })),
            Err(why) => lines.push(format!("{}: not measured: {why}", row.id)),
        }
    }
    lines
}

fn line(row: &Row, value: &Measured) -> String {
    if value.samples.is_empty() {
        return format!(
            "| {} | {} | not measured | | {} | | {} |\n",
            row.id, value.what, value.goal, row.peers
        );
    }
    let (least, most) = value.range();
    let met = match (value.goal, value.meets_goal()) {
        (Goal::Beside, _) => "",
        (_, true) => "yes",
        (_, false) => "no",
    };
    format!(
        "| {} | {} | {} {} | {} to {} | {} | {met} | {} |\n",
        row.id,
        value.what,
        short(value.median()),
        value.unit,
        short(least),
        short(most),
        value.goal,
        row.peers
    )
}

/// The whole document.
pub(crate) fn document(table: &str, missed: &[String], machine: &str, rounds: usize) -> String {
    let missed: String = match missed {
        [] => "All goals are met.\n".into(),
        missed => format!("Goals missed:\n\n* {}\n", missed.join("\n* ")),
    };
    format!(
        "# What Candor is measured by\n\n\
         Written by `cargo xtask bench`; do not edit. Every value is the median of {rounds} rounds in one run on one\n\
         machine, with the smallest and the largest beside it. Ratios to peers are taken in turns in the same run;\n\
         absolute times belong to the machine below and to no other.\n\n\
         {table}\n{missed}\n## The machine, and what ran on it\n\n{machine}\n{LEARNT}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        id: "P0",
        title: "nothing",
        peers: "none",
        needs: &[],
        profile: None,
        measure: |_| Ok(Vec::new()),
    };

    fn value(samples: &[f64], goal: Goal) -> Measured {
        Measured { what: "size".into(), unit: "MiB", samples: samples.to_vec(), goal }
    }

    #[test]
    fn a_row_shows_its_median_its_range_and_whether_the_goal_is_met() {
        let values = vec![
            value(&[3.0, 1.0, 2.0], Goal::AtMost(2.5)),
            value(&[4.0], Goal::Beside),
            value(&[], Goal::Beside),
        ];
        let text = render(&[(&ROW, Ok(values)), (&ROW, Err("no peer here\nat all".into()))]);
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| P0 | size | 2 MiB | 1 to 3 | at most 2.50 | yes | none |",
                "| P0 | size | 4 MiB | 4 to 4 | none |  | none |",
                "| P0 | size | not measured | | none | | none |",
                "| P0 | nothing | not measured: no peer here | | | no | none |",
            ]
        );
    }

    #[test]
    fn what_falls_short_is_named_with_its_goal() {
        let values = vec![
            value(&[3.0], Goal::AtMost(2.5)),
            value(&[2.0], Goal::AtMost(2.5)),
            value(&[], Goal::Beside),
        ];
        assert_eq!(
            missed(&[(&ROW, Ok(values)), (&ROW, Err("no peer".into()))]),
            ["P0: size is 3 MiB, its goal at most 2.50", "P0: not measured: no peer"]
        );
    }

    #[test]
    fn the_document_keeps_what_people_wrote() {
        let text = document("| table |\n", &[], "* cores: 2\n", 3);
        assert!(text.contains("| table |") && text.contains("All goals are met.") && text.ends_with(LEARNT));
    }
}
