#include <algorithm>
#include <array>

#include "chainrule/array.h"
#include "chainrule/ops.h"
#include "core/thread_pool.h"
#include "kernels/chain_sums.h"
#include "kernels/simd/gemm.h"
#include "ops/internal.h"
#include "ops/meta.h"
#include "ops/op.h"
#include "ops/permute.h"

namespace chainrule {
namespace {

/// Sizes and places of one product in a batch.
struct Product {
  std::int64_t m = 0, n = 0, k = 0;
};

struct Matmul {
  bool trans_a = false, trans_b = false;

  static constexpr OpInfo kInfo{
      .name = "matmul",
      .arity = 2,
      .doc = "Matrix product over the last two axes, each side as it is or transposed."};
  static constexpr bool kTakesEpilogue = true;  // of matrices, not of batches of them
  bool operator==(const Matmul&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("trans_a", trans_a), visit("trans_b", trans_b);
  }

  Product product(const Shape& a, const Shape& b) const {
    return {a.back(trans_a ? 1 : 2), b.back(trans_b ? 2 : 1), a.back(trans_a ? 2 : 1)};
  }

  Meta infer(std::span<const Meta> in) const {
    require_same_dtype(in);
    if (in[0].dtype != DType::i64) require_floating(in[0]);
    const Shape& a = in[0].shape;
    const Shape& b = in[1].shape;
    const Product p = product(a, b);
    if (b.back(trans_b ? 1 : 2) != p.k) throw inner_sizes_differ(a, b);
    std::array<std::int64_t, Shape::kMaxNdim> sizes;
    std::size_t count = 0;
    const int ndim = std::max(a.ndim(), b.ndim());
    for (int i = ndim; i > 2; --i) {
      const std::int64_t from_a = i <= a.ndim() ? a.back(i) : 1;
      const std::int64_t from_b = i <= b.ndim() ? b.back(i) : 1;
      if (from_a != from_b && from_a != 1 && from_b != 1) {
        throw op_error<ShapeError>(
            25, cat("batch axes differ: a ", a.to_string(), ", b ", b.to_string(), ", axis ", -i,
                    ". Sizes before the last two axes must be equal or 1."));
      }
      sizes[count++] = from_a == 1 ? from_b : from_a;
    }
    sizes[count++] = p.m;
    sizes[count++] = p.n;
    return {in[0].dtype, Shape(std::span<const std::int64_t>(sizes).first(count))};
  }

  ShapeError inner_sizes_differ(const Shape& a, const Shape& b) const {
    std::string hint;
    const auto suggest = [&](bool fits, const char* call) {
      if (fits && hint.empty()) hint = cat(" Did you mean ", call, "?");
    };
    suggest(a.back(1) == b.back(1), "matmul(a, transpose(b))");
    suggest(a.back(2) == b.back(2), "matmul(transpose(a), b)");
    suggest(a.back(2) == b.back(1), "matmul(b, a)");
    return op_error<ShapeError>(12, cat("inner sizes differ: a ", a.to_string(), ", b ", b.to_string(),
                                        ". Need a's last axis = b's second-last.", hint));
  }

  // C = op(A) op(B), so d op(A) = G op(B)^T and d op(B) = op(A)^T G; a transposed side gets the transpose of
  // that, which is the product of the transposes in reverse order. No transpose is ever computed.
  Gradients vjp(const Vjp& v) const {
    const Tensor& a = v.inputs[0];
    const Tensor& b = v.inputs[1];
    const Tensor& g = v.cotangent;
    Tensor da, db;
    if (v.needs(0))
      da = trans_a ? matmul_transposed(b, g, trans_b, true) : matmul_transposed(g, b, false, !trans_b);
    if (v.needs(1))
      db = trans_b ? matmul_transposed(g, a, true, trans_a) : matmul_transposed(a, g, !trans_a, false);
    return {da, db};
  }

