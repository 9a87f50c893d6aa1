"""Parts of nets and of tables, by place and by name; what a model and an evaluation give."""
import copy

import chainrule as cr
import numpy as np
import pytest
from chainrule import nn, train


def test_a_part_of_a_row_has_the_same_layers():
    net = nn.Sequential(nn.Affine(6), nn.Relu(), nn.Affine(2), nn.Relu(), nn.Affine(4))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("f")
    y = net.predict(x)
    code, rest, odd = net[:3], net[3:], net[::-2]
    np.testing.assert_array_equal(rest.predict(code.predict(x)), y)
    assert (len(code), len(rest), len(odd)) == (3, 2, 3) and odd[0].weight.shape == (2, 4) and isinstance(code, nn.Sequential)
    cr.fit(code, x, np.zeros((3, 2), "f"), epochs=3)
    assert not np.array_equal(net.predict(x), y)  # it was trained, too
    for wrong in ("a", 1.5):
        with pytest.raises(TypeError):
            net[wrong]
    with pytest.raises(IndexError):
        net[5]


def test_a_saved_net_of_several_inputs_predicts(tmp_path):
    rng = np.random.default_rng(0)
    source, target = rng.integers(0, 5, (3, 4)), rng.integers(0, 5, (3, 2))
    net = nn.Seq2Seq(5, 5, embedding=2, hidden=3)
    net.build(source, target)
    cr.save(tmp_path / "net.safetensors", net)
    model = cr.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(model.predict(source, target), net.predict(source, target))
    assert np.shape(model.classify(source, target)) == (3, 2)


def test_a_confusion_is_a_matrix():
    x = np.eye(3, dtype="f")[[0, 0, 1, 2]]
    found = train.evaluate(nn.Identity(), x, np.array([0, 1, 1, 2]), metrics=["confusion", "accuracy"])
    assert found["accuracy"] == 0.75
    np.testing.assert_array_equal(found["confusion"], [[1, 0, 0], [1, 1, 0], [0, 0, 1]])


def test_parameters_of_a_layer_are_attributes():
    layer = nn.Affine(2)
    layer.build(np.zeros((1, 3), "f"))
    assert np.asarray(layer.weight).shape == (3, 2) and layer.bias.shape == (2,)
    with pytest.raises(AttributeError, match="affine has no 'weigth'; its parameters: weight, bias"):
        layer.weigth
    with pytest.raises(AttributeError, match="relu has no 'weight'"):
        nn.Relu().weight
    assert not hasattr(layer, "compute") and copy.deepcopy(layer).weight.shape == (3, 2)


def test_rows_of_a_table_are_attributes():
    assert train.losses.huber is train.losses["huber"] and "ctc" in dir(train.losses)
    with pytest.raises(AttributeError, match="there is no 'hubber'; there are: softmax_cross_entropy, nll"):
        train.losses.hubber


@pytest.mark.parametrize("name, here", [
    ("ReLU", "nn.Relu"), ("LSTM", "nn.Lstm"), ("BatchNorm2d", "nn.BatchNorm"), ("InstanceNorm2d", "nn.InstanceNorm"),
    ("Conv2D", "nn.Conv2d"), ("Dense", "nn.Affine on rows"), ("CrossEntropyLoss", 'the loss "softmax_cross_entropy"')])
def test_names_of_other_libraries_are_told(name, here):
    with pytest.raises(AttributeError, match=f"module 'chainrule.nn' has no '{name}'; it is {here}"):
        getattr(nn, name)


def test_names_told_instead_are_there():
    assert not hasattr(nn, "Denze") and nn.Identity is getattr(nn, "Identity")
    for told in nn._elsewhere.values():
        for word in told.replace(",", "").split():
            assert not word.startswith("nn.") or hasattr(nn, word[3:]), told
