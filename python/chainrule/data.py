"""Data sets, and what is done to rows.

    (x_train, t_train), (x_test, t_test) = data.load("mnist")
"""
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from . import _core
from ._convert import path_of
from ._core import Tensor
from ._rows import makers

transforms = makers("transform", __name__ + ".transforms")


class Dataset(NamedTuple):
    """Two parts, each (x, t): images (rows, channels, height, width) from 0 to 1, and class numbers."""
    train: Tuple[Tensor, Tensor]
    test: Tuple[Tensor, Tensor]


def load(name: str, folder="", flat: bool = False) -> Dataset:
    """A data set by name ("digits", "mnist", "fashion-mnist", "cifar10", ...), or from a folder with its files.

    "digits" is drawn by the program and needs no file. Others are looked for in `folder` and CHAINRULE_DATA_DIR.
    """
    x, t, x_test, t_test, _ = _core._load_data(str(name), path_of(folder or "", "folder"), flat)
    return Dataset((x, t), (x_test, t_test))


def known_sets() -> List[str]:
    """The names that load knows."""
    return _core._known_sets()


def split(x, t, share: float = 0.8, seed: int = 0):
    """Rows in two parts by chance: (x_train, t_train), (x_test, t_test), as arrays."""
    x, t = np.asarray(x), np.asarray(t)
    order = np.asarray(_core.permutation(len(x), seed))
    first = np.sort(order[:round(share * len(x))])
    second = np.sort(order[round(share * len(x)):])
    return (x[first], t[first]), (x[second], t[second])


class Scaler:
    """Numbers of a size that nets learn well from, and back. Fit it on the rows to learn from alone.

        scaler = data.Standardize().fit(x, t)              # t as well: for regression
        cr.fit(net, scaler.transform(x), scaler.transform_target(t))
        scaler.inverse_target(net.predict(scaler.transform(x_new)))
        cr.save("net.safetensors", net, scaler=scaler)     # then cr.load("net.safetensors").predict(x_new)

    `per` is "feature" (each number of a row by itself), "channel" (each colour of an image) or "column" (all alike).
    """
    _kind, _low, _high = "standardize", 0.0, 1.0

    def __init__(self, per: str = "feature"):
        self.per, self._fitted, self._dtype = per, None, None

    def fit(self, x, t=None):
        """Measures rows; with targets, these as well."""
        columns = [_core.tensor(x), _core.tensor(t if t is not None else np.zeros(len(x), np.float32))]
        self._fitted = _core._fit_scaler(self._kind, columns, t is not None, self.per, self._low, self._high)
        return self

    def fit_transform(self, x, t=None):
        return self.fit(x, t).transform(x)

    def transform(self, x):
        """Inputs, scaled: an array for an array, a tensor for a tensor."""
        return self._scale("inputs", x)

    def inverse_transform(self, x):
        """Scaled inputs in their own units."""
        return self._scale("inputs back", x)

    def transform_target(self, t):
        """Targets, scaled; as they are if it was fitted without."""
        return self._scale("target", t)

    def inverse_target(self, t):
        """What a net says, in the units of the targets."""
        return self._scale("target back", t)

    def layers(self):
        """The same as two layers, before and after a net; None where there is nothing to do."""
        return _core._scaling_layers(self._checked())

    @property
    def settings(self) -> dict:
        """What was measured."""
        return self._checked().settings

    def _checked(self):
        if self._fitted is None:
            raise ValueError(f"{type(self).__name__} has measured nothing yet: call fit(x) first")
        return self._fitted

    def _scale(self, what, x):
        scaled = _core._scale(self._checked(), what, _core.tensor(x))
        return scaled if isinstance(x, Tensor) else np.asarray(scaled)

    def __repr__(self):
        return f"{type(self).__name__}(per={self.per!r})" + ("" if self._fitted is not None else ", not fitted")


class Standardize(Scaler):
    """To mean 0 and standard deviation 1. What was constant becomes 0."""


class MinMax(Scaler):
    """To the range from low to high. What was constant becomes `low`."""
    _kind = "min_max"

    def __init__(self, low: float = 0.0, high: float = 1.0, per: str = "feature"):
        super().__init__(per)
        self._low, self._high = low, high


def batches(x, t, batch_size: int = 100, seed: int = 0, epochs: int = 1):
    """Rows in random order, so many at a time: an iterator of (x, t)."""
    x, t = np.asarray(x), np.asarray(t)
    for epoch in range(epochs):
        order = np.asarray(_core.permutation(len(x), (seed, 1000, epoch)))
        for begin in range(0, len(x), batch_size):
            rows = order[begin:begin + batch_size]
            yield _core.tensor(x[rows]), _core.tensor(t[rows])


class Alphabet:
    """The symbols of a text, each a character, numbered from 0.

        alphabet = data.Alphabet.of(text)
        x, t = data.windows(text, alphabet, 64)
        net = nn.CharGpt(vocabulary=len(alphabet))
        cr.fit(net, x, t, loss="softmax_cross_entropy(class_axis=-1)")
        alphabet.decode(nn.generate(net, alphabet.encode("ROMEO:"), 500))

    `cr.save(path, net, alphabet.symbols)` keeps it with the net: `data.Alphabet(cr.load(path).classes)`.
    """

    def __init__(self, symbols: Sequence[str]):
        self.symbols = _symbols(symbols)
        _core._encode(self.symbols, "")  # checks them

    @classmethod
    def of(cls, text: str) -> "Alphabet":
        """The characters of a text, in the order of their code points."""
        return cls(_core._symbols_of(text))

    def encode(self, text: str) -> List[int]:
        """A number for each character."""
        return _core._encode(self.symbols, text)

    def decode(self, numbers) -> str:
        """The characters of numbers."""
        return _core._decode(self.symbols, [int(each) for each in np.asarray(numbers, np.int64).ravel()])

    def __len__(self) -> int:
        return len(self.symbols)

    def __repr__(self):
        return f"Alphabet({''.join(self.symbols)!r})"


def _symbols(symbols) -> List[str]:
    if not isinstance(symbols, (str, list, tuple)) or not all(isinstance(each, str) for each in symbols):
        raise TypeError(f"symbols must be a text or a list of texts, not {type(symbols).__name__}")
    return list(symbols)


def _alphabet(alphabet) -> List[str]:
    if not isinstance(alphabet, Alphabet):
        raise TypeError(f"alphabet must be an Alphabet, not {type(alphabet).__name__}")
    return alphabet.symbols


def windows(text: str, alphabet: Alphabet, length: int = 64, stride: int = 1) -> Tuple[Tensor, Tensor]:
    """Parts of a text, for nets that predict the next character: x, (rows, length) numbers, and t, the same one character
    further on; from the start of one row to that of the next are `stride` characters."""
    return _core._windows(text, _alphabet(alphabet), length, stride)


def lines(text: str, alphabet: Alphabet, length: int = 0) -> Tuple[Tensor, Tensor]:
    """The lines of a text, a row each: x begins with a line end, t is one character further on, and -1 behind its end, for
    loss="softmax_cross_entropy(ignored=[-1], class_axis=-1)". `length` 0: as long as the longest line."""
    return _core._lines(text, _alphabet(alphabet), length)
