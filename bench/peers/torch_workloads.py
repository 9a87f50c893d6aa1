#!/usr/bin/python3
"""The workloads of `chainrule bench` in PyTorch, written as its users write them. Prints a JSON array.

    apt install python3-torch
    bench/peers/torch_workloads.py two-layer-net xor --threads 1 --seconds 1 --json

The time of a step is the median over blocks of steps, as in `chainrule bench`. Convolutions run channels-last, which is their
fastest layout here. Data are random, of the same shapes and dtypes: 60,000 images as bytes, from which batches are gathered.
"""

import timing

PARSER, OPTIONS = timing.parse_arguments(__doc__)

import torch  # noqa: E402  (after the environment is set)
import torch.nn.functional as F  # noqa: E402


class Images:
    """Sixty thousand images of random bytes, and class numbers."""

    def __init__(self, shape):
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randint(0, 256, (60000, *shape), dtype=torch.uint8, generator=generator)
        self.t = torch.randint(0, 10, (60000,), generator=generator)

    def batch(self, size):
        rows = torch.randint(0, 60000, (size,))
        return self.x[rows].float().mul_(1 / 255), self.t[rows]


def weight(*shape, inputs):
    return (torch.randn(*shape) * (2 / inputs) ** 0.5).requires_grad_()


def affine(inputs, outputs):
    return [weight(inputs, outputs, inputs=inputs), torch.zeros(outputs, requires_grad=True)]


def conv(inputs, outputs, kernel):
    w = weight(outputs, inputs, kernel, kernel, inputs=inputs * kernel * kernel)
    w = w.detach().to(memory_format=torch.channels_last).requires_grad_()
    return [w, torch.zeros(outputs, requires_grad=True)]


class Text:
    """A million numbers of symbols, cut into windows at any place."""

    def __init__(self):
        self.numbers = torch.randint(0, 65, (1000000,), generator=torch.Generator().manual_seed(1))

    def batch(self, size, length=64):
        rows = torch.randint(0, 1000000 - length, (size, 1)) + torch.arange(length + 1)
        windows = self.numbers[rows]
        return windows[:, :-1], windows[:, 1:]


def training(parameters, optimizer, loss, clip_norm=None):
    def step():
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
        optimizer.step()

    return step


def by_sgd(parameters, lr, loss):
    return training(parameters, torch.optim.SGD(parameters, lr=lr), loss)


def by_adam(parameters, loss):
    return training(parameters, torch.optim.Adam(parameters), loss)


def two_layer(p, x):
    return torch.addmm(p[3], torch.relu(torch.addmm(p[1], x, p[0])), p[2])


def two_layer_net():
    images, p = Images((784,)), affine(784, 50) + affine(50, 10)

    def loss():
        x, t = images.batch(100)
        return F.cross_entropy(two_layer(p, x), t)

    return by_sgd(p, 0.1, loss)


def inference(size):
    x, p = Images((784,)).batch(size)[0], affine(784, 50) + affine(50, 10)

    def step():
        with torch.inference_mode():
            two_layer(p, x)

    return step


def sigmoid_regression():
    p = [weight(1000, 100, inputs=1000), weight(100, 10, inputs=100)]
    x, t = torch.randn(64, 1000), torch.randn(64, 10)
    return by_sgd(p, 1e-5, lambda: ((torch.sigmoid(x @ p[0]) @ p[1] - t) ** 2).sum())


def wide_mlp():
    images, p = Images((784,)), affine(784, 1024) + affine(1024, 1024) + affine(1024, 10)

    def loss():
        x, t = images.batch(256)
        x = torch.relu(torch.addmm(p[1], x, p[0]))
        x = torch.relu(torch.addmm(p[3], x, p[2]))
        return F.cross_entropy(torch.addmm(p[5], x, p[4]), t)

    return by_sgd(p, 0.01, loss)


def image_batch(images, size):
    x, t = images.batch(size)
    return x.to(memory_format=torch.channels_last), t


def simple_conv_net():
    images, p = Images((1, 28, 28)), conv(1, 30, 5) + affine(4320, 100) + affine(100, 10)

    def loss():
        x, t = image_batch(images, 100)
        x = F.max_pool2d(torch.relu(F.conv2d(x, p[0], p[1])), 2).flatten(1)
        return F.cross_entropy(torch.addmm(p[5], torch.relu(torch.addmm(p[3], x, p[2])), p[4]), t)

    return by_adam(p, loss)


def deep_conv_net():
    images, channels, p = Images((1, 28, 28)), [1, 16, 16, 32, 32, 64, 64], []
    for i in range(6):
        p += conv(channels[i], channels[i + 1], 3)
    p += affine(1024, 50) + affine(50, 10)

    def loss():
        x, t = image_batch(images, 100)
        for i in range(6):
            x = torch.relu(F.conv2d(x, p[2 * i], p[2 * i + 1], padding=2 if i == 3 else 1))
            if i % 2 == 1:
                x = F.max_pool2d(x, 2)
        x = F.dropout(torch.relu(torch.addmm(p[13], x.flatten(1), p[12])))
        return F.cross_entropy(F.dropout(torch.addmm(p[15], x, p[14])), t)

    return by_adam(p, loss)


