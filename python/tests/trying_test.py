"""What goes around training: learning rates and settings tried out, scalers, runs that go on, own layers in files, one
weight explained."""
import chainrule as cr
import numpy as np
import pytest
from chainrule import data, explain, nn, optim, train


def rows(count=200, inputs=6, classes=3, seed=0):
    x = np.random.default_rng(seed).normal(size=(count, inputs)).astype(np.float32)
    return x, x[:, :classes].argmax(axis=1)


class Gain(nn.Layer):
    """x times a trained number, and more of it by arguments."""

    def __init__(self, start=1.0, *, names=("a",), inner=None):
        super().__init__()
        self.start, self.names, self.inner = start, names, inner
        self.factor = nn.Parameter(start)

    def compute(self, x):
        return x * self.factor


def test_find_lr_puts_everything_back():
    x, t = rows()
    net = nn.mlp([16, 3])
    net.build(x)
    before = {name: np.array(value) for name, value in net.tensors().items()}
    found = train.find_lr(net, x, t, optimizer="sgd", steps=60, low=1e-4, high=100)
    assert 1e-3 < found.suggestion < 10 and len(found.rates) == len(found.losses) == len(found.smoothed)
    np.testing.assert_allclose(np.diff(np.log(found.rates)), np.log(1e6) / 59, rtol=1e-6)  # equal factors
    for name, value in net.tensors().items():
        np.testing.assert_array_equal(value, before[name])
    assert found._repr_html_().startswith("<svg")
    with pytest.raises(ValueError, match="E228"):
        train.find_lr(net, x, t, steps=0)


def test_sweep():
    seen = []

    def run(lr, hidden):
        seen.append((lr, hidden))
        if hidden == 3:
            raise KeyError("three")
        return abs(lr - 0.1) + hidden

    found = train.sweep({"lr": [0.1, 0.01], "hidden": [2, 1, 3]}, run)
    assert len(seen) == 6 and found.best.point == {"lr": 0.1, "hidden": 1} and found.best.score == 1
    assert [trial.error for trial in found[-2:]] == ["KeyError: 'three'"] * 2 and np.isnan(found[-1].score)
    drawn = train.sweep({"lr": train.log_range(1e-3, 1)}, lambda lr: lr, search="random", points=5, larger_is_better=True)
    assert len(drawn) == 5 and drawn[0].score == max(trial.point["lr"] for trial in drawn) and drawn[0].score < 1
    assert train.sweep({"lr": train.log_range(1e-3, 1)}, lambda lr: lr, search="random", points=5)[-1] == drawn[0]
    budgets = []
    train.sweep({"n": train.Range(0, 1)}, lambda n, budget: budgets.append(budget) or n, search="halving", points=9,
                largest_budget=9)
    assert budgets == [1] * 9 + [3] * 3 + [9]
    with pytest.raises(ValueError, match="every run failed; the first: ZeroDivisionError"):
        train.sweep({"a": [1]}, lambda a: 1 / 0).best
    with pytest.raises(ValueError, match="E321"):
        train.sweep({"a": train.Range(0, 1)}, lambda a: a)

    def interrupted(a):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train.sweep({"a": [1, 2]}, interrupted)


def test_scalers(tmp_path):
    x = np.random.default_rng(1).normal(3, 5, (50, 4))
    t = x[:, :1] * 100 + 7
    scaler = data.Standardize().fit(x, t)
    z = scaler.transform(x)
    np.testing.assert_allclose(z, (x - x.mean(axis=0)) / x.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scaler.transform_target(t), (t - t.mean()) / t.std(), rtol=1e-12)
    np.testing.assert_allclose(scaler.inverse_target(scaler.transform_target(t)), t, rtol=1e-12)
    np.testing.assert_allclose(scaler.inverse_transform(z), x, rtol=1e-12)
    assert isinstance(z, np.ndarray) and isinstance(scaler.transform(cr.tensor(x)), cr.Tensor)
    np.testing.assert_allclose(scaler.settings["mean"], x.mean(axis=0), rtol=1e-12)
    to_range = data.MinMax(-1, 1).fit_transform(x)
    assert to_range.min() == pytest.approx(-1) and to_range.max() == pytest.approx(1)
    images = np.random.default_rng(2).normal(size=(9, 3, 4, 4)).astype("f4")
    by_colour = data.Standardize(per="channel").fit_transform(images)
    np.testing.assert_allclose(by_colour.std(axis=(0, 2, 3)), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="call fit"):
        data.Standardize().transform(x)
    with pytest.raises(ValueError, match="E279"):
        scaler.transform(x[:, :3])
    net = nn.Affine(1)
    net.build(z)
    cr.save(tmp_path / "net.safetensors", net, scaler=scaler)
    np.testing.assert_allclose(cr.load(tmp_path / "net.safetensors").predict(x),
                               scaler.inverse_target(net.predict(scaler.transform(x))), rtol=1e-5)


