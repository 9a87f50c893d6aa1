"""NumPy's names and what NumPy does with its arguments."""
import math

import chainrule as cr
import numpy as np
import pytest
from chainrule import _numpy, array_api

A = np.random.default_rng(3).normal(size=(2, 3, 4))


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "any", "all", "var", "std"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [(), None, (0, 2), [1]])
def test_axes_of_reductions(name, keepdims, axis):
    wanted = getattr(np, name)(A, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)
    got = getattr(cr, name)(A, axis=axis, keepdims=keepdims)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
    if axis == ():
        np.testing.assert_allclose(getattr(cr.tensor(A), name)((), keepdims), wanted, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "nansum", "mean", "trace", "count_nonzero"])
def test_sums_of_all_dtypes(name, dtype):
    """NumPy's dtypes, but for what the package does not have: float16 is computed as float32, and uint64 is int64."""
    highest = {"uint8": 256, "bool": 2}.get(dtype, 4)
    a = np.random.default_rng(1).integers(0, highest, size=(20, 20)).astype(dtype)
    a = a[:2, :4] + np.ones(1, dtype) if "prod" in name and dtype != "bool" else a  # within the dtype's range
    wanted = np.asarray(getattr(np, name)(a.astype("float64") if dtype == "float16" else a))
    got = getattr(cr, name)(a)
    assert got.dtype == {"float16": "float32" if wanted.dtype == "float64" else wanted.dtype}.get(
        dtype, "int64" if wanted.dtype == "uint64" else wanted.dtype)
    np.testing.assert_allclose(np.asarray(got, float), wanted.astype(float), rtol=1e-6)
    if name in ("sum", "prod") and dtype not in ("float16", "int32"):
        of_standard = getattr(array_api, name)(cr.tensor(a))
        assert of_standard.dtype == got.dtype and of_standard.tolist() == got.tolist()


def test_no_axis_of_others():
    np.testing.assert_array_equal(cr.squeeze(A[:1], ()), A[:1])
    np.testing.assert_array_equal(cr.flip(A, ()), A)
    np.testing.assert_array_equal(cr.expand_dims(A, ()), A)
    np.testing.assert_allclose(cr.logsumexp(A, ()), A, rtol=1e-12)
    np.testing.assert_allclose(cr.grad(lambda x: cr.sum(x, ()).sum())(A), np.ones_like(A))


def test_an_axis_of_none_means_all_elements():
    np.testing.assert_array_equal(cr.concatenate([A, A[0]], axis=None), np.concatenate([A, A[0]], axis=None))
    np.testing.assert_array_equal(cr.sort(A, axis=None), np.sort(A, axis=None))
    np.testing.assert_array_equal(cr.argsort(A, None), np.argsort(A, None))
    np.testing.assert_array_equal(cr.sort(A), np.sort(A))
    np.testing.assert_array_equal(cr.sort(A, 0), np.sort(A, 0))
    for name in ("cumsum", "argmax", "argmin"):
        np.testing.assert_allclose(getattr(cr, name)(A, axis=None), getattr(np, name)(A, axis=None))
    np.testing.assert_array_equal(cr.roll(A, 2, axis=None), np.roll(A, 2, axis=None))
    np.testing.assert_array_equal(cr.take(A, [3], axis=None), np.take(A, [3], axis=None))
    for call in (lambda: cr.softmax(A, axis=None), lambda: cr.stack([A, A], axis=None), lambda: cr.topk(A, 1, axis=None)):
        with pytest.raises(TypeError, match="axis must be an integer, not NoneType"):
            call()


@pytest.mark.parametrize("arguments", [{}, {"offset": 1}, {"offset": -1}, {"axis1": 1, "axis2": 2}, {"axis1": -1, "axis2": 0},
                                       {"offset": 2, "axis1": 2, "axis2": 1}, {"offset": 9}])
def test_trace_and_diagonal(arguments):
    for array in (A, A[0], np.arange(6).reshape(3, 2)):
        if max(arguments.get("axis1", 0), arguments.get("axis2", 1)) >= array.ndim:
            continue
        np.testing.assert_array_equal(cr.diagonal(array, **arguments), np.diagonal(array, **arguments))
        np.testing.assert_allclose(cr.trace(array, **arguments), np.trace(array, **arguments))
        np.testing.assert_allclose(cr.tensor(array).trace(**arguments), np.trace(array, **arguments))


