"""Runs pytest on the given files; says that it skips, with exit code 77, where pytest or NumPy is not there."""
import sys

try:
    import numpy  # noqa: F401
    import pytest
except ImportError as missing:
    print(f"skipped: {missing}. scripts/install-deps.sh python installs it.")
    sys.exit(77)
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
