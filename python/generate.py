#!/usr/bin/env python3
"""Reads the C++ headers and writes what Python needs of them: functions as tables, docstrings, and stubs.

    generate.py INCLUDE_FOLDER OUTPUT_FOLDER

writes functions_NAME.cpp for each header of kHeaders, and functions.pyi. Nothing but the standard library.
"""
import re
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

kHeaders = ["ops", "linalg", "conv", "loss", "normalize", "numeric", "random_tensor"]

# Parameters: C++ type -> (method of Arguments, type in stubs).
kTypes = {
    "const Tensor&": ("tensor", "ArrayLike"),
    "const Operand&": ("operand", "ArrayLike"),
    "Axes": ("axes", "Axes"),
    "int": ("integer32", "int"),
    "std::int64_t": ("integer", "int"),
    "double": ("number", "float"),
    "bool": ("flag", "bool"),
    "DType": ("dtype", "DTypeLike"),
    "const Shape&": ("shape", "ShapeLike"),
    "std::span<const Tensor>": ("tensors", "Sequence[ArrayLike]"),
    "std::span<const std::int64_t>": ("integers", "ShapeLike"),
    "std::span<const int>": ("integers32", "Sequence[int]"),
    "std::string_view": ("text", "str"),
    "Spatial": ("spatial", "Spatial"),
    "Padding": ("padding", "Padding"),
    "Reduction": ("reduction", "Reduction"),
    "PadMode": ("pad_mode", "str"),
    "std::span<const PadWidth>": ("widths", "Any"),
    "const RandomKey&": ("key", "KeyLike"),
    "Tensor": ("tensor", "ArrayLike"),
    "std::vector<std::int64_t>": ("integers", "Sequence[int]"),
}
# Options and results that are structs: those of these names are read from the headers.
kResults = {
    "Tensor": "Tensor",
    "std::vector<Tensor>": "List[Tensor]",
}
# A default in C++ -> (in C++ where the argument is missing, in Python).
kDefaults = {
    "{}": ("", "None"), "true": ("true", "True"), "false": ("false", "False"), "f32": ("f32", "'float32'"),
    "Reduction::mean": ("Reduction::mean", "'mean'"), "PadMode::constant": ("PadMode::constant", "'constant'"),
}
# Of several functions of one name, the one that Python has is that with options, or else the first of the forms that
# Python can call. These are written out: what NumPy does with its arguments differs, or two forms become one.
kByHand = {
    "reshape": ("x, shape", "ArrayLike, ShapeLike", "reshape(a.tensor(0), a.integers(1), a.where())"),
    "permute": ("x, axes", "ArrayLike, Sequence[int]", "permute(a.tensor(0), a.integers32(1), a.where())"),
    "transpose": ("x, axes=None", "ArrayLike, Optional[Sequence[int]]",
                  "a.has(1) ? permute(a.tensor(0), a.integers32(1), a.where()) : transpose(a.tensor(0), a.where())"),
    "swapaxes": ("x, axis_a, axis_b", "ArrayLike, int, int",
                 "transpose(a.tensor(0), a.integer32(1), a.integer32(2), a.where())"),
    "argmax": ("x, axis=None, keepdims=False", "ArrayLike, Optional[int], bool", "arg_of(a, argmax)"),
    "argmin": ("x, axis=None, keepdims=False", "ArrayLike, Optional[int], bool", "arg_of(a, argmin)"),
    "cumsum": ("x, axis=None, reverse=False, exclusive=False", "ArrayLike, Optional[int], bool, bool",
               "cumsum(a.has(1) ? a.tensor(0) : flatten(a.tensor(0), 0, a.where()), a.axis_or(1, 0), "
               "{a.flag(2, false), a.flag(3, false)}, a.where())"),
    "take": ("x, indices, axis=None", "ArrayLike, ArrayLike, Optional[int]",
             "take(a.has(2) ? a.tensor(0) : flatten(a.tensor(0), 0, a.where()), a.tensor(1), a.axis_or(2, 0), "
             "a.where())"),
    "roll": ("x, shift, axis=None", "ArrayLike, int, Optional[int]",
             "a.has(2) ? roll(a.tensor(0), a.integer(1), a.integer32(2), a.where()) : "
             "reshape(roll(flatten(a.tensor(0), 0, a.where()), a.integer(1), 0, a.where()), "
             "a.tensor(0).shape(), a.where())"),
    "split": ("x, parts, axis=0", "ArrayLike, Union[int, Sequence[int]], int",
              "a.is_sequence(1) ? split(a.tensor(0), a.integers(1), a.integer32(2, 0), a.where()) : "
              "split(a.tensor(0), a.integer(1), a.integer32(2, 0), a.where())"),
    "pad": ("x, widths, mode='constant', value=0", "ArrayLike, Any, str, ArrayLike",
            "pad(a.tensor(0), a.widths(1, a.tensor(0).ndim()), a.pad_mode(2, PadMode::constant), a.operand(3, 0), "
            "a.where())"),
    "lstsq": ("a, b, rcond=None", "ArrayLike, ArrayLike, Optional[float]",
              "a.has(2) ? lstsq(a.tensor(0), a.tensor(1), a.number(2), a.where()) : "
              "lstsq(a.tensor(0), a.tensor(1), a.where())"),
    "einsum": ("equation, *operands", "str, ArrayLike", "einsum(a.text(0), a.rest(1), a.where())"),
    "concatenate": ("tensors, axis=0", "Sequence[ArrayLike], Optional[int]",
                    "a.is_none(1) ? concatenate(flattened(a.tensors(0), a.where()), 0, a.where()) : "
                    "concatenate(a.tensors(0), a.integer32(1, 0), a.where())"),
    "diagonal": ("x, offset=0, axis1=0, axis2=1", "ArrayLike, int, int, int", "diagonal_of(a)"),
    "trace": ("x, offset=0, axis1=0, axis2=1", "ArrayLike, int, int, int",
              "sum(diagonal_of(a), -1, false, a.where())"),
    "cast": ("x, dtype", "ArrayLike, DTypeLike", "a.tensor_as(0, a.dtype(1))"),
    "round": ("x, decimals=0", "ArrayLike, int", "rounded(a)"),
    "clip": ("x, low=None, high=None", "ArrayLike, Optional[ArrayLike], Optional[ArrayLike]", "clipped(a)"),
    "dropout": ("x, p, key, training=True", "ArrayLike, float, KeyLike, bool",
                "dropout(a.tensor(0), a.number(1), a.key(2), a.flag(3, true), a.where())"),
}
for sorting in ["sort", "argsort"]:
    kByHand[sorting] = ("x, axis=-1, descending=False", "ArrayLike, Optional[int], bool",
        f"{sorting}(a.is_none(1) ? flatten(a.tensor(0), 0, a.where()) : a.tensor(0), a.axis_or(1, -1), "
        "a.flag(2, false), a.where())")