kCalls = {
    "isnan": [([1.0, np.nan],)], "isinf": [([1.0, np.inf, -np.inf],), ([1, 2],)], "isfinite": [([1.0, np.inf, np.nan],), ([1],)],
    "array": [([1.0, 2],)], "asarray": [(A,)], "full_like": [(A, 3.5), (np.arange(3), 2)], "log2": [(abs(A),)],
    "log10": [(abs(A),)], "exp2": [(A,)], "hstack": [([A, A],), ([A[0, 0], A[0, 1]],)], "vstack": [([A, A],), ([A[0, 0], A[0, 1]],)],
    "row_stack": [([A[0], A[1]],)], "dstack": [([A[0], A[1]],), ([A[0, 0], A[0, 1]],)], "column_stack": [([A[0, 0], A[0].T[:, :2]],)],
    "repeat": [(A, 2), (A, 2, 1), (A, [1, 2, 0], 1)], "ravel": [(A,)], "diag": [(A[0],), (A[0], 1), (A[0, 0],), (A[0, 0], -2)],
    "trunc": [(A * 3,), (np.arange(3),)], "fix": [(A * 3,)], "rint": [(A * 3,)], "positive": [(A,)], "hypot": [(A, A + 1)],
    "cbrt": [(A,)], "logaddexp": [(A, A[0])], "deg2rad": [(A,)], "rad2deg": [(A,)], "radians": [(A,)], "degrees": [(A,)],
    "copysign": [(A, A[::-1]), (A, np.array([0.0, -0.0, 1, -1]))], "heaviside": [(np.array([-1.0, 0, 2]), 0.5)], "sinc": [(A,), (np.array([0.0, 1e-5, 1]),)],
    "nan_to_num": [(np.array([np.nan, np.inf, -np.inf, 1]),), (np.array([np.nan, 1]), True, 3.0)], "meshgrid": [(A[0, 0], A[0, :, 0])],
    "isclose": [(A, A + 1e-9)], "nonzero": [(A > 0,)], "argwhere": [(A > 0,)], "count_nonzero": [(A > 0,), (A > 0, 1)],
    "unique": [(np.array([3, 1, 3, 2]),), (np.array([3, 1, 3, 2]), True, True, True), (np.array([[1, 2], [1, 2], [0, 5]]), False, False, True, 0)], "identity": [(3,)], "empty_like": [], "rollaxis": [(A, 2), (A, 0, 3)],
    "matrix_transpose": [], "permute_dims": [], "atleast_1d": [(np.float64(2),)], "atleast_2d": [(A[0, 0],)],
    "broadcast_arrays": [(A, A[0])], "append": [(A, A[0]), (A, A, 1)], "fliplr": [(A,)], "flipud": [(A,)],
    "array_split": [(A[0, 0], 3), (A, [1, 2], 2)], "rot90": [(A[0],), (A, 3, (1, 2)), (A, -1)], "diff": [(A,), (A, 2, 1), (A, 1, 1, A[:, :1]), (A, 1, -1, 0.5, 1.5), (A > 0,)],
    "cumprod": [(A,), (A, 2), (np.arange(1, 6),)], "average": [(A,), (A, 1, np.array([1.0, 2, 3])), (A, None, abs(A))],
    "ptp": [(A,), (A, 1)], "median": [(A,), (A, 1), (A, 2), (A, (0, 2))], "quantile": [(A, 0.3), (A, 0.3, 1), (A, [0.1, 1], 1), (A, np.array([[0.1], [0.7]]), (0, 1))], "percentile": [(A, 25, 0), (A, (25, 75))],
    "nansum": [(np.array([1, np.nan]),)], "nanmean": [(np.array([1, np.nan, 3]),)], "inner": [(A, A), (A[0, 0], A[0, 1])],
    "vdot": [(A, A)], "tensordot": [(A[0], A[0].T, 1), (A, A, 3), (A, A, ([0, 2], [0, 2])), (A, A[0].T, ([2], [0])), (A, A, 0)],
    "kron": [(A[0], A[1]), (A[0, 0], A[0])], "cross": [(A[..., :3], A[::-1, :, :3]), (A[..., :2], A[::-1, :, :3]), (A[..., :2], A[::-1, :, :2]), (A, A[::-1], 1, 1, 0), (A, A[::-1], -1, -1, -1, 1)], "bincount": [(np.array([1, 3, 1]),), (np.array([1, 3, 1]), np.array([0.5, 2, 3])), (np.array([1, 3]), None, 7)],
    "searchsorted": [(np.array([1.0, 2, 3]), np.array([2.0, 9]))], "trapz": [(A,), (A, A[0, 0] * 2), (A, None, 0.5, 1)],
    "logspace": [(0, 2, 4), (0, 2, 4, False, 2.0)], "array_equal": [(A, A), (A, A[0]), (np.array([np.nan]), np.array([np.nan])), (np.array([np.nan]), np.array([np.nan]), True)], "allclose": [(A, A + 1e-9), (A, A + 1)], "empty": [],
    "concatenate": [([A, A], 1)], "where": [(A > 0,), (A > 0, A, 0.0)],
    "linspace": [(0, 1, 5), (0, 1, 5, False), (1, 0, 0), (2, 2, 1), (0, 1, 5, True, True), (A[0], A[1], 3), (A[0], A[1], 3, True, False, None, 1)],
    "geomspace": [(1, 1000, 4), (1, 16, 4, False), (abs(A[0]) + 1, abs(A[1]) + 1, 3), (-abs(A[0]) - 1, -abs(A[1]) - 1, 3, False)], "eye": [(3,), (2, 3), (3, 3, 1), (3, 4, -1)], "tri": [(3,), (2, 4, 1), (3, 2, -1)],
    "tril_indices": [(3,), (3, 1, 4)], "triu_indices": [(3,), (3, -1, 4)], "diagflat": [(A[0, :2, :2],), (A[0, 0], 1)],
    "vander": [(A[0, 0],), (A[0, 0], 2), (A[0, 0], 3, True), (A[0, 0], 0)], "polyval": [(A[0, 0], A), (np.array([1, 2]), 3)],
    "broadcast_shapes": [((3, 1), (4,))], "unravel_index": [(np.array([5, 7]), (3, 4)), (5, (3, 4))],
    "ravel_multi_index": [((np.array([1, 2]), np.array([3, 0])), (3, 4))], "shape": [(A,)], "ndim": [(A,)], "size": [(A,), (A, 1)],
    "flatnonzero": [(A > 0,)], "isin": [(np.arange(6).reshape(2, 3), np.array([1, 5])), (np.arange(6), [2], False, True)],
    "in1d": [(np.arange(6), np.array([1, 5]))], "union1d": [(np.array([3, 1]), np.array([1, 7]))],
    "intersect1d": [(np.array([3, 1, 3]), np.array([1, 3]))], "setdiff1d": [(np.array([3, 1, 2]), np.array([1]))],
    "digitize": [(A, np.array([-1.0, 0, 1])), (A, np.array([1.0, 0]), True)], "histogram": [(A,), (A, 4), (A, np.array([-1.0, 0, 0.5])),
        (A, 5, (-1, 1)), (A, 5, None, True), (A, 4, None, False, A * A), (np.array([1, 2, 2, 5]), 4)],
    "interp": [(A, np.array([-1.0, 0, 1]), np.array([3.0, 5, -2])), (A, np.array([-1.0, 0, 1]), np.array([3.0, 5, -2]), -9.0, 9.0), (0.5, [0.0, 1], [1.0, 3])],
    "delete": [(A, 1), (A, [0, 2], 1), (A, slice(1, 3), 2), (A[0], np.array([True, False, True]), 0)],
    "isposinf": [(np.array([np.inf, -np.inf, 1, np.nan]),)], "isneginf": [(np.array([np.inf, -np.inf, 1, np.nan]),), (np.arange(3),)],
    "fabs": [(A,), (np.arange(-2, 2),)], "float_power": [(abs(A), A), (np.arange(1, 4), 2)],
    "fmax": [(np.array([1, np.nan, 3]), np.array([2, 5, np.nan])), (A, 0.0)], "fmin": [(np.array([1, np.nan, 3]), np.array([2, 5, np.nan])), (A, 0.0)],
    "divmod": [(A, 0.7), (np.arange(-5, 5), 3)], "modf": [(A * 3,), (np.array([np.inf, -np.inf, 2.0]),)], "signbit": [(np.array([-0.0, 0.0, -1, 2]),), (np.arange(-2, 2),)],
    "logaddexp2": [(A, A[0])], "atleast_3d": [(A,), (A[0],), (A[0, 0],), (3.0,)], "hsplit": [(A, 3), (A[0, 0], [1])], "vsplit": [(A, 2)],
    "dsplit": [(A, 2), (A, [1, 3])], "roll": [(A, 1), (A, -2, 1), (A, (1, 2), (0, 2)), (A, 1, (0, 1))],
    "convolve": [(A[0, 0], A[0, 1, :2], mode) for mode in ("full", "same", "valid")] + [(A[0, 0, :3], A[0, 1], "same"), (np.arange(4), np.array([1, 2]))],
    "correlate": [(A[0, 0], A[0, 1, :2], mode) for mode in ("full", "same", "valid")] + [(A[0, 0, :3], A[0, 1], mode) for mode in ("full", "same", "valid")],
    "cov": [(A[0],), (A[0], A[1]), (A[0], None, False), (A[0], None, True, True), (A[0, 0],), (A[0, 0], A[0, 1], True, False, 2)],
    "corrcoef": [(A[0],), (A[0, 0], A[0, 1]), (A[0], None, False), (A[0, 0],)], "nanmax": [(np.array([[1, np.nan], [3, 2]]), 0), (np.arange(3),)],
    "nanmin": [(np.array([[1, np.nan], [3, 2]]), 1)], "nanprod": [(np.array([2, np.nan, 3]),)], "nanvar": [(np.array([[1, np.nan], [3, 2]]), 0), (A, 1)],
    "nanstd": [(np.array([2, np.nan, 3]),), (A, (0, 2))], "trapezoid": [], "around": [(A, 1)],
}


