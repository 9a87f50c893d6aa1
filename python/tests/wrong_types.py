"""Calls all that is public of a module of the package, or the methods of its classes, with arguments of wrong types; prints
what should not be, and ends with 1 then. Run by wrong_types_test.py, each in a process of its own."""
import importlib
import inspect
import re
import sys

import chainrule as cr
import numpy as np
from chainrule import book, data, explain, nn, optim, plot, train

kWrong = [None, object(), "a", 3, [1], 1.5, b"", lambda: 0]
# What would be right for an argument of this name, so that the wrong one beside it is reached.
x, t = np.ones((6, 4), np.float32), np.arange(6) % 3


def make_net():
    net = nn.Sequential(nn.Affine(5), nn.Relu(), nn.Affine(3))
    net.build(x)
    return net


def scaler():
    return data.Standardize().fit(x)


kRight = dict(
    x=lambda: x, t=lambda: t, X=lambda: x, y=lambda: t, net=make_net, layer=make_net, model=make_net, seed=lambda: 1,
    path=lambda: "file.npy", expression=lambda: "w * 2", loss=lambda: "mse", optimizer=lambda: optim.SGD(make_net(), lr=0.1),
    tensors=lambda: {"a": x}, f=lambda: lambda v: (v * v).sum(), weight=lambda: "affine1.weight[0,0]", axis=lambda: 0,
    shape=lambda: (2, 3), key=lambda: 1, space=lambda: {"lr": [0.1]}, run=lambda: lambda **point: 1.0, name=lambda: "digits",
    scaler=scaler, wrt=lambda: (), state=lambda: {}, sizes=lambda: [5, 3], rule=lambda: optim.Sgd(), a=lambda: x, b=lambda: x,
    at=lambda: 0, primals=lambda: (x,), tangents=lambda: (x,), vectors=lambda: (x,), dtype=lambda: "float32", epochs=lambda: 1,
    cls=lambda: nn.Affine, folder=lambda: "", report=lambda: {"epoch": 1, "loss": 1.0}, images=lambda: np.ones((2, 1, 5, 5)),
    dout=lambda: np.ones((6, 3)), layers=lambda: (), num=lambda: 3, x0=lambda: x, method=lambda: "lbfgs",
    alphabet=lambda: data.Alphabet("abc"), text=lambda: "abcab", symbols=lambda: "abc", length=lambda: 2, ids=lambda: [1],
    count=lambda: 2)
kWords = re.compile(
    r"incompatible function|incompatible constructor|unable to cast|C\+\+|::|arg0|arg1|pybind|basic_string|unordered_map|"
    r"\bcast to|internal|self: |instance of type <class|Invoked with", re.I)
kSensible = (TypeError, ValueError, IndexError, KeyError, OSError, cr.Error, BufferError, OverflowError, ZeroDivisionError)

# An object of each public class, for its methods.
kObjects = {
    "Tensor": lambda: cr.tensor(x), "Layer": make_net, "Configured": lambda: optim.Adam(), "Parameter": lambda: nn.Parameter(x),
    "State": lambda: nn.State(x), "Optimizer": lambda: optim.SGD(make_net(), lr=0.1), "History": lambda: cr.fit(make_net(), x, t, epochs=1),
    "Progress": lambda: train.Progress(3), "Trace": lambda: explain.trace("w * 2", w=1),
    "NetTrace": lambda: explain_net(), "WeightTrace": lambda: explain.weight(make_net(), "affine1.weight[0,0]", x, t),
    "UpdateTrace": lambda: explain.update(optim.SGD(make_net(), lr=0.1), "affine1.weight[0,0]", x, t),
    "LrCurve": lambda: train.find_lr(make_net(), x, t, steps=5), "Sweep": lambda: train.sweep({"lr": [1.0]}, lambda lr: lr),
    "Scaler": scaler, "Standardize": scaler, "MinMax": lambda: data.MinMax().fit(x), "Model": lambda: loaded(),
    "custom_gradient": lambda: cr.custom_gradient(lambda v: v), "no_grad": lambda: cr.no_grad(),
    "Alphabet": lambda: data.Alphabet("abc"),
    "Picture": lambda: plot.lines({"a": ([1, 2], [3, 4])}),
    "TwoLayerNet": lambda: book.TwoLayerNet(4, 5, 3), "MultiLayerNet": lambda: book.MultiLayerNet(4, [5], 3),
    "MultiLayerNetExtend": lambda: book.MultiLayerNetExtend(4, [5], 3, use_batchnorm=True),
    "SimpleConvNet": lambda: book.SimpleConvNet((1, 8, 8), dict(filter_num=2, filter_size=3, pad=0, stride=1), 5, 3),
    "Trainer": lambda: book.Trainer(book.TwoLayerNet(4, 5, 3), x, t, x, t, epochs=1, mini_batch_size=3, verbose=False),
    "DeepConvNet": lambda: book.DeepConvNet(), "MulLayer": lambda: book.MulLayer(), "AddLayer": lambda: book.AddLayer(),
    "Relu": lambda: book.Relu(), "Sigmoid": lambda: book.Sigmoid(), "Affine": lambda: book.Affine(np.ones((4, 3)), np.ones(3)),
    "SoftmaxWithLoss": lambda: book.SoftmaxWithLoss(), "Dropout": lambda: book.Dropout(),
    "BatchNormalization": lambda: book.BatchNormalization(np.ones(4), np.ones(4)),
    "Convolution": lambda: book.Convolution(np.ones((2, 1, 3, 3)), np.ones(2)), "Pooling": lambda: book.Pooling(2, 2),
    **{name: lambda name=name: getattr(book, name)() for name in ("SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam")},
}


