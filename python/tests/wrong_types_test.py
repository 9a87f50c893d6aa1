"""Whatever is public, called with arguments of wrong types: an error of Python's in the package's own words, or a result."""
import os
import subprocess
import sys
from pathlib import Path

import chainrule as cr
import numpy as np
import pytest
from chainrule import explain, nn, optim

kProgram = Path(__file__).with_name("wrong_types.py")


@pytest.mark.parametrize("module", ["chainrule", "nn", "optim", "data", "train", "io", "explain", "plot", "onnx", "book", "array_api",
                                    "sklearn", "methods"])
def test_wrong_types_are_errors_in_plain_words(module, tmp_path):
    if module == "sklearn":
        pytest.importorskip("sklearn")
    done = subprocess.run([sys.executable, "-X", "faulthandler", kProgram, module], capture_output=True, text=True, timeout=400,
                          cwd=tmp_path, env={**os.environ, "MPLBACKEND": "agg"})
    if "cannot read and write ONNX" in done.stderr:
        pytest.skip("this build has no ONNX")
    assert done.returncode == 0 and "calls, of them" in done.stdout, (done.stdout + done.stderr)[-4000:]


def test_messages_name_the_argument():
    net = nn.Sequential(nn.Affine(3))
    net.build(np.ones((2, 3), np.float32))
    rate = optim.SGD(net, lr=0.1)
    for call, said in [
            (lambda: net.parameter(3), "path must be a str, not int"), (lambda: net["a"], "index must be an integer, not str"),
            (lambda: net.load_tensors([1]), "tensors must be a dict, not [1]"), (lambda: net.append(None), "layer must be a Layer, not NoneType"),
            (lambda: cr.save("a.safetensors", net, classes=[1]), "classes must be a list of str, not [1]"),
            (lambda: cr.set_num_threads("a"), "count must be an integer, not str"),
            (lambda: cr.set_num_threads(2**40), "count is 1099511627776, which is out of range"),
            (lambda: cr.num_threads(3), "num_threads() takes nothing, and was given 1 arguments"),
            (lambda: net.parameter(path="a", of=1), "parameter() takes path, and was given 'of'"),
            (lambda: setattr(net, "name", 3), "the value must be a str, not int"), (lambda: nn.Parameter(1, 2), "Parameter() takes value, "
             "and was given 2 arguments"), (lambda: optim.Optimizer(3, "sgd"), "net must be a Layer, not int"),
            (lambda: rate.lr_at("a"), "at must be an integer, not str"), (lambda: explain.net(net, 3), "loss must be a function, not int"),
            (lambda: explain.trace(3), "expression must be a str, not int"), (lambda: explain.Trace(), "Trace is not made by calling it"),
            (lambda: explain.weight(net, 3, np.ones((2, 3)), [0, 1]), "weight must be a str, not int"),
            (lambda: cr.full((2,), "a"), "value must be a number, not str"), (lambda: cr.from_dlpack(3), "x must be an array with __dlpack__, not int")]:
        with pytest.raises(TypeError) as error:
            call()
        assert str(error.value) == said
    assert (nn.Parameter(1.0) == None) is False  # noqa: E711
