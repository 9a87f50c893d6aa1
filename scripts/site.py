#!/usr/bin/env python3
"""Writes the site: guides and lessons by MkDocs, the headers' own comments by Doxygen, into one folder.

    scripts/site.py [FOLDER]     by default build/site; `make site` installs what it needs first

Pages are taken as they lie in the tree. A link to a file of the tree becomes a link to a page that shows it, a
folder's becomes one to the list of its pages. A link that leads nowhere stops it. The pages that compute in a browser
are taken along if `make web` has built them; if not, links to them are plain words.
"""
import html.parser
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

STYLE = pathlib.Path("/usr/share/doxygen-awesome-css/doxygen-awesome.css")
for need in ("mkdocs", "doxygen"):
    if shutil.which(need) is None or not STYLE.exists():
        print(f"site: skipped, {need} or doxygen-awesome-css is missing: scripts/install-deps.sh site", file=sys.stderr)
        sys.exit(77)

import yaml  # noqa: E402  (MkDocs needs it too)

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")
FENCE = re.compile(r"(^```.*?^```\s*$)", re.M | re.S)
PLAY = ROOT / "build/web/site"  # the pages of `make web`
CODE = {".h": "cpp", ".cpp": "cpp", ".py": "python", ".sh": "bash", ".toml": "toml", ".cmake": "cmake"}


class Dead(Exception):
    pass


def pages_of_tree():
    """Every page, by its path in the tree."""
    pages = [p for p in ROOT.glob("*.md")] + [p for p in (ROOT / "docs").rglob("*.md") if "site" not in p.parts]
    return {p.relative_to(ROOT): p.read_text() for p in pages}


def title(text, path):
    found = re.search(r"^# (.+)$", text, re.M)
    return found.group(1).strip() if found else path.stem


class Stage:
    """The folder that MkDocs reads: all pages, with links that hold there."""

    def __init__(self, folder):
        self.folder = folder
        self.pages = pages_of_tree()
        self.sources = {}  # file of the tree -> the page that shows it
        self.dead = []

    def write(self):
        for path, text in sorted(self.pages.items()):
            parts = FENCE.split(text)
            parts[::2] = [LINK.sub(lambda m, p=path: self.link(m, p), part) for part in parts[::2]]
            self.put(path, "".join(parts))
        for source, page in self.sources.items():
            kind = CODE.get(source.suffix, "text")
            self.put(page, f"# {source}\n\n````{kind}\n{(ROOT / source).read_text()}````\n")
        for name in ("site.css", "search.js"):
            shutil.copy(ROOT / "docs/site" / name, self.folder)
        if self.dead:
            raise Dead("links that lead nowhere:\n" + "\n".join(self.dead))

    def put(self, path, text):
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def link(self, match, page):
        """The link, as it must read on the page."""
        before, target, after = match.groups()
        if re.match(r"[a-z]+:|#|//", target):
            return match.group()
        name, _, anchor = target.partition("#")
        found = (ROOT / page.parent / urllib.parse.unquote(name)).resolve()
        if found == PLAY / "index.html":
            if not found.exists():
                return before[1:-2]
            shutil.copytree(PLAY, self.folder / "play", dirs_exist_ok=True)
            return before + "../" * len(page.parent.parts) + "play/index.html#" + anchor + after
        if not found.exists() or not found.is_relative_to(ROOT):
            self.dead.append(f"  {page}: {target}")
            return match.group()
        place = self.place_of(found.relative_to(ROOT))
        up = "../" * len(page.parent.parts)
        return before + up + place.as_posix() + ("#" + anchor if anchor else "") + after

    def place_of(self, path):
        """Where a file or folder of the tree is on the site."""
        if path in self.pages:
            return path
        if (ROOT / path).is_dir():
            listed = path / "README.md"
            if listed not in self.pages and listed not in self.sources.values():
                self.put(listed, self.list_of(path))
            return listed
        if path.suffix in (".svg", ".png", ".jpg"):
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, target)
            return path
        return self.sources.setdefault(path, path.with_name(path.name + ".md"))

    def list_of(self, folder):
        lines = [f"# {folder}", ""]
        for path in sorted(self.pages):
            if path.parent == folder:
                lines.append(f"- [{title(self.pages[path], path)}]({path.name})")
        return "\n".join(lines) + "\n"

    def nav(self, entries):
        """The navigation, with folders spread out and what is not there left out."""
        spread = []
        for entry in entries:
            name, value = next(iter(entry.items())) if isinstance(entry, dict) else (None, entry)
            if isinstance(value, list):
                spread.append({name: self.nav(value)})
            elif value.endswith("/"):
                inside = [{title(self.pages[p], p): str(p)} for p in sorted(self.pages, key=self.order)
                          if p.parent == pathlib.Path(value)]
                if inside:
                    spread += [{name: inside}] if name else inside
            elif value.startswith("api/") or pathlib.Path(value) in self.pages:
                spread.append({name or title(self.pages[pathlib.Path(value)], pathlib.Path(value)): value})
        return spread

    @staticmethod
    def order(path):
        return (path.name != "README.md", path)


