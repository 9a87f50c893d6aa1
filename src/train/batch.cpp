// From the bytes of a data set to what the net takes, and the share of it that the net gets right.
#include <algorithm>
#include <numeric>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/train.h"
#include "graph/node.h"

namespace chainrule::train {

Batch gather_batch(const data::ImageSet& set, std::span<const std::int64_t> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const Shape shape{count, set.image_size()};
  Buffer pixels = Buffer::allocate(static_cast<std::size_t>(shape.numel()) * sizeof(float));
  data::gather(set, rows, 1.0f / 255, static_cast<float*>(pixels.data()));
  Buffer labels = Buffer::allocate(rows.size() * sizeof(std::int64_t));
  data::gather_labels(set, rows, static_cast<std::int64_t*>(labels.data()));
  return {make_leaf(std::move(pixels), f32, shape), make_leaf(std::move(labels), i64, {count})};
}

double accuracy(nn::TwoLayerNet& net, const data::ImageSet& set) {
  if (set.count < 1) throw ValueError(81, "[accuracy] the set has no images; need at least one.");
  constexpr std::int64_t kBlock = 1000;
  std::vector<std::int64_t> rows;
  std::int64_t correct = 0;
  for (std::int64_t begin = 0; begin < set.count; begin += kBlock) {
    rows.resize(static_cast<std::size_t>(std::min(kBlock, set.count - begin)));
    std::iota(rows.begin(), rows.end(), begin);
    const Batch batch = gather_batch(set, rows);
    const Tensor predicted = argmax(net.predict(batch.x), 1);
    const auto found = predicted.data<std::int64_t>();
    const auto wanted = batch.t.data<std::int64_t>();
    for (std::size_t i = 0; i < found.size(); ++i) correct += found[i] == wanted[i];
  }
  return static_cast<double>(correct) / static_cast<double>(set.count);
}

}  // namespace chainrule::train
