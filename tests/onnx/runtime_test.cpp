// What is written runs in ONNX Runtime and gives the same. It is found where CHAINRULE_ONNXRUNTIME says: a
// folder in which `npm install --ignore-scripts onnxruntime-node` was run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "autodiff/op_cases.h"
#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "chainrule/half.h"
#include "chainrule/io.h"
#include "chainrule/onnx.h"
#include "core/text.h"
#include "io/elements.h"
#include "onnx_nets.h"
#include "random_graph.h"
#include "temporary_folder.h"

namespace chainrule {
namespace {

namespace fs = std::filesystem;

std::string type_name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "float32";
    case DType::f64:
      return "float64";
    case DType::i64:
      return "int64";
    case DType::u8:
      return "uint8";
    case DType::f16:
      return "float16";
    case DType::i32:
      return "int32";
    default:
      return "bool";
  }
}

/// A model to run, and what must come out.
class Job {
 public:
  Job(const fs::path& folder, std::string name) : folder_(folder / name), name_(std::move(name)) {
    fs::create_directories(folder_);
  }

  std::string model() const { return (folder_ / "model.onnx").string(); }

  void give(const std::vector<std::string>& names, const Tensors& inputs, const Tensors& outputs,
            int repeat = 0) {
    wanted_ = outputs;
    std::string list;
    int count = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].is_empty()) continue;
      std::string dims;
      for (const std::int64_t size : inputs[i].shape()) dims += cat(dims.empty() ? "" : ", ", size);
      list += cat(count == 0 ? "" : ", ", R"({"name": ")", names[i], R"(", "type": ")",
                  type_name(inputs[i].dtype()), R"(", "dims": [)", dims, "]}");
      io::replace_file((folder_ / cat("input_", count++, ".bin")).string(), io::bytes_of(inputs[i]));
    }
    io::replace_file((folder_ / "job.json").string(),
                     cat(R"({"inputs": [)", list, R"(], "repeat": )", repeat, "}"));
  }

  const std::string& name() const { return name_; }
  config::Value result() const {
    return config::parse_json(io::read_file((folder_ / "result.json").string()), name_);
  }
  std::string error() const {
    const config::Value made = result();
    const config::Value* error = made.find("error");
    return error == nullptr ? "" : error->text;
  }
  /// Relative to the largest number, or 1.
  double largest_difference() const {
    double largest = 0;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const std::string bytes = io::read_file((folder_ / cat("output_", i, ".bin")).string());
      const std::vector<double> ours = wanted_[i].to_vector<double>(),
                                theirs = numbers(bytes, wanted_[i].dtype());
      if (ours.size() != theirs.size()) return INFINITY;
      double size = 1, difference = 0;
      for (const double x : ours) size = std::isfinite(x) ? std::max(size, std::abs(x)) : size;
      for (std::size_t k = 0; k < ours.size(); ++k) {
        const bool same = ours[k] == theirs[k] || (std::isnan(ours[k]) && std::isnan(theirs[k]));
        if (!same)
          difference = std::max(difference,
                                std::isnan(ours[k] - theirs[k]) ? INFINITY : std::abs(ours[k] - theirs[k]));
      }
      largest = std::max(largest, difference / size);
    }
    return largest;
  }

 private:
  template <class T>
  static std::vector<double> numbers_of(const std::string& bytes) {
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return {values.begin(), values.end()};
  }
  static std::vector<double> numbers(const std::string& bytes, DType dtype) {
    switch (dtype) {
      case DType::f32:
        return numbers_of<float>(bytes);
      case DType::f64:
        return numbers_of<double>(bytes);
      case DType::i64:
        return numbers_of<std::int64_t>(bytes);
      case DType::f16:
        return numbers_of<Float16>(bytes);
      case DType::i32:
        return numbers_of<std::int32_t>(bytes);
      default:
        return numbers_of<std::uint8_t>(bytes);
    }
  }

  fs::path folder_;
  std::string name_;
  Tensors wanted_;
};

class OnnxRuntime : public testing::Test {
 protected:
  void SetUp() override {
    const char* place = std::getenv("CHAINRULE_ONNXRUNTIME");
    if (place == nullptr || !fs::exists(fs::path(place) / "node_modules/onnxruntime-node"))
      GTEST_SKIP() << "set CHAINRULE_ONNXRUNTIME to a folder in which `npm install --ignore-scripts "
                      "onnxruntime-node` was run";
    place_ = place;
  }
  void run() const {
    const std::string command = cat("NODE_PATH='", place_, "/node_modules' node '", CHAINRULE_SOURCE_DIR,
                                    "/tests/onnx/run_onnxruntime.js' '", folder_.string(), "'");
    while (std::system(command.c_str()) != 0) ASSERT_TRUE(mark_crash());
  }
  fs::path root() const { return folder_.string(); }

