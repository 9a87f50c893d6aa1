#!/usr/bin/env python3
"""What a step of `chainrule train` costs over the bare loop that `chainrule bench` times: the two-layer net, batches
of 100, one thread, turn by turn. Needs a build in build/release; with MNIST in CHAINRULE_DATA_DIR rows come from it,
else from the built-in digits.

    python3 bench/train_command.py [ROUNDS]
"""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent / "build/release/chainrule"
DATA = ["--data", "mnist"] if os.environ.get("CHAINRULE_DATA_DIR") else []


def said(*words):
    done = subprocess.run([TOOL, *words, "--threads", "1", "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main():
    loop, train = [], []
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 7):
        loop.append(said("bench", "two-layer-net")[0]["seconds_per_step"])
        run = said("train", *DATA, "--steps", "20000", "--train.report_every", "20000", "--train.measure_train", "false")
        train.append(1 / run["steps_per_second"])
    for name, times in (("bare loop", loop), ("train", train)):
        print(f"{name:10} {min(times) * 1e6:8.1f} us at best, {statistics.median(times) * 1e6:8.1f} us in the middle")
    print(f"ratio      {min(train) / min(loop):8.3f}             {statistics.median(train) / statistics.median(loop):8.3f}")


if __name__ == "__main__":
    main()
