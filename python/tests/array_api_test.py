"""The array API standard, 2022.12: every name is there or among those left out, and gives what NumPy gives."""
import chainrule as cr
import numpy as np
import pytest
from chainrule import array_api as xp

# https://data-apis.org/array-api/2022.12, section by section
kNames = {
    "constants": "e inf nan newaxis pi",
    "creation": "arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril triu "
                "zeros zeros_like",
    "dtypes": "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128",
    "of dtypes": "astype broadcast_arrays broadcast_to can_cast finfo iinfo isdtype result_type",
    "elementwise": "abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or "
                   "bitwise_right_shift bitwise_xor ceil conj cos cosh divide equal exp expm1 floor floor_divide greater "
                   "greater_equal imag isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp logical_and "
                   "logical_not logical_or logical_xor multiply negative not_equal positive pow real remainder round sign "
                   "sin sinh square sqrt subtract tan tanh trunc",
    "linear algebra": "matmul matrix_transpose tensordot vecdot",
    "manipulation": "concat expand_dims flip permute_dims reshape roll squeeze stack",
    "searching": "argmax argmin nonzero where take",
    "sets": "unique_all unique_counts unique_inverse unique_values",
    "sorting": "argsort sort",
    "statistics": "max mean min prod std sum var all any",
}
# What NumPy 1.24 calls them.
kNumpy = dict(acos="arccos", acosh="arccosh", asin="arcsin", asinh="arcsinh", atan="arctan", atan2="arctan2",
              atanh="arctanh", bitwise_invert="invert", pow="power", concat="concatenate", permute_dims="transpose")


def test_every_name_is_there_or_left_out():
    left_out = {name for names in xp.left_out.values() for name in names}
    wanted = {name for names in kNames.values() for name in names.split()}
    assert {name for name in wanted if not hasattr(xp, name)} == left_out
    x = cr.ones((2, 3))
    assert x.__array_namespace__() is xp and x.mT.shape == (3, 2) and str(x.device) == "cpu" and x.to_device("cpu") is x
    with pytest.raises(ValueError, match="2022.12"):
        x.__array_namespace__(api_version="2030.01")


def inputs(name):
    rng = np.random.default_rng(len(name))
    small, whole, truth = rng.uniform(0.1, 0.9, (3, 4)), rng.integers(1, 9, (3, 4)), rng.integers(0, 2, (3, 4)) == 1
    if name.startswith("logical"):
        return truth, truth.T.reshape(3, 4)
    if name.startswith("bitwise"):
        return whole, whole[::-1].copy()
    if name == "acosh":
        return small + 1, small
    return small, rng.uniform(0.1, 0.9, (3, 4))


@pytest.mark.parametrize("name", [n for n in kNames["elementwise"].split() if hasattr(xp, n)])
def test_elementwise(name):
    theirs = getattr(np, kNumpy.get(name, name))
    given = inputs(name)[:theirs.nin if isinstance(theirs, np.ufunc) else 1]
    got, wanted = getattr(xp, name)(*map(cr.tensor, given)), theirs(*given)
    assert isinstance(got, cr.Tensor) and got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_numbers_that_are_none():
    x = cr.tensor([1.5, np.nan, np.inf, -np.inf, -1.5])
    for name in ("isnan", "isinf", "isfinite", "trunc"):
        np.testing.assert_array_equal(getattr(xp, name)(x), getattr(np, name)(np.asarray(x)))
    whole = cr.tensor([1, 2])
    assert not xp.isnan(whole).tolist()[0] and not xp.isinf(whole).tolist()[0] and xp.isfinite(whole).tolist() == [True, True]
    assert xp.bitwise_and(x > 0, x < 2).dtype == bool


