"""Lists public items whose documentation has no example and no link to an item that has one.

`.ci/public-api` passes rustdoc's JSON. Modules need nothing; errors, kinds and futures may be a second link away, since
they are documented by the item that returns them.
"""

import json
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    INDEX = json.load(file)
ITEMS = INDEX["index"]
CHECKED = {"struct", "enum", "union", "trait", "function", "macro", "type_alias", "constant", "static"}
FENCE = re.compile(r"^\s*```(.*)$", re.MULTILINE)
RUST = {"", "rust", "no_run", "should_panic", "compile_fail"}
SECOND_LINK = re.compile(r"^Invalid|(Error|Kind|Future)$")


def item(key):
    return ITEMS.get(str(key))


def kind(of):
    return next(iter(of["inner"]))


def inner(of):
    return of["inner"][kind(of)]


def has_code(of):
    opening = FENCE.findall(of["docs"] or "")[::2]
    return any(set(words.replace(" ", "").split(",")) <= RUST for words in opening)


def parts(of):
    """The methods, variants and associated items that rustdoc shows on the page of a type or trait."""
    if kind(of) == "trait":
        keys = inner(of)["items"]
    else:
        impls = [inner(item(key)) for key in inner(of).get("impls", []) if item(key)]
        keys = [key for impl in impls if impl["trait"] is None for key in impl["items"]]
        keys += inner(of).get("variants", [])
    return [item(key) for key in keys if item(key)]


def public(module, path, found):
    for child in map(item, inner(module)["items"]):
        if child is None or child["visibility"] != "public":
            continue
        if kind(child) == "use":
            used = inner(child)
            child = item(used["id"]) if used["id"] is not None else None
            if child is None:
                continue
            if used["is_glob"]:
                public(child, path, found)
                continue
        if child["id"] not in found:
            found[child["id"]] = f"{path}::{child['name']}"
            if kind(child) == "module":
                public(child, found[child["id"]], found)
    return found


PATHS = public(item(INDEX["root"]), "tower_oauth1", {})
PAGE = {}  # The page that an item is on.
for page in map(item, PATHS):
    PAGE[page["id"]] = page["id"]
    if kind(page) in {"struct", "enum", "union", "trait"}:
        PAGE.update((part["id"], page["id"]) for part in parts(page))
WITH_EXAMPLE = {page for key, page in PAGE.items() if has_code(item(key))}


def links(of):
    return {PAGE[key] for key in of["links"].values() if key in PAGE} - {of["id"]}


def is_shown(of):
    near = links(of)
    if SECOND_LINK.search(of["name"]):
        near |= {far for key in near for far in links(item(key))}
    return of["id"] in WITH_EXAMPLE or bool(near & WITH_EXAMPLE)


checked = [item(key) for key in PATHS if kind(item(key)) in CHECKED]
missing = sorted(PATHS[of["id"]] for of in checked if not is_shown(of))
assert len(checked) > 200, "the public items were not found"
if missing:
    print("these public items have no example, and link to none:", *missing, sep="\n  ")
    sys.exit(1)
print(f"examples: each of {len(checked)} public items has one or links to one")
