"""The names of "Deep Learning from Scratch" (Saitoh): its programs work with `from chainrule.book import *` in place of
the files of its folders `common` and `dataset`. Arrays are NumPy's, as there; Chainrule computes.
"""
from collections import OrderedDict

import numpy as np

from . import _core, data
from ._convert import array_of
from ._transforms import value_and_grad, vjp

__all__ = """sigmoid relu softmax identity_function step_function cross_entropy_error mean_squared_error sum_squared_error
    numerical_gradient im2col col2im smooth_curve shuffle_dataset load_mnist
    MulLayer AddLayer Relu Sigmoid Affine SoftmaxWithLoss Dropout BatchNormalization Convolution Pooling
    SGD Momentum Nesterov AdaGrad RMSprop Adam
    TwoLayerNet MultiLayerNet MultiLayerNetExtend SimpleConvNet DeepConvNet Trainer""".split()


def _arrays(tree):
    return {name: np.array(each) for name, each in tree.items()}


# ---- chapter 3 and 4: functions


def _of_array(function, doc):
    def of(x):
        return array_of(function(_core.tensor(x)))
    of.__doc__ = doc
    return of


def _float(x):
    return x.astype("f64") if x.dtype.kind in "iub" else x


sigmoid = _of_array(lambda x: _core.sigmoid(_float(x)), "1 / (1 + exp(-x)).")
relu = _of_array(_core.relu, "x where x > 0, else 0.")
softmax = _of_array(lambda x: _core.softmax(_float(x)), "exp(x) / sum(exp(x)) of each row.")


def identity_function(x):
    return x


def step_function(x):
    return np.array(np.asarray(x) > 0, dtype=int)


def cross_entropy_error(y, t):
    """Mean over the rows of -log of the probability y of the target: t are class numbers, or one-hot rows."""
    y, t = np.atleast_2d(y), np.asarray(t)
    t = t.reshape(len(y), -1).argmax(axis=1) if t.size == y.size else t.reshape(-1)
    return float(_core.nll(_core.log(_core.tensor(y) + 1e-7), t.astype(np.int64)))


def mean_squared_error(y, t):
    """Half the sum of squares."""
    return 0.5 * float(((_core.tensor(y) - _core.tensor(t)) ** 2).sum())


sum_squared_error = mean_squared_error


def numerical_gradient(f, x):
    """The gradient by central differences, of a function of an array (or of one that reads x, as the book's nets do)."""
    x = np.asarray(x)
    gradient, h = np.zeros(x.shape), 1e-4
    for place in np.ndindex(*x.shape):
        kept = x[place]
        x[place] = kept + h
        above = float(f(x))
        x[place] = kept - h
        gradient[place] = (above - float(f(x))) / (2 * h)
        x[place] = kept
    return gradient


def im2col(input_data, filter_h, filter_w, stride=1, pad=0):
    """Windows as rows: (N out_h out_w, C filter_h filter_w)."""
    columns = array_of(_core.unfold(_core.tensor(input_data), (filter_h, filter_w), stride, pad))
    return columns.transpose(0, 2, 1).reshape(-1, columns.shape[1])


def col2im(col, input_shape, filter_h, filter_w, stride=1, pad=0):
    """Rows of im2col added up where they came from."""
    count = input_shape[0]
    columns = np.asarray(col).reshape(count, -1, col.shape[-1]).transpose(0, 2, 1)
    return array_of(_core.fold(_core.tensor(columns), input_shape[2:], (filter_h, filter_w), stride, pad))


def smooth_curve(x):
    """A curve without its jitter."""
    window = np.kaiser(11, 2)
    ends = np.r_[x[10:0:-1], x, x[-1:-11:-1]]
    return np.convolve(window / window.sum(), ends, mode="valid")[5:-5]


def shuffle_dataset(x, t):
    order = np.random.permutation(x.shape[0])
    return x[order], t[order]


def load_mnist(normalize=True, flatten=True, one_hot_label=False, name="mnist"):
    """(x_train, t_train), (x_test, t_test): from CHAINRULE_DATA_DIR. name="digits" needs no files."""
    parts = []
    for x, t in data.load(name, flat=flatten):
        x = np.array(x) if normalize else np.round(np.asarray(x) * 255).astype(np.uint8)
        parts.append((x, np.eye(10)[np.asarray(t)] if one_hot_label else np.array(t)))
    return tuple(parts)


# ---- chapter 5 to 7: layers with forward and backward


