"""Pictures for notebooks and files: SVG, made here.

    plot.lines({"loss": history["loss"]}).save("loss.svg")
"""
from pathlib import Path

import numpy as np

from . import _core

_styles = {"line": 0, "dashes": 1, "dots": 2}


class Picture:
    """An SVG: shown in notebooks, or saved."""

    def __init__(self, svg: str):
        self.svg = svg

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path) -> "Picture":
        Path(path).write_text(self.svg)
        return self

    def __repr__(self) -> str:
        return f"<picture, {len(self.svg)} bytes of SVG>"


def _figure(title="", x="", y="", logarithmic=False, series=(), histogram=None, matrix=None, tiles=()):
    return dict(title=title, x_label=x, y_label=y, logarithmic=logarithmic,
                series=list(series), histogram=histogram, matrix=matrix, tiles=list(tiles))


def _picture(*figures, title=""):
    return Picture(_core._figures_svg(list(figures), title))


def lines(series: dict, x=None, title="", x_label="", y_label="", logarithmic=False, style="line") -> Picture:
    """A line for each name: numbers, or a pair (x, y) of them."""
    made = []
    for name, values in series.items():
        xs, ys = values if isinstance(values, tuple) else (x, values)
        ys = np.array([np.nan if v is None else v for v in np.asarray(ys).tolist()], float)
        xs = np.arange(1, len(ys) + 1, dtype=float) if xs is None else np.asarray(xs, float)
        made.append((name, xs, ys, _styles[style]))
    return _picture(_figure(title, x_label, y_label, logarithmic, made))


def curves(history: dict) -> Picture:
    """Losses and metrics of a training: what `fit` gave."""
    groups: dict = {}
    for name, values in history.items():
        if name not in ("step", "epoch", "lr", "seconds"):
            groups.setdefault(name.split(".")[-1], {})[name if "." in name else f"train.{name}"] = values
    figures = []
    for group, series in groups.items():
        made = [(name, np.asarray(history["epoch"], float),
                 np.array([np.nan if v is None else v for v in values], float), 0) for name, values in series.items()]
        figures.append(_figure(group, "epoch", series=made))
    return _picture(*figures)


def histogram(values, title="") -> Picture:
    """How many numbers lie where."""
    return _picture(_figure(title, histogram=np.asarray(values, float).ravel()))


def confusion(predicted, true, names=None, title="") -> Picture:
    """How often each class (row) is taken for each (column), from class numbers."""
    predicted, true = np.asarray(predicted), np.asarray(true)
    count = len(names) if names else int(max(predicted.max(), true.max())) + 1
    matrix = np.zeros((count, count))
    np.add.at(matrix, (true, predicted), 1)
    return _picture(_figure(title, matrix=([str(n) for n in (names or range(count))], matrix)))


def images(pictures, captions=None, title="") -> Picture:
    """Images (count, channels, height, width) with numbers from 0 to 1, side by side."""
    pictures = np.asarray(pictures, float)
    captions = captions if captions is not None else [""] * len(pictures)
    return _picture(_figure(title, tiles=[(p, str(c)) for p, c in zip(pictures, captions)]))
