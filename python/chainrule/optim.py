"""Optimizers and schedules.

    optimizer = optim.Adam(net, lr=0.01)
    for step in range(1000):
        loss = optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t))

Without a net, `optim.Adam(beta1=0.95)` is a rule, for `fit(optimizer=...)`. A learning rate may be a schedule:
`lr=optim.cosine(0.1, steps=1000)`. The rules are those of docs/optimizers.md.
"""
from typing import TYPE_CHECKING, Any

from . import _core
from ._core import Layer, Optimizer, Parameter
from ._rows import Maker, makers

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

# What every optimizer can be told beside the settings of its rule.
kOptions = ("lr", "weight_decay", "l1", "clip_norm", "clip_value", "accumulate", "groups")


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
