//! Faults of the implementations, each with the feature that shows it and its section.

/// A fault of one library.
pub(crate) struct Fault {
    pub(crate) library: &'static str,
    /// The feature of a request that shows the fault.
    ///
    /// It is the name in `requests.rs`, or a part of it.
    pub(crate) feature: &'static str,
    /// The section of RFC 5849.
    pub(crate) section: &'static str,
    /// The library's wrong reading.
    pub(crate) wrong: &'static str,
}

const fn fault(library: &'static str, feature: &'static str, section: &'static str, wrong: &'static str) -> Fault {
    Fault { library, feature, section, wrong }
}

pub(crate) const FAULTS: &[Fault] = &[
    fault("authlib", "bare '() in a form", "3.4.1.3.1", "a form with these characters is left out of the signature"),
    fault("ruby-oauth", "form of PATCH", "3.4.1.3.1", "the form of a PATCH is left out"),
    fault(
        "ruby-oauth",
        "name without = that stands there twice",
        "3.4.1.3.1",
        "a name without `=` is dropped beside its twin",
    ),
    fault("simple_oauth", "query name without =", "3.4.1.3.1", "a name without `=` is dropped"),
    fault("php-oauth", "query name twice", "3.4.1.3.2", "the last of two equal names replaces the first"),
    fault("liboauth", "upper-case host", "3.4.1.2", "the host keeps its case"),
    fault("liboauth", "default port of https", "3.4.1.2", "the port 443 is kept"),
    fault("liboauth", "bare $+,;= in the path", "3.4.1.2", "`+` in the path becomes a space"),
    fault("liboauth", "encoded equals in a", "3.4.1.3.2", "a name is cut at its `=`"),
    fault("liboauth", "name without = that needs encoding", "3.4.1.3.2", "a name without `=` is not encoded"),
    fault("oauth-1.0a", "upper-case host", "3.4.1.2", "the host keeps its case"),
    fault("oauth-1.0a", "default port of http", "3.4.1.2", "default ports are kept"),
    fault("oauth-1.0a", "bare equals in a query value", "3.4.1.3.1", "a value is cut at its `=`"),
    fault("oauth-1.0a", "ampersand at the end of a query", "3.4.1.3.1", "an empty sequence becomes a parameter"),
    fault("oauth-1.0a", "in a query name", "3.4.1.3.1", "names of the query are not decoded"),
    fault("oauth-1.0a", "space as + in a query value", "3.4.1.3.1", "`+` in a query is no space"),
    fault(
        "oauth-1.0a",
        "name without = that stands there twice",
        "3.4.1.3.1",
        "a name without `=` is dropped beside its twin",
    ),
    fault("oauth-sign", "upper-case host", "3.4.1.2", "the host keeps its case"),
    fault("oauth-sign", "default port of http", "3.4.1.2", "default ports are kept"),
    fault("node-oauth", "query name twice", "3.4.1.3.2", "equal names of a query are joined to one"),
    fault("node-oauth", "bare !*'() in the path", "3.4.1.2", "`!*'()` in the path are left as they are"),
];