def test_each_name_is_tried():
    functions = {name for name in _numpy.__all__ if callable(getattr(_numpy, name))}
    assert functions <= set(kCalls), functions - set(kCalls)
    assert all(getattr(cr, name) is getattr(_numpy, name) for name in _numpy.__all__)
    assert cr.pi == math.pi and cr.newaxis is None and cr.inf == math.inf
    for name in functions:
        assert getattr(_numpy, name).__doc__ or name in ("array",), name


@pytest.mark.parametrize("name", kCalls)
def test_names_of_numpy(name):
    for given in kCalls[name]:
        got, wanted = getattr(cr, name)(*given), getattr(np, name)(*given)
        if not isinstance(wanted, (list, tuple)):
            got, wanted = [got], [wanted]
        assert len(got) == len(wanted)
        for g, w in zip(got, wanted):
            tolerance = 1e-5 if getattr(g, "dtype", None) == np.float32 else 1e-12
            assert np.shape(g) == np.shape(w), given
            np.testing.assert_allclose(np.asarray(g, float), np.asarray(w, float), rtol=tolerance, atol=tolerance)


kGradients = [lambda x: cr.log2(x * x + 1), lambda x: cr.hstack([x, x * 2]), lambda x: cr.vstack([x, x]) ** 2,
              lambda x: cr.repeat(x, 3, 1) ** 2, lambda x: cr.diag(x[0]) * 2 + cr.diag(x[0], 0), lambda x: cr.trace(x) ** 2,
              lambda x: cr.tensordot(x, x, 2), lambda x: cr.kron(x, x), lambda x: cr.cumprod(x), lambda x: cr.sinc(x),
              lambda x: cr.median(x, 1), lambda x: cr.logaddexp(x, 2 * x), lambda x: cr.diff(x) ** 2, lambda x: cr.cross(x, x * x + 1),
              lambda x: cr.hypot(x, 1.0), lambda x: cr.trapz(x ** 2), lambda x: cr.meshgrid(x, x)[0] ** 2, lambda x: cr.cbrt(x + 5),
              lambda x: cr.interp(x, x[0] * 0 + np.array([-2.0, 0, 2]), x[1]), lambda x: cr.quantile(x, [0.2, 0.9]), lambda x: cr.diff(x, 1, 0, 2 * x),
              lambda x: cr.convolve(x[0], x[1]), lambda x: cr.correlate(x[0], x[1], "same"), lambda x: cr.cov(x) ** 2, lambda x: cr.corrcoef(x) ** 3,
              lambda x: cr.bincount(np.array([1, 0, 1]), x[0]) ** 2, lambda x: cr.histogram(np.array([1.0, 2, 2]), 2, weights=x[1] ** 2)[0],
              lambda x: cr.linspace(x[0], x[1], 4) ** 2, lambda x: cr.copysign(x, -x[0]), lambda x: cr.geomspace(x[0] ** 2 + 1, 3.0, 4), lambda x: cr.logspace(x[0], x[1], 3), lambda x: cr.polyval(x[0], x[1]), lambda x: cr.vander(x[0]), lambda x: cr.roll(x, (1, 1), (0, 1)) * x,
              lambda x: cr.cosine_similarity(x[0], x[1]), lambda x: cr.nanvar(x), lambda x: cr.nanstd(x), lambda x: cr.logaddexp2(x, 1.0), lambda x: cr.where(x > 0, x * x, -x)]


