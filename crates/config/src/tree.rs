//! YAML as a tree that keeps what typed readers lose: the place of every key and value, the text of every scalar,
//! and every duplicate key.
//!
//! Scalars stay text (`no` is "no", `1` is "1"); sections decide what they mean. Anchors and aliases work, and share
//! their nodes; the tree counts what they would be written out and refuses to grow beyond [`NODES_MAX`]. Merge keys
//! (`<<`) are understood. Tags and several documents in a file are refused.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

use crate::reader::Reader;
use crate::text::is_hole_name;

/// Deepest nesting.
pub const DEPTH_MAX: usize = 64;

/// Most nodes of a file, aliases written out.
pub const NODES_MAX: usize = 500_000;

/// Longest line that is searched for the cause of a syntax error, in bytes.
const HINT_LINE_MAX: usize = 500;

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) file: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: NodeKind,
    /// How many nodes it is, aliases written out.
    pub(crate) weight: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    /// The text, and whether it stands without quotes.
    Scalar {
        text: Rc<str>,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A key, where it stands, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Rc<str>,
    pub(crate) at: Span,
    pub(crate) value: Rc<Node>,
}

impl Node {
    pub(crate) fn new(span: Span, kind: NodeKind) -> Self {
        let inside = match &kind {
            NodeKind::Scalar { .. } => 0,
            NodeKind::List(items) => items.iter().fold(0_usize, |sum, n| sum.saturating_add(n.weight)),
            NodeKind::Map(entries) => {
                entries.iter().fold(0_usize, |sum, e| sum.saturating_add(e.value.weight))
            }
        };
        Self { span, kind, weight: inside.saturating_add(1) }
    }

    /// Whether nothing was written: `key:` or `key: ~`.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true } if matches!(&**text, "" | "~"))
    }

    /// Where a fault about the whole of it points: the value of a scalar, the first key of a map.
    pub(crate) fn head(&self) -> Span {
        match &self.kind {
            NodeKind::Map(entries) => entries.first().map_or(self.span, |e| e.at),
            NodeKind::List(items) => items.first().map_or(self.span, |n| n.head()),
            NodeKind::Scalar { .. } => self.span,
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// How many items or entries it has.
    pub(crate) fn len(&self) -> usize {
        match &self.kind {
            NodeKind::Scalar { .. } => 0,
            NodeKind::List(items) => items.len(),
            NodeKind::Map(entries) => entries.len(),
        }
    }

    /// The value of a key of a map.
    pub(crate) fn child(&self, key: &str) -> Option<&Rc<Self>> {
        self.entries().iter().find(|e| &*e.key == key).map(|e| &e.value)
    }
}

/// A file that is not a tree; why was reported.
pub(crate) struct Broken;

/// Reads a file of the reader's source; `None` where it is empty. Faults go to the reader.
pub(crate) fn parse(reader: &Reader<'_>, file: usize) -> Result<Option<Rc<Node>>, Broken> {
    let text = reader.source.files.get(file).map_or("", |f| f.text.as_str());
    let mut builder = Builder {
        reader,
        file,
        offsets: Offsets::of(text),
        stack: Vec::new(),
        anchors: HashMap::new(),
        root: None,
    };
    let mut parser = Parser::new_from_str(text);
    builder.run(&mut parser)?;
    let weighed = builder.root.as_ref().is_none_or(|root| reader.spend_values(root.head(), root.weight));
    if weighed { Ok(builder.root) } else { Err(Broken) }
}

/// From characters, in which the parser counts, to bytes.
struct Offsets {
    bytes: Option<Vec<usize>>,
    len: usize,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Self { bytes, len: text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        match &self.bytes {
            Some(bytes) => bytes.get(character).copied().unwrap_or(self.len),
            None => character.min(self.len),
        }
    }
}

struct Builder<'r, 's> {
    reader: &'r Reader<'s>,
    file: usize,
    offsets: Offsets,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
}

struct Frame {
    start: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Rc<Node>>),
    Map { entries: Vec<Entry>, key: Option<(Rc<str>, Span)> },
}

impl Builder<'_, '_> {
    fn run(&mut self, parser: &mut Parser<'_, StrInput<'_>>) -> Result<(), Broken> {
        while let Some(next) = parser.next_event() {
            match next {
                Ok((event, span)) => {
                    let at = Span {
                        file: self.file,
                        start: self.offsets.byte(span.start.index()),
                        end: self.offsets.byte(span.end.index()),
                    };
                    self.event(event, at).ok_or(Broken)?;
                }
                Err(error) => {
                    self.scan_error(&error);
                    return Err(Broken);
                }
            }
        }
        Ok(())
    }

