// Random numbers as tensors: one operation draws them, the rest is made of it.
#include "chainrule/random_tensor.h"

#include <algorithm>
#include <vector>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "core/thread_pool.h"
#include "kernels/simd/random.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/op.h"
#include "ops/operands.h"

namespace chainrule {
namespace {

/// Element i is made of the i-th 64 bits of the stream, in any dtype: f32 numbers are f64 numbers cut short,
/// so that a dropout mask does not depend on the dtype.
template <class T>
T number_of(std::uint64_t bits, bool normal) {
  if (normal) return static_cast<T>(normal_f64(bits));
  if constexpr (sizeof(T) == 4) {
    return uniform_f32(static_cast<std::uint32_t>(bits >> 32));
  } else {
    return uniform_f64(bits);
  }
}

struct Drawing {
  explicit Drawing(const std::int64_t* key, bool is_normal)
      : philox(static_cast<std::uint64_t>(key[0]), static_cast<std::uint64_t>(key[1])),
        step(static_cast<std::uint64_t>(key[2])),
        normal(is_normal) {}

  Philox philox;
  std::uint64_t step = 0;
  bool normal = false;

  /// Elements from begin to end, to out on.
  template <class T>
  void draw(std::int64_t begin, std::int64_t end, T* out) const {
    for (std::int64_t i = begin; i < end; ++i, ++out) {
      const Philox::Block words = philox.block(step, static_cast<std::uint64_t>(i / 2));
      const auto low = static_cast<std::size_t>(i % 2 * 2);
      *out = number_of<T>(words[low] | (std::uint64_t{words[low + 1]} << 32), normal);
    }
  }

  /// The same by vectors.
  template <class T>
  void draw_fast(std::int64_t begin, std::int64_t end, T* out) const {
    const std::int64_t even = std::min(end, begin + begin % 2);
    draw(begin, even, out);
    const std::int64_t drawn = 2 * draw_blocks(even / 2, (end - even) / 2, out + (even - begin));
    draw(even + drawn, end, out + (even - begin) + drawn);
  }

 private:
  /// Of blocks of two elements; returns how many it drew.
  template <class T>
  std::int64_t draw_blocks(std::int64_t first, std::int64_t count, T* out) const {
    const kernels::PhiloxStep of{philox.key(), step};
    if constexpr (sizeof(T) == 4) {
      if (!normal) return kernels::uniform_blocks(of, static_cast<std::uint64_t>(first), count, out);
    }
    constexpr std::int64_t kBlocksAtATime = 128;
    std::uint64_t bits[2 * kBlocksAtATime];
    std::int64_t done = 0;
    while (done < count) {
      const std::int64_t made = kernels::random_blocks(of, static_cast<std::uint64_t>(first + done),
                                                       std::min(kBlocksAtATime, count - done), bits);
      if (made == 0) break;
      for (std::int64_t i = 0; i < 2 * made; ++i) *out++ = number_of<T>(bits[i], normal);
      done += made;
    }
    return done;
  }
};

struct RandomNumbers {
  static constexpr OpInfo kInfo{
      .name = "random",
      .doc =
          "Uniform numbers in [0, 1), or standard normal ones, by Philox4x32-10 from the key (seed, stream, "
          "step).",
      .ulp = kExact};
  static constexpr std::string_view kNotDifferentiable = "random numbers do not depend on a floating number";
  Shape shape;
  DType dtype = DType::f32;
  bool normal = false;

