#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "core/environment.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

namespace fs = std::filesystem;

struct KnownSet {
  const char* name;
  std::array<const char*, 10> class_names;
};

constexpr std::array<const char*, 10> kDigitNames{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
constexpr KnownSet kKnownSets[] = {
    {"mnist", kDigitNames},
    {"fashion-mnist",
     {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
      "Ankle boot"}},
};

/// The file of a stem such as "train-images" and its axes, under any of the names that it goes by.
std::optional<fs::path> find_file(const fs::path& folder, const std::string& stem, int ndim) {
  for (const char* separator : {"-idx", ".idx"}) {
    for (const char* suffix : {"", ".gz"}) {
      const fs::path path = folder / cat(stem, separator, ndim, "-ubyte", suffix);
      std::error_code ignored;
      if (fs::exists(path, ignored)) return path;
    }
  }
  return std::nullopt;
}

struct Files {
  fs::path train_images, train_labels, test_images, test_labels;
};

/// The four files of a folder, or nothing if it has none of them.
/// @throws FileError  if it has some, but not all.
std::optional<Files> find_files(const fs::path& folder) {
  struct Wanted {
    const char* stem;
    int ndim;
    fs::path Files::*member;
  };
  constexpr Wanted kWanted[] = {{"train-images", 3, &Files::train_images},
                                {"train-labels", 1, &Files::train_labels},
                                {"t10k-images", 3, &Files::test_images},
                                {"t10k-labels", 1, &Files::test_labels}};
  Files files;
  std::string missing;
  int found = 0;
  for (const Wanted& wanted : kWanted) {
    if (auto path = find_file(folder, wanted.stem, wanted.ndim)) {
      files.*wanted.member = *path;
      ++found;
    } else {
      missing += cat(missing.empty() ? "" : ", ", wanted.stem, "-idx", wanted.ndim, "-ubyte[.gz]");
    }
  }
  if (found == 0) return std::nullopt;
  if (found < 4) {
    throw FileError(
        69, cat("[data] ", folder.string(), ": ", found, " of the four files are there; missing: ", missing,
                ". Put them into the same folder."));
  }
  return files;
}

Dataset read_files(const std::string& name, const Files& files, int classes) {
  Dataset set;
  set.name = name;
  set.train = read_idx(files.train_images, files.train_labels, classes);
  set.test = read_idx(files.test_images, files.test_labels, classes);
  if (set.train.height != set.test.height || set.train.width != set.test.width) {
    throw FileError(63, cat("[data] ", files.test_images.string(), ": images of ", set.test.height, " x ",
                            set.test.width, ", but those of ", files.train_images.string(), " are ",
                            set.train.height, " x ", set.train.width, ". Use two files of one set."));
  }
  return set;
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

void name_classes(Dataset& set, std::vector<std::string> names) {
  set.class_names = set.train.class_names = set.test.class_names = std::move(names);
}

Dataset load_known(const KnownSet& known, const LoadOptions& options) {
  const auto places = places_of(known.name, options);
  for (const fs::path& place : places) {
    if (auto files = find_files(place)) {
      Dataset set = read_files(known.name, *files, 10);
      name_classes(set, {known.class_names.begin(), known.class_names.end()});
      set.folder = place.string();
      return set;
    }
  }
  std::string list;
  for (const fs::path& place : places) list += cat(list.empty() ? "" : ", ", place.string());
  throw FileError(
      69, cat("[data] ", known.name, " is in none of: ", list,
              ". Put its four files (train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
              "t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz) into the last, or name their folder "
              "with --data-dir or CHAINRULE_DATA_DIR. The set digits needs no file."));
}

Dataset load_folder(const fs::path& folder) {
  const auto files = find_files(folder);
  if (!files) {
    throw FileError(69,
                    cat("[data] ", folder.string(),
                        ": has none of the files train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], "
                        "t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz]. Name the folder that has "
                        "them."));
  }
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  Dataset set = read_files(named.filename().string(), *files, 256);
  set.folder = folder.string();
  int last = 0;
  for (const ImageSet* part : {&set.train, &set.test}) {
    last = std::max(last, int{*std::max_element(part->labels.begin(), part->labels.end())});
  }
  set.classes = last + 1;
  std::vector<std::string> names;
  for (int label = 0; label <= last; ++label) names.push_back(std::to_string(label));
  name_classes(set, std::move(names));
  return set;
}

}  // namespace

std::vector<std::string> known_sets() {
  std::vector<std::string> names{"digits"};
  for (const KnownSet& known : kKnownSets) names.emplace_back(known.name);
  return names;
}

Dataset load(const std::string& name_or_dir, const LoadOptions& options) {
  if (name_or_dir == "digits") return make_digits(options.seed);
  for (const KnownSet& known : kKnownSets) {
    if (name_or_dir == known.name) return load_known(known, options);
  }
  std::error_code ignored;
  if (fs::is_directory(name_or_dir, ignored)) return load_folder(name_or_dir);
  throw FileError(
      69, cat("[data] '", name_or_dir,
              "' is neither a known data set nor a folder. Known are digits, mnist and fashion-mnist; "
              "or name a folder with the four IDX files."));
}

}  // namespace chainrule::data