 private:
  /// It ends the whole process: the first job without a result did that.
  bool mark_crash() const {
    std::vector<fs::path> jobs;
    for (const auto& entry : fs::directory_iterator(root())) jobs.push_back(entry.path());
    std::sort(jobs.begin(), jobs.end());
    for (const fs::path& job : jobs) {
      if (fs::exists(job / "result.json")) continue;
      io::replace_file((job / "result.json").string(), R"({"error": "it ended the process"})");
      return true;
    }
    return false;
  }

  TemporaryFolder folder_;
  std::string place_;
};

std::vector<std::string> input_names(const nn::Layer& net) {
  std::vector<std::string> names;
  std::stringstream all{std::string(net.input_names())};
  for (std::string name; std::getline(all >> std::ws, name, ',');)
    names.push_back(name.ends_with('?') ? name.substr(0, name.size() - 1) : name);
  return names;
}

Tensors rows(const Tensors& inputs, std::int64_t batch) {
  Tensors made;
  for (const Tensor& x : inputs)
    made.push_back(x.is_empty() ? x : take(x, remainder(arange(batch), x.shape()[0])));
  return made;
}

Tensors outputs_of(const nn::Layer& net, const Tensors& inputs) {
  const nn::Ports made = net.predict_all(nn::Inputs(inputs));
  return {made.all().begin(), made.all().end()};
}

TEST_F(OnnxRuntime, GivesTheSameForEachNetAndBatch) {
  std::vector<Job> jobs;
  for (const NamedNet& named : named_nets()) {
    const Shared<nn::Layer> net = named.make();
    const Tensors inputs = named.inputs();
    for (const std::int64_t batch : {1, 64}) {
      Job& job = jobs.emplace_back(root(), cat(named.name, "-", batch));
      save_onnx(job.model(), *net, nn::Inputs(inputs));
      const Tensors given = rows(inputs, batch);
      job.give(input_names(*net), given, outputs_of(*net, given));
    }
  }
  run();
  for (const Job& job : jobs) {
    EXPECT_EQ(job.error(), "") << job.name();
    EXPECT_LE(job.error().empty() ? job.largest_difference() : 0, 1e-5) << job.name();
  }
}

std::vector<std::string> numbered(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(count == 1 ? "x" : cat("x", i + 1));
  return names;
}

TEST_F(OnnxRuntime, GivesTheSameForEachOperation) {
  std::vector<Job> jobs;
  for (const OpRow* row : op_table()) {
    for (const OpCase& c : cases_of(*row, f32)) {
      const Tensors inputs = draw_inputs(c, 1);
      if (inputs.size() > nn::Ports::kMax) continue;
      const Tensor y = call(c, inputs);
      const auto is_bf16 = [](const Tensor& x) { return x.dtype() == bf16; };  // not for Node.js
      if (is_bf16(y) || std::any_of(inputs.begin(), inputs.end(), is_bf16)) continue;
      Job job(root(), cat(row->info.name, "-", jobs.size()));
      try {
        export_onnx(job.model(), std::span(&y, 1), inputs, {.check = false});
      } catch (const ValueError&) {
        fs::remove_all(root() / job.name());
        continue;
      }
      job.give(numbered(inputs.size()), inputs, {y});
      jobs.push_back(std::move(job));
    }
  }
  run();
  int failed = 0;
  for (const Job& job : jobs) {
    const bool is_same = job.error().empty() && job.largest_difference() <= 1e-5;
    failed += !is_same;
    if (!is_same)
      std::cout << job.name() << ": "
                << (job.error().empty() ? cat("differs by ", job.largest_difference()) : job.error()) << "\n";
  }
  std::cout << jobs.size() << " cases of operations, " << failed << " differ or are refused\n";
  EXPECT_EQ(failed, 0);
}

TEST_F(OnnxRuntime, GivesTheSameForRandomGraphs) {
  const std::vector<fuzz::Part> parts = fuzz::all_parts();
  std::vector<Job> jobs;
  for (std::uint64_t seed = 1; jobs.size() < 50 && seed < 500; ++seed) {
    const fuzz::RandomGraph graph(parts, seed);
    Tensors leaves;
    for (const Tensor& leaf : graph.leaves()) leaves.push_back(detach(cast(leaf, f32)));
    const Tensor y = graph(leaves);
    if (y.dtype() == bf16) continue;  // not for Node.js
    Job job(root(), cat("graph-", seed));
    try {
      export_onnx(job.model(), std::span(&y, 1), leaves);
    } catch (const ValueError& error) {
      fs::remove_all(root() / job.name());
      ASSERT_EQ(error.code(), 520) << error.what();
      continue;
    }
    job.give(numbered(leaves.size()), leaves, {y});
    jobs.push_back(std::move(job));
  }
  EXPECT_EQ(jobs.size(), 50);
  run();
  for (const Job& job : jobs) {
    EXPECT_EQ(job.error(), "") << job.name();
    EXPECT_LE(job.error().empty() ? job.largest_difference() : 0, 1e-5) << job.name();
  }
}

}  // namespace
}  // namespace chainrule
