"""Data sets, and what is done to rows.

    (x_train, t_train), (x_test, t_test) = data.load("mnist")
"""
from typing import List, NamedTuple, Tuple

import numpy as np

from . import _core
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
    x, t, x_test, t_test, _ = _core._load_data(str(name), str(folder), flat)
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


def batches(x, t, batch_size: int = 100, seed: int = 0, epochs: int = 1):
    """Rows in random order, so many at a time: an iterator of (x, t)."""
    x, t = np.asarray(x), np.asarray(t)
    for epoch in range(epochs):
        order = np.asarray(_core.permutation(len(x), (seed, 1000, epoch)))
        for begin in range(0, len(x), batch_size):
            rows = order[begin:begin + batch_size]
            yield _core.tensor(x[rows]), _core.tensor(t[rows])
