"""NumPy's functions of many elements at once: means, medians, quantiles. A part of _numpy."""
import math

import numpy as np

from . import _core
from ._core import Tensor
from ._numpy import _axis, _beside, _real, isfinite, isnan, nan, ravel


def average(x, axis=None, weights=None) -> Tensor:
    """The mean, of weighted elements."""
    if weights is None:
        return _core.mean(x, axis)
    x, weights = map(_real, _beside(x, weights))
    if weights.shape != x.shape:
        weights = _core.reshape(weights, [s if i == _axis(axis, x.ndim) else 1 for i, s in enumerate(x.shape)])
        weights = _core.broadcast_to(weights, x.shape)
    return _core.sum(x * weights, axis) / _core.sum(weights, axis)


def ptp(x, axis=None, keepdims: bool = False) -> Tensor:
    """The largest element less the smallest."""
    return _core.max(x, axis, keepdims) - _core.min(x, axis, keepdims)


def median(x, axis=None, keepdims: bool = False) -> Tensor:
    """The middle of the sorted elements, or the mean of two."""
    return quantile(x, 0.5, axis, keepdims)


def quantile(x, q: float, axis=None, keepdims: bool = False) -> Tensor:
    """The element below which a share q of the sorted elements lies, between two of them by a straight line; NaN if one
    of them is."""
    return _quantile(x, _share(q, 1), axis, keepdims)


def _share(q, most: int) -> float:
    if not isinstance(q, (int, float, np.number)):
        raise TypeError(f"q must be a number, not {type(q).__name__}")
    if not 0 <= q <= most:
        raise ValueError(f"q is {q}; need a number from 0 to {most}")
    return q / most


def _quantile(x, q: float, axis, keepdims: bool) -> Tensor:
    x = _real(x)
    ndim, is_flat = x.ndim, axis is None
    x, axis = (ravel(x), 0) if is_flat else (x, _axis(axis, ndim))
    if x.shape[axis] == 0:
        raise ValueError("there are no elements to take a quantile of")
    has_nan = _core.any(isnan(x), axis)
    x = _core.sort(x, axis)
    place = q * (x.shape[axis] - 1)
    low, high = math.floor(place), math.ceil(place)
    a, b = _core.select(x, low, axis), _core.select(x, high, axis)
    part = place - low
    found = a if part == 0 else _core.where(isfinite(b - a), a + (b - a) * part, a * (1 - part) + b * part)
    found = _core.where(has_nan, nan, found)
    if not keepdims:
        return found
    return _core.reshape(found, [1] * ndim) if is_flat else _core.expand_dims(found, axis)


def percentile(x, q: float, axis=None, keepdims: bool = False) -> Tensor:
    """As quantile, with q from 0 to 100."""
    return _quantile(x, _share(q, 100), axis, keepdims)


def nansum(x, axis=None, keepdims: bool = False) -> Tensor:
    """The sum of what is not NaN."""
    return _core.sum(_core.where(isnan(x), 0, x), axis, keepdims)


def nanmean(x, axis=None, keepdims: bool = False) -> Tensor:
    """The mean of what is not NaN."""
    return nansum(x, axis, keepdims) / _core.sum(_core.logical_not(isnan(x)), axis, keepdims)
