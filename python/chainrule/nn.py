"""Layers and nets.

    net = nn.Sequential(nn.Conv2d(8, 5), nn.Relu(), nn.MaxPool2d(2), nn.Affine(10))
    y = net(x)                                # a Tensor: parameters are made at the first call
    probabilities = net.predict(array)        # an array for an array

The layers are those of the library's table (docs/layers.md), their settings arguments. A layer of one's own:

    class Scale(nn.Layer):
        '''x times a trained number.'''

        def __init__(self, start=1.0):
            super().__init__()
            self.start, self.factor = start, nn.Parameter(start)

        def compute(self, x):
            return x * self.factor.value

Arguments that it keeps under their names (`self.start = start`) are saved with a net, and given to it by cr.load. What
it holds (nn.Parameter, nn.State, other layers; lists, tuples and dicts of them) are its attributes; a method
`init(self, init)` makes parameters whose sizes depend on the first input:
`init("weight", self.weight, (init.shape()[1], 10), "he")`.
"""
import inspect
import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._core import Init, Layer, Parameter, State
from ._errors import ValueError as _ValueError, _placed
from ._rows import Maker, _object, _objects, makers, snake
from ._transforms import _map
from ._ufuncs import array_ufunc as _array_ufunc

if TYPE_CHECKING:
    def __getattr__(name: str) -> Any: ...

globals().update(makers("layer", __name__))
initializers = makers("initializer", __name__ + ".initializers")
LeNet, Seq2Seq = globals()["Lenet"], globals()["Seq2seq"]  # as they are called in C++


def _parameter_of(layer: Layer, name: str) -> Parameter:
    """layer.weight, of a layer of the library."""
    parameters = {} if name.startswith("_") or type(layer) is not Layer else layer.parameters()
    if name in parameters:
        return parameters[name]
    kind = layer.kind if type(layer) is Layer else type(layer).__name__
    raise AttributeError(f"{kind} has no '{name}'" + (f"; its parameters: {', '.join(parameters)}" if parameters else ""))


Layer.__getattr__ = _parameter_of  # type: ignore


# What other libraries call things that have another name here.
_elsewhere = {
    "Dense": "nn.Affine on rows, nn.Linear on the last axis", "Module": "nn.Layer", "Model": "nn.Layer",
    "ModuleList": "a list, as an attribute of a nn.Layer", "MultiheadAttention": "nn.Attention", "MultiHeadAttention": "nn.Attention",
    "ConvTranspose2D": "nn.ConvTranspose2d", "Conv2DTranspose": "nn.ConvTranspose2d", "MaxPooling2D": "nn.MaxPool2d",
    "AveragePooling2D": "nn.AvgPool2d", "GlobalAveragePooling2D": "nn.GlobalAvgPool", "BatchNormalization": "nn.BatchNorm",
    "LayerNormalization": "nn.LayerNorm", "TimeAffine": "nn.Linear", "TimeEmbedding": "nn.Embedding", "TimeLSTM": "nn.Lstm",
    "TimeRNN": "nn.Rnn", "TimeGRU": "nn.Gru", "CrossEntropyLoss": 'the loss "softmax_cross_entropy"', "MSELoss": 'the loss "mse"',
    "NLLLoss": 'the loss "nll"', "L1Loss": 'the loss "mae"', "SmoothL1Loss": 'the loss "huber"', "HuberLoss": 'the loss "huber"',
    "BCEWithLogitsLoss": 'the loss "binary_cross_entropy_with_logits"', "CTCLoss": 'the loss "ctc"',
    "BCELoss": 'the loss "binary_cross_entropy_with_logits", of what goes into the sigmoid',
    "functional": "in the package itself: cr.relu, cr.softmax, ...", "init": "nn.initializers"}


