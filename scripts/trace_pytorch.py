"""Writes what a PyTorch training computes as a trace that `chainrule diff RUN trace.npz` reads (docs/tool.md):

    trace = Trace(model, names={"0": "affine1", "2": "affine2"})
    for step in range(3):
        with trace.step(step):
            loss = loss_of(model(x[step]), t[step])
            optimizer.zero_grad()
            loss.backward()
            trace.loss(loss)
        optimizer.step()
    trace.save("trace.npz")

`names` gives modules the paths that Chainrule's layers have (`chainrule graph` shows them); others keep their own.
Weights of linear layers and of recurrent ones are transposed, as Chainrule has them. Needs torch and numpy.
"""

import contextlib

import numpy
import torch

# Names of parameters and buffers that differ, by the class of the module.
RENAMED = {
    "BatchNorm1d": {"weight": "scale", "bias": "shift", "running_mean": "mean", "running_var": "variance"},
    "BatchNorm2d": {"weight": "scale", "bias": "shift", "running_mean": "mean", "running_var": "variance"},
    "LayerNorm": {"weight": "scale", "bias": "shift"},
    "GroupNorm": {"weight": "scale", "bias": "shift"},
}
TRANSPOSED = (torch.nn.Linear,)


class Trace:
    def __init__(self, model, names=None):
        self.model, self.names, self.arrays = model, names or {}, {}

    def path(self, module):
        return self.names.get(module, module)

    @contextlib.contextmanager
    def step(self, number):
        """All that happens inside is step `number`: one forward and one backward pass."""
        self.prefix, runs, hooks = f"step{number}/", {}, []

        def add_hook(name):
            def hook(_, __, output):
                output = output[0] if isinstance(output, tuple) else output
                runs[name] = runs.get(name, 0) + 1
                key = self.path(name) + (f"#{runs[name]}" if runs[name] > 1 else "")
                self.put(key, output)
                if output.requires_grad:
                    output.register_hook(lambda gradient: self.put(key + ".grad", gradient))

            return hook

        for name, module in self.model.named_modules():
            if name and not list(module.children()):
                hooks.append(module.register_forward_hook(add_hook(name)))
        for key, tensor, _ in self.variables():
            self.put(key, tensor)
        try:
            yield self
        finally:
            for hook in hooks:
                hook.remove()
        for key, tensor, transposed in self.variables():
            source = self.sources[key]
            if getattr(source, "grad", None) is not None:
                self.put(key + ".grad", source.grad.t() if transposed else source.grad)

    def variables(self):
        """Parameters and buffers as (name in Chainrule, tensor, whether it is transposed)."""
        self.sources, found = {}, []
        for name, module in self.model.named_modules():
            own = list(module.named_parameters(recurse=False)) + list(module.named_buffers(recurse=False))
            renamed = RENAMED.get(type(module).__name__, {})
            for key, tensor in own:
                if key == "num_batches_tracked":
                    continue
                path = f"{self.path(name)}.{renamed.get(key, key)}".lstrip(".")
                transposed = isinstance(module, TRANSPOSED) and tensor.dim() == 2
                self.sources[path] = tensor
                found.append((path, tensor.t() if transposed else tensor, transposed))
        return found

    def loss(self, value):
        self.put("loss", value)

    def put(self, name, tensor):
        self.arrays[self.prefix + name] = tensor.detach().cpu().contiguous().numpy().copy()

    def save(self, path):
        numpy.savez(path, **self.arrays)
