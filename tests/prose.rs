//! Rules for the prose of docs and comments that a program can check.
//!
//! 1. No sentence begins with a relative clause or an inversion: see [`FORBIDDEN`].
//! 2. The first sentence of a doc comment has at most [`WORDS`] words.
//! 3. SECURITY.md names tests that exist.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Words that no sentence begins with.
///
/// "Where" and "That" hide the condition or the subject. After "What" and "Who" the reader waits for it.
const FORBIDDEN: [&str; 11] =
    ["What", "Who", "Whom", "Whose", "Where", "That", "So many", "Of the", "Nobody", "Whatever", "Such"];

/// The length of a first sentence, in words.
const WORDS: usize = 15;

/// One paragraph of prose, and where it stands.
struct Paragraph {
    file: PathBuf,
    line: usize,
    text: String,
    is_summary: bool,
}

#[test]
fn sentences_begin_plainly() {
    report("begin with a word that hides their subject", |paragraph| {
        sentences(&paragraph.text)
            .find(|sentence| {
                let begins = |word: &str| sentence.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', ',']));
                !sentence.ends_with('?') && FORBIDDEN.into_iter().any(begins)
            })
            .map(String::from)
    });
}

#[test]
fn summaries_are_short() {
    report("have a first sentence that is too long", |paragraph| {
        let summary = paragraph.is_summary.then(|| sentences(&paragraph.text).next())??;
        (summary.split_whitespace().count() > WORDS).then(|| summary.to_owned())
    });
}

/// SECURITY.md names a test for each claim: the functions and files are there.
#[test]
fn security_claims_name_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let claims = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (mut functions, mut files) = (0, 0);
    // The published package has no cli/.
    let is_here = |name: &&str| !name.starts_with("cli/") || root.join("cli").exists();
    for name in claims.split('`').skip(1).step_by(2).filter(is_here) {
        if let Some((file, function)) = name.strip_prefix("attacks::").and_then(|path| path.split_once("::")) {
            let text = fs::read_to_string(root.join(format!("tests/attacks/{file}.rs"))).unwrap();
            assert!(text.contains(&format!("fn {function}()")), "tests/attacks/{file}.rs has no {function}");
            functions += 1;
        } else if name.starts_with("tests/") || name.starts_with("cli/tests/") {
            assert!(root.join(name).exists(), "{name} does not exist");
            files += 1;
        }
    }
    assert!(functions > 20 && files > 5, "{functions} functions, {files} files");
}

fn report(fault: &str, find: impl Fn(&Paragraph) -> Option<String>) {
    let paragraphs = paragraphs();
    assert!(paragraphs.len() > 1000, "the sources were not found");
    let (mut found, mut list) = (0, String::new());
    for paragraph in &paragraphs {
        if let Some(sentence) = find(paragraph) {
            found += 1;
            writeln!(list, "  {}:{}: {sentence}", paragraph.file.display(), paragraph.line).unwrap();
        }
    }
    assert!(found == 0, "{found} paragraphs {fault}:\n{list}");
}

/// The paragraphs of all comments, doc comments and Markdown files.
fn paragraphs() -> Vec<Paragraph> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = ["src", "tests", "benches", "examples", "fuzz/src", "fuzz/fuzz_targets", "cli"]
        .into_iter()
        .map(|folder| root.join(folder))
        .chain(["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"].map(|f| root.join(f)))
        .filter(|path| path.exists())
        .collect();
    while let Some(path) = open.pop() {
        let skipped = ["target", "node_modules", ".work"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !skipped {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            let file = path.strip_prefix(root).unwrap().to_owned();
            read(&file, &text, file.extension().is_some_and(|extension| extension == "md"), &mut found);
        }
    }
    found
}

fn read(file: &Path, text: &str, markdown: bool, found: &mut Vec<Paragraph>) {
    let (mut previous, mut fenced, mut fresh) = ("", false, true);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let marker = if markdown {
            ""
        } else {
            ["//!", "///", "//"].into_iter().find(|m| line.starts_with(m)).unwrap_or("none")
        };
        let Some(content) = line.strip_prefix(marker).map(str::trim) else {
            (previous, fenced, fresh) = ("", false, true);
            continue;
        };
        let continues = previous == marker && !fresh;
        let is_summary = previous != marker && marker.len() == 3;
        previous = marker;
        if content.starts_with("```") {
            fenced = !fenced;
        }
        let is_prose = !fenced && !content.is_empty() && !content.starts_with(['`', '#', '|', '[', '!', '<']);
        if !is_prose {
            fresh = true;
            continue;
        }
        match found.last_mut() {
            Some(paragraph) if continues && !content.starts_with("- ") => {
                paragraph.text.push(' ');
                paragraph.text.push_str(content);
            }
            _ => found.push(Paragraph {
                file: file.to_owned(),
                line: index + 1,
                text: content.trim_start_matches("- ").trim_start_matches("**").to_owned(),
                is_summary,
            }),
        }
        fresh = false;
    }
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.match_indices(['.', '?', '!']).map(|(at, _)| at + 1);
    let ends = ends.filter(|&end| {
        let rest = &text[end..];
        let after = rest.trim_start();
        rest.is_empty()
            || (rest.starts_with(' ') && after.starts_with(|c: char| c.is_uppercase() || c == '`' || c == '['))
    });
    let mut ends: Vec<usize> = ends.collect();
    if ends.last() != Some(&text.len()) {
        ends.push(text.len());
    }
    let mut start = 0;
    ends.into_iter().map(move |end| {
        let sentence = text[start..end].trim();
        start = end;
        sentence
    })
}
