"""The consent page, answered by a program: what a browser sends when a button is clicked."""

from html.parser import HTMLParser
from urllib.parse import urljoin


class _Form(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.method, self.action, self.fields, self.buttons = None, None, [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.method, self.action = attributes["method"], attributes["action"]
        elif tag == "input":
            self.fields.append((attributes["name"], attributes["value"]))
        elif tag == "button":
            self.buttons.append((attributes["name"], attributes["value"]))


def click(session, url, button):
    """Opens the page and clicks a button, `allow` or `cancel`; returns the answer, which is not followed."""
    page = session.get(url)
    assert page.status_code == 200, (page.status_code, page.text)
    form = _Form(page.text)
    assert form.method == "post" and ("decision", button) in form.buttons, page.text
    fields = [*form.fields, ("decision", button)]
    return session.post(urljoin(page.url, form.action), data=fields, allow_redirects=False)
