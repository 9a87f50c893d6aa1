#include "kernels/conv_winograd.h"

#include <algorithm>

#include "core/thread_pool.h"
#include "kernels/chain_sums.h"
#include "kernels/cut.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/gemm_scratch.h"
#include "kernels/simd/winograd.h"

namespace chainrule::kernels {
namespace {

constexpr int kPoints = 16;
constexpr std::int64_t kFewestChannels = 8;  // for fewer, the transforms cost more than they save
// Transformed weights are read for each block of tiles: they should be few beside an image's tiles, and not
// pass the caches.
constexpr std::int64_t kWeightsForTile = 2048, kMostWeights = 1 << 17;
constexpr double kMostWaste = 1.6;                   // results computed for each one that is wanted
constexpr std::int64_t kBlockBytes = 128 * 1024;     // points of image and results that are there at one time
constexpr std::int64_t kTileUnit = 48;               // tiles that multiply_points takes without a rest
constexpr std::int64_t kPreparedBytes = 256 * 1024;  // images and gradients for the weights
constexpr std::int64_t kPointBytes = 512 * 1024;     // and their points

std::int64_t stored(std::int64_t channels) { return divide_up(channels, kChannelUnit) * kChannelUnit; }

/// Numbers from one point to the next: a cache line more than a point has, so that the 16 pieces of a tile do
/// not compete for the same lines of the first cache.
std::int64_t stride_of(std::int64_t tiles, std::int64_t channels) { return tiles * channels + kChannelUnit; }

float* scratch(std::int64_t count, int which) {
  thread_local Scratch memory[4];
  return memory[which].get<float>(count);
}

/// How many tiles with so many channels, of image and result together, are transformed at one time.
std::int64_t tiles_of_block(std::int64_t channels) {
  return std::max<std::int64_t>(1, kBlockBytes / (kPoints * 4 * channels * kTileUnit)) * kTileUnit;
}

/// Calls body(image, its tiles, number of the first) for the tiles [begin, end) of images side by side.
template <class F>
void for_each_image(std::int64_t columns, std::int64_t tiles, Range range, F body) {
  for (std::int64_t t = range.begin; t < range.end;) {
    const std::int64_t image = t / tiles, end = std::min(range.end, (image + 1) * tiles);
    body(image, TileRange{columns, t - image * tiles, end - image * tiles}, t - range.begin);
    t = end;
  }
}

}  // namespace

bool WinogradConv::fits(const ConvShape& shape) {
  const Windows& v = shape.windows;
  if (v.kernel != Extents{1, 3, 3} || v.stride.product() != 1 || v.dilation.product() != 1) return false;
  if (v.in[0] != 1 || v.out[0] != 1 || v.low[0] != 0) return false;
  for (int axis = 1; axis < 3; ++axis) {
    if (v.low[axis] < 0 || v.out[axis] + 2 < v.low[axis] + v.in[axis]) return false;
  }
  if (std::min(shape.in_channels, shape.out_channels) < kFewestChannels || shape.n == 0) return false;
  if (shape.in_channels > Gemm<float>::kMaxChain) return false;
  const std::int64_t tiles = divide_up(v.out[1], 2) * divide_up(v.out[2], 2);
  if (shape.in_channels * shape.out_channels > std::min(kMostWeights, kWeightsForTile * tiles)) return false;
  return tiles > 0 && static_cast<double>(4 * tiles) <= kMostWaste * static_cast<double>(v.out.product());
}

WinogradConv::WinogradConv(const ConvShape& shape)
    : s_(shape),
      rows_(divide_up(shape.windows.out[1], 2)),
      columns_(divide_up(shape.windows.out[2], 2)),
      tiles_(rows_ * columns_),
      x_channels_(stored(shape.in_channels)),
      y_channels_(stored(shape.out_channels)),
      point_(shape.in_channels * y_channels_ + kChannelUnit) {}

// G w G' with G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1], w being at(group, in, out, place). Some weights
// side by side, so that the compiler makes vectors of them.
template <class At>
void WinogradConv::transform(At at, float* to) const {
  constexpr int kSide = 16;
  static_assert(kChannelUnit % kSide == 0);
  for (std::int64_t group = 0; group < s_.groups; ++group) {
    for (std::int64_t in = 0; in < s_.in_channels; ++in) {
      for (std::int64_t out = 0; out < y_channels_; out += kSide) {
        float w[9][kSide] = {}, half[12][kSide];
        const auto count = static_cast<int>(std::min<std::int64_t>(kSide, s_.out_channels - out));
        for (int o = 0; o < count; ++o) {
          for (int j = 0; j < 9; ++j) w[j][o] = at(group, in, out + o, j);
        }
        const auto apply = [](const float* from, std::int64_t step, float* result, std::int64_t result_step) {
          for (int o = 0; o < kSide; ++o) {
            const float w0 = from[o], w2 = from[2 * step + o];
            const float ends = 0.5F * (w0 + w2), middle = 0.5F * from[step + o];
            result[o] = w0, result[result_step + o] = ends + middle;
            result[2 * result_step + o] = ends - middle, result[3 * result_step + o] = w2;
          }
        };
        for (int j = 0; j < 3; ++j) apply(w[j], 3 * kSide, half[j], 3 * kSide);
        float* points = to + group * kPoints * point_ + in * y_channels_ + out;
        for (int i = 0; i < 4; ++i) apply(half[3 * i], kSide, points + 4 * i * point_, point_);
      }
    }
  }
}

void WinogradConv::transform_weights(const float* w, float* to) const {
  const std::int64_t in = s_.in_channels, out = s_.out_channels;
  transform([=](std::int64_t group, std::int64_t i, std::int64_t o,
                int j) { return w[((group * out + o) * in + i) * 9 + j]; },
            to);
}

void WinogradConv::transform_turned_weights(const float* w, float* to) const {
  const std::int64_t in = s_.in_channels, out = s_.out_channels;
  transform([=](std::int64_t group, std::int64_t i, std::int64_t o,
                int j) { return w[((group * in + i) * out + o) * 9 + 8 - j]; },
            to);
}

/// Some images, one group of their channels.
struct WinogradConv::Task {
  std::int64_t group, images;
  const float* x;
  float* y;
  std::int64_t x_step, y_step;  // from image to image
  bool* done;
};

void WinogradConv::forward_task(const Task& task, const float* transformed,
                                const ConvFinish<float>& finish) const {
  const Windows& v = s_.windows;
  const ChannelsLast image = image_shape(), result = gradient_shape();
  const std::int64_t tiles = task.images * tiles_;
  const std::int64_t block_tiles = std::min(tiles, tiles_of_block(x_channels_ + y_channels_));
  const std::int64_t x_stride = stride_of(block_tiles, x_channels_),
                     y_stride = stride_of(block_tiles, y_channels_);

  float* bias = nullptr;
  float* images = scratch(task.images * image.size(), 0);
  float* results = scratch(task.images * result.size() + y_channels_, 1);
  float* x_points = scratch(kPoints * x_stride, 2);
  float* y_points = scratch(kPoints * y_stride, 3);
  if (finish.bias != nullptr) {
    bias = results + task.images * result.size();
    std::copy_n(finish.bias + task.group * s_.out_channels, s_.out_channels, bias);
    std::fill(bias + s_.out_channels, bias + y_channels_, 0.0F);
  }
  for (std::int64_t i = 0; i < task.images; ++i) {
    to_channels_last(task.x + i * task.x_step, s_.in_channels, v.in[1], v.in[2], image, v.low[1], v.low[2],
                     images + i * image.size());
  }
  for (std::int64_t begin = 0; begin < tiles; begin += block_tiles) {
    const Range block{begin, std::min(tiles, begin + block_tiles)};
    for_each_image(columns_, tiles_, block, [&](std::int64_t i, const TileRange& range, std::int64_t first) {
      transform_image(images + i * image.size(), image, range, {}, x_channels_,
                      x_points + first * x_channels_, x_stride);
    });
    multiply_points({.tiles = block.size(),
                     .channels = x_channels_,
                     .used = s_.in_channels,
                     .result_channels = y_channels_,
                     .a = x_points,
                     .a_stride = x_stride,
                     .b = transformed + task.group * kPoints * point_,
                     .b_stride = point_,
                     .c = y_points,
                     .c_stride = y_stride});
    for_each_image(columns_, tiles_, block, [&](std::int64_t i, const TileRange& range, std::int64_t first) {
      const bool finite = transform_back(y_points + first * y_channels_, y_stride, range, bias, finish.relu,
                                         result, results + i * result.size());
      if (!finite) task.done[i] = false;
    });
  }
  for (std::int64_t i = 0; i < task.images; ++i) {
    from_channels_last(results + i * result.size(), result, s_.out_channels, v.out[1], v.out[2],
                       task.y + i * task.y_step);
  }
}

void WinogradConv::forward(const float* x, const float* transformed, float* y,
                           const ConvFinish<float>& finish, bool* done) const {
  const std::int64_t x_size = s_.in_channels * s_.windows.in.product();
  const std::int64_t y_size = s_.out_channels * s_.windows.out.product();
  std::fill_n(done, s_.n, true);
  const std::int64_t at_once =
      std::clamp<std::int64_t>(tiles_of_block(x_channels_ + y_channels_) / tiles_, 1, s_.n);
  const std::int64_t rounds = divide_up(divide_up(s_.n, at_once), num_threads());
  const std::int64_t parts = std::min(s_.n, rounds * num_threads());  // as many for each thread
  parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t first = s_.n * part / parts, images = s_.n * (part + 1) / parts - first;
      for (std::int64_t group = 0; group < s_.groups; ++group) {
        forward_task(
            {group, images, x + (first * s_.groups + group) * x_size,
             y + (first * s_.groups + group) * y_size, s_.groups * x_size, s_.groups * y_size, done + first},
            transformed, finish);
      }
    }
  });
}

