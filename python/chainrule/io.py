"""Files of tensors: .safetensors, .npy and .npz, as NumPy and other programs read them."""
from typing import Dict, Optional

from . import _core
from ._convert import path_of
from ._core import Tensor


def read_safetensors(path) -> Dict[str, Tensor]:
    """The tensors of a file by name."""
    return _core._read_safetensors(path_of(path))[0]


def read_metadata(path) -> Dict[str, str]:
    """The texts of a .safetensors file by name."""
    return _core._read_safetensors(path_of(path))[1]


def write_safetensors(path, tensors: dict, metadata: Optional[Dict[str, str]] = None, half: bool = False) -> None:
    """Writes tensors by name; with `half`, float32 as float16."""
    _core._write_safetensors(path_of(path), tensors, metadata or {}, half)


def read_npy(path) -> Tensor:
    return _core._read_npy(path_of(path))


def write_npy(path, tensor) -> None:
    _core._write_npy(path_of(path), tensor)


def read_npz(path) -> Dict[str, Tensor]:
    """The arrays of an archive by name."""
    return _core._read_npz(path_of(path))


def write_npz(path, tensors: dict, compressed: bool = False) -> None:
    _core._write_npz(path_of(path), tensors, compressed)
