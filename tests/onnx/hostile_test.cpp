// Settings of nodes that no program writes: each gives an error of ours, and takes no memory.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>

#include "chainrule/chainrule.h"
#include "core/text.h"
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

onnx::Attribute integer(const std::string& name, std::int64_t value) {
  return {.name = name, .kind = onnx::Attribute::Kind::integer, .integers = {value}};
}
onnx::Attribute integers(const std::string& name, std::vector<std::int64_t> values) {
  return {.name = name, .kind = onnx::Attribute::Kind::integers, .integers = std::move(values)};
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
  huge("TopK", {"x", "s"}, {}, "(E508)");
  huge("Trilu", {"x", "s"}, {}, "(E508)");
  huge("Trilu", {"x", "s"}, {1, 2}, "(E508)");
  all.push_back({"one_hot_deep",
                 "OneHot",
                 {"i", "s", "v"},
                 {{"i", whole({1})}, {"s", whole({std::int64_t{1} << 33})}, {"v", tensor({0, 1})}},
                 "(E524)"});
  const auto image = [&](const std::string& name, const std::string& type, const std::string& error,
                         std::vector<onnx::Attribute> attributes) {
    all.push_back({name, type, {"i"}, {{"i", ones({1, 2, 8, 8})}}, error, std::move(attributes)});
  };
  for (const char* type : {"DepthToSpace", "SpaceToDepth"}) {
    for (const std::int64_t size : {std::int64_t{1} << 32, std::int64_t{3037000500}, kLeast, kMost})
      image(cat(type, "_", all.size()), type, "(E508)", {integer("blocksize", size)});
  }
  for (const char* type : {"MaxPool", "AveragePool", "LpPool"}) {
    image(cat(type, "_large"), type, "(E524)",
          {integers("kernel_shape", {60000, 60000}), integers("pads", {30000, 30000, 30000, 30000})});
    image(cat(type, "_long"), type, "(E530)",
          {integers("kernel_shape", {8000, 8000}), integers("pads", {4000, 4000, 4000, 4000})});
    image(cat(type, "_beyond"), type, "(E508)",
          {integers("kernel_shape", {2, 2}), integers("pads", {kMost, kMost, kLeast, kLeast})});
  }
  all.push_back({"multinomial_many",
                 "Multinomial",
                 {"x"},
                 {},
                 "(E524)",
                 {integer("sample_size", std::int64_t{1} << 40)}});
  for (const char* type : {"QuantizeLinear", "DequantizeLinear"}) {
    all.push_back({cat(type, "_of_a_scalar"),
                   type,
                   {"i", "s"},
                   {{"i", scalar(1, type[0] == 'Q' ? f32 : u8)}, {"s", tensor({1, 2})}},
                   "(E508)"});
  }
  all.push_back({"split_into_nothing", "Split", {"x"}, {}, "(E508)"});
  return all;
}

/// A run with the file's own parameters.
onnx::Run started(const onnx::Program& program, nn::Pass& pass) {
  onnx::Run run = program.start(pass);
  for (const onnx::Program::Held& held : program.parameters())
    run.values[static_cast<std::size_t>(held.place)] = held.tensor;
  return run;
}

