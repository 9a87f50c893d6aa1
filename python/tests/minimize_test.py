"""Minima of functions, sums of squares, and nets."""
import pickle

import chainrule as cr
import numpy as np
import pytest
from chainrule import nn, optim

# NIST's Statistical Reference Datasets, nonlinear regression, Misra1a: data, certified values, and residual sum of squares.
kX = np.array([77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0])
kY = np.array([10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78])
kCertified, kSum = [2.3894212918e+02, 5.5015643181e-04], 1.2455138894e-01


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def squares(x):
    return (x ** 2).sum()


def misra(b):
    return kY - b[0] * (1 - cr.exp(-b[1] * kX))


@pytest.mark.parametrize("method", ["lbfgs", "lbfgs(memory=20)", optim.LBfgs(), optim.LBfgs(5, iterations=1000)])
def test_rosenbrocks_function_is_least_at_ones(method):
    found = optim.minimize(rosenbrock, [1.3, 0.7, 0.8, 1.9, 1.2], method)
    np.testing.assert_allclose(found.x, np.ones(5), atol=1e-8)
    assert found.x.dtype == np.float64 and found.converged and found.value < 1e-15
    assert 0 < found.iterations <= found.evaluations and found.reason == "the gradient is within the tolerance"


@pytest.mark.parametrize("method", [optim.LevenbergMarquardt(), optim.GaussNewton(), "levenberg_marquardt(damping=0.01)"])
def test_least_squares_finds_certified_values(method):
    found = optim.least_squares(misra, [250, 5e-4], method)
    np.testing.assert_allclose(found.x, kCertified, rtol=1e-7)
    assert found.value == pytest.approx(kSum, rel=1e-9)
    assert cr.least_squares(misra, [500, 1e-4]).x.tolist() == pytest.approx(kCertified, rel=1e-7)


def test_starts_of_every_form():
    assert optim.minimize(lambda x: (x - 2) ** 2, 5).x == pytest.approx(2) and isinstance(optim.minimize(squares, 1.0).x, float)
    found = optim.minimize(lambda p: squares(p["a"] - 1) + (p["b"] - p["c"][0]) ** 2 + squares(p["c"][1]),
                           {"a": np.zeros((2, 2), np.float32), "b": 3, "c": (1.5, cr.ones(2))})
    assert found.x["a"].dtype == np.float32 and found.x["a"].shape == (2, 2)
    np.testing.assert_allclose(found.x["a"], np.ones((2, 2)), atol=1e-4)
    assert found.x["b"] == pytest.approx(found.x["c"][0], abs=1e-4) and isinstance(found.x["c"], tuple)
    assert optim.minimize(squares, np.arange(3)).x.dtype == np.float64  # whole numbers are no place to stop at
    assert optim.minimize(squares, [[1, 2], [3, 4]]).x.shape == (2, 2)


def test_transforms_inside_are_differentiated():
    """The slope of z^4 / 4 - y z at z = x is least at x = y^(1/3)."""
    found = optim.minimize(lambda x: cr.grad(lambda z: z ** 4 / 4 - 8 * z)(x) ** 2, 3.0)
    assert found.x == pytest.approx(2, abs=1e-6)


def test_a_net_gets_the_best_parameters():
    x = np.linspace(-2, 2, 40)[:, None]
    t = np.sin(2 * x)
    net = nn.Sequential(nn.Affine(6), nn.Tanh(), nn.Affine(1))
    with pytest.raises(ValueError, match=r"build it with a batch first: net.build\(x\)"):
        optim.minimize(lambda: cr.mse(net(x), t), net)
    net.build(x)
    first = cr.train.evaluate(net, x, t)["loss"]
    found = optim.minimize(lambda: cr.mse(net(x), t), net, optim.LBfgs(iterations=100))
    assert list(found.x) == list(net.parameters()) and found.value < first / 10 and found.iterations == 100
    assert cr.train.evaluate(net, x, t)["loss"] == pytest.approx(found.value, rel=1e-6)
    again = optim.least_squares(lambda: net(x) - t, net)
    assert again.value < found.value * len(x)
    np.testing.assert_array_equal(again.x["affine1.weight"], net.parameter("affine1.weight").value)


def test_what_a_function_raises_comes_through_and_a_net_stays_as_it_was():
    x = np.linspace(-1, 1, 8)[:, None].astype(np.float32)
    net = nn.Affine(1)
    net.build(x)
    before, calls = {name: np.array(value) for name, value in net.tensors().items()}, []

    class Mine(Exception):
        pass

    def loss():
        calls.append(1)
        if len(calls) == 3:
            raise Mine("third")
        return cr.mse(net(x), x * 3 - 1)

    with pytest.raises(Mine, match="third") as caught:
        optim.minimize(loss, net)
    assert caught.traceback[-1].name == "loss"
    for name, value in net.tensors().items():
        np.testing.assert_array_equal(value, before[name])
    with pytest.raises(KeyboardInterrupt):
        optim.minimize(lambda x: (_ for _ in ()).throw(KeyboardInterrupt), [1.0])
    assert optim.minimize(lambda: cr.mse(net(x), x * 3 - 1), net).value < 1e-8  # and it can be used


@pytest.mark.parametrize("arguments, error, message", [
    ((3, [1.0]), TypeError, "f must be a function, not int"),
    ((squares, None), ValueError, "x0 has no numbers"),
    ((squares, []), ValueError, "x0 has no numbers"),
    ((squares, "ab"), cr.DTypeError, "E554"),
    ((squares, [float("nan")]), ValueError, r"the function is nan at the start.*minimize_test.py.*E411"),
    ((lambda x: cr.log(x).sum(), [0.0]), ValueError, r"the function is -inf at the start.*E411"),
    ((lambda x: x, [1.0, 2.0]), cr.ShapeError, "E030"),
    ((lambda x: 3.0, [1.0]), TypeError, "what the function returns must be a tensor, not float"),
    ((lambda x: float(x), 1.0), cr.NotDifferentiable, "E563"),
    ((lambda x: cr.ones(()), [1.0]), ValueError, "the function does not depend on variable 0 of shape .1,.. Leave it out of the start.*E031"),
    ((squares, [1.0], "newton"), ValueError, r"unknown method 'newton'\. Did you mean 'gauss_newton'\?"),
    ((squares, [1.0], 3), TypeError, "method must be a name or an object, not int"),
    ((squares, [1.0], optim.Adam()), TypeError, "adam is no method"),
    ((squares, [1.0, 2.0], optim.GaussNewton()), ValueError, "1 residuals for 2 parameters.*E412"),
    ((lambda: 1, [1.0]), TypeError, "takes 0 positional arguments"),
])
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        optim.minimize(*arguments)


def test_methods_have_settings():
    assert repr(optim.LBfgs(memory=3)) == "lbfgs(3)" and optim.GaussNewton().settings["iterations"] == 200
    assert pickle.loads(pickle.dumps(optim.LevenbergMarquardt(damping=0.5))).settings["damping"] == 0.5
    with pytest.raises(ValueError, match=r"'memory' of lbfgs is -1\. Need at least 1.*E228"):
        optim.LBfgs(memory=-1)
    with pytest.raises(ValueError, match="unknown setting 'memry' of lbfgs. Did you mean 'memory'"):
        optim.LBfgs(memry=3)
    few = optim.minimize(rosenbrock, [-1.2, 1.0], optim.LBfgs(iterations=2))
    assert not few.converged and few.iterations == 2 and few.reason == "all iterations are done"