def explain_net():
    net = make_net()
    return explain.net(net, lambda: cr.mse(net(x), np.ones((6, 3))))


def loaded():
    cr.save("model.safetensors", make_net())
    return cr.load("model.safetensors")


def names_of(module):
    found = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    return [name for name in found if callable(getattr(module, name))
            and (getattr(getattr(module, name), "__module__", None) or "chainrule").startswith("chainrule")]


def parameters_of(f):
    try:
        found = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return None
    return [p for p in found if p.kind is not p.VAR_KEYWORD]


def calls_of(f):
    """Arguments to call it with: each place wrong by itself beside right ones, all of them wrong, too few and too many."""
    found = parameters_of(f)
    draws = getattr(f, "__name__", "") in ("load", "load_mnist")  # a data set each time
    for wrong in kWrong[:2] if draws else kWrong:
        for count in range(4):
            yield (wrong,) * count, {}
        yield (), {"no_such": wrong}
        if found is None:
            continue
        named = [p for p in found if p.kind is not p.VAR_POSITIONAL]
        right = {p.name: kRight[p.name] for p in named if p.name in kRight}
        for place in named:
            positional, keywords = [], {}
            for p in named:
                if p is not place and p.name not in right and p.default is not p.empty:
                    if p.kind is p.KEYWORD_ONLY or keywords:
                        continue
                    positional.append(p.default)
                    continue
                value = wrong if p is place or p.name not in right else right[p.name]()
                if p.kind is p.KEYWORD_ONLY:
                    keywords[p.name] = value
                else:
                    positional.append(value)
            yield tuple(positional), keywords


def attributes_of(made):
    names = [name for name in dir(made) if not name.startswith("_")]
    return names + [name for name in ("__call__", "__getitem__", "__len__", "__iter__", "__contains__", "__add__", "__matmul__", "__eq__",
                                      "__dlpack__", "__array__", "__format__", "__round__", "__pow__", "__lt__", "__setstate__",
                                      "__deepcopy__", "__init__") if hasattr(made, name)]


def targets_of(which):
    if which != "methods":
        module = cr if which == "chainrule" else importlib.import_module(f"chainrule.{which}")
        for name in names_of(module):
            yield f"{which}.{name}", lambda name=name: getattr(module, name)
        return
    made_of = {}
    for module in (cr, nn, optim, data, train, explain, plot, book):
        made_of.update({name: getattr(module, name) for name in names_of(module) if isinstance(getattr(module, name), type)})
    for name, cls in made_of.items():
        assert name in {**kObjects, **kWithout} or issubclass(cls, BaseException), f"an object of {name} is wanted in kObjects"
    for name, make in kObjects.items():
        for attribute in attributes_of(make()):
            f = getattr(make(), attribute)
            if callable(f):
                yield f"{name}.{attribute}", lambda attribute=attribute, make=make: getattr(make(), attribute)
            else:
                yield f"{name}.{attribute} =", lambda attribute=attribute, make=make: setter(make(), attribute)


# Classes without methods of their own, or of which only the package makes objects.
kWithout = dict.fromkeys(("Maker", "Rule", "Schedule", "Ranks", "Dataset", "GradCheckReport", "Range", "Trial", "Report", "Init",
                          "Minimum", "NetCheck", "ParameterCheck"))


def setter(made, attribute):
    return lambda value: setattr(made, attribute, value)


def is_theirs(error):
    """Whether the error comes from code of other packages, which answers for its own words."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return any(f"/{name}/" in trace.tb_frame.f_code.co_filename for name in ("sklearn", "numpy", "matplotlib")) or (
        trace.tb_frame.f_code.co_filename == __file__ and trace.tb_frame.f_code.co_name == "<lambda>")


def is_of_book(f):
    """The book's classes take whatever has the right attributes, as the book's own do."""
    owner = getattr(f, "__self__", f)
    return "book" in (getattr(owner, "__module__", None) or "")


def main(which):
    bad, count, refused = {}, 0, 0
    for name, get in targets_of(which):
        f = get()
        for arguments, keywords in calls_of(f):
            count += 1
            try:
                get()(*arguments, **keywords)
            except BaseException as error:
                refused += 1
                text = f"{type(error).__name__}: {error}"
                words = kWords.search(str(error))
                sensible = isinstance(error, kSensible) or is_theirs(error) or isinstance(error, AttributeError) and is_of_book(f)
                if words or not sensible:
                    bad.setdefault((name, text[:90]), f"{name}{arguments!r:.150} {keywords!r:.80}\n    {text:.300}")
    for text in bad.values():
        print(text)
    print(f"{which}: {count} calls, of them {refused} refused, {len(bad)} badly")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
