"""fit: the order of the rows, averages of the weights, a rate that falls."""
import chainrule as cr
import numpy as np
import pytest
from chainrule import nn


def rows(count=200):
    x = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32)
    return x, (x[:, 0] > 1).astype(np.int64)


def trained(epochs=4, x=None, t=None, **more):
    if x is None:
        x, t = rows()
    net = nn.Sequential(nn.Affine(8), nn.BatchNorm(), nn.Relu(), nn.Affine(2))
    history = cr.fit(net, x, t, epochs=epochs, batch_size=20, **more)
    return net, history


def numbers(net):
    return np.concatenate([np.ravel(each) for each in net.tensors().values()])


def test_orders():
    first = {order: trained(order=order)[1]["loss"] for order in ("shuffled", "sequential", "with_replacement", "balanced")}
    assert first["shuffled"] == trained()[1]["loss"] == trained(shuffle=True)[1]["loss"]
    assert first["sequential"] == trained(shuffle=False)[1]["loss"] == trained(order="sequential", shuffle=False)[1]["loss"]
    assert len({tuple(losses) for losses in first.values()}) == 4


# All that a net can learn of rows that are alike is how often each class comes.
def test_classes_and_rows_are_drawn_as_often_as_asked():
    x, t = np.ones((200, 1), np.float32), (np.arange(200) % 10 == 0).astype(np.int64)

    def share(**more):
        net = nn.Affine(2)
        cr.fit(net, x, t, epochs=200, lr=cr.optim.cosine(0.1, epochs=200), batch_size=50, **more)
        return float(cr.softmax(net.predict(cr.tensor(x[:1])))[0, 1])

    assert share(order="with_replacement") == pytest.approx(0.1, abs=0.06)
    assert share(order="balanced") == pytest.approx(0.5, abs=0.06)
    assert share(weights=np.where(t == 1, 27, 1)) == pytest.approx(0.75, abs=0.06)  # 20 * 27 : 180
    assert share(weights=t == 1, validation=0.25) > 0.95  # the rows that are left keep their own


@pytest.mark.parametrize("wrong, error, message", [
    (dict(order="balance"), ValueError, r"'order' cannot be 'balance'\. Did you mean 'balanced'\?"),
    (dict(order=3), TypeError, "order must be a text, not int"),
    (dict(order="balanced", shuffle=False), ValueError, 'shuffle=False is order="sequential", and order is "balanced"'),
    (dict(shuffle="no"), TypeError, "shuffle must be True or False, not str"),
    (dict(weights=[1, 2]), ValueError, r"weights is of shape \(2,\); need \(200,\)"),
    (dict(weights="all"), TypeError, "weights must be numbers, one for each row, not str"),
    (dict(weights=np.full(200, -1)), ValueError, r"the weight of row 0 is -1.*E460"),
    (dict(weights=np.full(200, np.nan)), ValueError, r"the weight of row 0 is nan.*E460"),
    (dict(weights=np.ones(200), order="shuffled"), ValueError, "E460"),
    (dict(weights=np.ones(200), order="balanced"), ValueError, "E460"),
    (dict(sample_weight=[1, 2]), ValueError, r"sample_weight is of shape \(2,\); need \(200,\)"),
    (dict(sample_weight=np.full(200, -1)), ValueError, r"sample_weight has -1\.0; need numbers from 0"),
    (dict(sample_weight=np.full(200, np.nan)), ValueError, "sample_weight has nan"),
    (dict(sample_weight="all"), TypeError, "sample_weight must be numbers, one for each row, not str"),
    (dict(sample_weight=np.ones(200), loss=lambda y, t: cr.mse(y, t)), TypeError, "takes 2 positional arguments but 3"),
    (dict(validation=(1, 2, 3, 4)), ValueError, r"validation has 4 parts; need \(x, t\) or \(x, t, sample_weight\)"),
    (dict(average_decay=1), ValueError, r"'average_decay' is 1\.0\. Need from 0 to less than 1.*E228"),
    (dict(average_decay=float("nan")), ValueError, "E228"),
    (dict(average_decay="often"), TypeError, "average_decay must be a number, not str"),
    (dict(average_from=-1), ValueError, "E228"),
    (dict(average_from=5), ValueError, "nothing would be averaged: average_from is 5 epochs, and the run ends after 4.*E636"),
    (dict(plateau_patience=2), ValueError, "plateau_patience needs rows to measure on: set validation to a share"),
    (dict(plateau_patience=2.5, validation=0.2), TypeError, "plateau_patience must be an integer"),
    (dict(plateau_patience=2, patience=2, validation=0.2), ValueError, "the run would end before its learning rate falls"),
    (dict(plateau_patience=2, plateau_factor=1, validation=0.2), ValueError, "E228"),
    (dict(plateau_factor=0.5), ValueError, "the learning rate falls after plateau_patience epochs, which is not set"),
])
def test_wrong_arguments_are_named(wrong, error, message):
    with pytest.raises(error, match=message):
        trained(**wrong)