std::string message_for(const Hostile& hostile) {
  onnx::Model model;
  const onnx::Value x{.name = "x", .type = onnx::kFloat, .has_shape = true, .sizes = {{1, ""}, {4, ""}}};
  model.graph.name = "g";
  model.graph.inputs = {x};
  model.graph.outputs = {{.name = "y", .type = onnx::kFloat}};
  for (const auto& [name, value] : hostile.settings) model.graph.initializers.add(name, value);
  const bool has_output = hostile.name != "split_into_nothing";
  model.graph.operations = {{hostile.type, "", "n", hostile.inputs,
                             has_output ? std::vector<std::string>{"y"} : std::vector<std::string>(),
                             hostile.attributes}};
  if (!has_output) model.graph.outputs[0].name = "x";
  model.opset = hostile.type == "Upsample" ? 9 : 17;
  return message_of([&] {
    const onnx::Program program(model, "net.onnx");
    nn::Pass pass = nn::Pass::inference();
    onnx::Run run = started(program, pass);
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

/// A node that is given all that, and nothing that fits: what comes of it, if anything, is small.
void try_node(const onnx::Operator& row, const Tensor& first, const Tensor& rest,
              const std::vector<onnx::Attribute>& attributes) {
  onnx::Operation operation{std::string(row.name), "", "n", {}, {"y", "y2", "y3"}, attributes};
  const std::size_t most = static_cast<std::size_t>(row.most_inputs < 0 ? 3 : row.most_inputs);
  Tensors inputs;
  for (std::size_t i = 0; i < most; ++i) inputs.push_back(i == 0 ? first : rest);
  const onnx::Program program(onnx::Model(), "net.onnx");
  for (std::size_t count = static_cast<std::size_t>(row.least_inputs); count <= most; ++count) {
    nn::Pass pass = nn::Pass::inference();
    onnx::Run run = program.start(pass);
    const onnx::Program::Step step{
        &operation, &row, 17, std::vector<std::int32_t>(count, onnx::Program::kNone), {}};
    onnx::Call call(operation, 17, std::span(inputs).first(count), "net.onnx: ");
    call.around = {&program, &step, &run};
    try {
      for (const Tensor& y : row.run(call)) {
        if (!y.is_empty() && y.numel() < 4096) evaluate({y});
      }
    } catch (const Error&) {
    }
  }
}

TEST(OnnxHostileNodes, InputsThatFitNoOperatorDoNoHarm) {
  const Tensor image = ones({1, 2, 3, 1, 2});
  for (const onnx::Operator* row : onnx::all_operators()) {
    for (const Tensor& first : {scalar(1), scalar(1, u8), ones({0, 4}), ones({3}), ones({2, 2}), image}) {
      for (const Tensor& rest :
           {first, whole({}), whole({1, 0}), tensor({1, 2}), whole({kMost}), whole({kLeast}), scalar(1)}) {
        SCOPED_TRACE(row->name);
        EXPECT_NO_THROW(try_node(*row, first, rest, {}));
      }
    }
  }
}

TEST(OnnxHostileNodes, NumbersThatFitNoSettingDoNoHarm) {
  std::vector<std::vector<onnx::Attribute>> settings;
  for (const char* name : {"axis", "batch_dims", "blocksize", "group", "k", "p", "size", "sample_size",
                           "start", "end", "time_axis", "batch_axis", "to", "dtype"}) {
    for (const std::int64_t value : {std::int64_t{0}, kLeast, kMost, std::int64_t{1} << 32})
      settings.push_back({integer(name, value)});
  }
  for (const char* name : {"axes", "perm", "kernel_shape", "pads", "strides", "dilations", "output_padding",
                           "output_shape", "split", "shape", "starts", "ends"}) {
    for (const std::int64_t value : {std::int64_t{0}, kLeast, kMost, std::int64_t{1} << 31}) {
      for (const std::size_t count : {0, 2, 4}) {
        settings.push_back({integers(name, std::vector<std::int64_t>(count, value))});
        if (std::string_view(name) != "kernel_shape")
          settings.back().push_back(integers("kernel_shape", {2, 2}));
      }
    }
  }
  const Tensor image = ones({2, 4, 8, 8}), table = ones({2, 4});
  for (const onnx::Operator* row : onnx::all_operators()) {
    for (const std::vector<onnx::Attribute>& each : settings) {
      SCOPED_TRACE(cat(row->name, ", ", each[0].name));
      EXPECT_NO_THROW(try_node(*row, image, image, each));
      EXPECT_NO_THROW(try_node(*row, table, table, each));
    }
  }
}

/// A loop inside a loop ... whose condition stays true, and that says a count or none.
std::string loop_message(int depth, bool counts, std::int64_t count) {
  onnx::Model model;
  model.graph.name = "g";
  model.graph.outputs = {{.name = "x", .type = onnx::kFloat}};
  model.graph.initializers.add("x", tensor({1, 2}));
  model.graph.initializers.add("count", scalar(count, i64));
  model.graph.initializers.add("yes", scalar(true, DType::boolean));
  model.opset = 17;
  std::vector<onnx::Operation> inside{{"Add", "", "a", {"x", "x"}, {"z"}, {}}};
  for (int i = 0; i < depth; ++i) {
    onnx::Attribute body{.name = "body", .kind = onnx::Attribute::Kind::graph};
    onnx::Graph graph;
    const std::string end = std::to_string(i);
    graph.name = "b" + end;
    graph.inputs = {{.name = "i" + end}, {.name = "c" + end}};
    graph.outputs = {{.name = "c" + end}};
    graph.operations = inside;
    body.graph = std::make_shared<onnx::Graph>(std::move(graph));
    inside = {{"Loop", "", "l" + end, {counts ? "count" : "", "yes"}, {}, {body}}};
  }
  model.graph.operations = inside;
  return message_of([&] {
    const onnx::Program program(model, "net.onnx");
    nn::Pass pass = nn::Pass::inference();
    onnx::Run run = started(program, pass);
    evaluate(program.run(run, {}));
  });
}

TEST(OnnxHostileNodes, LoopsEnd) {
  const std::string wanted =
      " (Loop) and what is around it run more than 1048576 operations. Mistrust the file, or give inputs "
      "that "
      "take fewer turns. (E530)";
  EXPECT_EQ(loop_message(1, false, 0), "[load_onnx] net.onnx: node l0" + wanted);
  EXPECT_EQ(loop_message(1, true, kMost), "[load_onnx] net.onnx: node l0" + wanted);
  EXPECT_TRUE(loop_message(20, true, 2).ends_with(wanted));
  EXPECT_EQ(loop_message(1, true, 100000), "no error");
}

INSTANTIATE_TEST_SUITE_P(All, OnnxHostile, testing::ValuesIn(hostile_nodes()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace chainrule
