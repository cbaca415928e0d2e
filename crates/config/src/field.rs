//! How a section of the language is declared: each field once, with its shape, default, meaning and example.
//!
//! From the same table come the detection of unknown and missing keys, the JSON Schema and the reference. To add a
//! field, add it to the table of its section and read it below the table.

use std::rc::Rc;
use std::time::Duration;

use crate::quantity::Bounds;
use crate::reader::{Reader, near, quote};
use crate::tree::{Entry, Node, NodeKind, Span};

/// A map with a fixed set of keys.
#[derive(Debug)]
pub(crate) struct Section {
    /// Its heading in the reference and its name in the schema.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    /// Groups of fields; several sections share some groups.
    pub(crate) groups: &'static [&'static [Field]],
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) key: &'static str,
    pub(crate) shape: Shape,
    pub(crate) preset: Preset,
    pub(crate) doc: &'static str,
    pub(crate) example: &'static str,
}

/// What holds where a key is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// It must be written.
    Required,
    /// There is no such thing then.
    Absent,
    /// This, in words.
    Is(&'static str),
    /// The default of the shape's bounds.
    Bound,
}

/// What may stand as a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// A text with holes and secrets.
    Template,
    /// A word id.
    Id,
    /// A text of a form that these words describe.
    Written(&'static str),
    /// One of these.
    Word(&'static [&'static str]),
    Bool,
    Count(&'static Bounds<u64>),
    Duration(&'static Bounds<Duration>),
    Size(&'static Bounds<u64>),
    /// Any YAML, as JSON whose texts may have holes.
    Json,
    List(&'static Shape),
    /// One, or a list.
    Many(&'static Shape),
    /// A map with keys of the user's own.
    Table(&'static Shape),
    Map(&'static Section),
    AnyOf(&'static [Shape]),
    /// A word of the language whose feature does not exist yet; refused, never ignored.
    Later,
}

impl Field {
    pub(crate) const fn new(key: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { key, shape, preset: Preset::Absent, doc, example: "" }
    }

    pub(crate) const fn later(key: &'static str) -> Self {
        Self::new(key, Shape::Later, "")
    }

    pub(crate) const fn required(mut self) -> Self {
        self.preset = Preset::Required;
        self
    }

    pub(crate) const fn preset(mut self, words: &'static str) -> Self {
        self.preset = Preset::Is(words);
        self
    }

    pub(crate) const fn bound(mut self) -> Self {
        self.preset = Preset::Bound;
        self
    }

    pub(crate) const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }
}

impl Section {
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.groups.iter().flat_map(|group| group.iter())
    }

    pub(crate) fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields().find(|f| f.key == key)
    }
}

/// A map of the user's that was checked against its section.
#[derive(Clone, Copy)]
pub(crate) struct Map<'n> {
    section: &'static Section,
    node: &'n Node,
}

impl<'n> Map<'n> {
    /// Reports what is not a map, and unknown, later and missing keys.
    pub(crate) fn open(reader: &Reader<'_>, node: &'n Node, section: &'static Section) -> Option<Self> {
        match &node.kind {
            NodeKind::Map(entries) => {
                for entry in entries {
                    if reader.is_spent() {
                        return None;
                    }
                    check_key(reader, entry, section);
                }
            }
            _ if node.is_nothing() => {}
            _ => {
                let keys: Vec<_> = section.fields().map(|f| f.key).take(4).collect();
                let hint = format!("keys such as {}", keys.join(", "));
                reader.refuse_hint(node.head(), format!("a map belongs here ({})", section.name), hint);
                return None;
            }
        }
        let map = Self { section, node };
        for field in section.fields().filter(|f| f.preset == Preset::Required) {
            if map.get(field.key).is_none() {
                let example =
                    if field.example.is_empty() { String::new() } else { format!(" {}", field.example) };
                let message = format!("`{}` is missing ({})", field.key, section.name);
                reader.refuse_hint(
                    map.head(),
                    message,
                    format!("{} Write `{}:{example}`", field.doc, field.key),
                );
            }
        }
        Some(map)
    }

    /// The value of a declared key; `None` where nothing was written.
    pub(crate) fn get(&self, key: &'static str) -> Option<&'n Rc<Node>> {
        debug_assert!(self.section.field(key).is_some(), "{key} is not declared in {}", self.section.name);
        self.node.child(key).filter(|n| !n.is_nothing())
    }

    /// The entry of a declared key, for its own place.
    pub(crate) fn entry(&self, key: &'static str) -> Option<&'n Entry> {
        debug_assert!(self.section.field(key).is_some(), "{key} is not declared in {}", self.section.name);
        self.node.entries().iter().find(|e| &*e.key == key)
    }

    /// Where a fault about the whole of it points.
    pub(crate) fn head(&self) -> Span {
        self.node.head()
    }
}

fn check_key(reader: &Reader<'_>, entry: &Entry, section: &'static Section) {
    match section.field(&entry.key) {
        Some(field) if matches!(field.shape, Shape::Later) => {
            let hint = "take it out; it will be understood by a later version";
            reader.refuse_hint(entry.at, format!("`{}` is not in this version yet", field.key), hint);
        }
        Some(_) => {}
        None => {
            let known = || section.fields().filter(|f| !matches!(f.shape, Shape::Later)).map(|f| f.key);
            let hint = match near(&entry.key, known()) {
                Some(word) => format!("did you mean `{word}`?"),
                None => format!("known here: {}", known().collect::<Vec<_>>().join(", ")),
            };
            reader.refuse_hint(
                entry.at,
                format!("{} is not known here ({})", quote(&entry.key), section.name),
                hint,
            );
        }
    }
}
