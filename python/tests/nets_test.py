"""Layers, optimizers and training."""
import gc
import inspect
import io as streams
import os
import pickle
import subprocess
import weakref
from pathlib import Path

import chainrule as cr
import numpy as np
import pytest
from chainrule import _core, nn, optim, train


def rows(count=200, inputs=6, classes=3, seed=0):
    x = np.random.default_rng(seed).normal(size=(count, inputs)).astype(np.float32)
    return x, x[:, :classes].argmax(axis=1)


class Scale(nn.Layer):
    """x times a trained number."""

    def __init__(self, start=1.0):
        super().__init__()
        self.factor = nn.Parameter(start)

    def compute(self, x):
        return x * self.factor


class Block(nn.Layer):
    """An affine layer of one's own, with others inside."""

    def __init__(self, size):
        super().__init__()
        self.size = size
        self.weight = nn.Parameter()
        self.seen = nn.State()
        self.scales = [Scale(2.0), Scale(0.5)]

    def init(self, init):
        init("weight", self.weight, (init.shape()[1], self.size), "he", fan_in=init.shape()[1])
        init.state("seen", self.seen, (), 0.0)

    def compute(self, x):
        if nn.is_training():
            nn.set_state(self.seen, self.seen.value + 1)
        for scale in self.scales:
            x = scale(x)
        return x @ self.weight


@pytest.mark.parametrize("kind, module", [("layer", nn), ("optimizer", optim), ("schedule", optim)])
def test_each_row_of_the_tables_can_be_made(kind, module):
    names = {maker.name: maker for maker in vars(module).values() if hasattr(maker, "settings") and hasattr(maker, "kind")}
    for name, doc, settings in _core._rows(kind):
        maker = names[name]
        assert doc in maker.__doc__ and maker.kind == kind
        assert inspect.signature(maker)
        assert maker().kind == name and pickle.loads(pickle.dumps(maker)) is not None


def test_settings_are_arguments():
    layer = nn.Conv2d(8, 5, stride=2, padding="same")
    assert repr(layer) == "conv2d(8, 5, stride=2, padding=same)" and layer.settings["filters"] == 8
    assert repr(nn.Affine(3, weight_init="xavier(gain=2)")) == "affine(3, weight_init=xavier(2.0))"
    with pytest.raises(ValueError, match=r"unknown setting 'kernl' of conv2d\. Did you mean 'kernel'\? Called from nets_test\.py:\d+\. \(E226\)"):
        nn.Conv2d(8, kernl=3)
    with pytest.raises(TypeError, match="at most 2 arguments"):
        nn.Dropout(0.5, 1, 2)
    with pytest.raises(TypeError, match="given twice"):
        nn.Affine(3, outputs=4)
    with pytest.raises(TypeError, match="takes a layer"):
        nn.Residual(optim.Adam())


def test_nets_are_made_of_layers():
    net = nn.Sequential(nn.Affine(5), nn.Relu(), nn.Affine(3))
    assert len(net) == 3 and repr(net[-1]) == "affine(3)" and not net.is_built
    x, _ = rows()
    y = net(x)
    assert isinstance(y, cr.Tensor) and y.shape == (200, 3) and net.is_built
    assert isinstance(net.predict(x), np.ndarray) and isinstance(net.predict(cr.tensor(x)), cr.Tensor)
    np.testing.assert_array_equal(net.predict(x), y)
    assert list(net.parameters()) == ["affine1.weight", "affine1.bias", "affine2.weight", "affine2.bias"]
    p = {name: np.array(each) for name, each in net.parameters().items()}
    wanted = np.maximum(x @ p["affine1.weight"] + p["affine1.bias"], 0) @ p["affine2.weight"] + p["affine2.bias"]
    np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(IndexError):
        net[3]
    with pytest.raises(ValueError, match="E043"):
        net.parameter("affine9.weight")
    with pytest.raises(cr.ShapeError, match=r"In layer affine1, called from nets_test.py:\d+\. \(E662\)"):
        net(x[:, :2])
    assert "affine1" in net.summary(x[:1]) and net.svg(x[:1]).startswith("<svg") and "<table>" in net._repr_html_()
    residual = nn.Residual(nn.Sequential(nn.Affine(6), nn.Tanh()))
    assert residual(x).shape == (200, 6)


