"""NumPy's elementwise functions of tensors, np.exp(x): those of the same name here, with gradients."""
import sys


def array_ufunc(self, ufunc, method, *inputs, **keywords):
    function = getattr(sys.modules[__package__], ufunc.__name__, None)
    in_place = keywords.keys() == {"out"} and keywords["out"][0] is inputs[0]  # array += tensor, which makes a tensor
    if method != "__call__" or (keywords and not in_place) or not callable(function):
        return NotImplemented
    return function(*inputs)