def _named_elsewhere(name: str):
    """Says what a name of another library is called here: LSTM, BatchNorm2d, Dense."""
    known = _elsewhere.get(name)
    plain = name.lower().rstrip("d").rstrip("123") if name.lower().endswith(("norm1d", "norm2d", "norm3d")) else name.lower()
    for each in () if known else globals():
        if each.lower() == plain and isinstance(globals()[each], Maker):
            known = f"nn.{each}"
    raise AttributeError(f"module 'chainrule.nn' has no '{name}'" + (f"; it is {known}" if known else ""))


if not TYPE_CHECKING:
    __getattr__ = _named_elsewhere


def mlp(sizes, **settings) -> Layer:
    """Affine layers of these sizes with relu between."""
    return globals()["Mlp"](list(sizes), **settings)


def functional_call(net, params, *inputs):
    """What a net gives for inputs with other values of its parameters, as a function of those: so gradients, products with
    the Hessian and all else that takes a function work for a net. The net has its own values again afterwards; meanwhile other
    threads would see the given ones, and two names of one shared parameter must have the same value.

        params = net.parameters()
        loss = lambda params: cr.mse(nn.functional_call(net, params, x), t)
        gradients = cr.grad(loss)(params)               # a dict of the same form
        curvature = cr.hvp(loss, params, gradients)

    `params` is a dict by path, of some or all of net.parameters() and net.states(); or a list or tuple of all parameters in
    the order of net.parameters(). Shapes are the net's; float64 is taken in the place of float32. It computes as net(x): in
    inference, and in training inside of an optimizer's step. The net is built: net.build(x).
    """
    if not isinstance(net, Layer):
        raise TypeError(f"net must be a layer, not {type(net).__name__}")
    if not net.is_built:
        raise ValueError("the net has no parameters yet; build it with a batch first: net.build(x)")
    if isinstance(params, (list, tuple)):
        names = list(net.parameters())
        if len(names) != len(params):
            raise ValueError(f"the net has {len(names)} parameters, and {len(params)} values are given")
        params = dict(zip(names, params))
    if not isinstance(params, dict):
        raise TypeError(f"params must be a dict, list or tuple, not {type(params).__name__}")
    return _core._call_with(net, params, *inputs)


def is_training() -> bool:
    """Whether the layer that computes now is in a pass of training."""
    return _core._is_training()


def random_key():
    """A key of random numbers for the layer that computes now: other ones at each step, the same when it is done again."""
    return _core._random_key()


def generate(net, ids, count: int, *, temperature: float = 1.0, top_k: int = 0, seed: int = 1, stop: int = -1,
             block: int = 0) -> list:
    """Goes on with a sequence of numbers, such as the characters of a text (data.Alphabet): `count` more of them, each drawn
    from what the net says of the last step, and read next. `temperature` divides the logits: below 1 is safer, 0 always the
    most probable; `top_k` is how many most probable ones are drawn from, 0: all; after the number `stop` nothing more is
    drawn. `block` is the most steps that the net reads at once, 0: as it says."""
    if isinstance(count, int) and count < 0:
        raise ValueError(f"count is {count}; need 0 or more")
    if isinstance(ids, str):
        raise TypeError("ids must be numbers, not str: alphabet.encode(text) gives those of a text")
    settings = dict(temperature=temperature, top_k=top_k, seed=seed, stop=stop, block=block)
    return _core._generate(net, [int(each) for each in np.asarray(ids, np.int64).ravel()], count, settings)


def write_greedily(net, source, start: int, longest: int, lengths=None) -> np.ndarray:
    """The target that a Seq2Seq writes for each row of `source`, (N, S): (N, longest) numbers, the most probable one at each
    step, behind the start symbol `start`. `lengths`, (N), are those of the sources."""
    return np.asarray(_core._write_greedily(net, _core.tensor(source), start, longest, lengths))


def set_state(state: State, value) -> None:
    """Keeps a new value of a state, if the step that the layer computes in comes to be done."""
    _core._set_state(state, value)


