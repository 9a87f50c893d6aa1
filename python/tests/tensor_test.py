"""chainrule.Tensor against NumPy."""
import copy
import gc
import operator
import pickle
import weakref

import chainrule as cr
import numpy as np
import pytest

kDtypes = ["float32", "float64", "int64", "uint8", "bool"]


@pytest.mark.parametrize("dtype", kDtypes)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_comes_and_goes_without_a_change(dtype, shape):
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    x = cr.tensor(array)
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes) == (shape, array.dtype, array.ndim, array.size, array.nbytes)
    for back in (np.asarray(x), x.numpy(), np.array(memoryview(x)), np.asarray(cr.from_dlpack(x))):
        assert back.dtype == array.dtype and back.shape == shape
        np.testing.assert_array_equal(back, array)
    again = pickle.loads(pickle.dumps(x))
    np.testing.assert_array_equal(again, array)
    assert again.dtype == x.dtype


@pytest.mark.parametrize("given, dtype", [(1, "int64"), (1.5, "float32"), (True, "bool"), ([1, 2], "int64"),
                                          ([1.0, 2], "float32"), ([[True]], "bool"), ([], "float32"),
                                          (np.int32(3), "int64"), (np.float64(3), "float32"),
                                          (np.ones(2, np.float16), "float16"), (np.ones(2, np.int32), "int32"),
                                          (np.ones(2, np.int8), "int64"), (np.ones(2, np.uint32), "int64"),
                                          (np.ones(2, ">f8"), "float64"), (np.ones(2, ">f2"), "float16"),
                                          (np.ones(2, ">i4"), "int32")])
def test_dtype_of_what_is_given(given, dtype):
    assert cr.tensor(given).dtype == np.dtype(dtype)
    assert cr.tensor(given, dtype=np.float64).dtype == np.float64


def test_a_dtype_without_counterpart_is_a_type_error():
    for bad in (np.ones(2, complex), np.array(["a"]), np.array([object()]), np.array([2**63], np.uint64), [[1], [1, 2]]):
        with pytest.raises(TypeError) as error:
            cr.tensor(bad)
        assert isinstance(error.value, cr.Error) and error.value.code == 554
    with pytest.raises(TypeError) as error:
        cr.tensor(np.ones(2, complex))
    line = error.traceback[0].lineno + 1
    assert str(error.value) == ("[tensor] complex128 has no counterpart. Need float16 to float64, integers up to 64 bits, or "
                                f"bool. Called from tensor_test.py:{line}. (E554)")
    with pytest.raises(cr.DTypeError, match=r"^\[dtype\] complex64 is none that Chainrule has\. Need float16, bfloat16, "
                                            r"float32, float64, int32, int64, uint8 or bool\. Called from tensor_test\.py:\d+\. \(E553\)$"):
        cr.zeros(3, dtype="complex64")


def test_dtypes_that_are_only_kept():
    x = cr.tensor(np.array([0.1, 65504], np.float16))
    assert x.dtype == cr.float16 and np.asarray(x).dtype == np.float16
    assert (x + x).dtype == np.float32 and x[0].dtype == np.float16 and float(x[1]) == 65504
    assert repr(cr.tensor([1, 2], dtype="bf16")) == "tensor([1., 2.], dtype=bfloat16)"
    n = cr.tensor(np.array([2, 0], np.int32))
    assert n.dtype == cr.int32 and (n + 1).dtype == np.int64 and n[0].item() == 2
    np.testing.assert_array_equal(cr.arange(3)[n], [2, 0])
    np.testing.assert_array_equal(cr.from_dlpack(np.arange(6, dtype=np.int32).reshape(2, 3).T), [[0, 3], [1, 4], [2, 5]])
    b = x.astype("bfloat16")
    assert b.dtype == "bfloat16" and b.dtype == cr.bfloat16 and b.tolist() == [0.10009765625, 65536]
    with pytest.raises(BufferError, match="astype"):
        memoryview(b)
    for each in (x, n, b):
        again = pickle.loads(pickle.dumps(each))
        assert again.dtype == each.dtype and again.tolist() == each.tolist()


def test_noncontiguous_arrays():
    array = np.arange(24.0).reshape(4, 6)
    for view in (array.T, array[::2, ::-1], array[:, 1], np.broadcast_to(array[0], (3, 6))):
        np.testing.assert_array_equal(cr.tensor(view), view)


def test_sharing_makes_no_copy_and_cannot_be_written():
    x = cr.ones(1000)
    a, b = np.asarray(x), np.from_dlpack(x)
    assert a.ctypes.data == b.ctypes.data == np.asarray(x, copy=None).ctypes.data if np.__version__ >= "2" else True
    assert a.ctypes.data == x.numpy().ctypes.data
    with pytest.raises(ValueError):
        a[0] = 2
    address = a.ctypes.data
    del x, b
    gc.collect()
    assert a.ctypes.data == address and a[999] == 1  # the array keeps the memory
    made = x2 = cr.ones(3).__array__(np.float64, copy=True)
    made[0] = 5
    assert x2[0] == 5
    with pytest.raises(ValueError):
        cr.ones(3).__array__(np.float64, copy=False)


