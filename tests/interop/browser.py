"""Uses the consent page in Chromium, over WebDriver: with and without scripts, in light and dark.

usage: browser.py DIRECTORY-FOR-SCREENSHOTS
"""

import os
import pathlib
import re
import sys
import urllib.parse
import urllib.request

from webdriver import Browsers, contrast, luminance

PROVIDER, SITE = os.environ["PROVIDER"], os.environ["SITE"]
KEY, SECRET = os.environ["CLIENT_KEY"], os.environ["CLIENT_SECRET"]
SCREENSHOTS = pathlib.Path(sys.argv[1])


def temporary_token(callback):
    """Temporary credentials, signed for with PLAINTEXT: the client is not what is tested here."""
    parameters = {
        "oauth_consumer_key": KEY,
        "oauth_signature_method": "PLAINTEXT",
        "oauth_signature": urllib.parse.quote(SECRET, safe="") + "&",
        "oauth_callback": callback,
    }
    header = ", ".join(f'{name}="{urllib.parse.quote(value, safe="")}"' for name, value in parameters.items())
    request = urllib.request.Request(PROVIDER + "/oauth/initiate", headers={"Authorization": "OAuth " + header})
    with urllib.request.urlopen(request) as answer:
        return urllib.parse.parse_qs(answer.read().decode())["oauth_token"][0]


def page_for(callback=SITE + "/ready?state=1"):
    return PROVIDER + "/oauth/authorize?oauth_token=" + temporary_token(callback)


def look(browser, name, scheme="light"):
    """What the page says, and that it can be read."""
    browser.open(page_for())
    assert browser.text("h1") == "Allow Photo Printer <b>&amp;</b> Söhne to use your account?", browser.text("h1")
    said = browser.text("main")
    for words in ("Test Provider", "Test User", "See your photos", "titles & descriptions", "127.0.0.1"):
        assert words in said, said
    assert browser.count("script") == 0 and browser.count("main b") == 0
    assert (luminance(browser.color("body", "background-color")) < 0.2) == (scheme == "dark"), name
    for css in ("h1", "p", "li", "button[value=allow]", "button[value=cancel]"):
        background = browser.color(css if css.startswith("button") else "body", "background-color")
        ratio = contrast(browser.color(css, "color"), background)
        assert ratio >= 4.5, (name, css, ratio)
    browser.screenshot(name)


def allow(browser, name):
    browser.open(page_for())
    browser.click("button[value=allow]")
    assert browser.url.startswith(SITE + "/ready?state=1&oauth_token="), browser.url
    assert "&oauth_verifier=" in browser.url and browser.text("h1") == "Back at the client", browser.url
    # Out of band there is a code to copy.
    browser.open(page_for("oob"))
    browser.click("button[value=allow]")
    assert re.fullmatch(r"[0-9a-f]{32}", browser.text("output")), browser.text("main")
    browser.screenshot(name + "-code")


def cancel(browser, name):
    browser.open(page_for())
    browser.click("button[value=cancel]")
    assert browser.url.endswith("&oauth_problem=permission_denied"), browser.url
    page = page_for("oob")
    browser.open(page)
    browser.click("button[value=cancel]")
    assert browser.text("h1") == "No access was given", browser.text("main")
    browser.screenshot(name + "-cancelled")
    # What was decided is not asked again.
    browser.open(page)
    assert browser.text("h1") == "There is no request to decide", browser.text("main")
    browser.screenshot(name + "-nothing")


def keyboard(browser):
    """From the top of the page, Tab leads to Allow and then to Cancel, and Enter presses."""
    browser.open(page_for())
    browser.keys("body", "\ue004")
    assert browser.text("button:focus") == "Allow"
    browser.keys("button:focus", "\ue004")
    assert browser.text("button:focus") == "Cancel"
    browser.screenshot("focus")
    browser.leave(lambda: browser.keys("button:focus", "\ue007"))
    assert browser.url.endswith("&oauth_problem=permission_denied"), browser.url


def others(browser):
    """Pages of others neither frame the page nor answer for the user."""
    def site(html):
        return SITE + "/show?" + urllib.parse.quote(html, safe="")

    def stranger(html):
        return "data:text/html," + urllib.parse.quote(html)

    page = page_for()
    for framed, css, shown in ((SITE, "#back", 1), (page, "form", 0)):
        browser.open(site(f'<iframe src="{framed}"></iframe>'))
        frame = browser.do("POST", "/element", {"using": "css selector", "value": "iframe"})
        browser.do("POST", "/frame", {"id": frame})
        assert browser.count(css) == shown, framed
        browser.do("POST", "/frame", {"id": None})

    # With the seal, even, which only the page has: the browser tells that another origin, or site, posts.
    browser.open(page)
    seal = browser.do("GET", browser.find("input[name=consent]") + "/attribute/value")
    token = page.rpartition("=")[2]
    for where in (site, stranger):
        for value in (seal, ""):
            fields = {"oauth_token": token, "consent": value, "decision": "allow"}
            inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
            form = f'<form method="post" action="{page}">{inputs}<button id="go">Win a prize</button></form>'
            browser.open(where(form))
            browser.click("#go")
            assert browser.text("h1") == "No access was given", browser.text("main")
    browser.screenshot("others")
    browser.open(page)
    browser.click("button[value=allow]")
    assert "&oauth_verifier=" in browser.url, browser.url


def main(browser):
    for scheme in ("light", "dark"):
        with browser(scheme=scheme) as it:
            look(it, scheme, scheme)
            allow(it, scheme)
            cancel(it, scheme)
        print(f"{scheme}: looked at, allowed, cancelled")
    with browser(scripts=False) as it:
        it.open("data:text/html,<p>none</p><script>document.querySelector('p').textContent = 'scripts'</script>")
        assert it.text("p") == "none", "scripts run"
        look(it, "without-scripts")
        allow(it, "without-scripts")
        cancel(it, "without-scripts")
    print("without scripts: looked at, allowed, cancelled")
    with browser(size=(500, 700)) as it:
        look(it, "narrow")
        keyboard(it)
        others(it)
    print("narrow: looked at; keyboard; not framed, not posted to by others")


with Browsers(SCREENSHOTS) as browsers:
    main(browsers.browser)
