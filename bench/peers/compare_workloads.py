#!/usr/bin/python3
"""The workloads of `chainrule bench` by Chainrule and its peers, turn by turn on one machine: how long?

    make bench && apt install python3-numpy python3-torch libtorch-dev
    cmake -S bench/peers -B build/peers -DCMAKE_BUILD_TYPE=Release && cmake --build build/peers
    bench/peers/compare_workloads.py --threads 1 --rounds 5
    PYTHONPATH=build/python bench/peers/compare_workloads.py --fastest two-layer-net simple-conv-net xor scalar

Each round runs each program once for each workload, one after the other; all report the median over blocks
of steps. Prints the medians over the rounds, and how many times as long the best peer takes (the one with the
least median): the median and the range of the ratios within a round, for on a busy machine single times mean
little, ratios of neighbours in time still do. A dash: the peer does not have it. NumPy has no gradients of its own: there they are derived by
hand, which leaves little of `scalar`. "From Python" is the package chainrule, where PYTHONPATH has it. With --fastest, of
each the fastest round counts.

OpenBLAS gets the same number of threads, and no OPENBLAS_CORETYPE from outside: every peer asks for AVX-512
kernels where the CPU has them. OpenMP's threads sleep while they wait: spinning, they take the cores from OpenBLAS's, and
PyTorch is several times slower with two threads on two cores.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
OURS = [str(BUILD / "release/chainrule"), "bench"]
AS = {"xor-plan": "xor", "inference-1-plan": "inference-1"}  # what peers run for workloads that they do not have
FROM_PYTHON = ["/usr/bin/python3", str(HERE / "python_workloads.py")]
PEERS = {
    "NumPy": ["/usr/bin/python3", str(HERE / "numpy_workloads.py")],
    "PyTorch": ["/usr/bin/python3", str(HERE / "torch_workloads.py")],
    "libtorch": [str(BUILD / "peers/libtorch_workloads")],
}


def processor():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
            return next(line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


def run(program, name, threads, seconds):
    """The result for one workload. Throws RuntimeError with the reason if the program fails."""
    command = [*program, name, "--threads", str(threads), "--seconds", str(seconds), "--json"]
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    environment["OPENBLAS_NUM_THREADS"] = str(threads)
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True, check=False
        )
    except OSError as error:
        raise RuntimeError(f"not built: {error.strerror}") from error
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)[0]


def installed(programs):
    """Those that run at all; says which do not, and where to read how to get them."""
    found = {}
    for peer, program in programs.items():
        try:
            run(program, "scalar", 1, 0.01)
            found[peer] = program
        except RuntimeError as error:
            source = "libtorch_workloads.cpp" if peer == "libtorch" else pathlib.Path(program[-1]).name
            print(f"{peer}: left out, see bench/peers/{source} ({str(error).splitlines()[-1]})")
    return found


def names():
    done = subprocess.run([*OURS, "--seconds", "0.01", "--json"], stdout=subprocess.PIPE, check=True)
    return [result["name"] for result in json.loads(done.stdout)]


def line(name, peers, ours, theirs, of_rounds):
    """One row of the table, from the results of each round."""

    def micros(results):
        return 1e6 * of_rounds(result["seconds_per_step"] for result in results)

    from_python = theirs.pop("from Python", None)
    if not theirs:
        return f"{name:<20}{micros(ours):>12.1f}"

    best = min(theirs, key=lambda peer: micros(theirs[peer]))
    ratios = [b["seconds_per_step"] / a["seconds_per_step"] for a, b in zip(ours, theirs[best])]
    peak = statistics.median(result["fraction_of_peak"] for result in ours)
    columns = "".join(f"{micros(theirs[peer]):>12.1f}" if peer in theirs else f"{'-':>12}" for peer in peers)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    start = f"{name:<20}{micros(ours):>12.1f}{100 * peak:>8.0f}%"
    start += f"{micros(from_python):>12.1f}" if from_python else f"{'-':>12}"
    if of_rounds is min:  # the fastest rounds are no neighbours in time
        ratios = [micros(theirs[best]) / micros(each) for each in (ours, from_python) if each]
        return f"{start}{columns}{best:>11}{ratios[0]:>14.2f}" + (f"{ratios[1]:>16.2f}" if from_python else "")
    return f"{start}{columns}{best:>11}{statistics.median(ratios):>14.2f}{spread:>16}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="which; all if none is named")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="for each workload in each round")
    parser.add_argument("--fastest", action="store_true", help="of each the fastest round, not the median of them")
    options = parser.parse_args()

    peers, of_rounds = installed(PEERS), min if options.fastest else statistics.median
    from_python = installed({"from Python": FROM_PYTHON})
    if not peers:
        sys.exit("no peer is installed")
    print(f"{options.threads} thread(s), {options.rounds} round(s); {processor()}; microseconds a step")
    heads = "".join(f"{peer:>12}" for peer in peers)
    last = "from Python" if options.fastest else "range"
    print(f"{'workload':<20}{'Chainrule':>12}{'of peak':>9}{'from Python':>12}{heads}{'best':>11}{'faster':>14}{last:>16}")
    for name in options.names or names():
        ours, theirs = [], {}
        for _ in range(options.rounds):
            ours.append(run(OURS, name, options.threads, options.seconds))
            for peer, program in {**from_python, **peers}.items():
                try:
                    result = run(program, AS.get(name, name), options.threads, options.seconds)
                except RuntimeError as error:
                    if "unknown workload" not in str(error):
                        raise
                    continue
                theirs.setdefault(peer, []).append(result)
        if theirs:
            print(line(name, peers, ours, theirs, of_rounds), flush=True)


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(str(error))
