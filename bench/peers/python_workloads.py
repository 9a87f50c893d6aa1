#!/usr/bin/python3
"""Workloads of `chainrule bench` from Python, written as users of the package write them. Prints a JSON array.

    make python
    PYTHONPATH=build/python bench/peers/python_workloads.py two-layer-net xor --threads 1 --seconds 1 --json

The time of a step is the median over blocks of steps, as in `chainrule bench`. Data are random, of the same shapes and dtypes:
60,000 images as bytes, from which batches are gathered by NumPy.
"""

import timing

PARSER, OPTIONS = timing.parse_arguments(__doc__)

import chainrule as cr  # noqa: E402  (after the environment is set)
import numpy as np  # noqa: E402
from chainrule import nn, optim  # noqa: E402


class Images:
    """Sixty thousand images of random bytes, and class numbers; the batches of one epoch after another."""

    def __init__(self, *shape):
        random = np.random.default_rng(1)
        self.x = random.integers(0, 256, (60000, *shape), dtype=np.uint8)
        self.t = random.integers(0, 10, 60000)

    def batches(self, size):
        random = np.random.default_rng(2)
        while True:
            for rows in random.permutation(60000).reshape(-1, size):
                yield cr.cast(self.x.take(rows, axis=0), "float32") / 255, self.t[rows]


def on_images(net, make_optimizer, *shape):
    batches, optimizer = Images(*shape).batches(100), make_optimizer(net)

    def loss():
        x, t = next(batches)
        return cr.softmax_cross_entropy(net(x), t)

    return lambda: optimizer.step(loss)


def two_layer_net():
    net = nn.Sequential(nn.Affine(50), nn.Relu(), nn.Affine(10))
    return on_images(net, lambda net: optim.SGD(net, lr=0.1), 784)


def simple_conv_net():
    net = nn.Sequential(nn.Conv2d(30, 5), nn.Relu(), nn.MaxPool2d(2), nn.Affine(100), nn.Relu(), nn.Affine(10))
    return on_images(net, lambda net: optim.Adam(net, lr=0.001), 1, 28, 28)


def exclusive_or():
    x, t = cr.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), cr.tensor([[0.0], [1], [1], [0]])
    net = nn.Sequential(nn.Affine(3), nn.Sigmoid(), nn.Affine(1), nn.Sigmoid())
    optimizer = optim.SGD(net, lr=0.5)
    return lambda: optimizer.step(lambda: cr.mse(net(x), t))


def scalar():
    both = cr.value_and_grad(lambda w, b: (w * 2 + b) * (b + 1), argnums=(0, 1))
    return lambda: both(3.0, 4.0)


WORKLOADS = {"two-layer-net": two_layer_net, "simple-conv-net": simple_conv_net, "xor": exclusive_or, "scalar": scalar}

if __name__ == "__main__":
    cr.set_num_threads(OPTIONS.threads)
    timing.report(OPTIONS, timing.chosen(PARSER, OPTIONS, WORKLOADS), lambda name: WORKLOADS[name]())