/// Some images laid out with their channels last, and their gradients.
struct WinogradConv::Prepared {
  const float *images, *gradients;
};

void WinogradConv::add_up_points(const Prepared& prepared, Range tiles, PointRows rows, Range channels,
                                 float* sums, bool accumulate) const {
  const ChannelsLast image = image_shape(), gradient = gradient_shape();
  const std::int64_t size = channels.size();
  const std::int64_t block_tiles =
      std::clamp<std::int64_t>(kPointBytes / (4 * rows.points() * (size + y_channels_)), 1, tiles.size());
  const std::int64_t x_stride = stride_of(block_tiles, size), y_stride = stride_of(block_tiles, y_channels_);
  float* x_points = scratch(rows.points() * x_stride, 2);
  float* y_points = scratch(rows.points() * y_stride, 3);
  for (std::int64_t begin = tiles.begin; begin < tiles.end; begin += block_tiles) {
    const Range block{begin, std::min(tiles.end, begin + block_tiles)};
    for_each_image(columns_, tiles_, block, [&](std::int64_t i, const TileRange& range, std::int64_t first) {
      transform_image(prepared.images + i * image.size() + channels.begin, image, range, rows, size,
                      x_points + first * size, x_stride);
      transform_gradient(prepared.gradients + i * gradient.size(), gradient, range, rows,
                         y_points + first * y_channels_, y_stride);
    });
    for (int p = 0; p < rows.points(); ++p) {
      gemm(Gemm<float>{.m = std::min(size, s_.in_channels - channels.begin),
                       .n = y_channels_,
                       .k = block.size(),
                       .a = x_points + p * x_stride,
                       .lda = size,
                       .trans_a = true,
                       .b = y_points + p * y_stride,
                       .ldb = y_channels_,
                       .c = sums + (4 * rows.begin + p) * point_ + channels.begin * y_channels_,
                       .ldc = y_channels_,
                       .accumulate = accumulate || begin > tiles.begin});
    }
  }
}

