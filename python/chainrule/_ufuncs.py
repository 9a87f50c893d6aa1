"""NumPy's elementwise functions of tensors, np.exp(x): those of the same name here, with gradients."""
import sys

import numpy as np


def array_ufunc(self, ufunc, method, *inputs, **keywords):
    """What NumPy calls. Functions of others that have the name of one of NumPy's, or of ours, are none of these."""
    name = ufunc.__name__
    function = getattr(sys.modules[__package__], name, None) if getattr(np, name, None) is ufunc else None
    in_place = keywords.keys() == {"out"} and keywords["out"][0] is inputs[0]  # array += tensor, which makes a tensor
    if method != "__call__" or (keywords and not in_place) or not callable(function):
        return NotImplemented
    return function(*inputs)