def test_parameters_can_be_set():
    net = nn.Affine(3)
    net.build(np.zeros((1, 2), np.float32))
    net.parameter("weight").value = np.ones((2, 3))
    net.parameters()["bias"].value = [1, 2, 3]
    assert net.predict(np.ones((1, 2), np.float32)).tolist() == [[3, 4, 5]]
    with pytest.raises(cr.ShapeError, match="E042"):
        net.parameter("weight").value = np.ones(3)


def test_forward_and_backward_as_the_books_have_them():
    net = nn.Affine(3)
    x, _ = rows(4)
    y = net.forward(x)
    dx = net.backward(cr.ones_like(y))
    np.testing.assert_allclose(net.parameter("weight").grad, np.repeat(x.sum(axis=0)[:, None], 3, axis=1), rtol=1e-5)
    assert dx.shape == x.shape


def test_layers_that_are_python_classes():
    net = nn.Sequential(Block(8), nn.Relu(), Scale(), nn.Affine(3))
    x, t = rows()
    assert net(x).shape == (200, 3)
    assert list(net.parameters()) == ["block1.weight", "block1.scales1.factor", "block1.scales2.factor", "scale1.factor",
                                      "affine1.weight", "affine1.bias"]
    assert list(net.states()) == ["block1.seen"] and repr(net) == "sequential([block(8), relu, scale, affine(3)])"
    history = cr.fit(net, x, t, epochs=3, batch_size=20)
    assert history["loss"][-1] < history["loss"][0]
    assert net.states()["block1.seen"].value.item() == 30  # a step of training each
    assert net.parameter("block1.scales1.factor").value.item() != 2
    copy = net.clone()
    np.testing.assert_array_equal(copy.predict(x), net.predict(x))
    cr.fit(copy, x, t, epochs=1)
    assert not np.array_equal(copy.predict(x), net.predict(x))
    net.load_tensors(copy.tensors())
    np.testing.assert_array_equal(copy.predict(x), net.predict(x))


def test_layers_with_several_inputs():
    class Mix(nn.Layer):
        outputs = "sum, product"

        def compute(self, a, b=None):
            return (a, a) if b is None else (a + b, a * b)

    a, b = cr.tensor([1.0, 2.0]), cr.tensor([3.0, 4.0])
    assert [y.tolist() for y in Mix()(a, b)] == [[4, 6], [3, 8]] and Mix()(a)[0].tolist() == [1, 2]
    with pytest.raises(ValueError, match="E041"):
        Mix()(a, b, a)


def test_what_python_layers_raise_goes_through():
    class Broken(nn.Layer):
        def compute(self, x):
            raise KeyError("inside")

    class Nothing(nn.Layer):
        pass

    with pytest.raises(KeyError, match="inside"):
        nn.Sequential(Broken())(cr.ones(2))
    x, t = rows()
    net = nn.Sequential(nn.Affine(3), Broken())
    with pytest.raises(KeyError, match="inside"):
        cr.fit(net, x, t)
    with pytest.raises(TypeError, match="without `compute`"):
        Nothing()(cr.ones(2))


def test_layers_are_freed():
    alive = weakref.ref(Scale())
    assert alive() is None  # no cycle where nothing in C++ holds it
    layer = Scale()
    alive = weakref.ref(layer)
    net = nn.Sequential(layer, nn.Relu())
    del layer
    gc.collect()
    assert alive() is not None and net(cr.ones(2)).tolist() == [1, 1]
    del net
    gc.collect()
    assert alive() is None
    block = Block(3)
    block.itself = {"me": block}  # Python's own cycle
    block.net = nn.Sequential(Scale(), nn.Affine(2))
    alive = weakref.ref(block)
    del block
    gc.collect()
    assert alive() is None


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_10000_steps_take_no_more_memory():
    x, t = rows(20)
    net = nn.Sequential(nn.Affine(8), Scale(), nn.Relu(), nn.Affine(3))
    optimizer = optim.Adam(net, lr=0.01)

    def steps(count):
        for _ in range(count):
            optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t))
        gc.collect()
        return resident()

    before = steps(2000)
    assert steps(10000) - before < 2 << 20


