// chainrule data: what sets there are, and what their images look like.
#include "chainrule/data.h"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <memory>

#include "chainrule/error.h"
#include "commands.h"
#include "exit_code.h"
#include "formats.h"
#include "options.h"
#include "output.h"
#include "write_png.h"

namespace chainrule::cli {
namespace {

struct ShowOptions {
  DataOptions data;
  std::string out;
  std::string split = "train";
  std::int64_t rows = 10, columns = 20;
  std::uint64_t seed = 0;
};

int show(const ShowOptions& options) {
  format_of("", options.out, {"png"});  // refuses other endings
  const data::Dataset set =
      data::load(options.data.name, {.data_dir = options.data.dir, .seed = options.seed});
  const data::Image sheet =
      data::contact_sheet(options.split == "train" ? set.train : set.test, static_cast<int>(options.rows),
                          static_cast<int>(options.columns));
  write_png(options.out, sheet);
  write_text(stdout,
             fmt::format("{}: {} x {} pixels, {} {} images, a class a row\n", options.out, sheet.width,
                         sheet.height, set.name, options.split == "train" ? "training" : "test"));
  return kDone;
}

/// Every set by name, and whether it is there. A set that is not there is no failure; a damaged one is.
int list(const std::string& data_dir) {
  int code = kDone;
  for (const std::string& name : data::known_sets()) {
    std::string found;
    try {
      if (name == "digits") {
        found = "60000 training and 10000 test images, drawn by the program";
      } else {
        const data::Dataset set = data::load(name, {.data_dir = data_dir});
        found =
            fmt::format("{} training and {} test images in {}", set.train.count, set.test.count, set.folder);
      }
    } catch (const FileError& error) {
      constexpr int kNowhere = 69;
      if (error.code() != kNowhere) code = kFailed;
      found = fmt::format("{}: {}", error.code() == kNowhere ? "not found" : "damaged", error.what());
    }
    write_text(stdout, fmt::format("{:<17}{}\n", name, found));
  }
  return code;
}

}  // namespace

Command add_data(CLI::App& app) {
  CLI::App& data = *app.add_subcommand("data", "List the data sets, or draw a sheet of one's images");
  data.require_subcommand(1);
  data.footer("Examples:\n  chainrule data list\n  chainrule data show digits --out digits.png");

  const auto options = std::make_shared<ShowOptions>();
  CLI::App& shown = *data.add_subcommand("show", "Draw a sheet of images, a class a row, as a PNG file");
  shown.add_option("SET", options->data.name, "a set that list names, or a folder with IDX or CIFAR files")
      ->required()
      ->type_name("");
  shown.add_option("--data-dir", options->data.dir, "where to look first for a named set's files")
      ->type_name("DIR");
  shown.add_option("--out", options->out, "the picture; replaced if it is there")
      ->required()
      ->type_name("FILE");
  shown.add_option("--split", options->split, "train or test")
      ->check(CLI::IsMember({"train", "test"}))
      ->capture_default_str()
      ->type_name("");
  add_integer(shown, "--rows", options->rows, 1, 256, "classes, from 0");
  add_integer(shown, "--columns", options->columns, 1, 1000, "images of each");
  add_seed(shown, options->seed, "of the digits; 0 are those that train uses");

  const auto data_dir = std::make_shared<std::string>();
  CLI::App& listed = *data.add_subcommand("list", "List the known sets, and where their files were found");
  listed.add_option("--data-dir", *data_dir, "where to look first")->type_name("DIR");

  return [&shown, options, data_dir] { return shown.parsed() ? show(*options) : list(*data_dir); };
}

}  // namespace chainrule::cli
