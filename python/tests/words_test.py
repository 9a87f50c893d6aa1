"""What is said of calls that other libraries take, or that look as if they were right."""
import os

import chainrule as cr
import numpy as np
import pytest
from chainrule import data, nn, optim, plot, train

x, t = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32), np.arange(12) % 2


def net_of(*layers):
    net = nn.Sequential(*layers or (nn.Affine(2),))
    net.build(x)
    return net


def test_schedules_in_steps_have_no_epochs():
    for schedule, rates in ((optim.step(0.1, factor=0.5, steps=2), [0.1, 0.1, 0.05, 0.05, 0.025]),
                            (optim.exponential(0.1, factor=0.5, steps=2), [0.1 * 0.5 ** (i / 2) for i in range(5)]),
                            (optim.inverse_time(0.1, steps=2), [0.1 / (1 + i / 2) for i in range(5)]),
                            (optim.cosine(0.1, steps=2), [0.1, 0.05, 0])):
        optimizer = optim.SGD(net_of(), lr=schedule)
        np.testing.assert_allclose([optimizer.lr_at(i) for i in range(len(rates))], rates, atol=1e-12)
    np.testing.assert_allclose(cr.fit(net_of(), x, t, epochs=3, batch_size=6, lr=optim.exponential(0.1, factor=0.5)).get("lr"),
                               [0.1 * 0.5 ** ((2 * i + 1) / 2) for i in range(3)], rtol=1e-6)
    with pytest.raises(ValueError, match=r"Give it in steps instead \(steps=1000;.*E260"):
        optim.SGD(net_of(), lr=optim.step(0.1)).lr_at(0)


