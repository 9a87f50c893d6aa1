"""Nets in the format ONNX, which other frameworks and runtimes read and write.

    onnx.save("lenet.onnx", net, x[:1])          # x: a batch like those that the net takes
    model = onnx.load("mnist.onnx")              # model.predict(x); model.net can be trained on
    onnx.export("f.onnx", f, x)                  # any function of tensors

What is read and written stands in docs/onnx.md.
"""
from typing import Callable, NamedTuple, Sequence

from . import _core
from ._convert import path_of
from .train import Model, _scaling_of

if not hasattr(_core, "_onnx_load"):
    raise ImportError("this build of chainrule cannot read and write ONNX. Build it where ONNX is installed: "
                      "`scripts/install-deps.sh onnx`, then `./chainrule python`, and use build/python as PYTHONPATH")


class Report(NamedTuple):
    """What was written, and the largest difference between what the net gives and what the file gives, read again."""
    operations: int
    parameters: int
    largest_difference: float


def load(path, *, in_f64: bool = False) -> Model:
    """A net from a file, with the classes, scaling and notes that `save` wrote. It predicts, and can be trained on.

    With in_f64 its numbers, and its inputs, are float64.
    """
    return Model(*_core._onnx_load(path_of(path), in_f64))


def save(path, net, x=None, *, classes: Sequence[str] = (), scaler=None, batch: str = "N", fold: bool = False,
         inputs: Sequence[str] = (), outputs: Sequence[str] = (), check: bool = True, **notes) -> Report:
    """Writes a net as it infers. `x` is a batch of inputs like those that it takes, or a tuple of them; a net that was
    read from such a file needs none.

    `batch` names the first axis, so that the file takes batches of any size; "" keeps the sizes as they are. `fold` makes
    batch normalisation part of the layer before it. With `check` the file is read again and compared.
    """
    before, after = _scaling_of(scaler)
    tensors = [] if x is None else [_core.tensor(each) for each in (x if isinstance(x, tuple) else (x,))]
    wishes = dict(batch=batch, fold=fold, check=check, inputs=inputs, outputs=outputs, classes=classes,
                  notes=notes)
    return Report(*_core._onnx_save(path_of(path), net, tensors, wishes, before, after))


def export(path, f: Callable, *inputs) -> Report:
    """Writes a function of tensors, as it computes for inputs of these shapes."""
    tensors = [_core.detach(_core.tensor(each)) for each in inputs]
    found = f(*tensors)
    return Report(*_core._onnx_export(path_of(path), list(found) if isinstance(found, (list, tuple)) else [found], tensors))