def test_a_run_goes_on_to_the_same_bits(tmp_path):
    x, t = rows()

    def run(**more):
        net = nn.Sequential(nn.Affine(8), nn.Dropout(0.2), nn.Relu(), nn.Affine(3))
        history = cr.fit(net, x, t, lr=0.01, validation=0.2, **more)
        return net.predict(x), history

    whole, history = run(epochs=4)
    run(epochs=2, folder=tmp_path / "run")
    again, both = run(epochs=4, folder=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(again, whole)
    assert both["epoch"] == [1, 2, 3, 4] and both["validation.loss"] == history["validation.loss"]
    assert (tmp_path / "run" / "history.jsonl").exists()
    with pytest.raises(OSError, match="E309"):
        run(epochs=4, folder=tmp_path / "run")  # would overwrite it
    with pytest.raises(ValueError, match="needs the folder"):
        run(epochs=4, resume=True)


def test_own_layers_in_files(tmp_path):
    x, t = rows()
    net = nn.Sequential(nn.Affine(4, weight_init="he"), Gain(2.0, names=("b", "c")), nn.Residual(Gain()), nn.Affine(3))
    cr.fit(net, x, t, epochs=1)
    path = tmp_path / "net.safetensors"
    cr.save(path, net, classes="abc", note="n")
    model = cr.load(path)
    np.testing.assert_array_equal(model.predict(x), net.predict(x))
    gain = model.net[1]
    assert type(gain) is Gain and gain.start == 2.0 and gain.names == ["b", "c"] and model.net.describe() == net.describe()
    assert model.classes == ["a", "b", "c"] and model.notes["note"] == "n"

    class Other(Gain):
        kind_name = "gain"

    assert type(cr.load(path, layers=[Other]).net[1]) is Other
    path.write_bytes(path.read_bytes().replace(b"gain(", b"gaim("))
    with pytest.raises((ValueError, OSError)):
        cr.load(path)


def test_classes_of_layers_can_be_asked_for():
    net = nn.Sequential(nn.Affine(4), nn.Relu(), Gain())
    assert isinstance(net, nn.Sequential) and isinstance(net[0], nn.Affine) and not isinstance(net[1], nn.Affine)
    assert isinstance(net[2], Gain) and isinstance(net[2], nn.Layer) and not isinstance(3, nn.Affine)
    assert isinstance(optim.cosine(0.1, 5), optim.cosine) and not isinstance(net[0], optim.cosine)


def test_one_weight_explained():
    x, t = rows(5)
    net = nn.mlp([4, 3])
    optimizer = optim.Momentum(net, lr=0.1)
    optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t))
    found = explain.weight(net, "affine1.weight[2,1]", x, t)
    loss = cr.softmax_cross_entropy(net(x), cr.tensor(t))
    gradient = cr.gradients(loss, net.parameter("affine1.weight").value)
    gradient = np.asarray(gradient)[2, 1]
    assert found.gradient == pytest.approx(gradient) and found.sum == pytest.approx(gradient, rel=1e-5)
    assert found.index == (2, 1) and len(found.terms) == 5 and sum(term[1] for term in found.terms) == pytest.approx(gradient)
    row, product, went_in, came_out = found.terms[0]
    assert went_in == pytest.approx(x[row, 2]) and product == pytest.approx(went_in * came_out)
    next_step = explain.update(optimizer, "affine1.weight[2,1]", x, t)
    assert next_step.step == 2 and next_step.before == pytest.approx(found.value) and "gradient" in next_step.text()
    optimizer.step(lambda: cr.softmax_cross_entropy(net(x), t))
    assert next_step.after == pytest.approx(np.asarray(net.parameter("affine1.weight"))[2, 1], rel=1e-6)
    with pytest.raises(ValueError, match="E381"):
        explain.weight(net, "affine1.weigth[0,0]", x, t)
    by_rows = explain.weight(net, "affine2.bias[0]", x, t)
    assert len(by_rows.terms[0]) in (2, 4) and by_rows.sum == pytest.approx(by_rows.gradient, rel=1e-4)
