// Which files make up a set.
#include "data/layouts.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

Dataset read_idx_files(const Names& files, int classes) {
  const int most = classes > 0 ? classes : 256;
  Dataset set;
  set.train = read_idx(files[0], files[1], most);
  set.test = read_idx(files[2], files[3], most);
  if (set.train.height != set.test.height || set.train.width != set.test.width) {
    throw FileError(63, cat("[data] ", files[2], ": images of ", set.test.height, " x ", set.test.width,
                            ", but those of ", files[0], " are ", set.train.height, " x ", set.train.width,
                            ". Use two files of one set."));
  }
  return set;
}

/// The last file is that of the test images.
Dataset read_cifar_files(const Names& files, const CifarOptions& options) {
  Dataset set;
  set.train = read_cifar({files.begin(), files.end() - 1}, options);
  set.test = read_cifar({files.back()}, options);
  return set;
}
Dataset read_cifar10(const Names& files, int) { return read_cifar_files(files, {}); }
Dataset read_cifar100(const Names& files, int) {
  return read_cifar_files(files, {.labels = 2, .label = 1, .classes = 100});
}
Dataset read_cifar100_coarse(const Names& files, int) {
  return read_cifar_files(files, {.labels = 2, .label = 0, .classes = 20});
}

/// The name of a file of IDX images or labels in its two spellings.
Names idx(std::string_view stem, int ndim) {
  return {cat(stem, "-idx", ndim, "-ubyte"), cat(stem, ".idx", ndim, "-ubyte")};
}

std::optional<fs::path> find_file(const fs::path& folder, const Names& names) {
  for (const std::string& name : names) {
    for (const char* suffix : {"", ".gz"}) {
      const fs::path path = folder / cat(name, suffix);
      std::error_code ignored;
      if (fs::exists(path, ignored)) return path;
    }
  }
  return std::nullopt;
}

/// The lines of a file of names, or these names if there is no such file.
Names names_in(const fs::path& path, Names otherwise, std::size_t classes) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return otherwise;
  constexpr std::uint64_t kMostBytes = 1 << 16;
  Names names;
  std::string line;
  for (const char c : io::read_file(path.string(), kMostBytes) + '\n') {
    if (c != '\n') {
      if (c != '\r') line += c;
    } else if (!line.empty()) {
      names.push_back(std::exchange(line, {}));
    }
  }
  if (names.size() != classes) {
    throw FileError(462, cat("[data] ", path.string(), ": ", names.size(), " names of classes; need ",
                             classes, ", one a line. Fetch the file again."));
  }
  return names;
}

}  // namespace

const Layout& idx_layout() {
  static const Layout layout{
      {idx("train-images", 3), idx("train-labels", 1), idx("t10k-images", 3), idx("t10k-labels", 1)},
      "",
      "",
      read_idx_files};
  return layout;
}

const Layout& cifar10_layout() {
  static const Layout layout{{{"data_batch_1.bin"},
                              {"data_batch_2.bin"},
                              {"data_batch_3.bin"},
                              {"data_batch_4.bin"},
                              {"data_batch_5.bin"},
                              {"test_batch.bin"}},
                             "cifar-10-batches-bin",
                             "batches.meta.txt",
                             read_cifar10};
  return layout;
}

const Layout& cifar100_layout() {
  static const Layout layout{
      {{"train.bin"}, {"test.bin"}}, "cifar-100-binary", "fine_label_names.txt", read_cifar100};
  return layout;
}

const Layout& cifar100_coarse_layout() {
  static const Layout layout{
      {{"train.bin"}, {"test.bin"}}, "cifar-100-binary", "coarse_label_names.txt", read_cifar100_coarse};
  return layout;
}

std::string names_of(const Layout& layout) {
  std::string text;
  for (const Names& names : layout.files) text += cat(text.empty() ? "" : ", ", names[0], "[.gz]");
  return text;
}

std::optional<FoundFiles> find_files(const fs::path& folder, const Layout& layout) {
  FoundFiles found{folder, {}};
  std::string missing;
  for (const Names& names : layout.files) {
    if (const auto path = find_file(folder, names)) {
      found.files.push_back(path->string());
    } else {
      missing += cat(missing.empty() ? "" : ", ", names[0], "[.gz]");
    }
  }
  if (missing.empty()) return found;
  if (!found.files.empty()) {
    throw FileError(69, cat("[data] ", folder.string(), ": ", found.files.size(), " of ", layout.files.size(),
                            " files are there; missing: ", missing, ". Put them into the same folder."));
  }
  if (layout.unpacked.empty() || folder.filename() == layout.unpacked) return std::nullopt;
  return find_files(folder / layout.unpacked, layout);
}

Dataset read_files(const FoundFiles& found, const Layout& layout, int classes, Names class_names) {
  Dataset set = layout.read(found.files, classes);
  if (classes == 0) {
    for (const ImageSet* part : {&set.train, &set.test}) {
      for (const std::uint8_t label : part->labels) classes = std::max(classes, label + 1);
    }
  }
  for (auto label = static_cast<int>(class_names.size()); label < classes; ++label) {
    class_names.push_back(std::to_string(label));
  }
  if (!layout.names.empty()) {
    class_names =
        names_in(found.folder / layout.names, std::move(class_names), static_cast<std::size_t>(classes));
  }
  set.folder = found.folder.string();
  set.classes = classes;
  set.class_names = set.train.class_names = set.test.class_names = std::move(class_names);
  return set;
}

}  // namespace chainrule::data