for spatial in ["", "1d", "2d", "3d"]:
    kByHand["conv" + spatial] = ("x, w, bias=None, stride=1, padding=0, dilation=1, groups=1",
        "ArrayLike, ArrayLike, Optional[ArrayLike], Spatial, Padding, Spatial, int",
        f"a.has(2) ? conv{spatial}(a.tensor(0), a.tensor(1), a.tensor(2), conv_options(a), a.where()) : "
        f"conv{spatial}(a.tensor(0), a.tensor(1), conv_options(a), a.where())")
    kByHand["conv_transpose" + spatial] = (
        "x, w, bias=None, stride=1, padding=0, output_padding=0, dilation=1, groups=1",
        "ArrayLike, ArrayLike, Optional[ArrayLike], Spatial, Padding, Spatial, Spatial, int",
        f"a.has(2) ? conv_transpose{spatial}(a.tensor(0), a.tensor(1), a.tensor(2), conv_transpose_options(a), "
        f"a.where()) : conv_transpose{spatial}(a.tensor(0), a.tensor(1), conv_transpose_options(a), a.where())")
kDocs = {
    "lstsq": "x with the least |a x - b|, and if there are many, of those the least |x|. a, of shape (..., M, N), has to be "
             "of full rank, or it is an error (E112), unless rcond is given: then singular values up to rcond times the "
             "largest count as 0, and a may have any rank, which costs more; a negative rcond means what rounding makes of "
             "0, max(M, N) times the distance from 1 to the next number. b is a vector, (M), or of shape (..., M, K).",
    "swapaxes": "Two axes in each other's place.",
    "diagonal": "The elements whose places along two axes are the same, as a last axis; above the diagonal with an offset "
                "above 0, below it with one below. As NumPy has it: of the first two axes, unless others are named.",
    "trace": "The sum of a diagonal: see diagonal.",
}
kOperators = {"operator+": ("add", "a + b"), "operator-": ("subtract", "a - b"), "operator*": ("multiply", "a * b"),
              "operator/": ("divide", "a / b"), "operator<": ("less", "a < b"), "operator<=": ("less_equal", "a <= b"),
              "operator>": ("greater", "a > b"), "operator>=": ("greater_equal", "a >= b")}


