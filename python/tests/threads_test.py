"""Several threads, forked processes, and Ctrl-C."""
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import chainrule as cr
import numpy as np
import pytest
from chainrule import nn


def make_net():
    net = nn.mlp([64, 10])
    net.build(np.zeros((1, 32), np.float32))
    return net, np.random.default_rng(0).normal(size=(100, 32)).astype(np.float32)


def in_threads(count, function):
    errors = []

    def run(i):
        try:
            function(i)
        except BaseException as error:  # to be raised in the test's own thread
            errors.append(error)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def test_threads_predict_with_one_net():
    net, x = make_net()
    wanted = net.predict(x)
    in_threads(4, lambda i: [np.testing.assert_array_equal(net.predict(x), wanted) for _ in range(200)])


def test_threads_share_graphs():
    x = cr.tensor(np.arange(1000.0))
    y = (x * 2).sum()
    in_threads(4, lambda i: [float(y + i) == 999000 + i or 1 / 0 for i in range(300)])
    in_threads(4, lambda i: [cr.grad(lambda v: (v * x).sum())(x).tolist() for _ in range(20)])


def test_a_thread_predicts_while_another_trains():
    net, x = make_net()
    t = np.arange(100) % 10
    done = threading.Event()

    def work(i):
        if i == 0:
            cr.fit(net, x, t, epochs=60)
            done.set()
        else:
            while not done.is_set():
                assert np.isfinite(net.predict(x)).all()
    in_threads(3, work)


def test_python_runs_while_numbers_are_computed():
    counted = [0]
    done = threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1
            time.sleep(0.001)
    thread = threading.Thread(target=count)
    thread.start()
    a = cr.uniform((1500, 1500), 1)
    before = counted[0]
    start = time.monotonic()
    (a @ a @ a @ a).evaluate()
    seconds = time.monotonic() - start
    done.set()
    thread.join()
    assert seconds < 0.02 or counted[0] > before


def child(x):
    return float((cr.tensor(x) @ cr.tensor(x).T).sum())


def test_forked_processes_compute():
    a = np.random.default_rng(0).normal(size=(300, 300))
    wanted = child(a)  # the pool of threads is there before the fork
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(child, [a] * 6).get(60) == [wanted] * 6
    assert child(a) == wanted


kLong = """
import sys, chainrule as cr, numpy as np
from chainrule import nn
x = np.random.default_rng(0).normal(size=(1000, 32)).astype("f"); t = np.arange(1000) % 10
net = nn.mlp([64, 10])
print("begins", flush=True)
try:
    cr.fit(net, x, t, epochs=1e6)
except KeyboardInterrupt:
    cr.save(sys.argv[1], net)
    print("whole", np.isfinite(net.predict(x)).all(), len(cr.fit(net, x, t, epochs=1)["loss"]))
"""


def started(program, *arguments):
    """A program that hears Ctrl-C, even where the tests run in the background of a shell, which then ignore it."""
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def said_after_ctrl_c(program, *arguments):
    """What it prints: the first line, which comes soon, and the rest."""
    process = started(program, *arguments)
    assert process.stdout.readline() == "begins\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    said = process.stdout.readline()
    seconds = time.monotonic() - start
    rest = process.stdout.read()  # communicate(timeout) would miss what readline has read ahead
    print(f"heard after {seconds:.2f} s")
    assert process.wait(60) == 0
    assert seconds < (1 if os.environ.get("CHAINRULE_QUIET_MACHINE") else 10)
    return said, rest


def test_ctrl_c_ends_a_training_after_a_whole_step(tmp_path):
    assert said_after_ctrl_c(kLong, tmp_path / "net.safetensors") == ("whole True 1\n", "")
    assert cr.load(tmp_path / "net.safetensors").net.parameters()


kStart = """
import sys, chainrule as cr, numpy as np
from chainrule import nn, train
rng = np.random.default_rng(0)
x = rng.normal(size=(400000, 64)).astype("f"); t = np.arange(len(x)) %% 10
net = nn.mlp([512, 512, 10])
few = net.predict(x[:5])
a = cr.ones((5000, 5000)).evaluate()
%s
print("begins", flush=True)
try:
    while True:
        %s
except KeyboardInterrupt:
    print("heard", flush=True)
    whole = np.array_equal(net.predict(x[:5]), few) or "fit" in %r
    print(whole, float(cr.ones(3).sum()), len(cr.fit(net, x[:100], t[:100], epochs=1)["loss"]))
"""
kLongCalls = {
    "find_lr": "train.find_lr(net, x, t, batch_size=5000, steps=100000)", "evaluate": "train.evaluate(net, x, t)",
    "predict": "net.predict(x)", "validation": "cr.fit(net, x[:32], t[:32], epochs=1, validation=(x, t))",
    "minimize": "cr.minimize(lambda: cr.mse(net(x), cr.zeros((len(x), 10))), net)",
    "minimize of a slow function": "cr.minimize(lambda v: [v.sum(), __import__('time').sleep(0.1)][0] + cr.exp(-v[0]), [0.0] * 9)",
    "operation": "(a @ a @ a @ a @ a).evaluate()", "element": "cr.exp(a).evaluate()",
    "prediction on one thread": "cr.set_num_threads(1), net.predict(x)",
    **{f"{name} of a large matrix": f"cr.{name}(large).evaluate()" for name in ("inverse", "pseudo_inverse", "determinant")},
    "svd of a large matrix": "cr.svd(large).s.evaluate()", "qr of a large matrix": "cr.qr(large).q.evaluate()",
    "cholesky of a large matrix": "cr.cholesky(positive).evaluate()", "solve with a large matrix": "cr.solve(large, large).evaluate()",
    "svd of some matrices": "cr.svd(cr.stack([large, large])).s.evaluate()",
    "sort of many numbers": "cr.sort(many).evaluate()", "topk of many numbers": "cr.topk(many, 10**7).values.evaluate()",
    "cumsum of many numbers": "cr.cumsum(many).evaluate()", "einsum": "cr.einsum('ij,jk,kl->il', a, a, a).evaluate()",
    "convolution": "cr.conv2d(cr.reshape(many[:25 * 10**6], (100, 10, 250, 100)), cr.ones((64, 10, 5, 5))).evaluate()",
}
kData = {"large": "large = cr.normal((3000, 3000), 1, dtype='float64').evaluate()", "positive": "positive = (3000 * cr.eye(3000)).evaluate()",
         "many": "many = cr.uniform(3 * 10**7, 1).evaluate()"}


@pytest.mark.parametrize("what", kLongCalls)
def test_ctrl_c_is_heard_in_long_calls(what):
    call = kLongCalls[what]
    program = kStart % ("\n".join(line for name, line in kData.items() if name in call), call, call)
    assert said_after_ctrl_c(program) == ("heard\n", "True 3.0 1\n")


def test_the_number_of_threads():
    before = cr.num_threads()
    cr.set_num_threads(1)
    assert cr.num_threads() == 1
    cr.set_num_threads(before)
    with pytest.raises(ValueError, match="E002"):
        cr.set_num_threads(0)
