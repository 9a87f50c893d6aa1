// Every operation and every function on f16, bf16 and i32: the same as on what these are computed as.
#include <gtest/gtest.h>

#include "autodiff/op_cases.h"
#include "chainrule/ops.h"
#include "ops/composed.h"

namespace chainrule::testing {
namespace {

/// What a call gives, or what it says; dtypes that are for keeping numbers as what they are computed as.
struct StorageOutcome {
  int code = 0;
  std::string error = {};
  Tensor result = {};
};

template <class F>
StorageOutcome storage_outcome_of(F call) {
  try {
    const Tensor result = call();
    return {.result = detach(cast(result, computed_as(result.dtype())))};
  } catch (const Error& error) {
    return {.code = error.code(), .error = error.what()};
  }
}

void expect_same(const StorageOutcome& kept, const StorageOutcome& computed, const std::string& what) {
  SCOPED_TRACE(what);
  EXPECT_EQ(kept.code, computed.code) << kept.error << computed.error;
  if (kept.result.is_empty() || computed.result.is_empty()) return;
  EXPECT_EQ(kept.result.dtype(), computed.result.dtype());
  EXPECT_EQ(kept.result.to_string(), computed.result.to_string());
}

/// Inputs of the dtype where they are of its kind, and the same numbers as they are computed.
struct Inputs {
  Tensors kept, computed;
};
Inputs inputs_in(const Tensors& drawn, DType dtype) {
  Inputs made;
  for (const Tensor& x : drawn) {
    const bool is_kind = is_floating(computed_as(dtype)) ? is_floating(x.dtype()) : x.dtype() == i64;
    made.kept.push_back(is_kind ? detach(cast(x, dtype)) : x);
    made.computed.push_back(detach(cast(made.kept.back(), computed_as(made.kept.back().dtype()))));
  }
  return made;
}

class StorageOp : public ::testing::TestWithParam<const OpRow*> {};

TEST_P(StorageOp, TakesThemOrSaysWhyNot) {
  for (const bool wanting_error : {false, true}) {
    for (const OpCase& c : cases_of(*GetParam(), f32, wanting_error)) {
      const Tensors drawn = draw_inputs(c, 3);
      for (const DType dtype : {f16, bf16, i32}) {
        const Inputs in = inputs_in(drawn, dtype);
        const StorageOutcome kept = storage_outcome_of([&] { return call(c, in.kept); });
        if (dtype == i32 && GetParam()->info.name == "take") {  // the functions that use it convert indices
          EXPECT_NE(kept.code, 0);
        } else {
          expect_same(kept, storage_outcome_of([&] { return call(c, in.computed); }), cat(c, " in ", dtype));
        }
        // All inputs in one dtype, whatever the operation wants: an error that names it, if any.
        Tensors all;
        for (const Tensor& x : drawn) all.push_back(cast(x, dtype));
        const StorageOutcome found = storage_outcome_of([&] { return call(c, all); });
        EXPECT_TRUE(found.code == 0 || found.error.starts_with(cat("[", GetParam()->info.name, "] ")))
            << found.error;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, StorageOp, ::testing::ValuesIn(op_table().begin(), op_table().end()),
                         [](const auto& param) { return std::string(param.param->info.name); });

class StorageFunction : public ::testing::TestWithParam<ComposedFunction> {};

TEST_P(StorageFunction, ComputesAsOnWhatTheyAreComputedAs) {
  // These two are asked for a dtype, and make no others.
  const bool makes = GetParam().name == "uniform" || GetParam().name == "normal";
  for (const ComposedCall& call : GetParam().calls) {
    const OpCase c{nullptr, {{}, call.inputs, 0}, f32};
    const Tensors drawn = draw_inputs(c, 3);
    for (const DType dtype : {f16, bf16, i32}) {
      const Inputs in = inputs_in(drawn, dtype);
      if (makes && dtype != i32) {
        EXPECT_EQ(storage_outcome_of([&] { return call.call(in.kept); }).code, 15);
        continue;
      }
      expect_same(storage_outcome_of([&] { return call.call(in.kept); }),
                  storage_outcome_of([&] { return call.call(in.computed); }), cat(call.text, " in ", dtype));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, StorageFunction,
                         ::testing::ValuesIn(composed_functions().begin(), composed_functions().end()),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(StorageFunction, ElementwiseOnesComputeInF32) {
  for (const ElementwiseFunction& f : elementwise_functions()) {
    const Tensor x = tensor({0.25, 0.5}, f16);
    expect_same(storage_outcome_of([&] { return f.call(x); }),
                storage_outcome_of([&] { return f.call(cast(x, f32)); }), std::string(f.name));
  }
}

}  // namespace
}  // namespace chainrule::testing
