#include <bit>
#include <cmath>
#include <limits>

#include "chainrule/random.h"

namespace chainrule {
namespace {

/// Natural logarithm of a positive normal number, to about 1 ulp, from arithmetic alone: std::log may differ
/// in the last bit between C libraries.
///
/// x = m 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m - 1) / (m + 1), |s| < 0.172.
double portable_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double series = 0;
  for (int k = 21; k >= 3; k -= 2) series = (series + 1.0 / k) * s2;
  const double log2_high = 0x1.62e42fefap-1;  // few enough bits that exponent * log2_high is exact
  const double log2_low = 0x1.cf79abc9e3b39p-40;
  return exponent * log2_high + (2 * s + (2 * s * series + exponent * log2_low));
}

/// c[0] + c[1] x + c[2] x^2 + ...
template <std::size_t N>
double polynomial(const double (&c)[N], double x) {
  double sum = c[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + c[i];
  return sum;
}

// The coefficients of AS 241, in its three regions: |p - 1/2| <= 0.425, r <= 5 and r > 5.
constexpr double kA[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                         1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                         3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr double kB[] = {1.0,
                         4.2313330701600911252e+1,
                         6.8718700749205790830e+2,
                         5.3941960214247511077e+3,
                         2.1213794301586595867e+4,
                         3.9307895800092710610e+4,
                         2.8729085735721942674e+4,
                         5.2264952788528545610e+3};
constexpr double kC[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                         3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                         2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kD[] = {1.0,
                         2.05319162663775882187e0,
                         1.67638483018380384940e0,
                         6.89767334985100004550e-1,
                         1.48103976427480074590e-1,
                         1.51986665636164571966e-2,
                         5.47593808499534494600e-4,
                         1.05075007164441684324e-9};
constexpr double kE[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                         2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                         2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kF[] = {1.0,
                         5.99832206555887937690e-1,
                         1.36929880922735805310e-1,
                         1.48753612908506148525e-2,
                         7.86869131145613259100e-4,
                         1.84631831751005468180e-5,
                         1.42151175831644588870e-7,
                         2.04426310338993978564e-15};

}  // namespace

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, r) / polynomial(kB, r);
  }
  const double tail = q < 0 ? p : 1 - p;
  if (!(tail > 0)) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (tail == 0) return q < 0 ? -kInfinity : kInfinity;
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double r = std::sqrt(-portable_log(tail));
  const double x = r <= 5 ? polynomial(kC, r - 1.6) / polynomial(kD, r - 1.6)
                          : polynomial(kE, r - 5) / polynomial(kF, r - 5);
  return q < 0 ? -x : x;
}

// The middle of one of 2^52 equal intervals: exact in a double, never 0 or 1, and symmetric about 1/2.
double normal_f64(std::uint64_t bits) {
  return normal_quantile((static_cast<double>(bits >> 12) + 0.5) * 0x1p-52);
}

// A word times the bound has its upper half in [0, bound). Each value gets the same number of words once
// those whose lower half is below 2^32 mod bound are drawn again (Lemire 2019): hardly ever, and no division
// else.
std::uint64_t Random::below(std::uint64_t bound) {
  constexpr std::uint64_t kWords = std::uint64_t{1} << 32;
  if (bound <= 1) return 0;
  if (bound > kWords) return below_large(bound);
  std::uint64_t product = (*this)() * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint64_t excess = kWords % bound;
    while (static_cast<std::uint32_t>(product) < excess) product = (*this)() * bound;
  }
  return product >> 32;
}

// The numbers below 2^64 mod bound are drawn again, so that the rest is a whole multiple of the bound.
std::uint64_t Random::below_large(std::uint64_t bound) {
  const std::uint64_t excess = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t bits = bits64();
    if (bits >= excess) return bits % bound;
  }
}

}  // namespace chainrule
