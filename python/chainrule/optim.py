"""Optimizers and schedules.

    optimizer = optim.Adam(net, lr=0.01)
    for step in range(1000):
        loss = optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t))

Without a net, `optim.Adam(beta1=0.95)` is a rule, for `fit(optimizer=...)`. A learning rate may be a schedule:
`lr=optim.cosine(0.1, steps=1000)`. The rules are those of docs/optimizers.md.
"""
from typing import TYPE_CHECKING, Any

from . import _core
from ._core import Layer, Optimizer
from ._rows import Maker

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

# What every optimizer can be told beside the settings of its rule.
kOptions = ("lr", "weight_decay", "l1", "clip_norm", "clip_value", "accumulate", "groups")


class Rule(Maker):
    """Makes a rule, or with a net first an optimizer: `Momentum(net, lr=0.1, momentum=0.95)`."""

    def __call__(self, *args, **keywords):
        if args and isinstance(args[0], Layer):
            options = {name: keywords.pop(name) for name in kOptions if name in keywords}
            seed = keywords.pop("seed", 1)
            rule = self.make(args[1:], keywords)
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


class Schedule(Maker):
    """Makes a learning rate that depends on the step: `cosine(0.1, steps=1000)`."""

    def arguments(self, args, keywords):
        keywords = dict(keywords)
        found = {}
        for group in ("length", "every"):
            if any(s == group for s, _, _, _ in self.settings):
                time = {unit: keywords.pop(unit) for unit in ("steps", "epochs") if unit in keywords}
                if time:
                    found[group] = time
        return {**super().arguments(args, keywords), **found}


globals().update({_name: Schedule("schedule", _name, _doc, _settings, _name, __name__)
                  for _name, _doc, _settings in _core._rows("schedule")})
