"""grad and what belongs to it."""
import math
import time
from typing import NamedTuple

import chainrule as cr
import numpy as np
import pytest


def test_grad_of_numbers_gives_numbers():
    assert cr.grad(lambda x: x ** 2)(3.0) == 6.0 and type(cr.grad(lambda x: x ** 2)(3)) is float
    assert cr.grad(cr.grad(cr.grad(lambda x: x ** 4)))(2.0) == 48.0
    value, gradient = cr.value_and_grad(lambda x: cr.sin(x))(0.5)
    assert value == math.sin(0.5) and abs(gradient - math.cos(0.5)) < 1e-15


def test_trees():
    class Point(NamedTuple):
        x: object
        y: object

    params = {"w": cr.ones((3, 2)), "more": [cr.zeros(2), (cr.tensor([2.0]), None)], "p": Point(1.0, cr.tensor(2.0))}

    def loss(p):
        return (p["w"].sum() * p["more"][0] + p["more"][1][0]).sum() + p["p"].x * p["p"].y

    value, g = cr.value_and_grad(loss)(params)
    assert value.item() == 6.0 and list(g) == list(params) and type(g["p"]) is Point and g["p"].x == 2.0
    assert g["more"][0].tolist() == [6, 6] and g["more"][1][0].tolist() == [2] and g["more"][1][1] is None
    assert g["w"].tolist() == [[0, 0]] * 3


def test_argnums_and_aux():
    def f(x, y, *, scale=1.0):
        return scale * (x * y).sum(), {"y": y}

    (value, aux), (gx, gy) = cr.value_and_grad(f, argnums=(0, 1), has_aux=True)(cr.ones(2), cr.tensor([2.0, 3.0]), scale=2.0)
    assert value.item() == 10 and gx.tolist() == [4, 6] and gy.tolist() == [2, 2] and list(aux) == ["y"]
    assert cr.grad(f, argnums=1, has_aux=True)(cr.ones(2), cr.ones(2))[0].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"^\[grad\] argnums has 2, but there are 1 arguments\. Need places of positional "
                                         r"arguments\. Called from transforms_test\.py:\d+\. \(E556\)$"):
        cr.grad(lambda x: x, argnums=2)(1.0)


