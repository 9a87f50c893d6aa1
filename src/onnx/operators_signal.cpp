// Windows and Fourier transforms, as products with matrices.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/text.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr std::int64_t kLongest = 1 << 13;  // a matrix of a transform has this squared

std::int64_t length_at(const Call& c, std::size_t input, double most) {
  const double length = c.number_at(input);
  if (!(length >= 1 && length <= most)) throw c.error(cat("a length of ", length, "; need 1 to ", most, "."));
  return static_cast<std::int64_t>(length);
}

/// sum over k of a_k cos(2 pi k n / N).
Tensors window(const Call& c, std::initializer_list<double> terms) {
  const std::int64_t size = length_at(c, 0, 1 << 24);
  const Tensor n = arange(size, f64);
  const double period =
      static_cast<double>(c.flag("periodic", true) ? size : std::max<std::int64_t>(size - 1, 1));
  Tensor y = n * 0;
  double k = 0;
  for (const double term : terms) y = y + term * cos(n * (2 * kPi * k++ / period));
  return {cast(y, dtype_of_code(c, c.integer("output_datatype", kFloat)))};
}
Tensors hann(const Call& c) { return window(c, {0.5, -0.5}); }
Tensors hamming(const Call& c) { return window(c, {25.0 / 46, -21.0 / 46}); }
Tensors blackman(const Call& c) { return window(c, {0.42, -0.5, 0.08}); }

/// Cosines and sines of the angles of a transform, (size, bins).
struct Waves {
  Tensor cosine, sine;
};
Waves waves(const Call& c, std::int64_t size, std::int64_t bins, bool inverse, DType dtype) {
  if (size > kLongest) throw c.error(cat("a transform of ", size, " numbers; need at most ", kLongest, "."));
  const Tensor turns = remainder(expand_dims(arange(size), 1) * arange(bins), size);
  const Tensor angle = cast(turns, f64) * ((inverse ? 2 : -2) * kPi / static_cast<double>(size));
  const double scale = inverse ? 1.0 / static_cast<double>(size) : 1;
  return {cast(cos(angle) * scale, dtype), cast(sin(angle) * scale, dtype)};
}

/// Of x (..., size, 1 or 2), real or complex: (..., bins, 2).
Tensor transformed(const Tensor& x, const Waves& w) {
  const int last = x.ndim() - 1;
  const Tensor real = select(x, 0, last);
  if (x.shape()[last] == 1) return stack({matmul(real, w.cosine), matmul(real, w.sine)}, last);
  const Tensor imaginary = select(x, 1, last);
  return stack({matmul(real, w.cosine) - matmul(imaginary, w.sine),
                matmul(real, w.sine) + matmul(imaginary, w.cosine)},
               last);
}

void check_signal(const Call& c, int least) {
  const Tensor& x = c[0];
  if (x.ndim() < least || x.shape().back() < 1 || x.shape().back() > 2)
    throw c.error(cat("a signal ", x.shape(), "; need (..., 1) or (..., 2)."));
}

Tensors dft(const Call& c) {
  check_signal(c, 2);
  const int axis = c.axis("axis", 1, c[0].ndim());
  if (axis == c[0].ndim() - 1) throw c.error("its axis must not be the last.");
  const std::int64_t size = c.has(1) ? length_at(c, 1, kLongest) : c[0].shape()[axis];
  Tensor x = slice(c[0], axis, 0, size);
  if (x.shape()[axis] < size) x = pad(x, axis, 0, size - x.shape()[axis]);
  const std::int64_t bins = c.flag("onesided") ? size / 2 + 1 : size;
  const int place = x.ndim() - 2;
  const Tensor y = transformed(transpose(x, axis, place), waves(c, size, bins, c.flag("inverse"), x.dtype()));
  return {transpose(y, axis, place)};
}

Tensors stft(const Call& c) {
  Tensor x = c[0];
  if (x.ndim() == 2) x = expand_dims(x, 2);
  if (x.ndim() != 3)
    throw c.error(cat("a signal ", c[0].shape(), "; need (N, length) or (N, length, 1 or 2)."));
  const std::int64_t step = length_at(c, 1, 1 << 30);
  const std::int64_t size = c.has(3) ? length_at(c, 3, kLongest) : c[2].numel();
  const std::int64_t length = x.shape()[1], frames = length < size ? 0 : (length - size) / step + 1;
  if (frames < 1) throw c.error("a signal shorter than a frame.");
  const Tensor places = expand_dims(arange(frames) * step, 1) + arange(size);
  Tensor parts = take(x, places, 1);  // (N, frames, size, 1 or 2)
  if (c.has(2)) parts = parts * reshape(as(c[2], x), {size, 1});
  const std::int64_t bins = c.flag("onesided", true) ? size / 2 + 1 : size;
  return {transformed(parts, waves(c, size, bins, false, x.dtype()))};
}

Tensors mel_weights(const Call& c) {
  const std::int64_t mels = length_at(c, 0, 1 << 16), size = length_at(c, 1, 1 << 20),
                     rate = length_at(c, 2, 1e9);
  const std::int64_t bins = size / 2 + 1;
  if (bins > (1 << 24) / mels) throw c.error("a matrix of more than 16 million numbers.");
  const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  const double low = mel(c.number_at(3)), high = mel(c.number_at(4)),
               step = (high - low) / static_cast<double>(mels + 2);
  std::vector<std::int64_t> edges;
  for (std::int64_t i = 0; i < mels + 2; ++i) {
    const double hertz = 700 * (std::pow(10, (low + static_cast<double>(i) * step) / 2595) - 1);
    const double edge = std::floor(static_cast<double>(size + 1) * hertz / static_cast<double>(rate));
    if (!(std::abs(edge) < 1e15))
      throw c.error(cat("a band at the place ", edge, "; need frequencies of sound."));
    edges.push_back(static_cast<std::int64_t>(edge));
  }
  std::vector<double> weights(static_cast<std::size_t>(bins * mels));
  for (std::int64_t i = 0; i < mels; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::int64_t first = edges[at], centre = edges[at + 1], last = edges[at + 2];
    const auto put = [&](std::int64_t bin, double w) {
      if (bin >= 0 && bin < bins) weights[static_cast<std::size_t>(bin * mels + i)] = w;
    };
    if (centre == first) put(centre, 1);
    for (std::int64_t j = std::max<std::int64_t>(first, 0); j <= std::min(centre, bins - 1) && centre > first;
         ++j)
      put(j, static_cast<double>(j - first) / static_cast<double>(centre - first));
    for (std::int64_t j = std::max<std::int64_t>(centre, 0); j < std::min(last, bins); ++j)
      put(j, static_cast<double>(last - j) / static_cast<double>(last - centre));
  }
  return {
      cast(from_data(weights, Shape{bins, mels}), dtype_of_code(c, c.integer("output_datatype", kFloat)))};
}

constexpr Operator kRows[] = {
    {"BlackmanWindow", 1, 1, blackman},
    {"DFT", 1, 2, dft, 0b10},
    {"HammingWindow", 1, 1, hamming},
    {"HannWindow", 1, 1, hann},
    {"MelWeightMatrix", 5, 5, mel_weights, 0b11111},
    {"STFT", 2, 4, stft, 0b1010},
};

}  // namespace

std::span<const Operator> signal_operators() { return kRows; }

}  // namespace chainrule::onnx
