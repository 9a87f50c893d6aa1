"""What must not be lost without a word: gradients, settings, and the value of a tensor."""
import copy
import math
import pickle
import warnings

import chainrule as cr
import numpy as np
import pytest
from chainrule import nn, optim

kReadings = [lambda x: x * float(x), lambda x: x * math.exp(x), lambda x: x * x.item(), lambda x: x * np.asarray(x * 2),
             lambda x: cr.tensor(np.sin(x.numpy())) * x, lambda x: x * x.tolist(), lambda x: x * np.from_dlpack(x)[()],
             lambda x: x * memoryview(x + 0).tolist(), lambda x: x * float(cr.exp(x)[None][0]), lambda x: x + [float(x)][0]]


@pytest.mark.parametrize("number", range(len(kReadings)))
@pytest.mark.parametrize("transform", [cr.grad, lambda f: lambda x: cr.jvp(f, (x,), (1.0,)), cr.hessian, cr.jacobian,
                                       lambda f: lambda x: cr.vjp(f, x), lambda f: lambda x: cr.hvp(f, (x,), (1.0,)),
                                       lambda f: cr.grad(cr.grad(f))])
def test_a_gradient_is_not_lost_in_a_number(transform, number):
    with pytest.raises(cr.NotDifferentiable) as error:
        transform(kReadings[number])(2.0)
    assert error.value.code == 563


def test_the_message_of_a_lost_gradient():
    with pytest.raises(ValueError) as error:
        cr.grad(lambda x: x * float(x))(2.0)
    line = error.traceback[0].lineno + 1
    assert str(error.value) == (
        "[float] a plain number has no gradient, and this tensor depends on what is differentiated. Use functions of "
        "chainrule in place of math's and NumPy's; or stop_gradient(x), if no gradient is meant. Called from "
        f"silent_test.py:{line}. (E563)")


def test_what_may_be_read_inside():
    constant = cr.tensor(3.0)

    def f(x):
        assert repr(x) and str(x) and f"{x:.2f}" == "2.00" and x._repr_html_()  # to look at
        if x > 1 and bool(x):  # which way the program goes
            x = x * float(constant) * float(cr.stop_gradient(x)) * x.detach().item()
        places = [int(i) for i in cr.argsort(cr.stack([x, x + 1]))]
        with cr.no_grad():
            fixed = float(x)
        return x * places[1] + 0 * fixed

    assert cr.grad(f)(2.0) == 12.0
    assert cr.grad(lambda x: x.copy() ** 2)(3.0) == 6.0 and cr.grad(lambda x: copy.copy(x) ** 2)(3.0) == 6.0
    with pytest.raises(ZeroDivisionError):
        cr.grad(lambda x: 1 / 0)(1.0)
    assert float(cr.tensor(2.0) * 2) == 4.0  # after that, too

    @cr.custom_gradient
    def by_numpy(x):
        return cr.tensor(np.sin(np.asarray(x)))

    @by_numpy.gradient
    def _(cotangent, output, x):
        return cotangent * cr.cos(x)

    assert cr.grad(by_numpy)(0.5) == pytest.approx(math.cos(0.5))


def test_gradients_are_not_lost_in_training():
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("f")

    class Own(nn.Layer):
        def __init__(self, read):
            super().__init__()
            self.read, self.factor = read, nn.Parameter(2.0)

        def compute(self, x):
            return x * self.factor * (float(self.factor.value) if self.read == "own" else float(x.mean()) if self.read == "input" else 1.0)

    for read in ("own", "input"):
        net = nn.Sequential(nn.Affine(2), Own(read))
        assert net.predict(x).shape == (20, 2)  # there it takes nothing
        with pytest.raises(cr.NotDifferentiable, match="E563"):
            cr.fit(net, x, x[:, :2], epochs=1)
        with pytest.raises(cr.NotDifferentiable, match="E563"):
            optim.SGD(net, lr=0.1).step(lambda: cr.mse(net(x), x[:, :2]))
    cr.fit(nn.Sequential(Own("input"), nn.Affine(2)), x, x[:, :2], epochs=1)  # of the rows themselves
    with pytest.raises(cr.NotDifferentiable, match="E563"):
        cr.fit(nn.Affine(2), x, x[:, :2], epochs=1, loss=lambda y, t: ((y - t) ** 2).mean() * float(y.mean()))
    net = nn.Affine(2)
    with pytest.raises(cr.NotDifferentiable, match="E563"):
        net(x), optim.SGD(net, lr=0.1).step(lambda: cr.mse(net(x), x[:, :2]) * float(net.parameter("bias").value.sum()))


class Kept(nn.Layer):
    def __init__(self, value=None, more=()):
        super().__init__()
        self.value, self.more = value, more

    def compute(self, x):
        return x


class Forgotten(nn.Layer):
    def __init__(self, width):
        super().__init__()
        self.size = width

    def compute(self, x):
        return x


@pytest.mark.parametrize("value", [math.sin, [[1], math.sin], {1: 2}, {"a": 1j}, np.ones(2), 1j, nn.Relu(), cr.ones(2)], ids=repr)
def test_settings_that_files_cannot_keep(value, tmp_path):
    net = nn.Sequential(nn.Sequential(Kept(value)), nn.Affine(2))
    net(np.ones((1, 3), np.float32))
    assert "kept" in repr(net)
    for write in (lambda: cr.save(tmp_path / "net.safetensors", net), lambda: pickle.dumps(net)):
        with pytest.raises(ValueError) as error:
            write()
        assert str(error.value).startswith(f"[save] setting 'value' of Kept is of type {type(value).__name__}. Need a number, a "
                                           "text, None, or lists and dicts of them. Called from silent_test.py:")
        assert error.value.code == 564 and not (tmp_path / "net.safetensors").exists()


