// Operations that are steps of their own in C.
#include <algorithm>

#include "c_export/emit.h"
#include "core/text.h"
#include "ops/axes.h"

namespace chainrule::c_export {
namespace {

using Sizes = std::vector<std::int64_t>;

std::int64_t product(const Sizes& sizes, std::size_t from = 0) {
  std::int64_t count = 1;
  for (std::size_t i = from; i < sizes.size(); ++i) count *= sizes[i];
  return count;
}

/// (outer, count, inner) around an axis.
struct Block {
  std::int64_t outer = 1, count = 1, inner = 1;
};
Block block_of(const Sizes& sizes, std::size_t axis) {
  return {product(Sizes(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(axis))), sizes[axis],
          product(sizes, axis + 1)};
}

std::string triple(const Sizes& three) { return cat("{", three[0], ", ", three[1], ", ", three[2], "}"); }

/// The sizes behind batch and channels, of three axes.
Sizes spatial(const Shape& shape) {
  Sizes three(3, 1);
  for (int i = 2; i < shape.ndim(); ++i) three[static_cast<std::size_t>(i + 3 - shape.ndim())] = shape[i];
  return three;
}

/// How a window lies; in the order of the attributes of convolution and pooling.
struct Window {
  Sizes stride, dilation, low, high;
  explicit Window(Attributes& from)
      : stride(from.three()), dilation(from.three()), low(from.three()), high(from.three()) {}

  std::string initializer(std::int64_t groups, std::int64_t channels, std::int64_t outputs, const Sizes& in,
                          const Sizes& out, const Sizes& kernel, const Sizes& padding) const {
    return cat("{", groups, ", ", channels, ", ", outputs, ", ", triple(in), ", ", triple(out),
               ",\n                                     ", triple(kernel), ", ", triple(stride), ", ",
               triple(dilation), ", ", triple(padding), "}");
  }
};

}  // namespace

/// An emitter for each operation.
struct Emit {
  Lowering& of;
  int number;
  Writer& w = of.writer_;

  const Node& node() const { return of.node(number); }
  std::size_t inputs() const { return of.order_.inputs(number).size(); }
  int input_number(std::size_t i) const { return of.order_.inputs(number)[i]; }
  const Shape& shape(std::size_t i) const { return of.node(input_number(i)).shape; }
  View in(std::size_t i) const { return of.view(input_number(i)); }
  View packed(std::size_t i) const { return w.contiguous(in(i)); }
  View result() const { return of.make_result(number); }
  bool is_whole(std::size_t i) const { return w.constants().whole.contains(&of.node(input_number(i))); }
  std::string scales(std::size_t i) const { return cat(w.array(in(i).array).name, "_scales"); }

  void call(std::string_view function, const std::string& arguments, const std::vector<int>& touched) const {
    w.use(function);
    w.line(cat("$_", function, "(", arguments, ");"), touched);
  }
  /// A call for each of so many images or matrices.
  void call_each(std::int64_t count, std::string_view function, const std::string& arguments,
                 const std::vector<int>& touched) const {
    if (count == 1) return call(function, arguments, touched);
    w.use(function);
    w.loop_variables(1);
    w.line(cat("for (i = 0; i < ", count, "; ++i) $_", function, "(", arguments, ");"), touched);
  }
  std::string each(const View& view, std::int64_t apart, std::int64_t count) const {
    return w.at(view, {count == 1 ? 0 : apart});
  }

  void reduce(std::string_view function) const {
    Attributes attributes(node());
    const auto axes = static_cast<AxisSet>(attributes.next());
    View x = in(0);
    AxisBlock block;
    if (!x.is_contiguous() || !as_block(shape(0), axes, block)) {  // what is added up goes to the end
      const std::vector<int> order = set_last(axes, shape(0).ndim());
      View turned{x.array, x.dtype, {}, {}, x.offset};
      block = {1, 1, 1};
      for (const int axis : order) {
        const auto at = static_cast<std::size_t>(axis);
        turned.sizes.push_back(x.sizes[at]);
        turned.strides.push_back(x.strides[at]);
        (axes >> axis & 1 ? block.size : block.outer) *= x.sizes[at];
      }
      x = w.contiguous(turned);
    }
    const View y = result();
    call(function, cat(w.at(x), ", ", block.outer, ", ", block.size, ", ", block.inner, ", ", w.at(y)),
         {x.array, y.array});
  }
  void sum() const { reduce("sum"); }
  void max() const { reduce("max"); }
  void norm() const { reduce("norm"); }

