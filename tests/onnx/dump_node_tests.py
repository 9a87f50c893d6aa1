#!/usr/bin/python3
"""Writes the operator tests of the onnx package as files:  dump_node_tests.py FOLDER

A folder a test: model.onnx, input_0.pb, ..., output_0.pb, ... and tolerance.txt. The package of Debian has the
code that makes the tests, and not their files. A test that is not about tensors alone has a file "skipped".
"""
import os
import sys

import numpy as np

for name, kind in {"float": float, "int": int, "bool": bool, "object": object}.items():
    if name not in np.__dict__:
        setattr(np, name, kind)  # gone in NumPy 1.24; the package's code has them

import onnx  # noqa: E402
import onnx.backend.test.case.node as node  # noqa: E402
from onnx import numpy_helper  # noqa: E402


def tests():
    node._NodeTestCases.clear()
    return node.collect_testcases(None)


def write(case, folder):
    if os.path.exists(folder):
        return  # some stand twice
    os.makedirs(folder)
    with open(os.path.join(folder, "model.onnx"), "wb") as file:
        file.write(case.model.SerializeToString())
    with open(os.path.join(folder, "tolerance.txt"), "w") as file:
        file.write(f"{case.rtol} {case.atol}\n")
    inputs, outputs = case.data_sets[0]
    for kind, values in (("input", inputs), ("output", outputs)):
        for i, value in enumerate(values):
            if isinstance(value, onnx.TensorProto):
                proto = value
            elif isinstance(value, (np.ndarray, np.generic)) and np.asarray(value).dtype != object:
                proto = numpy_helper.from_array(np.asarray(value))
            else:
                open(os.path.join(folder, "skipped"), "w").close()
                return
            with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as file:
                file.write(proto.SerializeToString())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for case in tests():
        write(case, os.path.join(sys.argv[1], case.name))


main()
