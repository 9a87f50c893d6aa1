// chainrule data: what sets there are, and what their images look like.
#include "chainrule/data.h"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "commands.h"
#include "data_images.h"
#include "data_stats.h"
#include "exit_code.h"
#include "fetch.h"
#include "formats.h"
#include "json_text.h"
#include "options.h"
#include "output.h"
#include "write_png.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ShowOptions {
  DataOptions data;
  std::string out, target;
  std::string split = "train";
  std::int64_t rows = 10, columns = 20;
  std::uint64_t seed = 0;
  bool json = false;
};

int show(const ShowOptions& options) {
  format_of("", options.out, {"png"});  // refuses other endings
  const ImageData data = image_data(options.data.name, options.data.dir, options.target, options.seed);
  if (!data.test && options.split == "test")
    throw ValueError(632, fmt::format("[data] {} has no test part. Leave --split out.", data.name));
  std::int64_t rows = options.rows, columns = options.columns;
  const data::ImageSet set =
      images_by_class(data, options.split == "test" ? data.test : data.train, rows, columns);
  const data::Image sheet = data::contact_sheet(set, static_cast<int>(rows), static_cast<int>(columns));
  write_png(options.out, sheet);
  if (options.json) {
    write_text(stdout, json_text(Json{{"path", options.out},
                                      {"name", data.name},
                                      {"split", options.split},
                                      {"width", sheet.width},
                                      {"height", sheet.height}}));
    return kDone;
  }
  write_text(stdout, fmt::format("{}: {} x {} pixels, {}{} images{}\n", options.out, sheet.width,
                                 sheet.height, data.name,
                                 !data.test                 ? ""
                                 : options.split == "train" ? " training"
                                                            : " test",
                                 data.target >= 0 ? ", a class a row" : ""));
  return kDone;
}

struct WriteOptions {
  DataOptions data;
  std::string folder;
  std::int64_t train = 1000, test = 200;
  bool json = false;
};

/// The first images of one part as files, a folder a class.
void write_part(const data::ImageSet& set, std::int64_t count, const std::string& folder) {
  for (std::int64_t row = 0; row < std::min(count, set.count); ++row) {
    const auto label = static_cast<std::size_t>(set.labels[static_cast<std::size_t>(row)]);
    std::string name = label < set.class_names.size() ? set.class_names[label] : std::to_string(label);
    std::replace(name.begin(), name.end(), '/', '-');
    const std::string of_class = fmt::format("{}/{}", folder, name);
    std::filesystem::create_directories(of_class);
    const std::span<const std::uint8_t> planes = set.image(row);
    data::Image image;
    image.height = set.height, image.width = set.width, image.channels = set.channels;
    image.pixels.resize(planes.size());
    const std::size_t area = planes.size() / static_cast<std::size_t>(set.channels);
    for (std::size_t i = 0; i < planes.size(); ++i) {  // planes of colours become colours of pixels
      image.pixels[i % area * static_cast<std::size_t>(set.channels) + i / area] = planes[i];
    }
    write_png(fmt::format("{}/{:05}.png", of_class, row), image);
  }
}

int write(const WriteOptions& options) {
  const data::Dataset set = load_set(options.data.name, {.data_dir = options.data.dir});
  try {
    write_part(set.train, options.train, options.folder + "/train");
    write_part(set.test, options.test, options.folder + "/test");
  } catch (const std::filesystem::filesystem_error& error) {
    throw FileError(83, fmt::format("[write] {}: {}. Check that the folder can be written to and has room.",
                                    options.folder, error.code().message()));
  }
  const std::int64_t train = std::min(options.train, set.train.count),
                     test = std::min(options.test, set.test.count);
  if (options.json) {
    write_text(stdout, json_text(Json{{"folder", options.folder},
                                      {"name", set.name},
                                      {"training_pictures", train},
                                      {"test_pictures", test}}));
    return kDone;
  }
  write_text(stdout, fmt::format("{}: {} training and {} test pictures; chainrule train --data {}\n",
                                 options.folder, train, test, options.folder));
  return kDone;
}

/// A set by name, and where it is.
struct Found {
  std::string name, folder;
  std::int64_t training = 0, test = 0;
  std::string problem;  // of one that is not there; a damaged one is told apart by `is_damaged`
  bool is_damaged = false;
};

Found find(const std::string& name, const std::string& data_dir) {
  if (name == "digits") return {name, "", 60'000, 10'000, ""};
  try {
    const data::Dataset set = data::load(name, {.data_dir = data_dir});
    return {name, set.folder, set.train.count, set.test.count, ""};
  } catch (const FileError& error) {
    constexpr int kNowhere = 69;
    return {name, "", 0, 0, error.what(), error.code() != kNowhere};
  }
}

/// "/home/ann/.../chainrule/mnist": at most so long, without its middle.
std::string shortened(const std::string& path, std::size_t most) {
  if (path.size() <= most) return path;
  const std::size_t kept = most - 3, head = kept / 3;
  return path.substr(0, head) + "..." + path.substr(path.size() - (kept - head));
}

std::string line_of(const Found& set) {
  constexpr std::size_t kWidth = 79, kBefore = 34;
  const std::string where = set.is_damaged         ? "damaged"
                            : !set.problem.empty() ? "not found"
                            : set.folder.empty()   ? "drawn by the program"
                                                   : shortened(set.folder, kWidth - kBefore);
  const std::string rows = set.problem.empty() ? fmt::format("{} + {}", set.training, set.test) : "";
  return fmt::format("{:<17}{:<16} {}\n", set.name, rows, where);
}

