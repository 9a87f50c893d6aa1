// What is said of files that cannot be read and graphs that cannot be written; and that damaged files do no
// harm.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <regex>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "chainrule/linalg.h"
#include "chainrule/onnx.h"
#include "core/text.h"
#include "message_of.h"
#include "onnx/program.h"
#include "temporary_folder.h"

namespace chainrule {
namespace {

using onnx::Model;
using onnx::Operation;

/// y = Add(x, b), x (N, 4).
Model small_model() {
  Model model;
  onnx::Value x{.name = "x", .type = onnx::kFloat, .has_shape = true, .sizes = {{-1, "N"}, {4, ""}}};
  model.graph.name = "g";
  model.graph.inputs = {x};
  x.name = "y";
  model.graph.outputs = {x};
  model.graph.initializers.add("b", tensor({1, 2, 3, 4}));
  model.graph.operations = {{"Add", "", "sum", {"x", "b"}, {"y"}, {}}};
  return model;
}

std::string read_message(const Model& model) {
  return message_of([&] { onnx::Program(model, "net.onnx"); });
}

/// Fields of protobuf, by hand: for files that no writer makes.
std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7) bytes += static_cast<char>((value & 127) | 128);
  return bytes + static_cast<char>(value);
}
std::string field(int number, const std::string& bytes) {
  return varint(static_cast<std::uint64_t>(number) * 8 + 2) + varint(bytes.size()) + bytes;
}
std::string field(int number, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(number) * 8) + varint(value);
}

/// A model with one initializer: opset 17.
std::string with_tensor(const std::string& tensor) {
  return field(7, field(5, tensor)) + field(8, field(2, 17));
}
std::string message_for(const std::string& bytes, const std::string& folder = "") {
  return message_of([&] { load_onnx_bytes(bytes, "net.onnx", folder); });
}

TEST(OnnxMessages, FilesThatAreNone) {
  const std::string wanted =
      "[load_onnx] net.onnx is no ONNX model, or it was cut off. Need a whole file of the format, at most 2 "
      "GB. (E500)";
  EXPECT_EQ(message_for("not a model"), wanted);
  EXPECT_EQ(message_for(""), wanted);
}

TEST(OnnxMessages, TensorsThatAreDamaged) {
  EXPECT_EQ(message_for(with_tensor(field(2, 8) + field(8, "w"))),
            "[load_onnx] net.onnx: the tensor \"w\" has elements of type 8 (see TensorProto in the format); "
            "need floating "
            "numbers, whole numbers or booleans. (E501)");
  EXPECT_EQ(message_for(with_tensor(field(1, 3) + field(1, 1000000000000) + field(2, 1) + field(8, "w") +
                                    field(9, "abcd"))),
            "[load_onnx] net.onnx: the tensor \"w\" has 2 axes and 4 bytes; need at most 8 axes, and 4 bytes "
            "an element. (E502)");
  EXPECT_EQ(message_for(with_tensor(field(1, UINT64_MAX) + field(2, 1) + field(8, "w"))),
            "[load_onnx] net.onnx: the tensor \"w\" has the size -1; need 0 or more. (E502)");
  const auto external = [](const std::string& place) {
    return with_tensor(field(2, 1) + field(8, "w") + field(13, field(1, "location") + field(2, place)) +
                       field(14, 1));
  };
  for (const char* place : {"../weights.bin", "/etc/passwd"}) {
    EXPECT_EQ(message_for(external(place), "."),
              cat("[load_onnx] net.onnx: the data of \"w\" lie in \"", place,
                  "\", which is not inside the model's folder. Need a file in the model's folder, and a part "
                  "that it has. (E504)"));
  }
}

TEST(OnnxMessages, DataThatLieInNoFile) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string path = std::filesystem::canonical(folder.string()).string() + "/pipe";
  EXPECT_EQ(message_for(with_tensor(field(2, 1) + field(8, "w") +
                                    field(13, field(1, "location") + field(2, "pipe")) + field(14, 1)),
                        folder.string()),
            cat("[read] ", path,
                ": is not a regular file. Its size must be known: copy it to a file first. (E200)"));
}

