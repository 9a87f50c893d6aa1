// Loads and stores of a run's last, partial vector. Included once per instruction set.
#if defined(CHAINRULE_KERNELS_SIMD_LOOP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SIMD_LOOP_INL_H
#undef CHAINRULE_KERNELS_SIMD_LOOP_INL_H
#else
#define CHAINRULE_KERNELS_SIMD_LOOP_INL_H
#endif

#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// AVX2 and AVX-512 have masked loads and stores of 4- and 8-byte lanes that never touch what is masked off;
// elsewhere Highway reads the whole vector, so that a copy is needed.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
inline constexpr bool kHasMaskedMemory = true;
#else
inline constexpr bool kHasMaskedMemory = false;
#endif

/// The first `count` lanes from memory, zeros above; reads nothing past them. 0 < count < lanes.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_first(D d, const T* p, std::int64_t count) {
  if constexpr (kHasMaskedMemory && sizeof(T) >= 4) {
    return hn::MaskedLoad(hn::FirstN(d, static_cast<std::size_t>(count)), d, p);
  } else {
    HWY_ALIGN T lanes[hn::MaxLanes(D())] = {};
    std::memcpy(lanes, p, static_cast<std::size_t>(count) * sizeof(T));
    return hn::Load(d, lanes);
  }
}

/// Stores the first `count` lanes, and touches nothing past them. 0 < count < lanes.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_first(D d, hn::Vec<D> v, T* p, std::int64_t count) {
  if constexpr (kHasMaskedMemory && sizeof(T) >= 4) {
    hn::BlendedStore(v, hn::FirstN(d, static_cast<std::size_t>(count)), d, p);
  } else {
    HWY_ALIGN T lanes[hn::MaxLanes(D())];
    hn::Store(v, d, lanes);
    std::memcpy(p, lanes, static_cast<std::size_t>(count) * sizeof(T));
  }
}

/// An operand of a loop: a run of memory, or one value repeated.
template <class D, bool kScalar>
class Operand {
 public:
  using T = hn::TFromD<D>;
  HWY_INLINE Operand(D d, const T* p) : p_(p), value_(kScalar ? hn::Set(d, *p) : hn::Zero(d)) {}
  HWY_INLINE hn::Vec<D> load(D d, std::int64_t i) const {
    if constexpr (kScalar) return value_;
    return hn::LoadU(d, p_ + i);
  }
  HWY_INLINE hn::Vec<D> load_first(D d, std::int64_t i, std::int64_t count) const {
    if constexpr (kScalar) return value_;
    return HWY_NAMESPACE::load_first(d, p_ + i, count);
  }

 private:
  const T* p_;
  hn::Vec<D> value_;
};

/// Calls full(i) for each whole vector of a run of n, then part(i, count) for what is left, if anything.
template <class Full, class Part>
HWY_INLINE void for_vectors(std::int64_t lanes, std::int64_t n, Full&& full, Part&& part) {
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) full(i);
  if (i < n) part(i, n - i);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per instruction set
