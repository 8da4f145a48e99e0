//! Links and paths in Markdown files and comments lead to something.
//!
//! rustdoc checks the links between items. This checks the rest, without a network: files and headings exist, pages on
//! docs.rs are those of public items, and other addresses are well-formed and use https.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use http::Uri;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const DOCS: &str = "https://docs.rs/tower-oauth1/latest/tower_oauth1/";

/// The files of a checkout by their path. The published package lacks some that its files name.
fn files(wanted: &[&str]) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![PathBuf::from(ROOT)];
    while let Some(path) = open.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            // Files that were built, installed or fetched are not ours.
            let is_ours = path == Path::new(ROOT)
                || !(name.starts_with('.') || ["target", "node_modules", "corpus", "seeds"].contains(&name.as_str()));
            if is_ours {
                open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        } else if path.extension().is_some_and(|extension| wanted.iter().any(|wanted| extension == *wanted)) {
            found.insert(path.strip_prefix(ROOT).unwrap().to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
    found
}

fn is_checkout() -> bool {
    Path::new(ROOT).join(".ci").exists()
}

/// The text without its code blocks.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().trim_start_matches(['/', '!', ' ']).starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The targets of inline links, and of link definitions.
fn targets(text: &str) -> Vec<&str> {
    let inline = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    let defined = text.lines().filter_map(|line| {
        let (name, target) = line.trim_start_matches(['/', '!', ' ']).strip_prefix('[')?.split_once("]: ")?;
        (!name.contains(']')).then_some(target)
    });
    inline.chain(defined).collect()
}

/// The anchors of the headings, as forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

/// The path relative to the root, with `..` resolved.
fn resolved(folder: &Path, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for component in folder.join(target).components() {
        match component {
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
    }
    path
}

#[test]
fn links_of_markdown_files_lead_to_files_and_headings() {
    if !is_checkout() {
        return;
    }
    let files = files(&["md"]);
    let (mut checked, mut dead) = (0, Vec::new());
    // The files in src/ are part of the documentation, where rustdoc checks the links.
    for (path, text) in files.iter().filter(|(path, _)| !path.starts_with("src")) {
        for target in targets(&prose(text)).into_iter().filter(|target| !target.contains("://")) {
            checked += 1;
            let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
            let file = if file.is_empty() { path.clone() } else { resolved(path.parent().unwrap(), file) };
            let has_anchor = |anchor| files.get(&file).is_some_and(|text| anchors(&prose(text)).contains(anchor));
            if !Path::new(ROOT).join(&file).exists() || !anchor.is_none_or(has_anchor) {
                dead.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(checked > 10, "{checked}");
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn named_files_exist() {
    if !is_checkout() {
        return;
    }
    let (mut checked, mut missing) = (0, Vec::new());
    for (path, text) in files(&["md", "rs", "toml"]) {
        let text = prose(&text);
        let comments =
            text.lines().filter(|line| path.extension().unwrap() == "md" || line.contains("//") || line.contains('#'));
        for name in comments.flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let folder = name.split_once('/').map_or("", |(folder, _)| folder);
            // In code, `src/…` may be a file of another project or of the user's.
            let is_ours = folder != "src" || path.components().count() == 1;
            let is_path = is_ours
                && [".ci", "benches", "cli", "examples", "fuzz", "src", "tests"].contains(&folder)
                && name.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
            // A path is relative to the root, or to the folder of the package.
            let mut folders = path.ancestors().skip(1);
            if is_path {
                checked += 1;
                if !folders.any(|folder| Path::new(ROOT).join(folder).join(name).exists()) {
                    missing.push(format!("{}: {name}", path.display()));
                }
            }
        }
    }
    assert!(checked > 100, "{checked}");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn links_to_docs_rs_name_public_items() {
    let Ok(listing) = fs::read_to_string(Path::new(ROOT).join(".ci/public-api.txt")) else { return };
    let listing: BTreeSet<_> = listing.lines().collect();
    let files = files(&["md", "rs"]);
    let mut checked = BTreeSet::new();
    for text in files.values() {
        for rest in text.split(DOCS).skip(1) {
            let page = rest.split([')', '`', '"', '\n', ' ', '#']).next().unwrap();
            if page.contains('{') || !checked.insert(page) {
                continue;
            }
            let (module, item) = page.rsplit_once('/').unwrap_or_default();
            let path = format!("tower_oauth1::{}", module.replace('/', "::"));
            let path = path.trim_end_matches("::");
            let known = if item.is_empty() {
                path == "tower_oauth1" || listing.contains(format!("pub mod {path}").as_str())
            } else {
                let name = item.split('.').nth(1).unwrap();
                listing.iter().any(|line| {
                    line.split_once(&format!("{path}::{name}")).is_some_and(|(before, after)| {
                        before.starts_with("pub ") && !after.starts_with(|c: char| c.is_alphanumeric())
                    })
                })
            };
            // Guide pages are modules of the documentation only.
            let is_guide = page.strip_prefix("guide/").is_some_and(|page| {
                page.is_empty() || Path::new(ROOT).join(format!("src/guide/{}.md", page.trim_end_matches('/'))).exists()
            });
            assert!(known || is_guide, "{DOCS}{page} is no public item's");
        }
    }
    assert!(checked.len() > 15, "{checked:?}");
}

#[test]
fn addresses_are_well_formed_and_use_https() {
    let files = files(&["md", "rs"]);
    let mut addresses = BTreeSet::new();
    for text in files.values() {
        let text = prose(text);
        addresses.extend(targets(&text).into_iter().filter(|target| target.contains("://")).map(String::from));
    }
    for address in &addresses {
        // `{}` and the like are formatted, not links.
        let uri: Uri = address.split('#').next().unwrap().parse().unwrap_or_else(|error| panic!("{address}: {error}"));
        assert_eq!(uri.scheme_str(), Some("https"), "{address}");
        assert!(uri.host().is_some_and(|host| host.contains('.')), "{address}");
        println!("{address}");
    }
    assert!(addresses.len() > 50, "{}", addresses.len());
}