TEST(OnnxMessages, NamesThatDoNotFit) {
  Model cyclic = small_model();
  cyclic.graph.operations[0].inputs[1] = "y";
  EXPECT_EQ(read_message(cyclic),
            "[load_onnx] net.onnx: Add node sum needs \"y\", which nothing before it gives. Nodes must come "
            "after what they use. (E503)");
  Model twice = small_model();
  twice.graph.operations.push_back(twice.graph.operations[0]);
  EXPECT_EQ(
      read_message(twice),
      "[load_onnx] net.onnx: the name \"y\" is given to two values of a graph. Names must be unique. (E503)");
  Model few = small_model();
  few.graph.operations[0].inputs.pop_back();
  EXPECT_EQ(read_message(few), "[load_onnx] net.onnx: Add node sum has 1 inputs; need 2 to 2. (E503)");
  Model itself = small_model();
  itself.functions = {{"F", "own", {"a"}, {"r"}, {{"F", "own", "", {"a"}, {"r"}, {}}}, 17}};
  itself.graph.operations[0] = {"F", "own", "", {"x"}, {"y"}, {}};
  EXPECT_EQ(read_message(itself),
            "[load_onnx] net.onnx: functions or graphs inside one another, more than 64. A function must not "
            "call itself. (E503)");
}

TEST(OnnxMessages, OperatorsAndVersions) {
  Model unknown = small_model();
  unknown.graph.operations = {{"Foo", "", "n1", {"x"}, {"a"}, {}},
                              {"Bar", "com.example", "", {"a"}, {"y"}, {}}};
  EXPECT_EQ(read_message(unknown),
            "[load_onnx] net.onnx has operators that are not known:\n  Foo (node n1)\n  com.example.Bar "
            "(node of y)\ndocs/onnx.md lists "
            "those that are. Need a model made of these. (E506)");
  Model training = small_model();  // names no other domain
  training.opset = 0;
  training.graph.operations = {{"Adam", "ai.onnx.preview.training", "step", {"x"}, {"y"}, {}}};
  EXPECT_EQ(
      read_message(training),
      "[load_onnx] net.onnx has operators that are not known:\n  ai.onnx.preview.training.Adam (node step)\n"
      "docs/onnx.md lists those that are. Need a model made of these. (E506)");
  Model newer = small_model();
  newer.opset = 21;
  EXPECT_EQ(read_message(newer),
            "[load_onnx] net.onnx is of opset 21; need 1 to 17. Convert it, as with onnx.version_converter, "
            "or export it again. (E505)");
}

TEST(OnnxMessages, Inputs) {
  Model model = small_model();
  model.graph.operations.push_back({"Cast", "", "wrong", {"y"}, {"z"}, {}});
  model.graph.outputs[0].name = "z";
  const nn::OnnxNet net = load_onnx_bytes(onnx::model_bytes(small_model()), "net.onnx");
  EXPECT_EQ(
      message_of([&] {
        net.predict(zeros({3, 5}));
      }),
      "[onnx] input x is (3, 5) f32; net.onnx takes (N, 4) f32. The first axis may have any size. (E509)");
  nn::Pass pass = nn::Pass::inference();
  onnx::Program program(model, "net.onnx");
  onnx::Run run = program.start(pass);
  const Tensor x = zeros({3, 4}), b = zeros({4});
  run.values[static_cast<std::size_t>(program.parameters()[0].place)] = b;
  EXPECT_EQ(message_of([&] { program.run(run, std::span(&x, 1)); }),
            "[load_onnx] net.onnx: node wrong (Cast): attribute to is missing; it is needed. (E508)");
  const std::string shapeless =
      field(7, field(11, field(1, "x")) + field(12, field(1, "x"))) + field(8, field(2, 17));
  const nn::OnnxNet any = load_onnx_bytes(shapeless, "net.onnx");
  EXPECT_EQ(message_of([&] { any.example_inputs(); }),
            "[onnx] net.onnx does not say the shape of its input x. Give inputs of your own. (E507)");
}