    /// Takes one event; `None` to stop.
    fn event(&mut self, event: Event<'_>, at: Span) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                let kind = NodeKind::Scalar { text: Rc::from(&*text), plain: style == ScalarStyle::Plain };
                self.close(Rc::new(Node::new(at, kind)), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                self.open(Frame { start: at, anchor, content: Content::List(Vec::new()) })
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), at);
                self.open(Frame {
                    start: at,
                    anchor,
                    content: Content::Map { entries: Vec::new(), key: None },
                })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let frame = self.stack.pop()?;
                let span = Span { end: at.end.max(frame.start.end), ..frame.start };
                let kind = match frame.content {
                    Content::List(items) => NodeKind::List(items),
                    Content::Map { entries, .. } => NodeKind::Map(self.merged(entries)),
                };
                self.close(Rc::new(Node::new(span, kind)), frame.anchor)
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    self.reader.refuse_hint(
                        at,
                        "an alias inside of what it stands for",
                        "write the value out",
                    );
                    return None;
                };
                self.close(node, 0)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.reader.refuse_hint(
                    at,
                    "a second document in one file",
                    "give each its own file in one folder",
                );
                None
            }
            _ => Some(()),
        }
    }

    fn open(&mut self, frame: Frame) -> Option<()> {
        if self.stack.len() >= DEPTH_MAX {
            self.reader.refuse(frame.start, format!("nested more than {DEPTH_MAX} deep"));
            return None;
        }
        self.stack.push(frame);
        Some(())
    }

    /// Puts a complete node where it belongs.
    fn close(&mut self, node: Rc<Node>, anchor: usize) -> Option<()> {
        if node.weight > NODES_MAX {
            let hint = "write less, or use fewer aliases of aliases";
            self.reader.refuse_hint(
                node.head(),
                format!("more than {NODES_MAX} values, aliases written out"),
                hint,
            );
            return None;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        match self.stack.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
                None => *key = Some(key_of(self.reader, &node)),
            },
        }
        Some(())
    }

    /// Reports duplicate keys, keeps the first of each, and adds what `<<` brings.
    fn merged(&self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut seen: HashMap<Rc<str>, Span> = HashMap::new();
        let mut own = Vec::with_capacity(entries.len());
        let mut merges = Vec::new();
        for entry in entries {
            if &*entry.key == "<<" {
                merges.push(entry);
            } else if let Some(first) = seen.get(&entry.key) {
                if self.reader.is_full() {
                    continue;
                }
                let message = format!("{} stands here twice", crate::reader::quote(&entry.key));
                self.reader.refuse_hint(
                    entry.at,
                    message,
                    format!("the first is {}", self.reader.place(*first)),
                );
            } else {
                seen.insert(Rc::clone(&entry.key), entry.at);
                own.push(entry);
            }
        }
        for merge in merges {
            for node in self.merge_sources(&merge) {
                for entry in node.entries() {
                    if !seen.contains_key(&entry.key) {
                        seen.insert(Rc::clone(&entry.key), entry.at);
                        own.push(entry.clone());
                    }
                }
            }
        }
        own
    }

    fn merge_sources(&self, merge: &Entry) -> Vec<Rc<Node>> {
        let sources = match &merge.value.kind {
            NodeKind::List(items) => items.clone(),
            _ => vec![Rc::clone(&merge.value)],
        };
        for node in &sources {
            if !matches!(node.kind, NodeKind::Map(_)) {
                self.reader.refuse(merge.at, "`<<` takes an alias of a map, or a list of them");
            }
        }
        sources
    }

    fn check_tag(&self, tag: Option<&saphyr_parser::Tag>, at: Span) {
        if tag.is_some() {
            self.reader.refuse_hint(
                at,
                "YAML tags mean nothing here",
                "leave the `!…` away, or quote the value",
            );
        }
    }

    fn scan_error(&self, error: &ScanError) {
        let index = error.marker().index();
        let at = Span {
            file: self.file,
            start: self.offsets.byte(index),
            end: self.offsets.byte(index.saturating_add(1)),
        };
        let message = format!("not YAML: {}", error.info());
        let line = self.reader.line_text(at).filter(|line| line.len() <= HINT_LINE_MAX);
        let indented = error.info().contains("mapping values") || error.info().contains("expected key");
        let hint = line.and_then(syntax_hint);
        match hint.or_else(|| {
            indented.then_some("look at the indentation: the keys of one map start in one column")
        }) {
            Some(hint) => self.reader.refuse_hint(at, message, hint),
            None => self.reader.refuse(at, message),
        }
    }
}

/// The key that a node is; a key must be a word.
fn key_of(reader: &Reader<'_>, node: &Node) -> (Rc<str>, Span) {
    if let NodeKind::Scalar { text, .. } = &node.kind {
        return (Rc::clone(text), node.span);
    }
    reader.refuse_hint(
        node.head(),
        "a key must be a word",
        "a text that starts with { or [ must stand in quotes",
    );
    (Rc::from(""), node.head())
}

fn syntax_hint(line: &str) -> Option<&'static str> {
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start();
    if line.trim_start_matches(' ').starts_with('\t') {
        Some("indent with spaces, never with tabs")
    } else if starts_with_hole(line) {
        Some("a text that starts with a hole such as {place} must stand in quotes: \"{place}…\"")
    } else if value.starts_with(['@', '`', '%', '&', '*', '!']) {
        Some("a text that starts with this character must stand in quotes")
    } else if value.contains(": ") && !value.starts_with(['{', '[', '"', '\'']) {
        Some("a text that holds a colon and a space must stand in quotes")
    } else {
        None
    }
}

/// Whether a value of the line is `{name}…` without quotes.
fn starts_with_hole(line: &str) -> bool {
    line.match_indices('{').any(|(at, _)| {
        let (before, from) = line.split_at(at);
        let name = from.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        before.trim_end().ends_with([':', '-', ',', '[']) && name.is_some_and(|(name, _)| is_hole_name(name))
    })
}