def test_balanced_needs_classes():
    x, _ = rows()
    with pytest.raises(ValueError, match="needs a target of class numbers.*E461"):
        cr.fit(nn.Affine(1), x, x[:, :1], order="balanced")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_count_as_much_as_they_weigh(dtype):
    x, t = np.array([[1], [2], [3]], dtype), np.array([[1], [3], [2]], dtype)

    def line(**more):
        net = nn.Affine(1)
        cr.fit(net, x, t, epochs=2000, batch_size=3, lr=0.05, **more)
        return net, net.predict(x).ravel()

    np.testing.assert_allclose(line()[1], [1.5, 2, 2.5], atol=1e-2)  # the line of least squares
    net, predicted = line(sample_weight=[1, 1, 0])
    np.testing.assert_allclose(predicted, [1, 3, 5], atol=1e-2)  # that through two of the points
    own = line(sample_weight=[1, 1, 0], loss=lambda y, t, w: cr.mse(y, t, sample_weights=w))[1]
    np.testing.assert_allclose(own, predicted, atol=1e-2)
    assert cr.train.evaluate(net, x, t, sample_weight=[0, 0, 2])["loss"] == pytest.approx((predicted[2] - 2) ** 2, rel=1e-5)


def test_rows_to_measure_on_have_weights_of_their_own():
    x, t = rows()
    weights = np.arange(200)
    for more in (dict(validation=(x, t, weights)), dict(validation=(x, t, weights), sample_weight=weights)):
        net, history = trained(**more)
        assert history["validation.loss"][-1] == pytest.approx(cr.train.evaluate(net, x, t, sample_weight=weights)["loss"], rel=1e-6)
    net, history = trained(validation=(x, t), sample_weight=weights)
    assert history["validation.loss"][-1] == pytest.approx(cr.train.evaluate(net, x, t)["loss"], rel=1e-6)
    assert len(trained(validation=0.2, sample_weight=weights, shards=2)[1]["loss"]) == 4


def test_reports_for_tensorboard(tmp_path):
    trained(tensorboard=tmp_path / "board", validation=0.2)
    (events,) = (tmp_path / "board").iterdir()
    assert events.name.startswith("events.out.tfevents.") and b"validation/loss" in events.read_bytes()


def test_averages_of_weights():
    after, report = [], lambda _: after.append(numbers(net))
    x, t = rows()
    net = nn.Sequential(nn.Affine(8), nn.BatchNorm(), nn.Relu(), nn.Affine(2))
    history = cr.fit(net, x, t, epochs=4, batch_size=20, callbacks=[report])
    mean, of_mean = trained(average_from=3)
    np.testing.assert_allclose(numbers(mean), (after[2] + after[3]) / 2, rtol=1e-5, atol=1e-6)
    assert of_mean["loss"] == history["loss"]  # it trains with weights of its own
    moving, of_moving = trained(average_decay=0.9, validation=(x, t))
    assert of_moving["loss"] == history["loss"]
    assert cr.train.evaluate(moving, x, t)["loss"] == pytest.approx(of_moving["validation.loss"][-1], rel=1e-6)
    assert not np.array_equal(numbers(moving), numbers(net))
    best, of_best = trained(epochs=12, average_decay=0.8, validation=(x, t), patience=3, lr=0.5)
    assert cr.train.evaluate(best, x, t)["loss"] == pytest.approx(min(of_best["validation.loss"]), rel=1e-6)


