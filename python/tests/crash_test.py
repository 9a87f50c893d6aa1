"""What once ended the process: each program here runs in a process of its own, which has to end well."""
import subprocess
import sys
import textwrap

import pytest

kStart = """
import threading, time
import chainrule as cr, numpy as np
from chainrule import _core, nn, optim
x = np.random.default_rng(0).normal(size=(100, 8)).astype("f")
"""


def run(program, seconds=60):
    """What the program prints. It must end with 0."""
    text = kStart + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", text], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


kEndless = {
    "an operation": """
        a = cr.uniform((700, 700), 1)
        def work():
            while True: (a @ a).evaluate()""",
    "a tensor is made": """
        def work():
            while True: cr.tensor([[1.0, 2.0], [3, 4]])""",
    "a number is read": """
        def work():
            while True: float(cr.ones(3).sum()), repr(cr.ones(2)), cr.ones(3)[[0, 1]]""",
    "a layer of Python's": """
        class Own(nn.Layer):
            def compute(self, x):
                time.sleep(0.002)
                return x * 2
        def work(): cr.fit(nn.Sequential(Own(), nn.Affine(1)), x, x[:, :1], epochs=10**6)""",
    "a callback": """
        def work(): cr.fit(nn.Affine(1), x, x[:, :1], epochs=10**6, callbacks=[lambda report: time.sleep(0.01)])""",
    "a loss": """
        def loss(y, t):
            time.sleep(0.002)
            return ((y - t) ** 2).mean()
        def work(): cr.fit(nn.Affine(1), x, x[:, :1], loss=loss, epochs=10**6)""",
    "a step": """
        net = nn.Affine(1)
        optimizer = optim.SGD(net, lr=0.01)
        def loss():
            time.sleep(0.001)
            return net(x).sum()
        def work():
            while True: optimizer.step(loss)""",
    "a prediction": """
        net = nn.mlp([200, 200, 10])
        def work():
            while True: net.predict(x)""",
    "differences": """
        def f(x):
            time.sleep(0.001)
            return (x * x).sum()
        def work():
            while True: cr.numerical_gradient(f, np.ones(3))""",
    "a gradient of one's own": """
        @cr.custom_gradient
        def f(x): return x * 2
        @f.gradient
        def _(cotangent, output, x):
            time.sleep(0.001)
            return cotangent
        def work():
            while True: cr.grad(f)(2.0)""",
}


@pytest.mark.parametrize("what", kEndless)
def test_a_program_ends_while_a_daemon_computes(what):
    run(textwrap.dedent(kEndless[what]) + "\nthreading.Thread(target=work, daemon=True).start()\ntime.sleep(0.3)")


def test_a_program_that_ends_computes_beside_a_daemon():
    assert run("""
        import atexit
        class Own(nn.Layer):
            def compute(self, x):
                time.sleep(0.002)
                return x * 2
        class Last:
            def __del__(self): print(float(cr.ones(3).sum()))
        atexit.register(lambda: print(float(cr.ones(2).sum())))
        kept = Last()
        work = lambda: cr.fit(nn.Sequential(Own(), nn.Affine(1)), x, x[:, :1], epochs=10**6)
        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.3)
        """).startswith("2.0\n")


def test_objects_without_init_are_refused():
    assert run("""
        class Own(nn.Layer):
            def compute(self, x): return x
        objects = [(cls, cls.__new__(cls)) for cls in (nn.Layer, Own, nn.Parameter, nn.State, nn.Init, optim.Optimizer)]
        objects += [(cls, cls.__new__(cls)) for cls in vars(_core).values()
                    if isinstance(cls, type) and hasattr(cls, "text") or cls is _core.Configured]
        refused = 0
        for cls, made in objects:
            for name in dir(cls):
                method = getattr(cls, name)
                if name.startswith("__") and name not in ("__call__", "__len__", "__repr__", "__bool__"): continue
                for call in (lambda: method(made), lambda: getattr(made, name), lambda: method(made, x)):
                    try: call()
                    except Exception as error: refused += "was made without __init__" in str(error)
            try: nn.Sequential(made)
            except Exception: pass
            try: optim.SGD(made)
            except Exception: pass
        print(refused > 50)
        """) == "True\n"
    with pytest.raises(TypeError, match="^Optimizer was made without __init__: call it, or write super"):
        __import__("chainrule").optim.Optimizer.__new__(__import__("chainrule").optim.Optimizer).step(None)


def test_an_init_is_of_use_only_while_init_runs():
    assert run("""
        kept = []
        class Own(nn.Layer):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter()
            def init(self, init):
                init("weight", self.weight, (8, 2), "he")
                kept.append(init)
            def compute(self, x): return x @ self.weight
        net = Own()
        net(x)
        for call in (lambda i: i.shape(), lambda i: i.dtype, lambda i: i("weight", net.weight, (8, 2)),
                     lambda i: i.state("s", nn.State(), (), 0.0)):
            try: call(kept[0])
            except ValueError as error: print(error)
        """) == "this Init is of use only while the layer's `init` runs\n" * 4


