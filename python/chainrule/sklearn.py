"""Nets as estimators of scikit-learn: in pipelines, grid searches and cross-validation.

    from chainrule.sklearn import MLPClassifier
    GridSearchCV(make_pipeline(StandardScaler(), MLPClassifier()), {"mlpclassifier__hidden": [(50,), (100,)]})

Needs scikit-learn, which the rest of the package does not.
"""
import numbers

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import _check_sample_weight, check_array, check_is_fitted, check_random_state

from . import nn, train


# Settings that are train.fit's, by its names: those of every fit, and those that look at a whole run, not at the one pass of
# partial_fit.
_OF_STEPS = ("batch_size", "optimizer", "lr", "weight_decay", "clip_norm", "accumulate", "order", "verbose")
_OF_RUNS = ("validation", "patience", "average_decay", "average_from", "plateau_patience", "plateau_factor", "plateau_smallest")


class _MLP(BaseEstimator):
    """What the two have in common: the settings and the training."""

    def __init__(self, hidden=(100,), activation="relu", optimizer="adam", lr=None, epochs=50, batch_size=32,
                 weight_decay=0.0, validation=0.0, patience=0, dtype="float32", warm_start=False, random_state=None,
                 verbose=False, loss=None, clip_norm=0.0, accumulate=1, order=None, average_decay=0.0, average_from=0.0,
                 plateau_patience=0, plateau_factor=0.1, plateau_smallest=0.0):
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.lr = lr
        self.epochs = epochs
        self.batch_size = batch_size
        self.weight_decay = weight_decay
        self.validation = validation
        self.patience = patience
        self.dtype = dtype
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.loss = loss
        self.clip_norm = clip_norm
        self.accumulate = accumulate
        self.order = order
        self.average_decay = average_decay
        self.average_from = average_from
        self.plateau_patience = plateau_patience
        self.plateau_factor = plateau_factor
        self.plateau_smallest = plateau_smallest

    def _check_rows(self, X, reset):
        X = self._validate_data(X, reset=reset, dtype=[np.float64, np.float32])
        return np.ascontiguousarray(X, self.dtype)

    def _check_both(self, X, y, sample_weight, reset, **more):
        """The rows, without those that count nothing, and what the others count; None if all count the same."""
        X, y = self._validate_data(X, y, reset=reset, dtype=[np.float64, np.float32], **more)
        X = np.ascontiguousarray(X, self.dtype)
        if sample_weight is None:
            return X, y, None
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, only_non_negative=True)
        kept = weight.astype(np.float32) > 0  # as the loss has them
        if not kept.any():
            raise ValueError("every sample_weight is 0; need at least one row that counts")
        X, y, weight = X[kept], y[kept], weight[kept]
        return X, y, None if (weight == weight[0]).all() else weight

    def _start(self, outputs):
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        self.net_ = nn.mlp([*self.hidden, outputs], activation=self.activation)
        self._seed = seed
        self.loss_curve_ = []
        self.n_iter_ = 0

    def _train(self, X, t, sample_weight, loss, epochs, names):
        if not isinstance(self.validation, numbers.Real):
            raise TypeError("validation is a share of the rows here, such as 0.1: other rows would have to be scaled and numbered "
                            f"as X and y are; it must not be {type(self.validation).__name__}")
        history = train.fit(self.net_, X, t, loss=self.loss or loss, epochs=epochs, seed=self._seed + self.n_iter_,
                            sample_weight=sample_weight, **{name: getattr(self, name) for name in names})
        self.loss_curve_ += history["loss"]
        self.n_iter_ += len(history["loss"])
        self.loss_ = history["loss"][-1]
        self.history_ = history
        return self

    def _more_tags(self):
        return {"_xfail_checks": {"check_sample_weights_invariance":
                                  "rows that count nothing are left out, and the order of the others decides in which batch each is"}}


