"""Layers of one's own: what they draw, hold and keep, and how nets with them are saved, copied and trained."""
import copy
import pickle

import chainrule as cr
import numpy as np
import pytest
from chainrule import nn, optim, train


class Noise(nn.Layer):
    """x and noise."""

    def compute(self, x):
        return x + cr.normal(x.shape, nn.random_key())


class Bent(nn.Layer):
    """A function of x times a trained number."""

    def __init__(self, width=3, act=cr.relu):
        super().__init__()
        self.width, self.act, self.factor = width, act, nn.Parameter(2.0)

    def compute(self, x):
        return self.act(x * self.factor)


class Twin(nn.Layer):
    """Twice x."""

    def compute(self, x):
        return 2 * x


class Many(nn.Layer):
    """Layers and parameters in a dict, a tuple and lists of lists."""

    def __init__(self):
        super().__init__()
        self.by_name = {"a": nn.Affine(4), "b": [nn.Affine(4)]}
        self.pair = (nn.Affine(4), nn.Tanh())
        self.rows = [[nn.Affine(4), nn.Affine(4)], [nn.Affine(4)]]
        self.numbers = {"scale": nn.Parameter(2.0), "shift": nn.Parameter(1.0)}
        self.sizes = (1, 2)

    def compute(self, x):
        x = self.by_name["b"][0](self.by_name["a"](x))
        for layer in [*self.pair, *self.rows[0], *self.rows[1]]:
            x = layer(x)
        return x * self.numbers["scale"] + self.numbers["shift"]


def test_a_net_is_pickled_with_the_classes_that_it_has():
    net = nn.Sequential(Twin())

    class Other(nn.Layer):
        """Another class of the same name in files."""
        kind_name = "twin"

        def compute(self, x):
            return x
    x = np.ones((1, 2), np.float32)
    assert pickle.loads(pickle.dumps(net)).predict(x).tolist() == [[2, 2]] and Other()(x).tolist() == [[1, 1]]


def test_clones_have_layers_of_their_own():
    class Holding(nn.Layer):
        """Layers of the library in an attribute and a list."""

        def __init__(self):
            super().__init__()
            self.hidden, self.rest = nn.Affine(4), [nn.Sequential(nn.Affine(2))]

        def compute(self, x):
            return self.rest[0](self.hidden(x))
    net, x = Holding(), np.ones((2, 3), np.float32)
    y = net.predict(x)
    for again in (net.clone(), copy.deepcopy(net)):
        optim.SGD(again, lr=0.5).step(lambda: cr.mean(cr.square(again(x))))
        assert np.array_equal(net.predict(x), y) and not np.array_equal(again.predict(x), y)
        assert again.hidden is not net.hidden and again.rest[0] is not net.rest[0]


def test_a_state_of_float64_is_not_rounded():
    class Seen(nn.Layer):
        """A state."""

        def __init__(self):
            super().__init__()
            self.seen, self.factor = nn.State(np.array([1.0])), nn.Parameter(np.array([1.0]))

        def compute(self, x):
            if nn.is_training():
                nn.set_state(self.seen, [0.1])
            return x * self.factor
    net = Seen()
    optim.SGD(net, lr=0.1).step(lambda: cr.mean(net(cr.ones(2, "float64"))))
    assert net.seen.item() == 0.1


def test_seeds_and_streams_have_64_bits():
    net = nn.Sequential(Noise())
    assert net(cr.ones((2, 3))).shape == (2, 3)
    net = nn.Sequential(Noise(), nn.Affine(1))
    optimizer = optim.SGD(net, lr=0.1)
    assert all(np.isfinite(optimizer.step(lambda: cr.mean(net(cr.ones((2, 3)))))) for _ in range(3))
    last = 2**64 - 1
    for seed in (0, 2**63, last, (last, last, last), np.uint64(last)):
        drawn = cr.normal((2,), seed)
        assert np.array_equal(drawn, cr.normal((2,), seed)) and not np.array_equal(drawn, cr.normal((2,), 1))
    net.build(cr.ones((2, 3)), seed=last)
    x, t = np.ones((10, 2), np.float32), np.zeros((10, 1), np.float32)
    assert len(cr.fit(nn.Affine(1), x, t, epochs=1, seed=last)["loss"]) == 1
    assert cr.grad_check(lambda x: (x ** 2).sum(), cr.ones(2), seed=last)
    assert len(train.find_lr(nn.Affine(1), x, t, steps=3, seed=last).rates) > 0
    assert len(train.sweep({"a": train.Range(0, 1)}, lambda a: a, search="random", points=2, seed=last)) == 2
    assert optim.SGD(net, seed=last).seed == last
    cr.data.split(x, t, seed=last)
    for wrong in (-1, 2**64, (1, -1)):
        with pytest.raises(ValueError, match=r"need an integer from 0 to 2\*\*64 - 1"):
            cr.normal((2,), wrong)
    with pytest.raises(TypeError, match="seed or"):
        cr.normal((2,), (1, 2, 3, 4))