@pytest.mark.parametrize("call, error, words", [
    (lambda: optim.Adam(net_of(), 0.01), TypeError, r"Adam\(\) takes its settings by name behind the net: Adam\(net, lr=0.01\)"),
    (lambda: optim.Momentum(net_of(), 0.1), TypeError, r"Momentum\(net, lr=0.01\)"),
    (lambda: optim.Adam(net_of().parameters()), TypeError, r"takes the net that is trained.*not parameters: Adam\(net, lr=0.01\)"),
    (lambda: optim.SGD(net_of().parameters().values()), TypeError, r"takes the net that is trained"),
    (lambda: optim.SGD(nn.Affine), TypeError, r"was given the class Affine; need a net"),
    (lambda: optim.SGD(net_of()).step(None), TypeError, r"loss must be a tensor, or a function"),
    (lambda: nn.Sequential(nn.Affine(3), lambda x: x), TypeError, r"'layers' of sequential takes a layer, not function"),
    (lambda: nn.Sequential(cr.relu), TypeError, r"a setting must be a number, a text, a list or an object.*, not Function"),
    (lambda: nn.Sequential({"a": nn.Relu()}), TypeError, r"was given a dict of layers; need them in a row"),
    (lambda: nn.Linear(np.int64(7), np.int64(5)), TypeError, r"'bias' must be True or False, not 5"),
    (lambda: optim.Adam([nn.Parameter(1.0)]), TypeError, r"or a layer that holds the parameters"),
    (lambda: optim.SGD(nn.Parameter(1.0)), TypeError, r"or a layer that holds the parameters"),
    (lambda: optim.SGD(net_of(), lr=lambda step: 0.1), TypeError, r"lr must be a number, or a schedule such as optim.cosine"),
    (lambda: cr.fit(net_of(), x, t, lr=lambda step: 0.1), TypeError, r"lr must be a number, or a schedule such as optim.cosine"),
    (lambda: optim.SGD(net_of()).step([cr.ones(2), cr.ones(2)]), TypeError, r"loss must be a tensor, or a function that computes"),
    (lambda: nn.Linear(784, 50), TypeError, r"'bias' must be True or False, not 50\. The size of its inputs is not given"),
    (lambda: nn.Affine(784, 1), TypeError, r"'bias' must be True or False, not 1\."),
    (lambda: nn.Sequential(nn.Affine(3), nn.Relu), TypeError, r"was given the class Relu; need one that is made: Relu\(\.\.\.\)"),
    (lambda: nn.Residual(nn.Relu), TypeError, r"was given the class Relu"),
    (lambda: cr.fit(net_of(), x, t, validation=(x,)), ValueError, r"validation has 1 parts; need \(x, t\)"),
    (lambda: cr.fit(net_of(), x, t, metrics=["accuracy"]), ValueError, r"metrics need rows to measure on: set validation to a share"),
    (lambda: cr.gradients(cr.ones(2).sum(), cr.ones(2)), ValueError, r"stop_gradient or no_grad\? Pass allow_unused=True for zeros"),
    (lambda: optim.SGD(net_of()).step(cr.tensor(1.0)), ValueError, r'goes into a group: groups=\[\{"match": "affine1\.\*", "frozen": True\}\]'),
    (lambda: cr.tensor(np.ones((1,) * 9)), cr.ShapeError, r"E001"),
    (lambda: cr.tensor(np.ones((1,) * 9).tolist()), cr.ShapeError, r"E001"),
])
def test_says(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_groups_are_dicts():
    net = net_of(nn.Affine(3), nn.Affine(2))
    first = net.parameter("affine1.weight").value.tolist()
    optim.SGD(net, lr=0.1, groups=[{"match": "affine1.*", "frozen": True}]).step(lambda: cr.mean(net(x)))
    assert net.parameter("affine1.weight").value.tolist() == first


def test_a_tensor_may_be_a_setting():
    assert repr(nn.Affine(cr.tensor(3))) == "affine(3)" and optim.SGD(net_of(), lr=cr.tensor(0.5)).lr == 0.5


def test_a_model_is_not_a_layer(tmp_path):
    cr.save(tmp_path / "net", net_of())
    with pytest.raises(TypeError, match=r"was given a Model; need its layer: its \.net"):
        nn.Sequential(cr.load(tmp_path / "net"), nn.Softmax())
    assert nn.Sequential(cr.load(tmp_path / "net").net, nn.Softmax()).predict(x).shape == (12, 2)


def test_a_folder_with_a_run_is_not_overwritten(tmp_path):
    cr.fit(net_of(), x, t, epochs=1, folder=tmp_path)
    with pytest.raises(cr.FileError, match=r"\(of fit: resume = true\), name another folder, .*\(of fit: remove it\)"):
        cr.fit(net_of(), x, t, epochs=1, folder=tmp_path)


def test_a_callback_may_return_true_of_numpy():
    for stop in (True, np.bool_(True), cr.tensor(True), np.float32(0.1) < 1):
        assert len(cr.fit(net_of(), x, t, epochs=5, callbacks=[lambda report: stop])["loss"]) == 1
    assert len(cr.fit(net_of(), x, t, epochs=1, validation=np.float32(0.25), folder=None)["validation.loss"]) == 1
    for go_on in (None, False, np.bool_(False), 1, "yes"):
        assert len(cr.fit(net_of(), x, t, epochs=2, callbacks=[lambda report: go_on])["loss"]) == 2


def test_numpys_functions_take_tensors():
    a = cr.tensor(x)
    for name in ("sum", "mean", "max", "min", "prod", "any", "all", "argmax", "cumsum", "squeeze", "std", "var"):
        try:
            found = getattr(np, name)(a)
        except TypeError as error:
            assert "ddof" in str(error), name
            continue
        np.testing.assert_allclose(found, getattr(np, name)(x), rtol=1e-5)
    np.testing.assert_allclose(np.sum(a, axis=0), x.sum(axis=0), rtol=1e-5)
    with pytest.raises(TypeError, match="no argument 'out'"):
        cr.sum(a, out=np.zeros(3))


def test_operands_may_be_a_list():
    a = cr.tensor(x)
    assert np.array_equal(cr.einsum("ij,kj->ik", [a, a]), cr.einsum("ij,kj->ik", a, a))
    assert np.array_equal(cr.einsum("ij,kj->ik", (x, x)), cr.einsum("ij,kj->ik", a, a))
    assert cr.einsum("ij->j", [[1.0, 2.0], [3.0, 4.0]]).tolist() == [4, 6]


def test_a_prediction_as_array_inside_of_a_step_is_constant():
    net = net_of(nn.Affine(3), nn.Affine(2))
    teacher = net.clone()
    seen = []

    def loss():
        seen.append(net.predict(x))
        return cr.mse(net(x), teacher.predict(x) + 1)
    assert optim.SGD(net, lr=0.1).step(loss) > 0 and isinstance(seen[0], np.ndarray) and seen[0].shape == (12, 2)


def test_paths_are_those_of_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = net_of()
    calls = [lambda path: cr.save(path, net), lambda path: cr.load(path), lambda path: cr.io.write_npy(path, x),
             lambda path: cr.io.read_npy(path), lambda path: cr.io.write_npz(path, {"x": x}), lambda path: cr.io.read_npz(path),
             lambda path: cr.io.write_safetensors(path, {"x": x}), lambda path: cr.io.read_safetensors(path),
             lambda path: cr.io.read_metadata(path), lambda path: cr.fit(net, x, t, epochs=1, folder=path),
             lambda path: data.load("digits", path), lambda path: plot.lines({"a": ([1, 2], [3, 4])}).save(path)]
    if hasattr(cr._core, "_onnx_load"):
        calls += [lambda path: cr.onnx.save(path, net, x), lambda path: cr.onnx.load(path), lambda path: cr.onnx.export(path, cr.exp, x)]
    for call in calls:
        with pytest.raises(ValueError, match="NUL"):
            call("a\0b")
        with pytest.raises(TypeError, match="(path|folder) must be a str"):
            call(5)
    assert os.listdir(tmp_path) == []
    cr.save(b"x.st", net)
    cr.io.write_npy(b"x.npy", x)
    plot.lines({"a": ([1, 2], [3, 4])}).save(b"x.svg")
    cr.fit(net, x, t, epochs=1, folder=b"run")
    assert sorted(os.listdir(tmp_path)) == ["run", "x.npy", "x.st", "x.svg"]
    assert np.array_equal(cr.load(b"x.st").net.parameter("affine1.weight"), cr.load("x.st").net.parameter("affine1.weight"))
    assert train.load is cr.load