class _Layer:
    """forward computes and remembers, backward gives the gradient of what went in; of parameters it keeps them."""

    def _run(self, function, *tensors):
        out, self._pull_back = vjp(function, *(_core.tensor(each) for each in tensors))
        return array_of(out)

    def _back(self, dout):
        return [array_of(each) for each in self._pull_back(_core.tensor(dout))]


class _Elementwise(_Layer):
    def forward(self, x):
        return self._run(self._function, x)

    def backward(self, dout):
        return self._back(dout)[0]


class Relu(_Elementwise):
    _function = staticmethod(_core.relu)


class Sigmoid(_Elementwise):
    _function = staticmethod(_core.sigmoid)


class MulLayer:
    """Chapter 5: the product of two numbers or arrays."""

    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, dout):
        return dout * self.y, dout * self.x


class AddLayer:
    def forward(self, x, y):
        return x + y

    def backward(self, dout):
        return dout, dout


def _affine(x, W, b):
    return _core.flatten(x, 1) @ W + b


class Affine(_Layer):
    """x W + b; images become rows."""

    def __init__(self, W, b):
        self.W, self.b, self.dW, self.db = W, b, None, None

    def forward(self, x):
        return self._run(_affine, x, self.W, self.b)

    def backward(self, dout):
        dx, self.dW, self.db = self._back(dout)
        return dx


class Convolution(_Layer):
    def __init__(self, W, b, stride=1, pad=0):
        self.W, self.b, self.stride, self.pad, self.dW, self.db = W, b, stride, pad, None, None

    def forward(self, x):
        return self._run(lambda x, W, b: _core.conv2d(x, W, b, self.stride, self.pad), x, self.W, self.b)

    def backward(self, dout):
        dx, self.dW, self.db = self._back(dout)
        return dx


class Pooling(_Elementwise):
    def __init__(self, pool_h, pool_w, stride=2, pad=0):
        self._function = lambda x: _core.max_pool2d(x, (pool_h, pool_w), stride, pad)


class SoftmaxWithLoss(_Layer):
    def forward(self, x, t):
        t = np.asarray(t)
        self.t, self.y = t, softmax(x)
        target = _core.tensor(t if t.ndim == 2 else t.astype(np.int64))
        target = target.astype(self.y.dtype) if t.ndim == 2 else target
        self.loss = float(self._run(lambda x: _core.softmax_cross_entropy(x, target), x))
        return self.loss

    def backward(self, dout=1):
        return self._back(np.asarray(dout, self.y.dtype))[0]


class Dropout:
    """The book's: what is kept is not scaled in training, and all is scaled in inference."""

    def __init__(self, dropout_ratio=0.5):
        self.dropout_ratio, self.mask = dropout_ratio, None

    def forward(self, x, train_flg=True):
        if not train_flg:
            return x * (1.0 - self.dropout_ratio)
        self.mask = np.random.rand(*x.shape) > self.dropout_ratio
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class BatchNormalization(_Layer):
    def __init__(self, gamma, beta, momentum=0.9, running_mean=None, running_var=None):
        self.gamma, self.beta, self.momentum = gamma, beta, momentum
        self.running_mean, self.running_var = running_mean, running_var

    def forward(self, x, train_flg=True):
        shape, x = x.shape, np.asarray(x).reshape(len(x), -1)
        if self.running_mean is None:
            self.running_mean, self.running_var = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        if not train_flg:
            out = (x - self.running_mean) / np.sqrt(self.running_var + 10e-7) * self.gamma + self.beta
            return out.reshape(shape)
        keep = self.momentum
        self.running_mean = keep * self.running_mean + (1 - keep) * x.mean(axis=0)
        self.running_var = keep * self.running_var + (1 - keep) * x.var(axis=0)
        self._shape = shape
        return self._run(lambda x, g, b: _core.batch_norm(x, g, b, 10e-7).output, x, self.gamma, self.beta).reshape(shape)

    def backward(self, dout):
        dx, self.dgamma, self.dbeta = self._back(np.asarray(dout).reshape(len(dout), -1))
        return dx.reshape(self._shape)


# ---- chapter 6: what updates parameters, in their place


class SGD:
    def __init__(self, lr=0.01):
        self.lr = lr

    def update(self, params, grads):
        for key in params:
            params[key] -= self.lr * grads[key]


class _WithStates:
    """Optimizers that keep arrays for each parameter, 0 at first."""
    states = ("v",)

    def update(self, params, grads):
        for name in self.states:
            if getattr(self, name, None) is None:
                setattr(self, name, {key: np.zeros_like(value) for key, value in params.items()})
        self._begin()
        for key in params:
            self._one(params[key], grads[key], *(getattr(self, name)[key] for name in self.states))

    def _begin(self):
        pass


