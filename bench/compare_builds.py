#!/usr/bin/env python3
"""Two builds of the tool, workload by workload: is the second slower, or does its code only lie elsewhere?

    git worktree add /tmp/before COMMIT && cd /tmp/before && cmake --preset release && ninja -C build/release chainrule
    bench/compare_builds.py /tmp/before/build/release build/release xor scalar

Configure both alike: where the Python package is built, the library is position-independent code, which is slower.

Where functions lie in memory moves the smallest steps by up to 8 percent, so that one binary against another says
nothing about one or two. Each build is linked several times, its objects in another random order each time (with lld),
and all of these binaries run turn by turn on one core. Printed is the ratio of the means over the orders, and its
standard error.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile


def link(build: pathlib.Path, seed: int, to: pathlib.Path) -> None:
    """The build's own last command, with another linker and name."""
    said = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "chainrule"], text=True, capture_output=True,
                          check=True).stdout.splitlines()
    command = said[-1].replace(" -o chainrule ", f" -o {to} -fuse-ld=lld -Wl,--shuffle-sections=.text*={seed} ")
    subprocess.run(command, shell=True, cwd=build, check=True)


def microseconds(binary: pathlib.Path, workload: str, options: argparse.Namespace) -> float:
    command = ["taskset", "-c", str(options.core), str(binary), "bench", workload, "--threads", "1", "--json",
               "--seconds", str(options.seconds)]
    return json.loads(subprocess.run(command, text=True, capture_output=True, check=True).stdout)[0]["seconds_per_step"] * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("workloads", nargs="+")
    parser.add_argument("--orders", type=int, default=8, help="times that each build is linked")
    parser.add_argument("--rounds", type=int, default=7, help="of each binary; its median counts")
    parser.add_argument("--seconds", type=float, default=0.12, help="of a run")
    parser.add_argument("--core", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        binaries = {}
        for name, build in (("before", options.before), ("after", options.after)):
            for order in range(options.orders):
                binaries[name, order] = pathlib.Path(folder) / f"{name}{order}"
                link(build.resolve(), order + 1, binaries[name, order])
        print(f"{'us a step':18s} {'before':>22s} {'after':>22s}   after / before")
        for workload in options.workloads:
            times = {key: [] for key in binaries}
            for _ in range(options.rounds):
                for key, binary in binaries.items():
                    times[key].append(microseconds(binary, workload, options))
            sides, squares = [], 0.0
            for name in ("before", "after"):
                medians = [statistics.median(times[name, order]) for order in range(options.orders)]
                sides.append(medians)
                squares += statistics.variance(medians) / statistics.mean(medians) ** 2 / options.orders
            before, after = map(statistics.mean, sides)
            ranges = [f"{statistics.mean(s):.3f} ({min(s):.3f}-{max(s):.3f})" for s in sides]
            ratio = after / before
            print(f"{workload:18s} {ranges[0]:>22s} {ranges[1]:>22s}   {ratio:.3f} +- {ratio * squares ** 0.5:.3f}", flush=True)


if __name__ == "__main__":
    main()
