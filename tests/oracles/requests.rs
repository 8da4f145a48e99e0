//! Random requests from a seed, with the features that tell implementations apart.

/// A request and the credentials that sign it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) form: Option<String>,
    /// The decoded parameters of `form`.
    pub(crate) pairs: Option<Vec<(String, String)>>,
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) token: String,
    pub(crate) token_secret: String,
    pub(crate) nonce: String,
    pub(crate) timestamp: String,
    pub(crate) signature_method: String,
    features: Vec<String>,
}

impl Request {
    /// Whether the request has a feature whose name has this in it.
    pub(crate) fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|own| own.contains(feature))
    }
}

/// Makes the same requests for the same seed.
pub(crate) fn generate(seed: u64, count: usize) -> Vec<Request> {
    let mut random = Random(seed);
    (0..count).map(|_| request(&mut random)).collect()
}

/// The `SplitMix64` generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn word(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(self.pick(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")))
            .collect()
    }
}

/// Pieces of names and values: encoded, decoded, and the name of the feature.
const PIECES: [(&str, &str, &str); 22] = [
    ("%20", " ", "space as %20"),
    ("+", " ", "space as +"),
    ("%2B", "+", "encoded plus"),
    ("%26", "&", "encoded ampersand"),
    ("%3D", "=", "encoded equals"),
    ("%25", "%", "encoded percent"),
    ("%7E", "~", "encoded tilde"),
    ("~", "~", "tilde"),
    ("%C3%A9", "\u{e9}", "two octets of UTF-8"),
    ("%E2%82%AC", "\u{20ac}", "three octets of UTF-8"),
    ("%F0%9F%98%80", "\u{1f600}", "four octets of UTF-8"),
    ("%c3%bc", "\u{fc}", "lower-case escape"),
    ("%41", "A", "needless escape"),
    ("%21", "!", "encoded !*'()"),
    ("%27%28%29%2A", "'()*", "encoded !*'()"),
    ("!", "!", "bare !*"),
    ("*", "*", "bare !*"),
    ("'()", "'()", "bare '()"),
    ("%5B", "[", "encoded bracket"),
    ("%3B", ";", "encoded semicolon"),
    ("%2F%3F%3A%40%2C", "/?:@,", "encoded /?:@,"),
    ("/:@,", "/:@,", "bare /:@,"),
];