kChanges = {
    "a layer": """
        class Grow(nn.Layer):
            def compute(self, x):
                for _ in range(100 * (len(net) == 2)): net.append(nn.Relu())
                return x
        net = nn.Sequential(Grow(), nn.Affine(1))
        net(x)""",
    "a layer in training": """
        class Grow(nn.Layer):
            def compute(self, x):
                for _ in range(100 * (len(net) == 2)): net.append(nn.Relu())
                return x
        net = nn.Sequential(nn.Sequential(Grow(), nn.Relu()), nn.Affine(1))
        cr.fit(net, x, x[:, :1], epochs=1)""",
    "a callback": """
        net = nn.Sequential(nn.Affine(4), nn.Affine(1))
        cr.fit(net, x, x[:, :1], epochs=3, callbacks=[lambda report: net.append(nn.Affine(1))])""",
    "a step": """
        net = nn.Sequential(nn.Affine(4), nn.Affine(1))
        def loss():
            net.append(nn.Affine(1))
            return net(x).sum()
        optim.SGD(net, lr=0.1).step(loss)""",
}


@pytest.mark.parametrize("by", kChanges)
def test_a_net_in_use_stays_as_it_is(by):
    assert run("try:\n" + textwrap.indent(textwrap.dedent(kChanges[by]), "    ") + """
except RuntimeError as error: print(error)
before = len(net)
net.append(nn.Relu())
print(len(net) - before, net(x).shape)
""").endswith("a net cannot be changed while it computes or trains: append layers before or after\n1 (100, 1)\n")


def test_another_thread_cannot_change_a_net_in_use():
    out = run("""
        class Slow(nn.Layer):
            def compute(self, x):
                time.sleep(0.01)
                return x
        net = nn.Sequential(Slow(), Slow(), nn.Affine(1))
        refused = 0
        def work():
            for _ in range(20): net.predict(x)
            cr.fit(net, x, x[:, :1], epochs=3)
        thread = threading.Thread(target=work)
        thread.start()
        while thread.is_alive():
            try: net.append(nn.Relu())
            except RuntimeError: refused += 1
            time.sleep(0.001)
        print(refused > 0, net(x).shape)
        """)
    assert out == "True (100, 1)\n"


def test_threads_build_a_net_with_layers_of_python():
    assert run("""
        class Slow(nn.Layer):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter()
            def init(self, init):
                time.sleep(0.01)
                init("weight", self.weight, (8, 2), "he")
            def compute(self, x): return x @ self.weight
        for _ in range(5):
            net = nn.Sequential(Slow(), nn.Affine(1))
            threads = [threading.Thread(target=lambda: net.predict(x)) for _ in range(4)]
            for t in threads: t.start()
            for t in threads: t.join()
        print(net.is_built)
        """) == "True\n"


def test_attributes_change_while_a_net_is_looked_at():
    assert run("""
        class Own(nn.Layer):
            def __init__(self):
                super().__init__()
                self.scales = [nn.Affine(8) for _ in range(3)]
            def compute(self, x): return x
        net = Own()
        done = threading.Event()
        def work():
            i = 0
            while not done.is_set():
                i += 1
                setattr(net, f"a{i % 50}", nn.Relu())
                net.scales.append(nn.Relu())
                if len(net.scales) > 50: del net.scales[3:]
                if i % 7 == 0: vars(net).pop(f"a{i % 50}", None)
        threading.Thread(target=work).start()
        for _ in range(300): net.parameters(), net.states()
        done.set()
        print("whole")
        """) == "whole\n"


def test_none_and_other_things_are_errors():
    """Every function and method of the module, given None and other things: an error of Python's, or a result."""
    run("""
        net = nn.Sequential(nn.Affine(3))
        net(x)
        things = [None, object(), "text", 1, -1, 2.5, [], {}, (), [None], {"a": None}, x, cr.ones(3), net, nn.Parameter(), optim.SGD(net)]
        targets = [f for name, f in vars(_core).items() if callable(f) and not isinstance(f, type)
                   and name not in ("_set_package_folder", "_add_methods", "_set_constants", "set_num_threads")]
        of = [nn.Affine(3), net, nn.Parameter(), nn.Parameter(x), nn.State(), optim.SGD(net), optim.Adam(), cr.ones((2, 3)),
              cr.explain.trace("x * 2", x=1)]
        targets += [getattr(o, name) for o in of for name in dir(o) if name not in ("shape", "dtype", "value", "__chainrule_tensor__") and not name.startswith("__") or name in
                    ("__call__", "__getitem__", "__len__", "__dlpack__", "__array__", "__matmul__", "__add__", "__eq__")]
        rng = np.random.default_rng(1)
        cr.set_num_threads(1)
        for f in targets:
            if not callable(f) or getattr(f, "__name__", "") in ("_write_npy", "_write_npz", "_write_safetensors", "_save"): continue
            calls = [(None,) * n for n in range(7)]
            calls += [tuple(things[i] for i in rng.integers(len(things), size=rng.integers(1, 6))) for _ in range(40)]
            for given in calls:
                try: f(*given)
                except Exception: pass
        """, seconds=200)