class Momentum(_WithStates):
    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum, self.v = lr, momentum, None

    def _one(self, value, grad, v):
        v[...] = self.momentum * v - self.lr * grad
        value += v


class Nesterov(Momentum):
    def _one(self, value, grad, v):
        v[...] = self.momentum * v - self.lr * grad
        value += self.momentum * v - self.lr * grad


class AdaGrad(_WithStates):
    states = ("h",)

    def __init__(self, lr=0.01):
        self.lr, self.h = lr, None

    def _one(self, value, grad, h):
        h += grad * grad
        value -= self.lr * grad / (np.sqrt(h) + 1e-7)


class RMSprop(AdaGrad):
    def __init__(self, lr=0.01, decay_rate=0.99):
        super().__init__(lr)
        self.decay_rate = decay_rate

    def _one(self, value, grad, h):
        h[...] = self.decay_rate * h + (1 - self.decay_rate) * grad * grad
        value -= self.lr * grad / (np.sqrt(h) + 1e-7)


class Adam(_WithStates):
    states = ("m", "v")

    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2, self.iter, self.m, self.v = lr, beta1, beta2, 0, None, None

    def _begin(self):
        self.iter += 1
        self._rate = self.lr * np.sqrt(1.0 - self.beta2 ** self.iter) / (1.0 - self.beta1 ** self.iter)

    def _one(self, value, grad, m, v):
        m += (1 - self.beta1) * (grad - m)
        v += (1 - self.beta2) * (grad ** 2 - v)
        value -= self._rate * m / (np.sqrt(v) + 1e-7)


# ---- nets: params, predict, loss, accuracy, gradient, numerical_gradient


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
        return {name: numerical_gradient(lambda _: self.loss(x, t, train_flg=True), value)
                for name, value in self.params.items()}


class TwoLayerNet(_Network):
    """Chapter 4 and 5: affine, relu, affine."""

    def __init__(self, input_size, hidden_size, output_size, weight_init_std=0.01):
        self.params = OrderedDict(
            W1=weight_init_std * np.random.randn(input_size, hidden_size), b1=np.zeros(hidden_size),
            W2=weight_init_std * np.random.randn(hidden_size, output_size), b2=np.zeros(output_size))

    def _compute(self, p, x, train):
        return _core.relu(_affine(x, p["W1"], p["b1"])) @ p["W2"] + p["b2"]


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
            mean, variance = np.array(result.mean), np.array(result.variance)
            old = self._statistics.get(i, (np.zeros_like(mean), np.zeros_like(variance)))
            self._statistics[i] = (0.9 * old[0] + 0.1 * mean, 0.9 * old[1] + 0.1 * variance)
            return result.output
        mean, variance = self._statistics.get(i, (np.zeros(x.shape[1]), np.zeros(x.shape[1])))
        return _core.batch_norm_inference(x, mean, variance, p[f"gamma{i}"], p[f"beta{i}"], 10e-7)

    def _compute(self, p, x, train):
        for i in range(1, self.depth):
            x = _affine(x, p[f"W{i}"], p[f"b{i}"])
            if self._statistics is not None:
                x = self._normalized(p, x, i, train)
            x = self._activation(x)
            if self._dropout:
                x = x * (np.random.rand(*x.shape) > self._dropout if train else 1.0 - self._dropout)
        return _affine(x, p[f"W{self.depth}"], p[f"b{self.depth}"])


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
        x = _core.relu(_affine(_core.max_pool2d(x, 2, 2), p["W2"], p["b2"]))
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
        x = self._drop(_core.relu(_affine(x, p["W7"], p["b7"])), train)
        return self._drop(x @ p["W8"] + p["b8"], train)


class Trainer:
    """The book's loop: batches, updates, and the accuracies after each epoch in train_acc_list and test_acc_list."""

    def __init__(self, network, x_train, t_train, x_test, t_test, epochs=20, mini_batch_size=100, optimizer="SGD",
                 optimizer_param={"lr": 0.01}, evaluate_sample_num_per_epoch=None, verbose=True):
        self.network, self.verbose, self.epochs, self.batch_size = network, verbose, epochs, mini_batch_size
        self.x_train, self.t_train, self.x_test, self.t_test = x_train, t_train, x_test, t_test
        self.sample = evaluate_sample_num_per_epoch
        kinds = dict(sgd=SGD, momentum=Momentum, nesterov=Nesterov, adagrad=AdaGrad, rmsprop=RMSprop, adam=Adam)
        self.optimizer = kinds[optimizer.lower()](**optimizer_param)
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
