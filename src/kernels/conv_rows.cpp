#include "kernels/conv_rows.h"

#include <algorithm>

#include "core/thread_pool.h"
#include "kernels/chain_sums.h"
#include "kernels/simd/gemm_scratch.h"

namespace chainrule::kernels {
namespace {

constexpr std::int64_t kMostWeights = 128;        // of an output
constexpr std::int64_t kShortestRow = 8;          // of y
constexpr std::int64_t kWeightsByLength = 4;      // the longer the rows, the more weights are worth it
constexpr std::int64_t kPreparedBytes = 1 << 20;  // images that are laid out at one time

template <class T>
T* scratch(std::int64_t count, int which) {
  thread_local Scratch memory[3];
  return memory[which].get<T>(count);
}

/// Where the rows under the weights begin, in this thread's memory: read by all.
struct Places {
  std::int64_t *shifts, *rows;
};
Places find_places(const PaddedImage& padded, const Windows& v, std::int64_t depth) {
  std::int64_t* shifts = scratch<std::int64_t>(depth + v.out[0] * v.out[1], 2);
  std::int64_t* rows = shifts + depth;
  padded.find_shifts(depth, shifts);
  padded.for_each_row([&](std::int64_t at, std::int64_t row) { rows[row / v.out[2]] = at; });
  return {shifts, rows};
}

/// Calls add(images, rows, columns) for as much as the chains have room for: many images, or a part of one.
template <class T, class Step, class F>
void add_in_steps(const Step& step, std::int64_t images, Range rows, Range columns, ChainSums<T>& chains,
                  F add) {
  const bool is_whole = step.rows >= rows.size() && step.columns >= columns.size();
  for (std::int64_t i = 0; is_whole && i < images;) {
    const std::int64_t end = std::min(images, i + chains.room(step.links));
    add(Range{i, end}, rows, columns);
    chains.add((end - i) * step.links);
    i = end;
  }
  for (std::int64_t i = 0; !is_whole && i < images; ++i) {
    for (std::int64_t row = 0; row < rows.end; row += step.rows) {
      for (std::int64_t column = 0; column < columns.end; column += step.columns) {
        chains.room(step.links);
        add(Range{i, i + 1}, Range{row, std::min(rows.end, row + step.rows)},
            Range{column, std::min(columns.end, column + step.columns)});
        chains.add(step.links);
      }
    }
  }
}

}  // namespace

template <class T>
bool RowConv<T>::fits(const ConvShape& shape) {
  const std::int64_t row = shape.windows.out[2], weights = shape.depth();
  return PaddedImage::fits(shape.windows) && shape.windows.kernel.product() > 1 && shape.n > 0 &&
         weights > 0 && weights <= std::min(kMostWeights, kWeightsByLength * row) && row >= kShortestRow;
}

template <class T>
void RowConv<T>::forward(const T* x, const T* w, T* y, const ConvFinish<T>& finish) const {
  const std::int64_t x_size = s_.in_channels * v_.in.product(), places = v_.out.product();
  const std::int64_t outputs = s_.groups * s_.out_channels, depth = s_.depth();
  const auto [shifts, rows] = find_places(padded_, v_, depth);
  T* turned = scratch<T>(depth * outputs, 1);  // (depth, outputs)
  for (std::int64_t o = 0; o < outputs; ++o) {
    for (std::int64_t p = 0; p < depth; ++p) turned[p * outputs + o] = w[o * depth + p];
  }
  const std::int64_t image_size = s_.in_channels * padded_.plane();
  parallel_for(s_.n * s_.groups, 1, [&, shifts = shifts, rows = rows](std::int64_t begin, std::int64_t end) {
    T* image = scratch<T>(image_size + RowSums<T>::kReadable, 0);
    std::fill_n(image + image_size, RowSums<T>::kReadable, T(0));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first_channel = i % s_.groups * s_.out_channels;
      padded_.copy(x + i * x_size, {0, s_.in_channels}, image);
      sum_rows({.x = image,
                .x_rows = rows,
                .shifts = shifts,
                .places = depth,
                .w = turned + first_channel,
                .w_step = outputs,
                .bias = finish.bias == nullptr ? nullptr : finish.bias + first_channel,
                .relu = finish.relu,
                .y = y + i * s_.out_channels * places,
                .y_step = places,
                .outputs = s_.out_channels,
                .rows = v_.out[0] * v_.out[1],
                .width = v_.out[2]});
    }
  });
}

