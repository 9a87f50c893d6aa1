"""Sequences: texts as numbers, nets that write, where they look, and the loss of labels without places."""
import itertools

import chainrule as cr
import numpy as np
import pytest
from chainrule import data, explain, nn

kText = "the quick brown fox jumps over the lazy dog. " * 20


def test_an_alphabet_and_back():
    alphabet = data.Alphabet.of("b\u00e9ba")
    assert alphabet.symbols == ["a", "b", "\u00e9"] and len(alphabet) == 3 and repr(alphabet) == "Alphabet('ab\u00e9')"
    assert alphabet.encode("\u00e9a") == [2, 0] and alphabet.decode(np.array([2, 0])) == "\u00e9a"
    assert data.Alphabet("ab\u00e9").symbols == data.Alphabet(alphabet.symbols).symbols
    for call, error, message in [
            (lambda: alphabet.encode("ax"), ValueError, "E294"), (lambda: alphabet.decode([3]), ValueError, "E295"),
            (lambda: data.Alphabet("aa"), ValueError, "E296"), (lambda: data.Alphabet(3), TypeError, "symbols must be a text"),
            (lambda: data.windows("ab", alphabet, 16), ValueError, "E297"),
            (lambda: data.windows("ab", "ab", 1), TypeError, "alphabet must be an Alphabet, not str")]:
        with pytest.raises(error, match=message):
            call()


def test_rows_of_a_text():
    alphabet = data.Alphabet.of("abcdef")
    x, t = data.windows("abcdef", alphabet, 3, stride=2)
    assert x.tolist() == [[0, 1, 2], [2, 3, 4]] and t.tolist() == [[1, 2, 3], [3, 4, 5]]
    x, t = data.lines("ab\nb\n", data.Alphabet.of("ab\n"))
    assert x.tolist() == [[0, 1, 2], [0, 2, 0]] and t.tolist() == [[1, 2, 0], [2, 0, -1]]


@pytest.fixture(scope="module")
def written():
    alphabet = data.Alphabet.of(kText)
    x, t = data.windows(kText, alphabet, 16)
    net = nn.CharGpt(vocabulary=len(alphabet), block=16, layers=1, heads=2, channels=32)
    cr.fit(net, x, t, loss="softmax_cross_entropy(class_axis=-1)", epochs=4, lr=0.003)
    return alphabet, net, x


def test_a_net_goes_on_with_a_text(written, tmp_path):
    alphabet, net, _ = written
    ids = nn.generate(net, alphabet.encode("the quick"), 30, temperature=0)
    assert alphabet.decode(ids) == kText[9:39]
    assert nn.generate(net, alphabet.encode("the"), 20, seed=5) == nn.generate(net, alphabet.encode("the"), 20, seed=5)
    stopped = nn.generate(net, alphabet.encode("lazy"), 30, temperature=0, stop=alphabet.encode(".")[0])
    assert alphabet.decode(stopped) == " dog."
    cr.save(tmp_path / "text.safetensors", net, alphabet.symbols)
    model = cr.load(tmp_path / "text.safetensors")
    again = data.Alphabet(model.classes)
    assert nn.generate(model.net, again.encode("the quick"), 30, temperature=0) == ids
    for call, error, message in [
            (lambda: nn.generate(net, [], 3), ValueError, "E448"), (lambda: nn.generate(net, [1], -3), ValueError, "count is -3"),
            (lambda: nn.generate(net, "the", 3), TypeError, "ids must be numbers, not str"),
            (lambda: nn.generate(net, [1], 3, temperature=-1), ValueError, "E228"),
            (lambda: nn.generate(nn.Affine(3), [1], 3), cr.ShapeError, "E450")]:
        with pytest.raises(error, match=message):
            call()


def test_where_a_net_looks(written):
    _, net, x = written
    ((path, weights),) = explain.attention(net, x[:3])
    assert path == "block1.attention" and weights.shape == (3, 2, 16, 16)
    np.testing.assert_allclose(np.asarray(weights).sum(axis=-1), np.ones((3, 2, 16)), rtol=1e-5)
    assert not np.triu(np.asarray(weights)[0, 0], 1).any()  # it sees what came before
    with pytest.raises(ValueError, match="E378"):
        explain.attention(nn.Affine(2), np.ones((1, 3)))


def test_a_seq2seq_writes():
    rng = np.random.default_rng(0)
    source = rng.integers(1, 5, (300, 4))
    t = source[:, ::-1]
    target = np.concatenate([np.zeros((300, 1), np.int64), t[:, :-1]], axis=1)
    net = nn.Seq2Seq(5, 5, embedding=8, hidden=32, peeky=True)
    cr.fit(net, (source, target), t, loss="softmax_cross_entropy(class_axis=-1)", epochs=15, lr=0.02)
    written = nn.write_greedily(net, source, 0, 4)
    assert written.shape == (300, 4) and (written == t).mean() > 0.9
    np.testing.assert_array_equal(written, np.asarray(net.predict(source, np.concatenate([target[:, :1], written[:, :-1]], axis=1)))
                                  .argmax(axis=2))
    with pytest.raises(TypeError, match="net must be a Seq2Seq, not"):
        nn.write_greedily(nn.Affine(2), source, 0, 4)


