// chainrule info: what is in a model, a checkpoint, a run's folder or a file of data.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "commands.h"
#include "core/other_formats.h"
#include "exit_code.h"
#include "experiment.h"
#include "files.h"
#include "json_text.h"
#include "onnx_file.h"
#include "output.h"
#include "table_file.h"
#include "train/checkpoint_file.h"
#include "trained.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// What is said of a file: for people, and as a document with the same in it.
struct Said {
  std::string text;
  Json json;
  int code = kDone;
};

Json shape_json(const Shape& shape) { return std::vector<std::int64_t>(shape.begin(), shape.end()); }

std::string tensors_text(const NamedTensors& tensors) {
  std::string text;
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : tensors) {
    text += fmt::format("  {:<36} {:<20} {}\n", name, tensor.shape().to_string(), name_of(tensor.dtype()));
    numbers += tensor.numel();
  }
  return text + fmt::format("  {} tensors, {} numbers\n", tensors.size(), numbers);
}

Json tensors_json(const NamedTensors& tensors) {
  Json all = Json::array();
  for (const auto& [name, tensor] : tensors) {
    all.push_back(
        {{"name", name}, {"shape", shape_json(tensor.shape())}, {"dtype", name_of(tensor.dtype())}});
  }
  return all;
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

/// What a file of tensors is: "model", "checkpoint", or "tensors" of another program, which have no checksum.
/// @throws FileError  if its checksum does not fit (E256, E307).
std::string checked_kind(const std::string& path, const io::Metadata& metadata) {
  const auto says = [&](std::string_view key, std::string_view text) {
    return std::any_of(metadata.begin(), metadata.end(), [&](const auto& entry) {
      return entry.first == key && (text.empty() || entry.second == text);
    });
  };
  if (says("format", "chainrule checkpoint")) {
    train::read_checkpoint(path);
    return "checkpoint";
  }
  if (!says("chainrule.checksum", "")) return "tensors";
  load_model(path);
  return "model";
}

Said of_tensors(const std::string& path) {
  const io::TensorFile file = io::read_safetensors(path);
  const std::string kind = checked_kind(path, file.metadata);
  const bool is_checked = kind != "tensors";
  std::string text = fmt::format(
      "{}: {}, {}\n", path, is_checked ? "a " + kind + " of Chainrule" : "tensors in the safetensors format",
      is_checked ? "its checksum is right" : "without a checksum");
  if (!file.metadata.empty()) text += "says of itself\n" + metadata_text(file.metadata);
  Json json{{"kind", kind},
            {"path", path},
            {"checksum", is_checked ? "right" : "none"},
            {"tensors", tensors_json(file.tensors)},
            {"metadata", Json::object()}};
  for (const auto& [key, value] : file.metadata) json["metadata"][key] = value;
  return {text + "holds\n" + tensors_text(file.tensors), std::move(json)};
}

/// Whether the files that a run keeps are whole.
void add_files(Said& said, const std::string& folder) {
  said.json["files"] = Json::array();
  for (const char* name : {"checkpoint-a.safetensors", "checkpoint-b.safetensors", kModelFile}) {
    const std::string path = folder + "/" + name;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) continue;
    Json file{{"name", name}, {"bytes", fs::file_size(path, ignored)}, {"whole", true}, {"problem", nullptr}};
    try {
      checked_kind(path, io::read_safetensors(path).metadata);
      said.text +=
          fmt::format("{}: whole, its checksum is right, {} bytes\n", name, fs::file_size(path, ignored));
    } catch (const Error& error) {
      const bool is_model = std::string_view(name) == kModelFile;
      said.code = is_model && said.code == kDone ? kUnreadable : kOtherRun;
      said.text += fmt::format("{}: DAMAGED: {}\n", name, error.what());
      file["whole"] = false, file["problem"] = error.what();
    }
    said.json["files"].push_back(std::move(file));
  }
}

Said of_run(const std::string& folder) {
  const std::string path = folder + "/run.toml", settings = io::read_file(path);
  Said said{folder + ": a run\n" + settings + "\n", {{"kind", "run"}, {"path", folder}}};
  said.json["settings"] = Json::parse(config::to_json(config::parse_toml(settings, path)));
  said.json["last_report"] = nullptr;
  if (const train::History history = history_of(folder); !history.empty()) {
    std::ostringstream last;
    last << history.back();
    said.text += "last report: " + last.str() + "\n";
    said.json["last_report"] = Json::parse(train::to_json(history.back()));
  }
  add_files(said, folder);
  return said;
}

Said of_npz(const std::string& path) {
  const NamedTensors arrays = io::read_npz(path);
  return {path + ": NumPy arrays\n" + tensors_text(arrays),
          {{"kind", "arrays"}, {"path", path}, {"tensors", tensors_json(arrays)}}};
}

Said of_npy(const std::string& path) {
  const Tensor tensor = io::read_npy(path);
  return {fmt::format("{}: a NumPy array {} {}\n", path, tensor.shape().to_string(), name_of(tensor.dtype())),
          {{"kind", "array"},
           {"path", path},
           {"shape", shape_json(tensor.shape())},
           {"dtype", name_of(tensor.dtype())}}};
}

