//! Whose home it is where a module takes the name from what the flake hands it: `extraSpecialArgs = { username = "alice"; }`,
//! `mkHome { username = "alice"; }`.

use std::collections::BTreeSet;

use rnix::SyntaxNode;
use rnix::ast::{Attr, Expr, Param, Select};
use rowan::ast::AstNode as _;

use super::about::weighed;
use super::outputs::Output;
use super::texts::Texts;
use crate::flake::names::is_user_name;
use crate::flake::nix::{Binding, Bindings};

/// What a module takes the name of its user from: `[username]` for a name, `[settings, user]` for one in a set.
pub(super) type Source = Vec<String>;

/// The options that hand values to modules.
const SPECIAL: [&str; 2] = ["extraSpecialArgs", "specialArgs"];

/// What `home.username` is taken from where the text of its module does not tell it.
pub(super) fn source(file: &Bindings, username: &Binding) -> Option<Source> {
    let Some(value) = username.value.clone() else {
        // `inherit (specialArgs) username;`
        return Some(vec![username.path.last()?.clone()?]);
    };
    match weighed(value)?.1 {
        Expr::Ident(name) => {
            let name = name.syntax().text().to_string();
            let leads_on = match file.value_of(&name) {
                Some(Expr::Select(select)) => selected(select),
                _ => None,
            };
            Some(leads_on.unwrap_or_else(|| vec![name]))
        }
        Expr::Select(select) => selected(&select),
        _ => None,
    }
}

/// The names of `settings.user`; `specialArgs.user` is what is handed as `user`.
fn selected(select: &Select) -> Option<Source> {
    let Expr::Ident(set) = select.expr()? else {
        return None;
    };
    let mut names = vec![set.syntax().text().to_string()];
    for name in select.attrpath()?.attrs() {
        match name {
            Attr::Ident(name) => names.push(name.syntax().text().to_string()),
            _ => return None,
        }
    }
    if SPECIAL.contains(&names[0].as_str()) {
        names.remove(0);
    }
    Some(names)
}

/// The users that `bindings` give modules for what these take theirs from; one that stands by itself counts as the argument
/// of a call alone.
fn given(
    file: &Bindings,
    bindings: Vec<Binding>,
    of_call: bool,
    sources: &BTreeSet<Source>,
) -> BTreeSet<String> {
    let gives = |binding: &Binding| {
        let names: Option<Source> = binding.path.iter().cloned().collect();
        names.is_some_and(|names| {
            let is_special = |name: &String| SPECIAL.contains(&name.as_str());
            let after = names.iter().rposition(is_special).map(|at| at + 1);
            after.is_some_and(|at| sources.contains(&names[at..]))
                || ((names.len() > 1 || of_call) && sources.contains(&names))
        })
    };
    let texts = bindings.iter().filter(|it| gives(it)).filter_map(|it| {
        let inherited = || file.text_of(it.path.last()?.as_deref()?);
        it.value.as_ref().map_or_else(inherited, |it| file.text(it))
    });
    texts.filter(|name| is_user_name(name)).collect()
}

impl Texts {
    /// The users that the making of an output names for what its modules take theirs from. What is written for the output
    /// alone comes before what its file has for all.
    pub(super) fn handed(
        &self,
        output: &Output,
        value: &SyntaxNode,
        sources: &BTreeSet<Source>,
    ) -> BTreeSet<String> {
        let Some(file) = self.files.get(&output.file) else {
            return BTreeSet::new();
        };
        let sources = match sources.is_empty() {
            true => &self.everything().sources,
            false => sources,
        };
        // A call that hands over a `username` says enough; what stands elsewhere counts where a module asks for it.
        let mut usual = sources.clone();
        usual.insert(vec!["username".to_owned()]);
        let mut own = given(file, file.below(value), true, &usual);
        own.extend(
            in_turn(file, value)
                .into_iter()
                .filter(|(name, _)| usual.contains([name.clone()].as_slice()))
                .filter_map(|(_, given)| file.text(&given))
                .filter(|name| is_user_name(name)),
        );
        match own.is_empty() {
            true => given(file, file.all(), false, sources),
            false => own,
        }
    }
}

/// What a call gives to the parameters of a function of the same file: `mkHome "alice" [ ]` of `mkHome = username: modules:`.
fn in_turn(file: &Bindings, call: &SyntaxNode) -> Vec<(String, Expr)> {
    let mut given = Vec::new();
    let mut function = Expr::cast(call.clone());
    let name = loop {
        function = match function {
            Some(Expr::LetIn(inner)) => inner.body(),
            Some(Expr::Apply(call)) => {
                given.extend(call.argument());
                call.lambda()
            }
            Some(Expr::Ident(name)) => break name,
            _ => return Vec::new(),
        };
    };
    let mut rest = file.value_of(&name.syntax().text().to_string()).cloned();
    let mut named = Vec::new();
    while let Some((Expr::Lambda(lambda), argument)) = rest.take().zip(given.pop()) {
        if let Some(Param::IdentParam(name)) = lambda.param() {
            named.push((name.syntax().text().to_string(), argument));
        }
        rest = lambda.body();
    }
    named
}
