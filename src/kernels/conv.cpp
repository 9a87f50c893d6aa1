#include "kernels/conv.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/thread_pool.h"
#include "kernels/conv_rows.h"
#include "kernels/conv_shifted.h"
#include "kernels/conv_winograd.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/gemm_scratch.h"

// Patches are laid out as a matrix, a row for each weight of an output channel and a column for each place of
// the window; a matrix product does the arithmetic. Blocks of rows and columns keep the matrix in the second
// cache.
namespace chainrule::kernels {
namespace {

constexpr std::int64_t kBlockColumns = 1024;  // places of the window
constexpr std::int64_t kBlockDepth = 256;     // weights
constexpr std::int64_t kMinTask = 1 << 18;    // multiply-adds that are worth handing to another thread

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Range piece(std::int64_t count, std::int64_t pieces, std::int64_t index) {
  return {count * index / pieces, count * (index + 1) / pieces};
}

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

  Range block(std::int64_t index) const { return piece(places, blocks, index); }
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

/// One block of the output: all its patches, some weights at a time.
template <class T>
void conv_block(const Part<T>& part, const T* image, const T* w, T* y, Range block) {
  const std::int64_t deep_blocks = std::max<std::int64_t>(1, divide_up(part.depth, kBlockDepth));
  const std::int64_t columns = block.size();
  for (std::int64_t i = 0; i < deep_blocks; ++i) {
    const Range deep = piece(part.depth, deep_blocks, i);
    const auto [patches, step] = part.patches(image, deep, block);
    gemm(Gemm<T>{.m = part.s.out_channels,
                 .n = columns,
                 .k = deep.size(),
                 .a = w + deep.begin,
                 .lda = part.depth,
                 .b = patches,
                 .ldb = step,
                 .c = y + block.begin,
                 .ldc = part.places,
                 .accumulate = i > 0});
  }
}

/// With stride 1 the adjoint in x is a convolution of y, with as much padding as the windows reach over and
/// the weights turned round.
ConvShape adjoint(const ConvShape& s) {
  ConvShape turned{s.windows, s.n, s.groups, s.out_channels, s.in_channels};
  std::swap(turned.windows.in, turned.windows.out);
  for (int axis = 0; axis < 3; ++axis) {
    turned.windows.low[axis] = (s.windows.kernel[axis] - 1) * s.windows.dilation[axis] - s.windows.low[axis];
  }
  return turned;
}

/// Weights (o, c, j) as (c, o, the last j first), group by group.
template <class T>
void turn_weights(const ConvShape& s, const T* w, T* turned) {
  const std::int64_t kernel = s.windows.kernel.product();
  for (std::int64_t group = 0; group < s.groups; ++group) {
    for (std::int64_t o = 0; o < s.out_channels; ++o) {
      for (std::int64_t c = 0; c < s.in_channels; ++c, w += kernel) {
        T* to = turned + ((group * s.in_channels + c) * s.out_channels + o) * kernel;
        std::reverse_copy(w, w + kernel, to);
      }
    }
  }
}

template <class T>
void direct_conv(const ConvShape& shape, const T* x, const T* w, T* y, const ConvFinish<T>& finish) {
  if (RowConv<T>::fits(shape)) return RowConv<T>(shape).forward(x, w, y, finish);
  if (ShiftedConv<T>::fits(shape)) return ShiftedConv<T>(shape).forward(x, w, y, finish);
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
void direct_conv_input(const ConvShape& shape, const T* y, const T* w, T* x) {
  if (ShiftedConv<T>::fits(adjoint(shape))) {
    thread_local Scratch memory;
    T* turned = memory.get<T>(shape.groups * shape.out_channels * shape.depth());
    turn_weights(shape, w, turned);
    return ShiftedConv<T>(adjoint(shape)).forward(y, turned, x, {});
  }
  const Part<T> part{shape};
  const std::int64_t kernel = shape.windows.kernel.product(), plane = shape.windows.in.product();
  // Whole channels, so that no two tasks add to one element.
  const std::int64_t pieces = divide_up(part.depth, std::max(kBlockDepth, kernel));
  const auto run = [&](std::int64_t image, std::int64_t group, Range channels) {
    T* to = x + part.x_at(image, group);
    std::fill(to + channels.begin * plane, to + channels.end * plane, T(0));
    const Range deep{channels.begin * kernel, channels.end * kernel};
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
  const std::int64_t work = shape.out_channels * part.depth * part.places / std::max<std::int64_t>(1, pieces);
  parallel_for(shape.n * shape.groups * pieces, part.grain(work), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      run(task / pieces / shape.groups, task / pieces % shape.groups,
          piece(shape.in_channels, pieces, task % pieces));
    }
  });
}

/// With `accumulate` the chains go on from what w holds.
template <class T>
void direct_conv_weight(const ConvShape& shape, const T* x, const T* y, T* w, bool accumulate) {
  const Part<T> part{shape};
  if (part.depth == 0) return;
  if (shape.n * part.places == 0) {
    if (!accumulate) std::fill_n(w, shape.groups * shape.out_channels * part.depth, T(0));
    return;
  }
  const std::int64_t outputs = shape.out_channels;
  // The transpose is summed: it is y that the product then has to turn round, which is the smaller matrix.
  // Calls body(number in w, number in sums) for each weight of a group, a few rows of sums at a time.
  const auto for_each_weight = [&](std::int64_t group, Range deep, auto body) {
    constexpr std::int64_t kRows = 16;
    const std::int64_t at = part.w_at(group) + deep.begin;
    parallel_for(divide_up(deep.size(), kRows), part.grain(kRows * outputs),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t first = begin * kRows; first < std::min(deep.size(), end * kRows);
                        first += kRows) {
                     const std::int64_t last = std::min(deep.size(), first + kRows);
                     for (std::int64_t o = 0; o < outputs; ++o) {
                       for (std::int64_t p = first; p < last; ++p)
                         body(at + o * part.depth + p, p * outputs + o);
                     }
                   }
                 });
  };
  const auto turn_back = [&](std::int64_t group, Range deep, T* sums) {
    if (accumulate)
      for_each_weight(group, deep, [=](std::int64_t at, std::int64_t sum) { sums[sum] = w[at]; });
  };
  const auto turn = [&](std::int64_t group, Range deep, const T* sums) {
    for_each_weight(group, deep, [=](std::int64_t at, std::int64_t sum) { w[at] = sums[sum]; });
  };
  const auto run = [&](std::int64_t group, Range deep) {
    thread_local Scratch memory;
    T* sums = memory.get<T>(deep.size() * outputs);
    turn_back(group, deep, sums);
    for (std::int64_t i = 0; i < shape.n * part.blocks; ++i) {
      const std::int64_t image = i / part.blocks;
      const Range block = part.block(i % part.blocks);
      const auto [patches, step] = part.patches(x + part.x_at(image, group), deep, block);
      gemm(Gemm<T>{.m = deep.size(),
                   .n = outputs,
                   .k = block.size(),
                   .a = patches,
                   .lda = step,
                   .b = y + part.y_at(image, group) + block.begin,
                   .ldb = part.places,
                   .trans_b = true,
                   .c = sums,
                   .ldc = outputs,
                   .accumulate = accumulate || i > 0});
    }
    turn(group, deep, sums);
  };