/// Makes a request. Half of them are plain; each of the others has a few features.
fn request(random: &mut Random) -> Request {
    let mut features = Vec::new();
    let plain = random.one_in(2);
    let method = random.pick(&["GET", "POST", "PUT", "DELETE", "PATCH"]);
    let has_form = !matches!(method, "GET" | "DELETE") && random.below(3) > 0;
    if has_form {
        features.push(format!("form of {method}"));
    }
    let scheme = random.pick(&["http", "https"]);
    let mut url = format!("{scheme}://");
    match random.below(if plain { 2 } else { 4 }) {
        0 => url += "example.com",
        1 => url += "api.example.org:8080",
        2 => {
            url += "Example.COM";
            features.push("upper-case host".to_owned());
        }
        _ => {
            url += if scheme == "http" { "example.net:80" } else { "example.net:443" };
            features.push(format!("default port of {scheme}"));
        }
    }
    for _ in 0..=random.below(3) {
        url.push('/');
        let length = 1 + random.below(6);
        url += &random.word(length);
        if !plain && random.one_in(4) {
            let (piece, feature) = random.pick(&[
                ("%20", "escape in the path"),
                ("%2F", "escape in the path"),
                ("~", "tilde in the path"),
                ("%7e", "lower-case escape in the path"),
                ("%C3%A9", "escape in the path"),
                ("@:", "bare @: in the path"),
                ("!'()*", "bare !*'() in the path"),
                ("$+,;=", "bare $+,;= in the path"),
            ]);
            url += piece;
            features.push(feature.to_owned());
        }
    }
    let query = parameters(random, plain, if has_form { 3 } else { 6 }, "query", &mut features);
    if !query.wire.is_empty() {
        url.push('?');
        url += &query.wire;
    }
    let form = has_form.then(|| parameters(random, plain, 6, "form", &mut features));
    if let Some(form) = &form
        && form.pairs.iter().any(|(name, _)| query.pairs.iter().any(|(other, _)| other == name))
    {
        features.push("name in query and form".to_owned());
    }
    let secret = |random: &mut Random, features: &mut Vec<String>| {
        let word = random.word(12);
        if !plain && random.one_in(4) {
            features.push("reserved characters in a secret".to_owned());
            word + "+/=&%"
        } else {
            word
        }
    };
    let (consumer_secret, token_secret) = (secret(random, &mut features), secret(random, &mut features));
    let mut consumer_key = random.word(10);
    if !plain && random.one_in(6) {
        consumer_key += "/+ =";
        features.push("reserved characters in the client's key".to_owned());
    }
    Request {
        method: method.to_owned(),
        url,
        pairs: form.as_ref().map(|form| form.pairs.clone()),
        form: form.map(|form| form.wire),
        consumer_key,
        consumer_secret,
        token: random.word(10),
        token_secret,
        nonce: random.word(16),
        timestamp: (1_700_000_000 + random.below(1_000_000)).to_string(),
        signature_method: random
            .pick(&["HMAC-SHA1", "HMAC-SHA1", "HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "RSA-SHA256"])
            .to_owned(),
        features,
    }
}

struct Parameters {
    wire: String,
    pairs: Vec<(String, String)>,
}

fn parameters(random: &mut Random, plain: bool, most: usize, place: &str, features: &mut Vec<String>) -> Parameters {
    let mut found: Vec<(String, (String, String))> = Vec::new();
    for index in 0..random.below(most + 1) {
        let (mut name, mut wire) = (format!("{}{index}", random.word(3)), String::new());
        wire += &name;
        if !plain && random.one_in(4) {
            let (piece, decoded, feature) = random.pick(&PIECES);
            wire += piece;
            name += decoded;
            features.push(format!("{feature} in a {place} name"));
        }
        if !plain
            && random.one_in(8)
            && let Some((_, (earlier, _))) = found.last()
        {
            // A name that another one begins with: `a` and `a1`.
            if earlier.chars().all(|c| c.is_ascii_alphanumeric()) {
                name = format!("{earlier}1");
                wire.clone_from(&name);
                features.push(format!("{place} name that begins with another"));
            }
        }
        let (length, mut value) = (1 + random.below(8), String::new());
        value += &random.word(length);
        let mut value_wire = value.clone();
        if !plain {
            for _ in 0..random.below(3) {
                let (piece, decoded, feature) = random.pick(&PIECES);
                value_wire += piece;
                value += decoded;
                features.push(format!("{feature} in a {place} value"));
            }
            match random.below(12) {
                0 => {
                    (value, value_wire) = (String::new(), String::new());
                    features.push(format!("empty value in a {place}"));
                }
                1 => {
                    value += "=x";
                    value_wire += "=x";
                    features.push(format!("bare equals in a {place} value"));
                }
                _ => {}
            }
        }
        let flag = !plain && value.is_empty() && random.one_in(2);
        if flag {
            features.push(format!("{place} name without ="));
            if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                features.push("name without = that needs encoding".to_owned());
            }
        } else {
            wire.push('=');
            wire += &value_wire;
        }
        found.push((wire, (name, value)));
        if !plain && random.one_in(10) {
            let again = found.last().unwrap().clone();
            let (name, _) = again.1;
            if name.chars().all(|c| c.is_ascii_alphanumeric()) {
                features.push(format!("{place} name twice"));
                if flag {
                    features.push("name without = that stands there twice".to_owned());
                }
                found.push((format!("{name}=0{index}"), (name, format!("0{index}"))));
            }
        }
    }
    let wire: Vec<_> = found.iter().map(|(wire, _)| &**wire).collect();
    let mut wire = wire.join("&");
    if !plain && !wire.is_empty() && random.one_in(12) {
        wire.push('&');
        features.push(format!("ampersand at the end of a {place}"));
    }
    Parameters { wire, pairs: found.into_iter().map(|(_, pair)| pair).collect() }
}
