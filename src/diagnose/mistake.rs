//! Mistakes in making a base string or a key, by the other side.

/// A way to make a base string that differs from RFC 5849 §3.4.1.
///
/// See [`Cause::Mistake`](super::Cause::Mistake).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mistake {
    /// The parameters of the query are left out.
    QueryLeftOut,
    /// The parameters of the form are left out.
    FormLeftOut,
    /// A body that is not a form is taken for a parameter.
    BodyAsParameter,
    /// The query stays in the URI, instead of among the parameters.
    QueryInUri,
    /// Only the first of several parameters with one name is signed.
    FirstDuplicateOnly,
    /// Only the last of several parameters with one name is signed.
    LastDuplicateOnly,
    /// Names and values are not encoded by themselves, only the list of them.
    EncodedOnce,
    /// Names and values are encoded once too often.
    EncodedThrice,
    /// The names of the parameters are not encoded.
    NamesNotEncoded,
    /// The list of parameters is not encoded.
    ListNotEncoded,
    /// Letters of percent-encoded characters are in lower case.
    LowerCaseEscapes,
    /// A space is encoded as a plus sign.
    PlusForSpace,
    /// `!*'()` are not encoded.
    SubDelimitersNotEncoded,
    /// The tilde is encoded.
    TildeEncoded,
    /// The parameters are sorted after name and value are joined.
    SortedAfterJoining,
    /// The parameters are sorted before they are encoded.
    SortedBeforeEncoding,
    /// Parameters of one name are not sorted by value.
    SortedByNameOnly,
    /// The parameters are not sorted.
    NotSorted,
    /// The default port of the scheme is kept.
    DefaultPortKept,
    /// The path is empty instead of `/`.
    EmptyPath,
    /// The method is not in upper case.
    MethodCaseKept,
    /// `oauth_token` is left out.
    TokenLeftOut,
    /// An empty `oauth_token` is signed, and the request has none.
    EmptyTokenSigned,
    /// `oauth_version` is left out.
    VersionLeftOut,
    /// Bytes that are not UTF-8 are replaced.
    LossyText,
    /// Parameters without a value are left out.
    EmptyValuesLeftOut,
    /// A plus sign in the query or form is not read as a space.
    PlusKept,
    /// `;` separates parameters.
    SemicolonSeparates,
    /// A value is cut at its own `=`.
    CutAtEquals,
    /// Nothing between two `&` is taken for a parameter without a name.
    EmptyPairSigned,
    /// Host or scheme keep their upper-case letters.
    HostCaseKept,
    /// User name and password of the URL are signed.
    UserinfoKept,
    /// The fragment of the URL is signed.
    FragmentKept,
    /// Both sides say the same, encoded differently in a way not listed here.
    OtherEncoding,
}

/// A way to make a key or a signature that differs from RFC 5849 §3.4.
///
/// See [`Cause::Key`](super::Cause::Key).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyMistake {
    /// The token secret is left out, or empty.
    TokenSecretEmpty,
    /// The client secret is left out, or empty.
    ClientSecretEmpty,
    /// The `&` between the secrets is missing.
    AmpersandMissing,
    /// The two secrets are swapped.
    SecretsSwapped,
    /// Both secrets are the client secret.
    ClientSecretTwice,
    /// The secrets are not percent-encoded.
    SecretsNotEncoded,
    /// The secrets are percent-encoded twice.
    SecretsEncodedTwice,
    /// Only one side has white space or quotation marks around a secret in the key.
    SecretsTrimmed,
    /// A secret is percent-decoded before its use.
    SecretsDecoded,
    /// The signature is made by this other method.
    OtherMethod(String),
    /// The signature is written in hexadecimal digits instead of base64.
    Hexadecimal,
    /// The signature is percent-encoded once too often.
    SignatureEncodedTwice,
    /// Plus signs in the signature were read as spaces.
    PlusReadAsSpace,
    /// The signature is in another alphabet of base64, or without padding.
    OtherBase64,
}

