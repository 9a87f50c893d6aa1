#!/usr/bin/env python3
"""Writes docs/python/reference.md: what the package's own docstrings say.

    PYTHONPATH=build/python scripts/python_reference.py [FILE]

Without a file it prints. `cmake --build --preset release --target python_docs` writes the page anew; a test compares.
"""
import inspect
import sys
import textwrap

import chainrule as cr
from chainrule import _numpy, _tensor, array_api

kModules = ["nn", "optim", "data", "train", "io", "explain", "plot", "onnx", "sklearn", "book"]
kStart = """# Reference of the Python package

Made from the docstrings, by `scripts/python_reference.py`: `help(cr.conv2d)` says the same. Layers, losses, optimizers
and what is done to data are tables of the library: [layers.md](../layers.md), [losses.md](../losses.md),
[optimizers.md](../optimizers.md), [data.md](../data.md); each is a class or a name here, its settings arguments. The
guide is [README.md](README.md).
"""


def paragraphs(text):
    """A docstring as lines of a page; what is indented is code."""
    lines = []
    for part in inspect.cleandoc(text or "").split("\n\n"):
        rows = part.splitlines()
        if all(row.startswith("    ") for row in rows):
            lines += ["```python", *textwrap.dedent(part).splitlines(), "```", ""]
        elif any(row.lstrip().startswith(("-", "    ", "@")) for row in rows):
            lines += ["```text", *rows, "```", ""]
        else:
            lines += [*textwrap.wrap(" ".join(rows).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*"), 118,
                                     break_long_words=False, break_on_hyphens=False), ""]
    return lines


def signature_of(f) -> str:
    try:
        text = str(inspect.signature(f))
    except (TypeError, ValueError):
        return "(...)"
    return text.split(" -> ")[0].replace("chainrule._core.", "").replace("typing.", "")


def entry(name, f):
    doc = f.__doc__ or ""
    first, _, rest = doc.partition("\n")
    if first.startswith(f"{f.__name__}("):  # a function of the core says its signature itself
        doc = rest
    call = textwrap.wrap(f"{name}{signature_of(f)}", 110, subsequent_indent="    ", break_long_words=False)
    return [f"### {name}", "", "```text", *call, "```", "", *paragraphs(doc)]


def public(module):
    """Functions and classes that a module has of its own, in alphabetical order."""
    names = getattr(module, "__all__", [name for name in vars(module) if not name.startswith("_")])
    found = {}
    for name in names:
        value = getattr(module, name)
        own = getattr(value, "__module__", "") == module.__name__ or module is cr.book
        if callable(value) and own and not hasattr(value, "settings") and value.__doc__:
            found[name] = value
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def section(title, doc, entries):
    lines = [f"## {title}", "", *paragraphs(doc)]
    for name, f in entries.items():
        lines += entry(name, f)
    return lines


def page() -> str:
    functions = {name: f for name, f in vars(cr).items() if type(f).__name__ == "Function" and name not in _tensor.aliases}
    for name, f in vars(cr).items():
        if name not in functions and inspect.isfunction(f) and not name.startswith("_") and f.__doc__ and (
                f.__module__ != "chainrule.train") and name == f.__name__:
            functions[name] = f
    functions.update({name: getattr(cr, name) for name in ("custom_gradient", "no_grad")})
    functions = dict(sorted(functions.items()))
    other = ", ".join(f"{alias} is {name}" for alias, name in sorted(_tensor.aliases.items()))
    lines = [kStart, *section("chainrule", f"Functions of tensors, and of whatever a tensor can be made of. NumPy's other "
                              f"names are there, too: {other}.", functions)]
    for name in kModules:
        try:
            module = getattr(cr, name)
        except ImportError as missing:
            sys.exit(f"python_reference.py: {missing}")
        lines += section(f"chainrule.{name}", module.__doc__, public(module))
    names = sorted(name for name, f in vars(array_api).items() if not name.startswith("_") and callable(f))
    lines += ["## chainrule.array_api", "", *paragraphs(array_api.__doc__), *textwrap.wrap(" ".join(
        f"`{name}`" for name in names), 110), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            file.write(page())
    else:
        print(page(), end="")
