#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// What is done to an output after everything else.
enum class Activation : std::uint8_t {
  none,
  relu,  ///< x <= 0 ? 0 : x, as the op has it: NaN is kept.
};

/// One matrix product with what follows it: C = activation(op(A) op(B) [+ C] [+ bias]), or 0 where a mask is
/// not above 0, or with an update C = base - scale * that. All matrices are row-major; a leading dimension
/// (lda, ldb, ldc) is the distance between rows as stored, in elements. C overlaps nothing; but it may be
/// base, for k up to kMaxDepth.
template <class T>
struct Gemm {
  static constexpr std::int64_t kReadable = 64;
  /// Longest stretch of the chain between two visits to C.
  static constexpr std::int64_t kMaxDepth = 2048 / sizeof(T);
  /// Links that are added one after the other, at most: rounding errors grow with their number.
  static constexpr std::int64_t kMaxChain = 4096;
  std::int64_t m = 0, n = 0, k = 0;
  const T* a = nullptr;  ///< op(A) is (m, k): stored (m, k), or (k, m) if trans_a.
  std::int64_t lda = 0;
  bool trans_a = false;
  const T* b = nullptr;  ///< op(B) is (k, n): stored (k, n), or (n, k) if trans_b.
  std::int64_t ldb = 0;
  bool trans_b = false;
  /// Where the rows of A as stored (m, k), and of B as stored (k, n), begin, if they are not lda and ldb
  /// apart: shifted views of one image are such matrices. They may overlap; neither is then transposed. One
  /// of the two, not both. Of B's rows kReadable elements past the last are read, and make no difference.
  const std::int64_t* a_rows = nullptr;
  const std::int64_t* b_rows = nullptr;
  T* c = nullptr;  ///< (m, n).
  std::int64_t ldc = 0;
  bool accumulate = false;  ///< The sum starts from what C holds, not from 0.
  const T* bias = nullptr;  ///< (n), added to each row after the sum; or nullptr.
  Activation activation = Activation::none;
  const T* mask = nullptr;  ///< (m, n) with rows ldc apart: where it is <= 0 the result is 0; or nullptr.
  const T* base = nullptr;  ///< (m, n) with rows ldc apart: what a scaled result is taken off; or nullptr.
  T scale = 0;
};

/// Runs the product on the thread pool. Any size may be 0; k = 0 leaves the start (0 or C) and what follows
/// it.
///
/// Output (i, j) is one chain over p in order: s = fma(op(A)(i, p), op(B)(p, j), s) for p = 0 ... k - 1, from
/// 0 or from C, then s + bias[j]. Of more than kMaxChain links every kMaxChain are a chain, the first from 0
/// or from C and the others from 0; their sums are added in pairs, the pairs in pairs and so on. Threads,
/// tiles and blocks only choose when which link is computed, so the bits depend on nothing but the inputs:
/// not on the number of threads, nor on the vector width of any instruction set that has fused multiply-add
/// (AVX2, AVX-512, NEON). SSE4 has none: there each link is rounded twice.
///
/// Cost: no allocation in steady state; each thread keeps at most about 3 MB of scratch memory, and for long
/// chains 0.5 MB for each factor of 2 in k / kMaxChain.
/// @throws ValueError  at the first kernel of the process, for a bad CHAINRULE_SIMD (E003).
void gemm(const Gemm<float>& product);
void gemm(const Gemm<double>& product);

}  // namespace chainrule::kernels
