// The format's own tests of its operators: those of the Python package onnx, which has them as code. They are
// written to files, read by the importer, run and compared.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "chainrule/onnx.h"
#include "onnx/model.h"
#include "onnx/node_tests.h"
#include "temporary_folder.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;

std::vector<Tensor> tensors_in(const fs::path& folder, const std::string& kind) {
  std::vector<Tensor> tensors;
  for (int i = 0;; ++i) {
    const fs::path file = folder / (kind + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(file)) return tensors;
    tensors.push_back(onnx::parse_tensor(io::read_file(file.string()), file.string()));
  }
}

/// What differs, or "".
std::string difference(const Tensor& got, const Tensor& wanted, double relative, double absolute) {
  if (got.shape() != wanted.shape())
    return "shape " + got.shape().to_string() + ", not " + wanted.shape().to_string();
  if (got.dtype() != wanted.dtype())
    return "dtype " + std::string(name_of(got.dtype())) + ", not " + std::string(name_of(wanted.dtype()));
  const std::vector<double> a = got.to_vector<double>(), b = wanted.to_vector<double>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool both_nan = std::isnan(a[i]) && std::isnan(b[i]);
    if (both_nan || a[i] == b[i] || std::abs(a[i] - b[i]) <= absolute + relative * std::abs(b[i])) continue;
    return "element " + std::to_string(i) + " is " + std::to_string(a[i]) + ", not " + std::to_string(b[i]);
  }
  return "";
}

/// "" if the test passes.
std::string failure_of(const fs::path& folder) {
  double relative = 0, absolute = 0;
  std::ifstream(folder / "tolerance.txt") >> relative >> absolute;
  const nn::OnnxNet net = load_onnx((folder / "model.onnx").string());
  const std::vector<Tensor> inputs = tensors_in(folder, "input"), wanted = tensors_in(folder, "output");
  const nn::Ports outputs = net.predict_all(nn::Inputs(inputs));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string wrong = difference(outputs[i], wanted[i], relative, absolute);
    if (!wrong.empty()) return "output " + std::to_string(i) + ": " + wrong;
  }
  return "";
}

TEST(OnnxOperators, TheFormatsOwnTestsPass) {
  const TemporaryFolder folder;
  const char* given = std::getenv("CHAINRULE_ONNX_NODE_TESTS");
  const std::string root = given != nullptr ? given : (folder / "node").string();
  const std::string script = CHAINRULE_SOURCE_DIR "/tests/onnx/dump_node_tests.py";
  if (given == nullptr &&
      std::system(("/usr/bin/python3 " + script + " " + root + " 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << "python3-onnx is not there: scripts/install-deps.sh onnx";
  std::vector<fs::path> tests;
  for (const auto& entry : fs::directory_iterator(root)) tests.push_back(entry.path());
  std::sort(tests.begin(), tests.end());
  std::map<const onnx::NotPassed*, int> counts;
  int passed = 0, not_tensors = 0, refused = 0;
  for (const fs::path& test : tests) {
    const std::string name = test.filename().string();
    const onnx::NotPassed* row = onnx::find_not_passed(name);
    ++counts[row];
    if (fs::exists(test / "skipped")) {
      ++not_tensors;
      EXPECT_NE(row, nullptr) << name << " is not in the list";
      continue;
    }
    std::string why;
    try {
      why = failure_of(test);
    } catch (const Error& error) {
      why = error.what();
      ++refused;
    }
    passed += why.empty();
    EXPECT_EQ(row == nullptr, why.empty())
        << name << (why.empty() ? " passes, and is in the list" : ": " + why);
    if (!why.empty()) std::cout << name << ": " << why.substr(0, 300) << "\n";
  }
  std::cout << tests.size() << " tests: " << passed << " pass, " << refused << " are refused, " << not_tensors
            << " are not of tensors alone\n";
  EXPECT_GE(passed, 600);
  if (tests.size() != onnx::kNodeTests) return;  // of another version
  for (const onnx::NotPassed& row : onnx::kNotPassed) EXPECT_EQ(counts[&row], row.count) << row.why;
}

}  // namespace
}  // namespace chainrule
