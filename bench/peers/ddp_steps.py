#!/usr/bin/python3
"""Steps of training on two ranks of one thread: Chainrule under MPI, PyTorch's DistributedDataParallel (gloo), and
Chainrule in one process of two threads. Turn by turn on one machine; the same nets, batches, rule and kind of numbers.

    apt install python3-torch openmpi-bin && bench/peers/ddp_steps.py [ROUNDS]

Prints milliseconds a step, the least of the rounds, and the ratios.
"""
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "build/release/chainrule"
ROWS, RATE = 60000, 0.01
NETS = {  # name: the net, the batch of all ranks, steps
    "lenet": (
        "sequential([conv2d(6, 5, padding=2), relu, max_pool2d, conv2d(16, 5), relu, max_pool2d, affine(120), relu, "
        "affine(84), relu, affine(10)])",
        128,
        300,
    ),
    "wide-mlp": ("mlp([1024, 1024, 10])", 256, 150),
}


def torch_net(name):
    from torch import nn

    if name == "lenet":
        convolutions = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU()]
        rest = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU()]
        return nn.Sequential(*convolutions, *rest, nn.Linear(84, 10))
    layers = [nn.Flatten(), nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)]
    return nn.Sequential(*layers)


def torch_rank(rank, name, port, result):
    import torch
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel

    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", rank=rank, world_size=2)
    torch.manual_seed(1)
    _, batch, steps = NETS[name]
    images, labels = torch.rand(ROWS, 1, 28, 28), torch.randint(0, 10, (ROWS,))
    net = DistributedDataParallel(torch_net(name))
    rule = torch.optim.SGD(net.parameters(), lr=RATE, momentum=0.9)
    loss = torch.nn.CrossEntropyLoss()
    for step in range(steps + 10):
        if step == 10:  # after what is made once
            began = time.perf_counter()
        rows = torch.randint(0, ROWS, (batch // 2,))
        rule.zero_grad(set_to_none=True)
        loss(net(images[rows]), labels[rows]).backward()
        rule.step()
    if rank == 0:
        result.put((time.perf_counter() - began) / steps)
    distributed.destroy_process_group()


def by_torch(name, port):
    from torch import multiprocessing

    result = multiprocessing.get_context("spawn").SimpleQueue()
    multiprocessing.spawn(torch_rank, (name, port, result), nprocs=2)
    return result.get()


def by_chainrule(name, ranks):
    net, batch, steps = NETS[name]
    mpirun = ["mpirun", "--allow-run-as-root", "--bind-to", "core", "-n", str(ranks)] if ranks > 1 else []
    words = ["train", "--data", "digits", "--net", net, "--optimizer", "momentum", "--lr", str(RATE)]
    words += ["--batch-size", str(batch), "--steps", str(steps), "--train.shards", "2", "--train.measure_train", "false"]
    words += ["--train.report_every", str(steps), "--threads", "1" if ranks > 1 else "2", "--json"]
    done = subprocess.run([*mpirun, TOOL, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return 1 / json.loads(done.stdout)["steps_per_second"]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("ms a step    2 ranks    1 process, 2 threads    PyTorch, 2 ranks    2 ranks over 1 process    PyTorch over 2 ranks")
    for name in NETS:
        times = [
            (by_chainrule(name, 2), by_chainrule(name, 1), by_torch(name, 29500 + turn)) for turn in range(rounds)
        ]
        ranks, process, torch = (min(column) * 1e3 for column in zip(*times))
        cost = statistics.median(a / b for a, b, _ in times)
        ratio = statistics.median(c / a for a, _, c in times)
        print(f"{name:10} {ranks:9.2f} {process:23.2f} {torch:19.2f} {cost:25.2f} {ratio:23.2f}")


if __name__ == "__main__":
    main()