def test_inner_variables_are_apart_from_outer_ones():
    # d/dx [x * d/dy (x + y) at y = 1] = 1; confusing the two would give another number.
    assert cr.grad(lambda x: x * cr.grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert cr.grad(lambda x: x * cr.grad(lambda y: x * y)(x))(3.0) == 6.0
    x = cr.tensor(2.0)
    assert cr.grad(lambda y: x * y)(x).item() == 2.0


def test_vjp_and_jvp():
    x = cr.tensor([1.0, 2.0])
    y, pull_back = cr.vjp(lambda x, s: {"a": x * s, "b": x.sum()}, x, 3.0)
    gx, gs = pull_back({"a": cr.tensor([1.0, 10.0]), "b": 1.0})
    assert y["b"].item() == 3 and gx.tolist() == [4, 31] and gs == 21.0
    assert cr.jvp(lambda x: x ** 3, (2.0,), (1.0,)) == (8.0, 12.0)
    y, dy = cr.jvp(lambda x: cr.sin(x), (x,), (cr.ones(2),))
    np.testing.assert_allclose(dy, np.cos([1, 2]), rtol=1e-6)
    with pytest.raises(ValueError, match=r"^\[transforms\] 2 leaves here, 1 there\. Need trees of the same form\. Called from transforms_test\.py:\d+\. "
                                         r"\(E555\)$"):
        pull_back({"a": cr.ones(2)})


def test_matrices_of_derivatives():
    x = cr.tensor(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(cr.jacobian(lambda x: x ** 2)(x), np.diag([2, 4, 6]))
    np.testing.assert_allclose(cr.hessian(lambda x: (x ** 3).sum())(x), np.diag([6, 12, 18]))
    np.testing.assert_allclose(cr.hvp(lambda x: (x ** 3).sum(), (x,), (np.ones(3),))[0], [6, 12, 18])
    j = cr.jacobian(lambda p: p["a"] * p["b"])({"a": x, "b": 2.0})
    np.testing.assert_allclose(j["b"], [1, 2, 3])
    h = cr.hessian(lambda p: (p["a"] * p["b"]).sum())({"a": x, "b": x})
    np.testing.assert_allclose(h["a"]["b"], np.eye(3))
    assert cr.hessian(lambda x: x ** 3)(2.0) == 12.0


def test_what_stops_gradients():
    assert cr.grad(lambda x: x * cr.stop_gradient(x))(3.0) == 3.0
    with cr.no_grad():
        constant = cr.tensor(2.0) * 3
    assert cr.grad(lambda x: x * constant)(1.0) == 6.0
    x = cr.tensor([1.0, 2.0])

    def half(x):
        with cr.no_grad():
            y = x * 2
        return (x * y).sum()
    assert cr.grad(half)(x).tolist() == [2, 4]


def test_grad_check():
    assert cr.grad_check(lambda w, b: cr.tanh(w @ b).sum(), np.ones((2, 3)), np.ones(3))

    @cr.custom_gradient
    def broken(x):
        return x ** 2

    @broken.gradient
    def _(cotangent, output, x):
        return cotangent * x  # half of what it is

    report = cr.grad_check(lambda x: broken(x).sum(), np.array([1.0, 2.0]))
    assert not report and report.status == "failed" and abs(report.relative_error - 0.5) < 1e-6
    np.testing.assert_allclose(cr.numerical_gradient(lambda x: (x ** 2).sum(), np.array([1.0, 2.0])), [2, 4], rtol=1e-8)


def test_loops_take_as_long_for_each_step():
    """Tensors keep their past, which no transform walks through."""
    def seconds(steps):
        w, b, began = cr.ones(3), cr.ones(()), time.perf_counter()
        for _ in range(steps):
            value, (gw, gb) = cr.value_and_grad(lambda w, b: cr.sum((w * 2 + b - 1) ** 2), argnums=(0, 1))(w, b)
            w, b = w - 0.01 * gw, b - 0.01 * gb
        return time.perf_counter() - began
    seconds(10)
    assert min(seconds(2000) / seconds(250) for _ in range(3)) < 24  # 8; where each step walks through all: 64


def test_grad_check_of_a_gradient():
    x = np.array([1.0, 2.0])
    for f in (lambda x: cr.sum(cr.grad(lambda y: cr.sum(y ** 3))(x)), lambda x: cr.sum(cr.hvp(lambda y: cr.sum(y ** 4), x, x))):
        assert cr.grad_check(f, x) and cr.grad_check(f, x, order=2)
    assert not cr.grad_check(lambda x: cr.sum(cr.stop_gradient(x) * x), x)


def test_custom_gradients():
    @cr.custom_gradient
    def scaled(x, y):
        return x * y

    with pytest.raises(ValueError, match=r"^\[custom_gradient\] scaled has no gradient\. Set it with @scaled\.gradient\. "
                                         r"Called from transforms_test\.py:\d+\. \(E557\)$"):
        cr.grad(lambda x: scaled(x, 2.0))(1.0)

    @scaled.gradient
    def _(cotangent, output, x, y):
        return cotangent * 10 * x, None

    assert cr.grad(lambda x: scaled(x, 2.0))(3.0) == 30.0
    assert cr.grad(cr.grad(lambda x: scaled(x, 2.0)))(3.0) == 10.0  # the gradient is differentiated

    @scaled.gradient
    def _(cotangent, output, x, y):
        raise KeyError("inside")
    with pytest.raises(KeyError, match="inside"):
        cr.grad(lambda x: scaled(x, 2.0))(3.0)


def test_errors():
    with pytest.raises(ValueError, match="E030"):
        cr.grad(lambda x: x)(cr.ones(2))
    with pytest.raises(TypeError, match="E034"):
        cr.grad(lambda x: x.sum())(cr.tensor([1, 2]))
    with pytest.raises(TypeError, match="return one number"):
        cr.grad(lambda x: "text")(1.0)
    with pytest.raises(cr.NotDifferentiable, match="E032"):
        cr.grad(lambda x: cr.floor(x).sum(), allow_unused=False)(cr.ones(2))
    with pytest.raises(ValueError, match="E031"):
        cr.grad(lambda x, y: y.sum(), allow_unused=False)(cr.ones(2), cr.ones(2))
    with pytest.raises(ZeroDivisionError):
        cr.grad(lambda x: 1 / 0)(1.0)


def test_gradients_of_what_was_computed():
    w = cr.tensor([1.0, 2.0])
    loss = (w ** 2).sum()
    assert cr.gradients(loss, w).tolist() == [2, 4] and cr.gradients(loss, {"w": w})["w"].tolist() == [2, 4]


def test_an_argument_is_named_once():
    with pytest.raises(ValueError, match="twice"):
        cr.grad(lambda x, y: x * y, argnums=(0, -2))(1.0, 2.0)


def test_products_with_arrays_and_numbers_as_the_one_argument():
    x = np.array([1.0, 2.0, 3.0])
    for one, move in ((x, np.ones(3)), (cr.tensor(x), cr.ones(3, dtype="f64")), ({"a": x}, {"a": np.ones(3)})):
        def f(v):
            return ((v["a"] if isinstance(v, dict) else v) ** 3).sum()
        value, change = cr.jvp(f, one, move)
        assert value.item() == 36 and change.item() == 42
        product = cr.hvp(f, one, move)
        np.testing.assert_allclose(product["a"] if isinstance(one, dict) else product, [6, 12, 18])
    assert cr.jvp(lambda v: v ** 3, 2.0, 1.0) == (8.0, 12.0) and cr.hvp(lambda v: v ** 3, 2.0, 1.0) == 12.0
    np.testing.assert_allclose(cr.hvp(lambda x: (x ** 3).sum(), (x,), (np.ones(3),))[0], [6, 12, 18])


def test_a_cotangent_has_a_gradient_of_its_own():
    x, weights = cr.tensor([1.0, 2.0, 3.0]), cr.tensor([1.0, 10.0, 100.0])
    y, pull = cr.vjp(lambda x: x ** 2, x)
    assert cr.grad(lambda c: (pull(c)[0] * weights).sum())(cr.ones(3)).tolist() == [2, 40, 600]
    assert cr.grad(lambda x: cr.vjp(lambda y: y ** 2, x)[1](x)[0].sum())(x).tolist() == [4, 8, 12]
    assert pull(y)[0].tolist() == [2, 16, 54]  # of the output itself no gradient goes
    assert cr.hessian(lambda x: cr.vjp(lambda y: y ** 3, x)[1](x)[0].sum())(x).tolist() == [[18, 0, 0], [0, 36, 0], [0, 0, 54]]
    (y, places), pull = cr.vjp(lambda x: (x ** 2, cr.argmax(x)), x)
    assert pull((weights, 0))[0].tolist() == [2, 40, 600] and pull((1, 0))[0].tolist() == [2, 4, 6]
    outputs, pull = cr.vjp(lambda x: {"a": x.sum(), "b": x ** 2, "c": x.astype("float64")}, x)
    assert pull({"a": 2.0, "b": weights, "c": np.ones(3)})[0].tolist() == [5, 43, 603]
    assert cr.vjp(cr.argmax, x)[1](0)[0].tolist() == [0, 0, 0]
    assert cr.vjp(lambda x: x.astype("float16"), x)[1](cr.ones(3))[0].tolist() == [1, 1, 1]
    for moved in (lambda c: cr.jvp(lambda x: x ** 2, (x,), (c,))[1], lambda c: cr.hvp(lambda x: (x ** 3).sum() / 3, x, c)):
        assert cr.grad(lambda c: (moved(c) * weights).sum())(cr.ones(3)).tolist() == [2, 40, 600]


def test_from_a_number_to_a_vector():
    def f(x):
        return cr.stack([x, x ** 2])
    assert cr.jacobian(f)(3.0).tolist() == [1, 6] and cr.jacobian(lambda x: x ** 2)(3.0) == 6.0
    value, moved = cr.jvp(f, (3.0,), (2.0,))
    assert value.tolist() == [3, 9] and moved.tolist() == [2, 12]
    assert cr.vjp(f, 3.0)[1](cr.ones(2)) == (7.0,)
    assert cr.jvp(lambda x: (x * x, 1.0), (3.0,), (2.0,)) == ((9.0, 1.0), (12.0, 0.0))
