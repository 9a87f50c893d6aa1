#include "kernels/simd/gemm_scratch.h"

#include <new>

namespace chainrule::kernels {
namespace {

constexpr std::align_val_t kAlignment{64};

}  // namespace

void Scratch::grow(std::size_t bytes) {
  release();
  memory_ = ::operator new(bytes, kAlignment);
  bytes_ = bytes;
}

void Scratch::release() {
  if (memory_ != nullptr) ::operator delete(memory_, kAlignment);
  memory_ = nullptr;
  bytes_ = 0;
}

}  // namespace chainrule::kernels