@pytest.mark.parametrize("f", kGradients)
def test_composed_functions_have_gradients(f):
    assert cr.grad_check(lambda x: f(x).sum(), A[0, :, :3], all_entries=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_tiny_and_huge_numbers(dtype):
    for size in (1e-30, 1e-20, 1e20, 1e30):
        x = np.array([3.0, -4.0], dtype) * np.array(size, dtype)
        np.testing.assert_allclose(cr.hypot(x[0], x[1]), np.hypot(x[0], x[1]), rtol=1e-6)
        np.testing.assert_allclose(cr.grad(lambda x: cr.hypot(x[0], x[1]))(x), [0.6, -0.8], rtol=1e-6)
    assert cr.hypot(np.inf, np.nan).item() == np.inf and cr.grad(lambda x: cr.hypot(x, 0.0))(0.0) == 0
    assert cr.grad(cr.nanstd)(np.full(2, 2, dtype)).tolist() == [0, 0]
    # sinc'(x) = -pi^2 x / 3 (1 - (pi x)^2 / 10 (1 - (pi x)^2 / 28)) near 0, where differences of near numbers have no digits
    x = np.array([0.0, 1e-6, 1e-4, -1e-3, 0.01, 0.1], dtype)
    s = (np.pi * x.astype(float)) ** 2
    slope = -np.pi**2 * x / 3 * (1 - s / 10 * (1 - s / 28 * (1 - s / 54)))
    np.testing.assert_allclose(cr.grad(lambda x: cr.sinc(x).sum())(x), slope, rtol=1e-5 if dtype == "float32" else 1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_powers_and_their_exponents_are_exact(dtype):
    n = np.arange(-30, 31).astype(dtype)
    for values in (cr.exp2(n), np.exp2(n)):
        np.testing.assert_array_equal(values, [2.0**k for k in range(-30, 31)])
    np.testing.assert_array_equal(cr.log2(np.exp2(n)), n)
    tens = np.array([10.0**k for k in range(11)], dtype)
    np.testing.assert_array_equal(cr.log10(tens), np.arange(11))
    np.testing.assert_array_equal(cr.log2(np.array([0, np.inf], dtype)), [-np.inf, np.inf])
    assert cr.isnan(cr.log2(np.array([-1.0, np.nan], dtype))).all()
    np.testing.assert_allclose(cr.grad(lambda x: cr.log2(x).sum())(np.array([8.0, 3], dtype)), 1 / (np.array([8, 3]) * np.log(2)), rtol=1e-6)
    assert cr.grad(cr.grad(cr.log10))(100.0) == pytest.approx(-1e-4 / np.log(10))


def test_array_api_of_integers():
    two, three = array_api.asarray([2, 3]), array_api.asarray([3, 39])
    power = array_api.pow(two, three)
    assert power.dtype == np.int64 and power.tolist() == [8, 3**39]
    assert (array_api.pow(two, 2)).dtype == np.int64 and array_api.pow(two.astype("f64"), 2).dtype == np.float64
    for name in ("sum", "prod"):
        f = getattr(array_api, name)
        assert f(two).dtype == f(two.astype("u8")).dtype == np.int64 and f(two.astype("f32")).dtype == np.float32
        assert f(two, dtype=np.float64).dtype == np.float64 and f(two, axis=(), keepdims=True).shape == (2,)


def _own(name):
    """An elementwise function of somebody else's, of the name of one here."""
    class Named:
        __name__ = name
    return lambda t: Named if t.__array_ufunc__(Named, "__call__", t) is not NotImplemented else np.frexp(t)


def test_numpys_own_elementwise_functions_take_tensors():
    """np.exp of a tensor is that of the library, so that it has a gradient; what the library lacks is a TypeError."""
    x = np.array([0.25, 0.5, 0.75])
    known = 0
    for name, f in vars(np).items():
        if not isinstance(f, np.ufunc) or f.nout > 1 or f.signature or not hasattr(cr, name):
            continue
        try:
            wanted = f(*[x] * f.nin)
        except TypeError:  # of integers or dates alone
            continue
        known += 1
        np.testing.assert_allclose(f(*[cr.tensor(x)] * f.nin), wanted, rtol=1e-12, err_msg=name)
        if f.nin == 2:
            for both in ((x, cr.tensor(x)), (cr.tensor(x), x)):
                got = f(*both)
                assert isinstance(got, cr.Tensor), name
                np.testing.assert_allclose(got, wanted, rtol=1e-12, err_msg=name)
    assert known > 60
    assert cr.grad_check(lambda x: np.sum(np.exp(x) * np.sqrt(x) + np.hypot(x, 1.0)), x)
    for wrong in (lambda t: np.frexp(t), lambda t: np.add.reduce(t), lambda t: np.add(x, t, out=np.zeros(3)), lambda t: np.exp(t, dtype="f4"), _own("grad"), _own("exp")):
        with pytest.raises(TypeError):
            wrong(cr.tensor(x))
    total = np.zeros(3)
    total += cr.tensor(x)
    assert isinstance(total, cr.Tensor) and (np.float32(2) * cr.tensor([1.0])).dtype == "float32"
