#include "data/pipeline.h"

#include "chainrule/error.h"
#include "core/text.h"
#include "data/new_rows.h"

namespace chainrule::data {
namespace {

constexpr int kMostMixing = 4;  // each doubles the rows that a batch takes

}  // namespace

Pipeline::Pipeline(Source source, Transforms transforms)
    : source_(std::move(source)),
      transforms_(std::move(transforms.list)),
      columns_{source_.inside()->shared_columns()} {
  if (transforms_.size() > Transforms::kMost) {
    throw ValueError(
        276, cat("[loader] ", transforms_.size(), " transforms; need at most ", Transforms::kMost, "."));
  }
  int mixing = 0;
  for (const auto& transform : transforms_) {
    const auto* remake = dynamic_cast<const Remake*>(transform.get());
    remakes_.push_back(remake);
    if (remake != nullptr) {
      columns_.push_back(checked(remake->columns(columns_.back()->list)));
      mixing += remake->mixes() ? 1 : 0;
    } else {
      transform->check(columns_.back()->list);
      columns_.push_back(columns_.back());
    }
  }
  if (mixing > kMostMixing) {
    throw ValueError(276, cat("[loader] ", mixing, " transforms that mix rows; need at most ", kMostMixing,
                              ": each takes twice as many rows."));
  }
}

/// The rows as the first `count` transforms make them.
void Pipeline::fill(std::size_t count, Draw draw, std::span<const Array> out) const {
  std::size_t next = count;
  while (next > 0 && remakes_[next - 1] == nullptr) --next;
  if (next == 0) {
    source_.inside()->gather(draw.rows, out);
  } else {
    remake(next - 1, draw, out);
  }
  for (; next < count; ++next) {
    draw.place = static_cast<int>(next);
    transforms_[next]->apply(out, draw);
  }
}

/// What the transform at this place makes of the rows, and of their partners.
void Pipeline::remake(std::size_t place, Draw draw, std::span<const Array> out) const {
  const Remake& transform = *remakes_[place];
  const std::vector<Column>& before = columns_[place]->list;
  const NewRows rows(before, draw.rows.size());
  fill(place, draw, rows.arrays());
  draw.place = static_cast<int>(place);
  if (!transform.mixes()) return transform.make(rows.arrays(), {}, out, draw);
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < draw.rows.size(); ++i) {
    numbers.push_back(
        static_cast<std::int64_t>(draw.partner(i).below(static_cast<std::uint64_t>(source_.rows()))));
  }
  const NewRows partners(before, numbers.size());
  Draw others = draw;
  others.rows = numbers;
  fill(place, others, partners.arrays());
  transform.make(rows.arrays(), partners.arrays(), out, draw);
}

void Pipeline::gather(std::span<const std::int64_t> rows, std::int64_t epoch, std::uint64_t seed,
                      std::span<const Array> out) const {
  fill(transforms_.size(), {.rows = rows, .epoch = epoch, .seed = seed}, out);
}

void Pipeline::take(std::span<const std::int64_t> rows, std::int64_t epoch, std::uint64_t seed,
                    std::span<Tensor> out) const {
  if (transforms_.empty()) return source_.inside()->take(rows, out);
  NewRows memory(columns()->list, rows.size());
  gather(rows, epoch, seed, memory.arrays());
  memory.give(out);
}

namespace {

class Transformed : public Rows {
 public:
  Transformed(Pipeline pipeline, std::uint64_t seed)
      : Rows(pipeline.source().rows(), pipeline.columns()), pipeline_(std::move(pipeline)), seed_(seed) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    pipeline_.gather(rows, 0, seed_, out);
  }
  std::int64_t origin(std::int64_t row) const override { return pipeline_.source().inside()->origin(row); }

 private:
  Pipeline pipeline_;
  std::uint64_t seed_;
};

}  // namespace

Source transformed(const Source& source, Transforms transforms, std::uint64_t seed) {
  return Transformed(Pipeline(source, std::move(transforms)), seed);
}

namespace {

/// The columns that it makes of these.
std::vector<Column> columns_after(const Transform& transform, const std::vector<Column>& before) {
  if (const auto* remake = dynamic_cast<const Remake*>(&transform)) return remake->columns(before);
  transform.check(before);
  return before;
}

}  // namespace

void require_same_rows(const Source& source, const Transforms& transforms) {
  std::vector<Column> before = source.columns();
  for (const Shared<Transform>& transform : transforms.list) {
    const std::string_view name = transform->info().name;
    std::vector<Column> after = columns_after(*transform, before);
    const Shape &was = before[0].shape, &is = after[0].shape;
    if (is != was) {
      throw ValueError(
          634, cat("[", name, "] is done to training batches alone: rows ", was, " would be ", is,
                   " there, and stay as they are where the net is measured and used. Bring all rows to one "
                   "shape instead, as data.pictures.height and data.pictures.width do for pictures."));
    }
    if (transform->changes_units()) {
      throw ValueError(634,
                       cat("[", name,
                           "] is done to training batches alone: rows would be in other units there than "
                           "where the net is measured and used. Scale all rows instead: data.scale = "
                           "\"standardize\", or a scaler."));
    }
    before = std::move(after);
  }
}

}  // namespace chainrule::data
