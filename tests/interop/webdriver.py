"""Chromium over WebDriver, with no more than Python itself."""

import base64
import json
import re
import socket
import subprocess
import tempfile
import time
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browsers:
    """A chromedriver; its browsers have a profile of their own each."""

    def __init__(self, screenshots):
        screenshots.mkdir(parents=True, exist_ok=True)
        self.screenshots = screenshots

    def __enter__(self):
        port = free_port()
        self.profiles = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL)
        self.driver = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(self.driver + "/status").close()
                break
            except OSError:
                time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.profiles.cleanup()

    def browser(self, **options):
        return Browser(self.driver, tempfile.mkdtemp(dir=self.profiles.name), self.screenshots, **options)


class Browser:
    """A session of chromedriver, with a profile of its own."""

    def __init__(self, driver, profile, screenshots, *, scripts=True, scheme="light", size=(900, 800)):
        self.driver, self.screenshots = driver, screenshots
        options = {
            "args": [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--user-data-dir={profile}",
                "--window-size={},{}".format(*size),
                *(["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []),
            ],
            "prefs": {} if scripts else {"profile.managed_default_content_settings.javascript": 2},
        }
        capabilities = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self.session = ""
        self.session = "/session/" + self.do("POST", "/session", capabilities)["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.do("DELETE", "")

    def do(self, method, path, body=None):
        data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.driver + self.session + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    def find(self, css):
        return "/element/" + self.do("POST", "/element", {"using": "css selector", "value": css})[ELEMENT]

    def find_all(self, css):
        return [found[ELEMENT] for found in self.do("POST", "/elements", {"using": "css selector", "value": css})]

    def count(self, css):
        return len(self.find_all(css))

    def text(self, css):
        return self.do("GET", self.find(css) + "/text")

    def click(self, css):
        """Clicks what leads to another page. Without scripts the driver does not wait for that page by itself."""
        self.leave(lambda: self.do("POST", self.find(css) + "/click"))

    def keys(self, css, keys):
        self.do("POST", self.find(css) + "/value", {"text": keys})

    def leave(self, how):
        left = self.find_all("html")
        how()
        deadline = time.monotonic() + 20
        while self.find_all("html") in (left, []) or not self.count("h1"):
            assert time.monotonic() < deadline, "still on " + self.url
            time.sleep(0.05)

    @property
    def url(self):
        return self.do("GET", "/url")

    def color(self, css, name):
        return self.do("GET", self.find(css) + "/css/" + name)

    def screenshot(self, name):
        (self.screenshots / (name + ".png")).write_bytes(base64.b64decode(self.do("GET", "/screenshot")))


def luminance(color):
    """As the Web Content Accessibility Guidelines define it."""
    channels = [int(channel) / 255 for channel in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
