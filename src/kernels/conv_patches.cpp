#include "kernels/conv_patches.h"

#include <algorithm>
#include <utility>

#include "core/thread_pool.h"
#include "kernels/chain_sums.h"
#include "kernels/cut.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/gemm_scratch.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kBlockColumns = 1024;  // places of the window
constexpr std::int64_t kBlockDepth = 256;     // weights
constexpr std::int64_t kMinTask = 1 << 18;    // multiply-adds that are worth handing to another thread

/// The memory of this thread for patches.
template <class T>
T* scratch(std::int64_t count) {
  thread_local Scratch memory;
  return memory.get<T>(count);
}

/// One group of one image: where its parts lie, and its blocks.
template <class T>
struct Part {
  const ConvShape& s;
  const Windows& v = s.windows;
  std::int64_t places = v.out.product();
  std::int64_t depth = s.depth();
  std::int64_t blocks = divide_up(places, kBlockColumns);

  Range block(std::int64_t index) const { return Cut(places, blocks)[index]; }
  std::int64_t x_at(std::int64_t image, std::int64_t group) const {
    return (image * s.groups + group) * s.in_channels * v.in.product();
  }
  std::int64_t y_at(std::int64_t image, std::int64_t group) const {
    return (image * s.groups + group) * s.out_channels * places;
  }
  std::int64_t w_at(std::int64_t group) const { return group * s.out_channels * depth; }
  /// Tasks of so many multiply-adds each: how many to hand out together.
  std::int64_t grain(std::int64_t work) const {
    return std::max<std::int64_t>(1, kMinTask / std::max<std::int64_t>(1, work));
  }

  /// Whether the image is its own patch matrix: windows of one element, side by side.
  bool is_pointwise() const {
    return v.kernel.product() == 1 && v.stride.product() == 1 && v.in == v.out && v.low == Extents{0, 0, 0};
  }

  /// Rows `deep` of the patch matrix at a block of places, and how far apart they are; in this
  /// thread's memory, if not in the image.
  std::pair<const T*, std::int64_t> patches(const T* image, Range deep, Range block) const {
    if (is_pointwise()) return {image + deep.begin * places + block.begin, places};
    const std::int64_t length = block.size(), kernel = v.kernel.product();
    T* filled = scratch<T>(deep.size() * length);
    for (std::int64_t p = deep.begin; p < deep.end; ++p) {
      copy_elements(v, image + p / kernel * v.in.product(), p % kernel, block, T(0),
                    filled + (p - deep.begin) * length);
    }
    return {filled, length};
  }

  /// The adjoint: adds a patch matrix to an image.
  void add_patches(const T* patches, Range deep, Range block, T* image) const {
    const std::int64_t step = v.stride[2], length = block.size(), kernel = v.kernel.product();
    for (std::int64_t p = deep.begin; p < deep.end; ++p, patches += length) {
      for_each_run(
          v, image + p / kernel * v.in.product(), p % kernel, block,
          [patches, step](T* x, Range at) {
            const T* from = patches + at.begin;
            const std::int64_t count = at.size();
            if (step == 1) {
              for (std::int64_t i = 0; i < count; ++i) x[i] += from[i];
            } else {
              for (std::int64_t i = 0; i < count; ++i) x[i * step] += from[i];
            }
          },
          [](Range) {});
    }
  }
};

/// One block of the output: all its patches, some weights at a time. The chains go on from what c holds, or
/// start from 0.
template <class T>
void add_block(const Part<T>& part, const T* image, const T* w, Range deep, Range block, bool accumulate,
               T* c, std::int64_t ldc) {
  const auto [patches, step] = part.patches(image, deep, block);
  gemm(Gemm<T>{.m = part.s.out_channels,
               .n = block.size(),
               .k = deep.size(),
               .a = w + deep.begin,
               .lda = part.depth,
               .b = patches,
               .ldb = step,
               .c = c,
               .ldc = ldc,
               .accumulate = accumulate});
}

