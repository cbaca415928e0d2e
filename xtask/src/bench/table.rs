//! The table of results, for the terminal and for docs/benchmarks.md alike: Markdown that reads well as text.

use super::Outcome;
use super::row::{Measured, Row, short};

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

fn line(row: &Row, value: &Measured) -> String {
    let (least, most) = value.range();
    let met = if value.meets_goal() { "yes" } else { "no" };
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
pub(crate) fn document(table: &str, machine: &str, rounds: usize) -> String {
    format!(
        "# What Candor is measured by\n\n\
         Written by `cargo xtask bench`; do not edit. Every value is the median of {rounds} rounds in one run on one\n\
         machine, with the smallest and the largest beside it. Ratios to peers are taken in turns in the same run;\n\
         absolute times belong to the machine below and to no other.\n\n\
         {table}\n## The machine\n\n{machine}"
    )
}

#[cfg(test)]
mod tests {
    use super::super::row::{Goal, Row};
    use super::*;

    const ROW: Row = Row { id: "P0", title: "nothing", peers: "none", measure: |_| Ok(Vec::new()) };

    #[test]
    fn a_row_shows_its_median_its_range_and_whether_the_goal_is_met() {
        let value =
            Measured { what: "size", unit: "MiB", samples: vec![3.0, 1.0, 2.0], goal: Goal::AtMost(2.5) };
        let text = render(&[(&ROW, Ok(vec![value])), (&ROW, Err("no peer here\nat all".into()))]);
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| P0 | size | 2 MiB | 1 to 3 | at most 2.50 | yes | none |",
                "| P0 | nothing | not measured: no peer here | | | no | none |",
            ]
        );
    }
}
