"""chainrule.book does what the programs of the book do."""
import chainrule.book as book
import numpy as np
import pytest


@pytest.fixture(scope="module")
def digits():
    return book.load_mnist(name="digits", one_hot_label=True)


def test_chapter_3_functions():
    a = np.array([0.3, 2.9, 4.0])
    np.testing.assert_allclose(book.softmax(a), [0.01821127, 0.24519181, 0.73659691], rtol=1e-6)  # the book's numbers
    np.testing.assert_allclose(book.sigmoid(np.array([-1.0, 1.0, 2.0])), [0.26894142, 0.73105858, 0.88079708], rtol=1e-7)
    assert book.step_function(np.array([-1.0, 1.0, 2.0])).tolist() == [0, 1, 1] and book.relu(np.array([-1.0, 2.0])).tolist() == [0, 2]


def test_chapter_4_losses_and_gradients():
    t = np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    y = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
    assert book.sum_squared_error(y, t) == pytest.approx(0.0975)           # the book's numbers
    assert book.cross_entropy_error(y, t) == pytest.approx(0.510825457099338)
    np.testing.assert_allclose(book.numerical_gradient(lambda x: (x ** 2).sum(), np.array([3.0, 4.0])), [6, 8])


def test_chapter_5_layers():
    apple, tax = book.MulLayer(), book.MulLayer()
    assert tax.forward(apple.forward(100, 2), 1.1) == pytest.approx(220)
    dprice, dtax = tax.backward(1)
    assert (*apple.backward(dprice), dtax) == pytest.approx((2.2, 110, 200))
    rng = np.random.default_rng(0)
    x, W, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    affine, loss = book.Affine(W, b), book.SoftmaxWithLoss()
    t = np.array([0, 1, 1, 0])
    loss.forward(affine.forward(x), t)
    dx = affine.backward(loss.backward())
    dy = (book.softmax(x @ W + b) - np.eye(2)[t]) / 4
    np.testing.assert_allclose(dx, dy @ W.T, rtol=1e-10)
    np.testing.assert_allclose(affine.dW, x.T @ dy, rtol=1e-10)
    np.testing.assert_allclose(affine.db, dy.sum(axis=0), rtol=1e-10)


def test_gradients_of_the_nets_are_right():
    np.random.seed(0)
    x, t = np.random.rand(3, 4), np.array([0, 1, 2])
    for net in (book.TwoLayerNet(4, 5, 3, 0.5), book.MultiLayerNet(4, [5, 4], 3, "sigmoid", weight_decay_lambda=0.1),
                book.MultiLayerNetExtend(4, [5], 3, use_batchnorm=True)):
        by_graph, by_differences = net.gradient(x, t), net.numerical_gradient(x, t)
        assert list(by_graph) == list(net.params)
        for name in by_graph:
            np.testing.assert_allclose(by_graph[name], by_differences[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_convolutional_nets():
    np.random.seed(0)
    x, t = np.random.rand(2, 1, 10, 10), np.array([0, 1])
    net = book.SimpleConvNet((1, 10, 10), {"filter_num": 3, "filter_size": 3, "pad": 0, "stride": 1}, 5, 3)
    by_graph, by_differences = net.gradient(x, t), net.numerical_gradient(x, t)
    for name in by_graph:
        np.testing.assert_allclose(by_graph[name], by_differences[name], atol=1e-6, err_msg=name)
    assert book.DeepConvNet().predict(np.random.rand(2, 1, 28, 28)).shape == (2, 10)


def test_im2col():
    x = np.random.rand(2, 3, 7, 7)
    col = book.im2col(x, 5, 5)
    assert col.shape == (18, 75)  # the book's
    np.testing.assert_allclose(col[0], x[0, :, :5, :5].ravel())
    ones = book.col2im(np.ones_like(col), x.shape, 5, 5)
    assert ones[0, 0, 0, 0] == 1 and ones[0, 0, 3, 3] == 9


@pytest.mark.parametrize("name", ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"])
def test_optimizers_go_downhill(name):
    optimizer = getattr(book, name)(lr=0.1)
    params = {"x": np.array(-7.0), "y": np.array(2.0)}  # chapter 6: x^2 / 20 + y^2
    for _ in range(100):
        optimizer.update(params, {"x": params["x"] / 10.0, "y": 2.0 * params["y"]})
    assert params["x"] ** 2 / 20 + params["y"] ** 2 < 0.9 * (49 / 20 + 4)


def test_the_program_of_chapter_4_learns(digits):
    (x_train, t_train), (x_test, t_test) = digits
    np.random.seed(1)
    network = book.TwoLayerNet(input_size=784, hidden_size=50, output_size=10)
    for _ in range(600):
        rows = np.random.choice(len(x_train), 100)
        grad = network.gradient(x_train[rows], t_train[rows])
        for key in ("W1", "b1", "W2", "b2"):
            network.params[key] -= 0.1 * grad[key]
    assert network.accuracy(x_test, t_test) > 0.85


def test_the_trainer_of_chapter_7(digits):
    (x_train, t_train), (x_test, t_test) = book.load_mnist(name="digits", flatten=False)
    np.random.seed(1)
    trainer = book.Trainer(book.SimpleConvNet(), x_train[:1000], t_train[:1000], x_test[:200], t_test[:200], epochs=2,
                           optimizer="Adam", optimizer_param={"lr": 0.002}, verbose=False)
    trainer.train()
    assert len(trainer.train_acc_list) == 2 and trainer.train_loss_list[-1] < trainer.train_loss_list[0]


def test_helpers_of_the_chapters():
    from chainrule.book import (AND, NAND, OR, XOR, conv_output_size, function_1, function_2, gradient_descent, numerical_diff,
                                numerical_gradient, numerical_gradient_2d, relu_grad, sigmoid, sigmoid_grad, softmax,
                                softmax_loss, tangent_line)
    assert [[f(a, b) for a in (0, 1) for b in (0, 1)] for f in (AND, NAND, OR, XOR)] == [
        [0, 0, 0, 1], [1, 1, 1, 0], [0, 1, 1, 1], [0, 1, 1, 0]]
    assert numerical_diff(function_1, 5) == pytest.approx(0.2) and numerical_diff(function_1, 10) == pytest.approx(0.3)
    np.testing.assert_allclose(numerical_gradient(function_2, np.array([3.0, 4.0])), [6, 8], rtol=1e-8)
    np.testing.assert_allclose(numerical_gradient_2d(function_2, np.array([[3.0, 4.0], [0.0, 2.0]])), [[6, 8], [0, 4]], atol=1e-8)
    assert tangent_line(function_1, 5)(6) == pytest.approx(0.75 + 0.2)
    assert abs(gradient_descent(function_2, np.array([-3.0, 4.0]), lr=0.1, step_num=100)).max() < 1e-8
    x = np.array([[-1.0, 0.5, 2.0]])
    np.testing.assert_allclose(sigmoid_grad(x), [numerical_diff(sigmoid, x[0])], rtol=1e-7)
    assert relu_grad(x).tolist() == [[0, 1, 1]] and conv_output_size(28, 5, stride=1, pad=2) == 28
    assert softmax_loss(x, np.array([2])) == pytest.approx(-np.log(softmax(x)[0, 2]), rel=1e-5)
