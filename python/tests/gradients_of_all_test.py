"""Gradients of all functions against differences, and those of arrays of other kinds against those."""
import inspect

import chainrule as cr
import numpy as np
import pytest

kNames = sorted(name for name in dir(cr) if type(getattr(cr, name, None)).__name__ in ("Function", "function"))
kNoFunctionOfArrays = {"evaluate", "fit", "functional_call", "least_squares", "load", "minimize", "save", "set_num_threads", "grad",
                       "grad_check", "gradients", "hessian", "hvp", "jacobian", "jvp", "numerical_gradient", "value_and_grad", "vjp"}
kData = {"a", "b", "y", "v", "w", "t", "target", "updates", "scale", "shift", "xp", "fp", "values", "p", "x", "mean", "variance",
         "weights", "bias", "stop"}
kSettings = {"axis": 0, "axis_a": 0, "axis_b": -1, "n": 1, "offset": 0, "k": 0, "source": 0, "destination": -1, "size": 2, "window": 2,
             "sizes": 2, "count": 2, "times": 2, "repeats": 2, "parts": 1, "groups": 1, "i": 1, "q": 0.3, "order": 2, "shift": 1,
             "kernel": 2}
kShapes = [(3, 4), (3, 3), (5,), (1, 2, 4, 4), (2, 3, 6), (1, 1, 3, 4, 4), ()]
kKinds = {"float32": (lambda a: a.astype("f4"), 2e-3), "float16": (lambda a: a.astype("f2"), 0.1), "big-endian": (lambda a: a.astype(">f8"), 1e-12),
          "of Fortran": (np.asfortranarray, 1e-12), "strided": (lambda a: np.repeat(a[..., None], 2, -1)[..., 0] if a.ndim else a, 1e-12)}
# Those of the others are numbers, places and truth values, take no arrays, or what shapes and settings cannot be guessed for.
kAtLeast = 220


def arguments_for(name, shape, other):
    """Arrays in order and settings by name for what a function needs; None where that is not known."""
    rng = np.random.default_rng(5)
    needed = [p for p in inspect.signature(getattr(cr, name)).parameters.values()
              if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    arrays, settings = [rng.uniform(0.25, 0.9, shape) + (1 if name.endswith("cosh") and name[0] == "a" else 0)], {}
    for each in needed[1:]:
        if each.name in kData and not (each.name == "shift" and name == "roll"):
            drawn = rng.uniform(0.2, 0.95, other)
            arrays.append(np.sort(drawn) if drawn.ndim else drawn)
        elif each.name in kSettings:
            settings[each.name] = kSettings[each.name]
        elif each.name == "axes":
            settings["axes"] = tuple(range(len(shape)))[::-1]
        else:
            return None
    return arrays, settings


def scalar_of(name, settings):
    """A weighted sum of all real numbers that a function gives."""
    def f(*arrays):
        found = getattr(cr, name)(*arrays, **settings)
        found = [each for each in (found if isinstance(found, (list, tuple)) else [found])
                 if isinstance(each, cr.Tensor) and each.dtype.kind == "f"]
        if not found:
            raise cr.NotDifferentiable("no real numbers", 32)
        return sum((each * cr.tensor(np.linspace(0.5, 1.5, each.size).reshape(each.shape), each.dtype)).sum() for each in found)
    return f


def first_that_fits(name):
    """The function and arrays of the first shapes that it takes; None if it has no gradient."""
    for shape in kShapes:
        for other in dict.fromkeys([shape, (2, *shape[1:]) if len(shape) > 1 else shape, (1,)]):
            found = arguments_for(name, shape, other)
            if found is None:
                return None
            f = scalar_of(name, found[1])
            try:
                cr.grad(f, argnums=tuple(range(len(found[0]))), allow_unused=False)(*found[0])
                return f, found[0]
            except cr.NotDifferentiable:
                return None
            except (TypeError, ValueError, IndexError) as error:
                if getattr(error, "code", None) == 31:  # what depends on no array, as the sign of another one
                    return None
    return None


kCases = {name: case for name in kNames if name not in kNoFunctionOfArrays for case in [first_that_fits(name)] if case}


def test_most_functions_are_tried():
    assert len(kCases) >= kAtLeast, len(kCases)


@pytest.mark.parametrize("name", kCases)
def test_gradient_is_that_of_differences_for_any_kind_of_array(name):
    f, arrays = kCases[name]
    report = cr.grad_check(f, *arrays, all_entries=True)
    assert report, report.message
    gradient = cr.grad(f, argnums=tuple(range(len(arrays))))
    wanted = [np.asarray(each) for each in gradient(*arrays)]
    for kind, (convert, tolerance) in kKinds.items():
        for g, w, a in zip(gradient(*map(convert, arrays)), wanted, arrays):
            assert g.shape == a.shape, kind
            np.testing.assert_allclose(np.asarray(g, float), w, rtol=tolerance, atol=tolerance * max(1, abs(w).max(initial=0)), err_msg=kind)