impl Mistake {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::QueryLeftOut => "query_left_out",
            Self::FormLeftOut => "form_left_out",
            Self::BodyAsParameter => "body_as_parameter",
            Self::QueryInUri => "query_in_uri",
            Self::FirstDuplicateOnly => "first_duplicate_only",
            Self::LastDuplicateOnly => "last_duplicate_only",
            Self::EncodedOnce => "encoded_once",
            Self::EncodedThrice => "encoded_thrice",
            Self::NamesNotEncoded => "names_not_encoded",
            Self::ListNotEncoded => "list_not_encoded",
            Self::LowerCaseEscapes => "lower_case_escapes",
            Self::PlusForSpace => "plus_for_space",
            Self::SubDelimitersNotEncoded => "sub_delimiters_not_encoded",
            Self::TildeEncoded => "tilde_encoded",
            Self::SortedAfterJoining => "sorted_after_joining",
            Self::SortedBeforeEncoding => "sorted_before_encoding",
            Self::SortedByNameOnly => "sorted_by_name_only",
            Self::NotSorted => "not_sorted",
            Self::DefaultPortKept => "default_port_kept",
            Self::EmptyPath => "empty_path",
            Self::MethodCaseKept => "method_case_kept",
            Self::TokenLeftOut => "token_left_out",
            Self::EmptyTokenSigned => "empty_token_signed",
            Self::VersionLeftOut => "version_left_out",
            Self::LossyText => "lossy_text",
            Self::EmptyValuesLeftOut => "empty_values_left_out",
            Self::PlusKept => "plus_kept",
            Self::SemicolonSeparates => "semicolon_separates",
            Self::CutAtEquals => "cut_at_equals",
            Self::EmptyPairSigned => "empty_pair_signed",
            Self::HostCaseKept => "host_case_kept",
            Self::UserinfoKept => "userinfo_kept",
            Self::FragmentKept => "fragment_kept",
            Self::OtherEncoding => "other_encoding",
        }
    }

    /// A verb phrase in the third person, whose subject is the other side.
    pub(super) fn phrase(&self) -> String {
        match self {
            Self::QueryLeftOut => "leaves the query out of the signature".into(),
            Self::FormLeftOut => "leaves the form out of the signature".into(),
            Self::BodyAsParameter => "signs a body that is not a form as a parameter".into(),
            Self::QueryInUri => "keeps the query in the base string URI".into(),
            Self::FirstDuplicateOnly => "signs only the first of several parameters of one name".into(),
            Self::LastDuplicateOnly => "signs only the last of several parameters of one name".into(),
            Self::EncodedOnce => "encodes the parameters once instead of twice".into(),
            Self::EncodedThrice => "encodes the parameters once too often".into(),
            Self::NamesNotEncoded => "does not encode the names of parameters".into(),
            Self::ListNotEncoded => "does not encode the list of parameters".into(),
            Self::LowerCaseEscapes => "writes percent-encoded characters in lower case".into(),
            Self::PlusForSpace => "encodes a space as \"+\" instead of \"%20\"".into(),
            Self::SubDelimitersNotEncoded => "does not encode the characters !*'()".into(),
            Self::TildeEncoded => "encodes \"~\" as \"%7E\"".into(),
            Self::SortedAfterJoining => "sorts the parameters after joining name and value".into(),
            Self::SortedBeforeEncoding => "sorts the parameters before encoding them".into(),
            Self::SortedByNameOnly => "does not sort parameters of one name by value".into(),
            Self::NotSorted => "does not sort the parameters".into(),
            Self::DefaultPortKept => "keeps the default port in the base string URI".into(),
            Self::EmptyPath => "signs an empty path instead of \"/\"".into(),
            Self::MethodCaseKept => "does not sign the method in upper case".into(),
            Self::TokenLeftOut => "leaves oauth_token out of the signature".into(),
            Self::EmptyTokenSigned => "signs an empty oauth_token that the request does not have".into(),
            Self::VersionLeftOut => "leaves oauth_version out of the signature".into(),
            Self::LossyText => "replaces bytes that are not UTF-8".into(),
            Self::EmptyValuesLeftOut => "leaves out parameters without a value".into(),
            Self::PlusKept => "reads \"+\" in the query or form as a plus sign instead of a space".into(),
            Self::SemicolonSeparates => "takes \";\" for a separator of parameters".into(),
            Self::CutAtEquals => "cuts values at their own \"=\"".into(),
            Self::EmptyPairSigned => "signs a parameter without a name where two \"&\" follow each other".into(),
            Self::HostCaseKept => "keeps upper-case letters in the host or scheme".into(),
            Self::UserinfoKept => "signs the user name and password of the URL".into(),
            Self::FragmentKept => "signs the fragment of the URL".into(),
            Self::OtherEncoding => "encodes the same parts differently".into(),
        }
    }

    /// The rule of RFC 5849 that is broken.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::QueryLeftOut | Self::QueryInUri | Self::FormLeftOut | Self::BodyAsParameter => {
                "§3.4.1.3.1: the parameters of the query, of the header and of a form are signed, and nothing else"
            }
            Self::FirstDuplicateOnly | Self::LastDuplicateOnly | Self::EmptyValuesLeftOut => {
                "§3.4.1.3.1: every parameter is signed, repeated and empty ones included"
            }
            Self::EncodedOnce | Self::EncodedThrice | Self::NamesNotEncoded | Self::ListNotEncoded => {
                "§3.4.1.1 and §3.4.1.3.2: names and values are encoded, and the list of them is encoded once more"
            }
            Self::LowerCaseEscapes
            | Self::PlusForSpace
            | Self::SubDelimitersNotEncoded
            | Self::TildeEncoded
            | Self::OtherEncoding => {
                "§3.6: every character except letters, digits and -._~ is encoded as %XX, in upper case"
            }
            Self::SortedAfterJoining | Self::SortedBeforeEncoding | Self::SortedByNameOnly | Self::NotSorted => {
                "§3.4.1.3.2: parameters are sorted by encoded name, then by encoded value, and joined afterwards"
            }
            Self::DefaultPortKept => "§3.4.1.2: the port is signed unless it is 80 for http or 443 for https",
            Self::EmptyPath | Self::HostCaseKept | Self::UserinfoKept | Self::FragmentKept => {
                "§3.4.1.2: the scheme and the host are signed in lower case, and the path as the client sent it"
            }
            Self::MethodCaseKept => "§3.4.1.1: the method is signed as sent, in upper case",
            Self::TokenLeftOut | Self::EmptyTokenSigned | Self::VersionLeftOut => {
                "§3.4.1.3.1: all OAuth parameters that are sent are signed, except oauth_signature and realm"
            }
            Self::LossyText | Self::PlusKept | Self::SemicolonSeparates | Self::CutAtEquals | Self::EmptyPairSigned => {
                "§3.4.1.3.1: forms are decoded as W3C.REC-html40 says: \"&\" separates, \"+\" is a space, bytes are bytes"
            }
        }
    }
}