/// Every set by name, and whether it is there. A set that is not there is no failure; a damaged one is.
int list(const std::string& data_dir, bool is_json) {
  int code = kDone;
  Json all = Json::array();
  if (!is_json) write_text(stdout, "set              train + test     where\n");
  for (const std::string& name : data::known_sets()) {
    const Found set = find(name, data_dir);
    if (set.is_damaged) code = kFailed;
    if (!is_json) write_text(stdout, line_of(set));
    if (set.is_damaged) complain(set.problem);
    all.push_back({{"name", set.name},
                   {"there", set.problem.empty()},
                   {"damaged", set.is_damaged},
                   {"folder", set.folder.empty() ? Json() : Json(set.folder)},
                   {"training_rows", set.training},
                   {"test_rows", set.test},
                   {"problem", set.problem.empty() ? Json() : Json(set.problem)}});
  }
  write_text(stdout,
             is_json ? json_text(all) : "chainrule data fetch NAME gets mnist, fashion-mnist or cifar10.\n");
  return code;
}

}  // namespace

Command add_data(CLI::App& app) {
  CLI::App& data = *app.add_subcommand("data", "List data sets, fetch one, say or show what is in it");
  data.require_subcommand(1);
  data.footer(
      "Examples:\n"
      "  chainrule data list\n"
      "  chainrule data fetch mnist\n"
      "  chainrule data stats cars.csv\n"
      "  chainrule data show digits --out digits.png");
  const auto dir_option = [](CLI::App& sub, std::string& dir) {
    sub.add_option("--data-dir", dir, "where to look first for a named set's files")->type_name("DIR");
  };

  const auto shows = std::make_shared<ShowOptions>();
  CLI::App& shown = *data.add_subcommand("show", "Draw a sheet of images, a class a row, as a PNG file");
  shown
      .add_option(
          "NAME", shows->data.name,
          "a set that list names; a folder of a set's files, or of\npictures; a .npz or .csv file whose "
          "rows are images")
      ->required()
      ->type_name("");
  shown.add_option("--target", shows->target, "of a .csv file: the column of the class")->type_name("COLUMN");
  dir_option(shown, shows->data.dir);
  shown.add_option("--out", shows->out, "the picture; replaced if it is there")
      ->required()
      ->type_name("FILE");
  shown.add_option("--split", shows->split, "train or test")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str()
      ->type_name("");
  add_integer(shown, "--rows", shows->rows, 1, 256, "classes, from 0");
  add_integer(shown, "--columns", shows->columns, 1, 1000, "images of each");
  add_seed(shown, shows->seed, "of the digits; 0 are those that train uses");
  shown.add_flag("--json", shows->json, "print one JSON document");

  struct Options {
    std::string name, dir, from;
    bool json = false, quiet = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& listed = *data.add_subcommand("list", "List the known sets, and where their files were found");
  dir_option(listed, options->dir);
  listed.add_flag("--json", options->json, "print one JSON document");

  CLI::App& counted =
      *data.add_subcommand("stats", "Say what is in data: columns, ranges, missing values, classes");
  counted
      .add_option(
          "NAME", options->name,
          "a set that list names; a .csv, .npz or .txt file; a folder\nof a set's files, or of pictures")
      ->required()
      ->type_name("");
  dir_option(counted, options->dir);
  counted.add_flag("--json", options->json, "print one JSON document");

  const auto writes = std::make_shared<WriteOptions>();
  CLI::App& written = *data.add_subcommand("write", "Write images of a set as PNG files, a folder a class");
  written.add_option("SET", writes->data.name, "a set that list names, or a folder with IDX or CIFAR files")
      ->required()
      ->type_name("");
  written.add_option("FOLDER", writes->folder, "where to; in it come train and test")
      ->required()
      ->type_name("");
  dir_option(written, writes->data.dir);
  add_integer(written, "--train", writes->train, 1, 1'000'000, "training images, from the first");
  add_integer(written, "--test", writes->test, 1, 1'000'000, "test images");
  written.add_flag("--json", writes->json, "print one JSON document");
  written.footer("Examples:\n  chainrule data write digits pictures\n  chainrule train --data pictures");

  CLI::App& fetched = *data.add_subcommand("fetch", "Fetch a known set from the servers that have it");
  fetched.add_option("NAME", options->name, "mnist, fashion-mnist or cifar10")->required()->type_name("");
  fetched
      .add_option("--data-dir", options->dir,
                  "into DIR/NAME, and --data-dir DIR finds it\n(~/.local/share/chainrule, where --data NAME "
                  "finds it)")
      ->type_name("DIR");
  fetched.add_option("--from", options->from, "another server: the URL of the folder with the files")
      ->type_name("URL");
  fetched.add_flag("-q,--quiet", options->quiet, "print nothing but errors");
  fetched.add_flag("--json", options->json, "print one JSON document, and progress on stderr");
  fetched.footer(
      "Checks what comes by its checksum. What was cut off goes on at the next call.\n\n"
      "Examples:\n"
      "  chainrule data fetch mnist\n"
      "  chainrule data fetch mnist --from http://mirror.example.org/mnist");

  return [shows, options, writes, written = &written, shown = &shown, listed = &listed, counted = &counted] {
    if (shown->parsed()) return show(*shows);
    if (written->parsed()) return write(*writes);
    if (listed->parsed()) return list(options->dir, options->json);
    if (!counted->parsed())
      return fetch(options->name, options->dir, options->from, {options->quiet, options->json});
    write_text(stdout, data_stats(options->name, options->dir, options->json));
    return kDone;
  };
}

}  // namespace chainrule::cli
