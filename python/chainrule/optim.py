"""Optimizers and schedules.

    optimizer = optim.Adam(net, lr=0.01)
    for step in range(1000):
        loss = optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t))

Without a net, `optim.Adam(beta1=0.95)` is a rule, for `fit(optimizer=...)`. A learning rate may be a schedule:
`lr=optim.cosine(0.1, steps=1000)`. The rules are those of docs/optimizers.md.

    found = optim.minimize(lambda x: ((x - 3) ** 2).sum(), [0.0, 0.0])             # by L-BFGS
    fit = optim.least_squares(lambda b: y - b[0] * cr.exp(b[1] * x), [1.0, 0.1])
"""
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Union

import numpy as np

from . import _core
from ._core import Layer, Optimizer, Parameter, Tensor
from ._rows import Maker, makers
from ._transforms import _flatten, _give_back, _is_number, _rebuild, _state

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

# What every optimizer can be told beside the settings of its rule.
kOptions = ("lr", "weight_decay", "l1", "clip_norm", "clip_value", "accumulate", "groups", "allow_unused")


class Rule(Maker):
    """Makes a rule, or with a net first an optimizer, whose settings are by name: `Momentum(net, lr=0.1, momentum=0.95)`."""

    def __call__(self, *args, **keywords):
        of = args[0] if args else None
        if isinstance(of, (Maker, type)):
            raise TypeError(f"{self.__name__}() was given the class {of.__name__}; need a net: {of.__name__}(...)")
        if isinstance(of, Parameter) or hasattr(of, "__iter__") and not isinstance(of, str):
            raise TypeError(f"{self.__name__}() takes the net that is trained, or a layer that holds the parameters, not "
                            f"parameters: {self.__name__}(net, lr=0.01)")
        if isinstance(of, Layer):
            if len(args) > 1:
                raise TypeError(f"{self.__name__}() takes its settings by name behind the net: {self.__name__}(net, lr=0.01)")
            options = {name: keywords.pop(name) for name in kOptions if name in keywords}
            seed = keywords.pop("seed", 1)
            rule = self.make((), keywords)
            return Optimizer(args[0], rule, _options(options), seed)
        return super().__call__(*args, **keywords)


def _restored(net, rule: str, options: dict, seed: int, state: dict) -> Optimizer:
    made = Optimizer(net, rule, options, seed)
    made.restore(state)
    return made


def _reduce(self):
    return _restored, (self.net, self.rule, self.options, self.seed, self.state())


Optimizer.__reduce__ = _reduce


def _options(options: dict) -> dict:
    return {name: value for name, value in options.items() if value is not None}


_names = {"sgd": "Sgd", "adagrad": "AdaGrad", "adadelta": "AdaDelta", "rmsprop": "RmsProp", "adamw": "AdamW",
          "amsgrad": "AmsGrad"}
for _name, _doc, _settings in _core._rows("optimizer"):
    _called = _names.get(_name, _name.capitalize())
    globals()[_called] = Rule("optimizer", _name, _doc, _settings, _called, __name__)
SGD, RMSprop, Adagrad, NAdam = (globals()[_each] for _each in ("Sgd", "RmsProp", "AdaGrad", "Nadam"))


globals().update(makers("schedule", __name__, called=str))

_methods = {"lbfgs": "LBfgs", "gauss_newton": "GaussNewton", "levenberg_marquardt": "LevenbergMarquardt"}
globals().update({_methods[_name]: Maker("method", _name, _doc, _settings, _methods[_name], __name__)
                  for _name, _doc, _settings in _core._rows("method")})


class Minimum(NamedTuple):
    """What was found: `x`, in the form of the start (of a net: its parameters by name); the loss there, or the sum of
    squares of the residuals; the steps that were taken and how often the function was called; whether a tolerance was met,
    and why it stopped, in words."""
    x: Any
    value: float
    iterations: int
    evaluations: int
    converged: bool
    reason: str


def _is_array(value) -> bool:
    """Whether it is numbers in lists, and nothing else."""
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(
        isinstance(each, bool) or _is_number(each) or _is_array(each) for each in value)


def _floats(value):
    """The same tree with numbers, and tensors of float32 or float64, as leaves."""
    if isinstance(value, dict):
        return type(value)((name, _floats(each)) for name, each in value.items())
    if _is_array(value):
        return _core.tensor(np.asarray(value, np.float64))
    if isinstance(value, (list, tuple)):
        each = map(_floats, value)
        return type(value)(*each) if hasattr(value, "_fields") else type(value)(each)
    if value is None or _is_number(value):
        return value
    made = _core.tensor(value)
    return made if made.dtype in (np.float32, np.float64) else made.astype("f64")


def minimize(f: Callable, x0: Any, method: Union[str, Any] = "lbfgs") -> Minimum:
    """The place where a function is least, by its gradient.

        optim.minimize(lambda x: ((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2), [-1.2, 1.0]).x

    `f` takes a tensor of the form of `x0`, or if that is a dict, or a list or tuple of arrays, the same of tensors; it
    gives a tensor of one number, computed by functions of chainrule. `x0` may also be a net that is built, whose parameters
    become the best ones found: then `f` takes nothing, is not to train, and calls the net:
    `optim.minimize(lambda: cr.mse(net(x), t), net)`.

    `method` is a name or one of `optim.LBfgs(memory=20, iterations=1000)`, `optim.GaussNewton()` and
    `optim.LevenbergMarquardt()`; the last two take sums of squares, of which `f` gives the residuals, of any shape. Numbers
    in lists are float64; arrays keep their dtype, and float64 ones go further. Ctrl-C, and whatever f raises, ends it; a net
    has the parameters then that it had.
    """
    if not callable(f):
        raise TypeError(f"f must be a function, not {type(f).__name__}")
    if isinstance(x0, Layer):
        if not x0.is_built:
            raise ValueError("the net has no parameters yet; build it with a batch first: net.build(x)")
        names = list(x0.parameters())
        at, *rest = _core._minimize_net(lambda _: _inside(f), x0, method)
        return Minimum(dict(zip(names, at)), *rest)
    tree = _floats(x0)
    leaves = _flatten(tree)
    if not leaves:
        raise ValueError("x0 has no numbers to start from")
    start = [_core.scalar(each, "f64") if _is_number(each) else each for each in leaves]
    at, *rest = _core._minimize(lambda values: _inside(f, _rebuild(tree, iter(values))), start, method)
    return Minimum(_rebuild(tree, iter([_give_back(leaf, each) for leaf, each in zip(leaves, at)])), *rest)


def _inside(f, *arguments) -> Tensor:
    """f of these, as what is differentiated: other transforms inside of it know."""
    _state.depth = getattr(_state, "depth", 0) + 1
    try:
        return f(*arguments)
    finally:
        _state.depth -= 1


def least_squares(f: Callable, x0: Any, method: Union[str, Any] = "levenberg_marquardt") -> Minimum:
    """The place where the squares of the residuals that `f` gives have the least sum: minimize, by a method for that.

        optim.least_squares(lambda b: y - b[0] * cr.exp(-b[1] * x), [1.0, 1.0])
    """
    return minimize(f, x0, method)