def _describe_class(cls):
    """Name, doc, inputs and outputs of a class of layers, as the library wants to know them."""
    if not hasattr(cls, "compute"):
        raise TypeError(f"{cls.__name__} is a layer without `compute`: write def compute(self, x)")
    parameters = list(inspect.signature(cls.compute).parameters.values())[1:]
    inputs = [p.name + ("?" if p.default is None else "") for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    doc = (cls.__doc__ or cls.__name__).strip().splitlines()[0]
    return _kind_of(cls), doc, ", ".join(inputs), getattr(cls, "outputs", "y")


def _kind_of(cls) -> str:
    """What files call a class of layers. One that is named as a layer of the library is another in files, too."""
    name = snake(cls.__name__)
    is_taken = any(isinstance(m, Maker) and m.name == name for m in globals().values())
    return getattr(cls, "kind_name", "own_" + name if is_taken else name)


def _settings_of(layer) -> list:
    """The arguments of its class that it keeps under their names, as (name, value): what is saved with it. A default that
    cannot be written, as a function, is left out: it will be the default again."""
    kept = [(p, vars(layer)[p.name]) for p in _arguments_of(type(layer)) if p.name in vars(layer)]
    return [(p.name, _written(value)) for p, value in kept if value is not p.default or _is_kept(value)]


def _names_of_settings(layer) -> list:
    return [name for name, _ in _settings_of(layer)]


def _arguments_of(cls) -> list:
    """What a class of layers takes by name."""
    return [p for p in _parameters_of(cls) if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def _parameters_of(cls) -> list:
    return [] if cls.__init__ is Layer.__init__ else list(inspect.signature(cls.__init__).parameters.values())[1:]


def _new(cls, *args, **keywords):
    """A layer, with the names of the arguments that are not as their defaults: those that must be kept to be saved."""
    made = _make_new(cls)
    if cls.__init__ is not Layer.__init__ and (args or keywords):
        try:
            given = inspect.signature(cls.__init__).bind(made, *args, **keywords)
        except TypeError:
            return made  # __init__ will say it
        vars(made)["_given"] = [p.name for p in _parameters_of(cls)
                                if p.name in given.arguments and not _is_default(given.arguments[p.name], p.default)]
    return made


def _is_default(value, default) -> bool:
    return value is default or type(value) is type(default) and _is_kept(value) and value == default


_make_new = Layer.__new__
Layer.__new__ = _new


def _written(value):
    """A setting as configurations have it: a bool, an integer of 64 bits, a float, a text, a list of some integers, floats
    or texts. What else JSON knows is a text: "<null>", "<[0.5]>"; of the rest that text names the type."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (list, tuple)):
        value = [each.item() if isinstance(each, np.generic) else each for each in value]
        kinds = {type(each) for each in value}
        if len(value) > 1 and len(kinds) == 1 and kinds <= {int, float, str} and all(map(_fits, value)):
            return value
    elif type(value) in (bool, int, float, str) and _fits(value):
        return value
    return f"<{json.dumps(value)}>" if _is_kept(value) else f"<{type(value).__name__}>"


def _fits(value) -> bool:
    """Whether it can stand in a configuration as it is."""
    return not (isinstance(value, int) and not -2**63 <= value < 2**63 or isinstance(value, str) and value.startswith("<"))


def _is_kept(value) -> bool:
    """Whether JSON gives the same back; a tuple becomes a list."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_kept, value))
    if isinstance(value, dict):
        return all(type(key) is str and _is_kept(each) for key, each in value.items())
    return value is None or isinstance(value, np.generic) and value.dtype.kind in "biuf" or type(value) in (bool, int, float, str)


def _read(value):
    """What was written of a setting."""
    return json.loads(value[1:-1]) if isinstance(value, str) and value.startswith("<") else value


def _check_settings(net) -> None:
    """That each layer of the program's own can be made again from what is written of it."""
    for layer in _core._python_layers(net):
        given = vars(layer).get("_given", ())
        for argument in _parameters_of(type(layer)):
            name, needs = argument.name, argument.default is argument.empty
            is_named = argument.kind in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY)
            if not is_named or name not in vars(layer):
                _say_lost(layer, name, is_named, needs and is_named, name in given)
                continue
            value = vars(layer)[name]
            if not _is_kept(value) and (needs or value is not argument.default):
                raise _ValueError(f"[save] setting '{name}' of {type(layer).__name__} is of type {type(value).__name__}. Need "
                                  "a number, a text, None, or lists and dicts of them. (E564)", 564)


def _say_lost(layer, name: str, is_named: bool, is_needed: bool, is_given: bool) -> None:
    """Of an argument that is not saved: an error if its layer cannot be made without it, else a warning."""
    what = f"[save] {type(layer).__name__} takes '{name}', and does not keep it"
    advice = f"Write self.{name} = {name} in its __init__. (E564)" if is_named else "Take it by name, and keep it. (E564)"
    if is_needed:
        raise _ValueError(f"{what}. {advice}", 564)
    if is_given:
        warnings.warn(_placed(f"{what}: a net that is loaded has the default in its place. {advice}", 564), stacklevel=4)


def _own_layers(given=()) -> dict:
    """Classes of layers by the names that files call them: those given, and all that the program has. Of two of one name
    the later one counts, as where a cell of a notebook was run again."""
    for each in given:
        if not isinstance(each, type) or not issubclass(each, Layer):
            raise TypeError(f"layers must be classes of layers, not {type(each).__name__}")
    found, todo = {}, list(Layer.__subclasses__())
    while todo:
        cls = todo.pop(0)
        todo += cls.__subclasses__()
        found[_kind_of(cls)] = cls
    return {**found, **{_kind_of(cls): cls for cls in given}}


def _layer_of_tree(tree, own: dict) -> Layer:
    """A net of what its configuration says, with layers of the program's own."""
    name, args, keywords = (tree, [], {}) if isinstance(tree, str) else tree[:3]
    if name in own:
        return own[name](*map(_read, args), **{key: _read(value) for key, value in keywords.items()})
    maker = next((m for m in globals().values() if isinstance(m, Maker) and m.name == name), None)
    if maker is None:
        return _core._of_text("layer", tree if isinstance(tree, str) else tree[3])  # says that there is none

    def setting(kind, value):
        if kind not in (_object, _objects) or not _names_one_of(value, own):
            return value[3] if isinstance(value, tuple) else value
        return [_layer_of_tree(each, own) for each in value] if isinstance(value, list) else _layer_of_tree(value, own)

    kinds = {name: kind for name, _, kind, _ in maker.settings}
    given = maker.arguments(args, keywords)
    return maker(**{name: setting(kinds[name], value) for name, value in given.items()})


def _names_one_of(tree, own: dict) -> bool:
    if isinstance(tree, tuple):
        return tree[0] in own or any(_names_one_of(each, own) for each in [*tree[1], *tree[2].values()])
    return any(_names_one_of(each, own) for each in tree) if isinstance(tree, list) else tree in own


def _shared(value):
    if isinstance(value, (Parameter, State)):
        return value.share()
    if isinstance(value, Layer):
        return _core._copy(value) if type(value) is Layer else _copy_of(value)
    if isinstance(value, (list, tuple, dict)) and _has_members(value):
        return _map(_shared, value)
    return [*value] if isinstance(value, list) else value


def _has_members(value) -> bool:
    if isinstance(value, (list, tuple, dict)):
        return any(map(_has_members, value.values() if isinstance(value, dict) else value))
    return isinstance(value, (Parameter, State, Layer))


def _asks_for_training(cls) -> bool:
    """Whether a class of layers may do something else in training."""
    asking = {is_training.__name__, random_key.__name__}
    methods = [each for base in cls.__mro__ if base not in Layer.__mro__ for each in vars(base).values()]
    return any(asking & {*each.__code__.co_names} for each in methods if inspect.isfunction(each))


def _copy_of(layer):
    """Another object of the same class that shares parameters and states."""
    made = type(layer).__new__(type(layer))
    Layer.__init__(made)
    for name, value in vars(layer).items():
        vars(made)[name] = _shared(value)
    return made


def _restore(configuration: str, tensors: dict, own=(), ties=None) -> Layer:
    layers = {_kind_of(cls): cls for cls in own}
    layer = _layer_of_tree(_core._tree(configuration, "pickle"), layers) if own else _core._layer_of(configuration)
    _core._tie(layer, ties or {})
    if tensors:
        layer.load_tensors(tensors)
    return layer


def _make_again(cls, attributes: dict):
    made = cls.__new__(cls)
    Layer.__init__(made)
    vars(made).update(attributes)
    return made


def _reduce(self):
    if type(self) is Layer:
        tensors = {name: np.array(value) for name, value in self.tensors().items()} if self.is_built else {}
        own = list(dict.fromkeys(map(type, _core._python_layers(self))))
        _check_settings(self)
        return _restore, (self.describe() if own else self._configuration(), tensors, own, _core._ties(self))
    return _make_again, (type(self), dict(vars(self)))


def _reduce_variable(self):
    return type(self), ((np.array(self.value),) if self.has_value else ())


def _repr_html_(self):
    from html import escape
    about = self.describe() if type(self) is Layer else type(self).__name__
    rows = "".join(f"<tr><td style='text-align:left'>{escape(name)}</td><td>{escape(str(p.value.shape))}</td>"
                   f"<td>{p.value.size:,}</td></tr>" for name, p in self.parameters().items() if p.has_value)
    return f"<code>{escape(about)}</code>" + (f"<table><tr><th>parameter</th><th>shape</th><th>numbers</th></tr>{rows}"
                                              "</table>" if rows else "<br><small>not built yet</small>")


Layer.__reduce__ = _reduce
Layer.__deepcopy__ = lambda self, memo: self.clone()
Layer._repr_html_ = _repr_html_
Parameter.__reduce__ = State.__reduce__ = _reduce_variable
Parameter.__repr__ = lambda self: f"Parameter({self.value!r})" if self.has_value else "Parameter()"
State.__repr__ = lambda self: f"State({self.value!r})" if self.has_value else "State()"


def _value_of(x):
    if not isinstance(x, (Parameter, State)):
        return x
    if not x.has_value:
        raise ValueError(f"the {type(x).__name__} has no value yet: a layer's is made when it sees its first inputs")
    return x.value


def _operators():
    """Parameters and states are their tensors in arithmetic, comparisons, indexing and methods: `x * self.factor`."""
    both = "add sub mul truediv floordiv mod divmod pow matmul and or xor".split()
    names = [*both, *("r" + name for name in both), *"lt le gt ge eq ne getitem iter len reversed neg pos abs invert round format bool float int".split()]

    def passed_on(name):
        return lambda self, *others: getattr(_value_of(self), name)(*map(_value_of, others))

    def attribute(self, name):
        if name.startswith("_") or name in ("value", "has_value") or not self.has_value:
            raise AttributeError(f"'{type(self).__name__}' has no attribute '{name}'")
        return getattr(self.value, name)
    for cls in (Parameter, State):
        for name in names:
            setattr(cls, f"__{name}__", passed_on(f"__{name}__"))
        cls.__hash__ = object.__hash__
        cls.__getattr__ = attribute
        cls.__array__ = lambda self, dtype=None, copy=None: self.value.__array__(dtype, copy)
        cls.__array_ufunc__ = _array_ufunc


_operators()
__all__ = [name for name in globals() if not name.startswith("_") and name not in ("inspect", "np", "makers", "snake", "warnings", "Maker")]