class Targets(html.parser.HTMLParser):
    """What a page points to, and the places in it that can be pointed to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key in ("href", "src") and value:
                self.links.append(value)
            elif key in ("id", "name") and value:
                self.names.add(value)


def check_links(site):
    """Follows every link of the guides, and those of the headers' pages to files."""
    parsed = {p: Targets(p.read_text(errors="replace")) for p in site.rglob("*.html")}
    dead = []
    for page, targets in parsed.items():
        is_api = "api" in page.relative_to(site).parts
        for link in targets.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc or link.startswith("javascript") or page.name == "404.html":
                continue
            target = (page.parent / urllib.parse.unquote(url.path)).resolve() if url.path else page
            if target.is_dir():
                target /= "index.html"
            anchor = urllib.parse.unquote(url.fragment)
            if not target.exists():
                dead.append(f"  {page.relative_to(site)}: {link}")
            elif anchor and not is_api and target != site / "play/index.html" and target in parsed and \
                    anchor not in parsed[target].names:
                dead.append(f"  {page.relative_to(site)}: {link} (no such place)")
    if dead:
        raise Dead("links that lead nowhere:\n" + "\n".join(sorted(set(dead))))
    return len(parsed), sum(len(t.links) for t in parsed.values())


def main():
    site = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/site").resolve()
    work = site.with_name(site.name + "-source")
    for folder in (site, work):
        shutil.rmtree(folder, ignore_errors=True)
    stage = Stage(work / "pages")
    (work / "pages").mkdir(parents=True)
    (work / "theme").mkdir()
    shutil.copy(ROOT / "docs/site/main.html", work / "theme")
    stage.write()
    (work / "pages/api").mkdir()
    (work / "pages/api/index.html").write_text("")  # Doxygen's comes in its place

    settings = yaml.safe_load((ROOT / "docs/site/mkdocs.yml").read_text())
    settings |= {"site_dir": str(site), "nav": stage.nav(settings["nav"])}
    (work / "mkdocs.yml").write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))
    subprocess.run(["mkdocs", "build", "--quiet", "--strict", "-f", work / "mkdocs.yml"], check=True)

    doxygen = (ROOT / "docs/site/Doxyfile").read_text()
    doxygen += f"\nINPUT = include docs/site/api.md\nHTML_EXTRA_STYLESHEET = {STYLE}\nOUTPUT_DIRECTORY = {site}\nHTML_OUTPUT = api\n"
    subprocess.run(["doxygen", "-"], input=doxygen, text=True, check=True, cwd=ROOT)

    pages, links = check_links(site)
    print(f"{site}/index.html: {pages} pages, {links} links, none of them dead")


if __name__ == "__main__":
    try:
        main()
    except (Dead, subprocess.CalledProcessError) as error:
        sys.exit(f"site: {error}")
