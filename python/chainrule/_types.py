"""Types for annotations."""
from typing import Any, Sequence, Tuple, Union

import numpy as np

from ._core import Tensor

Scalar = Union[int, float, bool]
ArrayLike = Union[Tensor, np.ndarray, Scalar, Sequence[Any]]
Axes = Union[None, int, Sequence[int]]
DTypeLike = Any
ShapeLike = Union[int, Sequence[int]]
KeyLike = Union[int, Tuple[int, ...]]
Spatial = Union[int, Sequence[int]]
Padding = Union[int, str, Sequence[Any]]
Reduction = str