impl KeyMistake {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TokenSecretEmpty => "token_secret_empty",
            Self::ClientSecretEmpty => "client_secret_empty",
            Self::AmpersandMissing => "ampersand_missing",
            Self::SecretsSwapped => "secrets_swapped",
            Self::ClientSecretTwice => "client_secret_twice",
            Self::SecretsNotEncoded => "secrets_not_encoded",
            Self::SecretsEncodedTwice => "secrets_encoded_twice",
            Self::SecretsTrimmed => "secrets_trimmed",
            Self::SecretsDecoded => "secrets_decoded",
            Self::OtherMethod(_) => "other_signature_method",
            Self::Hexadecimal => "hexadecimal",
            Self::SignatureEncodedTwice => "signature_encoded_twice",
            Self::PlusReadAsSpace => "plus_read_as_space",
            Self::OtherBase64 => "other_base64",
        }
    }

    /// A verb phrase in the third person, whose subject is the other side.
    pub(super) fn phrase(&self) -> String {
        match self {
            Self::TokenSecretEmpty => "signs with an empty token secret".into(),
            Self::ClientSecretEmpty => "signs with an empty client secret".into(),
            Self::AmpersandMissing => "makes the key without \"&\"".into(),
            Self::SecretsSwapped => "has client secret and token secret swapped".into(),
            Self::ClientSecretTwice => "uses the client secret as the token secret, too".into(),
            Self::SecretsNotEncoded => "does not encode the secrets in the key".into(),
            Self::SecretsEncodedTwice => "encodes the secrets in the key twice".into(),
            Self::SecretsTrimmed => "signs with a secret without the white space or quotation marks around ours".into(),
            Self::SecretsDecoded => "signs with a secret that is percent-decoded".into(),
            Self::OtherMethod(method) => format!("signs by {method}"),
            Self::Hexadecimal => "writes the signature in hexadecimal digits".into(),
            Self::SignatureEncodedTwice => "encodes the signature once too often".into(),
            Self::PlusReadAsSpace => "sends \"+\" in the signature unencoded, so that it arrives as a space".into(),
            Self::OtherBase64 => "writes the signature in another form of base64".into(),
        }
    }

    /// The rule of RFC 5849 that is broken.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            Self::OtherMethod(_) => "§3.4: the signature is made by the method that oauth_signature_method names",
            Self::Hexadecimal | Self::OtherBase64 => "§3.4.2: the signature is the digest in base64, with + / and =",
            Self::SignatureEncodedTwice | Self::PlusReadAsSpace => {
                "§3.5.1 and §3.6: the signature is percent-encoded once, like any other value"
            }
            _ => {
                "§3.4.2: the key is the encoded client secret, \"&\", and the encoded token secret, which may be empty"
            }
        }
    }
}