  void along_axis(std::string_view function, const std::string& more = "") const {
    Attributes attributes(node());
    const View x = packed(0), y = result();
    const Block block = block_of(x.sizes, static_cast<std::size_t>(attributes.next()));
    call(function, cat(w.at(x), ", ", block.outer, ", ", block.count, ", ", block.inner, more, ", ", w.at(y)),
         {x.array, y.array});
  }
  void argmax() const { along_axis("argmax"); }
  void cumsum() const {
    Attributes attributes(node());
    attributes.next();
    const std::int64_t reverse = attributes.next();
    along_axis("cumsum", cat(", ", reverse, ", ", attributes.next()));
  }

  void softmax() const {
    const View x = packed(0), y = result();
    const std::int64_t count = x.sizes.back();
    call("softmax", cat(w.at(x), ", ", x.elements() / count, ", ", count, ", ", w.at(y)), {x.array, y.array});
  }
  void logsumexp() const {
    const View x = packed(0), y = result();
    const std::int64_t count = x.sizes.back();
    const int powers = w.add_work(f32, count);
    call("logsumexp",
         cat(w.at(x), ", ", x.elements() / count, ", ", count, ", ", w.array(powers).name, ", ", w.at(y)),
         {x.array, powers, y.array});
  }
  void cross_entropy() const {
    const View z = packed(0), t = packed(1), y = result();
    const int powers = w.add_work(f32, z.sizes[1]);
    call("cross_entropy",
         cat(w.at(z), ", ", w.at(t), ", ", z.sizes[0], ", ", z.sizes[1], ", ", w.array(powers).name, ", ",
             w.at(y)),
         {z.array, t.array, powers, y.array});
  }
  void cross_entropy_grad() const {
    const View z = packed(0), t = packed(1), weights = packed(2), y = result();
    call("cross_entropy_grad",
         cat(w.at(z), ", ", w.at(t), ", ", w.at(weights), ", ", z.sizes[0], ", ", z.sizes[1], ", ", w.at(y)),
         {z.array, t.array, weights.array, y.array});
  }

  void pad() const {
    Attributes attributes(node());
    const auto axis = static_cast<std::size_t>(attributes.next());
    const std::int64_t low = attributes.next();
    attributes.next();
    const std::int64_t step = attributes.next() + 1;
    const View x = in(0), y = result();
    w.clear(y.array);
    View to{y.array, y.dtype, x.sizes, y.strides, low * y.strides[axis]};
    to.strides[axis] *= step;
    w.copy(to, x);
  }
  void concatenate() const {
    Attributes attributes(node());
    const auto axis = static_cast<std::size_t>(attributes.next());
    const View y = result();
    std::int64_t at = 0;
    for (std::size_t i = 0; i < inputs(); ++i) {
      const View x = in(i);
      w.copy({y.array, y.dtype, x.sizes, y.strides, at * y.strides[axis]}, x);
      at += x.sizes[axis];
    }
  }

  void take() const {
    Attributes attributes(node());
    const auto axis = static_cast<std::size_t>(attributes.next());
    const View x = packed(0), numbers = packed(1), y = result();
    const Block block = block_of(x.sizes, axis);
    const std::int64_t wanted = numbers.sizes[axis];
    const bool is_shared = numbers.elements() == wanted;
    const std::vector<int> touched{x.array, numbers.array, y.array};
    if (is_whole(0)) {
      return call("take_int8",
                  cat(w.at(x), ", ", scales(0), ", ", block.count, ", ", block.inner, ", ", w.at(numbers),
                      ", ", wanted, ", ", w.at(y)),
                  touched);
    }
    call(is_shared ? "take" : "take_each",
         cat(w.at(x), ", ", block.outer, ", ", block.count, ", ", block.inner, ", ", w.at(numbers), ", ",
             wanted, ", ", w.at(y)),
         touched);
  }

