#include "c_export/writer.h"

#include <algorithm>

#include "core/text.h"

namespace chainrule::c_export {
namespace {

constexpr std::string_view kVariables[] = {"i", "j", "k", "l", "m", "n", "o", "p"};

/// "i * 64 + j + 5"; "0" for nothing.
std::string index_text(const std::vector<std::int64_t>& strides, const std::vector<std::string>& variables,
                       std::int64_t offset) {
  std::string text;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    if (strides[axis] == 0) continue;
    const bool is_minus = strides[axis] < 0;
    const std::int64_t by = is_minus ? -strides[axis] : strides[axis];
    text += text.empty() ? (is_minus ? "-" : "") : (is_minus ? " - " : " + ");
    text += variables[axis];
    if (by != 1) text += cat(" * ", by);
  }
  if (text.empty()) return std::to_string(offset);
  if (offset != 0) text += cat(offset < 0 ? " - " : " + ", offset < 0 ? -offset : offset);
  return text;
}

/// The axes that must be loops of their own: those of size 1 go, and those that lie in each other for every
/// view are one.
struct Axes {
  std::vector<std::int64_t> sizes;
  std::vector<std::vector<std::int64_t>> strides;  // of each view
};
Axes joined_axes(const std::vector<std::int64_t>& sizes,
                 const std::vector<std::vector<std::int64_t>>& strides) {
  Axes axes;
  axes.strides.resize(strides.size());
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] == 1) continue;
    bool joins = !axes.sizes.empty();
    for (std::size_t v = 0; joins && v < strides.size(); ++v) {
      joins = axes.strides[v].back() == strides[v][axis] * sizes[axis];
    }
    if (joins) {
      axes.sizes.back() *= sizes[axis];
    } else {
      axes.sizes.push_back(sizes[axis]);
    }
    for (std::size_t v = 0; v < strides.size(); ++v) {
      if (joins) {
        axes.strides[v].back() = strides[v][axis];
      } else {
        axes.strides[v].push_back(strides[v][axis]);
      }
    }
  }
  return axes;
}

/// The view's strides along the axes of a larger one: 0 where it has one element for all.
std::vector<std::int64_t> aligned(const View& view, const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(sizes.size(), 0);
  const std::size_t missing = sizes.size() - view.sizes.size();
  for (std::size_t i = 0; i < view.sizes.size(); ++i) {
    if (view.sizes[i] != 1) strides[missing + i] = view.strides[i];
  }
  return strides;
}

std::string indent(std::size_t depth) { return std::string(2 * depth + 2, ' '); }

}  // namespace

int Writer::add_argument(std::string name, DType dtype, std::int64_t elements) {
  arrays_.push_back({Array::Kind::argument, std::move(name), dtype, elements});
  return static_cast<int>(arrays_.size()) - 1;
}

int Writer::add_work(DType dtype, std::int64_t elements) {
  arrays_.push_back({Array::Kind::work, cat("v", ++works_), dtype, elements});
  return static_cast<int>(arrays_.size()) - 1;
}

int Writer::add_constant(const Tensor& constant) {
  // An array of nothing is no array in C; nobody reads it.
  const std::string name = constant.numel() == 0 ? "0" : constants_.name_of(constant);
  for (std::size_t i = 0; i < arrays_.size(); ++i) {
    if (arrays_[i].kind == Array::Kind::constant && arrays_[i].name == name) return static_cast<int>(i);
  }
  arrays_.push_back({Array::Kind::constant, name, constant.dtype(), constant.numel()});
  return static_cast<int>(arrays_.size()) - 1;
}

View Writer::whole(int number, const Shape& shape) const {
  const std::vector<std::int64_t> sizes = sizes_of(shape);
  return {number, array(number).dtype, sizes, row_major(sizes), 0};
}

void Writer::begin(std::string comment) { comment_ = std::move(comment); }

void Writer::touch(int number) {
  Array& touched = array(number);
  if (touched.first < 0) touched.first = step_;
  touched.last = step_;
}

void Writer::line(std::string text, const std::vector<int>& touched) {
  ++step_;
  if (!comment_.empty()) lines_.push_back(cat("\n  /* ", std::exchange(comment_, ""), " */"));
  lines_.push_back(cat("  ", text));
  for (const int number : touched) touch(number);
}

std::vector<std::string> Writer::loop_variables(std::size_t count) {
  depth_ = std::max(depth_, count);
  return {std::begin(kVariables), std::begin(kVariables) + static_cast<std::ptrdiff_t>(count)};
}

