"""What Python costs: microseconds of an eager operation, and steps of four workloads, beside NumPy and torch.

    PYTHONPATH=build/python python3 bench/peers/python_steps.py

The contestants take turns, one thread each; of each the fastest of many rounds counts, in time of the processor, so that
other programs of the machine count little. "C++" is the same step in the tool, of `chainrule bench` in build/release,
where that is built.
"""
import json
import os
import pathlib
import subprocess

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
TOOL = pathlib.Path(__file__).parents[2] / "build/release/chainrule"


def of_the_tool(workload):
    """Microseconds of a step of the tool's bench."""
    words = [TOOL, "bench", workload, "--threads", "1", "--seconds", "0.2", "--json"]
    return json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)[0]["seconds_per_step"] * 1e6


def fastest(contestants, rounds, count, workload):
    """Microseconds of a call, by name: the fastest of the rounds, in which the contestants take turns."""
    best = dict.fromkeys(contestants, float("inf"))
    with_tool = workload and TOOL.exists()
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.process_time()
            for _ in range(count):
                run()
            best[name] = min(best[name], (time.process_time() - start) / count * 1e6)
        if with_tool:
            best["C++"] = min(best.get("C++", float("inf")), of_the_tool(workload))
    return best


def add():
    a = np.ones(3, np.float32)
    x = cr.tensor(a)
    found = {"chainrule, built": lambda: x + x, "chainrule, computed": lambda: (x + x).evaluate(), "numpy": lambda: a + a}
    if torch:
        t = torch.ones(3)
        found["torch"] = lambda: t + t
    return found


def mlp(sizes, batch, activation, loss, rows=0):
    """A net of affine layers, with a step of gradient descent: in the library, in NumPy by hand, and in torch.

    With `rows`, each step takes its batch out of so many rows, as the tool's bench does.
    """
    count = rows or batch
    all_x = rng.normal(size=(count, sizes[0])).astype(np.float32)
    all_t = rng.integers(0, max(sizes[-1], 2), count)
    one_hot = np.eye(sizes[-1], dtype=np.float32)[all_t] if sizes[-1] > 1 else all_t[:, None].astype(np.float32)
    order = rng.permutation(count)[:count // batch * batch].reshape(-1, batch)

    def batches(x, t, order=order):
        place = 0

        def take():
            nonlocal place
            if not rows:
                return x, t
            place = (place + 1) % len(order)
            return x[order[place]], t[order[place]]
        return take

    net = nn.mlp(sizes[1:], activation=activation)
    optimizer = optim.SGD(net, lr=0.01)
    of = cr.softmax_cross_entropy if loss == "softmax" else cr.mse
    take = batches(all_x, one_hot) if rows else batches(cr.tensor(all_x), cr.tensor(one_hot))

    def in_library():
        x, t = take()
        optimizer.step(lambda: of(net(x), t))
    found = {"chainrule": in_library}
    take_rows = batches(all_x, one_hot)
    w1, w2 = (rng.normal(size=s).astype(np.float32) * np.float32(0.1) for s in (sizes[:2], sizes[1:]))
    b1, b2 = np.zeros(sizes[1], np.float32), np.zeros(sizes[2], np.float32)

    def by_hand():
        nonlocal w1, w2, b1, b2
        x, target = take_rows()
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
        found["torch"] = torch_step(
            other, batches(torch.tensor(all_x), torch.tensor(one_hot if loss == "mse" else all_t), torch.tensor(order)),
            torch.nn.functional.cross_entropy if loss == "softmax" else torch.nn.functional.mse_loss,
            torch.optim.SGD(other.parameters(), lr=0.01))
    return found


def torch_step(net, take, loss, optimizer):
    def step():
        x, t = take()
        optimizer.zero_grad()
        value = loss(net(x), t)
        value.backward()
        optimizer.step()
        return value.item()
    return step


def simple_conv_net():
    x, t = rng.random((100, 1, 28, 28), np.float32), rng.integers(0, 10, 100)
    net = nn.Sequential(nn.Conv2d(30, 5), nn.Relu(), nn.MaxPool2d(2), nn.Flatten(), nn.Affine(100), nn.Relu(), nn.Affine(10))
    optimizer = optim.Adam(net, lr=0.001)
    tx, tt = cr.tensor(x), cr.tensor(t)
    found = {"chainrule": lambda: optimizer.step(lambda: cr.softmax_cross_entropy(net(tx), tt)),
             "numpy by hand": conv_by_hand(x, t)}
    if torch:
        n = torch.nn
        other = n.Sequential(n.Conv2d(1, 30, 5), n.ReLU(), n.MaxPool2d(2), n.Flatten(), n.Linear(4320, 100), n.ReLU(),
                             n.Linear(100, 10))
        pair = torch.tensor(x), torch.tensor(t)
        found["torch"] = torch_step(other, lambda: pair, n.functional.cross_entropy,
                                    torch.optim.Adam(other.parameters(), lr=0.001))
    return found


def conv_by_hand(x, t):
    """A step of the same net in NumPy, by Adam."""
    layers = [Conv(1, 30, 28, kernel=5), Relu(), MaxPool(30, 24), Affine(4320, 100), Relu(), Affine(100, 10)]
    net = Net(layers, SoftmaxCrossEntropy(), 100, np.float32, rng)
    mean, square = np.zeros_like(net.params), np.zeros_like(net.params)
    beta1, beta2, done = np.float32(0.9), np.float32(0.999), 0

    def step():
        nonlocal mean, square, done
        done += 1
        gradient = net.gradient(x, t)
        mean += (1 - beta1) * (gradient - mean)
        square += (1 - beta2) * (gradient * gradient - square)
        rate = np.float32(0.001 * np.sqrt(1 - 0.999**done) / (1 - 0.9**done))
        net.params -= rate * mean / (np.sqrt(square) + np.float32(1e-8))
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
    for name, contestants, rounds, count, workload in [
            ("add of 3 numbers", add(), 50, 2000, None), ("scalar: value and gradient", scalar(), 50, 100, None),
            ("xor: a step", mlp([2, 4, 1], 4, "tanh", "mse"), 50, 100, None),
            ("two-layer-net: a step of 100", mlp([784, 50, 10], 100, "relu", "softmax", 60000), 40, 20, "two-layer-net"),
            ("simple-conv-net: a step of 100", simple_conv_net(), 10, 2, "simple-conv-net")]:
        best = fastest(contestants, max(1, int(rounds * scale)), count, workload)
        print(f"{name:32}" + ", ".join(f"{who} {time_us:.2f} us" for who, time_us in best.items()))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