def lenet_bn():
    images, p = Images((1, 28, 28)), conv(1, 8, 5) + conv(8, 16, 5) + affine(256, 32) + affine(32, 10)
    norm = torch.nn.BatchNorm1d(32)
    p += norm.parameters()

    def loss():
        x, t = image_batch(images, 128)
        x = F.max_pool2d(torch.relu(F.conv2d(x, p[0], p[1])), 2)
        x = F.max_pool2d(torch.relu(F.conv2d(x, p[2], p[3])), 2).flatten(1)
        x = torch.relu(norm(torch.addmm(p[5], x, p[4])))
        return F.cross_entropy(torch.addmm(p[7], x, p[6]), t)

    return training(p, torch.optim.SGD(p, lr=0.01, momentum=0.9), loss)


def mlp_dropout_adam():
    images, p = Images((784,)), affine(784, 512) + affine(512, 512) + affine(512, 10)

    def loss():
        x, t = images.batch(128)
        x = F.dropout(torch.relu(torch.addmm(p[1], x, p[0])))
        x = F.dropout(torch.relu(torch.addmm(p[3], x, p[2])))
        return F.cross_entropy(torch.addmm(p[5], x, p[4]), t)

    return by_adam(p, loss)


def token_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def lstm_char():
    text = Text()
    embedding, lstm = torch.nn.Embedding(65, 64), torch.nn.LSTM(64, 128, batch_first=True)
    output = torch.nn.Linear(128, 65)
    p = [*embedding.parameters(), *lstm.parameters(), *output.parameters()]

    def loss():
        x, t = text.batch(32)
        return token_loss(output(lstm(embedding(x))[0]), t)

    return training(p, torch.optim.Adam(p, lr=0.002), loss)


def attention(q, k, v):
    """Causal; before PyTorch 2 there was no function for it."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    hidden = torch.ones(q.size(-2), q.size(-2), dtype=torch.bool).triu(1)
    scores = (q @ k.transpose(-1, -2) / q.size(-1) ** 0.5).masked_fill(hidden, -float("inf"))
    return scores.softmax(-1) @ v


class GptBlock(torch.nn.Module):
    """Causal attention of 4 heads, then a net at each step; each is added to what goes in, which is normalised."""

    def __init__(self, channels=128):
        super().__init__()
        self.norm1, self.norm2 = (torch.nn.Parameter(torch.ones(channels)) for _ in range(2))
        self.attend = torch.nn.Linear(channels, 3 * channels, bias=False)
        self.project = torch.nn.Linear(channels, channels, bias=False)
        self.expand = torch.nn.Linear(channels, 4 * channels, bias=False)
        self.shrink = torch.nn.Linear(4 * channels, channels, bias=False)

    def forward(self, x):
        count, steps, channels = x.shape
        normed = F.layer_norm(x, (channels,), self.norm1)
        q, k, v = (part.view(count, steps, 4, -1).transpose(1, 2) for part in self.attend(normed).split(channels, 2))
        said = attention(q, k, v)
        x = x + self.project(said.transpose(1, 2).reshape(count, steps, channels))
        return x + self.shrink(F.gelu(self.expand(F.layer_norm(x, (channels,), self.norm2))))


def gpt_char():
    text, embedding, places = Text(), torch.nn.Embedding(65, 128), torch.nn.Parameter(torch.randn(64, 128) * 0.02)
    torch.nn.init.normal_(embedding.weight, std=0.02)
    blocks, norm = torch.nn.Sequential(*(GptBlock() for _ in range(4))), torch.nn.Parameter(torch.ones(128))
    p = [*embedding.parameters(), places, *blocks.parameters(), norm]

    def loss():
        x, t = text.batch(12)
        y = F.layer_norm(blocks(embedding(x) + places), (128,), norm)
        return token_loss(F.linear(y, embedding.weight), t)

    return training(p, torch.optim.AdamW(p, lr=0.001, betas=(0.9, 0.99), weight_decay=0.1), loss, clip_norm=1)


def exclusive_or():
    p = affine(2, 3) + affine(3, 1)
    x, t = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([[0.0], [1], [1], [0]])

    def loss():
        hidden = torch.sigmoid(torch.addmm(p[1], x, p[0]))
        return F.mse_loss(torch.sigmoid(torch.addmm(p[3], hidden, p[2])), t)

    return by_sgd(p, 0.5, loss)


def scalar():
    def step():
        w, b = torch.tensor(3.0, requires_grad=True), torch.tensor(4.0, requires_grad=True)
        z = (w * 2 + b) * (b + 1)
        z.backward()
        return z.item() + w.grad.item() + b.grad.item()

    return step


WORKLOADS = {
    "two-layer-net": two_layer_net,
    "sigmoid-regression": sigmoid_regression,
    "simple-conv-net": simple_conv_net,
    "deep-conv-net": deep_conv_net,
    "lenet-bn": lenet_bn,
    "mlp-dropout-adam": mlp_dropout_adam,
    "lstm-char": lstm_char,
    "gpt-char": gpt_char,
    "wide-mlp": wide_mlp,
    "xor": exclusive_or,
    "scalar": scalar,
    "inference-1": lambda: inference(1),
    "inference-256": lambda: inference(256),
}


def main():
    torch.set_num_threads(OPTIONS.threads)
    torch.manual_seed(1)
    timing.report(OPTIONS, timing.chosen(PARSER, OPTIONS, WORKLOADS), lambda name: WORKLOADS[name]())


if __name__ == "__main__":
    main()