  void matmul() const {
    Attributes attributes(node());
    const bool trans_a = attributes.next() != 0, trans_b = attributes.next() != 0;
    View a = in(0), b = in(1);
    const View y = result();
    const std::size_t axes = y.sizes.size();
    const auto from_end = [](const Sizes& all, std::size_t i) { return all[all.size() - i]; };
    std::int64_t ai = from_end(a.strides, trans_a ? 1 : 2), ap = from_end(a.strides, trans_a ? 2 : 1);
    std::int64_t bp = from_end(b.strides, trans_b ? 1 : 2), bj = from_end(b.strides, trans_b ? 2 : 1);
    std::int64_t m = from_end(y.sizes, 2);
    const std::int64_t n = from_end(y.sizes, 1), k = from_end(a.sizes, trans_a ? 2 : 1);
    // Batches: one product of more rows where b is the same for all and a's rows go on, else loops.
    const bool is_shared = product(b.sizes) == k * n;
    bool one = is_shared;
    std::int64_t rows = m;
    for (std::size_t i = 3; one && i <= axes; ++i) {
      const std::int64_t size = from_end(y.sizes, i);
      one = size == 1 || (i <= a.sizes.size() && from_end(a.strides, i) == rows * ai);
      rows *= size;
    }
    if (one) m = rows;
    Sizes at_a, at_b, at_y;
    std::string loops;
    for (std::size_t i = axes; !one && i > 2; --i) {
      const std::int64_t size = from_end(y.sizes, i);
      if (size == 1) continue;
      const auto stride = [&](const View& v) {
        return i <= v.sizes.size() && from_end(v.sizes, i) != 1 ? from_end(v.strides, i) : 0;
      };
      at_a.push_back(stride(a)), at_b.push_back(stride(b)), at_y.push_back(from_end(y.strides, i));
      const std::string variable = w.loop_variables(at_a.size()).back();
      loops += cat("for (", variable, " = 0; ", variable, " < ", size, "; ++", variable, ") ");
    }
    if (m == 1) ai = 0;
    const std::vector<int> touched{a.array, b.array, y.array};
    const std::string left = cat(w.at(a, at_a), ", ", ai, ", ", ap, ", ");
    const std::string sizes = cat(m, ", ", n, ", ", k, ", ", w.at(y, at_y));
    const bool whole = is_whole(1);
    const std::string_view function = whole ? "matmul_int8" : "matmul";
    w.use(function);
    w.line(cat(loops, "$_", function, "(", left, w.at(b, at_b), ", ", whole ? scales(1) : cat(bp, ", ", bj),
               ", ", sizes, ");"),
           touched);
  }

  /// The image with its padding written out.
  View padded(const View& x, const Window& window) const {
    bool any = false;
    for (std::size_t i = 0; i < 3; ++i) any = any || window.low[i] != 0 || window.high[i] != 0;
    if (!any) return w.contiguous(x);
    Sizes sizes = x.sizes;
    for (std::size_t i = 2; i < sizes.size(); ++i) {
      const std::size_t axis = i + 3 - sizes.size();
      sizes[i] += window.low[axis] + window.high[axis];
    }
    const int made = w.add_work(f32, product(sizes));
    const View all{made, f32, sizes, row_major(sizes), 0};
    View inside{made, f32, x.sizes, all.strides, 0};
    for (std::size_t i = 2; i < sizes.size(); ++i)
      inside.offset += window.low[i + 3 - sizes.size()] * all.strides[i];
    w.clear(made);
    w.copy(inside, x);
    return all;
  }
  void conv() const {
    Attributes attributes(node());
    const Window window(attributes);
    const std::int64_t groups = attributes.next();
    const View x = padded(in(0), window), weights = packed(1), y = result();
    const Sizes x_sizes = spatial(Shape(std::span<const std::int64_t>(x.sizes)));
    const std::string how =
        w.constants().window(window.initializer(groups, x.sizes[1] / groups, y.sizes[1] / groups, x_sizes,
                                                spatial(node().shape), spatial(shape(1)), {0, 0, 0}));
    const std::int64_t images = y.sizes[0];
    const bool whole = is_whole(1);
    call_each(images, whole ? "conv_int8" : "conv",
              cat("&", how, ", ", each(x, x.strides[0], images), ", ", w.at(weights),
                  whole ? cat(", ", scales(1)) : "", ", ", each(y, y.strides[0], images)),
              {x.array, weights.array, y.array});
  }
  void conv_input() const {
    Attributes attributes(node());
    const Window window(attributes);
    const std::int64_t groups = attributes.next();
    const View x = packed(0), weights = packed(1), y = result();
    const std::string how = w.constants().window(
        window.initializer(groups, y.sizes[1] / groups, x.sizes[1] / groups, spatial(node().shape),
                           spatial(shape(0)), spatial(shape(1)), window.low));
    const std::int64_t images = y.sizes[0];
    call_each(images, "conv_input",
              cat("&", how, ", ", each(x, x.strides[0], images), ", ", w.at(weights), ", ",
                  each(y, y.strides[0], images)),
              {x.array, weights.array, y.array});
  }
  void max_pool() const {
    Attributes attributes(node());
    const Window window(attributes);
    const Sizes kernel = attributes.three();
    const View x = packed(0), y = result();
    const std::string how = w.constants().window(window.initializer(
        1, x.sizes[0] * x.sizes[1], 1, spatial(shape(0)), spatial(node().shape), kernel, window.low));
    call("max_pool", cat("&", how, ", ", w.at(x), ", ", w.at(y)), {x.array, y.array});
  }

