//! From text to the tree, within bounds: depth, number of values, what aliases add.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};
use serde::Deserialize;

use super::node::{Entry, Kind, Node, Span};
use crate::language::report::{Mistake, Report};
use crate::text::quoted;

/// Lists and mappings inside each other.
const MAX_DEPTH: usize = 64;
/// Values of one file. Bounds memory, as one byte of text can be one value.
const MAX_VALUES: usize = 50_000;
/// Values that aliases may add by repeating what their anchors name.
const MAX_ALIASED_VALUES: usize = 10_000;

/// Parses the report's source. `None` when its syntax is broken, which is then reported; mistakes that leave a tree
/// (a key twice, a merge key) are reported beside it.
pub(crate) fn parse(report: &mut Report) -> Option<Node> {
    let text = Arc::clone(&report.source().text);
    if let Some(mistake) = unprintable(&text) {
        report.add(mistake);
        return None;
    }
    let mut builder = Builder {
        parser: Parser::new_from_str(&text).keep_tags(true),
        report,
        anchors: HashMap::new(),
        values: 0,
        aliased: 0,
        text: &text,
    };
    match builder.document() {
        Ok(node) => node,
        Err(mistake) => {
            builder.report.add(mistake);
            None
        }
    }
}

/// YAML allows no NUL, and no other control character but tab and line breaks.
fn unprintable(text: &str) -> Option<Mistake> {
    let (mut line, mut column) = (1, 1);
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\r' | '\t' | '\u{85}') {
            let message = format!(
                "the file holds the control character U+{:04X}",
                u32::from(character)
            );
            return Some(
                Mistake::new(point(line, column), message)
                    .hint("remove it, or write it as an escape in a double-quoted text"),
            );
        }
        if character == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    None
}

/// A place one character wide.
fn point(line: u32, column: u32) -> Span {
    Span {
        line,
        column,
        end_line: line,
        end_column: column + 1,
        in_defaults: false,
    }
}

struct Builder<'text, 'report> {
    parser: Parser<'text, StrInput<'text>>,
    report: &'report mut Report,
    anchors: HashMap<usize, Node>,
    values: usize,
    aliased: usize,
    text: &'text str,
}

type Spanned<'text> = (Event<'text>, Span);

impl<'text> Builder<'text, '_> {
    /// The one document of the file.
    fn document(&mut self) -> Result<Option<Node>, Mistake> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(Mistake::new(span, "a second document begins here")
                        .hint("give each scenario a file of its own"));
                }
                Event::StreamStart
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Nothing => {}
                other => root = Some(self.value((other, span), 0)?),
            }
        }
        if root.is_none() {
            return Err(Mistake::new(point(1, 1), "the file is empty")
                .hint("a scenario needs at least `name`, `setup` and `steps`"));
        }
        Ok(root)
    }

    fn next(&mut self) -> Result<Spanned<'text>, Mistake> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, from_markers(span.start, span.end))),
            Some(Err(error)) => Err(syntax_mistake(self.text, &error)),
            None => Ok((Event::StreamEnd, point(1, 1))),
        }
    }

    fn value(&mut self, (event, span): Spanned<'text>, depth: usize) -> Result<Node, Mistake> {
        self.values += 1;
        if self.values > MAX_VALUES {
            let message = format!("the file holds more than {MAX_VALUES} values");
            return Err(Mistake::new(span, message).hint("split it into several scenarios"));
        }
        if depth > MAX_DEPTH {
            return Err(too_deep(span));
        }
        let (node, anchor) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let kind = self.scalar(&text, style, tag.as_deref(), span)?;
                (Node::new(scalar_span(span, style), kind), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span)?;
                (self.list(span, depth)?, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span)?;
                (self.map(span, depth)?, anchor)
            }
            _ => return Err(Mistake::new(span, "a value is missing here")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// An alias repeats what its anchor names, as often as the bound allows.
    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Mistake> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(
                Mistake::new(span, "this alias stands inside the value that it names")
                    .hint("write the value out"),
            );
        };
        self.aliased += target.count();
        if self.aliased > MAX_ALIASED_VALUES {
            let message =
                format!("the aliases of this file repeat more than {MAX_ALIASED_VALUES} values");
            return Err(Mistake::new(span, message)
                .label("one alias too many")
                .hint("use a matrix instead of aliases of aliases"));
        }
        Ok(target.clone())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Kind, Mistake> {
        if text.contains('\0') {
            return Err(Mistake::new(span, "the text holds a NUL character")
                .hint("neither Nix nor a file name can hold one"));
        }
        let is_string_tag = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
        if !is_string_tag {
            self.refuse_tag(tag, span)?;
        }
        Ok(if style == ScalarStyle::Plain && !is_string_tag {
            Kind::Plain(Arc::from(text))
        } else {
            Kind::Text(Arc::from(text))
        })
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, span: Span) -> Result<(), Mistake> {
        match tag {
            None => Ok(()),
            Some(tag) => Err(Mistake::new(
                span,
                format!("the tag {} means nothing here", quoted(&tag.to_string())),
            )
            .hint("remove it; quote a text that must stay a text")),
        }
    }

    fn list(&mut self, span: Span, depth: usize) -> Result<Node, Mistake> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => break,
                item => items.push(self.value(item, depth + 1)?),
            }
        }
        Ok(Node::new(span, Kind::List(items)))
    }

    fn map(&mut self, span: Span, depth: usize) -> Result<Node, Mistake> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut first_lines: HashMap<Arc<str>, u32> = HashMap::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                key => self.value(key, depth + 1)?,
            };
            let value = self.next()?;
            let value = self.value(value, depth + 1)?;
            let (Kind::Plain(name) | Kind::Text(name)) = &key.kind else {
                return Err(Mistake::new(key.span, "a key must be a text")
                    .hint("write `key: value`, and a space after the colon"));
            };
            if matches!(&key.kind, Kind::Plain(name) if &**name == "<<") {
                self.report.add(
                    Mistake::new(key.span, "merge keys are not taken")
                        .hint("write the keys out, or use a matrix for what differs"),
                );
                continue;
            }
            if let Some(line) = first_lines.get(name) {
                self.report.add(
                    Mistake::new(key.span, format!("the key {} is here twice", quoted(name)))
                        .label("again")
                        .hint(format!(
                            "it is first given in line {line}; keep one of them"
                        )),
                );
                continue;
            }
            first_lines.insert(Arc::clone(name), key.span.line);
            entries.push(Entry {
                key: Arc::clone(name),
                key_span: key.span,
                value,
            });
        }
        Ok(Node::new(span, Kind::Map(entries)))
    }
}

