"""The names of "Deep Learning from Scratch" (Saitoh): its programs work with `from chainrule.book import *` in place of
the files of its folders `common` and `dataset`. Arrays are NumPy's, as there; Chainrule computes.
"""
import numpy as np

from . import _core, data
from ._convert import array_of
from ._transforms import vjp

__all__ = """sigmoid relu softmax identity_function step_function cross_entropy_error mean_squared_error sum_squared_error
    sigmoid_grad relu_grad softmax_loss numerical_diff numerical_gradient numerical_gradient_2d tangent_line
    gradient_descent function_1 function_2 AND NAND OR XOR
    im2col col2im conv_output_size smooth_curve shuffle_dataset load_mnist
    MulLayer AddLayer Relu Sigmoid Affine SoftmaxWithLoss Dropout BatchNormalization Convolution Pooling
    SGD Momentum Nesterov AdaGrad RMSprop Adam
    TwoLayerNet MultiLayerNet MultiLayerNetExtend SimpleConvNet DeepConvNet Trainer""".split()


# ---- chapter 2: perceptrons


def _perceptron(w, b, doc):
    def gate(x1, x2):
        return int(w[0] * x1 + w[1] * x2 + b > 0)
    gate.__doc__ = doc
    return gate


AND = _perceptron((0.5, 0.5), -0.7, "1 if both are 1.")
NAND = _perceptron((-0.5, -0.5), 0.7, "0 if both are 1.")
OR = _perceptron((0.5, 0.5), -0.2, "1 if one of them is 1.")


def XOR(x1, x2):
    """1 if they differ: two layers."""
    return AND(NAND(x1, x2), OR(x1, x2))


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


def softmax_loss(X, t):
    """cross_entropy_error of softmax."""
    return cross_entropy_error(softmax(X), t)


def sigmoid_grad(x):
    """The slope of sigmoid."""
    y = sigmoid(x)
    return y * (1 - y)


def relu_grad(x):
    """The slope of relu: 1 from 0 on."""
    return (np.asarray(x) >= 0).astype(float)


def function_1(x):
    """0.01 x^2 + 0.1 x, the chapter's first example."""
    return 0.01 * x**2 + 0.1 * x


def function_2(x):
    """The sum of squares, its second one: of a vector, or of each row."""
    return np.sum(np.asarray(x)**2, axis=-1)


def numerical_diff(f, x):
    """The slope of a function of a number, by a central difference."""
    h = 1e-4
    return (f(x + h) - f(x - h)) / (2 * h)


def tangent_line(f, x):
    """The straight line that touches f at x: a function."""
    slope, value = numerical_diff(f, x), f(x)
    return lambda at: value + slope * (at - x)


def gradient_descent(f, init_x, lr=0.01, step_num=100):
    """Where so many steps against the numerical gradient lead."""
    x = np.array(init_x, float)
    for _ in range(step_num):
        x -= lr * numerical_gradient(f, x)
    return x


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


def numerical_gradient_2d(f, X):
    """numerical_gradient of each row."""
    X = np.asarray(X)
    return numerical_gradient(f, X) if X.ndim == 1 else np.array([numerical_gradient(f, row) for row in X])


def conv_output_size(input_size, filter_size, stride=1, pad=0):
    """How many places a filter has along an axis."""
    return (input_size + 2 * pad - filter_size) / stride + 1


def im2col(input_data, filter_h, filter_w, stride=1, pad=0):
    """Windows as rows: (N out_h out_w, C filter_h filter_w)."""
    columns = array_of(_core.unfold(_core.tensor(input_data), (filter_h, filter_w), stride, pad))
    return columns.transpose(0, 2, 1).reshape(-1, columns.shape[1])


def col2im(col, input_shape, filter_h, filter_w, stride=1, pad=0):
    """Rows of im2col added up where they came from."""
    count, col = input_shape[0], np.asarray(col)
    columns = col.reshape(count, -1, col.shape[-1]).transpose(0, 2, 1)
    return array_of(_core.fold(_core.tensor(columns), input_shape[2:], (filter_h, filter_w), stride, pad))


def smooth_curve(x):
    """A curve without its jitter."""
    window = np.kaiser(11, 2)
    ends = np.r_[x[10:0:-1], x, x[-1:-11:-1]]
    return np.convolve(window / window.sum(), ends, mode="valid")[5:-5]


def shuffle_dataset(x, t):
    x, t = np.asarray(x), np.asarray(t)
    order = np.random.permutation(len(x))
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


from ._book_nets import (DeepConvNet, MultiLayerNet, MultiLayerNetExtend, SimpleConvNet, Trainer,  # noqa: E402,F401
                         TwoLayerNet)