TEST(OnnxMessages, NamesThatAreNoText) {
  const std::string x = field(1, "x\xff");
  const std::string bytes =
      field(7, field(1, x + field(4, "Relu") + field(2, "y")) + field(11, x) + field(12, field(1, "y"))) +
      field(8, field(2, 17));
  EXPECT_EQ(load_onnx_bytes(bytes, "net.onnx").input_names(), "x\\xff");
  const Tensor a = ones({2, 2});
  EXPECT_TRUE(message_of([&] {
                einsum("ié->i", {a});
              }).starts_with("[einsum] \"ié->i\": 'é' is no letter, comma, arrow or ellipsis."));
}

TEST(OnnxMessages, NodesWithoutOutputs) {
  const std::string x = field(1, "x");
  const std::string bytes =
      field(7, field(1, x + field(4, "Softmax")) + field(11, x) + field(12, x)) + field(8, field(2, 17));
  EXPECT_FALSE(load_onnx_bytes(bytes, "net.onnx").gives_probabilities());
}

TEST(OnnxMessages, WhatCannotBeWritten) {
  const TemporaryFolder folder;
  const std::string file = (folder / "f.onnx").string();
  const Tensor a = tensor({2, 0, 0, 3}, {2, 2}), b = tensor({1, 2});
  EXPECT_EQ(message_of([&] {
              export_onnx(file, {solve(a, b)}, {a, b});
            }),
            "[export_onnx] operations that have no form in ONNX:\n  solve: ONNX has no operator for it, nor "
            "any to make it of for all "
            "sizes\nLeave them out, or compute them before (docs/onnx.md lists all forms). (E520)");
  EXPECT_FALSE(std::filesystem::exists(file));
}

/// A net whose numbers are those of the batch.
struct PlaceInBatch : nn::LayerOf<PlaceInBatch> {
  static constexpr Info kInfo{.name = "place_in_batch", .doc = "x plus its place in the batch."};
  Tensor compute(const Tensor& x, nn::Pass&) const {
    return x + reshape(detach(arange(x.shape()[0], f32)), {-1, 1});
  }
};

TEST(OnnxMessages, WhatDependsOnTheBatch) {
  const std::string said = message_of([] { onnx_bytes(PlaceInBatch(), zeros({2, 3})); });
  EXPECT_NE(said.find("depends on the size of the batch and its numbers do, too. Write it with the batch "
                      "left as one axis, or save with .batch = \"\" for one size."),
            std::string::npos)
      << said;
  EXPECT_EQ(message_of([] { onnx_bytes(PlaceInBatch(), zeros({2, 3}), {.batch = ""}); }), "no error");
}

TEST(OnnxMessages, SizesThatAFileAsksFor) {
  const auto message = [](const Operation& operation) {
    Model model = small_model();
    model.graph.initializers.add("sizes", tensor({1000000, 1000, 4}, i64));
    model.graph.operations.insert(model.graph.operations.begin(), operation);
    const nn::OnnxNet net = load_onnx_bytes(onnx::model_bytes(model), "net.onnx");
    return message_of([&] { net.predict(zeros({1, 4})); });
  };
  // What a file asks for is refused before it is made, while constants are computed, too.
  EXPECT_EQ(
      message({"Expand", "", "e", {"x", "sizes"}, {"large"}, {}}),
      "[load_onnx] net.onnx: node e (Expand) gives (1000000, 1000, 4), 4000000000 numbers; for inputs of "
      "this size there may be at most 268435456. Mistrust the file, or give larger inputs. (E524)");
  EXPECT_EQ(
      message({"ConstantOfShape", "", "", {"sizes"}, {"large"}, {}}),
      "[load_onnx] net.onnx: node of large (ConstantOfShape) gives (1000000, 1000, 4), 4000000000 "
      "numbers; for inputs of this size there may be at most 268435456. Mistrust the file, or give larger "
      "inputs. (E524)");
}

