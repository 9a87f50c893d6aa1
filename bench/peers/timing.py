"""What the peers in Python share: the command line, the threads of BLAS, how a step is timed.

Imported before NumPy and PyTorch: OpenBLAS reads its environment when it is loaded.
"""

import argparse
import json
import os
import statistics
import sys
import time


def set_up_blas(threads):
    """Sets the threads and kernels that BLAS and OpenMP start with. On processors that the OpenBLAS of Debian 12
    does not know, it falls back to kernels of 2004 (SSE3) or 2013 (AVX2), if it is not told of AVX-512."""
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
            if " avx512f " in cpuinfo.read():
                os.environ.setdefault("OPENBLAS_CORETYPE", "SKYLAKEX")
    except OSError:
        pass


def parse_arguments(doc, can_check=False):
    """The parser and its options; sets up BLAS."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which; all if none is named")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--json", action="store_true", help="on one line, for programs")
    if can_check:
        parser.add_argument("--check", action="store_true", help="check the derivatives instead")
    options = parser.parse_args()
    set_up_blas(options.threads)
    return parser, options


def timed_blocks(step, seconds):
    """Seconds a step, by blocks of steps of some milliseconds each."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < min(0.2, seconds):
        step()
    steps = 1
    while True:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        if time.perf_counter() - start > 0.005:
            break
        steps *= 2
    blocks, begin = [], time.perf_counter()
    while time.perf_counter() - begin < seconds or len(blocks) < 5:
        start = time.perf_counter()
        for _ in range(steps):
            step()
        blocks.append((time.perf_counter() - start) / steps)
    return blocks


def chosen(parser, options, workloads):
    """The names asked for, all if none was."""
    for name in options.names:
        if name not in workloads:
            parser.error(f"unknown workload {name}; known are {', '.join(workloads)}")
    return options.names or list(workloads)


def report(options, names, step_of):
    """Times step_of(name)() for each name and prints the results as JSON."""
    results = []
    for name in names:
        blocks = timed_blocks(step_of(name), options.seconds)
        median, quartiles = statistics.median(blocks), statistics.quantiles(blocks, n=4)
        spread = (quartiles[2] - quartiles[0]) / median
        results.append({"name": name, "threads": options.threads, "seconds_per_step": median, "spread": spread})
    json.dump(results, sys.stdout, indent=None if options.json else 2)
    print()