  bool operator==(const RandomNumbers&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("shape", shape);
    visit("dtype", name_of(dtype));
    visit("normal", normal);
  }
  Meta infer(std::span<const Meta> in) const {
    if (!is_floating(dtype)) {
      throw op_error<DTypeError>(15, cat("makes f32 or f64, not ", name_of(dtype), "."));
    }
    if (in[0].dtype != DType::i64 || in[0].shape != Shape{3}) {
      throw op_error<ShapeError>(145, cat("the key is ", in[0].shape, " ", name_of(in[0].dtype),
                                          "; need (3,) i64: seed, stream, step."));
    }
    return {dtype, shape};
  }
  void run(const Kernel& k) const {
    with_floating(dtype, [&]<class T>(std::type_identity<T>) {
      Drawing(k.inputs[0].as<std::int64_t>(), normal).draw(0, k.output.numel(), k.output.as<T>());
    });
  }
  void run_fast(const Kernel& k) const {
    constexpr std::int64_t kElementsAThread = 8192;
    const Drawing drawing(k.inputs[0].as<std::int64_t>(), normal);
    parallel_for(k.output.numel(), kElementsAThread, [&](std::int64_t begin, std::int64_t end) {
      with_floating(dtype, [&]<class T>(std::type_identity<T>) {
        drawing.draw_fast(begin, end, k.output.as<T>() + begin);
      });
    });
  }
  static std::vector<Sample> samples() {
    const SampleInput key{{3}, DType::i64, {0, 1000}};
    return {sample(RandomNumbers{Shape{5}, DType::f32, false}, {key}),
            sample(RandomNumbers{Shape{3, 3}, DType::f64, false}, {key}),
            sample(RandomNumbers{Shape{7}, DType::f32, true}, {key}),
            sample(RandomNumbers{Shape{2, 5}, DType::f64, true}, {key}),
            sample(RandomNumbers{Shape{0}, DType::f64, true}, {key}),
            sample(RandomNumbers{Shape{20001}, DType::f32, false}, {key}),
            sample(RandomNumbers{Shape{5}, DType::i64, false}, {key}, 15),
            sample(RandomNumbers{Shape{5}, DType::f32, false}, {{{3}, DType::f64}}, 145),
            sample(RandomNumbers{Shape{5}, DType::f32, false}, {{{2}, DType::i64}}, 145)};
  }
};

Tensor drawn(const Shape& shape, const RandomKey& key, DType dtype, bool normal, Location where) {
  const std::int64_t numbers[] = {static_cast<std::int64_t>(key.seed), static_cast<std::int64_t>(key.stream),
                                  static_cast<std::int64_t>(key.step)};
  return apply(RandomNumbers{shape, dtype, normal}, {from_data(std::span<const std::int64_t>(numbers), {3})},
               where);
}

/// A parameter in the numbers' dtype and with their shape; a number stays a number.
Tensor parameter(const Operand& x, const Shape& shape, DType dtype) {
  return x.tensor() ? broadcast_to(cast(*x.tensor(), dtype), shape) : scalar(x.number(), dtype);
}

bool is_number(const Operand& x, const Number& value) { return !x.tensor() && x.number() == value; }

/// @throws ValueError E146
void check_probability(double p) {
  if (!(p >= 0 && p <= 1)) throw op_error<ValueError>(146, cat("p is ", p, "; it must be in [0, 1]."));
}

}  // namespace

CHAINRULE_OP_ROW(RandomNumbers)

Tensor uniform(const Shape& shape, const RandomKey& key, const Operand& low, const Operand& high, DType dtype,
               Location where) {
  const OpScope scope("uniform", where);
  const Tensor unit = drawn(shape, key, dtype, false, where);
  if (is_number(low, 0) && is_number(high, 1)) return unit;
  const Tensor from = parameter(low, shape, dtype);
  return from + (parameter(high, shape, dtype) - from) * unit;
}

Tensor normal(const Shape& shape, const RandomKey& key, const Operand& mean, const Operand& deviation,
              DType dtype, Location where) {
  const OpScope scope("normal", where);
  const Tensor standard = drawn(shape, key, dtype, true, where);
  if (is_number(mean, 0) && is_number(deviation, 1)) return standard;
  return parameter(mean, shape, dtype) + parameter(deviation, shape, dtype) * standard;
}

Tensor bernoulli(const Shape& shape, const RandomKey& key, const Operand& p, Location where) {
  const OpScope scope("bernoulli", where);
  if (!p.tensor()) check_probability(p.number().real());
  return drawn(shape, key, DType::f64, false, where) < parameter(p, shape, DType::f64);
}

Tensor permutation(std::int64_t count, const RandomKey& key, Location where) {
  const OpScope scope("permutation", where);
  return argsort(drawn(Shape{count}, key, DType::f64, false, where));
}

Tensor dropout(const Tensor& x, double p, const RandomKey& key, bool training, Location where) {
  const OpScope scope("dropout", where);
  check_probability(p);
  const Tensor real = as_floating(x);
  if (!training || p == 0) return real;
  const Tensor kept = drawn(x.shape(), key, real.dtype(), false, where) >= p;
  return chainrule::where(kept, real * (p < 1 ? 1 / (1 - p) : 0), 0);
}

std::vector<ComposedFunction> random_functions() {
  using In = std::span<const Tensor>;
  const SampleInput matrix{{3, 4}}, number{{}}, row{{4}};
  return {
      {"uniform",
       "low + (high - low) random.",
       {{"uniform({3, 4}, key, low, high)",
         [](In in) {
           return uniform({3, 4}, {7}, in[0], in[1], in[0].dtype());
         },
         {row, number}}}},
      {"normal",
       "mean + deviation random.",
       {{"normal({3, 4}, key, mean, deviation)",
         [](In in) {
           return normal({3, 4}, {7}, in[0], in[1], in[0].dtype());
         },
         {row, number}}}},
      {"bernoulli",
       "random < p.",
       {{"bernoulli({3, 4}, key, p)",
         [](In in) {
           return bernoulli({3, 4}, {7}, in[0]);
         },
         {{{4}, DType::f64, {0, 1}}},
         "its result is boolean"}}},
      {"permutation",
       "argsort(random).",
       {{"permutation(5, key)", [](In) { return permutation(5, {7}); }, {}, "its result is a place"}}},
      {"dropout",
       "x / (1 - p) where random >= p, else 0.",
       {{"dropout(x, 0.25, key)", [](In in) { return dropout(in[0], 0.25, {7}); }, {matrix}},
        {"dropout(x, 0.25, key, false)", [](In in) { return dropout(in[0], 0.25, {7}, false); }, {matrix}}}},
  };
}

}  // namespace chainrule
