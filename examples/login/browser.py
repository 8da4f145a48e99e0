"""Logs in with MediaWiki in Chromium: allows, cancels, logs out; by mouse and by keyboard, in light and dark.

usage: browser.py PROGRAM WORK-DIRECTORY
"""

import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.parse

sys.path.append(str(pathlib.Path(__file__).parents[2] / "tests" / "interop"))
from webdriver import Browsers, contrast, free_port, luminance

PROGRAM, WORK = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
TAB, ENTER = "\ue004", "\ue007"


class Instance:
    """The app as a process, on a free port unless it is told another."""

    def __init__(self, name, **variables):
        self.log = WORK / (name + ".log")
        ours = {key: value for key, value in os.environ.items() if not key.startswith("LOGIN_")}
        environment = {**ours, "LOGIN_LISTEN": "127.0.0.1:0", **variables}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([PROGRAM], env=environment, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        self.site = self.logged(r"ready: (\S+)/\s")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def logged(self, pattern):
        deadline = time.monotonic() + 20
        while not (found := re.search(pattern, self.log.read_text())):
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return found[1]

    def wiki(self):
        """What another instance has to be told to use the wiki of this one."""
        line = self.logged(r"(LOGIN_WIKI=.*)")
        found = re.fullmatch(r"LOGIN_WIKI=(\S+) LOGIN_CONSUMER_KEY=(\S+) LOGIN_CONSUMER_SECRET='(.*)'", line)
        return dict(zip(("LOGIN_WIKI", "LOGIN_CONSUMER_KEY", "LOGIN_CONSUMER_SECRET"), found.groups()))


def says(browser, *words, at="main"):
    said = browser.text(at)
    for each in words:
        assert each in said, said


def look(browser, name, scheme="light"):
    """Whether the page can be read, and has what every page has."""
    assert browser.count("script") == 0 and browser.count("h1") == 1 and browser.count("html[lang]") == 1
    assert (luminance(browser.color("body", "background-color")) < 0.2) == (scheme == "dark"), name
    for css in ("h1", "p", "a", "dt", "dd", ".note", "button"):
        if browser.count(css):
            background = browser.color(css if css in (".note", "button") else "body", "background-color")
            ratio = contrast(browser.color(css, "color"), background)
            assert ratio >= 4.5, (name, css, ratio)
    browser.screenshot(name)


def log_in(browser):
    """From a page with the button, to the wiki and back."""
    browser.click("form[action='/login'] button")
    says(browser, "Example tool", "Know your user name", "Test User")
    browser.click("button[value=allow]")


def log_in_and_out(browser, site, prefix, scheme="light"):
    browser.open(site + "/user")
    assert browser.url == site + "/login?next=/user", browser.url
    browser.open(site)
    look(browser, prefix + "home", scheme)
    browser.click("form[action='/login'] button")
    browser.screenshot(prefix + "consent")
    browser.click("button[value=allow]")
    assert browser.url == site + "/user", browser.url
    assert browser.text("h1") == "Test User"
    says(browser, "2026-01-01", "autoconfirmed", "basic, editpage, uploadfile", "has just confirmed")
    look(browser, prefix + "user", scheme)
    browser.open(site)
    says(browser, "Welcome, Test User.")
    look(browser, prefix + "welcome", scheme)

    browser.click("form[action='/logout'] button")
    assert browser.url == site + "/" and browser.count("form[action='/login']"), browser.url
    browser.open(site + "/user")
    assert browser.url == site + "/login?next=/user", browser.url


def cancel(browser, site, prefix, scheme="light"):
    browser.open(site)
    browser.click("form[action='/login'] button")
    browser.click("button[value=cancel]")
    assert browser.text("h1") == "No access was given", browser.text("main")
    browser.screenshot(prefix + "cancelled-at-the-wiki")
    browser.open(site)
    says(browser, "If you canceled, nothing was shared with this site.")
    look(browser, prefix + "cancelled", scheme)
    browser.open(site + "/user")
    assert browser.url == site + "/login?next=/user", browser.url
    log_in(browser)
    assert browser.url == site + "/user", browser.url
    browser.click("form[action='/logout'] button")
    assert not browser.count(".note")


def failures(browser, site, prefix, scheme="light"):
    browser.open(site + "/callback?oauth_verifier=7297&oauth_token=9c1e")
    assert browser.text("h1") == "This log-in cannot be finished"
    look(browser, prefix + "not-pending", scheme)
    browser.open(site + "/callback?denied=")
    assert browser.text("h1") == "You have not logged in"
    look(browser, prefix + "denied", scheme)
    browser.open(site + "/nothing")
    assert browser.text("h1") == "There is no such page"
    look(browser, prefix + "not-found", scheme)


def next_page(browser, site):
    for wanted, expected in (
        ("/?a=b", "/?a=b"),
        ("//evil.example/", "/user"),
        ("/\\evil.example/", "/user"),
        ("https://evil.example/", "/user"),
    ):
        browser.open(site + "/login?next=" + urllib.parse.quote(wanted, safe=""))
        log_in(browser)
        assert browser.url == site + expected, browser.url
        browser.open(site)
        browser.click("form[action='/logout'] button")


def keyboard(browser, site):
    """Nothing but Tab and Enter, from the start page and back to it."""
    browser.open(site)
    browser.keys("body", TAB)
    assert browser.text("a:focus") == "Example tool"
    browser.keys("a:focus", TAB)
    assert browser.text("button:focus") == "Log in with MediaWiki"
    browser.screenshot("focus")
    browser.leave(lambda: browser.keys("button:focus", ENTER))
    browser.keys("body", TAB)
    browser.leave(lambda: browser.keys("button:focus", ENTER))
    assert browser.url == site + "/user" and browser.text("h1") == "Test User"
    browser.keys("body", TAB)
    browser.keys("a:focus", TAB)
    assert browser.text("button:focus") == "Log out"
    browser.leave(lambda: browser.keys("button:focus", ENTER))
    assert browser.url == site + "/", browser.url


def cookies_and_others(browser, site):
    browser.open(site + "/login")
    log_in(browser)
    cookies = {cookie["name"]: cookie for cookie in browser.do("GET", "/cookie")}
    assert list(cookies) == ["session"], cookies
    session = cookies["session"]
    assert session["httpOnly"] and session["sameSite"] == "Lax" and session["path"] == "/", session
    # Another site sends our form, and shows us in a frame.
    form = f'<h1>Win</h1><form method="post" action="{site}/logout"><button id="go">Win a prize</button></form>'
    browser.open("data:text/html," + urllib.parse.quote(form))
    browser.click("#go")
    assert browser.text("h1") == "Nothing was changed", browser.text("main")
    browser.screenshot("others")
    browser.open("data:text/html," + urllib.parse.quote(f'<h1>Win</h1><iframe src="{site}/"></iframe>'))
    frame = browser.do("POST", "/element", {"using": "css selector", "value": "iframe"})
    browser.do("POST", "/frame", {"id": frame})
    assert browser.count("form") == 0
    browser.do("POST", "/frame", {"id": None})
    browser.open(site)
    says(browser, "Welcome, Test User.")


def alone(browser):
    with Instance("alone") as app:
        for scheme in ("light", "dark"):
            with browser(scheme=scheme) as it:
                for part in (log_in_and_out, cancel, failures):
                    part(it, app.site, scheme + "-", scheme)
            print(f"{scheme}: logged in and out, cancelled, failed")
        with browser(scripts=False, size=(400, 700)) as it:
            log_in_and_out(it, app.site, "narrow-")
        print("narrow, without scripts: logged in and out")
        with browser() as it:
            next_page(it, app.site)
            keyboard(it, app.site)
            cookies_and_others(it, app.site)
        print("next; keyboard; cookies, frames and forms of others")
        nowhere = {**app.wiki(), "LOGIN_WIKI": f"http://127.0.0.1:{free_port()}/index.php"}
        address = f"127.0.0.1:{free_port()}"
        nowhere |= {"LOGIN_LISTEN": address, "LOGIN_BASE_URL": f"http://{address}"}
        with Instance("nowhere", **nowhere) as lost, browser() as it:
            it.open(lost.site)
            it.click("form[action='/login'] button")
            assert it.text("h1") == "The wiki does not respond", it.text("main")
            look(it, "wiki-away")
        print("the wiki is away: said so")


def wait_for(port):
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline, "nothing on port %d" % port
            time.sleep(0.05)


def two_instances(browser):
    """The browser begins at one, is called back at the other, and both know who is logged in."""
    port, second = free_port(), f"127.0.0.1:{free_port()}"
    redis = subprocess.Popen(
        ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        shared = {"LOGIN_REDIS": f"redis://127.0.0.1:{port}/", "LOGIN_BASE_URL": f"http://{second}"}
        first = f"127.0.0.1:{free_port()}"
        with Instance("first", LOGIN_LISTEN=first, **shared) as one:
            with Instance("second", LOGIN_LISTEN=second, **shared, **one.wiki()) as two, browser() as it:
                it.open(f"http://{first}/")
                log_in(it)
                assert it.url == f"{two.site}/user" and it.text("h1") == "Test User", it.url
                it.open(f"http://{first}/user")
                assert it.text("h1") == "Test User", it.text("main")
                it.click("form[action='/logout'] button")
                it.open(f"{two.site}/user")
                assert it.url == f"{two.site}/login?next=/user", it.url
    finally:
        redis.terminate()
        redis.wait()
    print("two instances: begun at one, finished at the other, logged out of both")


WORK.mkdir(exist_ok=True)
with Browsers(WORK / "screenshots") as browsers:
    alone(browsers.browser)
    two_instances(browsers.browser)