def test_dlpack_both_ways():
    x = cr.tensor(np.arange(6.0).reshape(2, 3))
    assert x.__dlpack_device__() == (1, 0)
    for version in (None, (0, 8), (1, 1)):
        np.testing.assert_array_equal(cr.Tensor._of_capsule(x.__dlpack__(max_version=version)), x)
    with pytest.raises(BufferError):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(TypeError):
        x.__dlpack__(stream=1)
    np.testing.assert_array_equal(cr.from_dlpack(np.arange(6.0).reshape(2, 3).T), np.arange(6.0).reshape(2, 3).T)
    capsule = x.__dlpack__()
    cr.Tensor._of_capsule(capsule)
    with pytest.raises(TypeError):
        cr.Tensor._of_capsule(capsule)  # used
    del capsule
    for _ in range(1000):
        x.__dlpack__()  # freed by its capsule


def test_dlpack_with_torch():
    torch = pytest.importorskip("torch")
    x = cr.tensor([1.0, 2.0])
    np.testing.assert_array_equal(torch.from_dlpack(x).numpy(), [1, 2])
    np.testing.assert_array_equal(cr.from_dlpack(torch.tensor([3.0])), [3])


kKeys = [0, -1, (1, 2), (1, 2, 3), slice(None, None, -1), slice(-1, 0, -2), (slice(1, 1), 0), ..., (..., 0), (0, ..., 1),
         (slice(None), None, 1), None, ([0, 1], [1, 2]), (slice(None), [0, 2]), (0, slice(None), [1, 1]),
         ([[0, 1]], slice(None), [[1], [2]]), (slice(None), [0, 1], [1, 2]), ([0, 1], 1, [1, 2]), np.array([1, 0, -1]),
         (slice(None), np.array([[0, 2], [1, -1]])), ([],), (1, []), (slice(5, None, 2), slice(-100, 100))]


@pytest.mark.parametrize("key", kKeys, ids=str)
def test_indexing_as_numpy(key):
    array = np.arange(24.0).reshape(2, 3, 4)
    empty = np.array([], int)  # NumPy takes an empty list for one of floats
    parts = key if isinstance(key, tuple) else (key,)
    key_of_array = tuple(empty if isinstance(each, list) and each == [] else each for each in parts)
    np.testing.assert_array_equal(cr.tensor(array)[key], array[key_of_array])


def test_masks_and_tensors_as_indices():
    array = np.arange(24.0).reshape(2, 3, 4)
    x = cr.tensor(array)
    for mask in (array > 5, array[..., 0] > 3, np.array([True, False])):
        np.testing.assert_array_equal(x[mask], array[mask])
        np.testing.assert_array_equal(x[cr.tensor(mask)], array[mask])
    np.testing.assert_array_equal(x[:, array[0] > 5], array[:, array[0] > 5])
    np.testing.assert_array_equal(x[x > 7], array[array > 7])
    assert x[cr.tensor(1), cr.tensor(2), 3].item() == 23
    np.testing.assert_array_equal(cr.grad(lambda x: (x[[0, 1, 1], [0, 2, 2]] ** 2).sum())(x)[1, 2], 4 * array[1, 2])


def test_wrong_indices_are_index_errors():
    x = cr.ones((2, 3))
    for key, code, text in [
        (5, 27, None),
        ((0, 0, 0), 550, r"[index] too many indices for shape (2, 3). Need at most one an axis. Called from "
                         r"tensor_test.py:%d. (E550)"),
        (np.array([True] * 3), 551, r"[index] a mask of shape (3,) at axis 0 of shape (2, 3). Need the same sizes. "
                                    r"Called from tensor_test.py:%d. (E551)"),
        (([0, 1], [0, 3]), 552, r"[index] index 3 is out of range for axis 1 of size 3. Need -3 to 2. Called from "
                                r"tensor_test.py:%d. (E552)"),
    ]:
        with pytest.raises(IndexError) as error:
            x[key]
        assert error.value.code == code and isinstance(error.value, cr.Error)
        if text is not None:
            assert str(error.value) == text % error.traceback[0].lineno.__add__(1)
    with pytest.raises(IndexError):
        x[np.array([7])].numpy()
    with pytest.raises(TypeError):
        x[1.0]
    with pytest.raises(TypeError):
        x["a"]
    with pytest.raises(TypeError):
        x[0] = 1


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
                                operator.mod, operator.pow, operator.lt, operator.le, operator.gt, operator.ge,
                                operator.eq, operator.ne, divmod], ids=lambda f: f.__name__)
def test_operators_as_numpy(op):
    a, b = np.array([1.5, -2, 3]), np.array([[2.0], [0.5]])
    x, y = cr.tensor(a), cr.tensor(b)
    a = abs(a) if op is operator.pow else a
    x = abs(x) if op is operator.pow else x
    for got, wanted in [(op(x, y), op(a, b)), (op(x, b), op(a, b)), (op(a, y), op(a, b)), (op(x, 2), op(a, 2)),
                        (op(2, x), op(2, a)), (op(x, np.float32(2)), op(a, 2.0)), (op(x, [1.0, 2, 3]), op(a, [1.0, 2, 3]))]:
        np.testing.assert_allclose(np.asarray(got[0] if op is divmod else got), wanted[0] if op is divmod else wanted,
                                   rtol=1e-12)


