//! Reports of the library as data, for pages and JSON.

use serde::Serialize;

/// The causes of a rejection, the most likely first.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Explanation {
    pub(crate) findings: Vec<Finding>,
}

/// One possible cause.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) certainty: &'static str,
    pub(crate) cause: String,
    pub(crate) evidence: String,
    pub(crate) remedy: String,
}