template <class T>
void conv_block(const Part<T>& part, const T* image, const T* w, T* y, Range block) {
  const Cut deep(part.depth, std::max<std::int64_t>(1, divide_up(part.depth, kBlockDepth)));
  if (part.depth <= ChainSums<T>::kMaxChain) {
    for (std::int64_t i = 0; i < deep.pieces(); ++i)
      add_block(part, image, w, deep[i], block, i > 0, y + block.begin, part.places);
    return;
  }
  thread_local Scratch memory;
  const std::int64_t columns = block.size(), sums = part.s.out_channels * columns;
  ChainSums<T> chains(
      memory.get<T>(ChainSums<T>::memory(sums, ChainSums<T>::chains(deep.pieces(), kBlockDepth))), sums);
  chains.clear();
  for (std::int64_t i = 0; i < deep.pieces(); ++i) {
    chains.room(kBlockDepth);
    add_block(part, image, w, deep[i], block, chains.is_begun(), chains.chain(), columns);
    chains.add(kBlockDepth);
  }
  const T* from = chains.finish();
  for (std::int64_t o = 0; o < part.s.out_channels; ++o, from += columns)
    std::copy_n(from, columns, y + o * part.places + block.begin);
}

/// Calls body(number in w, number in sums) for each weight of a group, a few rows of sums at a time.
template <class T, class F>
void for_each_weight(const Part<T>& part, std::int64_t group, Range deep, F body) {
  constexpr std::int64_t kRows = 16;
  const std::int64_t outputs = part.s.out_channels, at = part.w_at(group) + deep.begin;
  parallel_for(
      divide_up(deep.size(), kRows), part.grain(kRows * outputs), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t first = begin * kRows; first < std::min(deep.size(), end * kRows); first += kRows) {
          const std::int64_t last = std::min(deep.size(), first + kRows);
          for (std::int64_t o = 0; o < outputs; ++o) {
            for (std::int64_t p = first; p < last; ++p) body(at + o * part.depth + p, p * outputs + o);
          }
        }
      });
}

}  // namespace

template <class T>
void sums_from_weights(const ConvShape& shape, std::int64_t group, Range deep, const T* w, T* sums) {
  for_each_weight(Part<T>{shape}, group, deep, [=](std::int64_t at, std::int64_t sum) { sums[sum] = w[at]; });
}

template <class T>
void weights_from_sums(const ConvShape& shape, std::int64_t group, Range deep, const T* sums, T* w) {
  for_each_weight(Part<T>{shape}, group, deep, [=](std::int64_t at, std::int64_t sum) { w[at] = sums[sum]; });
}

template <class T>
void conv_by_patches(const ConvShape& shape, const T* x, const T* w, T* y, const ConvFinish<T>& finish) {
  const Part<T> part{shape};
  if (part.places == 0) return;
  const std::int64_t work = shape.out_channels * part.depth * part.places / part.blocks;
  parallel_for(shape.n * shape.groups * part.blocks, part.grain(work),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t task = begin; task < end; ++task) {
                   const std::int64_t image = task / part.blocks / shape.groups;
                   const std::int64_t group = task / part.blocks % shape.groups;
                   T* to = y + part.y_at(image, group);
                   const Range block = part.block(task % part.blocks);
                   conv_block(part, x + part.x_at(image, group), w + part.w_at(group), to, block);
                   for (std::int64_t o = 0; o < shape.out_channels; ++o) {
                     T* row = to + o * part.places + block.begin;
                     finish.write(group * shape.out_channels + o, row, block.size(), row);
                   }
                 }
               });
}

