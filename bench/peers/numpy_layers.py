"""The layers of numpy_workloads.py, forward and backward, with buffers that are made once."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Layer:
    """forward(x) gives the outputs; backward(dy) fills self.grads, and gives the gradient for x.

    Both may overwrite what they get. Net sets params and grads, of these shapes, and calls prepare."""

    shapes, inputs = (), 1
    first = False  # nobody asks for the gradient of the first layer's input

    def prepare(self, batch, dtype):
        """Makes the buffers."""


class Affine(Layer):
    """x (batch, inputs) times W, plus b unless bias is False. Flattens its input."""

    def __init__(self, inputs, outputs, bias=True):
        self.inputs, self.outputs = inputs, outputs
        self.shapes = ((inputs, outputs), (outputs,)) if bias else ((inputs, outputs),)

    def prepare(self, batch, dtype):
        self.y, self.dx = np.empty((batch, self.outputs), dtype), np.empty((batch, self.inputs), dtype)
        self.ones = np.ones(batch, dtype)

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(self.dx.shape)
        y = self.x.dot(self.params[0], out=self.y)
        if len(self.params) > 1:
            y += self.params[1]
        return y

    def backward(self, dy):
        self.x.T.dot(dy, out=self.grads[0])
        if len(self.grads) > 1:
            self.ones.dot(dy, out=self.grads[1])
        return None if self.first else dy.dot(self.params[0].T, out=self.dx).reshape(self.shape)


class Relu(Layer):
    mask = None

    def prepare(self, batch, dtype):
        self.zero = np.zeros((), dtype)  # costs less in each call than a number

    def forward(self, x):
        self.y = np.maximum(x, self.zero, out=x)
        return x

    def backward(self, dy):
        if self.mask is None:
            self.mask = np.empty(self.y.shape, bool)
        np.greater(self.y, self.zero, out=self.mask)
        return np.multiply(dy, self.mask, out=dy)


class Sigmoid(Layer):
    def forward(self, x):
        np.negative(x, out=x)
        np.exp(x, out=x)
        x += 1
        self.y = np.reciprocal(x, out=x)
        return x

    def backward(self, dy):
        dy *= self.y
        dy *= 1 - self.y
        return dy


class Dropout(Layer):
    """Zero for a half of the numbers, twice the others. rng may be set anew."""

    rng = np.random.default_rng(1)

    def forward(self, x):
        self.factors = self.rng.integers(0, 2, x.shape, np.uint8) * x.dtype.type(2)
        x *= self.factors
        return x

    def backward(self, dy):
        dy *= self.factors
        return dy


class Conv(Layer):
    """Square kernels on images (batch, channels, size, size): for each a product, its patches as columns.

    Takes so many images at a time that their columns stay in the cache; backward makes the columns again."""

    def __init__(self, channels, outputs, size, kernel, padding=0):
        self.channels, self.size, self.kernel, self.padding = channels, size, kernel, padding
        self.out = size + 2 * padding - kernel + 1
        self.inputs = channels * kernel * kernel
        self.shapes = ((outputs, self.inputs), (outputs, 1))
        self.inner = (..., slice(padding, padding + size), slice(padding, padding + size))

    def prepare(self, batch, dtype):
        padded = self.size + 2 * self.padding
        self.x = np.zeros((batch, self.channels, padded, padded), dtype)
        windows = sliding_window_view(self.x, (self.kernel, self.kernel), axis=(2, 3))
        self.windows = windows.transpose(0, 1, 4, 5, 2, 3)
        self.y = np.empty((batch, self.shapes[0][0], self.out * self.out), dtype)
        self.dx = np.empty_like(self.x)
        some = min(batch, max(1, (1 << 18) // (self.inputs * self.out * self.out)))
        self.groups = [slice(begin, min(begin + some, batch)) for begin in range(0, batch, some)]
        self.columns = np.empty((some, *self.windows.shape[1:]), dtype)
        self.products = np.empty((some, *self.shapes[0]), dtype)

    def columns_of(self, group):
        """The columns of these images, and the same memory as one matrix for each of them."""
        windows = self.windows[group]
        columns = self.columns[: len(windows)]
        np.copyto(columns, windows)
        return columns, columns.reshape(len(windows), self.inputs, -1)

    def forward(self, x):
        self.x[self.inner] = x
        for group in self.groups:
            y = np.matmul(self.params[0], self.columns_of(group)[1], out=self.y[group])
            y += self.params[1]
        return self.y.reshape(len(x), -1, self.out, self.out)

    def backward(self, dy):
        dy = dy.reshape(self.y.shape)
        for grad in self.grads:
            grad.fill(0)
        for group in self.groups:
            dout = dy[group]
            columns, matrices = self.columns_of(group)
            products = np.matmul(dout, matrices.transpose(0, 2, 1), out=self.products[: len(dout)])
            self.grads[0][...] += products.sum(axis=0)
            self.grads[1][:, 0] += dout.sum(axis=2).sum(axis=0)
            if self.first:
                continue
            np.matmul(self.params[0].T, dout, out=matrices)
            dx = self.dx[group]
            dx.fill(0)
            for i in range(self.kernel):
                for j in range(self.kernel):
                    dx[:, :, i : i + self.out, j : j + self.out] += columns[:, :, i, j]
        return None if self.first else self.dx[self.inner]


class MaxPool(Layer):
    """The largest of each two by two. Equal ones all get the gradient; after a ReLU it ends there, at 0."""

    def __init__(self, channels, size):
        self.channels, self.half = channels, size // 2

    def prepare(self, batch, dtype):
        half = self.half
        self.y = np.empty((batch, self.channels, half, half), dtype)
        self.dx = np.empty((batch, self.channels, half, 2, 2 * half), dtype)
        self.rows = np.empty((batch, self.channels, half, 2 * half), dtype)
        self.drows, self.mask = np.empty_like(self.rows), np.empty(self.rows.shape, bool)

    def forward(self, x):
        self.x = x.reshape(self.dx.shape)
        np.maximum(self.x[..., 0, :], self.x[..., 1, :], out=self.rows)
        return np.maximum(self.rows[..., ::2], self.rows[..., 1::2], out=self.y)

    def backward(self, dy):
        for wide, narrow in (self.rows, self.y), (self.drows, dy):
            wide[..., ::2], wide[..., 1::2] = narrow, narrow
        for i in range(2):
            np.equal(self.x[..., i, :], self.rows, out=self.mask)
            np.multiply(self.mask, self.drows, out=self.dx[..., i, :])
        return self.dx.reshape(*self.y.shape[:2], 2 * self.half, -1)


class SoftmaxCrossEntropy:
    """The mean over the batch of -log softmax(y)[t]."""

    def loss(self, y, t):
        largest = y.max(axis=1, keepdims=True)
        sums = np.log(np.exp(y - largest).sum(axis=1)) + largest[:, 0]
        return float((sums - y[np.arange(len(t)), t]).mean())

    def gradient(self, y, t):
        y -= np.maximum.reduce(y, axis=1, keepdims=True)
        np.exp(y, out=y)
        y /= np.add.reduce(y, axis=1, keepdims=True)
        y[np.arange(len(t)), t] -= 1
        y *= y.dtype.type(1 / len(t))
        return y


class SumOfSquares:
    def loss(self, y, t):
        return float(np.square(y - t).sum())

    def gradient(self, y, t):
        y -= t
        y *= 2
        return y


class Net:
    """Layers one after the other. Their parameters (He et al. 2015) are one array, all gradients another."""

    def __init__(self, layers, error, batch, dtype, rng):
        self.layers, self.error = layers, error
        layers[0].first = True
        size = sum(math.prod(shape) for layer in layers for shape in layer.shapes)
        self.params, self.grads = np.zeros(size, dtype), np.zeros(size, dtype)
        at = 0
        for layer in layers:
            layer.params, layer.grads = [], []
            for shape in layer.shapes:
                end = at + math.prod(shape)
                layer.params.append(self.params[at:end].reshape(shape))
                layer.grads.append(self.grads[at:end].reshape(shape))
                at = end
            if layer.params:
                draw_weight(rng, layer.params[0], layer.inputs)
            layer.prepare(batch, dtype)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def gradient(self, x, t):
        dy = self.error.gradient(self.forward(x), t)
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return self.grads


def draw_weight(rng, weight, inputs):
    weight[...] = rng.standard_normal(weight.shape) * math.sqrt(2 / inputs)