void Writer::loop(const View& to, const std::vector<View>& from, const Body& body) {
  if (to.elements() == 0) return;
  std::vector<std::vector<std::int64_t>> strides{aligned(to, to.sizes)};
  for (const View& view : from) strides.push_back(aligned(view, to.sizes));
  const Axes axes = joined_axes(to.sizes, strides);
  const std::size_t depth = axes.sizes.size();
  const std::vector<std::string> variables = loop_variables(depth);

  std::vector<std::string> hoisted, values, inner;
  std::vector<int> touched{to.array};
  for (std::size_t v = 0; v < from.size(); ++v) {
    touched.push_back(from[v].array);
    const std::string element =
        cat(array(from[v].array).name, "[", index_text(axes.strides[v + 1], variables, from[v].offset), "]");
    if (depth > 0 && axes.strides[v + 1].back() == 0) {  // the same for the innermost loop
      values.push_back(cat("c", v));
      hoisted.push_back(cat("const ", c_type(from[v].dtype), " c", v, " = ", element, ";"));
    } else {
      values.push_back(element);
    }
  }
  const std::string value = body(values, inner);
  const std::string target =
      cat(array(to.array).name, "[", index_text(axes.strides[0], variables, to.offset), "]");
  inner.push_back(cat(target, " = ", value, ";"));

  std::string text;
  std::size_t level = 0;
  const auto add = [&](const std::string& one) {
    text += cat(text.empty() ? "" : "\n", text.empty() ? "" : indent(level), one);
  };
  const auto add_loop = [&](std::size_t axis, bool braces) {
    const std::string& i = variables[axis];
    add(cat("for (", i, " = 0; ", i, " < ", axes.sizes[axis], "; ++", i, ")", braces ? " {" : ""));
    ++level;
  };
  std::size_t braces = 0;
  for (std::size_t axis = 0; axis + 1 < depth; ++axis) {
    const bool is_block = axis + 2 == depth && !hoisted.empty();
    add_loop(axis, is_block);
    braces += is_block;
  }
  const bool alone = depth <= 1 && (!hoisted.empty() || (depth == 0 && inner.size() > 1));
  if (alone) add("{"), ++level, ++braces;
  for (const std::string& one : hoisted) add(one);
  const std::size_t outside = level;
  // Compilers cannot see that two arrays of the workspace are apart.
  const bool is_apart = std::any_of(from.begin(), from.end(), [&](const View& view) {
    return view.array != to.array && array(view.array).kind != Array::Kind::constant;
  });
  if (depth > 0 && is_apart) add("$$_APART");
  if (depth > 0) add_loop(depth - 1, inner.size() > 1);
  for (const std::string& one : inner) add(one);
  level = outside;
  if (depth > 0 && inner.size() > 1) add("}");
  for (; braces > 0; --braces) --level, add("}");
  line(text, touched);
}

void Writer::copy(const View& to, const View& from) {
  loop(to, {from},
       [](const std::vector<std::string>& values, std::vector<std::string>&) { return values[0]; });
}

void Writer::clear(int number) {
  const std::vector<std::string> i = loop_variables(1);
  line(cat("for (i = 0; i < ", array(number).elements, "; ++i) ", array(number).name, "[i] = 0;"), {number});
}

View Writer::contiguous(const View& view) {
  if (view.is_contiguous()) return view;
  const int made = add_work(view.dtype, view.elements());
  const View to{made, view.dtype, view.sizes, row_major(view.sizes), 0};
  copy(to, view);
  return to;
}

std::string Writer::at(const View& view, const std::vector<std::int64_t>& batch_strides) const {
  const std::vector<std::string> variables(std::begin(kVariables), std::end(kVariables));
  const std::string index = index_text(batch_strides, variables, view.offset);
  return index == "0" ? array(view.array).name : cat(array(view.array).name, " + ", index);
}

std::int64_t Writer::assign_memory() {
  std::vector<Array*> order;
  for (Array& one : arrays_) {
    if (one.kind == Array::Kind::work && one.first >= 0) order.push_back(&one);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const Array* a, const Array* b) { return a->bytes() > b->bytes(); });
  std::vector<const Array*> placed;
  std::int64_t total = 0;
  for (Array* one : order) {
    std::vector<const Array*> beside;  // alive at the same time, by place
    for (const Array* other : placed) {
      if (other->first <= one->last && one->first <= other->last) beside.push_back(other);
    }
    std::sort(beside.begin(), beside.end(),
              [](const Array* a, const Array* b) { return a->offset < b->offset; });
    std::int64_t at = 0;
    for (const Array* other : beside) {
      if (at + one->bytes() <= other->offset) break;
      at = std::max(at, (other->offset + other->bytes() + 15) / 16 * 16);
    }
    one->offset = at;
    total = std::max(total, at + one->bytes());
    placed.push_back(one);
  }
  return (total + 15) / 16 * 16;
}

std::string Writer::text() const {
  std::string text;
  bool has_work = false;
  for (const Array& one : arrays_) {
    if (one.kind != Array::Kind::work || one.first < 0) continue;
    const std::string_view type = c_type(one.dtype);
    if (type == "float") {
      text += cat("  float *const ", one.name, " = (float *)workspace + ", one.offset / 4, ";\n");
    } else {
      text += cat("  ", type, " *const ", one.name, " = (", type, " *)((float *)workspace + ", one.offset / 4,
                  ");\n");
    }
    has_work = true;
  }
  if (depth_ > 0) {
    text += "  long ";
    for (std::size_t i = 0; i < depth_; ++i) text += cat(i > 0 ? ", " : "", kVariables[i]);
    text += ";\n";
  }
  if (!has_work) text += "  (void)workspace;\n";
  for (const std::string& one : lines_) text += cat(one, "\n");
  return text;
}

}  // namespace chainrule::c_export
