//! The lines of a snapshot, each fit to stand alone.

/// Between a line and what it is in.
const IN: &str = " > ";

/// The lines of a snapshot's body behind what they are in, as indents tell: `home of alice > .profile > | fi`. Blank
/// lines, of files too, and headings without a word of their own come and go with what is below them and are left out.
pub fn placed(body: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut around: Vec<(usize, &str)> = Vec::new();
    for line in body.lines().filter(|it| !matches!(it.trim(), "" | "|")) {
        let text = line.trim();
        let indent = line.len() - line.trim_start().len();
        while around.last().is_some_and(|(outer, _)| *outer >= indent) {
            around.pop();
        }
        if indent > 0 || text.contains(": ") {
            let outer = around.iter().map(|(_, name)| format!("{name}{IN}"));
            lines.push(outer.chain([text.to_owned()]).collect());
        }
        around.push((indent, name_of(text)));
    }
    lines
}

/// What a line is about, without what it says of it: `.profile` of `.profile -> generation`.
fn name_of(text: &str) -> &str {
    let ends = [" -> ", " (", ": "].map(|end| text.find(end).unwrap_or(text.len()));
    &text[..ends.into_iter().fold(text.len(), usize::min)]
}