def test_an_average_of_more_steps_than_there_are_is_told():
    with pytest.warns(UserWarning, match="average_decay=0.999 averages about 1000 steps, and the run has 40: .* take a smaller") as found:
        trained(average_decay=0.999)
    assert found[0].filename.endswith("fit_test.py")


def test_a_rate_falls_on_a_plateau():
    x, t = rows()
    history = cr.fit(nn.Affine(2), x, t, epochs=6, lr=1e-30, optimizer="sgd", validation=0.2, plateau_patience=1,
                     plateau_factor=0.5, plateau_smallest=0.2)  # a rate that changes no weight
    assert history["lr"] == [1e-30, 1e-30, 5e-31, 2.5e-31, 2e-31, 2e-31]


@pytest.mark.parametrize("more", [
    dict(average_decay=0.9), dict(average_from=2, patience=4), dict(order="balanced", shards=2, average_from=3),
    dict(plateau_patience=1, patience=3, lr=0.5, average_decay=0.5), dict(weights=np.arange(200))])
def test_resumed_to_the_same_bits(tmp_path, more):
    more = {**dict(validation=0.2), **more}
    whole, history = trained(epochs=6, **more)
    trained(epochs=3, folder=tmp_path / "run", **more)
    resumed, of_resumed = trained(epochs=6, folder=tmp_path / "run", resume=True, **more)
    np.testing.assert_array_equal(numbers(resumed), numbers(whole))
    assert of_resumed["validation.loss"] == history["validation.loss"] and of_resumed["lr"] == history["lr"]


def test_progress_ends_with_the_run_that_stops_early(capsys):
    x, t = rows()
    history = cr.fit(nn.Sequential(nn.Affine(2)), x, t, epochs=1000, lr=0.0, validation=0.3, patience=2, verbose=True)
    lines = capsys.readouterr().err.splitlines()
    assert history["epoch"][-1] < 1000 and lines[-1].startswith(f"epoch {history['epoch'][-1]:g}/1000: ")
    history = cr.fit(nn.Sequential(nn.Affine(2)), x, t, epochs=1.5, verbose=True)
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"epoch {history['epoch'][-1]:g}/1.5: ")


def test_weights_are_named_by_their_rows():
    x, t = rows()
    weights = np.ones(200)
    weights[33] = -1
    with pytest.raises(cr.ValueError, match="the weight of row 33 is -1; "):
        cr.fit(nn.Affine(2), x, t, epochs=1, weights=weights, validation=0.3)


def test_not_resumed_with_other_rows(tmp_path):
    x, t = rows()
    trained(epochs=2, folder=tmp_path / "run")
    for more, name in ((dict(x=x + 1, t=t), "checksum"), (dict(x=-x, t=t), "checksum"), (dict(x=x * np.float32([1, -1, 1]), t=t), "checksum"), (dict(x=x, t=1 - t), "checksum"), (dict(weights=np.ones(200)), "weights")):
        with pytest.raises(cr.ValueError, match=f"rows.{name} is "):
            trained(epochs=4, folder=tmp_path / "run", resume=True, **more)
    trained(epochs=4, folder=tmp_path / "run", resume=True, x=x.copy(), t=t.copy())


def test_resumed_with_other_arguments(tmp_path):
    """What a run kept of its average is nobody else's."""
    trained(epochs=2, folder=tmp_path / "run", average_decay=0.9, validation=0.2)
    other, _ = trained(epochs=4, folder=tmp_path / "run", resume=True, patience=2, plateau_patience=1, validation=0.2)
    np.testing.assert_array_equal(numbers(other), numbers(trained(epochs=4, patience=2, plateau_patience=1, validation=0.2)[0]))
