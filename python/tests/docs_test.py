"""The programs of docs/python run, and print what stands below them."""
import contextlib
import io
import os
import re
import sys
from pathlib import Path

import pytest

kFolder = Path(os.environ["CHAINRULE_SOURCE_DIR"]) / "docs" / "python"
kPages = sorted(kFolder.glob("*.md"))


def test_there_are_pages():
    assert {"README.md", "book.md"} <= {page.name for page in kPages}


@pytest.mark.parametrize("page", kPages, ids=lambda page: page.name)
def test_programs_of_a_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope: dict = {"__name__": "page"}
    text = page.read_text()
    blocks = list(re.finditer(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```)?", text, flags=re.S | re.M))
    assert blocks
    for block in blocks:
        line = text[:block.start()].count("\n") + 2
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                exec(compile("\n" * (line - 1) + block.group(1), str(page), "exec"), scope)
        except ModuleNotFoundError as missing:
            if missing.name != "sklearn":
                raise
            print(f"skipped from {page.name}:{line} on: scikit-learn is not installed", file=sys.stderr)
            continue
        assert said.getvalue() == (block.group(2) or ""), f"{page.name}:{line}"


def test_links_of_pages_lead_somewhere():
    for page in kPages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
