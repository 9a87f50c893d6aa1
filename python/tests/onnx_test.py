"""Nets in the format ONNX, where the build has it."""
import subprocess
import sys

import chainrule as cr
import numpy as np
import pytest
from chainrule import _core, nn

kHas = hasattr(_core, "_onnx_load")
needs_onnx = pytest.mark.skipif(not kHas, reason="this build has no ONNX: scripts/install-deps.sh onnx")


def test_a_build_without_onnx_says_so():
    program = "from chainrule import _core\nif hasattr(_core, '_onnx_load'): del _core._onnx_load\nfrom chainrule import onnx"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith("ImportError: this build of chainrule cannot read and write ONNX. Build it "
                                                   "where ONNX is installed"), done.stderr


@needs_onnx
def test_a_net_is_written_read_and_trained_on(tmp_path):
    from chainrule import onnx
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 5)).astype("f")
    t = x[:, :3].argmax(axis=1)
    net = nn.Sequential(nn.Affine(8), nn.BatchNorm(), nn.Relu(), nn.Affine(3))
    cr.fit(net, x, t, epochs=2)
    report = onnx.save(tmp_path / "net.onnx", net, x[:2], classes=["a", "b", "c"], fold=True, author="me")
    assert report.operations > 0 and report.parameters > 0 and report.largest_difference < 1e-5
    for model in (onnx.load(tmp_path / "net.onnx"), cr.load(tmp_path / "net.onnx")):
        np.testing.assert_allclose(model.predict(x), net.predict(x), rtol=1e-4, atol=1e-5)
        assert model.classes == ["a", "b", "c"] and model.notes["author"] == "me" and model.classify(x[:1])[0] in "abc"
    history = cr.fit(model.net, x, t, epochs=20, lr=0.01)
    assert history["loss"][-1] < history["loss"][0]
    onnx.save(tmp_path / "again.onnx", model.net)
    np.testing.assert_allclose(onnx.load(tmp_path / "again.onnx").predict(x), model.net.predict(x), rtol=1e-5, atol=1e-6)
    assert onnx.load(tmp_path / "net.onnx", in_f64=True).net.predict(x.astype("d")).dtype == np.float64


@needs_onnx
def test_a_function_is_exported(tmp_path):
    from chainrule import onnx
    x = np.random.default_rng(1).normal(size=(3, 4)).astype("f")
    assert onnx.export(tmp_path / "f.onnx", lambda a, b: cr.tanh(a @ b.T) * 2, x, x + 1).operations >= 2
    np.testing.assert_allclose(onnx.load(tmp_path / "f.onnx").net.predict(x, x + 1), np.tanh(x @ (x + 1).T) * 2, rtol=1e-5)


@needs_onnx
def test_what_cannot_be_read_or_written(tmp_path):
    from chainrule import onnx
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(OSError, match=r"Called from onnx_test\.py:\d+\. \(E500\)$"):
        onnx.load(tmp_path / "bad.onnx")
    with pytest.raises(OSError):
        onnx.load(tmp_path / "none.onnx")
    with pytest.raises(ValueError):
        onnx.save(tmp_path / "net.onnx", nn.Affine(3))  # it does not know its inputs
    assert not (tmp_path / "net.onnx").exists()
