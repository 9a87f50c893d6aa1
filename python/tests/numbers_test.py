"""Numbers and lists given as tensors, and what NumPy makes of the same."""
import chainrule as cr
import numpy as np
import pytest
from chainrule import nn


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("make", [cr.tensor, cr.array, cr.asarray, cr.Tensor, cr.cast], ids=lambda make: make.__name__)
def test_numbers_and_lists_are_not_rounded_on_the_way(make, dtype):
    for values in (0.1, [0.1], [[0.1, 1e-300], [1.0, 3.0]], np.float64(0.1), [np.float64(1 / 3)], (0.1, 2), [7, 0.1], True,
                   [True, False], np.array([0.1]), [np.array([0.1])], 77.0, [77.0]):
        found, wanted = make(values, dtype), np.array(values, dtype)
        assert found.dtype == wanted.dtype and np.array_equal(found, wanted), values
    if dtype in ("int64", "float64"):
        for values in (16777217.0, [16777217.0], 123456789.0, [123456789.0], [2**53 + 1], 2**53 + 1):
            assert np.array_equal(make(values, dtype), np.array(values, dtype)), values
    if dtype == "float64":
        assert make([1e300, -1e300], dtype).tolist() == [1e300, -1e300] and make(1e300, dtype).item() == 1e300


def test_numbers_beside_float64_are_not_rounded():
    x, a = cr.tensor([1.0, 2.0], "float64"), np.array([1.0, 2.0])
    tenth, third = [0.1, 1 / 3], np.array([0.1, 1 / 3])
    for found, wanted in ((x + tenth, a + third), (tenth * x, third * a), (cr.maximum(x, tenth), np.maximum(a, third)),
                          (cr.stack([x, tenth]), np.stack([a, third])), (cr.concatenate([tenth, x]), np.concatenate([third, a])),
                          (cr.tensor([x, tenth]), np.stack([a, third])), (x @ tenth, a @ third), ([tenth] @ x, [third] @ a),
                          (cr.dot(tenth, x), third @ a), (cr.einsum("i,i", x, tenth), a @ third),
                          (cr.tensor([x[0], 0.1]), np.array([1, 0.1])), (cr.where(x > 1, tenth, x), np.where(a > 1, third, a)),
                          (cr.add(a, tenth), a + third), (cr.hypot(x, tenth), np.hypot(a, third)),
                          (cr.average(x, weights=tenth), np.average(a, weights=third)), (cr.inner(x, tenth), a @ third),
                          (x < [1 + 1e-12, 2], [True, False])):
        assert found.dtype == np.asarray(wanted).dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-15)
    assert (cr.ones(2) + tenth).dtype == np.float32 and cr.stack([cr.ones(2), tenth]).dtype == np.float32
    assert cr.take(x, [1, 0]).tolist() == [2, 1]
    y, t = np.array([[0.3, 0.2, 0.5], [1.0, 2.0, 3.0]]), [0, 2]
    w, v = [0.1, 0.2, 0.7], [0.3, 0.6]
    exact = cr.softmax_cross_entropy(cr.tensor(y), t, class_weights=np.array(w), sample_weights=np.array(v)).item()
    assert cr.softmax_cross_entropy(cr.tensor(y), t, class_weights=w, sample_weights=v).item() == exact
    assert cr.jvp(lambda x: x * 3, cr.tensor(1.0, "float64"), 0.1)[1].item() == 0.1 * 3


def test_values_of_parameters_are_not_rounded():
    net = nn.Affine(1)
    net.build(np.ones((1, 1)), dtype="float64")
    net.parameter("weight").value = [[0.1]]
    assert net.parameter("weight").value.item() == 0.1
    net.load_tensors({"weight": [[0.3]], "bias": [1 / 3]})
    assert net.parameter("weight").value.item() == 0.3 and net.parameter("bias").value.item() == 1 / 3
    assert net.predict(np.ones((1, 1))).dtype == np.float64


def test_quantiles_as_numpy_has_them():
    nan, inf = np.nan, np.inf
    for x in ([1, nan, 2.0], [inf, inf], [1, inf, inf], [-inf, 1.0, 2.0], [-inf, -inf, inf], [1.0, 2.0, inf], [5.0], [1, 2, 3, 4]):
        for q in (0, 0.25, 0.5, 0.9, 1):
            with np.errstate(invalid="ignore"):
                wanted = np.quantile(x, q)
            if not (np.isinf(x).any() and np.isnan(wanted)):  # between infinities of two signs
                np.testing.assert_allclose(cr.quantile(x, q), wanted, rtol=1e-6)
                np.testing.assert_allclose(cr.percentile(x, 100 * q), wanted, rtol=1e-6)
    rows = np.array([[1, nan, 2], [3, 1, 2.0]])
    np.testing.assert_array_equal(cr.median(rows, axis=1), np.median(rows, axis=1))
    np.testing.assert_array_equal(cr.median(rows, axis=0, keepdims=True), np.median(rows, axis=0, keepdims=True))
    assert cr.grad(lambda x: cr.median(x))(cr.tensor([1.0, 5.0, 3.0])).tolist() == [0, 0, 1]
    for call in (lambda: cr.quantile([1.0], 1.5), lambda: cr.quantile([1.0], -0.1), lambda: cr.quantile([1.0], nan)):
        with pytest.raises(ValueError, match="need a number from 0 to 1"):
            call()
    with pytest.raises(ValueError, match="q is 101; need a number from 0 to 100"):
        cr.percentile([1.0], 101)
    with pytest.raises(ValueError, match="no element"):
        cr.median([])


def test_nan_stays_nan():
    x = np.array([np.nan, -1.0, 0.0, 2.0, np.inf, -np.inf])
    np.testing.assert_array_equal(cr.heaviside(x, 0.5), np.heaviside(x, 0.5))
    for name in ("sign", "trunc", "cbrt", "floor", "rint", "abs", "square", "exp2", "deg2rad", "max", "min", "ptp", "sum", "prod",
                 "argmax", "argmin", "cumsum", "cumprod", "sort", "isnan", "isinf", "isfinite"):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(getattr(cr, name)(x), getattr(np, name)(x), rtol=1e-6, err_msg=name)
    for name in ("maximum", "minimum", "logaddexp", "fmod", "copysign"):
        for other in (1.0, np.nan, np.inf):
            if hasattr(cr, name):
                with np.errstate(all="ignore"):
                    np.testing.assert_allclose(getattr(cr, name)(x, other), getattr(np, name)(x, other), rtol=1e-6, err_msg=name)


def test_places_on_both_sides_of_an_ellipsis():
    a = np.arange(120).reshape(2, 3, 4, 5)
    x = cr.tensor(a)
    for key in ((slice(None), 0, ..., [1, 2]), (..., 0, [1, 2]), (0, ..., [1, 2]), ([0, 1], ..., [1, 2]), (0, [1, 2], ...),
                (slice(None), 0, slice(None), ..., [1, 2]), (slice(None), 0, [1, 2], ..., [0, 1]), (slice(None), 0, 1, ..., [0, 1]),
                (slice(None), [0, 1], [1, 2], ..., [0, 1]), (0, 1, ..., 2, 3), (slice(None), 0, 1, ..., 3)):
        np.testing.assert_array_equal(x[key], a[key], err_msg=str(key))