def test_numbers_take_the_dtype_beside_them():
    x = cr.ones(2)
    for other in (2, 2.5, True, np.float64(2), np.int64(2)):
        assert (x * other).dtype == (other * x).dtype == np.float32
    assert (x * np.ones(2)).dtype == (np.ones(2) * x).dtype == np.float64
    assert (cr.tensor([1, 2]) * 2.5).dtype == np.float64


def test_logic_of_booleans():
    a, b = np.array([True, True, False]), np.array([True, False, False])
    x, y = cr.tensor(a), cr.tensor(b)
    for op in (operator.and_, operator.or_, operator.xor):
        np.testing.assert_array_equal(op(x, y), op(a, b))
    np.testing.assert_array_equal(~x, ~a)
    with pytest.raises(TypeError):
        cr.tensor([1, 2]) & 1


def test_what_only_one_element_can():
    assert float(cr.tensor(2.5)) == 2.5 and int(cr.tensor([[3]])) == 3 and bool(cr.tensor([1.0])) is True
    assert [10, 20][cr.tensor(1)] == 20 and cr.tensor(2**53 + 1).item() == 2**53 + 1 and cr.tensor(True).item() is True
    assert f"{cr.tensor(1.5):.3f}" == "1.500"
    for f, error in ((float, TypeError), (int, TypeError), (bool, ValueError)):
        with pytest.raises(error):
            f(cr.ones(2))
    with pytest.raises(ValueError, match="E019"):
        cr.ones(2).item()
    assert cr.ones((2, 3)).item(1, 2) == 1


def test_as_a_sequence():
    x = cr.tensor([[1, 2], [3, 4]])
    assert len(x) == 2 and [row.tolist() for row in x] == [[1, 2], [3, 4]] and x.tolist() == [[1, 2], [3, 4]]
    for broken in (len, iter):
        with pytest.raises(TypeError):
            broken(cr.tensor(1))
    assert x != None and not x == None  # noqa: E711
    assert {x: 1}[x] == 1 and copy.copy(x) is x and copy.deepcopy(x).tolist() == x.tolist()


def test_text():
    assert repr(cr.tensor([1.0, 2.5])) == "tensor([1. , 2.5])"
    assert repr(cr.tensor([[1, 2], [3, 4]])) == "tensor([[1, 2],\n        [3, 4]])"
    assert repr(cr.tensor(np.ones(2))) == "tensor([1., 1.], dtype=float64)" and str(cr.tensor([1, 2])) == "[1 2]"
    assert repr(cr.zeros((0, 2))) == "tensor([], shape=(0, 2), dtype=float32)"
    assert "<td>1</td>" in cr.tensor([1.0])._repr_html_() and "&lt;" not in cr.tensor([1.0])._repr_html_()


def test_methods_as_numpy():
    array = np.random.default_rng(1).normal(size=(2, 3, 4))
    x = cr.tensor(array)
    for name, arguments in [("sum", {}), ("mean", {"axis": 1}), ("max", {"axis": (0, 2), "keepdims": True}), ("argmax", {}),
                            ("argmin", {"axis": -1}), ("std", {"ddof": 1}), ("var", {}), ("cumsum", {}), ("prod", {"axis": 0}),
                            ("ravel", {}), ("flatten", {}), ("squeeze", {}), ("round", {"decimals": 2}),
                            ("swapaxes", None), ("any", {}), ("all", {"axis": 0})]:
        got, wanted = ((x.swapaxes(0, 2), array.swapaxes(0, 2)) if arguments is None
                       else (getattr(x, name)(**arguments), getattr(array, name)(**arguments)))
        np.testing.assert_allclose(got, wanted, rtol=1e-12, err_msg=name)
    np.testing.assert_array_equal(x.reshape(6, -1), array.reshape(6, -1))
    np.testing.assert_array_equal(x.reshape((4, 6)), array.reshape(4, 6))
    np.testing.assert_array_equal(x.transpose(2, 0, 1), array.transpose(2, 0, 1))
    np.testing.assert_array_equal(x.T, array.T)
    np.testing.assert_array_equal(x.clip(-1, 1), array.clip(-1, 1))
    np.testing.assert_array_equal(x.clip(0), array.clip(0))
    assert x.astype("int64").dtype == np.int64


def test_tensors_are_freed():
    x = cr.ones(3)
    alive = weakref.ref(x)
    y = x * 2
    del x
    assert alive() is None and y.tolist() == [2, 2, 2]


def test_a_list_of_tensors_becomes_one():
    x = cr.tensor([1.0, 2.0])
    np.testing.assert_array_equal(cr.tensor([x, x * 2]), [[1, 2], [2, 4]])
    assert cr.grad(lambda x: cr.tensor([x.sum(), 3.0]).sum())(x).tolist() == [1, 1]
