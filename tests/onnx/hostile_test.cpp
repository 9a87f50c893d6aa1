// Settings of nodes that no program writes: each gives an error of ours, and takes no memory.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>

#include "chainrule/chainrule.h"
#include "message_of.h"
#include "onnx/program.h"

namespace chainrule {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(),
                 kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min(),
                       kMost = std::numeric_limits<std::int64_t>::max();

/// A node that makes y of x (1, 4): the inputs behind x by name, and what stands in the error.
struct Hostile {
  std::string name, type;
  std::vector<std::string> inputs;
  std::vector<std::pair<std::string, Tensor>> settings;
  std::string error;
  std::vector<onnx::Attribute> attributes = {};
};
std::ostream& operator<<(std::ostream& out, const Hostile& hostile) { return out << hostile.name; }

Tensor whole(const std::vector<std::int64_t>& values) {
  return from_data(values, Shape{static_cast<std::int64_t>(values.size())});
}

std::vector<Hostile> hostile_nodes() {
  std::vector<Hostile> all;
  const auto resize = [&](const std::string& name, Tensor scales) {
    all.push_back({"resize_" + name, "Resize", {"x", "", "s"}, {{"s", std::move(scales)}}, "(E508)"});
  };
  const auto sizes = [&](const std::string& name, Tensor to, const std::string& error) {
    all.push_back({"resize_to_" + name, "Resize", {"x", "", "", "s"}, {{"s", std::move(to)}}, error});
  };
  const auto slice = [&](const std::string& name, std::int64_t step, const std::string& error) {
    all.push_back({"slice_" + name,
                   "Slice",
                   {"x", "a", "b", "c", "d"},
                   {{"a", whole({kLeast})}, {"b", whole({kMost})}, {"c", whole({1})}, {"d", whole({step})}},
                   error});
  };
  const auto pad = [&](const std::string& name, std::vector<std::int64_t> pads, const std::string& error) {
    all.push_back({"pad_" + name, "Pad", {"x", "p"}, {{"p", whole(pads)}}, error});
  };
  const auto range = [&](const std::string& name, double start, double end, double step) {
    all.push_back({"range_" + name,
                   "Range",
                   {"a", "b", "c"},
                   {{"a", scalar(start)}, {"b", scalar(end)}, {"c", scalar(step)}},
                   "(E508)"});
  };
  const auto huge = [&](const std::string& type, std::vector<std::string> inputs,
                        std::vector<std::int64_t> to, const std::string& error) {
    all.push_back(
        {type + "_" + std::to_string(all.size()), type, std::move(inputs), {{"s", whole(to)}}, error});
  };
  resize("nan", tensor({1, kNan}));
  resize("infinite", tensor({1, kInfinity}));
  resize("negative", tensor({1, -2}));
  resize("large", tensor({1, 1e30}));
  resize("few", tensor({2}));
  resize("longer", tensor({5e7, 1}));
  all.push_back({"resize_by_an_unknown_way",
                 "Resize",
                 {"x", "", "s"},
                 {{"s", tensor({1, 2})}},
                 "(E508)",
                 {{.name = "nearest_mode", .kind = onnx::Attribute::Kind::text, .texts = {"middle"}}}});
  sizes("huge", whole({1, kMost}), "(E508)");
  sizes("negative", whole({1, -4}), "(E508)");
  sizes("large", whole({30000, 30000}), "(E524)");
  all.push_back({"resize_few_sizes_many_scales",
                 "Resize",
                 {"x", "", "", "s"},
                 {{"s", whole({4})}},
                 "(E508)",
                 {{.name = "scales", .kind = onnx::Attribute::Kind::numbers, .numbers = {1, 2}}}});
  all.push_back({"upsample_nan", "Upsample", {"x", "s"}, {{"s", tensor({kNan, 1})}}, "(E508)"});
  all.push_back({"upsample_infinite", "Upsample", {"x", "s"}, {{"s", tensor({1, -kInfinity})}}, "(E508)"});
  slice("no_step", 0, "(E016)");
  slice("least_step", kLeast, "no error");  // it takes nothing: the first is before the last
  slice("most_step", kMost, "no error");    // the first alone
  pad("most", {0, kMost, 0, kMost}, "(E001)");
  pad("large", {0, 0, 0, std::int64_t{1} << 40}, "(E524)");
  pad("least", {kLeast, kLeast, kLeast, kLeast}, "no error");  // nothing is left
  range("nan_step", 0, 10, kNan);
  range("no_step", 0, 10, 0);
  range("nan_start", kNan, 10, 1);
  range("infinite_end", 0, kInfinity, 1);
  range("tiny_step", 0, 1, 1e-30);
  huge("Expand", {"x", "s"}, {1 << 20, 1 << 20, 1, 4}, "(E524)");
  huge("Expand", {"x", "s"}, {kMost, 4}, "(E001)");
  huge("Expand", {"x", "s"}, {-1, 4}, "(E508)");
  huge("Expand", {"x", "s"}, std::vector<std::int64_t>(1000, 1), "(E508)");
  huge("Tile", {"x", "s"}, {1 << 20, 1 << 20}, "(E524)");
  huge("Tile", {"x", "s"}, {kMost, kMost}, "(E001)");
  huge("Tile", {"x", "s"}, {kLeast, 1}, "(E508)");
  huge("Tile", {"x", "s"}, {1}, "(E508)");
  huge("ConstantOfShape", {"s"}, {1 << 20, 1 << 20}, "(E524)");
  huge("ConstantOfShape", {"s"}, {kMost, kMost}, "(E001)");
  huge("ConstantOfShape", {"s"}, {kLeast}, "(E508)");
  return all;
}

std::string message_for(const Hostile& hostile) {
  onnx::Model model;
  const onnx::Value x{.name = "x", .type = onnx::kFloat, .has_shape = true, .sizes = {{1, ""}, {4, ""}}};
  model.graph.name = "g";
  model.graph.inputs = {x};
  model.graph.outputs = {{.name = "y", .type = onnx::kFloat}};
  for (const auto& [name, value] : hostile.settings) model.graph.initializers.add(name, value);
  model.graph.operations = {{hostile.type, "", "n", hostile.inputs, {"y"}, hostile.attributes}};
  model.opset = hostile.type == "Upsample" ? 9 : 17;
  return message_of([&] {
    const onnx::Program program(model, "net.onnx");
    nn::Pass pass = nn::Pass::inference();
    onnx::Run run = program.start(pass);
    const Tensor given = ones({1, 4});
    evaluate(program.run(run, std::span(&given, 1)));
  });
}

class OnnxHostile : public testing::TestWithParam<Hostile> {};

TEST_P(OnnxHostile, GivesAnErrorAndTakesNoMemory) {
  const Hostile& hostile = GetParam();
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const std::string message = message_for(hostile);
  getrusage(RUSAGE_SELF, &after);
  EXPECT_TRUE(message.ends_with(hostile.error)) << message;
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024) << "KB";
}

INSTANTIATE_TEST_SUITE_P(All, OnnxHostile, testing::ValuesIn(hostile_nodes()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace chainrule
