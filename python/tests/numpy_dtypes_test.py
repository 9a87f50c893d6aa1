"""NumPy's names on every dtype and shape: results are NumPy's, or the error says why there is none."""
import warnings

import chainrule as cr
import numpy as np
import pytest

kNames = """abs all any arccos arcsinh argmax argmin argsort argwhere around atleast_1d atleast_2d atleast_3d average cbrt ceil
            corrcoef count_nonzero cov cumprod cumsum deg2rad diag diagflat diagonal diff exp exp2 expm1 fabs fix flatnonzero flip
            floor histogram isfinite isinf isnan isneginf isposinf log log10 log1p log2 max mean median min modf nan_to_num nanmax
            nanmean nanmin nanprod nanstd nansum nanvar negative nonzero positive prod ptp ravel rint round sign signbit sin sinc
            sort sqrt square squeeze std sum tanh transpose trapz tril triu trunc unique vander var""".split()
kWithMore = {"repeat": (2,), "tile": ((2, 1),), "percentile": (30,), "quantile": ([0.2, 0.5],), "roll": (2,), "expand_dims": (0,),
             "append": ([[1]],), "full_like": (3,), "digitize": ([-1.0, 0.5, 1],), "isin": ([0, 1],), "searchsorted": (0.5,)}
kBoth = ["add", "arctan2", "copysign", "equal", "floor_divide", "fmax", "fmin", "fmod", "hypot", "inner", "isclose", "kron", "less",
         "logaddexp", "logical_xor", "maximum", "minimum", "multiply", "outer", "power", "remainder", "subtract", "true_divide",
         "union1d", "vdot", "where"]
kShapes = [(), (1,), (5,), (3, 4), (4, 4), (2, 3, 4), (0,), (0, 3), (3, 0)]

# By the rules of docs/python/README.md and docs/dtypes.md: booleans have no arithmetic (E015), there is no largest of nothing
# (E024), a triangle is of a matrix (E111), a scalar has no axis to sort along (E013).
kClear = {13, 15, 24, 111}
# Of integers: powers are float64, what is whole already stays whole. Sums and products of small integers are int64.
kOtherDtype = {"trunc", "fix", "ceil", "floor", "inner", "vdot", "prod", "sum", "cumsum", "cumprod", "nanprod", "nansum", "vander",
               "trapz", "average", "outer", "round", "around", "power"}
# Bytes wrap around in some of NumPy's sums and powers. Booleans, which NumPy adds by "or" in a few of its functions and counts in the others.
kOtherOfBooleans = {"trapz", "inner", "vdot", "cov", "corrcoef"}


def made(dtype, shape, rng):
    x = rng.normal(size=shape) * 3
    if dtype == "bool":
        return np.array(x > 0)
    return np.array(abs(x) if dtype == "uint8" else x).astype(dtype)


def outcome(module, name, arguments):
    try:
        found = getattr(module, name)(*arguments)
        return [np.asarray(each) for each in (found if isinstance(found, (list, tuple)) else [found])], None
    except Exception as error:  # noqa: BLE001
        return None, error


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
@pytest.mark.parametrize("name", [*kNames, *kWithMore, *kBoth])
def test_results_are_numpys_or_errors_clear(name, dtype):
    rng = np.random.default_rng(3)
    for shape in kShapes:
        x = made(dtype, shape, rng)
        more = (x > 0, x) if name == "where" else (made(dtype, shape, rng),) if name in kBoth else kWithMore.get(name, ())
        arguments = (more[0], x, more[1]) if name == "where" else (x, *more)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            wanted, refused = outcome(np, name, arguments)
            found, error = outcome(cr, name, arguments)
        about = f"{name} of {dtype} {shape}"
        if error is not None:
            assert refused is not None or getattr(error, "code", None) in kClear, f"{about}: {error!r}, NumPy {wanted}"
            assert isinstance(error, (cr.Error, ValueError, TypeError, IndexError)) and str(error), about
            continue
        if refused is not None:
            continue  # what NumPy does not do
        assert len(found) == len(wanted), about
        for g, w in zip(found, wanted):
            assert g.shape == w.shape, about
            if name not in kOtherDtype and w.dtype != np.float16:
                assert (g.dtype.kind == "f") == (w.dtype.kind == "f"), f"{about}: {g.dtype}, NumPy {w.dtype}"
                assert (g.dtype == bool) == (w.dtype == bool), f"{about}: {g.dtype}, NumPy {w.dtype}"
            if dtype == "bool" and name in kOtherOfBooleans or dtype == "uint8" and name in ("vdot", "inner", "power"):
                continue
            tolerance = 1e-2 if w.dtype == np.float16 else 1e-5 if np.float32 in (g.dtype, w.dtype) else 1e-10
            np.testing.assert_allclose(g.astype(float), w.astype(float), rtol=tolerance, atol=tolerance, err_msg=about)
