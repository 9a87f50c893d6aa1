"""Training in one call.

    history = cr.fit(net, x, t, epochs=5, validation=0.1)
    history["loss"], history["validation.loss"]
"""
import sys
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Union

import numpy as np

from . import _core, optim
from ._core import Layer, Tensor
from ._rows import makers

losses = makers("loss", __name__ + ".losses", called=str)
metrics = makers("metric", __name__ + ".metrics", called=str)


class History(dict):
    """What was measured after each epoch: lists by name. `reason` says why the run ended, `seconds` how long it took."""

    def __init__(self, reports: List[dict], reason: str, seconds: float):
        names = list(dict.fromkeys(name for report in reports for name in report))
        super().__init__({name: [report.get(name) for report in reports] for name in names})
        self.reason, self.seconds = reason, seconds

    def plot(self):
        """The curves as a picture, for notebooks."""
        from .plot import curves
        return curves(self)

    def _repr_html_(self):
        return self.plot()._repr_html_()


class Progress:
    """One line that is written over on a terminal; elsewhere a line at most every `interval` seconds, and the last."""

    def __init__(self, epochs: float, interval: float = 10.0, out=None):
        self.epochs, self.interval, self.out = epochs, interval, out or sys.stderr
        self.last = 0.0

    def __call__(self, report: dict) -> None:
        is_end = report["epoch"] >= self.epochs
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in report.items()
                            if name not in ("step", "epoch", "lr", "seconds"))
        line = f"epoch {report['epoch']:g}/{self.epochs:g}: {numbers}"
        if self.out.isatty():
            self.out.write(f"\r\033[K{line}" + ("\n" if is_end else ""))
            self.out.flush()
        elif is_end or time.monotonic() - self.last >= self.interval:
            self.last = time.monotonic()
            print(line, file=self.out)


def _loss_for(t: Tensor) -> str:
    """Class numbers are for softmax_cross_entropy, other numbers for mse."""
    return "softmax_cross_entropy" if t.dtype in (np.int64, np.uint8) else "mse"


def _columns(x, t) -> List[Tensor]:
    inputs = [*x] if isinstance(x, tuple) else [x]
    columns = [_core.tensor(each) for each in (*inputs, t)]
    return [c.astype("i64") if c.dtype == bool else c for c in columns]


def fit(net: Layer, x, t, *, loss: Union[str, Callable, Any, None] = None, epochs: float = 10, batch_size: int = 32,
        optimizer: Any = "adam", lr: Any = None, validation: Any = 0.0, patience: int = 0, metrics: Sequence = (),
        transforms: Sequence = (), callbacks: Sequence[Callable[[Dict], Optional[bool]]] = (), shuffle: bool = True,
        seed: int = 1, verbose: bool = False, **options) -> History:
    """Trains a net on rows x with targets t.

    x may be a tuple, for nets with several inputs. `loss` is a name, one of `train.losses`, or a function of prediction
    and target; left out, it is softmax_cross_entropy for class numbers and mse for other numbers. `validation` is a share
    of the rows to measure on, or a pair (x, t) of its own; with `patience`, training stops after so many epochs without
    a better validation loss, and the net has the best weights. Callbacks are called after each epoch with a dict of
    numbers; one that returns True ends the training. `options` are those of all optimizers: weight_decay, clip_norm, ...

    Ctrl-C ends it with a KeyboardInterrupt after a whole step: the net can be used, and trained on.
    """
    columns = _columns(x, t)
    held_out = [] if isinstance(validation, (int, float)) else _columns(*validation)
    share = float(validation) if isinstance(validation, (int, float)) else 0.0
    if patience and not held_out and not share:
        raise ValueError("patience needs something to measure on: validation=0.1, or validation=(x, t)")
    unknown = set(options) - set(optim.kOptions)
    if unknown:
        raise TypeError(f"fit() has no argument '{sorted(unknown)[0]}'")
    if lr is not None:
        options["lr"] = lr
    calls = [*callbacks, *([Progress(epochs)] if verbose else [])]
    wishes = dict(epochs=epochs, batch_size=batch_size, patience=patience, validation=share, seed=seed, shuffle=shuffle)
    return History(*_core._fit(net, columns, held_out, loss or _loss_for(columns[-1]), optimizer, options, list(metrics),
                               list(transforms), calls, wishes))


def evaluate(net: Layer, x, t, *, loss=None, metrics: Sequence = (), batch_size: int = 1000) -> Dict[str, float]:
    """The loss and metrics of a net over rows, as inference: a dict of numbers."""
    columns = _columns(x, t)
    return _core._measure(net, columns, loss or _loss_for(columns[-1]), list(metrics), batch_size)


class Model:
    """A net from a file, with what belongs to it."""

    def __init__(self, net, classes, notes, before, after):
        self.net, self.classes, self.notes, self._before, self._after = net, classes, notes, before, after

    def predict(self, x):
        """What the net says, with the scaling that was saved with it."""
        for layer in (self._before, self.net, self._after):
            x = layer.predict(x) if layer is not None else x
        return x

    __call__ = predict

    def classify(self, x) -> list:
        """The names of the most likely classes, row by row; their numbers where there are no names."""
        places = np.asarray(self.predict(x)).argmax(axis=-1)
        return [self.classes[place] if self.classes else int(place) for place in places]

    def __repr__(self):
        return f"Model({self.net!r})"


def save(path, net: Layer, classes: Sequence[str] = (), *, weights=None, **notes) -> None:
    """Writes a net to a file, in the form that the tool chainrule reads, too.

    weights="float16" or "bfloat16" rounds the parameters, for half the size; `load` gives float32 again.
    """
    _core._save(str(path), net, list(classes), notes, weights)


def load(path) -> Model:
    """A net from a file of `save`, of the tool, or of C++."""
    return Model(*_core._load(str(path)))
