"""Chainrule: build, train and explain neural networks by backpropagation.

    import chainrule as cr
    x = cr.tensor([1.0, 2.0, 3.0])
    cr.grad(lambda x: (x ** 2).sum())(x)

Functions have NumPy's names and arguments, transforms JAX's: grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp.
"""
import os as _os
from typing import TYPE_CHECKING as _TYPE_CHECKING

from . import _core
from ._core import Tensor, num_threads, set_num_threads
from ._errors import (DTypeError, Error, FileError, IndexError, MemoryError, NotDifferentiable, ShapeError,  # noqa: A004
                      ValueError)
from . import _numpy, _tensor

_core._set_package_folder(_os.path.dirname(__file__) + _os.sep)
_tensor._install()
from ._convert import bf16, boolean, f16, f32, f64, i32, i64, u8  # noqa: E402
from ._tensor import arange, evaluate, from_dlpack, linspace, moveaxis  # noqa: E402
from ._transforms import (GradCheckReport, custom_gradient, grad, grad_check, gradients, hessian, hvp,  # noqa: E402
                          jacobian, jvp, no_grad, numerical_gradient, value_and_grad, vjp)

if _TYPE_CHECKING:
    from ._functions import *  # noqa: F401,F403
    from ._numpy import *  # noqa: F401,F403
    from .train import fit, load, save  # noqa: F401

float32, float64, int64, uint8, bool_ = f32, f64, i64, u8, boolean
float16, bfloat16, int32 = f16, bf16, i32
__version__ = "0.1.0"

globals().update(_tensor._functions())
globals().update({name: getattr(_numpy, name) for name in _numpy.__all__})
globals().update({alias: getattr(_core, name) for alias, name in _tensor.aliases.items()})

_lazy = ("nn", "optim", "data", "train", "io", "explain", "plot", "onnx", "book", "sklearn", "array_api")


def __getattr__(name):
    if name in _lazy:
        import importlib
        return importlib.import_module(f"chainrule.{name}")
    if name in ("fit", "save", "load"):
        from . import train
        return getattr(train, name)
    raise AttributeError(f"module 'chainrule' has no attribute '{name}'")


def __dir__():
    return sorted([*(name for name in globals() if not name.startswith("_")), *_lazy, "fit", "save", "load"])
