"""MLPClassifier and MLPRegressor keep scikit-learn's rules."""
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed: scripts/install-deps.sh python")
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
