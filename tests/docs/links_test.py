#!/usr/bin/env python3
"""Follows the links between the Markdown pages of a tree: each leads to a file or folder, and to a heading of it.

    links_test.py ROOT
    links_test.py --self-test    proves that it finds dead ones

Needs nothing but Python. `make site` follows them once more, on the pages that it makes.
"""
import pathlib
import re
import sys
import tempfile
import urllib.parse

# What is built, what `make gallery` and `make site` make pages of, and what is not of this tree.
LEFT_OUT = ("build", "shared", "examples/learn", "docs/site")
# The pages that `make web` builds: links to them are good whether it has been called or not.
BUILT = "build/web/site/index.html"
BLOCK = re.compile(r"^( *)```.*?^\1```\s*$", re.M | re.S)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def places_of(page):
    """The anchors of its headings, as GitHub makes them."""
    places, seen = set(), {}
    for heading in re.findall(r"^#+ +(.+?)\s*$", BLOCK.sub("", page), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        places.add(f"{name}-{count}" if count else name)
    return places | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", page))


def dead_links(root):
    """How many links there are, and those that lead nowhere."""
    left_out = [root / folder for folder in LEFT_OUT]
    pages = {p: p.read_text(encoding="utf-8") for p in root.rglob("*.md")
             if "node_modules" not in p.parts and not any(p.is_relative_to(folder) for folder in left_out)}
    places = {page: places_of(text) for page, text in pages.items()}
    count, dead = 0, []
    for page, text in sorted(pages.items()):
        # A link's text may be code, so the code is made empty and not cut out.
        for target in LINK.findall(CODE.sub("``", BLOCK.sub("", text))):
            if re.match(r"[a-z]+:", target):
                continue
            count += 1
            name, _, anchor = urllib.parse.unquote(target).partition("#")
            found = (page.parent / name).resolve() if name else page
            if not found.exists() and found != root / BUILT:
                dead.append(f"{page.relative_to(root)}: {target}")
            elif anchor and found in places and anchor not in places[found]:
                dead.append(f"{page.relative_to(root)}: {target} (no such heading)")
    return count, dead


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        (root / "build").mkdir()
        (root / "build/c.md").write_text("[dead](none.md)")
        (root / "b.md").write_text("# What `it` is, twice\n## More\n## More\n")
        (root / "a.md").write_text(
            "[b](b.md) [`c`](b.md#what-it-is-twice) [d](b.md#more-1) [e](https://example.org/none) `[f](none.md)`\n"
            "```\n[g](none.md)\n```\n[h](none.md) [k](build/web/site/index.html#explain=e30) [i](b.md#more-2) [j](#none)\n")
        count, dead = dead_links(root)
        need = ["a.md: none.md", "a.md: b.md#more-2 (no such heading)", "a.md: #none (no such heading)"]
        if (count, dead) != (7, need):
            sys.exit(f"found {count} links and {dead}, need 7 and {need}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    count, dead = dead_links(pathlib.Path(sys.argv[1]).resolve())
    if dead:
        sys.exit("links that lead nowhere:\n  " + "\n  ".join(dead))
    print(f"{count} links, none of them dead")


if __name__ == "__main__":
    main()
