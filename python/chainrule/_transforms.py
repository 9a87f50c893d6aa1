"""Functions of functions, with JAX's names: what is differentiated is any function of tensors, numbers, and of lists,
tuples and dicts of them."""
import functools
import threading
from typing import Any, Callable, NamedTuple, Optional

import numpy as np

from . import _core
from ._core import Tensor
from ._errors import ValueError as _ValueError

_state = threading.local()  # how many transforms this thread is inside


def _is_node(value) -> bool:
    return isinstance(value, (dict, list, tuple))


def _flatten(tree) -> list:
    """The leaves of dicts (in the order of their keys), lists and tuples; None has none."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [leaf for key in tree for leaf in _flatten(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for each in tree for leaf in _flatten(each)]
    return [tree]


def _rebuild(tree, leaves):
    """A tree of the same form with the next leaves of an iterator."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return type(tree)((key, _rebuild(value, leaves)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_rebuild(each, leaves) for each in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(_rebuild(each, leaves) for each in tree)
    return next(leaves)


def _map(f, tree, *others):
    """f of each leaf, and of those at the same place of other trees of the same form."""
    columns = [_flatten(each) for each in (tree, *others)]
    if any(len(column) != len(columns[0]) for column in columns):
        raise _ValueError(f"[transforms] {len(columns[0])} leaves here, {len(columns[-1])} there. Need trees of the same "
                          "form. (E555)", 555)
    return _rebuild(tree, iter([f(*each) for each in zip(*columns)]))


def _check_function(f) -> None:
    if not callable(f):
        raise TypeError(f"f must be a function, not {type(f).__name__}")


def _is_number(leaf) -> bool:
    return isinstance(leaf, (int, float, np.generic)) and not isinstance(leaf, bool)


def _variable_in(leaf) -> Tensor:
    """A leaf as a variable of its own, so that what else is made of the same tensor does not count."""
    if _is_number(leaf):
        return _core.scalar(leaf, "f64")
    return _core._variable(_core.tensor(leaf), _state.depth > 1)


def _give_back(leaf, result: Tensor):
    """A number for a number, outside of other transforms."""
    return _number_of(result) if _is_number(leaf) and getattr(_state, "depth", 0) == 0 else result


def _number_of(result: Tensor):
    return result.item() if result.ndim == 0 else result


def _as_tensor(output) -> Tensor:
    return output if isinstance(output, Tensor) else _core.tensor(output, "f64" if _is_number(output) else None)


class _Inside:
    """While it is entered, a function is differentiated: by the variables that `made` is told of."""
    has_variables = False

    def __enter__(self):
        _state.depth = getattr(_state, "depth", 0) + 1
        return self

    def made(self, tree):
        variables = _map(_variable_in, tree)
        _core._enter_differentiated(_flatten(variables))
        self.has_variables = True
        return variables

    def __exit__(self, *_):
        _state.depth -= 1
        if self.has_variables:
            _core._leave_differentiated()


def _select(args, argnums):
    """The arguments that count, and a function that puts others in their places."""
    one = isinstance(argnums, int)
    places = [argnums] if one else list(argnums)
    for place in places:
        if not -len(args) <= place < len(args):
            raise _ValueError(f"[grad] argnums has {place}, but there are {len(args)} arguments. Need places of positional "
                              "arguments. (E556)", 556)
    if len({place % len(args) for place in places}) < len(places):
        raise ValueError(f"argnums {tuple(places)} names an argument twice; need each once")
    chosen = args[places[0]] if one else tuple(args[place] for place in places)

    def fill(values):
        filled = list(args)
        for place, value in zip(places, [values] if one else values):
            filled[place] = value
        return filled
    return chosen, fill


def _as_scalar(output, what: str) -> Tensor:
    if not isinstance(output, Tensor):
        if not _is_number(output):
            raise TypeError(f"{what} takes functions that return one number, not {type(output).__name__}"
                            " (with has_aux, a pair of it and something else)")
        output = _core.scalar(output, "f64")
    return output


def value_and_grad(f: Callable, argnums=0, has_aux: bool = False, allow_unused: bool = True) -> Callable:
    """A function that gives f's value, one number, and its gradient by the arguments `argnums`.

        loss, gradients = cr.value_and_grad(loss_of)(params, x, t)

    The gradient has the form of the argument: a dict of gradients for a dict, a number for a number; for several
    arguments a tuple. With has_aux, f returns a pair, and so does the value: (value, aux). What f does not depend on
    has a gradient of zeros; with allow_unused=False that is an error.
    """
    _check_function(f)
    @functools.wraps(f)
    def wrapped(*args, **keywords):
        chosen, fill = _select(args, argnums)
        with _Inside() as inside:
            variables = inside.made(chosen)
            output = f(*fill(variables), **keywords)
            output, aux = output if has_aux else (output, None)
            output = _as_scalar(output, "grad")
            leaves = _flatten(variables)
            found = _core._grad(output, leaves, allow_unused, True)
        gradients = _rebuild(chosen, iter([_give_back(leaf, g) for leaf, g in zip(_flatten(chosen), found)]))
        value = output
        if getattr(_state, "depth", 0) == 0:
            _core._evaluate([output, *found])
            if _flatten(chosen) and all(map(_is_number, _flatten(chosen))):
                value = output.item()
        return ((value, aux) if has_aux else value), gradients
    return wrapped


