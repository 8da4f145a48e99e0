//! `oauth1 sign`, and the command line itself.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Run, home, oauth1, run, with};

/// The credentials of RFC 5849 §1.2.
const PRINTER: [&str; 4] = ["dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"];
const PHOTO: &str = "http://photos.example.net/photos?file=vacation.jpg&size=original";
const STAMP: [&str; 4] = ["--timestamp", "137131202", "--nonce", "chapoH"];

fn sign(arguments: &[&str]) -> Run {
    run(with(oauth1(&[&["sign"], arguments, &STAMP].concat()), PRINTER))
}

#[test]
fn the_three_parts() {
    let Run { status, out, err } = sign(&["GET", PHOTO, "--realm", "Photos"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(
        lines,
        [
            r#"Authorization: OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", oauth_version="1.0", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="1IAE9RzK%2BDqSqVTdQ%2F0zWANXVzs%3D""#,
            "Base string: GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DchapoH%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131202%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal",
            "Signature: 1IAE9RzK+DqSqVTdQ/0zWANXVzs=",
        ]
    );
    for (part, line) in [("header", 0), ("base-string", 1), ("signature", 2)] {
        let one = sign(&["GET", PHOTO, "--realm", "Photos", "--print", part]);
        let expected = if part == "header" { lines[line] } else { lines[line].split_once(": ").unwrap().1 };
        assert_eq!(one.out.trim_end(), expected, "{part}");
    }
}

#[test]
fn places_and_methods() {
    for (arguments, begins) in [
        (
            &["GET", PHOTO, "--transmission", "query"][..],
            "URL: http://photos.example.net/photos?file=vacation.jpg&size=original&oauth_consumer_key=",
        ),
        (
            &["POST", "http://photos.example.net/", "-d", "a=b", "--transmission", "form"],
            "Form: a=b&oauth_consumer_key=",
        ),
        (
            &["GET", "https://photos.example.net/", "-m", "hmac-sha256"],
            "Authorization: OAuth oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_token=\"nnch734d00sl2jdk\", oauth_signature_method=\"HMAC-SHA256\"",
        ),
        (
            &["GET", "https://x.suitetalk.api.netsuite.com/", "--preset", "netsuite", "--site", "1234567_SB1"],
            "Authorization: OAuth realm=\"1234567_SB1\"",
        ),
    ] {
        let signed = sign(arguments);
        assert!(signed.status == 0 && signed.out.starts_with(begins), "{arguments:?} {signed:?}");
    }
}

/// The printed command sends the signed request. A shell reads it back into the same words.
#[test]
fn a_command_for_curl() {
    let signed = sign(&[
        "POST",
        "http://photos.example.net/a'b[c]?q={1}",
        "-d",
        "title=it's & \"so\"",
        "-H",
        "X-A: $HOME `x`",
        "--curl",
    ]);
    assert_eq!(signed.status, 0, "{signed:?}");
    let words = shlex::split(&signed.out).unwrap();
    assert_eq!(words[..3], ["curl", "-X", "POST"]);
    assert!(words[4].starts_with("Authorization: OAuth "), "{words:?}");
    for expected in ["x-a: $HOME `x`", "content-type: application/x-www-form-urlencoded", "title=it's & \"so\"", "-g"] {
        assert!(words.iter().any(|word| word == expected), "{expected}: {words:?}");
    }
    assert_eq!(words.last().unwrap(), "http://photos.example.net/a'b[c]?q={1}");
}

#[test]
fn secrets_in_arguments_are_warned_about_and_never_shown() {
    let mut command = oauth1(&["sign", "GET", PHOTO, "--client-secret", "MARKER", "--token-secret", "MARKER"]);
    command.env("OAUTH1_CLIENT_KEY", "key").env("OAUTH1_TOKEN", "token");
    let signed = run(command);
    assert_eq!(signed.status, 0);
    assert!(signed.err.contains("OAUTH1_CLIENT_SECRET") && signed.err.contains("OAUTH1_TOKEN_SECRET"), "{signed:?}");
    assert!(!signed.err.contains("MARKER") && !signed.out.contains("MARKER"), "{signed:?}");
    let plaintext = run(with(oauth1(&["sign", "GET", PHOTO, "-m", "plaintext"]), PRINTER));
    assert!(plaintext.status == 2 && plaintext.err.contains("PLAINTEXT"), "{plaintext:?}");
    let help = run(with(oauth1(&["sign", "--help"]), ["MARKER", "MARKER", "MARKER", "MARKER"]));
    assert_eq!(help.out.matches("MARKER").count(), 1, "only the client key, which is no secret: {}", help.out);
}

#[test]
fn files_and_profiles() {
    let directory = tempfile::tempdir().unwrap();
    let profiles = directory.path().join("oauth1");
    std::fs::create_dir_all(&profiles).unwrap();
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "kd94hf93k423kf44\n").unwrap();
    std::fs::write(profiles.join("printer.toml"), "client_key = 'dpf43f3p2l4k3l03'\ntoken = 'nnch734d00sl2jdk'\ntoken_secret = 'pfkkdhi9sl3r4s00'\nrealm = 'Photos'\n").unwrap();
    let arguments = [
        &[
            "sign",
            "GET",
            PHOTO,
            "-p",
            "printer",
            "--client-secret-file",
            secret.to_str().unwrap(),
            "--print",
            "signature",
        ][..],
        &STAMP,
    ]
    .concat();
    let signed = run(home(oauth1(&arguments), directory.path()));
    assert_eq!((signed.status, signed.out.as_str()), (0, "1IAE9RzK+DqSqVTdQ/0zWANXVzs=\n"), "{signed:?}");
    // The file has the permissions of any new file.
    assert!(signed.err.contains("chmod 600"), "{signed:?}");

    let mut from_environment = oauth1(&arguments[..5]);
    from_environment.env("OAUTH1_CLIENT_SECRET", "kd94hf93k423kf44");
    assert_eq!(run(home(from_environment, directory.path())).status, 0);
}

#[test]
fn what_is_wrong_is_said_with_the_remedy() {
    for (arguments, environment, expected) in [
        (&["sign", "GET", PHOTO][..], &[][..], "give --client-key"),
        (&["sign", "GET", PHOTO, "-k", "key"], &[], "OAUTH1_CLIENT_SECRET"),
        (&["sign", "GET", PHOTO, "-k", "key", "-t", "token"], &[("OAUTH1_CLIENT_SECRET", "s")], "OAUTH1_TOKEN_SECRET"),
        (&["sign", "GET", "photos.example.net", "-k", "key"], &[], "http://"),
        (&["sign", "GET", PHOTO, "-p", "none-such"], &[], "oauth1 login none-such"),
        (&["sign", "GET", PHOTO, "-p", "../etc"], &[], "letters"),
        (&["sign", "GET", PHOTO, "--preset", "netsuite", "-k", "key"], &[("OAUTH1_CLIENT_SECRET", "s")], "--site"),
        (&["sign", "GET", PHOTO, "-k", "key", "-m", "rsa-sha1"], &[("OAUTH1_CLIENT_SECRET", "s")], "RSA"),
        (&["sign", "GET", PHOTO, "-k", "key", "--rsa-key-file", "/does/not/exist"], &[], "/does/not/exist"),
        (&["frobnicate"], &[], "unrecognized subcommand"),
        (&["explain", "/does/not/exist"], &[], "/does/not/exist"),
        (&["login", "x"], &[("OAUTH1_CLIENT_KEY", "k"), ("OAUTH1_CLIENT_SECRET", "s")], "--preset"),
        (&["serve", "--upstream", "nonsense"], &[], "--upstream"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let mut command = home(oauth1(arguments), directory.path());
        command.envs(environment.iter().copied());
        let failed = run(command);
        assert!(failed.status == 2 && failed.err.contains(expected), "{arguments:?} {failed:?}");
        assert_eq!(failed.out, "", "{arguments:?}");
    }
}

#[test]
fn help_completions_and_the_man_page() {
    let help = run(oauth1(&["--help"]));
    assert_eq!(help.status, 0);
    for subcommand in ["sign", "request", "login", "explain", "serve", "completions", "man"] {
        assert!(help.out.lines().any(|line| line.trim_start().starts_with(subcommand)), "{subcommand}: {}", help.out);
    }
    assert!(help.out.contains("Exit status:"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(oauth1(&["completions", shell]));
        assert!(script.status == 0 && script.out.contains("base-string"), "{shell}");
    }
    let man = run(oauth1(&["man"]));
    assert!(man.status == 0 && man.out.contains(".TH oauth1-request 1"), "{}", man.out);
}
