"""The programs of docs/python run, and print what stands below them."""
import ast
import contextlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

kFolder = Path(os.environ["CHAINRULE_SOURCE_DIR"]) / "docs" / "python"
kPages = sorted(page for page in kFolder.glob("*.md") if page.name != "reference.md")


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


@pytest.mark.parametrize("page", sorted(kFolder.glob("*.ipynb")), ids=lambda page: page.name)
def test_cells_of_a_notebook(page, tmp_path, monkeypatch):
    """Cell by cell, as a notebook runs them: what the last line of one gives is shown."""
    monkeypatch.chdir(tmp_path)
    scope: dict = {"__name__": "page"}
    for cell in json.loads(page.read_text())["cells"]:
        if cell["cell_type"] != "code":
            continue
        body = ast.parse("".join(cell["source"])).body
        last = ast.Expression(body.pop().value) if isinstance(body[-1], ast.Expr) else None
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(ast.Module(body, []), page.name, "exec"), scope)
            shown = eval(compile(last, page.name, "eval"), scope) if last is not None else None
        assert said.getvalue() == "".join("".join(out["text"]) for out in cell["outputs"])
        if hasattr(shown, "_repr_html_"):
            assert len(shown._repr_html_()) > 100
        elif shown is not None:
            assert repr(shown)


@pytest.mark.skipif(importlib.util.find_spec("nbconvert") is None or importlib.util.find_spec("ipykernel") is None,
                    reason="Jupyter is not installed: apt-get install jupyter-nbconvert python3-ipykernel")
@pytest.mark.parametrize("page", sorted(kFolder.glob("*.ipynb")), ids=lambda page: page.name)
def test_a_notebook_in_jupyter(page, tmp_path):
    done = subprocess.run([sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", tmp_path, page],
                          capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr
    cells = [cell for cell in json.loads((tmp_path / page.name).read_text())["cells"] if cell["cell_type"] == "code"]
    shown = [out["data"] for cell in cells for out in cell["outputs"] if out["output_type"] == "execute_result"]
    assert sum("<svg" in "".join(data.get("text/html", "")) for data in shown) >= 4


def test_the_reference_says_what_the_docstrings_say():
    script = kFolder.parent.parent / "scripts" / "python_reference.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    if done.returncode != 0 and "python_reference.py:" in done.stderr or "sklearn" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])  # a build without ONNX, or no scikit-learn
    assert done.returncode == 0, done.stderr
    assert done.stdout == (kFolder / "reference.md").read_text(), "write it anew: cmake --build --preset release --target python_docs"


def test_links_of_pages_lead_somewhere():
    for page in kPages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
