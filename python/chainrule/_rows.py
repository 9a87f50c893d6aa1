"""Python's functions for whatever the library has in a table: a layer, a rule, a schedule, ... with its settings as
arguments."""
import inspect
import keyword
import re

from . import _core

# Settings with one of these kinds hold objects: Field::Kind of chainrule/fields.h.
_flag, _object, _objects = 0, 9, 10


def camel(name: str) -> str:
    """The class's name: "max_pool2d" is MaxPool2d."""
    return "".join(part.capitalize() for part in name.split("_"))


def argument(setting: str) -> str:
    """A setting as an argument: a word of Python's own, such as "from", has a "_" behind it."""
    return setting + "_" if keyword.iskeyword(setting) else setting


class Maker:
    """Makes one of a kind: `Conv2d(30, kernel=5)`. Settings by position in their order, then by name."""

    def __init__(self, kind, name, doc, settings, called, module):
        self.kind, self.name = kind, name
        self.settings = settings = [(argument(s), *more) for s, *more in settings]
        self.__name__ = self.__qualname__ = called
        self.__module__ = module
        lines = [f"    {s}: {about}" + (f" (default {default!r})" if default is not None else "")
                 for s, about, _, default in settings]
        self.__doc__ = doc + ("\n\n" + "\n".join(lines) if lines else "")

    @property
    def __signature__(self):
        kinds = inspect.Parameter
        if self.takes_many:
            rest = [kinds(s, kinds.KEYWORD_ONLY, default=d) for s, _, k, d in self.settings[1:] if k != _objects]
            return inspect.Signature([kinds(self.settings[0][0], kinds.VAR_POSITIONAL), *rest])
        return inspect.Signature([kinds(s, kinds.POSITIONAL_OR_KEYWORD, default=d) for s, _, _, d in self.settings])

    @property
    def takes_many(self) -> bool:
        """Whether its arguments are objects in a row, as those of Sequential."""
        return any(kind == _objects for _, _, kind, _ in self.settings)

    def arguments(self, args, keywords) -> dict:
        names = [s for s, _, _, _ in self.settings]
        if self.takes_many:
            name = next(s for s, _, kind, _ in self.settings if kind == _objects)
            if len(args) == 1 and isinstance(args[0], (list, tuple)):
                args = args[0]
            return {**({name: list(args)} if args else {}), **keywords}
        if len(args) > len(names):
            raise TypeError(f"{self.__name__}() takes at most {len(names)} arguments: {', '.join(names) or 'none'}")
        for name in names[:len(args)]:
            if name in keywords:
                raise TypeError(f"{self.__name__}() was given twice the argument '{name}'")
        return {**dict(zip(names, args)), **keywords}

    def make(self, args, keywords):
        settings = self.arguments(args, keywords)
        for name, value in settings.items():
            for each in value if isinstance(value, (list, tuple)) else (value,):
                self.check(name, each)
        for (name, _, kind, _), value in zip(self.settings, args):
            if kind == _flag and hasattr(value, "__index__") and not isinstance(value, bool):
                raise TypeError(f"{self.__name__}() takes ({', '.join(s for s, *_ in self.settings)}): '{name}' must be True "
                                f"or False, not {value}"
                                + (". The size of its inputs is not given: it sees it" if self.settings[0][0] == "outputs" else ""))
        return _core._make(self.kind, self.name, {name.rstrip("_"): value for name, value in settings.items()})

    def check(self, name, value):
        """That an object is not what makes it, or what holds it."""
        if isinstance(value, (Maker, type)):
            raise TypeError(f"'{name}' of {self.__name__} was given the class {value.__name__}; need one that is made: "
                            f"{value.__name__}(...)")
        if isinstance(value, dict) and any(isinstance(each, _core.Layer) for each in value.values()):
            raise TypeError(f"'{name}' of {self.__name__} was given a dict of layers; need them in a row: *layers.values()")
        if isinstance(getattr(value, "net", None), _core.Layer):
            raise TypeError(f"'{name}' of {self.__name__} was given a {type(value).__name__}; need its layer: its .net")

    def __call__(self, *args, **keywords):
        return self.make(args, keywords)

    def __instancecheck__(self, instance) -> bool:
        """isinstance(net[0], nn.Conv2d)"""
        return isinstance(instance, _core.Configured) and instance.kind == self.name and self.is_kind(instance)

    def is_kind(self, instance) -> bool:
        """Whether it is in the table of this kind: a loss and a metric may have one name."""
        return _core._is_of(self.kind, instance)

    def __repr__(self):
        return f"<{self.__module__}.{self.__name__}>"

    def __reduce__(self):
        return self.__name__


class Makers(dict):
    """By name, also as attributes: `losses["huber"]` is `losses.huber`."""

    def __getattr__(self, name: str) -> Maker:
        if name in self:
            return self[name]
        raise AttributeError(f"there is no '{name}'; there are: {', '.join(self)}")

    def __dir__(self):
        return [*super().__dir__(), *self]


def makers(kind: str, module: str, called=camel) -> Makers:
    """A maker for each row of the table of a kind, by the name that Python calls it."""
    return Makers({called(name): Maker(kind, name, doc, settings, called(name), module)
                   for name, doc, settings in _core._rows(kind)})


_kinds = ("layer", "optimizer", "schedule", "initializer", "loss", "metric", "transform", "scaler", "plot", "method")


def _of_text(kind: str, text: str):
    return _core._of_text(kind, text)


def _reduce(self):
    """Something with settings, by the text that describes it."""
    return _of_text, (next(kind for kind in _kinds if _core._is_of(kind, self)), self.describe())


_core.Configured.__reduce__ = _reduce


def snake(name: str) -> str:
    """What configurations call a class: MaxPool2d is "max_pool2d"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