  void recurrence() const {
    constexpr std::string_view kKinds[] = {"rnn", "rnn_relu", "lstm", "gru"};
    Attributes attributes(node());
    const std::string_view kind = kKinds[attributes.next()];
    const View x = packed(0), start = packed(1), weight = packed(2), bias = packed(3), y = result();
    const int sums = w.add_work(f32, x.sizes[1] * x.sizes[2]);
    call(kind,
         cat(w.at(x), ", ", w.at(start), ", ", w.at(weight), ", ", w.at(bias), ", ", x.sizes[0], ", ",
             x.sizes[1], ", ", weight.sizes[0], ", ", w.array(sums).name, ", ", w.at(y)),
         {x.array, start.array, weight.array, bias.array, sums, y.array});
  }
};

namespace {

template <void (Emit::*emit)() const>
void run_emitter(Lowering& of, int number) {
  (Emit{of, number}.*emit)();
}

struct EmitterRow {
  std::string_view op;
  Emitter emitter;
};
constexpr EmitterRow kEmitters[] = {
    {"sum", run_emitter<&Emit::sum>},
    {"max", run_emitter<&Emit::max>},
    {"norm", run_emitter<&Emit::norm>},
    {"argmax", run_emitter<&Emit::argmax>},
    {"cumsum", run_emitter<&Emit::cumsum>},
    {"softmax", run_emitter<&Emit::softmax>},
    {"logsumexp", run_emitter<&Emit::logsumexp>},
    {"softmax_cross_entropy", run_emitter<&Emit::cross_entropy>},
    {"softmax_cross_entropy_grad", run_emitter<&Emit::cross_entropy_grad>},
    {"pad", run_emitter<&Emit::pad>},
    {"concatenate", run_emitter<&Emit::concatenate>},
    {"take", run_emitter<&Emit::take>},
    {"matmul", run_emitter<&Emit::matmul>},
    {"conv", run_emitter<&Emit::conv>},
    {"conv_input", run_emitter<&Emit::conv_input>},
    {"max_pool", run_emitter<&Emit::max_pool>},
    {"recurrence", run_emitter<&Emit::recurrence>},
};

}  // namespace

Emitter emitter_of(const OpRow& row) {
  for (const EmitterRow& one : kEmitters) {
    if (one.op == row.info.name) return one.emitter;
  }
  return nullptr;
}

std::string misfit_of(const Node& node) {
  const std::string_view op = node.op->info.name;
  const auto inputs = node.inputs();
  if (is_storage(node.dtype)) return cat(op, " to ", node.dtype);
  for (const Node* input : inputs) {
    if (is_storage(input->dtype)) return cat(op, " of ", input->dtype);
  }
  const bool moves = is_single(node) || is_view(*node.op) || op == "pad" || op == "concatenate";
  if (!moves && op != "take" && op != "argmax" && !is_floating(inputs[0]->dtype)) {
    return cat(op, " of ", inputs[0]->dtype);
  }
  if (op == "take" && !is_floating(node.dtype)) return cat("take from ", node.dtype);
  if (op == "argmax" && !is_floating(inputs[0]->dtype)) return cat("argmax of ", inputs[0]->dtype);
  if (op.starts_with("softmax_cross_entropy") && !is_floating(inputs[1]->dtype)) {
    return cat(op, " with numbers of classes (targets must be rows)");
  }
  return "";
}

int weight_axis(const Node& node, const Tensor& input) {
  const std::string_view op = node.op->info.name;
  const auto inputs = node.inputs();
  if (input.dtype() != f32) return -1;
  Attributes attributes(node);
  if (op == "conv") return 0;
  if (op == "matmul" && input.ndim() == 2) {
    attributes.next();
    return attributes.next() != 0 ? -1 : 1;
  }
  const bool is_table = op == "take" && input.ndim() == 2 && attributes.next() == 0;
  return is_table && inputs[1]->shape.numel() == inputs[1]->shape[0] ? 0 : -1;
}

}  // namespace chainrule::c_export
