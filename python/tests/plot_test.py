"""Pictures: by matplotlib where it is installed, and without."""
import chainrule as cr
import numpy as np
import pytest
from chainrule import nn, plot, train

kPictures = {
    "lines": lambda: plot.lines({"loss": [3, 1, 0.5], "other": ([1, 2], [2, None])}, title="t", logarithmic=True, style="dots"),
    "curves": lambda: plot.curves({"epoch": [1, 2], "loss": [2, 1], "validation.loss": [2, None], "validation.accuracy": [0.1, 0.9],
                                   "step": [1, 2], "lr": [1, 1], "seconds": [1, 2]}),
    "histogram": lambda: plot.histogram(np.random.default_rng(0).normal(size=100), "h"),
    "confusion": lambda: plot.confusion([0, 1, 1], [0, 1, 0], names=["no", "yes"]),
    "images": lambda: plot.images(np.random.default_rng(0).uniform(size=(3, 1, 8, 8)), captions="abc", title="i"),
    "history": lambda: cr.fit(nn.Affine(1), np.ones((8, 2), "f"), np.ones((8, 1), "f"), epochs=2, validation=0.5).plot(),
    "rates": lambda: train.LrCurve([0.1, 1.0], [2.0, 1.0], [2.0, 1.0], 0.1).plot(),
}


@pytest.mark.parametrize("name", kPictures)
@pytest.mark.parametrize("installed", [True, False])
def test_pictures(name, installed, monkeypatch, tmp_path):
    if installed:
        pytest.importorskip("matplotlib")
    else:
        monkeypatch.setattr(plot, "find_spec", lambda module: None)
    picture = kPictures[name]()
    assert picture.svg.startswith("<svg") and picture._repr_html_().startswith("<svg") and repr(picture).startswith("<picture")
    assert (picture.figure is not None) == installed
    picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().rstrip().endswith("</svg>")
    if installed:
        picture.figure.axes[0].set_title("changed") if picture.figure.axes else None
        picture.save(tmp_path / "a.png")
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    else:
        with pytest.raises(ValueError, match=r"without matplotlib pictures are \.svg"):
            picture.save(tmp_path / "a.png")
