"""Chainrule: build, train and explain neural networks by backpropagation.

    import chainrule as cr
    x = cr.tensor([1.0, 2.0, 3.0])
    cr.grad(lambda x: (x ** 2).sum())(x)

Functions have NumPy's names and arguments, transforms JAX's: grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp.
"""
import os as _os
import typing as _typing

from . import _core
from ._core import Tensor, num_threads, set_num_threads
from ._errors import (DTypeError, Error, FileError, IndexError, MemoryError, NotDifferentiable, ShapeError,  # noqa: A004
                      ValueError)
from . import _numpy, _tensor, _ufuncs

_core._set_package_folder(_os.path.dirname(__file__) + _os.sep)
_core._set_array_ufunc(_ufuncs.array_ufunc)
_tensor._install()
from ._convert import bf16, boolean, f16, f32, f64, i32, i64, u8  # noqa: E402
from ._tensor import arange, evaluate, from_dlpack, moveaxis  # noqa: E402
from ._transforms import (GradCheckReport, custom_gradient, grad, grad_check, gradients, hessian, hvp,  # noqa: E402
                          jacobian, jvp, no_grad, numerical_gradient, value_and_grad, vjp)

if _typing.TYPE_CHECKING:  # what is found by name below
    from . import array_api, book, data, explain, io, nn, onnx, optim, plot, sklearn, train  # noqa: F401
    from ._core import detach, full, ones, ones_like, scalar, stop_gradient, zeros, zeros_like  # noqa: F401
    from ._functions import *  # noqa: F401,F403
    from ._functions import (abs as absolute, acos as arccos, acosh as arccosh, asin as arcsin, asinh as arcsinh,  # noqa: F401
                             atan as arctan, atan2 as arctan2, atanh as arctanh, concatenate as concat, determinant as det,
                             divide as true_divide, inverse as inv, log_determinant as slogdet, max as amax, min as amin,
                             pow as power, pseudo_inverse as pinv, remainder as mod, round as around, stddev as std)
    from ._numpy import *  # noqa: F401,F403
    from ._tensor import tensor  # noqa: F401
    from .nn import functional_call  # noqa: F401
    from .optim import least_squares, minimize  # noqa: F401
    from .train import fit, load, save  # noqa: F401

float32, float64, int64, uint8, bool_ = f32, f64, i64, u8, boolean
float16, bfloat16, int32 = f16, bf16, i32
__version__ = "0.1.0"

globals().update(_tensor._functions())
globals().update({name: getattr(_numpy, name) for name in _numpy.__all__})
globals().update({alias: getattr(_core, name) for alias, name in _tensor.aliases.items()})

_of_modules = {"functional_call": "nn", "fit": "train", "save": "train", "load": "train", "minimize": "optim", "least_squares": "optim"}
_lazy = ("nn", "optim", "data", "train", "io", "explain", "plot", "onnx", "book", "sklearn", "array_api")


def _found_late(name):
    if name in _lazy:
        import importlib
        return importlib.import_module(f"chainrule.{name}")
    if name in _of_modules:
        import importlib
        return getattr(importlib.import_module(f"chainrule.{_of_modules[name]}"), name)
    raise AttributeError(f"module 'chainrule' has no attribute '{name}'")


if not _typing.TYPE_CHECKING:
    __getattr__ = _found_late


def __dir__():
    return sorted([*(name for name in globals() if not name.startswith("_")), *_lazy, *_of_modules])
