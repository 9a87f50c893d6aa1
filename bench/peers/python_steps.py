"""What Python costs: microseconds of an eager operation, and steps of four workloads, beside NumPy and torch.

    PYTHONPATH=build/python python3 bench/peers/python_steps.py

The contestants take turns, one thread each; of each the fastest of many rounds counts, in time of the processor, so that
other programs of the machine count little.
"""
import os

for name in ("CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import sys
import time

import chainrule as cr
import numpy as np
from chainrule import nn, optim
from numpy_layers import Affine, Conv, MaxPool, Net, Relu, SoftmaxCrossEntropy

try:
    import torch
    torch.set_num_threads(1)
except ImportError:
    torch = None

rng = np.random.default_rng(0)


def fastest(contestants, rounds, count):
    """Microseconds of a call, by name: the fastest of the rounds, in which the contestants take turns."""
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.process_time()
            for _ in range(count):
                run()
            best[name] = min(best[name], (time.process_time() - start) / count * 1e6)
    return best


def add():
    a = np.ones(3, np.float32)
    x = cr.tensor(a)
    found = {"chainrule, built": lambda: x + x, "chainrule, computed": lambda: (x + x).evaluate(), "numpy": lambda: a + a}
    if torch:
        t = torch.ones(3)
        found["torch"] = lambda: t + t
    return found


def mlp(sizes, batch, activation, loss):
    """A net of affine layers, with a step of gradient descent: in the library, in NumPy by hand, and in torch."""
    x = rng.normal(size=(batch, sizes[0])).astype(np.float32)
    t = rng.integers(0, max(sizes[-1], 2), batch)
    target = np.eye(sizes[-1], dtype=np.float32)[t] if sizes[-1] > 1 else t[:, None].astype(np.float32)
    net = nn.mlp(sizes[1:], activation=activation)
    optimizer = optim.SGD(net, lr=0.01)
    tx, tt = cr.tensor(x), cr.tensor(target)
    of = cr.softmax_cross_entropy if loss == "softmax" else cr.mse
    found = {"chainrule": lambda: optimizer.step(lambda: of(net(tx), tt))}
    w1, w2 = (rng.normal(size=s).astype(np.float32) * np.float32(0.1) for s in (sizes[:2], sizes[1:]))
    b1, b2 = np.zeros(sizes[1], np.float32), np.zeros(sizes[2], np.float32)

    def by_hand():
        nonlocal w1, w2, b1, b2
        h = x @ w1 + b1
        z = np.maximum(h, 0) if activation == "relu" else np.tanh(h)
        y = z @ w2 + b2
        if loss == "softmax":
            e = np.exp(y - y.max(axis=1, keepdims=True))
            y = e / e.sum(axis=1, keepdims=True)
            value = -np.log((y * target).sum(axis=1)).mean()
            dy = (y - target) / batch
        else:
            value = ((y - target) ** 2).mean()
            dy = 2 * (y - target) / y.size
        dz = dy @ w2.T
        dh = dz * (h > 0) if activation == "relu" else dz * (1 - z * z)
        w1, b1 = w1 - 0.01 * (x.T @ dh), b1 - 0.01 * dh.sum(axis=0)
        w2, b2 = w2 - 0.01 * (z.T @ dy), b2 - 0.01 * dy.sum(axis=0)
        return value
    found["numpy by hand"] = by_hand
    if torch:
        other = torch.nn.Sequential(torch.nn.Linear(*sizes[:2]), torch.nn.ReLU() if activation == "relu" else torch.nn.Tanh(),
                                    torch.nn.Linear(*sizes[1:]))
        found["torch"] = torch_step(other, torch.tensor(x), torch.tensor(target if loss == "mse" else t),
                                    torch.nn.functional.cross_entropy if loss == "softmax" else torch.nn.functional.mse_loss)
    return found


def torch_step(net, x, t, loss):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

    def step():
        optimizer.zero_grad()
        value = loss(net(x), t)
        value.backward()
        optimizer.step()
        return value.item()
    return step


def simple_conv_net():
    x, t = rng.random((100, 1, 28, 28), np.float32), rng.integers(0, 10, 100)
    net = nn.Sequential(nn.Conv2d(30, 5), nn.Relu(), nn.MaxPool2d(2), nn.Flatten(), nn.Affine(100), nn.Relu(), nn.Affine(10))
    optimizer = optim.SGD(net, lr=0.01)
    tx, tt = cr.tensor(x), cr.tensor(t)
    found = {"chainrule": lambda: optimizer.step(lambda: cr.softmax_cross_entropy(net(tx), tt)), "numpy by hand": conv_by_hand(x, t)}
    if torch:
        n = torch.nn
        other = n.Sequential(n.Conv2d(1, 30, 5), n.ReLU(), n.MaxPool2d(2), n.Flatten(), n.Linear(4320, 100), n.ReLU(),
                             n.Linear(100, 10))
        found["torch"] = torch_step(other, torch.tensor(x), torch.tensor(t), n.functional.cross_entropy)
    return found


def conv_by_hand(x, t):
    """A step of the same net in NumPy."""
    layers = [Conv(1, 30, 28, kernel=5), Relu(), MaxPool(30, 24), Affine(4320, 100), Relu(), Affine(100, 10)]
    net = Net(layers, SoftmaxCrossEntropy(), 100, np.float32, rng)

    def step():
        net.params -= np.float32(0.01) * net.gradient(x, t)
    return step


def scalar():
    def f(w, b):
        return (cr.tanh(w * 2.0 + b) - 0.5) ** 2
    both = cr.value_and_grad(f, argnums=(0, 1))
    found = {"chainrule": lambda: both(0.3, 0.1)}
    if torch:
        def step():
            w, b = torch.tensor(0.3, requires_grad=True), torch.tensor(0.1, requires_grad=True)
            ((torch.tanh(w * 2.0 + b) - 0.5) ** 2).backward()
            return w.grad.item(), b.grad.item()
        found["torch"] = step
    return found


def main(scale=1.0):
    for name, contestants, rounds, count in [
            ("add of 3 numbers", add(), 50, 2000), ("scalar: value and gradient", scalar(), 50, 100),
            ("xor: a step", mlp([2, 4, 1], 4, "tanh", "mse"), 50, 100),
            ("two-layer-net: a step of 100", mlp([784, 50, 10], 100, "relu", "softmax"), 40, 20),
            ("simple-conv-net: a step of 100", simple_conv_net(), 10, 2)]:
        best = fastest(contestants, max(1, int(rounds * scale)), count)
        print(f"{name:32}" + ", ".join(f"{who} {time_us:.2f} us" for who, time_us in best.items()))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
