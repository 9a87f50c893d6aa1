"""What the library raises. Each is the Python exception that one would expect, and a chainrule.Error."""
import builtins


def _placed(message: str, code: int) -> str:
    """The message with the program's line, if it names none: "... Need 3. Called from train.py:7. (E042)"."""
    number = f" (E{code:03d})"
    if not message.endswith(number) or "alled from " in message:
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
