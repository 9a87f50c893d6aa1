#!/usr/bin/python3
"""The workloads of `chainrule bench` by Chainrule and by PyTorch, turn by turn on one machine: who takes how long?

    make bench && apt install python3-torch
    bench/peers/compare_workloads.py --threads 1 --rounds 5

Each round runs each program once for each workload, one after the other; both report the median over blocks of steps. Prints
the median over the rounds, and the median of the ratios within a round: on a busy machine single times mean little, ratios
of neighbours in time still do.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OURS = [str(HERE.parents[1] / "build/release/chainrule"), "bench"]
THEIRS = ["/usr/bin/python3", str(HERE / "torch_workloads.py")]


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
            return next(line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


def run(program, name, threads, seconds):
    command = [*program, name, "--threads", str(threads), "--seconds", str(seconds), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')}")
    return json.loads(done.stdout)[0]


def names():
    done = subprocess.run([*OURS, "--seconds", "0.01", "--json"], stdout=subprocess.PIPE, check=True)
    return [result["name"] for result in json.loads(done.stdout)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which; all if none is named")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="for each workload in each round")
    options = parser.parse_args()

    print(f"{options.threads} thread(s), {options.rounds} rounds; {processor()}")
    print(f"{'workload':<20}{'chainrule us':>14}{'of peak':>9}{'PyTorch us':>14}{'times faster':>14}{'spread':>16}")
    for name in options.names or names():
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(run(OURS, name, options.threads, options.seconds))
            theirs.append(run(THEIRS, name, options.threads, options.seconds))
        ratios = [b["seconds_per_step"] / a["seconds_per_step"] for a, b in zip(ours, theirs)]

        def micros(results):
            return 1e6 * statistics.median(result["seconds_per_step"] for result in results)

        peak = statistics.median(result["fraction_of_peak"] for result in ours)
        print(
            f"{name:<20}{micros(ours):>14.1f}{100 * peak:>8.0f}%{micros(theirs):>14.1f}"
            f"{statistics.median(ratios):>14.2f}{f'{min(ratios):.2f} to {max(ratios):.2f}':>16}",
            flush=True,
        )


if __name__ == "__main__":
    main()