Said of_table(const std::string& path) {
  const data::Table table = data::read_csv(path, {.codes = names_in(path), .missing = data::Missing::value});
  Json json{{"kind", "table"}, {"path", path}, {"rows", table.rows()}, {"columns", Json::array()}};
  for (const Shared<const data::TableColumn>& column : table.columns()) {
    json["columns"].push_back({{"name", column->name}, {"words", column->words}});
  }
  return {table.to_string(10) + "\n", std::move(json)};
}

Said of_text(const std::string& path) {
  const std::string text = io::read_file(path);
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const std::int64_t characters = std::count_if(text.begin(), text.end(), is_start);
  const std::int64_t lines =
      std::count(text.begin(), text.end(), '\n') + (!text.empty() && !text.ends_with('\n'));
  return {fmt::format("{}: a text of {} characters in {} lines. Learn it with --data {}.\n", path, characters,
                      lines, path),
          {{"kind", "text"}, {"path", path}, {"characters", characters}, {"lines", lines}}};
}

/// Settings, with those that the file does not name.
Said of_settings(const std::string& path) {
  Experiment experiment = read_experiment(path, {});
  const std::string all = config::to_toml(config::write(experiment));
  return {fmt::format("{}: settings of a run, the defaults with them. Train with chainrule train {}.\n{}",
                      path, path, all),
          {{"kind", "settings"},
           {"path", path},
           {"settings", Json::parse(config::to_json(config::parse_toml(all, path)))}}};
}

Said of_pictures(const std::string& path) {
  DataSettings settings;
  settings.name = path;
  const LoadedData data = load_data(settings, 1);
  return {fmt::format("{}\nclasses: {}\n", data.described, fmt::join(data.classes, ", ")),
          {{"kind", "pictures"},
           {"path", path},
           {"training_rows", data.train.rows()},
           {"test_rows", data.test.rows()},
           {"shape", shape_json(data.train.columns()[0].shape)},
           {"classes", data.classes}}};
}

std::string begin_of(const std::string& path) {
  char bytes[256] = {};
  std::ifstream file(path, std::ios::binary);
  file.read(bytes, sizeof(bytes));
  return {bytes, static_cast<std::size_t>(file.gcount())};
}

Said of_set(const std::string& name) {
  std::error_code ignored;
  const std::vector<std::string> known = data::known_sets();
  if (!fs::is_directory(name, ignored) && std::find(known.begin(), known.end(), name) == known.end()) {
    if (fs::is_regular_file(name, ignored)) refuse_other_formats(begin_of(name), name);
    throw FileError(358,
                    fs::exists(name, ignored)
                        ? fmt::format("[info] {}: files of this kind are not known. Known are .safetensors, "
                                      ".onnx, .npz, .npy, .csv, .txt and .toml.",
                                      name)
                        : fmt::format("[info] {}: there is no such file or folder, and no data set of this "
                                      "name. Check the path.",
                                      name));
  }
  const data::Dataset set = data::load(name, {});
  std::ostringstream text;
  text << set.name << "\ntraining part: " << data::Source(set.train)
       << "\ntest part: " << data::Source(set.test) << "\n";
  if (!set.class_names.empty()) text << fmt::format("classes: {}\n", fmt::join(set.class_names, ", "));
  return {text.str(),
          {{"kind", "set"},
           {"path", set.folder},
           {"name", set.name},
           {"training_rows", set.train.count},
           {"test_rows", set.test.count},
           {"shape", {set.train.channels, set.train.height, set.train.width}},
           {"classes", set.class_names}}};
}

Said describe(const std::string& name) {
  std::error_code ignored;
  if (fs::exists(name + "/run.toml", ignored)) return of_run(name);
  if (name.ends_with(".safetensors")) return of_tensors(name);
  if (is_onnx(name)) return {onnx_text(name), {{"kind", "onnx"}, {"path", name}}};
  if (name.ends_with(".npz")) return of_npz(name);
  if (name.ends_with(".npy")) return of_npy(name);
  if (name.ends_with(".toml")) return of_settings(name);
  const DataKind kind = kind_of(name);
  return kind == DataKind::table      ? of_table(name)
         : kind == DataKind::text     ? of_text(name)
         : kind == DataKind::pictures ? of_pictures(name)
                                      : of_set(name);
}

}  // namespace

Command add_info(CLI::App& app) {
  const auto name = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  CLI::App& info = *app.add_subcommand("info", "Say what is in a run, a model, a checkpoint or a data file");
  info.add_option("NAME", *name,
                  "a run's folder; a .safetensors, .onnx, .npz, .npy, .csv, .txt\nor .toml file; a folder of "
                  "pictures; or a data set")
      ->required()
      ->type_name("");
  info.add_flag("--json", *json, "print one JSON document");
  info.footer(
      "Checks the checksums of checkpoints and models: exits with 6 if a checkpoint is\n"
      "damaged, with 4 if a model is.\n\n"
      "Examples:\n"
      "  chainrule info run1\n"
      "  chainrule info run1/model.safetensors\n"
      "  chainrule info cars.csv");
  return [name, json] {
    const Said said = describe(*name);
    write_text(stdout, *json ? json_text(said.json) : said.text);
    return said.code;
  };
}

}  // namespace chainrule::cli
