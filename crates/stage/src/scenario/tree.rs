//! YAML as a tree that keeps the place of every key and value. Scalars stay text; the sheet decides what they mean.
//!
//! Anchors, aliases, tags and several documents are refused: a scenario needs none. Size and depth are bounded.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScanError};

use super::sheet::Sheet;

/// Deepest nesting.
const DEPTH_MAX: usize = 16;

/// Most values in a file.
const NODES_MAX: usize = 20_000;

/// A value and where it stands, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Range<usize>,
    pub(super) kind: NodeKind,
}

#[derive(Debug, Clone)]
pub(super) enum NodeKind {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key, where it stands, and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    /// Where a fault about the whole of it points: a scalar, or the first key.
    pub(super) fn head(&self) -> Range<usize> {
        match &self.kind {
            NodeKind::Map(entries) => {
                entries.first().map_or_else(|| self.at.clone(), |entry| entry.at.clone())
            }
            NodeKind::List(items) => items.first().map_or_else(|| self.at.clone(), Self::head),
            NodeKind::Scalar(_) => self.at.clone(),
        }
    }
}

/// Reads the text of a sheet; `None` where it is no tree, or nothing. Faults go to the sheet.
pub(super) fn parse(sheet: &Sheet<'_>) -> Option<Node> {
    let offsets: Vec<usize> = sheet.text.char_indices().map(|(at, _)| at).chain([sheet.text.len()]).collect();
    let mut builder = Builder { sheet, offsets, stack: Vec::new(), root: None, nodes: 0 };
    for next in Parser::new_from_str(sheet.text) {
        match next {
            Ok((event, span)) => {
                let at = builder.byte(span.start.index())..builder.byte(span.end.index());
                builder.event(event, at)?;
            }
            Err(error) => {
                builder.scan_error(&error);
                return None;
            }
        }
    }
    builder.root
}

struct Builder<'s, 't> {
    sheet: &'s Sheet<'t>,
    /// From characters, in which the parser counts, to bytes.
    offsets: Vec<usize>,
    stack: Vec<Frame>,
    root: Option<Node>,
    nodes: usize,
}

struct Frame {
    start: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Range<usize>)> },
}

impl Builder<'_, '_> {
    fn byte(&self, character: usize) -> usize {
        self.offsets.get(character).copied().unwrap_or(self.sheet.text.len())
    }

    /// Takes one event; `None` to stop.
    fn event(&mut self, event: Event<'_>, at: Range<usize>) -> Option<()> {
        match event {
            Event::Scalar(text, _, anchor, tag) => {
                self.plain(anchor, tag.is_some(), &at)?;
                self.close(Node { at, kind: NodeKind::Scalar(text.into_owned()) })
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain(anchor, tag.is_some(), &at)?;
                self.open(at.start, Content::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.plain(anchor, tag.is_some(), &at)?;
                self.open(at.start, Content::Map { entries: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let frame = self.stack.pop()?;
                let kind = match frame.content {
                    Content::List(items) => NodeKind::List(items),
                    Content::Map { entries, .. } => NodeKind::Map(entries),
                };
                self.close(Node { at: frame.start..at.end.max(frame.start), kind })
            }
            Event::Alias(_) => {
                self.sheet.refuse(&at, "aliases mean nothing here", "write the value out");
                None
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                self.sheet.refuse(&at, "a second document in one file", "give each scenario its own file");
                None
            }
            _ => Some(()),
        }
    }

    fn plain(&mut self, anchor: usize, tagged: bool, at: &Range<usize>) -> Option<()> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.sheet.refuse(at, &format!("more than {NODES_MAX} values"), "a scenario needs far fewer");
            return None;
        }
        if anchor != 0 || tagged {
            self.sheet.refuse(
                at,
                "YAML anchors and tags mean nothing here",
                "leave the `&…` or `!…` away, or quote the value",
            );
        }
        Some(())
    }

    fn open(&mut self, start: usize, content: Content) -> Option<()> {
        if self.stack.len() >= DEPTH_MAX {
            self.sheet.refuse(
                &(start..start),
                &format!("nested more than {DEPTH_MAX} deep"),
                "write it flatter",
            );
            return None;
        }
        self.stack.push(Frame { start, content });
        Some(())
    }

    /// Puts a complete node where it belongs.
    fn close(&mut self, node: Node) -> Option<()> {
        match self.stack.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some((key, at)) if entries.iter().any(|entry| entry.key == key) => {
                    self.sheet.refuse(&at, &format!("`{key}` stands here twice"), "keep one of them");
                }
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
                None => match node.kind {
                    NodeKind::Scalar(text) => *key = Some((text, node.at)),
                    NodeKind::List(_) | NodeKind::Map(_) => {
                        let hint = "a text that starts with { or [ must stand in quotes";
                        self.sheet.refuse(&node.at, "a key must be a word", hint);
                        return None;
                    }
                },
            },
        }
        Some(())
    }

    fn scan_error(&self, error: &ScanError) {
        let start = self.byte(error.marker().index());
        let line = self.sheet.line_at(start);
        let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start();
        let hint = if line.trim_start_matches(' ').starts_with('\t') {
            "indent with spaces, never with tabs"
        } else if value.starts_with(['@', '`', '%', '&', '*', '!']) {
            "a text that starts with this character must stand in quotes"
        } else if value.contains(": ") && !value.starts_with(['{', '[', '"', '\'']) {
            "a text that holds a colon and a space must stand in quotes"
        } else {
            "look at the indentation: the keys of one map start in one column"
        };
        let end = self.byte(error.marker().index().saturating_add(1));
        self.sheet.refuse(&(start..end), &format!("not YAML: {}", error.info()), hint);
    }
}
