// Every operation of the table is written to ONNX, or says why not; what is written is read again and
// compared.
#include <gtest/gtest.h>

#include <set>

#include "autodiff/op_cases.h"
#include "chainrule/chainrule.h"
#include "chainrule/onnx.h"
#include "core/text.h"
#include "message_of.h"
#include "onnx/form.h"
#include "random_graph.h"
#include "temporary_folder.h"

namespace chainrule {
namespace {

TEST(OnnxForms, EveryOperationHasARow) {
  std::set<std::string_view> rows;
  for (const OpRow* row : op_table()) {
    rows.insert(row->info.name);
    const onnx::Form* form = onnx::find_form(row->info.name);
    ASSERT_NE(form, nullptr) << row->info.name << " has no row in src/onnx/forms_*.cpp";
    EXPECT_TRUE(form->exists() || !form->note.empty())
        << row->info.name << " has neither a form nor a reason";
  }
  for (const onnx::Form* form : onnx::all_forms())
    EXPECT_TRUE(rows.contains(form->op)) << form->op << " is no operation";
  EXPECT_EQ(onnx::all_forms().size(), rows.size());
}

class OnnxForm : public testing::TestWithParam<const OpRow*> {};

/// Written and read again it gives the same; what has no form says so.
TEST_P(OnnxForm, ReadsBack) {
  const OpRow& row = *GetParam();
  const TemporaryFolder folder;
  for (const DType floating : {f32, f64}) {
    for (const OpCase& c : cases_of(row, floating)) {
      if (c.sample.inputs.size() > nn::Ports::kMax) continue;  // more than a layer takes
      const Tensors inputs = draw_inputs(c, 1);
      const Tensor y = call(c, inputs);
      const std::string file = (folder / "f.onnx").string();
      const auto write = [&] { return export_onnx(file, std::span(&y, 1), inputs); };
      SCOPED_TRACE(c.to_string());
      if (!onnx::find_form(row.info.name)->exists()) {
        EXPECT_NE(message_of(write).find("(E520)"), std::string::npos);
        continue;
      }
      OnnxReport report;
      ASSERT_NO_THROW(report = write()) << message_of(write);
      EXPECT_LE(report.largest_difference, floating == f64 ? 1e-12 : 2e-6);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OnnxForm, testing::ValuesIn(op_table().begin(), op_table().end()),
                         [](const auto& each) { return std::string(each.param->info.name); });

}  // namespace
}  // namespace chainrule
