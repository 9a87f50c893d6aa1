#!/usr/bin/python3
"""Microseconds of an operation on three numbers, in eager use: from Python, in NumPy and in PyTorch.

    PYTHONPATH=build/python bench/peers/python_operations.py

The contestants take turns, one thread each; of each the fastest of many rounds counts.
"""

import timing

timing.set_up_blas(1)

import time  # noqa: E402  (after the environment is set)

import chainrule as cr  # noqa: E402
import numpy as np  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

OPERATIONS = {
    "x + x": lambda lib, x: x + x,
    "exp(x)": lambda lib, x: lib.exp(x),
    "x.sum()": lambda lib, x: x.sum(),
    "x @ x": lambda lib, x: x @ x,
    "exp(x * 2) + 1": lambda lib, x: lib.exp(x * 2) + 1,
}


def fastest(contestants, rounds=50, count=1000):
    """Microseconds of a call, by name: the fastest of the rounds, in which the contestants take turns."""
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            for _ in range(count):
                run()
            best[name] = min(best[name], (time.perf_counter() - start) / count * 1e6)
    return best


def main():
    cr.set_num_threads(1)
    a = np.ones(3, np.float32)
    x = cr.tensor(a)
    names = ["Chainrule", "the graph alone", "NumPy", *(["PyTorch"] if torch else [])]
    print(f"{'us':<16}" + "".join(f"{name:>18}" for name in names))
    for name, f in OPERATIONS.items():
        contestants = {
            "Chainrule": lambda f=f: f(cr, x).evaluate(),
            "the graph alone": lambda f=f: f(cr, x),
            "NumPy": lambda f=f: f(np, a),
        }
        if torch:
            torch.set_num_threads(1)
            contestants["PyTorch"] = lambda f=f, t=torch.ones(3): f(torch, t)
        print(f"{name:<16}" + "".join(f"{best:>18.2f}" for best in fastest(contestants).values()), flush=True)


if __name__ == "__main__":
    main()