std::int64_t WinogradConv::transformed_sums() const {
  return ChainSums<float>::memory(transformed(), ChainSums<float>::chains(s_.n * tiles_, 1), s_.groups);
}

void WinogradConv::add_up_weights(const float* x, const float* y, float* memory, bool begin,
                                  bool* done) const {
  const Windows& v = s_.windows;
  const std::int64_t x_size = s_.in_channels * v.in.product(), y_size = s_.out_channels * v.out.product();
  const ChannelsLast image = image_shape(), gradient = gradient_shape();
  const std::int64_t at_once =
      std::clamp<std::int64_t>(kPreparedBytes / (4 * (image.size() + gradient.size())),
                               std::min<std::int64_t>(s_.n, num_threads()), s_.n);
  // In this thread's memory, written and read by all.
  float* images = scratch(at_once * image.size(), 0);
  float* gradients = scratch(at_once * gradient.size(), 1);
  std::fill_n(done, s_.n, true);
  const auto lay_out = [&](std::int64_t i, std::int64_t group, float* pixels, float* results) {
    const std::int64_t part = i * s_.groups + group;
    const bool x_finite = to_channels_last(x + part * x_size, s_.in_channels, v.in[1], v.in[2], image,
                                           v.low[1], v.low[2], pixels);
    const bool y_finite =
        to_channels_last(y + part * y_size, s_.out_channels, v.out[1], v.out[2], gradient, 0, 0, results);
    if (x_finite && y_finite) return;
    done[i] = false;  // and it adds nothing
    std::fill_n(pixels, image.size(), 0.0F);
    std::fill_n(results, gradient.size(), 0.0F);
  };
  // Each thread transforms what it multiplies: some rows of the points, of some channels where there are more
  // threads than rows.
  const std::int64_t row_pieces = std::min(num_threads(), 4);
  const std::int64_t units = x_channels_ / kChannelUnit;
  const std::int64_t channel_pieces = std::min(units, divide_up(num_threads(), row_pieces));
  for (std::int64_t group = 0; group < s_.groups; ++group) {
    ChainSums<float> chains(memory, transformed(), group, s_.groups);
    if (begin) chains.clear();
    for (std::int64_t first = 0; first < s_.n; first += at_once) {
      const std::int64_t count = std::min(at_once, s_.n - first);
      parallel_for(count, 1, [&](std::int64_t i, std::int64_t end) {
        for (; i < end; ++i)
          lay_out(first + i, group, images + i * image.size(), gradients + i * gradient.size());
      });
      for (std::int64_t tile = 0; tile < count * tiles_;) {
        const Range tiles{tile, std::min(count * tiles_, tile + chains.room())};
        parallel_for(row_pieces * channel_pieces, 1, [&](std::int64_t i, std::int64_t end) {
          for (; i < end; ++i) {
            const Range rows = Cut(4, row_pieces)[i % row_pieces];
            const Range some = Cut(units, channel_pieces)[i / row_pieces];
            add_up_points(
                {images, gradients}, tiles, {static_cast<int>(rows.begin), static_cast<int>(rows.end)},
                {some.begin * kChannelUnit, some.end * kChannelUnit}, chains.chain(), chains.is_begun());
          }
        });
        chains.add(tiles.size());
        tile = tiles.end;
      }
    }
  }
}

// G' m G with G as above.
void WinogradConv::transform_back_weights(float* memory, float* w) const {
  for (std::int64_t group = 0; group < s_.groups; ++group) {
    const float* sums = ChainSums<float>(memory, transformed(), group, s_.groups).finish();
    for (std::int64_t in = 0; in < s_.in_channels; ++in) {
      for (std::int64_t out = 0; out < s_.out_channels; ++out) {
        const float* points = sums + in * y_channels_ + out;
        float half[3][4];
        for (int j = 0; j < 4; ++j) {
          const float* m = points + j * point_;
          const float m1 = m[4 * point_], m2 = m[8 * point_], both = 0.5F * (m1 + m2);
          half[0][j] = m[0] + both, half[1][j] = 0.5F * (m1 - m2), half[2][j] = both + m[12 * point_];
        }
        float* to = w + ((group * s_.out_channels + out) * s_.in_channels + in) * 9;
        for (int i = 0; i < 3; ++i, to += 3) {
          const float both = 0.5F * (half[i][1] + half[i][2]);
          to[0] += half[i][0] + both, to[1] += 0.5F * (half[i][1] - half[i][2]), to[2] += both + half[i][3];
        }
      }
    }
  }
}

}  // namespace chainrule::kernels
