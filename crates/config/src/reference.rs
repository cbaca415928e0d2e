//! The reference of the language, made from the declarations: one table for each section, in the order in which a
//! reader meets them.

use std::fmt::Write;

use crate::field::{Field, Preset, Section, Shape};
use crate::quantity::{Bytes, Words};
use crate::section::root::ROOT;

const HEAD: &str = "# Configuration reference

<!-- Made from the declarations in crates/config/src; `UPDATE_DOCS=1 cargo test -p candor-config` writes it anew. -->

Every key of the language. [config.md](config.md) is the introduction. Durations are written with their unit (`800ms`,
`30s`, `5m`, `2h`, `14d`, `25 months`), sizes too (`5MB` is 5 x 10^6 bytes, `5MiB` 5 x 2^20). A *text with holes* may
hold `{place}`, `{run}`, `{id}`, variables and captures, and secrets: `${VARIABLE}`, `${file:path}`; `{{`, `}}` and `$$`
are the characters themselves.
";

/// The reference as Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut out = HEAD.to_owned();
    for section in sections() {
        write_section(&mut out, section);
    }
    out
}

/// All sections, each once, in the order of first mention.
fn sections() -> Vec<&'static Section> {
    let mut found: Vec<&'static Section> = vec![&ROOT];
    let mut at = 0;
    while let Some(section) = found.get(at).copied() {
        for field in section.fields() {
            mentioned(&field.shape, &mut found);
        }
        at += 1;
    }
    found
}

fn mentioned(shape: &Shape, found: &mut Vec<&'static Section>) {
    match shape {
        Shape::Map(section) if !found.iter().any(|s| std::ptr::eq(*s, *section)) => found.push(section),
        Shape::List(inner) | Shape::Many(inner) | Shape::Table(inner) => mentioned(inner, found),
        Shape::AnyOf(shapes) => shapes.iter().for_each(|s| mentioned(s, found)),
        _ => {}
    }
}

fn write_section(out: &mut String, section: &Section) {
    let _ = write!(
        out,
        "\n## {}\n\n{}\n\n| key | value | unless written | meaning |\n|---|---|---|---|\n",
        section.name, section.doc
    );
    let later = |f: &&Field| matches!(f.shape, Shape::Later);
    for field in section.fields().filter(|f| !later(f)) {
        let example = if field.example.is_empty() {
            String::new()
        } else {
            format!(" `{}`", field.example.replace('|', "\\|"))
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {}{example} |",
            field.key,
            kind(&field.shape),
            preset(field),
            field.doc
        );
    }
    let later: Vec<String> = section.fields().filter(later).map(|f| format!("`{}`", f.key)).collect();
    if !later.is_empty() {
        let _ = write!(out, "\nNot in this version yet: {}.\n", later.join(", "));
    }
}

fn preset(field: &Field) -> String {
    match (field.preset, field.shape) {
        (Preset::Required, _) => "required".into(),
        (Preset::Is(words), _) => words.into(),
        (Preset::Bound, Shape::Duration(bounds)) => Words(bounds.default).to_string(),
        (Preset::Bound, Shape::Count(bounds)) => bounds.default.to_string(),
        (Preset::Bound, Shape::Size(bounds)) => Bytes(bounds.default).to_string(),
        (Preset::Absent | Preset::Bound, _) => "".into(),
    }
}

fn kind(shape: &Shape) -> String {
    match shape {
        Shape::Text => "text".into(),
        Shape::Template => "text with holes".into(),
        Shape::Id => "id".into(),
        Shape::Written(words) => words.replace('|', "\\|"),
        Shape::Word(words) => words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", "),
        Shape::Bool => "`true`, `false`".into(),
        Shape::Count(bounds) => format!("{} to {}", bounds.min, bounds.max),
        Shape::Duration(bounds) => format!("{} to {}", Words(bounds.min), Words(bounds.max)),
        Shape::Size(bounds) => format!("{} to {}", Bytes(bounds.min), Bytes(bounds.max)),
        Shape::Json => "JSON with holes".into(),
        Shape::List(inner) => format!("list of {}", kind(inner)),
        Shape::Many(inner) => format!("{}, or a list of such", kind(inner)),
        Shape::Table(inner) => format!("table of {}", kind(inner)),
        Shape::Map(section) => format!("[{}](#{})", section.name, anchor(section.name)),
        Shape::AnyOf(shapes) => shapes.iter().map(kind).collect::<Vec<_>>().join(" or "),
        Shape::Later => "not yet".into(),
    }
}

/// The anchor that Markdown renderers make of a heading.
fn anchor(heading: &str) -> String {
    let plain = |c: char| {
        if c == ' ' { Some('-') } else { (c.is_alphanumeric() || c == '-' || c == '_').then_some(c) }
    };
    heading.to_lowercase().chars().filter_map(plain).collect()
}
