#pragma once

#include <cstdint>

// Convolution with few weights, on the rows of images with zeros around: under each weight lies a row of x as
// long as that of y.
namespace chainrule::kernels {

/// Sums of rows of x times numbers: y[o][row][i] = the chain over j of w[j][o] x[x_rows[row] + shifts[j] +
/// i], from 0; then + bias[o], unless null; then y <= 0 ? 0 : y.
template <class T>
struct RowSums {
  /// Past the last element of x that is needed so many are read, and make no difference.
  static constexpr std::int64_t kReadable = 16;
  const T* x = nullptr;
  const std::int64_t* x_rows = nullptr;  // (rows): where they begin in x
  const std::int64_t* shifts = nullptr;  // (places)
  std::int64_t places = 0;
  const T* w = nullptr;     // (places, outputs)
  std::int64_t w_step = 0;  // from place to place
  const T* bias = nullptr;  // (outputs)
  bool relu = false;
  T* y = nullptr;           // (outputs, rows, width)
  std::int64_t y_step = 0;  // from output to output
  std::int64_t outputs = 0, rows = 0, width = 0;
};
void sum_rows(const RowSums<float>& sums);
void sum_rows(const RowSums<double>& sums);

/// Partial sums of a dot product: number i adds up terms i, i + kSums, ... of each row; where rows end in
/// half of that, of each two rows end to end. They fill the widest vector; with narrower ones there are
/// several.
template <class T>
inline constexpr std::int64_t kSums = 64 / sizeof(T);

/// Dot products of rows of y with rows of x as long, for some y and some places in x: adds to
/// sums[o][j][i] += y[o][row][i] x[x_rows[row] + shifts[j] + i], chains of multiply-adds over the rows of one
/// image after the other.
template <class T>
struct RowProducts {
  const T* x = nullptr;
  const std::int64_t* x_rows = nullptr;  // (rows): where they begin in x
  const std::int64_t* shifts = nullptr;  // (places)
  std::int64_t places = 0;
  const T* y = nullptr;     // (outputs, rows, width)
  std::int64_t y_step = 0;  // from output to output
  std::int64_t outputs = 0, rows = 0, width = 0;
  std::int64_t images = 1, x_image = 0, y_image = 0;  // how many, and from one to the next in x and y
  T* sums = nullptr;                                  // (outputs, places, kSums)
};
void add_row_products(const RowProducts<float>& products);
void add_row_products(const RowProducts<double>& products);

}  // namespace chainrule::kernels
