//! A small piece of Nix's syntax as a tree, and how it is laid out.

use serde_yaml::Value;

use super::text;
use crate::flake::names::is_made_of;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Nix {
    /// A string.
    Text(String),
    /// Nix that is taken as it is: a name, a path, or what the scenario gives as Nix.
    Verbatim(String),
    /// `[ … ]`.
    List(Vec<Nix>),
    /// `{ … }`, bindings by attribute path, in order.
    Attrs(Vec<(Vec<String>, Nix)>),
    /// `{ a, b, ... }: body`.
    Function(Vec<String>, Box<Nix>),
    /// `function argument`.
    Call(String, Box<Nix>),
    /// `with pkgs; [ … ]` of package paths.
    WithPkgs(Vec<String>),
}

/// The bindings of a set, in order.
#[derive(Default)]
pub(super) struct Set(Vec<(Vec<String>, Nix)>);

impl Set {
    /// Binds a path of plain names: `a.b.c`.
    pub(super) fn put(&mut self, dotted: &str, value: Nix) {
        self.0.push((path(dotted), value));
    }

    /// The same where there is a value.
    pub(super) fn maybe(&mut self, dotted: &str, value: Option<Nix>) {
        self.0.extend(value.map(|value| (path(dotted), value)));
    }

    /// The same of a list, a set or a text that is not empty.
    pub(super) fn some(&mut self, dotted: &str, value: Nix) {
        self.maybe(dotted, Some(value).filter(|it| !it.is_empty()));
    }

    /// Binds a path whose names may be any.
    pub(super) fn under(&mut self, names: &[&str], value: Nix) {
        let names = names.iter().map(|&name| name.to_owned());
        self.0.push((names.collect(), value));
    }

    /// The set as it is.
    pub(super) fn plain(self) -> Nix {
        Nix::Attrs(self.0)
    }

    /// The set with what shares its first name put under that once, as people write it.
    pub(super) fn grouped(self) -> Nix {
        Nix::Attrs(grouped(self.0))
    }
}

/// Lines longer than this are broken where there is a place to.
const WIDTH: usize = 80;

impl Nix {
    /// A truth value.
    pub(crate) fn bool(value: bool) -> Self {
        Self::Verbatim(value.to_string())
    }

    /// A string.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A function that is called with a set.
    pub(super) fn call(function: &str, argument: Set) -> Self {
        Self::Call(function.to_owned(), Box::new(argument.plain()))
    }

    /// Whether it is a list, a set or a text of nothing.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(nix) | Self::Verbatim(nix) => nix.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Attrs(bindings) => bindings.is_empty(),
            Self::WithPkgs(packages) => packages.is_empty(),
            Self::Function(..) | Self::Call(..) => false,
        }
    }

    /// Plain data as Nix. Keys that are no texts cannot come out of a scenario's tree.
    pub(crate) fn data(value: &Value) -> Self {
        match value {
            Value::Null => Self::Verbatim("null".to_owned()),
            Value::Bool(value) => Self::bool(*value),
            Value::Number(number) => Self::Verbatim(number.to_string()),
            Value::String(text) => Self::text(text),
            Value::Sequence(items) => Self::List(items.iter().map(Self::data).collect()),
            Value::Mapping(entries) => Self::Attrs(
                entries
                    .iter()
                    .filter_map(|(key, value)| {
                        Some((vec![key.as_str()?.to_owned()], Self::data(value)))
                    })
                    .collect(),
            ),
            Value::Tagged(tagged) => Self::data(&tagged.value),
        }
    }

    /// The text, laid out with continuation lines indented by `indent` spaces.
    pub(crate) fn print(&self, indent: usize) -> String {
        match self {
            Self::Text(value) => text::string(value, indent),
            Self::Verbatim(nix) => reindent(nix, indent),
            Self::List(items) => list(items, indent),
            Self::Attrs(bindings) => attrs(bindings, indent),
            Self::Function(arguments, body) => {
                let head = format!("{{ {} }}:", arguments.join(", "));
                if self.is_long() {
                    let pad = " ".repeat(indent);
                    let body = match &**body {
                        Self::Attrs(bindings) => block(bindings, indent),
                        other => other.print(indent),
                    };
                    format!("{head}\n{pad}{body}")
                } else {
                    format!("{head} {}", body.print(indent))
                }
            }
            Self::Call(function, argument) => format!("{function} {}", argument.operand(indent)),
            Self::WithPkgs(packages) => with_pkgs(packages, indent),
        }
    }

    /// Whether it is a function whose body has lines of its own.
    fn is_long(&self) -> bool {
        match self {
            Self::Function(_, body) => match &**body {
                Self::Attrs(bindings) => !bindings.is_empty(),
                Self::Verbatim(nix) => nix.contains('\n'),
                _ => false,
            },
            _ => false,
        }
    }

    /// The text where an expression that has several parts needs parentheses.
    fn operand(&self, indent: usize) -> String {
        let needs_parentheses = match self {
            Self::Function(..) | Self::Call(..) | Self::WithPkgs(_) => true,
            Self::Verbatim(nix) => !is_one_token(nix),
            Self::Text(_) | Self::List(_) | Self::Attrs(_) => false,
        };
        if !needs_parentheses {
            return self.print(indent);
        }
        let pad = " ".repeat(indent);
        let inner = self.print(indent + 2);
        // A comment runs to the end of its line, so what closes stands on the next.
        if inner.contains(['\n', '#']) {
            format!("(\n{pad}  {inner}\n{pad})")
        } else {
            format!("({inner})")
        }
    }
}

