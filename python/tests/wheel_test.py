"""The wheel, in a fresh environment; what importing costs."""
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import chainrule as cr
import pytest

kSource = Path(os.environ["CHAINRULE_SOURCE_DIR"])
kMissing = [name for name in ("pip", "setuptools", "wheel", "ensurepip") if importlib.util.find_spec(name) is None]


def clean():
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CHAINRULE_TOOL")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    if kMissing:
        pytest.skip(f"no wheel can be tried: Python lacks {', '.join(kMissing)}; scripts/install-deps.sh python, python3-venv")
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "setup.py", "LICENSE", "docs/python/README.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kSource / name, folder / name)
    shutil.copytree(kSource / "python" / "chainrule", folder / "python" / "chainrule")
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", ".", "--no-build-isolation", "--no-deps", "--no-index", "-w", "made"],
                          cwd=folder, capture_output=True, text=True,
                          env={**clean(), "CHAINRULE_PYTHON_BUILT": str(Path(cr.__file__).parent)})
    assert done.returncode == 0, done.stdout + done.stderr
    return next((folder / "made").glob("chainrule-*.whl"))


def test_the_wheel_works_in_a_fresh_environment(wheel, tmp_path):
    size = wheel.stat().st_size
    print(f"{wheel.name}: {size / 1e6:.1f} MB")
    assert size < 8e6  # 4 MB; twice of it were a mistake of the build
    venv.create(tmp_path / "env", system_site_packages=True, with_pip=True, symlinks=True)  # NumPy is the system's
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--no-index", "--no-deps", wheel], check=True, capture_output=True, env=clean())
    program = """
import chainrule as cr, numpy as np
from chainrule import nn
net = nn.mlp([4, 2])
history = cr.fit(net, np.ones((8, 3), "f"), np.arange(8) % 2, epochs=2)
cr.save("net.safetensors", net)
print(cr.__file__.startswith(__import__("sys").prefix), len(history["loss"]), cr.load("net.safetensors").predict(np.ones((1, 3), "f")).shape)
"""
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, cwd=tmp_path, env=clean())
    assert done.stdout == "True 2 (1, 2)\n", done.stdout + done.stderr


def test_importing_brings_nothing_but_numpy():
    program = """
import sys, time
import numpy
before, start = set(sys.modules), time.process_time()
import chainrule
seconds = time.process_time() - start
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(name for name in roots if name not in sys.stdlib_module_names and name != "chainrule"))
print(sorted(name for name in sys.modules if name.startswith("chainrule.") and name.partition(".")[2] in
             ("nn", "optim", "train", "plot", "sklearn", "book", "onnx", "array_api")))
print(seconds, file=sys.stderr)
"""
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in range(10)]
    seconds = min(float(run.stderr) for run in runs)
    print(f"import chainrule: {seconds * 1000:.0f} ms beyond NumPy")
    assert seconds < 0.1 and {run.stdout for run in runs} == {"[]\n[]\n"}
