#!/usr/bin/python3
"""The workloads of `chainrule bench` in NumPy, with every derivative written by hand. Prints a JSON array.

    apt install python3-numpy libopenblas0-pthread     # without OpenBLAS, NumPy multiplies with plain loops
    bench/peers/numpy_workloads.py two-layer-net xor --threads 1 --seconds 1 --json
    bench/peers/numpy_workloads.py --check             # the derivatives against differences, in float64

Everything is float32, in buffers that are made once. All parameters of a net lie in one array and their
gradients in another, so that an update is a few calls. The loss is not computed, its gradient does not need
it. The time of a step is the median over blocks of steps, as in `chainrule bench`. --threads is for the
matrix products; all else has one thread in NumPy.
"""

import math
import sys

import timing

PARSER, OPTIONS = timing.parse_arguments(__doc__, can_check=True)

import numpy as np  # noqa: E402  (after the environment is set)
from numpy_layers import Affine, Conv, Dropout, MaxPool, Relu, Sigmoid  # noqa: E402
from numpy_layers import Net, SoftmaxCrossEntropy, SumOfSquares, draw_weight  # noqa: E402

DTYPE = np.float64 if OPTIONS.check else np.float32
RNG = np.random.default_rng(1)


def by_sgd(net, lr, batch):
    lr = np.array(lr, DTYPE)  # an array of no axes costs a call less than a number

    def step():
        grads = net.gradient(*batch())
        np.multiply(grads, lr, grads)
        np.subtract(net.params, grads, net.params)

    return net, batch, step


def by_adam(net, batch, lr=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    means, squares, scratch = (np.zeros_like(net.params) for _ in range(3))
    done = 0

    def step():
        nonlocal done
        done += 1
        grads = net.gradient(*batch())
        np.subtract(grads, means, out=scratch)
        np.multiply(scratch, DTYPE(1 - beta1), out=scratch)
        np.add(means, scratch, out=means)
        np.multiply(grads, grads, out=grads)
        np.subtract(grads, squares, out=grads)
        np.multiply(grads, DTYPE(1 - beta2), out=grads)
        np.add(squares, grads, out=squares)
        np.sqrt(squares, out=grads)
        # Both corrections of the start, as one factor: epsilon is scaled with it.
        root = math.sqrt(1 - beta2**done)
        np.add(grads, DTYPE(epsilon * root), out=grads)
        np.divide(means, grads, out=grads)
        np.multiply(grads, DTYPE(lr * root / (1 - beta1**done)), out=grads)
        np.subtract(net.params, grads, out=net.params)

    return net, batch, step


def batches(size, shape):
    """Draws rows of sixty thousand images of random bytes, as numbers in [0, 1], with their class numbers."""
    images = RNG.integers(0, 256, (60000, 784), np.uint8)
    labels = RNG.integers(0, 10, 60000)
    bytes_, x = np.empty((size, 784), np.uint8), np.empty((size, 784), DTYPE)

    def batch():
        rows = RNG.integers(0, 60000, size)
        images.take(rows, axis=0, out=bytes_, mode="clip")
        np.multiply(bytes_, DTYPE(1 / 255), out=x, dtype=DTYPE)
        return x.reshape(size, *shape), labels[rows]

    return batch


def classifier(layers, batch):
    return Net(layers, SoftmaxCrossEntropy(), batch, DTYPE, RNG)


def two_layer(size):
    return classifier([Affine(784, 50), Relu(), Affine(50, 10)], size)


def two_layer_net():
    return by_sgd(two_layer(100), 0.1, batches(100, (784,)))


def inference(size):
    net, batch = two_layer(size), batches(size, (784,))
    x, _ = batch()
    if size == 1 and not OPTIONS.check:  # columns of weights one after the other are faster for one row
        for layer in net.layers[0], net.layers[2]:
            layer.params[0] = np.asfortranarray(layer.params[0])
    return net, batch, lambda: net.forward(x)


def sigmoid_regression():
    x, t = RNG.standard_normal((64, 1000)).astype(DTYPE), RNG.standard_normal((64, 10)).astype(DTYPE)
    layers = [Affine(1000, 100, bias=False), Sigmoid(), Affine(100, 10, bias=False)]
    return by_sgd(Net(layers, SumOfSquares(), 64, DTYPE, RNG), 1e-5, lambda: (x, t))


def wide_mlp():
    layers = [Affine(784, 1024), Relu(), Affine(1024, 1024), Relu(), Affine(1024, 10)]
    return by_sgd(classifier(layers, 256), 0.01, batches(256, (784,)))


def simple_conv_net():
    layers = [Conv(1, 30, 28, kernel=5), Relu(), MaxPool(30, 24), Affine(4320, 100), Relu(), Affine(100, 10)]
    return by_adam(classifier(layers, 100), batches(100, (1, 28, 28)))


def deep_conv_net():
    channels, sizes, layers = [1, 16, 16, 32, 32, 64, 64], [28, 28, 14, 14, 8, 8], []
    for i, size in enumerate(sizes):
        layers += [Conv(channels[i], channels[i + 1], size, kernel=3, padding=2 if i == 3 else 1), Relu()]
        if i % 2 == 1:
            layers.append(MaxPool(channels[i + 1], layers[-2].out))
    layers += [Affine(1024, 50), Relu(), Dropout(), Affine(50, 10), Dropout()]
    return by_adam(classifier(layers, 100), batches(100, (1, 28, 28)))


class Xor:
    """2-3-1 with sigmoids and the mean of squares. Without layers, whose calls would cost too much here."""

    def __init__(self):
        self.params, self.grads = np.zeros(13, DTYPE), np.zeros(13, DTYPE)
        self.w1, self.b1, self.w2, self.b2 = self.split(self.params)
        self.dw1, self.db1, self.dw2, self.db2 = self.split(self.grads)
        draw_weight(RNG, self.w1, 2)
        draw_weight(RNG, self.w2, 3)
        self.hidden, self.y = np.empty((4, 3), DTYPE), np.empty((4, 1), DTYPE)
        self.dhidden, self.dy = np.empty_like(self.hidden), np.empty_like(self.y)
        self.ones, self.one, self.half = np.ones(4, DTYPE), np.array(1, DTYPE), np.array(0.5, DTYPE)
        self.error = SumOfSquares()
        self.error.loss = lambda y, t: float(np.square(y - t).mean())

    @staticmethod
    def split(flat):
        return flat[:6].reshape(2, 3), flat[6:9], flat[9:12].reshape(3, 1), flat[12:]

    def affine_sigmoid(self, x, w, b, y):
        x.dot(w, out=y)
        np.add(y, b, y)
        np.negative(y, y)
        np.exp(y, y)
        np.add(y, self.one, y)
        return np.reciprocal(y, y)

    def forward(self, x):
        self.affine_sigmoid(x, self.w1, self.b1, self.hidden)
        return self.affine_sigmoid(self.hidden, self.w2, self.b2, self.y)

    def sigmoid_gradient(self, y, dy):
        np.multiply(dy, y, dy)
        np.multiply(dy, self.one - y, dy)

    def gradient(self, x, t):
        np.subtract(self.forward(x), t, self.dy)
        np.multiply(self.dy, self.half, self.dy)
        self.sigmoid_gradient(self.y, self.dy)
        self.hidden.T.dot(self.dy, out=self.dw2)
        self.ones.dot(self.dy, out=self.db2)
        self.dy.dot(self.w2.T, out=self.dhidden)
        self.sigmoid_gradient(self.hidden, self.dhidden)
        x.T.dot(self.dhidden, out=self.dw1)
        self.ones.dot(self.dhidden, out=self.db1)
        return self.grads


def exclusive_or():
    x, t = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], DTYPE), np.array([[0], [1], [1], [0]], DTYPE)
    return by_sgd(Xor(), 0.5, lambda: (x, t))


