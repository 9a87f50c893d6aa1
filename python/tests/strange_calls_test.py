"""Calls with strange arguments: of wrong dtypes, empty, without axes, not contiguous, of another byte order, huge. Each gives
NumPy's numbers, or an error that says why not."""
import inspect
import warnings

import chainrule as cr
import numpy as np
import pytest

# What NumPy has under the same name, and means otherwise, or leaves open: files, and numbers that nobody set.
kOthers = {"save", "load", "fit", "minimize", "least_squares", "evaluate", "set_num_threads", "functional_call"}
kOtherMeaning = {"select", "tensor", "array", "asarray", "full", "zeros", "ones", "empty", "empty_like", "sort", "argsort", "pad",
                 "size", "vander", "cov", "unravel_index"}
kNames = sorted(name for name in dir(cr) if type(getattr(cr, name, None)).__name__ in ("Function", "function") and
                name not in kOthers)
kData = {"x", "a", "b", "y", "v", "w", "t", "z", "indices", "updates", "condition", "logits", "prediction", "target", "q", "xp",
         "fp", "weights", "bins", "among", "at_zero"}


def some_array(r):
    a = r.normal(size=(3, 4)) * 2
    return [a.astype("f4"), a, (a * 3).astype("i8"), abs(a * 3).astype("u1"), a > 0, (a * 3).astype("i1"), (a * 3).astype("i2"),
            abs(a * 3).astype("u2"), (a * 3).astype("i4"), abs(a * 3).astype("u8"), a.astype("f2"), a.astype(">f8"),
            (a * 3).astype(">i4"), np.asfortranarray(a), a[::-1, ::2], a.T, np.array(1.5), np.array([]), np.zeros((0, 3), "f4"),
            np.array([np.nan, np.inf, -np.inf, -0.0, 1]), a[0].tolist(), 3, 2.5, True, np.float32(2), np.int64(-3)][r.integers(26)]


def something_else(r):
    choices = [None, "abc", object(), np.array([1, "a"], object), np.array(["a", "b"]), np.array([1 + 2j]), [[1, 2], [3]], {}, set(),
               np.array(["2020-01-01"], "M8[D]"), np.zeros(3, [("a", "f4")]), np.broadcast_to(np.float32(1), (1 << 20, 1 << 20)),
               np.zeros((1,) * 32), 1e400, 10**30, -2**63, abs, float("nan"), [], (), [None], range(3), cr.ones(3), cr.zeros((0, 2)),
               np.array([2**63], "u8")]
    return choices[r.integers(len(choices))]


def some_setting(r):
    choices = [0, 1, -1, 2, -2, 5, -7, 2**31, 2**63 - 1, -2**63, 10**20, True, False, None, 0.5, "same", "valid", "mean", "float32",
               "complex128", np.int64(1), np.int8(-1), (0, 1), [0], (), (1, 1), (-1,), (0, 0), [1.5], np.array(1), np.array([0, 1]),
               float("nan"), cr.scalar(1, "i64"), "", (3, 4), (1 << 40, 1 << 40), np.float32]
    return choices[r.integers(len(choices))]


def some_call(r):
    name = kNames[r.integers(len(kNames))]
    arguments = []
    for i, each in enumerate(inspect.signature(getattr(cr, name)).parameters.values()):
        if each.kind == each.VAR_POSITIONAL:
            arguments += [some_array(r) for _ in range(r.integers(3))]
        elif each.default is not each.empty and r.random() < 0.6 or each.kind == each.KEYWORD_ONLY:
            break
        elif i == 0 or each.name in kData:
            arguments.append(something_else(r) if r.random() < 0.15 else some_array(r))
        else:
            arguments.append(some_setting(r))
    return name, arguments


def as_numpy_has_it(argument):
    """Integers of other sizes are int64 here."""
    argument = np.asarray(argument) if isinstance(argument, cr.Tensor) else argument
    if isinstance(argument, np.ndarray) and argument.dtype.kind in "iu" and argument.dtype != np.uint8:
        return argument.astype(np.int64)
    return argument


def as_arrays(found):
    return [np.asarray(each) for each in (found if isinstance(found, (list, tuple)) else [found])]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(600))