def test_optimizers_and_schedules():
    x, t = rows()
    net = nn.mlp([16, 3])
    optimizer = optim.Momentum(net, lr=optim.cosine(0.1, steps=50), momentum=0.8, weight_decay=1e-4, clip_norm=1.0)
    assert optimizer.lr == 0.1 and repr(optimizer).startswith("momentum(0.8) of mlp")
    losses = [optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t)) for _ in range(50)]
    assert losses[-1] < 0.5 * losses[0] and optimizer.steps == 50 and optimizer.lr < 1e-9 and optimizer.lr_at(25) == 0.05
    state = optimizer.state()
    assert "steps" in state and any(name.endswith(".velocity") for name in state)
    optimizer.restore(state)
    optimizer.lr = 0.5
    assert optimizer.lr == 0.5
    plain = optim.SGD(net, lr=0.1)
    assert plain.step(cr.softmax_cross_entropy(net(x), t)) > 0
    with pytest.raises(ValueError, match="with allow_unused=True a step leaves what its loss does not reach.*E263"):
        plain.step(cr.tensor(1.0))
    with pytest.raises(TypeError, match="must be the loss"):
        plain.step(lambda: 1.0)


def test_the_rule_of_sgd():
    net = nn.Affine(1, bias=False) if "bias" in nn.Affine().settings else nn.Linear(1)
    net.build(np.zeros((1, 2)), dtype="float64")
    w = np.array(net.parameter("weight"))
    x = np.array([[1.0, 2.0]])
    optim.SGD(net, lr=0.1).step(lambda: net(x).sum())
    np.testing.assert_allclose(net.parameter("weight"), w - 0.1 * x.T, rtol=1e-12)


def test_fit():
    x, t = rows(300)
    net = nn.mlp([16, 3])
    seen = []
    history = cr.fit(net, x, t, epochs=4, batch_size=30, validation=0.2, metrics=["accuracy", "top_k(2)"], lr=0.01,
                     callbacks=[seen.append])
    assert history["epoch"] == [1, 2, 3, 4] and len(history["validation.accuracy"]) == 4 and len(seen) == 4
    assert seen[-1]["validation.top_k(2)"] == history["validation.top_k(2)"][-1] and history.reason == "all steps done"
    assert history.plot().svg.startswith("<svg") and history["loss"][-1] < history["loss"][0]
    again = nn.mlp([16, 3])
    assert cr.fit(again, x, t, epochs=4, batch_size=30, validation=0.2, metrics=["accuracy", "top_k(2)"], lr=0.01) == {
        **history, "seconds": None} or again.predict(x).tolist() == net.predict(x).tolist()  # the same bits
    stopped = cr.fit(net, x, t, epochs=100, callbacks=[lambda report: report["epoch"] >= 2])
    assert stopped["epoch"] == [1, 2] and "True" in stopped.reason
    found = train.evaluate(net, x, t, metrics=["accuracy"])
    assert found["accuracy"] == pytest.approx((net.predict(x).argmax(axis=1) == t).mean())
    own = cr.fit(nn.mlp([4, 2]), x, x[:, :2], loss=lambda y, t: ((y - t) ** 2).mean(), optimizer=optim.Momentum(0.5), lr=0.1,
                 validation=(x[:50], x[:50, :2]), epochs=2)
    named = cr.fit(nn.mlp([4, 2]), x, x[:, :2], loss="mse", optimizer="momentum(0.5)", lr=0.1,
                   validation=(x[:50], x[:50, :2]), epochs=2)
    np.testing.assert_allclose(own["validation.loss"], named["validation.loss"], rtol=1e-6)


def test_fit_stops_early_with_the_best_weights():
    x, t = rows(60, inputs=20)
    net = nn.mlp([64, 3])
    noise = np.random.default_rng(5).integers(0, 3, len(t))
    history = cr.fit(net, x, noise, epochs=200, validation=(x[:20], t[:20]), patience=3, lr=0.01)
    assert len(history["loss"]) < 200
    best = min(history["validation.loss"])
    assert train.evaluate(net, x[:20], t[:20])["loss"] == pytest.approx(best, rel=1e-6)


def test_wrong_calls_of_fit():
    x, t = rows()
    net = nn.mlp([3])
    for call, error, text in [(lambda: cr.fit(net, x, t, epoch=3), TypeError, "no argument 'epoch'"),
                              (lambda: cr.fit(net, x, t, patience=3), ValueError, "validation"),
                              (lambda: cr.fit(net, x, t[:-1]), ValueError, "E271"),
                              (lambda: cr.fit(net, x, t, loss="mze"), ValueError, "E230"),
                              (lambda: cr.fit(net, x, t, epochs=0), ValueError, "E228"),
                              (lambda: cr.fit(net, x, t, callbacks=[lambda r: 1 / 0]), ZeroDivisionError, "")]:
        with pytest.raises(error, match=text):
            call()