def test_a_default_that_cannot_be_written_is_the_default_again(tmp_path):
    net = nn.Sequential(nn.Affine(2), Bent(width=5))
    x = np.ones((2, 3), np.float32)
    y = net.predict(x)
    for name in ("a.safetensors", "a.st", "net", "b.onnx"):
        cr.save(tmp_path / name, net)
        again = cr.load(tmp_path / name)
        assert np.array_equal(again.predict(x), y) and again.net[1].act is cr.relu and again.net[1].width == 5
    assert np.array_equal(pickle.loads(pickle.dumps(net)).predict(x), y)
    with pytest.raises(ValueError, match="'act' of Bent is of type Function"):
        cr.save(tmp_path / "c", nn.Sequential(Bent(act=cr.tanh)))
    with pytest.raises(cr.FileError, match="none"):
        cr.load(tmp_path / "none")


def test_layers_in_dicts_tuples_and_nested_lists_are_members(tmp_path):
    net, x = Many(), np.ones((2, 3), np.float32)
    y = net.predict(x)
    assert list(net.parameters()) == [
        f"{name}.{each}" for name in ("by_name_a", "by_name_b_1", "pair1", "rows1_1", "rows1_2", "rows2_1") for each in ("weight", "bias")
    ] + ["numbers_scale", "numbers_shift"]
    copied = net.clone()
    assert np.array_equal(copied.predict(x), y) and copied.sizes == (1, 2) and isinstance(copied.pair, tuple)
    before = net.by_name["a"].parameter("weight").value.tolist()
    optim.SGD(copied, lr=0.5).step(lambda: cr.mean(cr.square(copied(x))))
    assert net.by_name["a"].parameter("weight").value.tolist() == before
    assert copied.by_name["a"].parameter("weight").value.tolist() != before and float(copied.numbers["shift"]) != 1
    cr.save(tmp_path / "many", net)
    assert np.array_equal(cr.load(tmp_path / "many").predict(x), y)
    assert np.array_equal(pickle.loads(pickle.dumps(net)).predict(x), y)


def test_a_layer_that_is_no_attribute_is_named():
    hidden = nn.Affine(2)

    class Hiding(nn.Layer):
        """A layer that is no attribute."""

        def compute(self, x):
            return hidden(x)
    with pytest.raises(ValueError, match="in Python, make it an attribute.*E247"):
        Hiding()(cr.ones((1, 2)))


@pytest.mark.parametrize("layer", [
    lambda: nn.Dropout(0.5), lambda: nn.BatchNorm(), Noise, lambda: nn.Sequential(nn.Residual(nn.Dropout(0.1))),
    lambda: nn.Mlp([4, 4], dropout=0.1)])
def test_a_loss_of_inference_is_refused_where_training_is_otherwise(layer):
    net = nn.Sequential(nn.Affine(3), layer(), nn.Affine(2))
    x, t = np.random.default_rng(1).normal(size=(8, 3)).astype(np.float32), np.arange(8) % 2
    net.build(x)
    optimizer = optim.SGD(net, lr=0.1)
    with pytest.raises(ValueError, match=r"is otherwise in training.*step\(lambda: \.\.\.\).*\(E266\)"):
        optimizer.step(cr.softmax_cross_entropy(net(x), t))
    assert optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t)) > 0


def test_a_loss_of_inference_is_taken_where_training_is_the_same():
    net = nn.Sequential(nn.Affine(3), nn.Dropout(0.0), Bent(), nn.Affine(2))
    x, t = np.ones((4, 3), np.float32), np.arange(4) % 2
    assert optim.SGD(net, lr=0.1).step(cr.softmax_cross_entropy(net(x), t)) > 0


