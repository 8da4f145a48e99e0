//! `action=edit`.

use serde_json::{Value, json};

use super::super::super::Storage;
use super::super::content::{Condition, Saved};
use super::super::time::iso_8601;
use super::super::title;
use super::super::wiki::MediaWikiService;
use super::error::{ApiError, Parameters};
use crate::server::nonce::NonceStore;

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    /// Saves a page. Token and mode were checked before.
    pub(super) fn edit(&self, parameters: &Parameters, user: &str) -> Result<Value, ApiError> {
        if parameters.get("title").is_empty() {
            return Err(ApiError::missing("title"));
        }
        let given = parameters.get("title");
        let invalid = || ApiError::new("invalidtitle", format!("Bad title \"{given}\"."));
        let title = title::normalized(given).ok_or_else(invalid)?;
        let (text, before, after) =
            (parameters.has("text"), parameters.has("prependtext"), parameters.has("appendtext"));
        if !(text || before || after) {
            let names = "\"text\", \"appendtext\", \"prependtext\", \"undo\"";
            let info = format!("At least one of the parameters {names} is required.");
            return Err(ApiError::new("missingparam", info));
        }
        let base = parameters.get("baserevid").parse().ok();
        let condition = match (parameters.has("createonly"), parameters.has("nocreate"), base) {
            (true, _, _) => Condition::New,
            (_, _, Some(revision)) => Condition::Latest(revision),
            (_, true, None) => Condition::Exists,
            _ => Condition::None,
        };
        let content = &mut *self.content();
        if !content.may_edit(user) {
            return Err(ApiError::rate_limited());
        }
        let text = match before || after {
            // Both exist to add to a page, and override `text`.
            true => {
                let old = content.page(&title).map_or("", |page| page.text.as_str());
                format!("{}{old}{}", parameters.get("prependtext"), parameters.get("appendtext"))
            }
            false => parameters.get("text").to_owned(),
        };
        let mut edit = json!({ "result": "Success", "title": title, "contentmodel": "wikitext" });
        match content.save(&title, text, user, self.provider.clock.now(), condition) {
            Saved::Changed { page, before } => {
                edit["pageid"] = json!(page.id);
                edit["oldrevid"] = json!(before);
                edit["newrevid"] = json!(page.revision);
                edit["newtimestamp"] = json!(iso_8601(page.time));
                if before == 0 {
                    edit["new"] = parameters.flag();
                }
            }
            Saved::Unchanged(page) => {
                edit["pageid"] = json!(page.id);
                edit["nochange"] = parameters.flag();
            }
            Saved::AlreadyExists => {
                let info = "The article you tried to create has been created already.";
                return Err(ApiError::new("articleexists", info));
            }
            Saved::Missing => return Err(ApiError::new("missingtitle", "The page you specified doesn't exist.")),
            Saved::Conflict => return Err(ApiError::new("editconflict", format!("Edit conflict: {title}."))),
        }
        Ok(json!({ "edit": edit }))
    }
}
