#!/usr/bin/python3
"""From the start of a program to its first training step, and the memory that takes: Chainrule and libtorch.

    make bench && apt install libtorch-dev
    cmake -S bench/peers -B build/peers -DCMAKE_BUILD_TYPE=Release && cmake --build build/peers
    bench/peers/compare_start.py

Each program makes 60,000 images of bytes and takes one step of the two-layer net. Peak memory is counted beyond the 47 MB of
the images. Medians over the rounds, which alternate.
"""

import os
import pathlib
import statistics
import time

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"
PROGRAMS = {
    "Chainrule": BUILD / "release/bench/start_two_layer",
    "libtorch": BUILD / "peers/libtorch_start",
}
IMAGE_BYTES = 60000 * 784
ROUNDS = 7


def run(program):
    """Seconds, and bytes of memory at the peak."""
    start = time.perf_counter()
    child = os.posix_spawn(
        program, [str(program)], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    )
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit(f"{program} failed")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def main():
    for program in PROGRAMS.values():
        if not program.exists():
            raise SystemExit(f"{program} is not built; see the top of this file")
    runs = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, program in PROGRAMS.items():
            runs[name].append(run(program))
    print(f"{'':<12}{'seconds':>10}{'MiB beyond the images':>24}")
    for name, results in runs.items():
        seconds = statistics.median(result[0] for result in results)
        memory = statistics.median(result[1] for result in results) - IMAGE_BYTES
        print(f"{name:<12}{seconds:>10.3f}{memory / 2**20:>24.1f}")


if __name__ == "__main__":
    main()