def test_shared_layers_are_pickled_and_copied(tmp_path):
    a = nn.Affine(3)
    net, x = nn.Sequential(a, nn.Tanh(), a), np.ones((2, 3), np.float32)
    y = net.predict(x)
    for again in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net), net.clone()):
        assert np.array_equal(again.predict(x), y) and list(again.parameters()) == list(net.parameters())
        optim.SGD(again, lr=0.5).step(lambda: cr.mean(again(x)))
        assert list(again.parameters()) == list(net.parameters()) and np.array_equal(net.predict(x), y)
    class_of_two = nn.Sequential(nn.Residual(nn.Sequential(a, nn.Relu())), a, Bent())
    y = class_of_two.predict(x)
    cr.save(tmp_path / "net", class_of_two)
    for again in (pickle.loads(pickle.dumps(class_of_two)), cr.load(tmp_path / "net").net):
        assert np.array_equal(again.predict(x), y) and list(again.parameters()) == list(class_of_two.parameters())


@pytest.mark.parametrize("make", [nn.Parameter, nn.State])
def test_parameters_and_states_are_their_tensors(make):
    a = np.array([[1.0, -2.0], [3.0, 4.0]], np.float32)
    p, x = make(a), cr.tensor(a)
    for f in (lambda v: v == 1, lambda v: v != 1, lambda v: v > 0, lambda v: v <= 1, lambda v: 1 < v, lambda v: v[0], lambda v: v[:, 1],
              lambda v: v[0, 1], lambda v: v.T, lambda v: v.sum(), lambda v: v.sum(axis=0), lambda v: v.reshape(4), lambda v: v + v,
              lambda v: 1 + v, lambda v: v - 1, lambda v: 1 - v, lambda v: 2 * v, lambda v: v / 2, lambda v: 2 / v, lambda v: v // 2,
              lambda v: v % 2, lambda v: v ** 2, lambda v: 2 ** v, lambda v: v @ v, lambda v: a @ v, lambda v: v @ a, lambda v: a + v,
              lambda v: -v, lambda v: +v, lambda v: abs(v), lambda v: x * v, lambda v: v * x, lambda v: x == v, lambda v: cr.exp(v),
              lambda v: np.asarray(v), lambda v: v.astype("float64"), lambda v: np.array(v.tolist())):
        found, wanted = f(p), f(x)
        assert type(found) is type(wanted) and found.dtype == wanted.dtype and np.array_equal(found, wanted)
    assert p.shape == (2, 2) and p.ndim == 2 and p.size == 4 and len(p) == 2 and len(list(p)) == 2
    assert float(make(2.0)) == 2.0 and bool(make(1.0)) and not make(0.0) and make(3.0).item() == 3.0
    assert round(make(1.26), 1).item() == pytest.approx(1.3) and f"{make(1.5):.2f}" == "1.50"
    assert cr.gradients(cr.tensor([[make(2.0), 1.0]]).sum() ** 2, (q := make(3.0)).value, allow_unused=True).item() == 0
    assert cr.gradients(cr.tensor([q, 1.0]).sum() ** 2, q.value).item() == 8
    assert p.is_same(p.share()) and not p.is_same(make(a)) and {p: 1}[p] == 1 and (p == None) is False  # noqa: E711
    with pytest.raises(ValueError, match="neither true nor false"):
        bool(p)
    with pytest.raises(ValueError, match="has no value yet"):
        make() + 1
    with pytest.raises(AttributeError, match="no attribute 'sum'"):
        make().sum
    with pytest.raises(TypeError):
        p < "a"
    gradient = cr.gradients((p[0] ** 2).sum(), p.value)
    assert gradient.tolist() == [[2, -4], [0, 0]]


def test_losses_that_take_turns_leave_the_other_head_alone():
    class Heads(nn.Layer):
        def __init__(self):
            super().__init__()
            self.heads, self.at = [nn.Affine(1), nn.Affine(1)], 0

        def compute(self, x):
            return self.heads[self.at](x) if self.at < 2 else self.heads[0](x) + self.heads[1](x)

    net, x = Heads(), cr.ones((4, 3))
    net.at = 2
    net.build(x)
    net.at = 1
    optimizer = optim.Adam(net, lr=0.1, allow_unused=True)
    first, second = [{name: p.numpy().copy() for name, p in head.parameters().items()} for head in net.heads]
    optimizer.step(lambda: cr.mse(net(x), cr.ones((4, 1))))
    assert all((p.numpy() == first[name]).all() for name, p in net.heads[0].parameters().items())
    assert not all((p.numpy() == second[name]).all() for name, p in net.heads[1].parameters().items())
