"""Training in one call.

    history = cr.fit(net, x, t, epochs=5, validation=0.1)
    history["loss"], history["validation.loss"]
"""
import json
import sys
import time
import warnings
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Union

import numpy as np

from . import _core, nn, optim
from ._convert import path_of
from ._core import Layer, Tensor
from ._rows import makers
from ._team import Ranks

losses = makers("loss", __name__ + ".losses", called=str)
metrics = makers("metric", __name__ + ".metrics", called=str)


class History(dict):
    """What was measured after each epoch: lists by name. `reason` says why the run ended, `seconds` how long it took."""

    def __init__(self, reports: List[dict], reason: str, seconds: float):
        if not all(isinstance(report, dict) for report in reports):
            raise TypeError("reports must be a list of dicts")
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
        self.pending = ""  # a line that is not written, or not ended

    def __call__(self, report: dict) -> None:
        epoch = report["epoch"]
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in report.items()
                            if name not in ("step", "epoch", "lr", "seconds"))
        line = f"epoch {epoch:g}/{self.epochs:g}: {numbers}"
        if self.out.isatty():
            self.out.write(f"\r\033[K{line}")
            self.out.flush()
            self.pending = "\n"
        elif time.monotonic() - self.last >= self.interval:
            self.last = time.monotonic()
            print(line, file=self.out)
            self.pending = ""
        else:
            self.pending = line + "\n"
        if epoch >= self.epochs:
            self.end()

    def end(self) -> None:
        """The last line, of a run that stops before its last epoch, too."""
        self.out.write(self.pending)
        self.out.flush()
        self.pending = ""


def _loss_for(t: Tensor) -> str:
    """Class numbers are for softmax_cross_entropy, other numbers for mse."""
    return "softmax_cross_entropy" if t.dtype in (np.int64, np.uint8) else "mse"


def _columns(x, t) -> List[Tensor]:
    inputs = [*x] if isinstance(x, tuple) else [x]
    columns = [_core.tensor(each) for each in (*inputs, t)]
    return [c.astype("i64") if c.dtype in (np.bool_, np.int32) else c for c in columns]


def _check(net, loss, batch_size, **lists) -> None:
    """What fit and the like are given, before the core is: its messages would be of C++."""
    if not isinstance(net, Layer):
        raise TypeError(f"net must be a layer, not {type(net).__name__}")
    if not (loss is None or isinstance(loss, (str, _core.Configured)) or callable(loss)):
        raise TypeError(f"loss must be a name, an object or a function, not {type(loss).__name__}")
    if not isinstance(batch_size, (int, np.integer)):
        raise TypeError(f"batch_size must be an integer, not {type(batch_size).__name__}")
    for name, each in lists.items():
        if not isinstance(each, (list, tuple)):
            raise TypeError(f"{name} must be a list, not {type(each).__name__}")


def _order_of(order, shuffle, weights) -> str:
    """The order in which rows come, of what says it."""
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"shuffle must be True or False, not {type(shuffle).__name__}")
    if order is None:
        return "with_replacement" if weights is not None else "shuffled" if shuffle else "sequential"
    if not isinstance(order, str):
        raise TypeError(f"order must be a text, not {type(order).__name__}")
    if not shuffle and order != "sequential":
        raise ValueError(f'shuffle=False is order="sequential", and order is "{order}"; leave one of them out')
    return order