  // A side that is a transpose can be taken as it was, and transposed here.
  Simpler simplify(std::span<const Known> in, const Meta&) {
    for (const int side : {0, 1}) {
      const AxisOrder* order = permuted_by(in[static_cast<std::size_t>(side)]);
      if (order == nullptr || order->count < 2 || !order->keeps(order->count - 2)) continue;
      if (order->keeps(order->count)) continue;
      bool& is_transposed = side == 0 ? trans_a : trans_b;
      is_transposed = !is_transposed;
      return {.through = side};
    }
    return {};
  }
  // With a's columns cut, the chains of all elements go on from piece to piece.
  Split split(std::span<const Shape> in) const {
    if (in[0].ndim() != 2 || in[1].ndim() != 2) return {};
    if (!trans_a) return {0b01};
    if (trans_b) return {};
    const Product p = product(in[0], in[1]);
    const std::int64_t kept = std::max(kept_of<float>(p.m * p.n, p.k), kept_of<double>(p.m * p.n, p.k));
    return {0b11, true, p.k <= kernels::Gemm<float>::kMaxChain ? 0 : kept};
  }
  template <class T>
  static std::int64_t kept_of(std::int64_t elements, std::int64_t links) {
    return kernels::ChainSums<T>::memory(elements, kernels::ChainSums<T>::chains(links, 1));
  }
  double flops(std::span<const Shape> in, const Shape& out) const {
    return 2.0 * static_cast<double>(out.numel()) * static_cast<double>(product(in[0], in[1]).k);
  }
  void run(const Kernel& k) const {
    if (k.output.dtype == DType::i64) return run_integers(k);
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      for_each_product<T>(k, [this](const T* a, const T* b, T* c, const Product& p) {
        for (std::int64_t i = 0; i < p.m; ++i) {
          for (std::int64_t j = 0; j < p.n; ++j) {
            double sum = 0;
            for (std::int64_t l = 0; l < p.k; ++l) {
              const T x = trans_a ? a[l * p.m + i] : a[i * p.k + l];
              const T y = trans_b ? b[j * p.k + l] : b[l * p.n + j];
              sum += static_cast<double>(x) * static_cast<double>(y);
            }
            c[i * p.n + j] = static_cast<T>(sum);
          }
        }
      });
    });
  }

  /// Sums wrap around, as all of integers do. Row by row, so that memory is read in its order.
  void run_integers(const Kernel& k) const {
    for_each_product<std::int64_t>(k, [this, &k](const auto* a, const auto* b, auto* c, const Product& p) {
      const auto wide = [](std::int64_t x) { return static_cast<std::uint64_t>(x); };
      if (k.piece.first || !trans_a) std::fill_n(c, p.m * p.n, 0);
      constexpr std::int64_t kProductsAThread = 16384;
      const std::int64_t work = std::max<std::int64_t>(1, p.n * p.k);
      parallel_for(p.m, kProductsAThread / work + 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          for (std::int64_t l = 0; l < p.k; ++l) {
            const std::uint64_t x = wide(trans_a ? a[l * p.m + i] : a[i * p.k + l]);
            for (std::int64_t j = 0; j < p.n; ++j) {
              const std::uint64_t y = wide(trans_b ? b[j * p.k + l] : b[l * p.n + j]);
              c[i * p.n + j] = static_cast<std::int64_t>(wide(c[i * p.n + j]) + x * y);
            }
          }
        }
      });
    });
  }

  void run_fast(const Kernel& k) const {
    if (k.output.dtype == DType::i64) return run_integers(k);
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      if (k.piece.kept != nullptr) return add_piece<T>(k);
      for_each_product<T>(k, [this, &k](const T* a, const T* b, T* c, const Product& sizes) {
        kernels::gemm(kernels::Gemm<T>{
            .m = sizes.m,
            .n = sizes.n,
            .k = sizes.k,
            .a = a,
            .lda = trans_a ? sizes.m : sizes.k,
            .trans_a = trans_a,
            .b = b,
            .ldb = trans_b ? sizes.k : sizes.n,
            .trans_b = trans_b,
            .c = c,
            .ldc = sizes.n,
            .accumulate = trans_a && !k.piece.first,
            .bias = static_cast<const T*>(k.epilogue.bias),
            .activation = k.epilogue.relu ? kernels::Activation::relu : kernels::Activation::none,
            .mask = static_cast<const T*>(k.epilogue.mask),
            .base = static_cast<const T*>(k.epilogue.base),
            .scale = k.epilogue.scale != nullptr ? *static_cast<const T*>(k.epilogue.scale) : T(0)});
      });
    });
  }

  /// A piece of a' b, whose chains are so long that there are several, wherever pieces end.
  template <class T>
  void add_piece(const Kernel& k) const {
    const Product p = product(k.inputs[0].shape, k.inputs[1].shape);
    kernels::ChainSums<T> chains(static_cast<T*>(k.piece.kept), p.m * p.n);
    if (k.piece.first) chains.clear();
    for (std::int64_t at = 0, links = 0; at < p.k; at += links) {
      links = std::min(p.k - at, chains.room());
      kernels::gemm(kernels::Gemm<T>{.m = p.m,
                                     .n = p.n,
                                     .k = links,
                                     .a = k.inputs[0].as<T>() + at * p.m,
                                     .lda = p.m,
                                     .trans_a = true,
                                     .b = k.inputs[1].as<T>() + at * p.n,
                                     .ldb = p.n,
                                     .c = chains.chain(),
                                     .ldc = p.n,
                                     .accumulate = chains.is_begun()});
      chains.add(links);
    }
    if (k.piece.last) std::copy_n(chains.finish(), p.m * p.n, k.output.as<T>());
  }

  /// Calls `multiply(a, b, c, sizes)` for each matrix of the batch.
  template <class T, class F>
  void for_each_product(const Kernel& k, F multiply) const {
    const Shape& a = k.inputs[0].shape;
    const Shape& b = k.inputs[1].shape;
    const Shape& c = k.output.shape;
    const Product p = product(a, b);
    if (c.ndim() == 2) return multiply(k.inputs[0].as<T>(), k.inputs[1].as<T>(), k.output.as<T>(), p);
    const std::int64_t size_a = p.m * p.k, size_b = p.k * p.n, size_c = p.m * p.n;
    const std::int64_t count = size_c == 0 ? 0 : c.numel() / size_c;
    for (std::int64_t batch = 0; batch < count; ++batch) {
      // The number of the matrix in a and b: axes of size 1 stand still.
      std::int64_t rest = batch, at_a = 0, at_b = 0, stride_a = 1, stride_b = 1;
      for (int i = 3; i <= c.ndim(); ++i) {
        const std::int64_t at = rest % c.back(i);
        rest /= c.back(i);
        const std::int64_t axis_a = i <= a.ndim() ? a.back(i) : 1;
        const std::int64_t axis_b = i <= b.ndim() ? b.back(i) : 1;
        at_a += axis_a == 1 ? 0 : at * stride_a;
        at_b += axis_b == 1 ? 0 : at * stride_b;
        stride_a *= axis_a;
        stride_b *= axis_b;
      }
      multiply(k.inputs[0].as<T>() + at_a * size_a, k.inputs[1].as<T>() + at_b * size_b,
               k.output.as<T>() + batch * size_c, p);
    }
  }

  static std::vector<Sample> samples() {
    return {sample(Matmul{}, {{{3, 4}}, {{4, 5}}}),
            sample(Matmul{true, false}, {{{4, 3}}, {{4, 5}}}),
            sample(Matmul{false, true}, {{{3, 4}}, {{5, 4}}}),
            sample(Matmul{true, true}, {{{4, 3}}, {{5, 4}}}),
            sample(Matmul{}, {{{17, 9}}, {{9, 33}}}),
            sample(Matmul{}, {{{1, 1}}, {{1, 1}}}),
            sample(Matmul{}, {{{2, 3, 4}}, {{2, 4, 5}}}),
            sample(Matmul{}, {{{2, 1, 3, 4}}, {{3, 4, 2}}}),
            sample(Matmul{false, true}, {{{2, 3, 4}}, {{5, 4}}}),
            sample(Matmul{}, {{{0, 4}}, {{4, 5}}}),
            sample(Matmul{}, {{{3, 0}}, {{0, 5}}}),
            sample(Matmul{}, {{{2, 3, 4}, DType::i64, {-9, 9}}, {{4, 5}, DType::i64, {-9, 9}}}),
            sample(Matmul{true, true}, {{{4, 3}, DType::i64, {-9, 9}}, {{5, 4}, DType::i64, {-9, 9}}}),
            sample(Matmul{}, {{{3, 4}, DType::u8, {0, 9}}, {{4, 5}, DType::u8, {0, 9}}}, 15),
            sample(Matmul{}, {{{3, 4}}, {{5, 4}}}, 12),
            sample(Matmul{}, {{{2, 3, 4}}, {{3, 4, 5}}}, 25)};
  }
};

}  // namespace