@dataclass
class Parameter:
    type: str
    name: str
    default: str = ""
    doc: str = ""


@dataclass
class Function:
    name: str
    result: str
    parameters: list
    doc: str


@dataclass
class Header:
    functions: list = field(default_factory=list)
    structs: dict = field(default_factory=dict)  # name -> [Parameter]


def split_outside(text, separator=","):
    """The parts of a text between separators that stand outside of brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        if c in "<({[":
            depth += 1
        elif c in ">)}]":
            depth -= 1
        elif c == separator and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [part.strip() for part in parts + [text[start:]] if part.strip()]


def read_parameter(text):
    declaration, _, default = text.partition("=")
    kind, name = re.fullmatch(r"(.*?[\s&>])\s*(\w+)", declaration.strip()).groups()
    return Parameter(kind.strip(), name, default.strip())


def read_struct(body):
    members = []
    for line in re.sub(r"///<.*|//.*", "", body).replace("\n", " ").split(";"):
        found = re.fullmatch(r"\s*([\w:<>, ]+?)\s+(\w+\s*(=.*)?(,.*)?)\s*", line)
        if not found or "(" in line.partition("=")[0]:
            continue
        for each in split_outside(found.group(2)):
            name, _, default = each.partition("=")
            members.append(Parameter(found.group(1), name.strip(), default.strip()))
    return members


def read_header(text):
    """The functions and plain structs of a header, in their order, with what stands above them."""
    header, doc, group, last_doc = Header(), [], [], []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("///"):
            doc.append(line[3:].removeprefix(" "))
            continue
        if not line or line[0] in " #}" or line.startswith(("//", "namespace")):
            if not line:
                group = [] if any(part.startswith("@}") for part in doc) else group
                doc = []
            continue
        if any(part.startswith("@}") for part in doc):
            group = []
        names = [i for i, part in enumerate(doc) if part.startswith("@name")]
        if names:
            group, doc = doc[names[-1]:], []
            if "@{" in group:
                end = group.index("@{")
                group, doc = group[:end], group[end + 1:]
            last_doc = []
        doc = [part for part in doc if not part.startswith(("@}", "@{"))]
        declaration = line
        opened = line.startswith(("struct", "class", "enum", "template"))
        while not (declaration.rstrip().endswith(";") or declaration.rstrip().endswith("}")) or (
                opened and declaration.count("{") != declaration.count("}")):
            declaration += "\n" + next(lines)
        struct = re.match(r"struct (\w+) \{(.*)\};", declaration, re.S)
        if struct:
            header.structs[struct.group(1)] = read_struct(struct.group(2))
        elif not declaration.startswith(("template", "inline", "class", "enum", "struct", "using", "constexpr",
                                         "extern")):
            flat = " ".join(declaration.split())
            found = re.fullmatch(r"([\w:<>]+) (operator\S+|\w+)\((.*)\);", flat)
            if found:
                parameters = [read_parameter(each) for each in split_outside(found.group(3))]
                parameters = [p for p in parameters if p.type != "Location"]
                last_doc = doc or last_doc
                about = "\n".join(last_doc)
                if group:
                    about += "\n\n" + "\n".join(group).replace("@name ", "")
                header.functions.append(Function(found.group(2), found.group(1), parameters, about.strip()))
        doc = []
    return header


def default_of(parameter):
    """A default for C++ and for Python; None if there is none."""
    if not parameter.default:
        return None
    if parameter.default in kDefaults:
        return kDefaults[parameter.default]
    number = parameter.default.strip("{}")
    return number, number


def python_name(parameter):
    return "axis" if parameter.type == "Axes" else parameter.name


def is_callable(function, structs):
    """Whether Python can call this form."""
    return (all(p.type in kTypes or is_options(p, structs) for p in function.parameters)
            and function.result != "bool")  # a number, which Python has by a function of its own


def bare(kind):
    return kind.removeprefix("const ").removesuffix("&").strip()


def is_options(parameter, structs):
    """Whether its members become parameters of their own."""
    return parameter.type not in kTypes and bare(parameter.type) in structs


def choose(header):
    """One form of each function: the one with options, or else the first."""
    chosen = {}
    for function in header.functions:
        if not is_callable(function, header.structs):
            continue
        old = chosen.get(function.name)
        has_options = any(is_options(p, header.structs) for p in function.parameters)
        if old is None:
            chosen[function.name] = function
        elif has_options and not any(is_options(p, header.structs) for p in old.parameters):
            function.doc = old.doc if len(old.doc) > len(function.doc) else function.doc
            known = {p.name: p.default for p in old.parameters}
            for p in function.parameters:
                p.default = p.default or known.get(p.name, "")
            chosen[function.name] = function
    return list(chosen.values())


def accessor(parameter, place):
    method, _ = kTypes[parameter.type]
    default = default_of(parameter)
    if default is None:
        return f"a.{method}({place})"
    if parameter.type in ("const Tensor&", "Tensor"):
        return f"a.tensor_or_none({place})"
    return f"a.{method}({place}, {default[0]})" if default[0] else f"a.{method}({place})"


@dataclass
class Row:
    name: str
    signature: str  # "x, axis=None"
    types: list
    result: str  # type in stubs
    call: str  # C++
    doc: str


def make_row(function, structs):
    if function.name in kOperators:
        name, formula = kOperators[function.name]
        return Row(name, "a, b", ["ArrayLike"] * 2, "Tensor",
                   re.sub(r"\b([ab])\b", lambda m: f"a.operand({'ab'.index(m.group(1))})", formula), function.doc)
    result = kResults.get(function.result, function.result)
    signature, types, prefix, arguments, place = [], [], "", [], 0
    for p in function.parameters:
        if is_options(p, structs):
            prefix += f"{bare(p.type)} options; "
            for member in structs[bare(p.type)]:
                prefix += f"options.{member.name} = {accessor(member, place)}; "
                add_parameter(member, signature, types)
                place += 1
            arguments.append("options")
        else:
            arguments.append(accessor(p, place))
            add_parameter(p, signature, types)
            place += 1
    for place, p in enumerate(function.parameters):
        if p.type != "Axes":
            continue
        keepdims = next((i for i, each in enumerate(function.parameters) if each.name == "keepdims"), None)
        is_none = f"if (a.is_no_axis({place})) "  # NumPy's axis=()
        prefix += (f"{is_none}return give(a.tensor(0)); " if keepdims is None else
                   f"{is_none}a.reduce_new_axis({place}, {keepdims}); ")
    where = "" if all(p.type == "const Operand&" for p in function.parameters) else ", a.where()"
    call = f"chainrule::{function.name}({', '.join(arguments)}{where})"
    return Row(function.name, ", ".join(signature), types, result, (prefix, call), function.doc)


def add_parameter(parameter, signature, types):
    default, kind = default_of(parameter), kTypes[parameter.type][1]
    optional = default is not None and default[1] == "None" and kind != "Axes"
    types.append(f"Optional[{kind}]" if optional else kind)
    signature.append(python_name(parameter) + (f"={default[1]}" if default is not None else ""))


def rows_of(header):
    rows, done = [], set()
    docs = {}
    for f in header.functions:
        docs.setdefault(f.name, f.doc)
    for function in choose(header):
        if function.name in kByHand:
            continue
        rows.append(make_row(function, header.structs))
    for name, (signature, types, call) in kByHand.items():
        source = "transpose" if name == "swapaxes" else name
        if source not in docs:
            continue
        result = next(kResults.get(f.result, f.result) for f in header.functions if f.name == source)
        doc = kDocs.get(name, docs[source])
        rows.append(Row(name, signature, split_outside(types), result, ("", f"{call}"), doc))
    for operator in header.functions:
        if operator.name == "operator-" and len(operator.parameters) == 1:
            rows.append(Row("negative", "x", ["ArrayLike"], "Tensor", ("", "-a.operand(0)"), "-x."))
    return rows


def cpp_of(name, header):
    lines = [f'#include "chainrule/{name}.h"', "", '#include "arguments.h"', '#include "functions.h"', "",
             "// Made from the header by python/generate.py.", "namespace chainrule::python {", "",
             f"const FunctionRow k{name.title().replace('_', '')}Functions[] = {{"]
    for row in rows_of(header):
        prefix, call = row.call if isinstance(row.call, tuple) else ("", row.call)
        members = [p.name for p in header.structs.get(row.result, [])]
        if row.result in header.structs:
            fields = ", ".join(f"std::move(r.{m})" for m in members)
            body = f'{prefix}auto r = {call}; return give("{row.result}", {{{fields}}});'
        else:
            body = f"{prefix}return give({call});"
        lines.append(f'    {{"{row.name}", "{row.signature}", [](Arguments& a) -> PyObject* {{ {body} }},')
        lines.append(f'     R"doc({row.doc})doc"}},')
    lines += ["    {nullptr, nullptr, nullptr, nullptr},", "};", "", "}  // namespace chainrule::python", ""]
    return "\n".join(lines)


def stub_of(row, is_method=False):
    parameters = []
    for each, kind in zip(split_outside(row.signature), row.types):
        name, _, default = each.partition("=")
        parameters.append(f"{name}: {kind}" + (f" = {default}" if default else ""))
    return f"def {row.name}({', '.join(parameters)}) -> {row.result}:\n" + textwrap.indent(
        '"""' + row.doc.replace("\\", "\\\\") + '"""', "    ") + "\n    ...\n"


def stubs_of(headers):
    lines = ["# Made from the C++ headers by python/generate.py.",
             "from typing import Any, List, NamedTuple, Optional, Sequence, Union",
             "from ._types import ArrayLike, Axes, DTypeLike, KeyLike, Padding, Reduction, ShapeLike, Spatial",
             "from ._core import Tensor", ""]
    for name, header in headers.items():
        rows = rows_of(header)
        for result in dict.fromkeys(r.result for r in rows if r.result in header.structs):
            lines += ["", f"class {result}(NamedTuple):"]
            lines += [f"    {member.name}: Tensor" for member in header.structs[result]]
        lines += [""] + [stub_of(row) for row in rows]
    return "\n".join(lines) + "\n"


def main(include, output):
    headers = {name: read_header((Path(include) / "chainrule" / f"{name}.h").read_text()) for name in kHeaders}
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    results = {}
    for name, header in headers.items():
        used = {row.result for row in rows_of(header)}
        results |= {s: [m.name for m in members] for s, members in header.structs.items() if s in used}
        write(output / f"functions_{name}.cpp", cpp_of(name, header))
    write(output / "_functions.pyi", stubs_of(headers))
    write(output / "_results.py", "# Made from the C++ headers by python/generate.py.\nfrom typing import NamedTuple\n\n"
          "from ._core import Tensor\n" + "".join(
              f"\n\nclass {name}(NamedTuple):\n" + "".join(f"    {m}: Tensor\n" for m in members)
              for name, members in results.items()))


def write(path, text):
    if not path.exists() or path.read_text() != text:  # what has not changed is not compiled again
        path.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:3])