def test_progress_does_not_flood():
    out = streams.StringIO()
    progress = train.Progress(1000, interval=1e9, out=out)
    progress.last = float("inf")
    for epoch in range(1, 1001):
        progress({"epoch": epoch, "loss": 1 / epoch, "step": epoch, "lr": 0.1, "seconds": 0.0})
    assert out.getvalue() == "epoch 1000/1000: loss 0.001\n"


def test_files_are_those_of_the_tool(tmp_path):
    x, t = rows()
    net = nn.Sequential(nn.Affine(8), nn.BatchNorm(), nn.Relu(), nn.Affine(3))
    cr.fit(net, x, t, epochs=2)
    path = tmp_path / "net.safetensors"
    cr.save(path, net, classes=["a", "b", "c"], author="test")
    model = cr.load(path)
    np.testing.assert_array_equal(model.predict(x), net.predict(x))
    assert model.classes == ["a", "b", "c"] and model.notes["author"] == "test" and model.classify(x)[0] in "abc"
    assert set(cr.io.read_safetensors(path)) == set(net.tensors())
    tool = Path(os.environ.get("CHAINRULE_TOOL", "/nowhere"))
    if tool.exists():
        said = subprocess.run([tool, "info", path], capture_output=True, text=True)
        assert said.returncode == 0 and "batch_norm" in said.stdout, said.stderr
    with pytest.raises(OSError, match=r"E200") as error:
        cr.load(tmp_path / "nowhere.safetensors")
    assert error.value.code == 200 and pickle.loads(pickle.dumps(error.value)).code == 200


def test_files_of_arrays(tmp_path):
    x = np.arange(6.0).reshape(2, 3)
    cr.io.write_npy(tmp_path / "x.npy", x)
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), x)
    np.savez(tmp_path / "y.npz", a=x, b=np.arange(3))
    found = cr.io.read_npz(tmp_path / "y.npz")
    assert list(found) == ["a", "b"] and found["b"].dtype == np.int64
    cr.io.write_npz(tmp_path / "z.npz", {"a": x}, compressed=True)
    np.testing.assert_array_equal(np.load(tmp_path / "z.npz")["a"], x)
    cr.io.write_safetensors(tmp_path / "s.safetensors", {"x": cr.tensor(x)}, {"step": "3"})
    assert cr.io.read_metadata(tmp_path / "s.safetensors") == {"step": "3"}
    np.testing.assert_array_equal(cr.io.read_npy(tmp_path / "x.npy"), x)


def test_pickling():
    x, t = rows()
    for net in (nn.Sequential(nn.Affine(8), nn.BatchNorm(), nn.Affine(3)), Block(4), nn.mlp([3])):
        assert pickle.loads(pickle.dumps(net)).is_built is False
        y = net.predict(x)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(net)).predict(x), y)
    assert repr(pickle.loads(pickle.dumps(nn.Parameter([1.0, 2.0])))) == "Parameter(tensor([1., 2.]))"


def test_explaining():
    trace = cr.explain.trace("t = w * 2 + b; t * t", w=3, b=-4, check=True)
    assert trace.value == 4 and trace.gradient == {"w": 8, "b": 4}
    assert trace._repr_html_().startswith("<svg") and "<html" in trace.html() and "digraph" in trace.dot()
    with pytest.raises(ValueError, match="E090|E091"):
        cr.explain.trace("1 +")
    x, t = rows()
    net = nn.mlp([4, 3])
    passes = cr.explain.net(net, lambda: cr.softmax_cross_entropy(net(x), t))
    assert "affine1" in passes.text() and "<html" in passes.html("mine") and passes.loss > 0


def test_pictures(tmp_path):
    picture = cr.plot.lines({"a <b>": [1, None, 3], "c": ([0, 1], [2, 3])}, title="x & y")
    picture.save(tmp_path / "p.svg")
    import xml.dom.minidom
    for each in (picture, cr.plot.histogram(np.arange(100)), cr.plot.confusion([0, 1, 1], [0, 1, 0], names=["yes", "no"]),
                 cr.plot.images(np.zeros((3, 1, 8, 8)), captions="abc")):
        assert xml.dom.minidom.parseString(each._repr_html_()).documentElement.tagName == "svg"


