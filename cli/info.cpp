// chainrule info: what is in a model, a checkpoint, a run's folder or a file of data.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "commands.h"
#include "exit_code.h"
#include "onnx_file.h"
#include "output.h"
#include "trained.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

std::string tensors_text(const NamedTensors& tensors) {
  std::string text;
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : tensors) {
    text += fmt::format("  {:<36} {:<20} {}\n", name, tensor.shape().to_string(), name_of(tensor.dtype()));
    numbers += tensor.numel();
  }
  return text + fmt::format("  {} tensors, {} numbers\n", tensors.size(), numbers);
}

/// "chainrule.net" and the other short notes; long ones by their size.
std::string metadata_text(const io::Metadata& metadata) {
  std::string text;
  for (const auto& [key, value] : metadata) {
    const bool is_long = value.size() > 400 || value.find('\n') != std::string::npos;
    text +=
        fmt::format("  {:<20} {}\n", key, is_long ? fmt::format("({} bytes of text)", value.size()) : value);
  }
  return text;
}

std::string model_text(const std::string& path) {
  const io::TensorFile file = io::read_safetensors(path);
  std::string text = path + ": tensors in the safetensors format\n";
  if (!file.metadata.empty()) text += "says of itself\n" + metadata_text(file.metadata);
  return text + "holds\n" + tensors_text(file.tensors);
}

std::string run_text(const std::string& folder) {
  std::string text = folder + ": a run\n" + io::read_file(folder + "/run.toml") + "\n";
  std::error_code ignored;
  if (const train::History history = history_of(folder); !history.empty()) {
    std::ostringstream last;
    last << history.back();
    text += "last report: " + last.str() + "\n";
  }
  for (const char* name : {"checkpoint-a.safetensors", "checkpoint-b.safetensors", "model.safetensors"}) {
    const std::string path = folder + "/" + name;
    if (!fs::exists(path, ignored)) continue;
    try {
      io::read_safetensors(path);
      text += fmt::format("{}: whole, {} bytes\n", name, fs::file_size(path, ignored));
    } catch (const FileError& error) {
      text += fmt::format("{}: {}\n", name, error.what());
    }
  }
  return text;
}

std::string npz_text(const std::string& path) {
  return path + ": NumPy arrays\n" + tensors_text(io::read_npz(path));
}

std::string npy_text(const std::string& path) {
  const Tensor tensor = io::read_npy(path);
  return fmt::format("{}: a NumPy array {} {}\n", path, tensor.shape().to_string(), name_of(tensor.dtype()));
}

std::string data_text(const std::string& name) {
  if (name.ends_with(".csv") || name.ends_with(".tsv") || name.ends_with(".csv.gz")) {
    data::CsvOptions options{.missing = data::Missing::value};
    return data::read_csv(name, options).to_string(10) + "\n";
  }
  const data::Dataset set = data::load(name, {});
  std::ostringstream text;
  text << set.name << "\ntraining part: " << data::Source(set.train)
       << "\ntest part: " << data::Source(set.test) << "\n";
  if (!set.class_names.empty())
    text << "classes: " << fmt::format("{}", fmt::join(set.class_names, ", ")) << "\n";
  return text.str();
}

std::string describe(const std::string& name) {
  std::error_code ignored;
  if (fs::exists(name + "/run.toml", ignored)) return run_text(name);
  if (name.ends_with(".safetensors")) return model_text(name);
  if (is_onnx(name)) return onnx_text(name);
  if (name.ends_with(".npz")) return npz_text(name);
  if (name.ends_with(".npy")) return npy_text(name);
  return data_text(name);
}

}  // namespace

Command add_info(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  CLI::App& info = *app.add_subcommand("info", "Say what is in a run, a model, a checkpoint or a data file");
  info.add_option("NAME", *name,
                  "a run's folder; a .safetensors, .onnx, .npz, .npy or .csv\nfile; or a data set")
      ->required()
      ->type_name("");
  info.footer(
      "Examples:\n"
      "  chainrule info run1\n"
      "  chainrule info run1/model.safetensors\n"
      "  chainrule info cars.csv");
  return [name] {
    write_text(stdout, describe(*name));
    return kDone;
  };
}

}  // namespace chainrule::cli
