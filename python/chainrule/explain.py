"""Every number of a forward and a backward pass.

    explain.trace("exp(-(w * x))", w=0.5, x=2)             # a table; in a notebook, the graph as a picture
    explain.net(net, lambda: cr.mse(net(x), t))            # layer by layer
    explain.check(net, lambda: cr.mse(net(x), t)).ok       # whether its gradients are right
    explain.attention(net, x)                              # where it looks
    explain.weight(net, "affine1.weight[3,5]", x, t)       # one weight's gradient, as a sum
    explain.update(optimizer, "affine1.weight[3,5]", x, t) # and what a step makes of it
"""
from typing import List, NamedTuple, Tuple

from . import _core
from ._core import NetTrace, Tensor, Trace, UpdateTrace, WeightTrace
from .train import _columns, _loss_for


def trace(expression: str, at=None, wrt=(), check: bool = False, **values) -> Trace:
    """Evaluates and differentiates an expression, such as "t = w * 2 + b; t * t", at the given values."""
    return _core._trace(expression, {**(at or {}), **values}, list(wrt), check)


def net(net, loss, training: bool = False, seed: int = 1) -> NetTrace:
    """The passes of a net, layer by layer. `loss` is a function without arguments that runs it and gives the loss."""
    return _core._explain_net(net, loss, training, seed)


class ParameterCheck(NamedTuple):
    """The gradient of a parameter against differences: how many derivatives were compared, of how many nothing could be
    told, whether one differs, and that with the largest error, by backpropagation and by differences."""
    path: str
    compared: int
    unseen: int
    differs: bool
    analytic: float
    numeric: float
    relative_error: float


class NetCheck(NamedTuple):
    """Whether all gradients of a net are right; if not, the operation whose derivative is wrong, and its layer."""
    ok: bool
    culprit: str
    parameters: List[ParameterCheck]


def check(net, loss, *, elements: int = 10, tolerance: float = 1e-5, seed: int = 1, training: bool = True) -> NetCheck:
    """Checks the gradients of a net, parameter by parameter, against differences of the loss: of `elements` of each, and
    along a direction that moves them all. `loss` is a function without arguments that runs the net. The net must be of
    float64: net.build(x, dtype="float64"). Changes nothing in it.
    """
    ok, culprit, parameters = _core._check_net(net, loss, dict(elements=elements, tolerance=tolerance, seed=seed), training)
    return NetCheck(ok, culprit, [ParameterCheck(*each) for each in parameters])


def attention(net, *inputs) -> List[Tuple[str, Tensor]]:
    """How much each step counts for each, as a net with attention runs: (path, weights) of each layer, in the order in which
    they run. Weights are of shape (N, heads, T, S), of a seq2seq (N, T, S), and their sum over the last axis is 1."""
    return [tuple(each) for each in _core._explain_attention(net, [_core.tensor(each) for each in inputs])]


def weight(net, weight: str, x, t, *, loss=None, training: bool = False, seed: int = 1) -> WeightTrace:
    """Where the gradient of one weight comes from: a term a row. Of an affine layer's weight each is a product of what
    went in and of the gradient of what came out; of others it is the gradient that the row alone gives."""
    columns = _columns(x, t)
    return _core._explain_weight(net, weight, columns, loss or _loss_for(columns[-1]), training, seed)


def update(optimizer, weight: str, x, t, *, loss=None) -> UpdateTrace:
    """What the next step of an optimizer would make of one weight, on these rows: each formula with its numbers."""
    columns = _columns(x, t)
    return _core._explain_update(optimizer, weight, columns, loss or _loss_for(columns[-1]))