def test_data():
    digits = cr.data.load("digits")
    assert digits.train[0].shape == (60000, 1, 28, 28) and digits.test[1].dtype == np.int64
    (a, b), (c, d) = cr.data.split(np.arange(10), np.arange(10), 0.7)
    assert sorted([*a, *c]) == list(range(10)) and len(a) == 7 and a.tolist() == b.tolist()
    seen = [x.tolist() for x, _ in cr.data.batches(np.arange(5), np.arange(5), 2, epochs=2)]
    assert [len(x) for x in seen] == [2, 2, 1] * 2 and sorted(sum(seen[:3], [])) == list(range(5))
    shift = cr.data.transforms["Shift"]
    x, t = digits.train
    cr.fit(nn.Sequential(nn.Flatten(), nn.Affine(10)), x[:100], t[:100], epochs=1, transforms=[shift(2)])
    for changing in (cr.data.transforms["Normalize"](0.5, 0.05), cr.data.transforms["Resize"](14, 14)):
        with pytest.raises(cr.Error, match="is done to training batches alone"):
            cr.fit(nn.Sequential(nn.Flatten(), nn.Affine(10)), x[:100], t[:100], epochs=1, transforms=[changing])


def test_an_own_layer_may_be_named_as_one_of_the_library(tmp_path):
    class Relu(nn.Layer):
        """Zeros."""

        def compute(self, x):
            return x * 0

    x, _ = rows(4)
    for name, net in {"plain": nn.Sequential(nn.Affine(4), nn.Relu()), "own": nn.Sequential(nn.Affine(4), Relu())}.items():
        y = np.asarray(net.predict(x))
        assert (name == "own") == (not y.any())
        train.save(tmp_path / f"{name}.safetensors", net)
        assert np.array_equal(np.asarray(train.load(tmp_path / f"{name}.safetensors").predict(x)), y)


def test_a_net_with_own_layers_can_be_pickled():
    net, (x, _) = nn.Sequential(nn.Affine(4), Scale(2.0), nn.Sequential(Scale(0.5), nn.Tanh())), rows(4)
    y = np.asarray(net.predict(x))
    assert np.array_equal(np.asarray(pickle.loads(pickle.dumps(net)).predict(x)), y)


def test_numbers_of_numpy_are_settings(tmp_path):
    class Times(nn.Layer):
        """x times a number."""

        def __init__(self, scale=1.0):
            super().__init__()
            self.scale = scale

        def compute(self, x):
            return x * self.scale

    x, _ = rows(4)
    for scale in (np.float32(2), np.float64(3)):
        train.save(tmp_path / "times.safetensors", nn.Sequential(Times(scale)))
        assert np.array_equal(np.asarray(train.load(tmp_path / "times.safetensors").predict(x)), x * scale)


def test_class_numbers_of_any_whole_dtype():
    x, t = rows()
    losses = [cr.fit(nn.mlp([8, 3]), x, t.astype(dtype), epochs=2)["loss"] for dtype in ("i8", "i4", "u1")]
    assert losses[0] == losses[1] == losses[2]


def test_shares_and_patience_are_checked():
    x, t = rows()
    for wrong in (dict(validation=-0.1), dict(validation=1), dict(validation=0.1, patience=-1)):
        with pytest.raises(ValueError, match="validation is|'patience' is"):
            cr.fit(nn.mlp([8, 3]), x, t, **wrong)


@pytest.mark.parametrize("make", [lambda net: optim.Adam(net, lr=0.02, beta1=0.8, weight_decay=1e-3),
                                  lambda net: optim.Momentum(net, lr=optim.cosine(0.1, steps=20), clip_norm=1.0, seed=5),
                                  lambda net: optim.SGD(net, lr=0.1)])
def test_optimizers_can_be_pickled(make):
    x, t = rows()
    net = nn.mlp([8, 3])
    optimizer = make(net)

    def steps(of, count):
        return [of.step(lambda: cr.softmax_cross_entropy(of.net(x), t)) for _ in range(count)]
    steps(optimizer, 3)
    again, its_net = pickle.loads(pickle.dumps((optimizer, net)))
    assert again.net is its_net and again.steps == 3 and again.lr == optimizer.lr and repr(again) == repr(optimizer)
    assert steps(again, 4) == steps(optimizer, 4)  # to the same bits
    for made in (optim.Adam(beta1=0.7), optim.cosine(0.1, steps=9), nn.initializers["Normal"](0.5)):
        assert repr(pickle.loads(pickle.dumps(made))) == repr(made)