def test_numbers_are_numpys_or_the_error_is_clear(seed):
    name, arguments = some_call(np.random.default_rng(seed))
    try:
        found = getattr(cr, name)(*arguments)
        found = as_arrays(found) if not callable(found) else []
    except (TypeError, ValueError, IndexError, MemoryError, BufferError) as error:
        text = str(error)
        assert len(text) > 8 or isinstance(error, MemoryError), (name, arguments, error)
        for unclear in ("unhashable", "incompatible function", "std::", "too big to convert", "'NoneType' object"):
            assert unclear not in text, (name, arguments, text)
        return
    if not hasattr(np, name) or name in kOtherMeaning or any(np.asarray(each).dtype.kind not in "biuf" for each in arguments):
        return
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            wanted = as_arrays(getattr(np, name)(*map(as_numpy_has_it, arguments)))
    except Exception:  # noqa: BLE001
        return  # what NumPy does not do
    if any(each.dtype.kind not in "biuf" or each.dtype == np.float16 and found[0].dtype != np.float16 for each in wanted):
        return
    small = any(getattr(each, "dtype", None) == np.float16 for each in [*arguments, *wanted])
    whole = name in ("power", "reciprocal", "vdot", "inner") and all(each.dtype.kind in "biu" for each in wanted)
    assert [each.shape for each in found] == [each.shape for each in wanted], (name, arguments)
    if not whole:  # NumPy's integers wrap around, and have no fractions
        for g, w in zip(found, wanted):
            tolerance = 1e-2 if small else 2e-5
            np.testing.assert_allclose(g.astype(float), w.astype(float), rtol=tolerance, atol=tolerance,
                                       err_msg=f"{name} {arguments}")


def test_faults_that_were_found():
    x = np.arange(6.0).reshape(2, 3)
    for call, kind, text in [
            (lambda: cr.sum(x, 10**20), ValueError, "axis is 100000000000000000000; need an integer of 64 bits"),
            (lambda: cr.sum(x, False), TypeError, "axis must be an integer or a sequence of them, not bool"),
            (lambda: cr.sum(x, ""), TypeError, "axis must be an integer or a sequence of them, not str"),
            (lambda: cr.sum(x, {}), TypeError, "axis must be an integer or a sequence of them, not dict"),
            (lambda: cr.sum(x, 0, 0.5), TypeError, "keepdims must be True or False, not float"),
            (lambda: cr.zeros(3, dtype=[1.5]), TypeError, r"\[dtype\] \[1.5\] is none that Chainrule has"),
            (lambda: cr.zeros(3, dtype=np.array([1])), TypeError, "E553"),
            (lambda: cr.vdot(x, [1.0]), ValueError, "a has 6 elements, b 1; need as many"),
            (lambda: cr.average(x, weights=[1.0, 2]), ValueError, r"weights have shape \(2,\), x \(2, 3\)"),
            (lambda: cr.hstack(None), TypeError, "tensors must be a sequence of tensors, not NoneType"),
            (lambda: cr.vstack([]), ValueError, "tensors has none; need one or more"),
            (lambda: cr.rot90(x, 1, None), ValueError, "axes is None; need two of them"),
            (lambda: cr.unique(x, axis=10**20), IndexError, "out of range for 2 axes"),
            (lambda: cr.triu_indices(3, None), TypeError, "k must be an integer, not NoneType")]:
        with pytest.raises(kind, match=text):
            call()
    for transform in (cr.grad, cr.value_and_grad, cr.jacobian, cr.hessian, lambda f: cr.vjp(f, 1.0), lambda f: cr.jvp(f, 1.0, 1.0),
                      lambda f: cr.hvp(f, 1.0, 1.0), lambda f: cr.grad_check(f, 1.0), lambda f: cr.numerical_gradient(f, 1.0)):
        with pytest.raises(TypeError, match="f must be a function, not float"):
            transform(2.0)
    with pytest.raises((MemoryError, ValueError)):
        cr.stack(np.broadcast_to(np.float32(1), (1 << 22, 1 << 22)), 1)  # at once: 64 TiB
    np.testing.assert_array_equal(cr.stack(x, 1), x.T)
    np.testing.assert_array_equal(cr.round(np.float16([1.4, 2.6])), [1, 3])
    np.testing.assert_array_equal(cr.isinf(np.float16([1, np.inf])), [False, True])
    np.testing.assert_array_equal(cr.isfinite(np.float16([1, np.inf])), [True, False])
    np.testing.assert_array_equal(cr.roll(x, (1, 2)), np.roll(x, (1, 2)))
    np.testing.assert_array_equal(cr.in1d(x, [1, 2]), np.in1d(x, [1, 2]))
    np.testing.assert_array_equal(cr.tensordot(x, x.T, np.array([[1], [0]])), np.tensordot(x, x.T, np.array([[1], [0]])))
    assert np.isnan(cr.nanvar([1.0, np.nan, 2.0], ddof=5).item())
    for name in ("arcsin", "arccos"):
        np.testing.assert_allclose(getattr(cr, name)([True, False]), getattr(np, name)([1.0, 0.0]), rtol=1e-12)
