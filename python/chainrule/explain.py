"""Every number of a forward and a backward pass.

    explain.trace("exp(-(w * x))", w=0.5, x=2)             # a table; in a notebook, the graph as a picture
    explain.net(net, lambda: cr.mse(net(x), t))            # layer by layer
"""
from . import _core
from ._core import NetTrace, Trace


def trace(expression: str, at=None, wrt=(), check: bool = False, **values) -> Trace:
    """Evaluates and differentiates an expression, such as "t = w * 2 + b; t * t", at the given values."""
    return _core._trace(expression, {**(at or {}), **values}, list(wrt), check)


def net(net, loss, training: bool = False, seed: int = 1) -> NetTrace:
    """The passes of a net, layer by layer. `loss` is a function without arguments that runs it and gives the loss."""
    return _core._explain_net(net, loss, training, seed)