def scalar():
    def step():
        w, b = DTYPE(3), DTYPE(4)
        left, right = w * 2 + b, b + 1
        z, dw, db = left * right, right * 2, left + right
        return float(z), float(dw), float(db)

    assert step() == (50, 10, 15)
    return None, None, step


WORKLOADS = {
    "two-layer-net": two_layer_net,
    "sigmoid-regression": sigmoid_regression,
    "simple-conv-net": simple_conv_net,
    "deep-conv-net": deep_conv_net,
    "wide-mlp": wide_mlp,
    "xor": exclusive_or,
    "scalar": scalar,
    "inference-1": lambda: inference(1),
    "inference-256": lambda: inference(256),
}


def check(name):
    """The derivative along random directions against the difference of two losses, in float64."""
    net, batch, _ = WORKLOADS[name]()
    if net is None:
        return
    x, t = (array.copy() for array in batch())

    def at(params, function):
        Dropout.rng = np.random.default_rng(2)  # the same dropout each time
        net.params[...] = params
        return function()

    start = net.params.copy()
    gradient = at(start, lambda: net.gradient(x, t)).copy()
    for seed in range(3):
        direction, h = np.random.default_rng(seed).standard_normal(start.shape), 1e-9

        def loss():
            return net.error.loss(net.forward(x), t)

        expected = (at(start + h * direction, loss) - at(start - h * direction, loss)) / (2 * h)
        got = gradient.dot(direction)
        if not abs(got - expected) <= 1e-4 * np.linalg.norm(gradient):
            sys.exit(f"{name}: the gradient along a direction is {got}, by differences {expected}")
    print(f"{name}: gradient right")


def main():
    names = timing.chosen(PARSER, OPTIONS, WORKLOADS)
    if OPTIONS.check:
        for name in names:
            check(name)
    else:
        timing.report(OPTIONS, names, lambda name: WORKLOADS[name]()[2])


if __name__ == "__main__":
    main()
