"""Builds the package's core with CMake; everything else stands in pyproject.toml."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

root = Path(__file__).resolve().parent


class Build(build_ext):
    """The module and the files that are made with it, from build/python, where `make python` builds, too: without ONNX,
    so that it needs NumPy alone."""

    def run(self):
        built = os.environ.get("CHAINRULE_PYTHON_BUILT")  # a package that is built already
        folder = Path(built) if built else root / "build" / "python" / "chainrule"
        if not built:
            flags = os.environ.get("CMAKE_FLAGS", "").split()
            jobs = os.environ.get("JOBS", str(os.cpu_count()))
            subprocess.check_call(["cmake", "--preset", "python", f"-DPython3_EXECUTABLE={sys.executable}",
                                   "-DCHAINRULE_ONNX=OFF", *flags], cwd=root)
            subprocess.check_call(["cmake", "--build", "--preset", "python", "-j", jobs, "--target", "python_package"],
                                  cwd=root)
        package = Path(self.build_lib) / "chainrule" if not self.inplace else root / "python" / "chainrule"
        package.mkdir(parents=True, exist_ok=True)
        for pattern in ("_core*.so", "_results.py", "_functions.pyi"):
            for file in folder.glob(pattern):
                shutil.copy(file, package)


setup(ext_modules=[Extension("chainrule._core", [])], cmdclass={"build_ext": Build})