/// Whether a piece of Nix is a name or a path and binds to nothing beside it.
fn is_one_token(nix: &str) -> bool {
    !nix.starts_with('-') && is_made_of(nix, &['.', '_', '-', '/'])
}

/// Indents all lines but the first. Empty lines stay empty, so that `''…''` strings keep their meaning.
fn reindent(nix: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut lines = nix.trim_end().split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&pad);
            out.push_str(line);
        }
    }
    out
}

fn list(items: &[Nix], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let short: Vec<String> = items.iter().map(|item| item.operand(indent)).collect();
    let line = format!("[ {} ]", short.join(" "));
    if items.is_empty() {
        return "[ ]".to_owned();
    }
    if !line.contains('\n') && indent + line.len() <= WIDTH {
        return line;
    }
    let mut out = String::from("[\n");
    for item in items {
        out.push_str(&format!("{pad}  {}\n", item.operand(indent + 2)));
    }
    out.push_str(&format!("{pad}]"));
    out
}

fn with_pkgs(packages: &[String], indent: usize) -> String {
    let line = format!("with pkgs; [ {} ]", packages.join(" "));
    if packages.is_empty() {
        return "[ ]".to_owned();
    }
    if indent + line.len() <= WIDTH - 20 {
        return line;
    }
    let pad = " ".repeat(indent);
    let rows: String = packages
        .iter()
        .map(|package| format!("{pad}  {package}\n"))
        .collect();
    format!("with pkgs; [\n{rows}{pad}]")
}

fn attrs(bindings: &[(Vec<String>, Nix)], indent: usize) -> String {
    match bindings {
        [] => "{ }".to_owned(),
        // One short binding stays on its line, as people write it.
        [(path, value)] if !matches!(value, Nix::Attrs(inner) if !inner.is_empty()) => {
            let line = format!("{{ {} }}", binding(path, value, indent));
            if !line.contains('\n') && indent + line.len() <= WIDTH / 2 {
                line
            } else {
                block(bindings, indent)
            }
        }
        _ => block(bindings, indent),
    }
}

fn block(bindings: &[(Vec<String>, Nix)], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let rows: String = bindings
        .iter()
        .map(|(path, value)| format!("{pad}  {}\n", binding(path, value, indent + 2)))
        .collect();
    format!("{{\n{rows}{pad}}}")
}

/// `a.b = value;`. A mapping with one entry is written into the path.
fn binding(path: &[String], value: &Nix, indent: usize) -> String {
    let mut path: Vec<String> = path.iter().map(|part| text::name(part)).collect();
    let mut value = value;
    while let Nix::Attrs(inner) = value
        && let [(more, only)] = inner.as_slice()
    {
        path.extend(more.iter().map(|part| text::name(part)));
        value = only;
    }
    if value.is_long() {
        let inner = indent + 2;
        let pad = " ".repeat(inner);
        return format!("{} =\n{pad}{};", path.join("."), value.print(inner));
    }
    let value = match value {
        Nix::Verbatim(nix) if nix.contains('#') => value.operand(indent),
        _ => value.print(indent),
    };
    format!("{} = {value};", path.join("."))
}

/// Bindings that share their first name are put under it once, as people write them.
fn grouped(bindings: Vec<(Vec<String>, Nix)>) -> Vec<(Vec<String>, Nix)> {
    let mut out: Vec<(Vec<String>, Nix)> = Vec::new();
    for (mut path, value) in bindings {
        let rest = path.split_off(1);
        if rest.is_empty() {
            out.push((path, value));
            continue;
        }
        let group = out.iter_mut().find(|(have, _)| *have == path);
        if let Some((_, Nix::Attrs(inner))) = group {
            inner.push((rest, value));
        } else {
            out.push((path, Nix::Attrs(vec![(rest, value)])));
        }
    }
    for (_, value) in &mut out {
        if let Nix::Attrs(inner) = value
            && inner.iter().any(|(path, _)| path.len() > 1)
        {
            *inner = grouped(std::mem::take(inner));
        }
    }
    out
}

/// `a.b.c` as a path.
fn path(dotted: &str) -> Vec<String> {
    dotted.split('.').map(str::to_owned).collect()
}
