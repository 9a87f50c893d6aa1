#!/usr/bin/python3
"""The two-layer net of the books in NumPy: the peer that Chainrule's own net is timed against.

784-50-10 by default: affine, ReLU, affine, softmax with cross-entropy; plain SGD. Everything is float32, as a
fast NumPy program has it, and one thread does the work. Prints one JSON document.

    apt install python3-numpy libopenblas0-pthread     # without OpenBLAS, NumPy multiplies with plain loops
    bench/peers/two_layer_net.py --data-dir ~/mnist --steps 10000 --json

--data-dir holds the four IDX files of MNIST, gzip or plain.
"""

import argparse
import gzip
import json
import os
import sys
import time

import timing

timing.set_up_blas(threads=1)

import numpy as np  # noqa: E402  (after the environment is set)


class Affine:
    """y = x W + b."""

    def __init__(self, params, weight, bias):
        self.params, self.weight, self.bias = params, weight, bias
        self.grads = {}

    def forward(self, x):
        self.x = x
        return x @ self.params[self.weight] + self.params[self.bias]

    def backward(self, dout, needs_dx=True):
        self.grads[self.weight] = self.x.T @ dout
        self.grads[self.bias] = dout.sum(axis=0)
        return dout @ self.params[self.weight].T if needs_dx else None


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class SoftmaxWithLoss:
    """Mean cross-entropy of softmax(x) against class numbers t."""

    def forward(self, x, t):
        shifted = x - x.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        sums = exponentials.sum(axis=1, keepdims=True)
        self.rows, self.t = np.arange(len(t)), t
        self.y = exponentials / sums
        return float((np.log(sums[:, 0]) - shifted[self.rows, t]).mean())

    def backward(self):
        dx = self.y
        dx[self.rows, self.t] -= 1
        dx /= np.float32(len(self.t))
        return dx


class TwoLayerNet:
    def __init__(self, inputs, hidden, outputs, rng, std=0.01):
        def weights(rows, columns):
            return (std * rng.randn(rows, columns)).astype(np.float32)

        self.params = {
            "W1": weights(inputs, hidden),
            "b1": np.zeros(hidden, np.float32),
            "W2": weights(hidden, outputs),
            "b2": np.zeros(outputs, np.float32),
        }
        self.affine1 = Affine(self.params, "W1", "b1")
        self.relu = Relu()
        self.affine2 = Affine(self.params, "W2", "b2")
        self.loss_layer = SoftmaxWithLoss()

    def predict(self, x):
        return self.affine2.forward(self.relu.forward(self.affine1.forward(x)))

    def loss(self, x, t):
        return self.loss_layer.forward(self.predict(x), t)

    def gradient(self, x, t):
        """The loss and its gradient to every parameter. None is computed for x, which nobody asks for."""
        loss = self.loss(x, t)
        dout = self.relu.backward(self.affine2.backward(self.loss_layer.backward()))
        self.affine1.backward(dout, needs_dx=False)
        return loss, {**self.affine1.grads, **self.affine2.grads}

    def accuracy(self, x, t):
        return float((self.predict(x).argmax(axis=1) == t).mean())


class SGD:
    def __init__(self, lr):
        self.lr = np.float32(lr)

    def update(self, params, grads):
        for name, gradient in grads.items():
            params[name] -= self.lr * gradient


def read_idx(path):
    """An IDX file of bytes as an array of its shape."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:3] != b"\x00\x00\x08":
        raise SystemExit(f"{path}: not an IDX file of bytes")
    ndim = data[3]
    shape = np.frombuffer(data, ">i4", ndim, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def load(directory, split):
    """Images as float32 rows in [0, 1], and class numbers."""

    def find(stem):
        for suffix in (".gz", ""):
            path = os.path.join(directory, stem + suffix)
            if os.path.exists(path):
                return path
        raise SystemExit(f"{os.path.join(directory, stem)}[.gz] is missing; give --data-dir")

    images = read_idx(find(f"{split}-images-idx3-ubyte"))
    labels = read_idx(find(f"{split}-labels-idx1-ubyte"))
    x = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return x, labels.astype(np.int64)


def parse_arguments():
    parser = argparse.ArgumentParser(description="The two-layer net of the books in NumPy.")
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--test-dir", help="take the test set from here instead")
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--hidden", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="on one line, for programs")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    x_train, t_train = load(arguments.data_dir, "train")
    x_test, t_test = load(arguments.test_dir or arguments.data_dir, "t10k")

    rng = np.random.RandomState(arguments.seed)
    net = TwoLayerNet(x_train.shape[1], arguments.hidden, int(t_train.max()) + 1, rng)
    optimizer = SGD(arguments.lr)
    loss = float("nan")

    start = time.perf_counter()
    for _ in range(arguments.steps):
        rows = rng.choice(len(x_train), arguments.batch_size)
        loss, grads = net.gradient(x_train[rows], t_train[rows])
        optimizer.update(net.params, grads)
    seconds = time.perf_counter() - start

    result = {
        "program": "two_layer_net.py",
        "numpy": np.__version__,
        "steps": arguments.steps,
        "batch_size": arguments.batch_size,
        "hidden": arguments.hidden,
        "lr": arguments.lr,
        "seed": arguments.seed,
        "seconds": seconds,
        "us_per_step": seconds / max(arguments.steps, 1) * 1e6,
        "final_loss": loss,
        "train_accuracy": net.accuracy(x_train, t_train),
        "test_accuracy": net.accuracy(x_test, t_test),
    }
    json.dump(result, sys.stdout, indent=None if arguments.json else 2)
    print()


if __name__ == "__main__":
    main()
