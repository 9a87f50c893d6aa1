"""The nets of "Deep Learning from Scratch" and its trainer: params, predict, loss, accuracy, gradient."""
from collections import OrderedDict

import numpy as np

from . import _core, book
from ._convert import array_of
from ._transforms import value_and_grad


def _arrays(tree):
    return {name: np.array(each) for name, each in tree.items()}


class _Network:
    """A net as the book has them: `params` are arrays that its programs change in place."""
    weight_decay_lambda = 0

    def _compute(self, params, x, train):
        raise NotImplementedError

    def _tensors(self):
        return {name: _core.tensor(value) for name, value in self.params.items()}

    def _loss(self, params, x, t, train):
        t = np.asarray(t)
        y = self._compute(params, _core.tensor(x), train)
        target = _core.tensor(t.astype(y.dtype if t.ndim == 2 else np.int64))
        loss = _core.softmax_cross_entropy(y, target)
        for name, value in params.items():
            if self.weight_decay_lambda and name.startswith("W"):
                loss = loss + 0.5 * self.weight_decay_lambda * (value ** 2).sum()
        return loss

    def predict(self, x, train_flg=False):
        return array_of(self._compute(self._tensors(), _core.tensor(x), train_flg))

    def loss(self, x, t, train_flg=False):
        return float(self._loss(self._tensors(), x, t, train_flg))

    def accuracy(self, x, t, batch_size=100):
        t = np.asarray(t)
        t = t if t.ndim == 1 else t.argmax(axis=1)
        right = sum(int((self.predict(x[i:i + batch_size]).argmax(axis=1) == t[i:i + batch_size]).sum())
                    for i in range(0, len(x), batch_size))
        return right / float(len(x))

    def gradient(self, x, t):
        """The gradients by backpropagation, by the names of the parameters."""
        return _arrays(value_and_grad(self._loss)(self._tensors(), x, t, True)[1])

    def numerical_gradient(self, x, t):
        """The same by differences: slow, to compare."""
        return {name: book.numerical_gradient(lambda _: self.loss(x, t, train_flg=True), value)
                for name, value in self.params.items()}


class TwoLayerNet(_Network):
    """Chapter 4 and 5: affine, relu, affine."""

    def __init__(self, input_size, hidden_size, output_size, weight_init_std=0.01):
        self.params = OrderedDict(
            W1=weight_init_std * np.random.randn(input_size, hidden_size), b1=np.zeros(hidden_size),
            W2=weight_init_std * np.random.randn(hidden_size, output_size), b2=np.zeros(output_size))

    def _compute(self, p, x, train):
        return _core.relu(book._affine(x, p["W1"], p["b1"])) @ p["W2"] + p["b2"]


def _deviation(weight_init_std, fan_in):
    names = {"relu": 2.0, "he": 2.0, "sigmoid": 1.0, "xavier": 1.0}
    word = str(weight_init_std).lower()
    return np.sqrt(names[word] / fan_in) if word in names else weight_init_std


class MultiLayerNetExtend(_Network):
    """Chapter 6: affine layers, with weight decay, dropout and batch normalisation where they are asked for."""

    def __init__(self, input_size, hidden_size_list, output_size, activation="relu", weight_init_std="relu",
                 weight_decay_lambda=0, use_dropout=False, dropout_ration=0.5, use_batchnorm=False):
        self.weight_decay_lambda, self.depth = weight_decay_lambda, len(hidden_size_list) + 1
        self._activation = {"relu": _core.relu, "sigmoid": _core.sigmoid}[activation]
        self._dropout = dropout_ration if use_dropout else 0
        self._statistics = {} if use_batchnorm else None
        self.params = OrderedDict()
        sizes = [input_size, *hidden_size_list, output_size]
        for i in range(1, self.depth + 1):
            deviation = _deviation(weight_init_std, sizes[i - 1])
            self.params[f"W{i}"] = deviation * np.random.randn(sizes[i - 1], sizes[i])
            self.params[f"b{i}"] = np.zeros(sizes[i])
            if use_batchnorm and i < self.depth:
                self.params[f"gamma{i}"], self.params[f"beta{i}"] = np.ones(sizes[i]), np.zeros(sizes[i])

    def _normalized(self, p, x, i, train):
        if train:
            result = _core.batch_norm(x, p[f"gamma{i}"], p[f"beta{i}"], 10e-7)
            mean, variance = (np.array(_core.stop_gradient(each)) for each in (result.mean, result.variance))
            old = self._statistics.get(i, (np.zeros_like(mean), np.zeros_like(variance)))
            self._statistics[i] = (0.9 * old[0] + 0.1 * mean, 0.9 * old[1] + 0.1 * variance)
            return result.output
        mean, variance = self._statistics.get(i, (np.zeros(x.shape[1]), np.zeros(x.shape[1])))
        return _core.batch_norm_inference(x, mean, variance, p[f"gamma{i}"], p[f"beta{i}"], 10e-7)

    def _compute(self, p, x, train):
        for i in range(1, self.depth):
            x = book._affine(x, p[f"W{i}"], p[f"b{i}"])
            if self._statistics is not None:
                x = self._normalized(p, x, i, train)
            x = self._activation(x)
            if self._dropout:
                x = x * (np.random.rand(*x.shape) > self._dropout if train else 1.0 - self._dropout)
        return book._affine(x, p[f"W{self.depth}"], p[f"b{self.depth}"])


class MultiLayerNet(MultiLayerNetExtend):
    def __init__(self, input_size, hidden_size_list, output_size, activation="relu", weight_init_std="relu",
                 weight_decay_lambda=0):
        super().__init__(input_size, hidden_size_list, output_size, activation, weight_init_std, weight_decay_lambda)


