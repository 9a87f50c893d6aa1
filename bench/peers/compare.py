#!/usr/bin/python3
"""The same training by Chainrule and by its peers, turn by turn on one machine: who takes how long?

    make train                                     # builds build/release/chainrule
    bench/peers/compare.py --data-dir ~/mnist      # the four IDX files of MNIST

Each round runs every program once, one thread each, for the same number of steps on the same data; the time is that of
the training loop alone, as each program reports it. Prints the median over the rounds, and the median of the ratios within
a round: on a busy machine single times mean little, ratios of neighbours in time still do.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = {
    "chainrule": [str(HERE.parents[1] / "build/release/chainrule"), "train", "--data", "{data}", "--threads", "1"],
    "numpy": ["/usr/bin/python3", str(HERE / "two_layer_net.py"), "--data-dir", "{data}"],
}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
            return next(line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


def run(name, data, steps, seed):
    command = [part.format(data=data) for part in PROGRAMS[name]]
    command += ["--steps", str(steps), "--seed", str(seed), "--json"]
    # NumPy chooses its own fastest kernels, whatever is set outside.
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", required=True, help="folder with MNIST's four IDX files")
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    results = {name: [] for name in PROGRAMS}
    for seed in range(1, options.rounds + 1):
        for name in PROGRAMS:
            results[name].append(run(name, options.data_dir, options.steps, seed))

    print(f"two-layer net 784-50-10, batch 100, {options.steps} steps, 1 thread, {options.rounds} rounds; {processor()}")
    print(f"{'program':<12}{'us a step':>12}{'spread':>18}{'times chainrule':>18}{'test accuracy':>24}")
    ours = [result["seconds"] for result in results["chainrule"]]
    for name, runs in results.items():
        micros = [1e6 * result["seconds"] / result["steps"] for result in runs]
        ratio = statistics.median(result["seconds"] / own for result, own in zip(runs, ours))
        accuracies = [result["test_accuracy"] for result in runs]
        print(
            f"{name:<12}{statistics.median(micros):>12.1f}{f'{min(micros):.1f} to {max(micros):.1f}':>18}"
            f"{ratio:>18.2f}{f'{min(accuracies):.4f} to {max(accuracies):.4f}':>24}"
        )


if __name__ == "__main__":
    main()
