"""All functions of the headers are there, with NumPy's results, and their gradients are right."""
import inspect
import os
import re
from pathlib import Path

import chainrule as cr
import numpy as np
import pytest

kHeaders = Path(os.environ["CHAINRULE_SOURCE_DIR"]) / "include" / "chainrule"

# What has another name in Python, or none: with the reason.
kElsewhere = {
    "operator+": "add", "operator-": "subtract", "operator*": "multiply", "operator/": "divide", "operator<": "less",
    "operator<=": "less_equal", "operator>": "greater", "operator>=": "greater_equal",
}
kLeftOut = {
    "operator<<": "printing",
    "from_data": "tensor takes any array", "release": "handles are counted by Python",
    "normal_f64": "of the generator's inside", "normal_quantile": "of the generator's inside", "uniform_f64": "the same",
    "uniform_f32": "the same", "make_plan": "evaluating finds its plan by itself",
    "value_and_grad": "a transform", "grad": "a transform", "vjp": "a transform", "jvp": "a transform",
    "jacobian": "a transform", "hessian": "a transform", "hvp": "a transform",
}


def declared(header):
    """Names of functions that a header declares: found in another way than the bindings are made."""
    text = re.sub(r"//.*", "", (kHeaders / header).read_text())
    text = re.sub(r"(struct|class) \w+[^;{]*\{.*?\n\};", "", text, flags=re.S)
    return set(re.findall(r"^(?:\[\[noreturn\]\] )?[\w:<>]+&? (operator[^(\s]+|\w+)\(", text, flags=re.M))


@pytest.mark.parametrize("header", ["ops.h", "linalg.h", "conv.h", "loss.h", "normalize.h", "numeric.h", "random.h", "random_tensor.h",
                                    "tensor.h", "grad.h", "grad_check.h", "threads.h", "plan.h"])
def test_no_function_is_forgotten(header):
    names = declared(header) - set(kLeftOut)
    missing = [name for name in sorted(names) if not hasattr(cr, kElsewhere.get(name, name))]
    assert not missing, f"{header} declares {missing}, which chainrule lacks"


def test_the_search_for_functions_finds_them():
    assert {"exp", "sum", "pad", "topk", "operator+"} <= declared("ops.h") and len(declared("ops.h")) > 90


def functions():
    return {name: f for name, f in vars(cr).items() if type(f).__name__ == "Function"}


def test_functions_explain_themselves():
    assert len(functions()) > 170
    for name, f in functions().items():
        signature = inspect.signature(f)
        assert f.__doc__.count("\n") >= 2, name
        assert str(signature).count("where") == 0 or name == "where"
    assert str(inspect.signature(cr.sum)) == "(x, axis=None, keepdims=False)"
    assert "Integers and booleans sum to i64." in cr.sum.__doc__


def test_wrong_calls_are_type_errors():
    x = cr.ones(3)
    for call, text in [(lambda: cr.sum(x, axes=0), r"sum\(\) has no argument 'axes'; it takes \(x, axis=None, keepdims=False\)"),
                       (lambda: cr.sum(), "lacks the argument 'x'"), (lambda: cr.sum(x, x=x), "given twice"),
                       (lambda: cr.sum(x, 0, False, 1), "too many"), (lambda: cr.softmax(x, 0.5), "axis must be an integer"),
                       (lambda: cr.mse(x, x, reduction=3), "must be a str")]:
        with pytest.raises(TypeError, match=text):
            call()
    with pytest.raises(ValueError, match="must be one of 'mean', 'sum', 'none'"):
        cr.mse(x, x, reduction="all")


def test_errors_name_the_line_of_the_program():
    with pytest.raises(cr.ShapeError) as error:
        cr.matmul(cr.ones((2, 3)), cr.ones((2, 3)))
    line = error.traceback[0].lineno + 1
    assert f"Called from functions_test.py:{line}. (E012)" in str(error.value)
    with pytest.raises(ValueError, match="E112") as error:
        made = inspect.currentframe().f_lineno + 1
        y = cr.inverse(cr.zeros((2, 2)))
        y.numpy()  # the fault shows here, or at once with CHAINRULE_MODE=eager
    assert f"functions_test.py:{made}. (E112)" in str(error.value)


# ---- random expressions, against NumPy

kUnary = ["exp", "expm1", "log1p", "log", "sqrt", "square", "reciprocal", "abs", "sign", "floor", "ceil", "round", "sin",
          "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh", "negative"]
kBinary = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "arctan2", "power", "remainder", "fmod",
           "floor_divide", "less", "less_equal", "greater", "equal", "not_equal"]
kReductions = ["sum", "mean", "max", "min", "prod", "var", "std", "any", "all", "argmax", "argmin"]
kShapes = [(), (4,), (3, 4), (2, 1, 4), (2, 3, 4), (0, 4)]


def draw(rng, dtype, shape, low=0.05, high=0.95):
    values = rng.uniform(low, high, shape)
    return (values * (1 if np.dtype(dtype).kind == "f" else 20)).astype(dtype)