class MLPClassifier(ClassifierMixin, _MLP):
    """A classifier of affine layers: two or more classes, named by whatever numbers or texts y has.

    Settings have the names and meanings that `train.fit` gives them, beside `hidden`, `activation`, `dtype`, `warm_start` and
    `random_state`; `validation` is a share of the rows.
    """

    def fit(self, X, y, sample_weight=None):
        X, y, weight = self._check_both(X, y, sample_weight, reset=True)
        check_classification_targets(y)
        classes = np.unique(y)
        if not (self.warm_start and hasattr(self, "net_") and np.array_equal(classes, self.classes_)):
            self.classes_ = classes
            self._start(len(classes))
        return self._train(X, np.searchsorted(self.classes_, y), weight, "softmax_cross_entropy", self.epochs, _OF_STEPS + _OF_RUNS)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """One pass over the rows. The first call names all classes, unless y has them all."""
        first = not hasattr(self, "net_")
        X, y, weight = self._check_both(X, y, sample_weight, reset=first)
        check_classification_targets(y)
        if first:
            self.classes_ = unique_labels(y if classes is None else classes)
            self._start(len(self.classes_))
        unknown = np.setdiff1d(y, self.classes_)
        if unknown.size:
            raise ValueError(f"y has classes that the first call did not name: {unknown.tolist()}")
        return self._train(X, np.searchsorted(self.classes_, y), weight, "softmax_cross_entropy", 1, _OF_STEPS)

    def decision_function(self, X):
        """The numbers before softmax; of two classes, how far the second is above the first."""
        check_is_fitted(self, "net_")
        y = self.net_.predict(self._check_rows(X, reset=False)).astype(np.float64)
        return y[:, 1] - y[:, 0] if len(self.classes_) == 2 else y

    def predict_proba(self, X):
        check_is_fitted(self, "net_")
        y = self.net_.predict(self._check_rows(X, reset=False)).astype(np.float64)
        y = np.exp(y - y.max(axis=1, keepdims=True))
        return y / y.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X):
        return np.log(self.predict_proba(X))

    def predict(self, X):
        check_is_fitted(self, "net_")
        return self.classes_[self.net_.predict(self._check_rows(X, reset=False)).argmax(axis=1)]


class MLPRegressor(RegressorMixin, _MLP):
    """A regressor of affine layers: one number a row, or several. Targets are scaled to deviation 1 inside.

    Settings have the names and meanings that `train.fit` gives them, beside `hidden`, `activation`, `dtype`, `warm_start` and
    `random_state`; `validation` is a share of the rows.
    """

    def fit(self, X, y, sample_weight=None):
        X, y, weight = self._check_both(X, y, sample_weight, reset=True, multi_output=True, y_numeric=True)
        y = check_array(y, ensure_2d=False, dtype=np.float64)
        if not (self.warm_start and hasattr(self, "net_")):
            self._begin(y)
        return self._train(X, self._scaled(y), weight, "mse", self.epochs, _OF_STEPS + _OF_RUNS)

    def partial_fit(self, X, y, sample_weight=None):
        """One pass over the rows."""
        first = not hasattr(self, "net_")
        X, y, weight = self._check_both(X, y, sample_weight, reset=first, multi_output=True, y_numeric=True)
        y = np.asarray(y, np.float64)
        if first:
            self._begin(y)
        return self._train(X, self._scaled(y), weight, "mse", 1, _OF_STEPS)

    def _begin(self, y):
        self._is_flat = y.ndim == 1
        rows = y.reshape(len(y), -1)
        self._mean, self._deviation = rows.mean(axis=0), rows.std(axis=0)
        self._deviation = np.where(self._deviation > 0, self._deviation, 1.0)
        self._start(rows.shape[1])

    def _scaled(self, y):
        return ((y.reshape(len(y), -1) - self._mean) / self._deviation).astype(self.dtype)

    def predict(self, X):
        check_is_fitted(self, "net_")
        y = self.net_.predict(self._check_rows(X, reset=False)).astype(np.float64) * self._deviation + self._mean
        return y[:, 0] if self._is_flat else y

    def _more_tags(self):
        return {**super()._more_tags(), "multioutput": True}
