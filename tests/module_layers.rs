//! Files of `src` import each other in one direction only.
//!
//! The check reads every path that begins with `crate::`, `super::` or `self::`, follows re-exports to the file that
//! defines the name, and fails with the files of a circle. Code under `#[cfg(test)] mod …` is left out.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A module path below the crate root, without names of items: `["client", "sign"]`.
type Module = Vec<String>;

#[derive(Default)]
struct Sources {
    modules: BTreeMap<Module, String>,
    /// For each module, the names that it re-exports, and the path that each stands for.
    exports: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

#[test]
fn no_file_imports_itself_through_others() {
    let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(sources.modules.len() > 50, "the sources were not found");
    let edges = sources.edges();
    let circles = circles(&edges);
    let mut report = String::new();
    for circle in &circles {
        writeln!(report, "  {}", circle.join(" ↔ ")).unwrap();
    }
    assert!(circles.is_empty(), "these files import each other in a circle:\n{report}");
}

#[test]
fn a_circle_is_found() {
    let mut sources = Sources::default();
    for (module, text) in [
        ("", "mod a; mod b; pub use a::A;"),
        ("a", "use crate::b::B; pub struct A;"),
        ("b", "use super::A;\npub struct B;"),
        ("c", "use super::{a::A, b::B as C};"),
    ] {
        sources.add(module.split("::").filter(|name| !name.is_empty()).map(String::from).collect(), text);
    }
    assert_eq!(circles(&sources.edges()), [["a", "b"]]);
}

impl Sources {
    fn read(root: &Path) -> Self {
        let mut sources = Self::default();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|extension| extension == "rs") {
                    let relative = entry.strip_prefix(root).unwrap().with_extension("");
                    let mut module: Module = relative.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
                    module.pop_if(|name| name == "mod" || name == "lib");
                    if !module.iter().any(|name| name == "tests") {
                        sources.add(module, &fs::read_to_string(&entry).unwrap());
                    }
                }
            }
        }
        sources
    }

    fn add(&mut self, module: Module, text: &str) {
        let code = without_tests_and_comments(text);
        let mut exports = BTreeMap::new();
        for statement in statements(&code, "pub use ").chain(statements(&code, "pub(crate) use ")) {
            for (path, name) in leaves(statement) {
                let path = self.absolute(&module, &path).unwrap_or_else(|| [module.clone(), path].concat());
                exports.insert(name, path);
            }
        }
        self.exports.insert(module.clone(), exports);
        self.modules.insert(module, code);
    }

    /// The path from the crate root, if the path begins with `crate`, `super` or `self`.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let ups = path.iter().take_while(|name| *name == "super").count();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat()),
            _ => None,
        }
    }

    /// The module that defines the item at an absolute path.
    fn defining(&self, path: &[String], depth: usize) -> Option<Module> {
        let length = (0..=path.len()).rev().find(|&length| self.modules.contains_key(&path[..length]))?;
        let (module, rest) = path.split_at(length);
        let exported = rest.first().and_then(|name| self.exports.get(module)?.get(name));
        match exported {
            Some(target) if depth > 0 => self.defining(&[target, &rest[1..]].concat(), depth - 1),
            _ => Some(module.to_vec()),
        }
    }

    fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, code) in &self.modules {
            let found = edges.entry(module.join("::")).or_default();
            let children = |path: &[String]| {
                path.first()
                    .is_some_and(|name| self.modules.contains_key(&[&module[..], std::slice::from_ref(name)].concat()))
            };
            let imports = statements(code, "use ").flat_map(leaves).map(|(path, _)| path);
            for path in imports.chain(inline_paths(code)) {
                let absolute = self.absolute(module, &path);
                let absolute = absolute.or_else(|| children(&path).then(|| [module.clone(), path.clone()].concat()));
                if let Some(target) = absolute.and_then(|path| self.defining(&path, 8))
                    && target != *module
                {
                    found.insert(target.join("::"));
                }
            }
        }
        edges
    }
}

/// The groups of modules in which each reaches each.
fn circles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<&str>> {
    let reach = |from: &str| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(next) = open.pop() {
            for target in edges.get(&next).into_iter().flatten() {
                if reached.insert(target.clone()) {
                    open.push(target.clone());
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&str, _> = edges.keys().map(|module| (module.as_str(), reach(module))).collect();
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (module, targets) in &reached {
        if targets.contains(*module) && !circles.iter().any(|circle| circle.contains(module)) {
            circles.push(
                reached
                    .iter()
                    .filter(|(other, back)| targets.contains(**other) && back.contains(*module))
                    .map(|(other, _)| *other)
                    .collect(),
            );
        }
    }
    circles
}

/// Drops line comments, and the module `tests` at the end of a file.
fn without_tests_and_comments(text: &str) -> String {
    let end = text.match_indices("mod tests {").map(|(at, _)| at).find(|&at| {
        let before = text[..at].trim_end().rsplit('\n').next().unwrap_or_default();
        before.starts_with("#[cfg(") && before.contains("test")
    });
    let code = text[..end.unwrap_or(text.len())].lines().filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// The statements that begin with `keyword`, without it and without their `;`.
///
/// Statements of tests are left out.
fn statements<'a>(code: &'a str, keyword: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(keyword).filter_map(move |(at, _)| {
        let before = code[..at].trim_end_matches(' ');
        let starts = before.is_empty() || before.ends_with(['\n', ';', '{']);
        let only_tests = before.trim_end().ends_with("#[cfg(test)]");
        let statement = &code[at + keyword.len()..];
        (starts && !only_tests).then(|| &statement[..statement.find(';').unwrap_or(statement.len())])
    })
}

/// Paths such as `super::names::TOKEN` in the midst of code.
fn inline_paths(code: &str) -> impl Iterator<Item = Vec<String>> {
    ["crate::", "super::"].into_iter().flat_map(move |start| {
        code.match_indices(start).filter_map(move |(at, _)| {
            let inside = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$');
            let length = code[at..].find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let path = &code[at..][..length.unwrap_or(code.len() - at)];
            (!inside && !path.ends_with("::")).then(|| path.split("::").map(String::from).collect())
        })
    })
}

/// The paths in the tree of a `use` statement, each with its local name.
fn leaves(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some(open) = tree.find('{') {
        let prefix: Vec<String> =
            tree[..open].split("::").filter(|name| !name.is_empty()).map(|n| n.trim().into()).collect();
        let inner = tree[open + 1..].trim_end().trim_end_matches('}');
        let (mut depth, mut start, mut found) = (0, 0, Vec::new());
        for (at, character) in inner.char_indices().chain([(inner.len(), ',')]) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    for (path, name) in leaves(&inner[start..at]) {
                        found.push(([&prefix[..], &path].concat(), name));
                    }
                    start = at + 1;
                }
                _ => {}
            }
        }
        return found;
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias)));
    let path: Vec<String> = path.trim().split("::").filter(|name| !name.is_empty()).map(String::from).collect();
    let name = alias.map(str::trim).or(path.last().map(String::as_str)).unwrap_or_default().to_owned();
    if path.is_empty() { Vec::new() } else { vec![(path, name)] }
}