template <class T>
void conv_input_by_patches(const ConvShape& shape, const T* y, const T* w, T* x) {
  const Part<T> part{shape};
  const std::int64_t kernel = shape.windows.kernel.product(), plane = shape.windows.in.product();
  constexpr std::int64_t kMaxChain = ChainSums<T>::kMaxChain;
  // Whole channels, so that no two tasks add to one element.
  const std::int64_t pieces = divide_up(part.depth, std::max(kBlockDepth, kernel));
  // Adds to the image what some of the weights give.
  const auto add = [&](std::int64_t image, std::int64_t group, Range deep, T* to) {
    for (std::int64_t b = 0; part.places > 0 && b < part.blocks; ++b) {
      const Range block = part.block(b);
      const std::int64_t columns = block.size();
      T* patches = scratch<T>(deep.size() * columns);
      gemm(Gemm<T>{.m = deep.size(),
                   .n = columns,
                   .k = shape.out_channels,
                   .a = w + part.w_at(group) + deep.begin,
                   .lda = part.depth,
                   .trans_a = true,
                   .b = y + part.y_at(image, group) + block.begin,
                   .ldb = part.places,
                   .c = patches,
                   .ldc = columns});
      part.add_patches(patches, deep, block, to);
    }
  };
  const auto run = [&](std::int64_t image, std::int64_t group, Range channels) {
    T* to = x + part.x_at(image, group);
    const std::int64_t size = channels.size() * plane;
    std::fill_n(to + channels.begin * plane, size, T(0));
    if (kernel <= kMaxChain) return add(image, group, {channels.begin * kernel, channels.end * kernel}, to);
    thread_local Scratch memory;  // of one channel: no more is done at one time
    ChainSums<T> chains(memory.get<T>(ChainSums<T>::memory(size, divide_up(kernel, kMaxChain))), size);
    chains.clear();
    for (std::int64_t j = 0; j < kernel; j += kMaxChain) {
      chains.room(kMaxChain);
      std::fill_n(chains.chain(), size, T(0));
      const std::int64_t first = channels.begin * kernel + j;
      add(image, group, {first, first + std::min(kernel - j, kMaxChain)},
          chains.chain() - channels.begin * plane);
      chains.add(kMaxChain);
    }
    std::copy_n(chains.finish(), size, to + channels.begin * plane);
  };
  const std::int64_t work = shape.out_channels * part.depth * part.places / std::max<std::int64_t>(1, pieces);
  parallel_for(shape.n * shape.groups * pieces, part.grain(work), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      run(task / pieces / shape.groups, task / pieces % shape.groups,
          Cut(shape.in_channels, pieces)[task % pieces]);
    }
  });
}

template <class T>
void conv_weight_by_patches(const ConvShape& shape, Range groups, const T* x, const T* y, T* w,
                            bool accumulate) {
  const Part<T> part{shape};
  const std::int64_t outputs = shape.out_channels;
  const auto run = [&](std::int64_t group, Range deep) {
    thread_local Scratch memory;
    const std::int64_t size = deep.size() * outputs;
    const std::int64_t most = shape.n * part.places / (ChainSums<T>::kMaxChain - kBlockColumns) + 1;
    ChainSums<T> chains(memory.get<T>(ChainSums<T>::memory(size, most)), size);
    chains.clear();
    if (accumulate) {
      sums_from_weights(shape, group, deep, w, chains.chain());
      chains.add(1);
    }
    for (std::int64_t i = 0; i < shape.n * part.blocks; ++i) {
      const std::int64_t image = i / part.blocks;
      const Range block = part.block(i % part.blocks);
      chains.room(block.size());
      const auto [patches, step] = part.patches(x + part.x_at(image, group), deep, block);
      gemm(Gemm<T>{.m = deep.size(),
                   .n = outputs,
                   .k = block.size(),
                   .a = patches,
                   .lda = step,
                   .b = y + part.y_at(image, group) + block.begin,
                   .ldb = part.places,
                   .trans_b = true,
                   .c = chains.chain(),
                   .ldc = outputs,
                   .accumulate = chains.is_begun()});
      chains.add(block.size());
    }
    weights_from_sums(shape, group, deep, chains.finish(), w);
  };

  // As many tasks as the threads can use, but none of less than two tiles' rows.
  const std::int64_t wanted = divide_up(num_threads(), groups.size());
  const std::int64_t pieces =
      std::max(divide_up(part.depth, kBlockDepth), std::min(wanted, divide_up(part.depth, 16)));
  const std::int64_t work = shape.n * outputs * part.depth * part.places / pieces;
  parallel_for(groups.size() * pieces, part.grain(work), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      run(groups.begin + task / pieces, Cut(part.depth, pieces)[task % pieces]);
    }
  });
}

#define CHAINRULE_INSTANTIATE(T)                                                                 \
  template void conv_by_patches(const ConvShape&, const T*, const T*, T*, const ConvFinish<T>&); \
  template void conv_input_by_patches(const ConvShape&, const T*, const T*, T*);                 \
  template void conv_weight_by_patches(const ConvShape&, Range, const T*, const T*, T*, bool);   \
  template void sums_from_weights(const ConvShape&, std::int64_t, Range, const T*, T*);          \
  template void weights_from_sums(const ConvShape&, std::int64_t, Range, const T*, T*);
CHAINRULE_INSTANTIATE(float)
CHAINRULE_INSTANTIATE(double)
#undef CHAINRULE_INSTANTIATE

}  // namespace chainrule::kernels