def close(got, wanted, dtype):
    wanted = np.asarray(wanted)
    tolerance = 2e-5 if "float32" in (str(dtype), str(got.dtype)) else 1e-12
    assert got.shape == wanted.shape
    np.testing.assert_allclose(np.asarray(got, float), wanted.astype(float), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("seed", range(300))
def test_random_expressions_as_numpy(seed):
    rng = np.random.default_rng(seed)
    dtype = rng.choice(["float32", "float64", "int64", "uint8"], p=[0.35, 0.35, 0.2, 0.1])
    shape = kShapes[rng.integers(len(kShapes))]
    a = draw(rng, dtype, shape)
    kind = seed % 4
    with np.errstate(all="ignore"):
        if kind == 0:
            name = kUnary[rng.integers(len(kUnary))]
            if np.dtype(dtype).kind != "f":
                a = (a % 2).astype(dtype)
                name = name if name not in ("negative", "reciprocal", "arctanh", "log") else "abs"
            wanted = getattr(np, name)(a.astype(float) if np.dtype(dtype).kind != "f" else a)
            close(getattr(cr, name)(a), wanted, dtype)
        elif kind == 1:
            name = kBinary[rng.integers(len(kBinary))]
            other = draw(rng, dtype, shape[-1:] if rng.integers(2) else shape) + np.dtype(dtype).type(1)
            wanted = getattr(np, name)(a.astype(float), other.astype(float))
            if name == "subtract" and dtype == "uint8":
                wanted = a - other
            if name in ("add", "multiply") and dtype == "uint8":
                wanted = getattr(np, name)(a, other)
            close(getattr(cr, name)(a, other), wanted, dtype)
        elif kind == 2:
            name = kReductions[rng.integers(len(kReductions))]
            axis = None if not shape or rng.integers(2) else int(rng.integers(len(shape)))
            if a.size == 0 and name in ("max", "min", "argmax", "argmin", "mean", "var", "std"):
                name = "sum"
            keepdims = bool(rng.integers(2))
            close(getattr(cr, name)(a, axis=axis, keepdims=keepdims), getattr(np, name)(a, axis=axis, keepdims=keepdims), dtype)
        else:
            b = draw(rng, dtype, shape)
            expression = ["(a * b + a) / (b + 1)", "abs(a - 2) ** 2", "a @ b.T if a.ndim == 2 else a * b", "(a + 1)[..., None] - b.sum()",
                          "a.reshape(-1)[::-1]", "(a > b) * a"][rng.integers(6)]
            scope = dict(a=a.astype(float), b=b.astype(float))
            wanted = eval(expression, scope)
            if dtype == "uint8":
                return close(eval(expression, dict(a=cr.tensor(a).astype("i64"), b=cr.tensor(b).astype("i64"))), wanted, dtype)
            close(eval(expression, dict(a=cr.tensor(a), b=cr.tensor(b))), wanted, dtype)


kSmooth = [lambda a, b: (cr.exp(a) * b).sum(), lambda a, b: cr.log(a + b).mean(), lambda a, b: (cr.softmax(a.ravel()) * b.ravel()).sum(),
           lambda a, b: cr.logsumexp(a * b), lambda a, b: (a / (b + 1)).std(), lambda a, b: (cr.tanh(a) ** 2 + cr.sin(b)).prod(),
           lambda a, b: cr.norm(a - 2 * b - 3), lambda a, b: ((a @ b.T) if a.ndim == 2 else a * b).sum(),
           lambda a, b: cr.sigmoid(a[..., ::-1] if a.ndim else a).sum() * b.sum(), lambda a, b: cr.cumsum(a * b).sum()]


@pytest.mark.parametrize("seed", range(100))
def test_gradients_of_random_expressions(seed):
    rng = np.random.default_rng(1000 + seed)
    shape = [(), (4,), (3, 4)][seed % 3]
    a, b = draw(rng, "float64", shape), draw(rng, "float64", shape)
    f = kSmooth[seed % len(kSmooth)]
    report = cr.grad_check(f, a, b, all_entries=True)
    assert report, report.message


def test_functions_with_options():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(2, 3, 8, 8)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
    y = cr.conv2d(x, w, b, stride=2, padding=((1, 0), (0, 1)))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 1)))
    np.testing.assert_allclose(y[:, :, 0, 0], np.einsum("ncij,ocij->no", padded[:, :, :3, :3], w) + b, rtol=1e-12)
    assert cr.conv2d(x, w, padding="same").shape == (2, 4, 8, 8)
    assert cr.max_pool2d(x, (2, 4)).shape == (2, 3, 4, 2)
    values, indices = cr.topk(cr.tensor([3.0, 1.0, 2.0]), 2)
    assert values.tolist() == [3, 2] and indices.tolist() == [0, 2] and cr.topk(values, 1).values.tolist() == [3]
    a = rng.normal(size=(4, 3))
    np.testing.assert_allclose(cr.einsum("ij,kj->ik", a, a), a @ a.T, rtol=1e-12)
    u, s, vt = cr.svd(a)
    np.testing.assert_allclose((u * s) @ vt, a, rtol=1e-10, atol=1e-12)
    for widths in (1, (1, 2), ((1, 2), (0, 3))):
        np.testing.assert_array_equal(cr.pad(a, widths), np.pad(a, widths))
        np.testing.assert_array_equal(cr.pad(a, widths, mode="edge"), np.pad(a, widths, mode="edge"))
    for parts in (2, [1, 3]):
        for got, wanted in zip(cr.split(a, parts), np.split(a, parts)):
            np.testing.assert_array_equal(got, wanted)
    logits, t = rng.normal(size=(5, 3)), np.array([0, 1, 2, 1, 0])
    loss = cr.softmax_cross_entropy(logits, t, label_smoothing=0.1, class_weights=np.ones(3), reduction="sum")
    assert loss.shape == () and cr.softmax_cross_entropy(logits, t, reduction="none").shape == (5,)
    assert cr.uniform((2, 3), 1).tolist() == cr.uniform((2, 3), key=(1, 1000, 0)).tolist()
    assert cr.arange(2, 8, 3).tolist() == [2, 5] and cr.linspace(0, 1, 3).tolist() == [0, 0.5, 1]
    assert cr.huber(cr.tensor([3.0]), cr.tensor([0.0])).item() == 2.5
