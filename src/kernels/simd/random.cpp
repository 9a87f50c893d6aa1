#include "kernels/simd/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/random.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // without vectors there are no blocks at a time

std::int64_t uniform(const PhiloxStep&, std::uint64_t, std::int64_t, float*) { return 0; }
std::int64_t bits(const PhiloxStep&, std::uint64_t, std::int64_t, std::uint64_t*) { return 0; }

#else

using D64 = hn::ScalableTag<std::uint64_t>;
using V64 = hn::Vec<D64>;
constexpr hn::Repartition<std::uint32_t, D64> k32;

/// The words of as many blocks as there are lanes, each in the lower half of its lane; the upper halves hold
/// what is left of products.
struct Words {
  V64 w0, w1, w2, w3;
};

/// Products of the lower halves.
HWY_INLINE V64 product(V64 a, V64 b) { return hn::MulEven(hn::BitCast(k32, a), hn::BitCast(k32, b)); }

/// Philox::encrypt of blocks from `first` on.
class Blocks {
 public:
  Blocks(const PhiloxStep& of, std::uint64_t first) : step_(of.step), next_(hn::Iota(D64(), first)) {
    Philox::Key key = of.key;
    for (auto& round : keys_) {
      round[0] = key[0], round[1] = key[1];
      key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
    }
  }

  HWY_INLINE Words next() {
    const D64 d;
    const auto first = hn::Set(d, 0xD2511F53u), second = hn::Set(d, 0xCD9E8D57u);
    Words c{next_, hn::ShiftRight<32>(next_), hn::Set(d, step_), hn::Set(d, step_ >> 32)};
    for (const auto& key : keys_) {
      const V64 a = product(first, c.w0), b = product(second, c.w2);
      c.w0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(b), c.w1), hn::Set(d, key[0]));
      c.w1 = b;
      c.w2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(a), c.w3), hn::Set(d, key[1]));
      c.w3 = a;
    }
    next_ = hn::Add(next_, hn::Set(d, hn::Lanes(d)));
    return c;
  }

 private:
  std::uint64_t keys_[10][2];  // of each round
  std::uint64_t step_;
  V64 next_;
};

/// Lower halves of a, and those of b above them.
HWY_INLINE V64 joined(V64 a, V64 b) {
  return hn::Or(hn::And(a, hn::Set(D64(), 0xFFFFFFFFu)), hn::ShiftLeft<32>(b));
}

std::int64_t uniform(const PhiloxStep& of, std::uint64_t first, std::int64_t count, float* out) {
  const D64 d;
  const hn::RebindToSigned<decltype(k32)> signed32;
  const hn::RebindToFloat<decltype(k32)> f32;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  Blocks blocks(of, first);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const Words words = blocks.next();
    const auto bits = hn::ShiftRight<8>(hn::BitCast(k32, joined(words.w1, words.w3)));
    hn::StoreU(hn::Mul(hn::ConvertTo(f32, hn::BitCast(signed32, bits)), hn::Set(f32, 0x1p-24f)), f32,
               out + 2 * i);
  }
  return i;
}

std::int64_t bits(const PhiloxStep& of, std::uint64_t first, std::int64_t count, std::uint64_t* out) {
  const D64 d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  Blocks blocks(of, first);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const Words words = blocks.next();
    hn::StoreInterleaved2(joined(words.w0, words.w1), joined(words.w2, words.w3), d, out + 2 * i);
  }
  return i;
}

#endif

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/simd/dispatch.h"

namespace chainrule::kernels {

HWY_EXPORT(uniform);
HWY_EXPORT(bits);

std::int64_t uniform_blocks(const PhiloxStep& of, std::uint64_t first, std::int64_t count, float* out) {
  return CHAINRULE_DISPATCH(uniform)(of, first, count, out);
}

std::int64_t random_blocks(const PhiloxStep& of, std::uint64_t first, std::int64_t count,
                           std::uint64_t* out) {
  return CHAINRULE_DISPATCH(bits)(of, first, count, out);
}

}  // namespace chainrule::kernels
#endif  // HWY_ONCE
