"""Nets as functions of their parameters."""
import chainrule as cr
import numpy as np
import pytest
from chainrule import nn


def small_net():
    net = nn.Sequential(nn.Affine(4), nn.Tanh(), nn.Affine(1))
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    net.build(x, seed=1)
    return net, x, np.ones((6, 1), "float32")


def test_functional_call_is_the_net_of_other_parameters():
    net, x, t = small_net()
    params, own = net.parameters(), net(x).tolist()
    other = {name: p.value * 1.5 for name, p in params.items()}
    y = cr.functional_call(net, other, x)
    assert net(x).tolist() == own and y.tolist() != own
    twin = net.clone()
    for name, p in twin.parameters().items():
        p.value = other[name]
    assert twin(x).tolist() == y.tolist() == nn.functional_call(net, list(other.values()), x).tolist()
    assert nn.functional_call(net, {}, x).tolist() == own
    assert nn.functional_call(net, {"affine2.bias": params["affine2.bias"].value + 1}, x).tolist() == (net(x) + 1).tolist()
    assert nn.functional_call(net, net.tensors(), x).tolist() == own


def test_transforms_by_the_parameters_of_a_net():
    net, x, t = small_net()
    params = net.parameters()

    def loss(params):
        return cr.mse(nn.functional_call(net, params, x), t)
    found = cr.grad(loss)(params)
    wanted = cr.gradients(cr.mse(net(x), t), [p.value for p in params.values()])
    assert list(found) == list(params)
    for a, b in zip(found.values(), wanted):
        np.testing.assert_array_equal(a, b)
    as_list = cr.grad(loss)(list(params.values()))
    assert [a.tolist() for a in as_list] == [a.tolist() for a in wanted]
    product, step = cr.hvp(loss, params, found), 1e-2
    ahead, behind = (cr.grad(loss)({name: p.value + s * found[name] for name, p in params.items()}) for s in (step, -step))
    for name, each in product.items():
        np.testing.assert_allclose(each, (ahead[name] - behind[name]) / (2 * step), rtol=0.02, atol=2e-3)
    assert cr.grad_check(loss, params)                       # computes in float64
    assert cr.jvp(loss, (params,), (found,))[1].item() == pytest.approx(sum((g * g).sum().item() for g in found.values()), rel=1e-5)


def test_gradients_of_each_sample():
    net, x, t = small_net()
    params = net.parameters()

    def loss(params, x, t):
        return cr.mse(nn.functional_call(net, params, x), t)
    rows = [cr.grad(loss)(params, x[i:i + 1], t[i:i + 1]) for i in range(len(x))]
    at_once = cr.jacobian(lambda p: cr.square(nn.functional_call(net, p, x) - t)[:, 0])(params)
    for name, whole in cr.grad(loss)(params, x, t).items():
        each = cr.stack([row[name] for row in rows])
        np.testing.assert_allclose(each, at_once[name], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(each.mean(axis=0), whole, rtol=1e-5, atol=1e-6)


def test_functional_call_of_own_and_shared_layers():
    class Twice(nn.Layer):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(2.0)

        def compute(self, x):
            if x.shape[0] == 7:
                raise RuntimeError("seven")
            return x * self.factor

    net = nn.Sequential(Twice(), nn.Affine(1))
    x = np.ones((2, 3), "float32")
    net.build(x)
    name = next(iter(net.parameters()))
    assert cr.grad(lambda p: nn.functional_call(net, {name: p}, x).sum())(cr.tensor(2.0)).item() == pytest.approx((net(x).sum() / 2).item(), rel=1e-5)
    own = net(x).tolist()
    with pytest.raises(RuntimeError, match="seven"):
        nn.functional_call(net, {name: 5.0}, np.ones((7, 3), "float32"))
    assert net(x).tolist() == own

    def inner(p):  # one call inside of another
        return nn.functional_call(net, {name: p * nn.functional_call(net, {name: p}, x).sum()}, x).sum()
    assert cr.grad(inner)(cr.tensor(0.5)).item() == pytest.approx(inner(cr.tensor(0.5)).item() * 4, rel=1e-4)  # of p^2
    assert net(x).tolist() == own


def test_functional_call_says_what_does_not_fit():
    net, x, _ = small_net()
    for params, kind, text in [({"affine1.wieght": np.ones(3)}, ValueError, 'Did you mean "affine1.weight"'),
                               ({"affine1.bias": np.ones(3, "float32")}, ValueError, r"affine1.bias is \(3,\) f32, the net's \(4,\) f32"),
                               ([1.0], ValueError, "the net has 4 parameters, and 1 values are given"),
                               (3, TypeError, "params must be a dict, list or tuple, not int"), ({1: 2.0}, TypeError, "a name must be a str")]:
        with pytest.raises(kind, match=text):
            nn.functional_call(net, params, x)
    with pytest.raises(ValueError, match="no parameters yet"):
        nn.functional_call(nn.Affine(2), {}, x)
    with pytest.raises(TypeError, match="net must be a layer"):
        nn.functional_call(abs, {}, x)
