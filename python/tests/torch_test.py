"""Gradients of random expressions, equal to PyTorch's."""
import chainrule as cr
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: scripts/install-deps.sh torch")

# The same function in both words: f(m, a, b), where m is the module.
kBoth = {
    "exp": lambda m, a, b: m.exp(a) * b, "log": lambda m, a, b: m.log(a + b), "tanh": lambda m, a, b: m.tanh(a * b) ** 2,
    "sigmoid": lambda m, a, b: m.sigmoid(a - b) * a, "softmax": lambda m, a, b: m.softmax(a * 2, -1) * b,
    "log_softmax": lambda m, a, b: m.log_softmax(a * b, -1) * a, "logsumexp": lambda m, a, b: m.logsumexp(a * b, -1) ** 2,
    "std": lambda m, a, b: (a / (b + 1)).std() * a, "prod": lambda m, a, b: (m.tanh(a) + b).prod() * a,
    "matmul": lambda m, a, b: a @ (b.T if b.ndim == 2 else b) * 2, "cumsum": lambda m, a, b: m.cumsum(a * b, -1) ** 2,
    "norm": lambda m, a, b: (((a - b) ** 2).sum() + 1) ** 0.5 * b, "maximum": lambda m, a, b: m.maximum(a, b) * a,
    "where": lambda m, a, b: m.where(a > b, a * a, b * 3), "clip": lambda m, a, b: m.clip(a * 3, 0.2, 0.8) * b,
    "sin": lambda m, a, b: m.sin(a) * m.cos(b) + m.arctan(a), "atan2": lambda m, a, b: m.atan2(a, b) * a,
    "power": lambda m, a, b: a ** b + b ** 3, "mean": lambda m, a, b: (a * b).mean() * m.exp(-a),
    "relu": lambda m, a, b: m.relu(a - 0.5) * b, "expand": lambda m, a, b: a[..., None] * b[..., None, :],
    "sort": lambda m, a, b: (m.sort(a)[0] if m is torch else m.sort(a)) * b, "max": lambda m, a, b: a.max() * b,
    "flip": lambda m, a, b: m.flip(a, (0,)) * b, "stack": lambda m, a, b: m.stack([a, a * b]) ** 2,
}


def test_there_are_enough():
    assert len(kBoth) == 25


@pytest.mark.parametrize("name", kBoth)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (5, 4), (4, 4)], ids=str)
def test_gradients_as_torch(name, shape):
    rng = np.random.default_rng(list(kBoth).index(name) * 10 + shape[0])
    a, b = rng.uniform(0.05, 0.95, shape), rng.uniform(0.05, 0.95, shape)
    weights = rng.normal(size=100)

    def f(module, a, b):
        y = kBoth[name](module, a, b).reshape(-1)
        return (y * (torch.tensor(weights[:len(y)]) if module is torch else weights[:len(y)])).sum()

    x, y = (torch.tensor(v, requires_grad=True) for v in (a, b))
    if name == "std":  # PyTorch's has another ddof
        value = lambda m, a, b: f(m, a, b) if m is cr else (  # noqa: E731
            ((((a / (b + 1)) - (a / (b + 1)).mean()) ** 2).mean() ** 0.5 * a).reshape(-1) * torch.tensor(weights[:a.numel()])).sum()
    else:
        value = f
    wanted = value(torch, x, y)
    wanted.backward()
    got, (gx, gy) = cr.value_and_grad(lambda a, b: value(cr, a, b), argnums=(0, 1))(a, b)
    np.testing.assert_allclose(got, wanted.item(), rtol=1e-12)
    for ours, theirs in ((gx, x.grad), (gy, y.grad)):
        np.testing.assert_allclose(ours, theirs.numpy() if theirs is not None else 0 * a, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("blank", [0, 3])
@pytest.mark.parametrize("padding", [-1, "blank"])
def test_ctc_by_name_is_that_of_torch(blank, padding):
    """Rows of 0 to 4 labels; of logits, and of log-probabilities."""
    rng = np.random.default_rng(blank)
    n, frames, classes, lengths = 12, 9, 5, np.arange(12) % 5
    x = rng.normal(size=(n, frames, classes))
    t = rng.choice([c for c in range(classes) if c != blank], (n, 4))
    t[np.arange(4) >= lengths[:, None]] = blank if padding == "blank" else padding
    loss = cr.train.losses.ctc(blank=blank)
    seen = torch.tensor(x, requires_grad=True)
    wanted = torch.nn.functional.ctc_loss(seen.log_softmax(2).transpose(0, 1), torch.tensor(np.maximum(t, 0)), torch.full((n,), frames),
                                          torch.tensor(lengths), blank=blank)
    wanted.backward()
    identity = cr.nn.Identity()
    for given in (x, np.asarray(cr.log_softmax(x))):
        assert cr.train.evaluate(identity, given, t, loss=loss)["loss"] == pytest.approx(wanted.item(), rel=1e-12)
    found = cr.grad(lambda z: cr.ctc(cr.log_softmax(z), t, blank=blank))(x)
    np.testing.assert_allclose(found, seen.grad.numpy(), atol=1e-12)