  const auto run_groups = [&](Range groups) {
    // As many tasks as the threads can use, but none of less than two tiles' rows.
    const std::int64_t wanted = divide_up(num_threads(), groups.size());
    const std::int64_t pieces =
        std::max(divide_up(part.depth, kBlockDepth), std::min(wanted, divide_up(part.depth, 16)));
    const std::int64_t work = shape.n * outputs * part.depth * part.places / pieces;
    parallel_for(groups.size() * pieces, part.grain(work), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t task = begin; task < end; ++task) {
        run(groups.begin + task / pieces, piece(part.depth, pieces, task % pieces));
      }
    });
  };
  if (!ShiftedConv<T>::fits(shape)) return run_groups({0, shape.groups});
  for (std::int64_t group = 0; group < shape.groups; ++group) {
    thread_local Scratch memory;
    T* sums = memory.get<T>(part.depth * outputs);
    turn_back(group, {0, part.depth}, sums);
    if (ShiftedConv<T>(shape).add_up_weights(group, x, y, sums, accumulate)) {
      turn(group, {0, part.depth}, sums);
    } else {
      run_groups({group, group + 1});
    }
  }
}

/// Runs `direct(shape of one image, image)` for those that could not be done together with the others.
template <class F>
void for_each_left(ConvShape shape, const bool* done, F direct) {
  const std::int64_t images = std::exchange(shape.n, 1);
  for (std::int64_t i = 0; i < images; ++i) {
    if (!done[i]) direct(shape, i);
  }
}