def _weights_of(name: str, weights, columns) -> Tensor:
    """A number for each row."""
    try:
        made = np.asarray(weights, np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be numbers, one for each row, not {type(weights).__name__}") from None
    rows = len(columns[0])
    if made.shape != (rows,):
        raise ValueError(f"{name} is of shape {made.shape}; need ({rows},), a number for each row")
    return _core.tensor(made)


def _sample_weight(weight, columns, others=None):
    """What each row counts, as numbers of the inputs' kind; 1 where other rows have weights."""
    if weight is None and others is None:
        return None
    made = _weights_of("sample_weight", np.ones(len(columns[0])) if weight is None else weight, columns)
    lowest = float(made.min()) if made.size else 0.0
    if not lowest >= 0:
        raise ValueError(f"sample_weight has {lowest}; need numbers from 0")
    return made if columns[0].dtype == np.float64 else made.astype("f32")


def _warn_of_long_average(decay, epochs, steps_per_epoch) -> None:
    """A moving average of more steps than there are is mostly the weights that it began with."""
    if not isinstance(decay, (int, float)) or not isinstance(epochs, (int, float)) or not 0 < decay < 1:
        return
    steps = epochs * steps_per_epoch
    if 1 / (1 - decay) > steps:
        warnings.warn(f"average_decay={decay} averages about {1 / (1 - decay):.0f} steps, and the run has {steps:.0f}: what the "
                      "net learns late hardly counts; take a smaller one, or train for longer", stacklevel=3)


def fit(net: Layer, x, t, *, loss: Union[str, Callable, Any, None] = None, epochs: float = 10, batch_size: int = 32,
        optimizer: Any = "adam", lr: Any = None, validation: Any = 0.0, patience: int = 0, metrics: Sequence = (),
        transforms: Sequence = (), callbacks: Sequence[Callable[[Dict], Optional[bool]]] = (), shuffle: bool = True,
        seed: int = 1, verbose: bool = False, folder="", resume: bool = False, shards: int = 1,
        sync_batch_norm: bool = False, team: Any = None, rank_timeout: float = 20, order: Optional[str] = None,
        weights: Any = None, average_decay: float = 0.0, average_from: float = 0.0, plateau_patience: int = 0,
        plateau_factor: float = 0.1, plateau_smallest: float = 0.0, sample_weight: Any = None, tensorboard="",
        **options) -> History:
    """Trains a net on rows x with targets t.

    x may be a tuple, for nets with several inputs. `loss` is a name, one of `train.losses`, or a function of prediction
    and target; left out, it is softmax_cross_entropy for class numbers and mse for other numbers. `validation` is a share
    of the rows to measure on, or a pair (x, t) of its own; with `patience`, training stops after so many epochs without
    a better validation loss, and the net has the best weights. Callbacks are called after each epoch with a dict of
    numbers; one that returns True ends the training. With a `folder`, a checkpoint is kept there after each epoch; with
    `resume`, a run goes on with the newest one, to the same bits as if it had not been stopped. `options` are those of
    all optimizers: weight_decay, clip_norm, ...

    `sample_weight`, a number for each row, is what it counts in the loss, which is the weighted mean then; a loss that is
    a function takes it as a third argument. `validation=(x, t, sample_weight)` has weights of its own. With `tensorboard`,
    a folder, each epoch is written there for TensorBoard.

    `order` says in which rows come: "shuffled", "sequential" (also shuffle=False), "with_replacement", or "balanced", which
    draws each class equally often. `weights`, a number for each row, are how often rows are drawn, in proportion, with
    the order "with_replacement".

    With `average_decay`, such as 0.999, the net that is measured, and that there is at the end, has a moving average of
    the weights, of which each step keeps so much. `average_from`, in epochs, is when that begins; alone, it asks for the
    plain mean of the weights after each epoch from then on (stochastic weight averaging). Training goes on with its own
    weights. With `patience` too, the net has the best of what was measured: of the average, once there is one.

    After `plateau_patience` epochs without a better validation loss the learning rate is multiplied by `plateau_factor`,
    as often as that happens, down to `plateau_smallest` times what it would be.

    With a `team`, a communicator of mpi4py, its ranks share the `shards` of each batch, to the same bits for any number of
    ranks; all of them call fit with the same arguments, and rank 0 alone prints and writes. Batch norm sees a shard, or
    with `sync_batch_norm` all of them. A rank that has ended, or gives no sign of life for `rank_timeout` seconds, is an
    Error on the others, which names it.

    Ctrl-C ends it with a KeyboardInterrupt after a whole step: the net can be used, and trained on.
    """
    _check(net, loss, batch_size, metrics=metrics, transforms=transforms, callbacks=callbacks)
    validation = validation.item() if isinstance(validation, np.generic) else validation
    if not isinstance(validation, (int, float, tuple, list)):
        raise TypeError(f"validation must be a share or a pair (x, t), not {type(validation).__name__}")
    for each in callbacks:
        if not callable(each):
            raise TypeError(f"callbacks must be functions, not {type(each).__name__}")
    columns = _columns(x, t)
    ranks = Ranks(team, rank_timeout) if team is not None else None
    held_out, held_out_weight = [], None
    if not isinstance(validation, (int, float)):
        if len(validation) not in (2, 3):
            raise ValueError(f"validation has {len(validation)} parts; need (x, t) or (x, t, sample_weight)")
        held_out = _columns(*validation[:2])
        held_out_weight = _sample_weight(validation[2] if len(validation) == 3 else None, held_out, sample_weight)
    sample_weight = _sample_weight(sample_weight, columns, held_out_weight)
    share = float(validation) if isinstance(validation, (int, float)) else 0.0
    if not 0 <= share < 1:
        raise ValueError(f"validation is {share}; need a share of the rows from 0 to less than 1, or a pair (x, t)")
    if weights is not None:
        weights = _weights_of("weights", weights, columns)
    _warn_of_long_average(average_decay, epochs, len(columns[0]) * (1 - share) / max(batch_size, 1))
    unknown = set(options) - set(optim.kOptions)
    if unknown:
        raise TypeError(f"fit() has no argument '{sorted(unknown)[0]}'")
    if lr is not None:
        options["lr"] = lr
    progress = [Progress(epochs)] if verbose and (ranks is None or ranks.rank == 0) else []
    calls = [*progress, *callbacks]  # so that the line of an epoch is there if a callback fails
    wishes = dict(epochs=epochs, batch_size=batch_size, patience=patience, validation=share, seed=seed,
                  folder=path_of(folder or "", "folder"), resume=resume, shards=shards, sync_batch_norm=sync_batch_norm,
                  order=_order_of(order, shuffle, weights), weights=weights, average_decay=average_decay,
                  average_from=average_from, plateau_patience=plateau_patience, plateau_factor=plateau_factor,
                  plateau_smallest=plateau_smallest, sample_weight=sample_weight, validation_weight=held_out_weight,
                  tensorboard=path_of(tensorboard or "", "tensorboard"))
    try:
        return History(*_core._fit(net, columns, held_out, loss or _loss_for(columns[-1]), optimizer, options,
                                   list(metrics), list(transforms), calls, wishes, ranks))
    finally:
        for each in progress:
            each.end()


def evaluate(net: Layer, x, t, *, loss=None, metrics: Sequence = (), batch_size: int = 1000,
             sample_weight: Any = None) -> Dict[str, Any]:
    """The loss and metrics of a net over rows, as inference: a dict of numbers; "confusion" is a matrix, true classes in
    rows. `sample_weight` is what each row counts in the loss."""
    _check(net, loss, batch_size, metrics=metrics)
    columns = _columns(x, t)
    found = _core._measure(net, columns, loss or _loss_for(columns[-1]), list(metrics), batch_size,
                           _sample_weight(sample_weight, columns))
    return {name: np.asarray(value) if isinstance(value, Tensor) else value for name, value in found.items()}


class LrCurve(NamedTuple):
    """What learning rates came to: the losses, their running mean, and the rate at which the loss falls fastest."""
    rates: List[float]
    losses: List[float]
    smoothed: List[float]
    suggestion: float

    def plot(self):
        """The smoothed losses as a picture, for notebooks."""
        from .plot import lines
        return lines({"loss": (np.log10(self.rates), self.smoothed)}, x_label="log10 of the rate")

    def _repr_html_(self):
        return self.plot()._repr_html_()


def find_lr(net: Layer, x, t, *, loss=None, optimizer: Any = "adam", batch_size: int = 32, low: float = 1e-7,
            high: float = 10.0, steps: int = 100, smoothing: float = 0.9, limit: float = 4.0, seed: int = 1,
            **options) -> LrCurve:
    """Looks for a learning rate: trains with rates that rise from step to step, and puts everything back.

        cr.fit(net, x, t, lr=train.find_lr(net, x, t).suggestion)

    It stops where the smoothed loss is `limit` times the smallest. Arguments are otherwise those of fit.
    """
    _check(net, loss, batch_size)
    columns = _columns(x, t)
    wishes = dict(low=low, high=high, steps=steps, smoothing=smoothing, limit=limit, seed=seed)
    return LrCurve(*_core._find_lr(net, columns, loss or _loss_for(columns[-1]), optimizer, options, batch_size, wishes))


class Range(NamedTuple):
    """Numbers from low to high, for a sweep at random."""
    low: float
    high: float
    is_logarithmic: bool = False


def log_range(low: float, high: float) -> Range:
    """Numbers from low to high, all logarithms as likely: for learning rates."""
    return Range(low, high, True)


class Trial(NamedTuple):
    """A run of a sweep: its settings, its score (NaN if it failed), why it failed, and the budget that the score is of."""
    point: Dict[str, Any]
    score: float
    error: str
    budget: float


class Sweep(List[Trial]):
    """The runs of a sweep, the best first."""

    @property
    def best(self) -> Trial:
        if not self or self[0].score != self[0].score:
            raise ValueError("every run failed" + (f"; the first: {self[0].error}" if self else ""))
        return self[0]


def sweep(space: Dict[str, Any], run: Callable, *, search: str = "grid", larger_is_better: bool = False, points: int = 20,
          seed: int = 1, smallest_budget: float = 1, largest_budget: float = 27, factor: float = 3) -> Sweep:
    """Tries out settings: calls `run(lr=0.1, hidden=20)` for each point, and gives all with their scores, the best first.

        def run(lr, hidden):
            net = nn.mlp([hidden, 10])
            return cr.fit(net, x, t, lr=lr, validation=(x_test, t_test))["validation.loss"][-1]

        train.sweep({"lr": [0.1, 0.01], "hidden": [20, 50]}, run).best

    A setting is a list of values, or a Range or log_range. `search` is "grid", "random" (so many points), or "halving":
    there `run` takes a `budget` as well, such as epochs, and the best points get more of it. A run that raises has
    failed; the others go on.
    """
    if not isinstance(space, dict):
        raise TypeError(f"space must be a dict of settings, not {type(space).__name__}")
    choices = [(name, None, *values) if isinstance(values, Range) else (name, list(values), 0.0, 0.0, False)
               for name, values in space.items()]
    with_budget = search == "halving"
    call = (lambda point, budget: run(budget=budget, **point)) if with_budget else (lambda point: run(**point))
    wishes = dict(search=search, larger_is_better=larger_is_better, points=points, seed=seed,
                  smallest_budget=smallest_budget, largest_budget=largest_budget, factor=factor)
    return Sweep(Trial(point, score, error, budget)
                 for point, budget, score, error in _core._sweep(choices, call, with_budget, wishes))


class Model:
    """A net from a file, with what belongs to it."""

    def __init__(self, net, classes, notes, before, after):
        self.net, self.classes, self.notes, self._before, self._after = net, classes, notes, before, after

    def predict(self, x, *more):
        """What the net says, with the scaling that was saved with it; of several inputs the first is scaled."""
        if self._before is not None:
            x = self._before.predict(x)
        y = self.net.predict(x, *more)
        return self._after.predict(y) if self._after is not None else y

    __call__ = predict

    def classify(self, x, *more) -> list:
        """The names of the most likely classes, row by row; their numbers where there are no names."""
        places = np.asarray(self.predict(x, *more)).argmax(axis=-1)
        return (np.asarray(self.classes, object)[places] if self.classes else places).tolist()

    def __repr__(self):
        return f"Model({self.net!r})"


def _scaling_of(scaler) -> tuple:
    """The layers before and after a net that a scaler comes to."""
    if scaler is None:
        return None, None
    if not hasattr(scaler, "layers"):
        raise TypeError(f"scaler must be one of chainrule.data, not {type(scaler).__name__}")
    return scaler.layers()


def save(path, net: Layer, classes: Sequence[str] = (), scaler=None, *, weights=None, **notes) -> None:
    """Writes a net to a file, in the form that the tool chainrule reads, too; with the scaler of its data.

    weights="float16" or "bfloat16" rounds the parameters, for half the size; `load` gives float32 again.
    """
    before, after = _scaling_of(scaler)
    nn._check_settings(net)
    _core._save(path_of(path), net, list(classes), notes, before, after, weights)


def _has_tensors(path: str) -> bool:
    """Whether a file is in the format safetensors, by its first bytes."""
    try:
        with open(path, "rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError:
        return False  # who reads it says why


def load(path, layers: Sequence[type] = ()) -> Model:
    """A net from a file of `save`, of the tool, of C++, or in the format ONNX.

    Layers of one's own are found by the names of their classes, among all that the program has; `layers` names those
    that are to be taken. They are made with the arguments that they had kept as attributes.
    """
    path = path_of(path)
    has_tensors = _has_tensors(path)
    if path.endswith(".onnx") and not has_tensors:
        from . import onnx
        return onnx.load(path)
    from . import io
    texts = io.read_metadata(path) if has_tensors else {}
    tree = _core._tree(texts["chainrule.net"], path) if "chainrule.net" in texts else ""
    own = nn._own_layers(layers)
    if not nn._names_one_of(tree, own):
        return Model(*_core._load(path))
    net = nn._layer_of_tree(tree, own)
    if "chainrule.ties" in texts:
        _core._tie(net, _core._tree(texts["chainrule.ties"], path))
    _core._load_into(path, net)
    before, after = (_core._of_text("layer", texts[key]) if key in texts else None
                     for key in ("chainrule.before", "chainrule.after"))
    notes = {key: text for key, text in texts.items() if not key.startswith("chainrule.")}
    return Model(net, json.loads(texts.get("chainrule.classes", "[]")), notes, before, after)
