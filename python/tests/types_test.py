"""What type checkers know."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import chainrule as cr
import pytest

kProgram = '''
import chainrule as cr
import numpy as np
from chainrule import nn, optim

x = cr.tensor([1.0, 2.0])
y: cr.Tensor = cr.softmax(x * 2 + np.ones(2), axis=-1)
z: float = float(y.sum(axis=0)[None].mean())
net = nn.Sequential(nn.Affine(3))
history = cr.fit(net, np.ones((4, 2)), np.ones((4, 3)), epochs=1)
losses: list = history["loss"]
optim.Adam(net, lr=0.1).step(lambda: cr.mse(net(x), x))
cr.grad(lambda v: v.sum())(x)
'''


def check(folder, text):
    """What mypy says of a program."""
    program = folder / "program.py"
    program.write_text(text)
    return subprocess.run(["mypy", "--python-executable", sys.executable, "--no-incremental", "--follow-imports=silent", "--cache-dir",
                           folder / "cache", program], capture_output=True, text=True,
                          env={**os.environ, "MYPYPATH": str(Path(cr.__file__).parent.parent)})


@pytest.mark.skipif(shutil.which("mypy") is None, reason="mypy is not installed: scripts/install-deps.sh python")
def test_mypy_knows_the_package(tmp_path):
    folder = Path(cr.__file__).parent
    assert (folder / "py.typed").exists()
    right = check(tmp_path, kProgram)
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = check(tmp_path, kProgram + "\ncr.softmax(x, axes=1)\n")
    assert wrong.returncode == 1 and 'Unexpected keyword argument "axes"' in wrong.stdout, wrong.stdout


@pytest.mark.skipif(shutil.which("mypy") is None, reason="mypy is not installed: scripts/install-deps.sh python")
def test_mypy_knows_each_name(tmp_path):
    names = [name for name in dir(cr) if type(getattr(cr, name, None)).__name__ in ("Function", "function", "type")]
    assert len(names) > 250
    done = check(tmp_path, "import chainrule as cr\n" + "".join(f"reveal_type(cr.{name})\n" for name in names) + "cr.sotfmax\n")
    unknown = [names[int(line.split(":")[1]) - 2] for line in done.stdout.splitlines() if line.endswith('Revealed type is "Any"')]
    assert not unknown and 'has no attribute "sotfmax"' in done.stdout, (unknown, done.stdout[-300:])