/// Memory of this thread: what a piece keeps where nothing has to be kept, and which images are done.
template <class T>
T* kept_or_scratch(const ConvPiece<T>& piece, std::int64_t count) {
  thread_local Scratch memory;
  return piece.kept != nullptr ? piece.kept : memory.get<T>(count);
}
bool* flags(std::int64_t count) {
  thread_local Scratch memory;
  return memory.get<bool>(count);
}

}  // namespace

template <class T>
void conv(const ConvShape& shape, const T* x, const T* w, T* y, const ConvFinish<T>& finish,
          const ConvPiece<T>& piece) {
  if constexpr (std::is_same_v<T, float>) {
    if (WinogradConv::fits(shape)) {
      const WinogradConv fast(shape);
      float* transformed = kept_or_scratch(piece, fast.transformed());
      bool* done = flags(shape.n);
      if (piece.first) fast.transform_weights(w, transformed);
      fast.forward(x, transformed, y, finish, done);
      const Part<T> part{shape};
      return for_each_left(shape, done, [&](const ConvShape& one, std::int64_t i) {
        direct_conv(one, x + part.x_at(i, 0), w, y + part.y_at(i, 0), finish);
      });
    }
  }
  direct_conv(shape, x, w, y, finish);
}

template <class T>
void conv_input(const ConvShape& shape, const T* y, const T* w, T* x, const ConvPiece<T>& piece) {
  if constexpr (std::is_same_v<T, float>) {
    if (WinogradConv::fits(adjoint(shape))) {
      const WinogradConv fast(adjoint(shape));
      float* transformed = kept_or_scratch(piece, fast.transformed());
      bool* done = flags(shape.n);
      if (piece.first) fast.transform_turned_weights(w, transformed);
      fast.forward(y, transformed, x, {}, done);
      const Part<T> part{shape};
      return for_each_left(shape, done, [&](const ConvShape& one, std::int64_t i) {
        direct_conv_input(one, y + part.y_at(i, 0), w, x + part.x_at(i, 0));
      });
    }
  }
  direct_conv_input(shape, y, w, x);
}

template <class T>
void conv_weight(const ConvShape& shape, const T* x, const T* y, T* w, const ConvPiece<T>& piece) {
  if constexpr (std::is_same_v<T, float>) {
    if (WinogradConv::fits(shape)) {
      const WinogradConv fast(shape);
      const Part<T> part{shape};
      float* sums = kept_or_scratch(piece, fast.transformed());
      bool* done = flags(shape.n);
      fast.add_up_weights(x, y, sums, !piece.first, done);
      if (piece.first) std::fill_n(w, shape.groups * shape.out_channels * part.depth, T(0));
      for_each_left(shape, done, [&](const ConvShape& one, std::int64_t i) {
        direct_conv_weight(one, x + part.x_at(i, 0), y + part.y_at(i, 0), w, true);
      });
      if (piece.last) fast.transform_back_weights(sums, w);
      return;
    }
  }
  if (RowConv<T>::fits(shape)) {
    const RowConv<T> rows(shape);
    T* sums = kept_or_scratch(piece, rows.partial_sums());
    if (piece.first) std::fill_n(sums, rows.partial_sums(), T(0));
    rows.add_up_weights(x, y, sums);
    if (piece.last) rows.finish_weights(sums, w);
    return;
  }
  direct_conv_weight(shape, x, y, w, !piece.first);
}

std::int64_t conv_kept(const ConvShape& shape) {
  return WinogradConv::fits(shape) ? WinogradConv(shape).transformed() : 0;
}
std::int64_t conv_input_kept(const ConvShape& shape) { return conv_kept(adjoint(shape)); }
std::int64_t conv_weight_kept(const ConvShape& shape) {
  const std::int64_t transformed = WinogradConv::fits(shape) ? WinogradConv(shape).transformed() : 0;
  return std::max(transformed, RowConv<float>::fits(shape) ? RowConv<float>(shape).partial_sums() : 0);
}

template void conv(const ConvShape&, const float*, const float*, float*, const ConvFinish<float>&,
                   const ConvPiece<float>&);
template void conv(const ConvShape&, const double*, const double*, double*, const ConvFinish<double>&,
                   const ConvPiece<double>&);
template void conv_input(const ConvShape&, const float*, const float*, float*, const ConvPiece<float>&);
template void conv_input(const ConvShape&, const double*, const double*, double*, const ConvPiece<double>&);
template void conv_weight(const ConvShape&, const float*, const float*, float*, const ConvPiece<float>&);
template void conv_weight(const ConvShape&, const double*, const double*, double*, const ConvPiece<double>&);

}  // namespace chainrule::kernels
