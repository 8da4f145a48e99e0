"""The inspector in Chromium: list and detail, light and dark, narrow, by keyboard, with and without scripts."""

import os
import pathlib
import subprocess
import sys
import time

from webdriver import Browsers, contrast

ORIGIN = os.environ["ORIGIN"]
TAB, ENTER = "\ue004", "\ue007"
DETAILS = {"right": 1, "wrong-secret": 2, "wrong-scheme": 3, "old-timestamp": 4}


def run(browser, script):
    return browser.do("POST", "/execute/sync", {"script": script, "args": []})


def press(browser, key):
    actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
    browser.do("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})


def fits(browser, what):
    """Nothing is wider than the window."""
    wide = run(browser, "return document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, (what, wide)


def readable(browser, what):
    """Every text has the contrast that WCAG 2.1 asks for (1.4.3)."""
    paper = browser.color("body", "background-color")
    for css in ("body", "a", ".when", ".badge", "dt", "pre", ".verdict", ".remedy", "code.wrong", "code.right"):
        if browser.count(css):
            own = browser.color(css, "background-color")
            behind = paper if own in ("rgba(0, 0, 0, 0)", "transparent") else own
            ratio = contrast(browser.color(css, "color"), behind)
            assert ratio >= 4.5, (what, css, ratio)


def look(browser, name):
    browser.open(ORIGIN + "/")
    rows = browser.count(".request")
    assert rows >= 4, rows
    assert browser.count(".badge.right") >= 1 and browser.count(".badge.wrong") == 3
    fits(browser, "list")
    readable(browser, "list")
    browser.screenshot(f"inspector-list-{name}")
    for what, number in DETAILS.items():
        browser.open(f"{ORIGIN}/-/requests/{number}")
        assert browser.count(".verdict." + ("right" if what == "right" else "wrong")) == 1, what
        assert browser.count("b b, title b, script:not([src])") == 0
        fits(browser, what)
        readable(browser, what)
        browser.screenshot(f"inspector-{what}-{name}")
    first = browser.text(".findings li:first-child .cause")
    assert "clock" in first and "certain" in first, first
    browser.open(f"{ORIGIN}/-/requests/3")
    first = browser.text(".findings li:first-child .cause")
    assert "https" in first and "certain" in first, first


def send():
    sent = subprocess.run([os.environ["OAUTH1"], "request", ORIGIN + "/later"], capture_output=True)
    assert sent.returncode == 0, sent


def becomes_longer(browser, seconds):
    """A request that arrives is in the list soon."""
    browser.open(ORIGIN + "/")
    rows = browser.count(".request")
    # The connection for notices is open a moment after the page is.
    time.sleep(0.5)
    send()
    deadline = time.monotonic() + seconds
    while browser.count(".request") != rows + 1:
        assert time.monotonic() < deadline, "the list stays as it is"
        time.sleep(0.1)


with Browsers(pathlib.Path(sys.argv[1])) as browsers:
    looks = {
        "light": {"size": (1000, 1600)},
        "dark": {"scheme": "dark", "size": (1000, 1600)},
        "narrow": {"size": (500, 1600)},
        "narrow-dark": {"scheme": "dark", "size": (500, 1600)},
        "without-scripts": {"scripts": False},
    }
    for name, options in looks.items():
        with browsers.browser(**options) as browser:
            look(browser, name)
    print("one right and three wrong requests, list and pages:", ", ".join(looks))

    with browsers.browser() as browser:
        # By keyboard: the newest request, its neighbor, and back.
        browser.open(ORIGIN + "/")
        press(browser, TAB)
        browser.leave(lambda: press(browser, ENTER))
        assert browser.url.endswith("/-/requests/4"), browser.url
        press(browser, TAB)
        press(browser, TAB)
        browser.leave(lambda: press(browser, ENTER))
        assert browser.url.endswith("/-/requests/3"), browser.url
        outline = run(browser, "document.querySelector('a').focus(); return getComputedStyle(document.activeElement).outlineStyle")
        assert outline in ("solid", "auto"), outline
        # The focus stays where it is when the list is replaced.
        becomes_longer(browser, 5)
        press(browser, TAB)
        focused = run(browser, "return document.activeElement.getAttribute('href')")
        send()
        time.sleep(1)
        assert run(browser, "return document.activeElement.getAttribute('href')") == focused, focused
    print("by keyboard, and live with scripts")

    with browsers.browser(scripts=False) as browser:
        becomes_longer(browser, 10)
        browser.open(f"{ORIGIN}/-/requests/1")
        base_string = browser.text("pre.one")
        browser.keys("#base_string", base_string.replace("http%3A", "https%3A"))
        browser.click("form button")
        assert "scheme" in browser.text("#compare ~ table"), browser.url
        browser.screenshot("inspector-compared-without-scripts")
    print("live and compared without scripts")