TEST(OnnxMessages, ExamplesThatAreTooLarge) {
  const nn::OnnxNet net(load_onnx_bytes(
      field(7, field(11, field(1, "x") +
                             field(2, field(1, field(1, 1) + field(2, field(1, field(2, "N")) +
                                                                          field(1, field(1, 1000000)) +
                                                                          field(1, field(1, 1000)))))) +
                   field(12, field(1, "x"))) +
          field(8, field(2, 17)),
      "net.onnx"));
  EXPECT_EQ(
      message_of([&] { net.example_inputs(); }),
      "[onnx] net.onnx: its input x is (1, 1000000, 1000), 1000000000 numbers; an example may have at most "
      "268435456. Mistrust the file, or give inputs of your own. (E525)");
}

TEST(OnnxMessages, WhatTheFormatsCheckerRefuses) {
  Model model = small_model();
  model.graph.operations[0].type = "Nonsense";
  const std::string said = message_of([&] { onnx::model_bytes(model); });
  EXPECT_TRUE(std::regex_match(
      said, std::regex("\\[export_onnx\\] the format's own checker refuses what was written: (.|\n)*Nonsense"
                       "(.|\n)*\nThis is a mistake of the library's, or of the operation's\\. Please report "
                       "it\\. \\(E521\\)")))
      << said;
}

/// A net that gives another number at each call: from 1 on.
struct Counter : nn::LayerOf<Counter> {
  static constexpr Info kInfo{.name = "counter", .doc = "0 x plus the number of the call."};
  mutable int calls = 0;
  Tensor compute(const Tensor& x, nn::Pass&) const { return x * 0 + detach(scalar(++calls)); }
};

TEST(OnnxMessages, NumbersThatDifferOnReadingAgain) {
  const TemporaryFolder folder;
  const std::string file = (folder / "f.onnx").string();
  // Written at the second call; the last of 16 comparisons is with the 18th.
  EXPECT_EQ(message_of([&] {
              save_onnx(file, Counter(), zeros({2, 3}), {.batch = ""});
            }),
            cat("[save_onnx] read again, the file gives other numbers: they differ by ", 16.0 / 18,
                "; need at most 0.0001. Nothing was written. Please report it, with the net. (E523)"));
  EXPECT_FALSE(std::filesystem::exists(file));
}

/// Reads it, and runs it if it can be: nothing may happen but an error.
void try_bytes(const std::string& bytes) {
  try {
    const nn::OnnxNet net = load_onnx_bytes(bytes);
    std::vector<Tensor> inputs = net.example_inputs();
    for (const Tensor& x : inputs) {
      if (x.numel() > 4096) return;
    }
    const nn::Ports outputs = net.predict_all(nn::Inputs(inputs));
    for (const Tensor& y : outputs.all()) {
      if (y.numel() < 4096) evaluate({y});
    }
  } catch (const Error&) {
  }
}

TEST(OnnxDamage, CutOffOrChangedFilesGiveErrors) {
  nn::Sequential net{nn::Conv2d(2, 3), nn::BatchNorm(), nn::Relu(),   nn::MaxPool2d(),
                     nn::Flatten(),    nn::Affine(3),   nn::Softmax()};
  const std::string bytes = onnx_bytes(net, zeros({2, 1, 6, 6}));
  for (std::size_t length = 0; length < bytes.size(); length += 7) try_bytes(bytes.substr(0, length));
  // With --gtest_repeat=100 --gtest_shuffle others each time.
  Random random(static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed()));
  for (int i = 0; i < 3000; ++i) {
    std::string changed = bytes;
    for (std::uint64_t k = 0; k <= random.below(3); ++k)
      changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    try_bytes(changed);
  }
}

}  // namespace
}  // namespace chainrule