/// A span from the parser's markers, whose columns count from 0.
fn from_markers(start: Marker, end: Marker) -> Span {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Span {
        line: small(start.line()),
        column: small(start.col() + 1),
        end_line: small(end.line()),
        end_column: small(end.col() + 1),
        in_defaults: false,
    }
}

/// A block scalar is marked by its first line: the whole block would be a wall of text.
fn scalar_span(span: Span, style: ScalarStyle) -> Span {
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => Span {
            end_line: span.line,
            end_column: span.column + 1,
            ..span
        },
        _ => span,
    }
}

/// Two parsers, two opinions: libyaml's words, which serde_yaml passes on, say what was being read when it went
/// wrong, so they are taken where it refuses too.
fn syntax_mistake(text: &str, error: &ScanError) -> Mistake {
    let marker = *error.marker();
    let mut place = from_markers(marker, marker);
    let mut words = error.info().to_owned();
    if let Some((theirs, location)) = libyaml_opinion(text) {
        words = theirs;
        if let Some((line, column)) = location {
            place = point(line, column);
        }
    }
    place.end_column = place.column + 1;
    if words == "recursion limit exceeded" {
        return too_deep(place);
    }
    let line = text
        .lines()
        .nth(place.line as usize - 1)
        .unwrap_or_default();
    let (words, hint) = plainly(&words, line);
    Mistake::new(place, format!("this is not YAML: {words}")).hint(hint)
}

fn too_deep(span: Span) -> Mistake {
    let message = format!("lists and mappings are nested more than {MAX_DEPTH} deep");
    Mistake::new(span, message).hint("no scenario needs that depth")
}

/// The parsers' words about a line, for people who know no grammar of YAML, and what to do.
fn plainly<'words>(words: &'words str, line: &str) -> (&'words str, &'static str) {
    if line.trim_start_matches(' ').starts_with('\t') {
        return (
            "the line is indented with a tab",
            "YAML is indented with spaces, never with tabs",
        );
    }
    match words {
        "mapping values are not allowed in this context" => (
            "a colon stands where no key can be",
            "quote a text that holds `: `, or look at the indentation",
        ),
        "block sequence entries are not allowed in this context" => (
            "a `-` stands where no list can begin",
            "begin the list in the next line, or quote a text that is or begins with `-`",
        ),
        "found character that cannot start any token" => {
            ("a text cannot begin with this character", "quote the text")
        }
        _ => (
            words,
            "look at the indentation and for a missing quote, bracket or colon just above",
        ),
    }
}

/// What serde_yaml says about a text, and where. Nothing when it takes it.
fn libyaml_opinion(text: &str) -> Option<(String, Option<(u32, u32)>)> {
    // Deep nesting makes libyaml's scanner quadratic, and such a text is refused by the other parser's words.
    if text.len() > 64 * 1024 {
        return None;
    }
    let document = serde_yaml::Deserializer::from_str(text).next()?;
    let error = serde::de::IgnoredAny::deserialize(document).err()?;
    let location = error.location().map(|at| {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (small(at.line()), small(at.column()))
    });
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or(&words).to_owned();
    Some((words, location))
}