def grad(f: Callable, argnums=0, has_aux: bool = False, allow_unused: bool = True) -> Callable:
    """A function that gives the gradient of f, which returns one number, by the arguments `argnums`.

        cr.grad(lambda x: (x ** 2).sum())(cr.tensor([1.0, 2.0]))     # tensor([2., 4.])
        cr.grad(cr.grad(lambda x: x ** 3))(2.0)                      # 12.0

    See value_and_grad. With has_aux, the result is (gradient, aux).
    """
    both = value_and_grad(f, argnums, has_aux, allow_unused)

    @functools.wraps(f)
    def wrapped(*args, **keywords):
        value, gradients = both(*args, **keywords)
        return (gradients, value[1]) if has_aux else gradients
    return wrapped


def gradients(output: Tensor, variables, allow_unused: bool = False):
    """The gradient of one number by tensors that it was computed from: a tensor, or a tree of them."""
    return _rebuild(variables, iter(_core._grad(output, _flatten(variables), allow_unused, False)))


def _with_cotangent(y: Tensor, cotangent) -> tuple:
    """Both of one shape and dtype: half floats are computed in float32."""
    y = y.astype("f32") if y.dtype.itemsize == 2 else y
    return y, _core.broadcast_to(_core.cast(cotangent, y.dtype), y.shape)


def vjp(f: Callable, *primals, has_aux: bool = False):
    """f's value, and the function that takes a cotangent of its form to the cotangents of the primals: a tuple."""
    _check_function(f)
    with _Inside() as inside:
        variables = inside.made(primals)
        output = f(*variables)
        output, aux = output if has_aux else (output, None)
    output = _map(_as_tensor, output)

    def pull_back(cotangent):
        with _Inside():
            pairs = _flatten(_map(_with_cotangent, output, cotangent))
            pairs = [(y, c) for y, c in zip(pairs[::2], pairs[1::2]) if y.dtype.kind == "f"]
            if len(pairs) > 1:  # one walk through the graph
                pairs = [tuple(_core.concatenate([_core.flatten(each) for each in side]) for side in zip(*pairs))]
            leaves = _flatten(variables)
            found = _core._vjp(pairs[0][0], leaves, pairs[0][1]) if pairs else [_core.zeros_like(v) for v in leaves]
        return _rebuild(primals, iter([_give_back(leaf, g) for leaf, g in zip(_flatten(primals), found)]))
    return (output, pull_back, aux) if has_aux else (output, pull_back)


def _arguments(given) -> tuple:
    """Arguments in a row; what is neither a tuple nor a list is one argument."""
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)


def jvp(f: Callable, primals, tangents):
    """f's value at the primals, and how fast it changes as they move with the tangents: two trees of one form.

    Each is a tuple, of what f takes one after another; a tensor, an array, a number or a dict is the one argument.
    """
    _check_function(f)
    primals, tangents = _arguments(primals), _arguments(tangents)
    with _Inside() as inside:
        variables = inside.made(primals)
        output = _map(_as_tensor, f(*variables))
        leaves = _flatten(variables)
        moves = [_core.cast(t, v.dtype) for v, t in zip(leaves, _flatten(_map(lambda p, t: t, primals, tangents)))]
        moved = _map(lambda y: _core._jvp(y, leaves, moves), output)
    numbers = _flatten(primals) and all(map(_is_number, _flatten(primals)))
    if numbers and getattr(_state, "depth", 0) == 0:
        return _map(_number_of, output), _map(_number_of, moved)
    return output, moved


def _of_one(f, argnums, make, what):
    _check_function(f)
    @functools.wraps(f)
    def wrapped(*args, **keywords):
        chosen, fill = _select(args, argnums)
        with _Inside() as inside:
            variables = inside.made(chosen)
            output = f(*fill(variables), **keywords)
            output = _as_scalar(output, what) if what == "hessian" else _map(_as_tensor, output)
            found = _map(lambda y: _map(lambda v: make(y, v), variables), output)
        if isinstance(found, Tensor):
            return _give_back(chosen, found)
        return found
    return wrapped


def jacobian(f: Callable, argnums=0) -> Callable:
    """A function that gives all partial derivatives of f, of shape output.shape + argument.shape. For trees: a tree of
    the output's form with trees of the argument's."""
    return _of_one(f, argnums, _core._jacobian, "jacobian")