def test_wrong_settings_of_fit_are_said_in_pythons_words():
    x, t = rows(20)
    for settings, error, text in [({"epochs": "3"}, TypeError, "epochs must be a number, not str"),
                                  ({"batch_size": 2.5}, TypeError, "batch_size must be an integer, not float"),
                                  ({"batch_size": "8"}, TypeError, "batch_size must be an integer, not str"),
                                  ({"seed": -1}, ValueError, "seed is -1; need an integer from 0"),
                                  ({"seed": 1.5}, TypeError, "seed must be an integer from 0 on, not float"),
                                  ({"shuffle": "no"}, TypeError, "shuffle must be True or False, not str"),
                                  ({"patience": "2", "validation": 0.2}, TypeError, "patience must be an integer, not str"),
                                  ({"validation": "0.1"}, TypeError, "validation must be a share or a pair"),
                                  ({"optimizer": 3}, TypeError, "optimizer must be a name or an object, not int"),
                                  ({"metrics": [3], "validation": 0.2}, TypeError, "metric must be a name or an object, not int"),
                                  ({"metrics": "accuracy"}, TypeError, "metrics must be a list"),
                                  ({"transforms": [3]}, TypeError, "transform must be a name or an object, not int"),
                                  ({"callbacks": [3]}, TypeError, "callbacks must be functions, not int"),
                                  ({"loss": 3}, TypeError, "loss must be a name, an object or a function, not int"),
                                  ({"lr": [1]}, ValueError, "'lr' is a list. Need a number, or a schedule")]:
        with pytest.raises(error, match=text) as raised:
            cr.fit(nn.mlp([3]), x, t, **settings)
        assert "Unable to cast" not in str(raised.value) and "incompatible" not in str(raised.value)
    for call in (cr.fit, train.evaluate, train.find_lr):
        with pytest.raises(TypeError, match="net must be a layer, not str"):
            call("net", x, t)
        with pytest.raises(TypeError, match="batch_size must be an integer, not float"):
            call(nn.mlp([3]), x, t, batch_size=2.5)
    for call in (lambda seed: nn.Affine(3).build(x, seed=seed), lambda seed: optim.SGD(nn.Affine(3), seed=seed)):
        with pytest.raises(TypeError, match="seed must be an integer from 0 on, not str"):
            call("a")
        with pytest.raises(ValueError, match=r"seed is -1; need an integer from 0 to 2\*\*64 - 1"):
            call(-1)
    failed = train.sweep({"a": [1, 2]}, lambda a: "text")
    assert len(failed) == 2 and failed[0].error.startswith("TypeError: must be real number, not str")


def test_errors_of_nets_name_the_line_of_the_program():
    x, t = rows(20)
    net = nn.mlp([3])
    for call, code in [(lambda: cr.fit(net, x, t[:-1]), 271), (lambda: cr.fit(net, x, t, loss="mze"), 230),
                       (lambda: cr.fit(net, x, t, epochs=0), 228), (lambda: nn.Conv2d(-1)(np.ones((1, 1, 5, 5), "f")), 228),
                       (lambda: nn.Conv2d(kernl=3), 226), (lambda: cr.zeros(-1), 1), (lambda: cr.tensor([1j]), 554),
                       (lambda: cr.zeros(2, "c8"), 553), (lambda: cr.set_num_threads(0), 2), (lambda: cr.load("none.safetensors"), None)]:
        with pytest.raises(cr.Error) as error:
            call()
        assert error.value.code == code or code is None
        assert "called from nets_test.py:" in str(error.value).lower(), str(error.value)
        assert str(error.value).endswith(f" (E{error.value.code:03d})")
    for key in (([0, 1], [0, 1, 2]), ([0, 1], [0, 3]), ([5],), 7):
        with pytest.raises((IndexError, cr.ShapeError)) as error:
            cr.ones((2, 3))[key].numpy()
        assert "nets_test.py" in str(error.value) and ".cpp" not in str(error.value)
