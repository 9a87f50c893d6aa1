"""Pictures for notebooks and files: drawn by matplotlib where it is installed, else as SVG that is made here.

    plot.lines({"loss": history["loss"]}).save("loss.svg")

With matplotlib a file may be a .png or .pdf as well, and `picture.figure` is its Figure, to be changed.
"""
import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from . import _core
from ._convert import path_of

_styles = {"line": 0, "dashes": 1, "dots": 2}


class Picture:
    """Figures side by side: shown in notebooks, or saved."""

    def __init__(self, figures: list, title: str = ""):
        self._figures, self._title = figures, title
        self.figure = _drawn(figures, title) if find_spec("matplotlib") else None

    @property
    def svg(self) -> str:
        if self.figure is None:
            return _core._figures_svg(self._figures, self._title)
        text = io.StringIO()
        self.figure.savefig(text, format="svg")
        return text.getvalue()[text.getvalue().index("<svg"):]

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path) -> "Picture":
        """Writes a file: .svg, and what else matplotlib knows where it is installed."""
        path = Path(path_of(path))
        if path.suffix in ("", ".svg"):
            path.write_text(self.svg)
        elif self.figure is None:
            raise ValueError(f"{path}: without matplotlib pictures are .svg; need that name, or matplotlib installed")
        else:
            self.figure.savefig(path)
        return self

    def __repr__(self) -> str:
        return f"<picture of {', '.join(f['title'] for f in self._figures if f['title']) or 'numbers'}>"


def _drawn(figures: list, title: str):
    """The same by matplotlib: a Figure of its own, which no window and no state of pyplot knows."""
    from matplotlib.figure import Figure
    counts = [max(1, len(of["tiles"])) for of in figures]
    height = 1.8 if all(of["tiles"] for of in figures) else 3.6
    made = Figure(figsize=(max(4.8, 4.8 * len(figures), 1.2 * sum(counts)), height), layout="constrained")
    if title:
        made.suptitle(title)
    for of, part in zip(figures, np.atleast_1d(made.subfigures(1, len(figures), width_ratios=counts))):
        axes = np.atleast_1d(part.subplots(1, max(1, len(of["tiles"]))))
        if of["tiles"]:
            part.suptitle(of["title"])
            for each, (image, caption) in zip(axes, of["tiles"]):
                pixels = np.moveaxis(np.asarray(image, float), 0, -1)
                each.imshow(pixels[..., 0] if pixels.shape[-1] == 1 else pixels, cmap="gray", vmin=0, vmax=1)
                each.set_title(caption)
                each.set_axis_off()
            continue
        _draw(axes[0], of)
    return made


def _draw(axes, of: dict) -> None:
    axes.set(title=of["title"], xlabel=of["x_label"], ylabel=of["y_label"], yscale="log" if of["logarithmic"] else "linear")
    for name, x, y, style in of["series"]:
        axes.plot(x, y, ("-", "--", ".")[style], label=name)
    if any(name for name, *_ in of["series"]):
        axes.legend()
    if of["histogram"] is not None:
        axes.hist(of["histogram"], bins="auto")
    if of["matrix"] is not None:
        names, numbers = of["matrix"]
        axes.imshow(numbers, cmap="Blues")
        axes.set(xticks=range(len(names)), yticks=range(len(names)), xticklabels=names, yticklabels=names,
                 xlabel="predicted", ylabel="true")
        for (row, column), number in np.ndenumerate(numbers):
            is_dark = number > numbers.max() / 2
            axes.text(column, row, f"{number:g}", ha="center", va="center", color="white" if is_dark else "black")


def _figure(title="", x="", y="", logarithmic=False, series=(), histogram=None, matrix=None, tiles=()):
    return dict(title=title, x_label=x, y_label=y, logarithmic=logarithmic,
                series=list(series), histogram=histogram, matrix=matrix, tiles=list(tiles))


def _check_dict(**given):
    for name, value in given.items():
        if not isinstance(value, dict):
            raise TypeError(f"{name} must be a dict, not {type(value).__name__}")


def _picture(*figures, title=""):
    return Picture(list(figures), title)


def lines(series: dict, x=None, title="", x_label="", y_label="", logarithmic=False, style="line") -> Picture:
    """A line for each name: numbers, or a pair (x, y) of them."""
    _check_dict(series=series)
    made = []
    for name, values in series.items():
        xs, ys = values if isinstance(values, tuple) else (x, values)
        ys = np.array([np.nan if v is None else v for v in np.asarray(ys).tolist()], float)
        xs = np.arange(1, len(ys) + 1, dtype=float) if xs is None else np.asarray(xs, float)
        made.append((name, xs, ys, _styles[style]))
    return _picture(_figure(title, x_label, y_label, logarithmic, made))


def curves(history: dict) -> Picture:
    """Losses and metrics of a training: what `fit` gave."""
    _check_dict(history=history)
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
