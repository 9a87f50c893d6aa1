// Rows that are made up.
#include "data/outline.h"

#include <utility>

#include "data/columns.h"

namespace chainrule::data {
namespace {

class MadeUp : public Rows {
 public:
  MadeUp(std::int64_t rows, std::vector<Column> columns, const Tensor& target)
      : Rows(rows, std::move(columns)),
        target_(target.is_empty() ? std::vector<std::int64_t>() : target.to_vector<std::int64_t>()) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) make(columns()[i], rows, out[i]);
    if (!target_.empty()) gather_target(rows, out.back());
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    if (target_.empty()) return make(columns().back(), rows, out);
    const std::int64_t size = columns().back().shape.numel();
    with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
      T* to = out.as<T>();
      for (const std::int64_t row : rows) {
        for (std::int64_t i = row * size; i < (row + 1) * size; ++i)
          *to++ = static_cast<T>(target_[static_cast<std::size_t>(i)]);
      }
    });
  }

 private:
  static void make(const Column& column, std::span<const std::int64_t> rows, const Array& out) {
    const std::int64_t size = column.shape.numel();
    const auto kinds = static_cast<std::uint32_t>(column.classes.empty() ? 2 : column.classes.size());
    with_type(out.dtype, [&]<class T>(std::type_identity<T>) {
      T* to = out.as<T>();
      for (const std::int64_t row : rows) {
        const auto first = static_cast<std::uint32_t>(row);
        for (std::int64_t i = 0; i < size; ++i) {
          const std::uint32_t number = first + static_cast<std::uint32_t>(i);
          if (is_floating(column.dtype)) {  // the upper bits of a product are spread well
            *to++ = static_cast<T>(static_cast<float>(number * 2654435769U >> 8) * 0x1p-24F);
          } else {
            *to++ = static_cast<T>(number % kinds);
          }
        }
      }
    });
  }

  std::vector<std::int64_t> target_;
};

}  // namespace

Source outline(std::int64_t rows, std::vector<Column> columns, const Tensor& target) {
  return MadeUp(rows, std::move(columns), target);
}

}  // namespace chainrule::data