def collapsed(path, blank):
    """What frames say: labels that are held count once, blanks not at all."""
    return [label for label, _ in itertools.groupby(path) if label != blank]


def test_ctc_is_the_sum_over_all_alignments():
    logits = np.random.default_rng(0).normal(size=(2, 4, 3))
    log_probs = np.asarray(cr.log_softmax(logits))
    targets, lengths = np.array([[1, 2], [2, 0]]), [2, 1]
    wanted = []
    for row, (labels, count) in enumerate(zip(targets, lengths)):
        paths = [p for p in itertools.product(range(3), repeat=4) if collapsed(p, 0) == list(labels[:count])]
        wanted.append(-np.log(sum(np.exp(sum(log_probs[row, frame, label] for frame, label in enumerate(p))) for p in paths)))
    found = cr.ctc(log_probs, targets, "none", target_lengths=lengths)
    np.testing.assert_allclose(found, wanted, rtol=1e-10)
    np.testing.assert_allclose(cr.ctc(log_probs, targets, target_lengths=lengths), np.mean(np.array(wanted) / lengths))
    report = cr.grad_check(lambda z: cr.ctc(cr.log_softmax(z), targets, target_lengths=lengths), logits)
    assert report.ok
    for wrong, error in [(dict(targets=targets[:1]), "E153"), (dict(targets=targets * 5), "E154"), (dict(blank=7), "E154"),
                         (dict(target_lengths=[1, 2, 3]), "E153"), (dict(input_lengths=[9, 9]), "E154")]:
        with pytest.raises((cr.ShapeError, cr.ValueError), match=error):
            cr.ctc(**{**dict(log_probs=log_probs, targets=targets, target_lengths=[2, 1]), **wrong})


def test_a_net_learns_labels_without_places():
    """Of 12 frames, three labels, each held for some; the net is to say which, not where."""
    rng = np.random.default_rng(1)
    t = rng.integers(1, 4, size=(200, 3))
    frames = np.repeat(t, 4, axis=1)
    x = np.eye(4, dtype=np.float32)[frames] + 0.1 * rng.normal(size=(200, 12, 4)).astype("f")
    net = nn.Sequential(nn.Gru(16), nn.Linear(4))
    history = cr.fit(net, x, t, loss="ctc", epochs=30, lr=0.01, validation=(x[:20], t[:20]))
    assert history["loss"][-1] < history["loss"][0] / 3
    t[::2, 2] = -1  # of some rows two labels, and silence behind them
    x[::2, 8:] = np.eye(4, dtype=np.float32)[0]
    history = cr.fit(net, x, t, loss="ctc", epochs=10, lr=0.01)
    assert history["loss"][-1] < 0.3


def test_gradients_of_a_net_are_checked():
    x, t = np.random.default_rng(0).normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2])
    net = nn.Sequential(nn.Affine(5), nn.Tanh(), nn.Affine(3))
    net.build(x, dtype="float64")
    found = explain.check(net, lambda: cr.softmax_cross_entropy(net(x), t))
    assert found.ok and [each.path for each in found.parameters] == list(net.parameters())
    assert all(each.compared > 1 and each.relative_error < 1e-5 for each in found.parameters)

    @cr.custom_gradient
    def wrong(y):
        return cr.tanh(y)

    wrong.gradient(lambda dy, out, y: dy * 2)

    bad = explain.check(net, lambda: cr.mse(wrong(net(x)), np.zeros((6, 3))), elements=3)
    assert not bad.ok and "custom_gradient" in bad.culprit, bad
    with pytest.raises(ValueError, match="E386"):
        explain.check(single(x), lambda: cr.tensor(0.0))
    with pytest.raises(ZeroDivisionError):
        explain.check(net, lambda: 1 / 0)


def single(x):
    net = nn.Affine(2)
    net.build(x.astype("float32"))
    return net


def test_names_of_pytorch():
    """Linear has its weight the other way about; layers in a row have numbers."""
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("f")
    net = nn.Sequential(nn.Affine(3), nn.BatchNorm(), nn.Relu(), nn.Affine(2))
    net.build(x)
    state = {name: np.array(each) for name, each in net.state_dict().items()}
    assert state["0.weight"].shape == (3, 4) and {"1.running_mean", "3.bias"} <= set(state)
    np.testing.assert_array_equal(state["0.weight"].T, net.parameter("affine1.weight").value)
    other = nn.Sequential(nn.Affine(3), nn.BatchNorm(), nn.Relu(), nn.Affine(2))
    other.build(x, seed=5)
    other.load_state_dict(state)
    np.testing.assert_array_equal(other.predict(x), net.predict(x))
    with pytest.raises(ValueError, match="E575"):
        other.load_state_dict({"0.weight": state["0.weight"]})