kSettings = [True, False, 3, 2**62, 2**70, -2**63 - 1, 2.5, "text", "<b>", "<", None, [1, 2], [0.5], [7], ["a"], [], [1, 2.5],
             [True, False], [[1], [2]], {"a": [1, {"b": None}]}, np.float32(0.5), np.int64(3), (1, 2), ("<", "x")]


@pytest.mark.parametrize("value", kSettings, ids=repr)
@pytest.mark.parametrize("more", [None, [1], (), "x"], ids=repr)
def test_settings_that_files_keep(value, more, tmp_path):
    net = nn.Sequential(Kept(value, more), Kept(), nn.Affine(2))
    net(np.ones((1, 3), np.float32))
    cr.save(tmp_path / "net.safetensors", net)
    for again in (cr.load(tmp_path / "net.safetensors", layers=[Kept]).net, pickle.loads(pickle.dumps(net))):
        for wanted, got in ((value, again[0].value), (more, again[0].more), (None, again[1].value), ((), again[1].more)):
            assert got == (list(wanted) if isinstance(wanted, tuple) and wanted else wanted) or got == [] and wanted == ()
            assert type(got) is type(wanted) or isinstance(wanted, (tuple, np.generic))


def test_an_argument_that_a_layer_does_not_keep(tmp_path):
    net = nn.Sequential(Forgotten(3), nn.Affine(2))
    net(np.ones((1, 3), np.float32))
    with pytest.raises(ValueError, match=r"^\[save\] Forgotten takes 'width', and does not keep it\. Write self\.width = width in "
                                         r"its __init__\. Called from silent_test\.py:\d+\. \(E564\)$"):
        cr.save(tmp_path / "net.safetensors", net)


class Partly(nn.Layer):
    def __init__(self, width=3, *more, depth=2, activation=None, **others):
        super().__init__()
        self.depth = depth

    def compute(self, x):
        return x


class Placed(Partly):
    def __init__(self, width=3, /):
        super().__init__(width)


@pytest.mark.parametrize("made, name", [
    (lambda: Partly(5), "width"), (lambda: Partly(width=5), "width"), (lambda: Partly(activation="relu"), "activation"),
    (lambda: Partly(3, 4), "more"), (lambda: Partly(kind="a"), "others"), (lambda: Placed(5), "width"),
    (lambda: pickle.loads(pickle.dumps(Partly(5))), "width"), (lambda: Partly(5).clone(), "width"),
    (lambda: copy.deepcopy(nn.Sequential(Partly(5)))[0], "width")])
def test_an_argument_with_a_default_is_not_lost(made, name, tmp_path):
    net = nn.Sequential(made(), nn.Affine(2))
    net(np.ones((1, 3), np.float32))
    said = rf"^\[save\] (Partly|Placed) takes '{name}', and does not keep it: a net that is loaded has the default in its place\. .+ " \
           r"Called from silent_test\.py:\d+\. \(E564\)$"
    for write in (lambda: cr.save(tmp_path / "net.safetensors", net), lambda: pickle.dumps(net)):
        with pytest.warns(UserWarning, match=said):
            write()


def test_an_argument_that_is_as_its_default_need_not_be_kept(tmp_path):
    for layer in (Partly(), Partly(3, depth=7), Partly(width=3, activation=None), Placed()):
        net = nn.Sequential(layer, nn.Affine(2))
        net(np.ones((1, 3), np.float32))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cr.save(tmp_path / "net.safetensors", net)
        assert cr.load(tmp_path / "net.safetensors", layers=[Partly, Placed]).net[0].depth == layer.depth


def test_a_tensor_cannot_be_changed_through_dlpack():
    x = cr.tensor([1.0, 2.0])
    array = np.from_dlpack(x)
    try:
        array[0] = 5
    except ValueError:
        pass  # read-only
    assert x.tolist() == [1, 2]
    with pytest.raises(BufferError, match="copy=False cannot be had"):
        x.__dlpack__(copy=False)
    with pytest.raises(BufferError):
        x.__dlpack__(max_version=(0, 8), copy=False)
    assert x.__dlpack__(max_version=(1, 0), copy=False) is not None
    torch = pytest.importorskip("torch")
    taken = torch.from_dlpack(x)
    taken += 10
    assert x.tolist() == [1, 2] and taken.tolist() == [11, 12]


def test_torch_takes_tensors():
    torch = pytest.importorskip("torch")
    assert torch.tensor(cr.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[1, 2], [3, 4]]
    assert torch.tensor(cr.tensor([1, 2])).dtype == torch.int64 and torch.tensor(cr.tensor([True])).tolist() == [True]
    assert torch.tensor(np.asarray(cr.tensor(3.0))).item() == 3


def test_iteration_has_gradients():
    assert cr.grad(lambda x: sum(v ** 2 for v in x))(cr.tensor([1.0, 2.0])).tolist() == [2, 4]
    assert cr.grad(lambda x: sum(i * v for i, v in enumerate(reversed(x))))(cr.tensor([1.0, 2.0])).tolist() == [1, 0]
    a, b = cr.tensor([1.0, 2.0])
    assert isinstance(a, cr.Tensor) and b.tolist() == 2 and 2.0 in cr.tensor([1.0, 2.0])