template <class T>
typename RowConv<T>::Step RowConv<T>::step() const {
  constexpr std::int64_t kMaxChain = ChainSums<T>::kMaxChain;
  const std::int64_t width = v_.out[2], rows = v_.out[0] * v_.out[1], links = divide_up(width, kSums<T>);
  if (links > kMaxChain) return {1, kMaxChain * kSums<T>, kMaxChain};
  std::int64_t some = std::min(rows, kMaxChain / links);
  if (some < rows && some > 1) some -= some % 2;  // rows may go in pairs
  return {some, width, some * links};
}

template <class T>
std::int64_t RowConv<T>::partial_sums() const {
  const Step one = step();
  const std::int64_t steps =
      s_.n * divide_up(v_.out[0] * v_.out[1], one.rows) * divide_up(v_.out[2], one.columns);
  return ChainSums<T>::memory(all_sums(), ChainSums<T>::chains(steps, one.links), s_.groups);
}

template <class T>
void RowConv<T>::add_up_weights(const T* x, const T* y, T* memory, bool begin) const {
  const std::int64_t x_size = s_.in_channels * v_.in.product(), places = v_.out.product();
  const std::int64_t image_size = s_.in_channels * padded_.plane();
  const std::int64_t at_once =
      std::clamp<std::int64_t>(kPreparedBytes / (static_cast<std::int64_t>(sizeof(T)) * image_size), 1, s_.n);
  const auto [shifts, rows] = find_places(padded_, v_, s_.depth());
  T* images = scratch<T>(at_once * image_size, 0);  // in this thread's memory, read by all
  const Step step = this->step();
  const std::int64_t all_rows = v_.out[0] * v_.out[1], outputs = s_.groups * s_.out_channels;
  for (std::int64_t group = 0; group < s_.groups; ++group) {
    ChainSums<T> chains(memory, all_sums(), group, s_.groups);
    if (begin) chains.clear();
    for (std::int64_t first = 0; first < s_.n; first += at_once) {
      const std::int64_t count = std::min(at_once, s_.n - first);
      for (std::int64_t i = 0; i < count; ++i) {
        padded_.copy(x + ((first + i) * s_.groups + group) * x_size, {0, s_.in_channels},
                     images + i * image_size);
      }
      const auto add = [&, shifts = shifts, x_rows = rows](Range some, Range lines, Range columns) {
        T* sums = chains.chain();
        if (!chains.is_begun()) std::fill_n(sums, all_sums() / s_.groups, T(0));
        parallel_for(s_.out_channels, 1, [&](std::int64_t output, std::int64_t end) {
          const std::int64_t y_plane = (first + some.begin) * outputs + group * s_.out_channels + output;
          add_row_products({.x = images + some.begin * image_size + columns.begin,
                            .x_rows = x_rows + lines.begin,
                            .shifts = shifts,
                            .places = s_.depth(),
                            .y = y + y_plane * places + lines.begin * v_.out[2] + columns.begin,
                            .y_step = places,
                            .outputs = end - output,
                            .rows = lines.size(),
                            .width = columns.size(),
                            .images = some.size(),
                            .x_image = image_size,
                            .y_image = outputs * places,
                            .sums = sums + output * s_.depth() * kSums<T>});
        });
      };
      add_in_steps(step, count, {0, all_rows}, {0, v_.out[2]}, chains, add);
    }
  }
}

template <class T>
void RowConv<T>::finish_weights(T* memory, T* w) const {
  const std::int64_t weights = s_.out_channels * s_.depth();
  for (std::int64_t group = 0; group < s_.groups; ++group) {
    const T* sums = ChainSums<T>(memory, all_sums(), group, s_.groups).finish();
    for (std::int64_t i = 0; i < weights; ++i, sums += kSums<T>) {
      T pairs[kSums<T>];
      std::copy_n(sums, kSums<T>, pairs);
      for (std::int64_t half = kSums<T> / 2; half > 0; half /= 2) {
        for (std::int64_t j = 0; j < half; ++j) pairs[j] += pairs[j + half];
      }
      w[group * weights + i] = T(0) + pairs[0];  // no -0, which a narrower vector may have left
    }
  }
}

template class RowConv<float>;
template class RowConv<double>;

}  // namespace chainrule::kernels
