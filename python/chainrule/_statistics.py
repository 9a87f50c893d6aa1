"""NumPy's functions of many elements at once: means, medians, quantiles. A part of _numpy."""
import numpy as np

from . import _core
from ._core import Tensor
from ._numpy import _axis, _beside, _real, asarray, inf, nan


def average(x, axis=None, weights=None) -> Tensor:
    """The mean, of weighted elements."""
    if weights is None:
        return _core.mean(x, axis)
    x, weights = map(_real, _beside(x, weights))
    if weights.shape != x.shape:
        if axis is None or weights.ndim != 1:
            raise ValueError(f"weights have shape {weights.shape}, x {x.shape}; need the same, or a vector and the axis")
        weights = _core.reshape(weights, [s if i == _axis(axis, x.ndim) else 1 for i, s in enumerate(x.shape)])
        weights = _core.broadcast_to(weights, x.shape)
    return _core.sum(x * weights, axis) / _core.sum(weights, axis)


def ptp(x, axis=None, keepdims: bool = False) -> Tensor:
    """The largest element less the smallest."""
    return _core.max(x, axis, keepdims) - _core.min(x, axis, keepdims)


def quantile(x, q, axis=None, keepdims: bool = False) -> Tensor:
    """The element below which a share q of the sorted elements lies, between two of them by a straight line; NaN if one
    of them is. Of several shares, a first axis of results."""
    return _quantiles(x, q, 1, axis, keepdims)


def percentile(x, q, axis=None, keepdims: bool = False) -> Tensor:
    """As quantile, with q from 0 to 100."""
    return _quantiles(x, q, 100, axis, keepdims)


def _quantiles(x, q, most: int, axis, keepdims: bool) -> Tensor:
    q = np.asarray(_core.stop_gradient(q) if isinstance(q, Tensor) else q)
    if q.dtype.kind not in "iuf":
        raise TypeError(f"q must be a number or an array of them, not of {q.dtype}")
    if q.size and not (0 <= q.min() and q.max() <= most):
        raise ValueError(f"q is {q}; need {'numbers' if q.ndim else 'a number'} from 0 to {most}")
    x = _real(x)
    found = [_core.quantile(x, each / most, axis, keepdims) for each in q.ravel().tolist()]
    if q.ndim == 0:
        return found[0]
    if not found:
        raise ValueError("q has no elements; need a number or several")
    return _core.reshape(_core.stack(found), (*q.shape, *found[0].shape))


def nansum(x, axis=None, keepdims: bool = False) -> Tensor:
    """The sum of what is not NaN."""
    return _core.sum(_core.where(_core.isnan(x), 0, x), axis, keepdims)


def nanmean(x, axis=None, keepdims: bool = False) -> Tensor:
    """The mean of what is not NaN."""
    return nansum(x, axis, keepdims) / _core.sum(_core.logical_not(_core.isnan(x)), axis, keepdims)


def nanprod(x, axis=None, keepdims: bool = False) -> Tensor:
    """The product of what is not NaN."""
    return _core.prod(_core.where(_core.isnan(x), 1, x), axis, keepdims)


def _nan_extreme(extreme, last, x, axis, keepdims: bool) -> Tensor:
    x = asarray(x)
    if x.dtype.kind != "f":
        return extreme(x, axis, keepdims)
    is_nan = _core.isnan(x)
    found = extreme(_core.where(is_nan, last, x), axis, keepdims)
    return _core.where(_core.all(is_nan, axis, keepdims), nan, found)


def nanmax(x, axis=None, keepdims: bool = False) -> Tensor:
    """The largest of what is not NaN; NaN if nothing else is there."""
    return _nan_extreme(_core.max, -inf, x, axis, keepdims)


def nanmin(x, axis=None, keepdims: bool = False) -> Tensor:
    """The smallest of what is not NaN; NaN if nothing else is there."""
    return _nan_extreme(_core.min, inf, x, axis, keepdims)


def _of_nan_deviations(size, share, x, axis, keepdims: bool, ddof: int) -> Tensor:
    """What `size` makes of the numbers less their mean, those that are NaN left out, over `share` of how many they are."""
    x = _real(x)
    is_nan = _core.isnan(x)
    count = _core.sum(_core.logical_not(is_nan), axis, keepdims)
    is_enough = _core.greater(count, ddof)
    found = size(_core.where(is_nan, 0, x - nanmean(x, axis, True)))
    return _core.where(is_enough, found / share(_core.where(is_enough, count - ddof, 1)), nan)


def nanvar(x, axis=None, keepdims: bool = False, ddof: int = 0) -> Tensor:
    """The variance of what is not NaN."""
    return _of_nan_deviations(lambda d: _core.sum(_core.square(d), axis, keepdims), lambda n: n, x, axis, keepdims, ddof)


def nanstd(x, axis=None, keepdims: bool = False, ddof: int = 0) -> Tensor:
    """The standard deviation of what is not NaN."""
    return _of_nan_deviations(lambda d: _core.norm(d, 2, axis, keepdims), lambda n: _core.sqrt(_core.cast(n, _real(x).dtype)),
                              x, axis, keepdims, ddof)


def cov(x, y=None, rowvar: bool = True, bias: bool = False, ddof=None) -> Tensor:
    """The covariances of variables, one a row of x (or a column without `rowvar`), and those of y behind them: divided by
    the number of observations less one, or with `bias` by their number, or by that less `ddof`."""
    parts = [_real(x)] if y is None else [_real(each) for each in _beside(x, y)]
    rows = []
    for each in parts:
        if each.ndim > 2:
            raise ValueError(f"x has {each.ndim} axes; need a vector or a matrix")
        rows.append(_core.reshape(each, (1, each.size)) if each.ndim < 2 else each if rowvar else each.T)
    table = _core.concatenate(rows, 0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    near = table - _core.mean(table, 1, True)
    found = _core.matmul(near, near.T) / max(table.shape[1] - ddof, 0)
    return _core.squeeze(found)


def corrcoef(x, y=None, rowvar: bool = True) -> Tensor:
    """The correlations of variables, as cov has them: from -1 to 1."""
    found = cov(x, y, rowvar)
    if found.ndim == 0:
        return found / found
    deviations = _core.sqrt(_core.diagonal(found))
    return _core.clip(found / _core.expand_dims(deviations, 1) / deviations, -1, 1)
