"""What the library raises. Each is the Python exception that one would expect, and a chainrule.Error."""
import builtins


# What messages of the library say in words of C++, and the same in Python.
_in_python = {"{.allow_unused = true}": "allow_unused=True", " or NoGrad": " or no_grad",
              "a group with .frozen = true": "a group: groups=[{\"match\": \"affine1.*\", \"frozen\": True}]",
              ".allow_unused = true a step": "allow_unused=True a step"}


def _placed(message: str, code: int) -> str:
    """The message with the program's line, if it names none: "... Need 3. Called from train.py:7. (E042)"."""
    for words, others in _in_python.items() if isinstance(message, str) else ():
        message = message.replace(words, others)
    number = f" (E{code:03})" if isinstance(code, int) else ""
    if not isinstance(message, str) or not message.endswith(number or message) or "alled from " in message:
        return message
    from ._core import _place
    return message.removesuffix(number) + _place() + number


class Error(Exception):
    """The base of everything that the library raises. `code` is the number at the end of the message."""

    def __init__(self, message: str, code: int = 0):
        super().__init__(_placed(message, code), code)
        self.code = code

    def __str__(self) -> str:
        return self.args[0]


class ValueError(Error, builtins.ValueError):
    """A value that is not allowed: an option, an argument, or an element met while computing."""


class ShapeError(Error, builtins.ValueError):
    """Shapes that do not fit together."""


class IndexError(ShapeError, builtins.IndexError):
    """A place, or an axis, that is not there."""


class DTypeError(Error, builtins.TypeError):
    """A dtype that an operation does not take."""


class NotDifferentiable(Error, builtins.ValueError):
    """A gradient that does not exist."""


class MemoryError(Error, builtins.MemoryError):
    """Memory that cannot be had."""


class FileError(Error, builtins.OSError):
    """A file that is missing, unreadable, malformed or cannot be written."""

    def __init__(self, message: str, code: int = 0):
        builtins.OSError.__init__(self, _placed(message, code))
        self.code = code

    def __reduce__(self):
        return type(self), (self.args[0], self.code)


_wanted = {"str": "a str", "int": "an integer", "float": "a number", "bool": "True or False", "dict": "a dict",
           "list": "a list", "function": "a function", "List[str]": "a list of str", "List[Tensor]": "a list of tensors"}


def _takes(kind: str, value) -> bool:
    """Whether the core takes it for a parameter of this kind."""
    from . import _core
    if kind.startswith("List["):
        return isinstance(value, (list, tuple)) and all(_takes(kind[5:-1], each) for each in value)
    if kind == "int":
        return hasattr(value, "__index__")
    if kind == "float":
        return hasattr(value, "__index__") or hasattr(value, "__float__")
    cls = getattr(builtins, kind, None) or getattr(_core, kind, None)
    return callable(value) if kind == "function" else not isinstance(cls, type) or kind in ("bool", "object", "Tensor") or isinstance(value, cls)


def _refusal(name: str, signatures: list, args: tuple, keywords) -> str:
    """Why the core refused a call, of which its own words speak of C++: "path must be a str, not int"."""
    import re
    signature = signatures[-1].partition(" -> ")[0].replace("chainrule._core.", "")
    parameters = [(each, kind or "object") for each, kind in re.findall(r"(\*{0,2}\w+)(?:: ([\w\[\]]+))?(?: = [^,)]*)?", signature)]
    rest = [each for each, _ in parameters if each.startswith("*")]
    own = [(each, kind) for each, kind in parameters if each != "self"]
    given = args[1:] if len(own) < len(parameters) else args
    named = {each: kind for each, kind in own}
    values = {**dict(zip(named, given)), **(keywords or {})}
    takes = ", ".join(each for each, _ in own) or "nothing"
    unknown = [each for each in values if each not in named]
    if not rest and (unknown or len(given) > len(own)):
        return f"{name}() takes {takes}, and was given " + (f"'{unknown[0]}'" if unknown else f"{len(given)} arguments")
    for none_is_fine in (True, False):
        for each, value in values.items():
            kind = named.get(each, "object")
            if not (value is None and none_is_fine) and not _takes(kind, value):
                what = "the value" if each.startswith("arg") else each
                wanted = _wanted.get(kind, f"a {kind}".replace("a O", "an O"))
                return f"{what} must be {wanted}, not {_told(value)}"
    for each, value in values.items():
        if named.get(each) == "int" and isinstance(value, int):
            return f"{each} is {value}, which is out of range"
    return f"{name}() takes {takes}, and was given ({', '.join(map(_told, values.values()))})"


def _told(value) -> str:
    """A value by its type; a short list of them as it is."""
    is_short = isinstance(value, (list, tuple)) and len(value) < 5 and all(type(each) in (int, float, str, bool) for each in value)
    return repr(value) if is_short else type(value).__name__