def hessian(f: Callable, argnums=0) -> Callable:
    """A function that gives the second derivatives of f, which returns one number: shape argument.shape twice. Of trees
    it is the Jacobian of the gradient: a tree of trees."""
    simple = _of_one(f, argnums, _core._hessian, "hessian")
    of_trees = jacobian(grad(f, argnums), argnums)

    @functools.wraps(f)
    def wrapped(*args, **keywords):
        chosen, _ = _select(args, argnums)
        return (of_trees if _is_node(chosen) else simple)(*args, **keywords)
    return wrapped


def hvp(f: Callable, primals, tangents):
    """The product of f's Hessian at the primals with the tangents, without the Hessian: a tree of the primals' form.

    Primals are given as to jvp.
    """
    _check_function(f)
    is_one = not isinstance(primals, (tuple, list))
    primals, tangents = _arguments(primals), _arguments(tangents)
    with _Inside() as inside:
        variables = inside.made(primals)
        output = _as_scalar(f(*variables), "hvp")
        leaves = _flatten(variables)
        moves = [_core.cast(t, v.dtype) for v, t in zip(leaves, _flatten(_map(lambda p, t: t, primals, tangents)))]
        found = _core._hvp(output, leaves, moves)
    product = _rebuild(primals, iter([_give_back(p, g) for p, g in zip(_flatten(primals), found)]))
    return product[0] if is_one else product


class no_grad:
    """While it is entered, what this thread computes is constant for every gradient: `with cr.no_grad(): ...`"""

    def __enter__(self):
        self._before = _core._set_constants(True)
        return self

    def __exit__(self, *_):
        _core._set_constants(self._before)


class GradCheckReport(NamedTuple):
    """What grad_check found: the derivative along the worst direction, by the graph and by differences."""
    ok: bool
    status: str
    analytic: float
    numeric: float
    relative_error: float
    message: str

    def __bool__(self):
        return self.ok


def grad_check(f: Callable, *args, order: int = 1, all_entries: bool = False, tolerance: float = 1e-6,
               step: float = 1e-3, seed: int = 0) -> GradCheckReport:
    """Compares the gradient of f, which returns one number, by all its arguments with differences of its values.

        assert cr.grad_check(lambda w: loss(w, x, t), w)

    Computes in float64. The report is true where both agree. `step` is the largest that the differences take.
    """
    _check_function(f)
    trees = tuple(args)
    leaves = [_core.tensor(leaf, "f64") for leaf in _flatten(trees)]

    def of_leaves(values):
        with _Inside():  # transforms in f keep to the graph
            return _as_scalar(f(*_rebuild(trees, iter(values))), "grad_check")
    return GradCheckReport(*_core._grad_check(of_leaves, leaves, order, all_entries, tolerance, step, seed))


def numerical_gradient(f: Callable, x, h: float = 1e-4) -> Tensor:
    """The gradient of f at x by central differences: two values of f an element."""
    _check_function(f)
    return _core._numerical_gradient(lambda v: _as_scalar(f(v), "numerical_gradient"), _core.tensor(x), h)


class custom_gradient:
    """A function with a gradient of one's own.

        @cr.custom_gradient
        def clipped(x):
            return x

        @clipped.gradient
        def clipped_gradient(cotangent, output, x):
            return cr.clip(cotangent, -1, 1)

    The gradient is a function of the cotangent, the output and the tensors that went in; it returns a tensor for each
    of those, or a tuple of them, None where there is none. It is made of operations, so it has derivatives too.
    """

    def __init__(self, function: Callable):
        functools.update_wrapper(self, function)
        self._function = function
        self._gradient: Optional[Callable] = None
        self._number = _core._add_gradient(self._run_gradient)

    def gradient(self, function: Callable) -> Callable:
        self._gradient = function
        return function

    def __call__(self, *tensors) -> Tensor:
        tensors = [_core.tensor(each) for each in tensors]
        value = self._function(*(_core.stop_gradient(each) for each in tensors))  # may read numbers
        return _core._with_gradient(self._number, value, tensors)

    def _run_gradient(self, cotangent, output, tensors) -> Any:
        if self._gradient is None:
            raise _ValueError(f"[custom_gradient] {self.__name__} has no gradient. Set it with @{self.__name__}.gradient. "
                              "(E557)", 557)
        found = self._gradient(cotangent, output, *tensors)
        found = list(found) if isinstance(found, (list, tuple)) else [found]
        if len(found) != len(tensors):
            raise _ValueError(f"[custom_gradient] {self.__name__} has {len(tensors)} inputs, and its gradient gave "
                              f"{len(found)}. Need one for each, or None. (E557)", 557)
        return found
