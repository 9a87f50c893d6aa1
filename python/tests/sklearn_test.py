"""MLPClassifier and MLPRegressor keep scikit-learn's rules."""
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed: scripts/install-deps.sh python")
from chainrule import nn, train  # noqa: E402
from chainrule.sklearn import MLPClassifier, MLPRegressor  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.datasets import load_iris, make_regression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([MLPClassifier(epochs=30, lr=0.01), MLPRegressor(epochs=100, lr=0.01)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_in_pipelines_and_searches():
    x, t = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(epochs=20, lr=0.01, random_state=0))
    assert cross_val_score(pipeline, x, t, cv=3).mean() > 0.9
    search = GridSearchCV(pipeline, {"mlpclassifier__hidden": [(4,), (20,)]}, cv=2).fit(x, t)
    assert search.best_score_ > 0.85 and set(search.best_params_) == {"mlpclassifier__hidden"}


def test_classes_may_be_texts_and_fits_repeat():
    x, t = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[t]
    a = MLPClassifier(epochs=10, random_state=3).fit(x, names)
    b = clone(a).fit(x, names)
    np.testing.assert_array_equal(a.predict_proba(x), b.predict_proba(x))
    assert set(a.predict(x)) <= set(names) and a.score(x, names) > 0.6
    np.testing.assert_allclose(a.predict_proba(x).sum(axis=1), 1)


def test_partial_fit():
    x, t = load_iris(return_X_y=True)
    model = MLPClassifier(lr=0.01, random_state=0)
    for _ in range(20):
        model.partial_fit(x, t, classes=[0, 1, 2])
    assert model.score(x, t) > 0.9 and model.n_iter_ == 20
    with pytest.raises(ValueError, match="did not name"):
        model.partial_fit(x, t + 5)


def test_regression():
    x, y = make_regression(200, 5, random_state=0)
    assert MLPRegressor(epochs=200, lr=0.01, random_state=0).fit(x, y).score(x, y) > 0.98
    both = np.stack([y, -y], axis=1)
    assert MLPRegressor(epochs=100, lr=0.01, random_state=0).fit(x, both).predict(x).shape == both.shape


def test_rows_count_as_much_as_they_weigh():
    x, t = load_iris(return_X_y=True)
    weights = np.where(t == 2, 0, 1)
    a = MLPClassifier(epochs=5, random_state=0).fit(x, t, sample_weight=weights)
    b = MLPClassifier(epochs=5, random_state=0).fit(x[t < 2], t[t < 2])
    np.testing.assert_array_equal(a.predict_proba(x), b.predict_proba(x))  # but one has not seen the third class
    same = MLPClassifier(epochs=5, random_state=0).fit(x, t, sample_weight=np.full(150, 3))
    np.testing.assert_array_equal(same.predict_proba(x), MLPClassifier(epochs=5, random_state=0).fit(x, t).predict_proba(x))
    y = np.array([1.0, 5.0, 9.0])
    line = MLPRegressor(hidden=(), epochs=500, lr=0.05, random_state=0).fit(np.ones((3, 1)), y, sample_weight=[3, 1, 0])
    assert line.predict([[1]])[0] == pytest.approx(2, abs=0.02)  # the weighted mean
    for _ in range(3):
        line.partial_fit(np.ones((3, 1)), y, sample_weight=[3, 1, 0])
    with pytest.raises(ValueError, match="every sample_weight is 0"):
        line.fit(np.ones((3, 1)), y, sample_weight=np.zeros(3))
    with pytest.raises(ValueError, match="Negative"):
        line.fit(np.ones((3, 1)), y, sample_weight=[1, 1, -1])


@pytest.mark.parametrize("more", [
    dict(average_decay=0.9), dict(average_from=3), dict(clip_norm=0.01), dict(accumulate=2), dict(order="balanced"),
    dict(lr=0.5, plateau_patience=1, plateau_factor=0.5, plateau_smallest=0.1), dict(loss="nll"), dict(patience=1, lr=0.5)])
def test_settings_are_those_of_fit(more):
    x, t = load_iris(return_X_y=True)
    settings = {**dict(epochs=6, validation=0.2, random_state=0, lr=0.01), **more}
    made = MLPClassifier(**settings).fit(x, t)
    plain = MLPClassifier(**{**dict(epochs=6, validation=0.2, random_state=0, lr=settings["lr"])}).fit(x, t)
    assert not np.array_equal(made.predict_proba(x), plain.predict_proba(x))
    net = nn.mlp([100, 3])
    history = train.fit(net, x.astype("float32"), t, seed=made._seed, **{k: v for k, v in settings.items() if k != "random_state"})
    assert history["loss"] == made.loss_curve_
    again = clone(made).partial_fit(x, t)  # a pass has no run to look at
    assert again.n_iter_ == 1


def test_rows_to_measure_on_are_a_share():
    x, t = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match="validation is a share of the rows here, such as 0.1: .* it must not be tuple"):
        MLPClassifier(validation=(x, t)).fit(x, t)


def test_weights_that_are_0_in_float32_are_0():
    x, t = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="every sample_weight is 0"):
        MLPClassifier().fit(x, t, sample_weight=np.full(len(x), 1e-50))
