// exp, log, tanh and their kin in C: the formulas of src/kernels/simd/math-inl.h, for one number. Limits and
// signs are handled in the bits, without branches, so that compilers make vectors of loops over them.
#include "c_export/functions.h"

namespace chainrule::c_export {
namespace {

constexpr CFunction kFunctions[] = {
    {"bits", {}, R"(
/* A number and its bits. */
typedef union {
  float f;
  uint32_t u;
} $_bits;
)"},
    {"exp_parts", {"bits"}, R"(
/* x = n ln 2 + r with a whole n: returns e^r - 1. */
static inline float $_exp_parts(float x, uint32_t *n)
{
  $_bits t;
  float k, r, p;
  t.f = MADD(x, 0x1.715476p0f, 0x1.8p23f); /* adding 1.5 * 2^23 rounds to a whole number */
  k = t.f - 0x1.8p23f;
  *n = t.u - 0x4b400000u;
  r = MADD(-k, 0x1.62e4p-1f, x);
  r = MADD(-k, 0x1.7f7d1cp-20f, r);
  p = MADD(0x1.695414p-10f, r, 0x1.123b04p-7f);
  p = MADD(p, r, 0x1.555a22p-5f);
  p = MADD(p, r, 0x1.55549p-3f);
  p = MADD(p, r, 0x1.fffffap-2f);
  return MADD(r * r, p, r);
}
)"},
    {"power", {"bits"}, R"(
/* 2^(e - 127) */
static inline float $_power(uint32_t e)
{
  $_bits t;
  t.u = e << 23;
  return t.f;
}
)"},
    {"exp", {"exp_parts", "power"}, R"(
static inline float $_exp(float x)
{
  uint32_t n, half;
  float p;
  x = x > 89.0f ? 89.0f : x;
  x = x < -105.0f ? -105.0f : x;
  p = $_exp_parts(x, &n);
  n += 254u; /* 2^n in two factors: it may be outside of what one number holds */
  half = n >> 1;
  return (1.0f + p) * $_power(half) * $_power(n - half);
}
)"},
    {"expm1", {"exp_parts", "power"}, R"(
static inline float $_expm1(float x)
{
  const float within = x < -20.0f ? -20.0f : x > 89.0f ? 89.0f : x;
  uint32_t n;
  const float p = $_exp_parts(within, &n), scale = $_power(n + 126u);
  const float half = MADD(scale, p, scale - 0.5f);
  return fabsf(x) < 0x1p-26f ? x : half + half;
}
)"},
    {"log_parts", {"bits"}, R"(
/* x = 2^e (1 + f) with 1 + f from sqrt(1/2) to sqrt(2). */
static inline float $_log_parts(float x, float *e)
{
  const int is_small = x < 0x1p-126f;
  $_bits t;
  t.f = is_small ? x * 0x1p23f : x;
  t.u += 0x3f800000u - 0x3f3504f3u;
  *e = (float)((int32_t)(t.u >> 23) - (is_small ? 150 : 127));
  t.u = (t.u & 0x7fffffu) + 0x3f3504f3u;
  return t.f - 1.0f;
}

/* log(1 + f) + low */
static inline float $_log_reduced(float f, float low)
{
  const float square = f * f;
  float p = MADD(-0x1.2be3ep-4f, f, 0x1.01e206p-3f);
  p = MADD(p, f, -0x1.0e8e4cp-3f);
  p = MADD(p, f, 0x1.2387e2p-3f);
  p = MADD(p, f, -0x1.5465fp-3f);
  p = MADD(p, f, 0x1.999554p-3f);
  p = MADD(p, f, -0x1.00023ap-2f);
  p = MADD(p, f, 0x1.55556ep-2f);
  p = MADD(square * f, p, low);
  return f + MADD(square, -0.5f, p);
}

/* y, or what the logarithm of x is where x is not a positive number. */
static inline float $_log_special(float x, float y)
{
  return x > 0.0f && x < INFINITY ? y : x < 0.0f ? NAN : x == 0.0f ? -INFINITY : x;
}
)"},
    {"log", {"log_parts"}, R"(
static inline float $_log(float x)
{
  float e;
  const float f = $_log_parts(x, &e);
  return $_log_special(x, MADD(e, 0x1.62e4p-1f, $_log_reduced(f, e * 0x1.7f7d1cp-20f)));
}
)"},
    {"log1p", {"log_parts"}, R"(
static inline float $_log1p(float x)
{
  const float u = 1.0f + x;
  const float lost = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
  float e;
  const float f = $_log_parts(u, &e);
  const float low = MADD(e, 0x1.7f7d1cp-20f, lost / u);
  const float y = MADD(e, 0x1.62e4p-1f, $_log_reduced(f, low));
  return fabsf(x) < 0x1p-26f ? x : $_log_special(u, y);
}
)"},
    {"tanh", {"exp_parts", "power"}, R"(
static inline float $_tanh(float x)
{
  $_bits in, t;
  uint32_t n;
  int32_t magnitude;
  float p, scale;
  in.f = x;
  magnitude = (int32_t)(in.u & 0x7fffffffu);
  t.u = (uint32_t)(magnitude > 0x41200000 ? 0x41200000 : magnitude); /* from 9.02 on it rounds to 1 */
  p = $_exp_parts(t.f + t.f, &n);
  scale = $_power(n + 127u);
  p = MADD(scale, p, scale - 1.0f); /* e^2|x| - 1 */
  t.f = p / (p + 2.0f);
  t.u |= (in.u & 0x80000000u) | (magnitude > 0x7f800000 ? 0x7fc00000u : 0u); /* NaN stays NaN */
  return t.f;
}
)"},
    {"sigmoid", {"exp_parts", "power"}, R"(
static inline float $_sigmoid(float x)
{
  $_bits in, t, top;
  uint32_t n, half;
  int32_t magnitude;
  float e;
  in.f = x;
  magnitude = (int32_t)(in.u & 0x7fffffffu);
  t.u = (uint32_t)(magnitude > 0x42d20000 ? 0x42d20000 : magnitude); /* 105 */
  e = 1.0f + $_exp_parts(-t.f, &n);
  n += 254u;
  half = n >> 1;
  t.f = e * $_power(half) * $_power(n - half); /* e^-|x| */
  top.u = in.u >> 31 ? t.u : 0x3f800000u;
  top.f = top.f / (1.0f + t.f);
  top.u |= magnitude > 0x7f800000 ? 0x7fc00000u : 0u; /* NaN stays NaN */
  return top.f;
}
)"},
    {"erf", {"exp"}, R"(
static float $_erf(float x)
{
  const float magnitude = fabsf(x), square = x * x;
  const float a = magnitude > 4.0f ? 4.0f : magnitude;
  float small = MADD(0x1.5d7cacp-14f, square, -0x1.aa55c6p-11f), tail;
  small = MADD(small, square, 0x1.54c62ap-8f);
  small = MADD(small, square, -0x1.b80db8p-6f);
  small = MADD(small, square, 0x1.ce2df2p-4f);
  small = MADD(small, square, -0x1.812742p-2f);
  small = MADD(small, square, 0x1.06eba8p-3f);
  small = MADD(x, small, x);
  tail = MADD(-0x1.60f966p-16f, a, 0x1.c6de14p-12f);
  tail = MADD(tail, a, -0x1.112312p-8f);
  tail = MADD(tail, a, 0x1.9b68cap-6f);
  tail = MADD(tail, a, -0x1.bb74eap-4f);
  tail = MADD(tail, a, -0x1.4447ccp-1f);
  tail = MADD(tail, a, -0x1.212772p0f);
  tail = MADD(tail, a, 0x1.6b4f78p-13f);
  tail = 1.0f - $_exp(tail);
  return x == 0.0f ? x : magnitude < 0.92f ? small : x < 0.0f ? -tail : tail;
}
)"},
    {"sign", {}, R"(
static inline float $_sign(float x)
{
  return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}
)"},
};

}  // namespace

std::span<const CFunction> math_functions() { return kFunctions; }

}  // namespace chainrule::c_export