@pytest.mark.parametrize("call", [
    lambda m, a, b: m.std(a, axis=0, **({"correction": 1} if m is xp else {"ddof": 1})),
    lambda m, a, b: m.var(a, axis=1, keepdims=True),
    lambda m, a, b: m.sum(a, axis=(0, 1)), lambda m, a, b: m.prod(a, axis=1), lambda m, a, b: m.any(a > 0.5, axis=0),
    lambda m, a, b: m.tensordot(a, b, axes=([0, 1], [0, 1])), lambda m, a, b: m.tensordot(a, b, axes=([-1], [1])),
    lambda m, a, b: m.tensordot(a[:2], b[:, :2], axes=0), lambda m, a, b: m.argsort(a, axis=0),
    lambda m, a, b: m.sort(a, axis=-1), lambda m, a, b: m.meshgrid(a[0], b[:, 0])[0],
    lambda m, a, b: m.meshgrid(a[0], b[:, 0], indexing="ij")[1], lambda m, a, b: m.broadcast_arrays(a, b[0])[1],
    lambda m, a, b: m.eye(3, 4, k=1), lambda m, a, b: m.full((2, 2), 3), lambda m, a, b: m.full_like(a, 2),
    lambda m, a, b: m.linspace(0, 1, 5, endpoint=False), lambda m, a, b: m.arange(1, 9, 3),
    lambda m, a, b: m.take(a, m.asarray([2, 0]), axis=1), lambda m, a, b: m.roll(a, 2, axis=1),
    lambda m, a, b: m.flip(a, axis=0), lambda m, a, b: m.nonzero(a > 0.5)[1],
    lambda m, a, b: m.where(a > b, a, b), lambda m, a, b: m.argmax(a, axis=1),
    lambda m, a, b: m.stack([a, b], axis=1), lambda m, a, b: m.expand_dims(a, axis=1), lambda m, a, b: m.matmul(a, b.T),
    lambda m, a, b: m.squeeze(a[:1], axis=0), lambda m, a, b: m.triu(a, k=1), lambda m, a, b: m.reshape(a, (2, -1)),
])
def test_other_functions(call):
    a, b = np.random.default_rng(3).uniform(0.1, 0.9, (2, 3, 4))
    got, wanted = call(xp, cr.tensor(a), cr.tensor(b)), call(np, a, b)
    assert tuple(got.shape) == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=1e-6)


def test_what_numpy_1_does_not_have():
    a = np.random.default_rng(4).normal(size=(2, 3, 4))
    x = cr.tensor(a)
    np.testing.assert_array_equal(xp.matrix_transpose(x), a.swapaxes(1, 2))
    np.testing.assert_array_equal(xp.permute_dims(x, (2, 0, 1)), a.transpose(2, 0, 1))
    np.testing.assert_allclose(xp.vecdot(x, x[0, 0]), (a * a[0, 0]).sum(axis=-1), rtol=1e-12)
    assert xp.concat([x, x], axis=None).shape == (48,) and xp.concat([x, x], axis=1).shape == (2, 6, 4)
    t = cr.tensor([[3, 1], [3, 2]])
    values, first, inverse, counts = xp.unique_all(t)
    assert values.tolist() == xp.unique_values(t).tolist() == [1, 2, 3] and first.tolist() == [1, 3, 0]
    assert inverse.tolist() == xp.unique_inverse(t)[1].tolist() == [[2, 0], [2, 1]]
    assert counts.tolist() == xp.unique_counts(t)[1].tolist() == [1, 1, 2]
    assert xp.isdtype(x.dtype, "real floating") and xp.isdtype(xp.int64, ("bool", "integral")) and not xp.isdtype(t.dtype, xp.uint8)
    assert xp.can_cast(xp.float32, xp.float64) and xp.result_type(xp.float32, x) == np.float64
    assert xp.finfo(x).bits == 64 and xp.iinfo(xp.uint8).max == 255 and xp.astype(t, xp.float32).dtype == np.float32


def test_they_are_differentiable():
    x = cr.tensor([1.0, 2.0], dtype="f64")
    np.testing.assert_allclose(cr.grad(lambda v: xp.sum(xp.log2(v)))(x), 1 / (np.array([1.0, 2.0]) * np.log(2)), rtol=1e-12)
    np.testing.assert_allclose(cr.grad(lambda v: xp.logaddexp(v, 2 * v).sum())(x),
                               1 + 1 / (1 + np.exp(-np.array([1.0, 2.0]))), rtol=1e-12)
