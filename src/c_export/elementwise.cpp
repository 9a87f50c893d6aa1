// How operations on single elements are written in C.
#include "c_export/elementwise.h"

namespace chainrule::c_export {
namespace {

constexpr Formula kFormulas[] = {
    {"neg", "-{0}"},
    {"abs", "fabsf({0})"},
    {"sign", "$_sign({0})", "sign"},
    {"floor", "floorf({0})"},
    {"ceil", "ceilf({0})"},
    {"round", "rintf({0})"},
    {"exp", "$_exp({0})", "exp"},
    {"expm1", "$_expm1({0})", "expm1"},
    {"log", "$_log({0})", "log"},
    {"log1p", "$_log1p({0})", "log1p"},
    {"sqrt", "sqrtf({0})"},
    {"tanh", "$_tanh({0})", "tanh"},
    {"sigmoid", "$_sigmoid({0})", "sigmoid"},
    {"sigmoid_grad", "{0} * {1} * (1.0f - {1})"},
    {"erf", "$_erf({0})", "erf"},
    {"sin", "sinf({0})"},
    {"cos", "cosf({0})"},
    {"asinh", "asinhf({0})"},
    {"sinh", "sinhf({0})"},
    {"cosh", "coshf({0})"},
    {"atanh", "atanhf({0})"},
    {"atan2", "atan2f({0}, {1})"},
    {"add", "{0} + {1}"},
    {"sub", "{0} - {1}"},
    {"mul", "{0} * {1}"},
    {"div", "{0} / {1}"},
    {"pow", "powf({0}, {1})"},
    {"fmod", "fmodf({0}, {1})"},
    {"maximum", "{0} > {1} || {0} != {0} ? {0} : {1}"},
    {"minimum", "{0} < {1} || {0} != {0} ? {0} : {1}"},
    {"less", "{0} < {1}"},
    {"less_equal", "{0} <= {1}"},
    {"equal", "{0} == {1}"},
    {"not_equal", "{0} != {1}"},
    {"where", "{0} ? {1} : {2}"},
    {"check_finite", "{0}"},
    {"check_range", "{0}"},
    {"descend", "{0} - {1} * {2}"},
    {"approach", "{0} - {1} * ({0} - {2})"},
};

}  // namespace

const Formula* formula_of(const OpRow& row) {
  for (const Formula& formula : kFormulas) {
    if (formula.op == row.info.name) return &formula;
  }
  return nullptr;
}

}  // namespace chainrule::c_export