CHAINRULE_OP_ROW(Matmul)

Tensor matmul_transposed(const Tensor& a, const Tensor& b, bool trans_a, bool trans_b, Location where) {
  return apply(Matmul{trans_a, trans_b}, {a, b}, where);
}

Tensor matmul(const Tensor& a, const Tensor& b, Location where) {
  const OpScope scope("matmul", where);
  if (a.ndim() == 0 || b.ndim() == 0) {
    throw op_error<ShapeError>(
        25, cat("a scalar has no axes to multiply over: a ", a.shape(), ", b ", b.shape(), ". Use a * b."));
  }
  const DType common = computed_as(promote(a.dtype(), b.dtype()));
  const DType dtype = is_floating(common) ? common : DType::i64;
  if (a.ndim() > 1 && b.ndim() > 1) {
    const bool fit = a.dtype() == dtype && b.dtype() == dtype;
    return fit ? matmul_transposed(a, b, false, false, where)
               : matmul_transposed(cast(a, dtype), cast(b, dtype), false, false, where);
  }
  const Tensor left = a.ndim() == 1 ? expand_dims(a, 0) : a;
  const Tensor right = b.ndim() == 1 ? expand_dims(b, 1) : b;
  const Tensor product = matmul_transposed(cast(left, dtype), cast(right, dtype), false, false, where);
  // The axes that stood in for a vector's missing one go away again.
  std::vector<std::int64_t> sizes(product.shape().begin(), product.shape().end());
  if (b.ndim() == 1) sizes.pop_back();
  if (a.ndim() == 1) sizes.erase(sizes.end() - (b.ndim() == 1 ? 1 : 2));
  return reshape(product, Shape(std::span<const std::int64_t>(sizes)));
}

}  // namespace chainrule