class SimpleConvNet(_Network):
    """Chapter 7: conv, relu, pool, affine, relu, affine."""

    def __init__(self, input_dim=(1, 28, 28), conv_param=None, hidden_size=100, output_size=10, weight_init_std=0.01):
        self._conv = {"filter_num": 30, "filter_size": 5, "pad": 0, "stride": 1, **(conv_param or {})}
        count, size = self._conv["filter_num"], self._conv["filter_size"]
        out = (input_dim[1] - size + 2 * self._conv["pad"]) // self._conv["stride"] + 1
        flat = count * (out // 2) * (out // 2)
        deviation = weight_init_std
        self.params = OrderedDict(
            W1=deviation * np.random.randn(count, input_dim[0], size, size), b1=np.zeros(count),
            W2=deviation * np.random.randn(flat, hidden_size), b2=np.zeros(hidden_size),
            W3=deviation * np.random.randn(hidden_size, output_size), b3=np.zeros(output_size))

    def _compute(self, p, x, train):
        x = _core.relu(_core.conv2d(x, p["W1"], p["b1"], self._conv["stride"], self._conv["pad"]))
        x = _core.relu(book._affine(_core.max_pool2d(x, 2, 2), p["W2"], p["b2"]))
        return x @ p["W3"] + p["b3"]


class DeepConvNet(_Network):
    """Chapter 8: six convolutions of 3x3, pooling after each second, two affine layers with dropout."""
    _shapes = ((16, 1), (16, 1), (32, 1), (32, 2), (64, 1), (64, 1))  # filters and padding

    def __init__(self, input_dim=(1, 28, 28), hidden_size=50, output_size=10):
        self.params, channels, size = OrderedDict(), input_dim[0], input_dim[1]
        for i, (filters, pad) in enumerate(self._shapes, 1):
            self.params[f"W{i}"] = np.sqrt(2.0 / (channels * 9)) * np.random.randn(filters, channels, 3, 3)
            self.params[f"b{i}"] = np.zeros(filters)
            channels, size = filters, size + 2 * pad - 2
            size = size // 2 if i % 2 == 0 else size
        for i, (inputs, outputs) in enumerate(((channels * size * size, hidden_size), (hidden_size, output_size)), 7):
            self.params[f"W{i}"] = np.sqrt(2.0 / inputs) * np.random.randn(inputs, outputs)
            self.params[f"b{i}"] = np.zeros(outputs)

    def _drop(self, x, train):
        return x * (np.random.rand(*x.shape) > 0.5 if train else 0.5)

    def _compute(self, p, x, train):
        for i, (_, pad) in enumerate(self._shapes, 1):
            x = _core.relu(_core.conv2d(x, p[f"W{i}"], p[f"b{i}"], 1, pad))
            x = _core.max_pool2d(x, 2, 2) if i % 2 == 0 else x
        x = self._drop(_core.relu(book._affine(x, p["W7"], p["b7"])), train)
        return self._drop(x @ p["W8"] + p["b8"], train)


class Trainer:
    """The book's loop: batches, updates, and the accuracies after each epoch in train_acc_list and test_acc_list."""

    def __init__(self, network, x_train, t_train, x_test, t_test, epochs=20, mini_batch_size=100, optimizer="SGD",
                 optimizer_param={"lr": 0.01}, evaluate_sample_num_per_epoch=None, verbose=True):
        self.network, self.verbose, self.epochs, self.batch_size = network, verbose, epochs, mini_batch_size
        self.x_train, self.t_train, self.x_test, self.t_test = x_train, t_train, x_test, t_test
        self.sample = evaluate_sample_num_per_epoch
        kinds = dict(sgd=book.SGD, momentum=book.Momentum, nesterov=book.Nesterov, adagrad=book.AdaGrad,
                     rmsprop=book.RMSprop, adam=book.Adam)
        if str(optimizer).lower() not in kinds:
            raise ValueError(f"optimizer is {optimizer!r}; need one of {', '.join(kinds)}")
        self.optimizer = kinds[str(optimizer).lower()](**optimizer_param)
        self.iter_per_epoch = max(len(x_train) // mini_batch_size, 1)
        self.max_iter = int(epochs * self.iter_per_epoch)
        self.current_iter = self.current_epoch = 0
        self.train_loss_list, self.train_acc_list, self.test_acc_list = [], [], []

    def train_step(self):
        rows = np.random.choice(len(self.x_train), self.batch_size)
        x, t = self.x_train[rows], self.t_train[rows]
        network = self.network
        loss, grads = value_and_grad(network._loss)(network._tensors(), x, t, True)
        self.optimizer.update(network.params, _arrays(grads))
        self.train_loss_list.append(float(loss))
        if self.current_iter % self.iter_per_epoch == 0:
            self.current_epoch += 1
            some = slice(None, self.sample)
            self.train_acc_list.append(network.accuracy(self.x_train[some], self.t_train[some]))
            self.test_acc_list.append(network.accuracy(self.x_test[some], self.t_test[some]))
            if self.verbose:
                print(f"=== epoch:{self.current_epoch}, train acc:{self.train_acc_list[-1]}, "
                      f"test acc:{self.test_acc_list[-1]} ===")
        self.current_iter += 1

    def train(self):
        for _ in range(self.max_iter):
            self.train_step()
        accuracy = self.network.accuracy(self.x_test, self.t_test)
        if self.verbose:
            print(f"=============== Final Test Accuracy ===============\ntest acc:{accuracy}")
