//! The pages of the wiki.

use std::collections::{HashMap, HashSet};

/// The state that all clones of a wiki share.
#[derive(Default)]
pub(super) struct Content {
    pages: HashMap<String, Page>,
    revisions: u64,
    edits: HashMap<String, usize>,
    /// Request tokens that were exchanged.
    pub(super) used_tokens: HashSet<String>,
    pub(super) is_read_only: bool,
    /// The delay of the databases, in seconds.
    pub(super) lag: f64,
    /// The number of edits that each user still has, if it is limited.
    pub(super) edits_left: Option<HashMap<String, usize>>,
    pub(super) edits_at_first: usize,
}

/// The latest revision of a page.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) id: u64,
    pub(super) revision: u64,
    /// In seconds since the Unix epoch.
    pub(super) time: u64,
    pub(super) text: String,
}

/// The condition under which an edit is saved.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Condition {
    None,
    /// The page must not exist.
    New,
    /// The page must exist.
    Exists,
    /// The latest revision must be this one.
    Latest(u64),
}

/// The result of an edit.
pub(super) enum Saved {
    /// A new revision. The page's revision before it is 0 for a new page.
    Changed {
        page: Page,
        before: u64,
    },
    /// The text is the one that the page has.
    Unchanged(Page),
    AlreadyExists,
    Missing,
    Conflict,
}

impl Content {
    /// The latest revision of a page, by its normalized title.
    pub(super) fn page(&self, title: &str) -> Option<&Page> {
        self.pages.get(title)
    }

    pub(super) fn edits_of(&self, user: &str) -> usize {
        self.edits.get(user).copied().unwrap_or_default()
    }

    /// Takes one of the edits that a user has left, if they are limited.
    pub(super) fn may_edit(&mut self, user: &str) -> bool {
        let at_first = self.edits_at_first;
        let Some(left) = &mut self.edits_left else { return true };
        let left = left.entry(user.to_owned()).or_insert(at_first);
        let may = *left > 0;
        *left = left.saturating_sub(1);
        may
    }

    pub(super) fn save(&mut self, title: &str, text: String, user: &str, time: u64, condition: Condition) -> Saved {
        let id = self.pages.len() as u64 + 1;
        match (self.pages.get(title), condition) {
            (Some(_), Condition::New) => return Saved::AlreadyExists,
            (None, Condition::Exists | Condition::Latest(_)) => return Saved::Missing,
            (Some(page), Condition::Latest(revision)) if page.revision != revision => return Saved::Conflict,
            (Some(page), _) if page.text == text => return Saved::Unchanged(page.clone()),
            _ => {}
        }
        self.revisions += 1;
        *self.edits.entry(user.to_owned()).or_default() += 1;
        let page = self.pages.entry(title.to_owned());
        let page = page.or_insert_with(|| Page { id, revision: 0, time, text: String::new() });
        let before = std::mem::replace(&mut page.revision, self.revisions);
        (page.text, page.time) = (text, time);
        Saved::Changed { page: page.clone(), before }
    }
}
