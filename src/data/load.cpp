#include <filesystem>
#include <optional>
#include <system_error>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "core/environment.h"
#include "core/nearest.h"
#include "core/text.h"
#include "data/known_sets.h"
#include "data/layouts.h"
#include "data/on_disk_rows.h"
#include "data/outline.h"

namespace chainrule::data {
namespace {

namespace fs = std::filesystem;

struct KnownSet {
  const char* name;
  const char* doc;
  const Layout& layout;
  int classes;
  std::vector<std::string> class_names;  // else of the set's own file, or numbers
};

const std::vector<KnownSet>& sets_in_files() {
  static const std::vector<KnownSet> all{
      {"mnist", "70,000 handwritten digits, grey, 28 x 28.", idx_layout(), 10, {}},
      {"fashion-mnist",
       "70,000 pieces of clothing, grey, 28 x 28, of ten kinds.",
       idx_layout(),
       10,
       {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot"}},
      {"cifar10",
       "60,000 colour pictures, 32 x 32, of ten things.",
       cifar10_layout(),
       10,
       {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}},
      {"cifar100", "60,000 colour pictures, 32 x 32, of 100 things.", cifar100_layout(), 100, {}},
      {"cifar100-coarse", "The same in 20 kinds of things.", cifar100_coarse_layout(), 20, {}},
  };
  return all;
}

std::vector<fs::path> places_of(const std::string& name, const LoadOptions& options) {
  std::vector<fs::path> places;
  const auto add_both = [&](const fs::path& folder) {
    places.push_back(folder / name);  // the more exact name first: a folder may hold one set and others below
    places.push_back(folder);
  };
  if (!options.data_dir.empty()) add_both(options.data_dir);
  if (auto folder = environment::text(environment::kDataDir)) add_both(*folder);
  if (auto folder = environment::text(environment::kXdgDataHome)) {
    places.push_back(fs::path(*folder) / "chainrule" / name);
  } else if (auto home = environment::text(environment::kHome)) {
    places.push_back(fs::path(*home) / ".local/share/chainrule" / name);
  }
  return places;
}

/// What is done with a set that was found.
template <class Set>
using Take = Set (*)(const FoundFiles& found, const Layout& layout, int classes,
                     std::vector<std::string> class_names);

template <class Set>
Set take_known(const KnownSet& known, const LoadOptions& options, Take<Set> take) {
  const auto places = places_of(known.name, options);
  std::string list;
  for (const fs::path& place : places) {
    if (const auto found = find_files(place, known.layout)) {
      Set set = take(*found, known.layout, known.classes, known.class_names);
      set.name = known.name;
      return set;
    }
    list += cat(list.empty() ? "" : ", ", place.string());
  }
  const std::string files = cat("its files (", names_of(known.layout), ")");
  if (places.empty()) {
    throw FileError(
        69, cat("[data] ", known.name, ": there is no folder to look in; HOME is not set. Put ", files,
                " into one, and name it with --data-dir or CHAINRULE_DATA_DIR. The set digits needs no "
                "file."));
  }
  throw FileError(69, cat("[data] ", known.name, " is in none of: ", list, ". Put ", files,
                          " into the last, or name their folder with --data-dir or CHAINRULE_DATA_DIR. The "
                          "set digits needs no file."));
}

template <class Set>
Set take_folder(const fs::path& folder, Take<Set> take) {
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  struct Kind {
    const Layout& layout;
    int classes;
  };
  std::string names;
  for (const auto& [layout, classes] :
       {Kind{idx_layout(), 0}, Kind{cifar10_layout(), 10}, Kind{cifar100_layout(), 100}}) {
    if (const auto found = find_files(folder, layout)) {
      Set set = take(*found, layout, classes, {});
      set.name = named.filename().string();
      return set;
    }
    names += cat(names.empty() ? "" : "; or ", names_of(layout));
  }
  throw FileError(69,
                  cat("[data] ", folder.string(), ": has none of the files of a set: ", names,
                      ". Name the folder that has them; a folder of pictures has a folder for each class."));
}

template <class Set>
Set take_set(const std::string& name_or_dir, const LoadOptions& options, Take<Set> take) {
  for (const KnownSet& known : sets_in_files()) {
    if (name_or_dir == known.name) return take_known(known, options, take);
  }
  std::error_code ignored;
  if (fs::is_directory(name_or_dir, ignored)) return take_folder(fs::path(name_or_dir), take);
  std::string known;
  for (const std::string& name : known_sets()) known += cat(known.empty() ? "" : ", ", name);
  const std::string near = nearest(name_or_dir, known_sets());
  throw FileError(69, cat("[data] '", name_or_dir, "' is neither a known data set nor a folder.",
                          near.empty() ? "" : cat(" Did you mean ", near, "?"), " Known are ", known,
                          "; or name a folder with the files of one, or a file .csv, .npz or .txt."));
}

}  // namespace

std::vector<std::string> known_sets() {
  std::vector<std::string> names{"digits"};
  for (const KnownSet& known : sets_in_files()) names.emplace_back(known.name);
  return names;
}

std::string_view doc_of_set(std::string_view name) {
  if (name == "digits") return "70,000 digits, grey, 28 x 28, drawn by the program.";
  for (const KnownSet& known : sets_in_files()) {
    if (name == known.name) return known.doc;
  }
  return "";
}

Dataset load(const std::string& name_or_dir, const LoadOptions& options) {
  if (name_or_dir == "digits") return make_digits(options.seed);
  return take_set<Dataset>(name_or_dir, options, read_files);
}

SetOnDisk open_set(const std::string& name_or_dir, const LoadOptions& options) {
  if (name_or_dir == "digits") throw not_by_rows("digits", "is drawn", "Take a set of files");
  return take_set<SetOnDisk>(name_or_dir, options, open_files);
}

SetOnDisk outline_set(const std::string& name_or_dir, const LoadOptions& options) {
  if (name_or_dir != "digits") return take_set<SetOnDisk>(name_or_dir, options, outline_files);
  const Dataset none = make_digits(options.seed, 0, 0);
  const auto part = [&](std::int64_t rows) {
    return outline(rows, {{.name = "x", .shape = {1, none.train.height, none.train.width}},
                          {.name = "t", .dtype = i64, .classes = none.class_names}});
  };
  return {"digits", part(kDigits), part(kTestDigits), none.class_names};
}

}  // namespace chainrule::data
