//! The inspector in a real browser: `browser.py` looks at one right and three wrong requests.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Served, oauth1, run, with};

#[test]
#[ignore = "needs chromium and chromedriver: cli/tests/browser.sh installs them and runs this"]
fn the_pages_in_chromium() {
    let served = Served::start(&[]);
    let [key, secret, token, token_secret] = served.credentials();
    let url = served.url("/photos?file=vacation.jpg&size=original");
    let right = run(with(oauth1(&["request", &url]), served.credentials()));
    assert_eq!(right.status, 0, "{right:?}");
    // A wrong secret with markup in the form, a request signed for https, and an old timestamp.
    let form = [
        "request",
        &url,
        "-d",
        "title=<b>Caf\u{e9}</b>",
        "-d",
        "long=abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    ];
    assert_eq!(run(with(oauth1(&form), [key, secret, token, "wrong"])).status, 1);
    let https = served.origin.replace("http:", "https:");
    assert_eq!(run(with(oauth1(&["request", &url, "--sign-as", &https]), served.credentials())).status, 1);
    let old =
        run(with(oauth1(&["sign", "GET", &url, "--timestamp", "1700000000", "--curl"]), served.credentials())).out;
    let curl = Command::new("sh").args(["-c", &format!("{} -s -o /dev/null", old.trim_end())]).status().unwrap();
    assert!(curl.success());

    let interop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop");
    let mut browser = Command::new("python3");
    browser.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser.py")).arg(interop.join(".work/screenshots"));
    browser.env("PYTHONPATH", &interop).env("PYTHONDONTWRITEBYTECODE", "1").env("ORIGIN", &served.origin);
    browser.env("OAUTH1", env!("CARGO_BIN_EXE_oauth1"));
    let output = with(browser, [key, secret, token, token_secret]).output().expect("cli/tests/browser.sh installs it");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    println!("{out}");
}
