// Which files make up a set.
#include "data/layouts.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"
#include "data/on_disk_rows.h"
#include "data/outline.h"

namespace chainrule::data {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

void check_same_size(const Names& files, std::int64_t train_height, std::int64_t train_width,
                     std::int64_t test_height, std::int64_t test_width) {
  if (train_height == test_height && train_width == test_width) return;
  throw FileError(63,
                  cat("[data] ", files[2], ": images of ", test_height, " x ", test_width, ", but those of ",
                      files[0], " are ", train_height, " x ", train_width, ". Use two files of one set."));
}

Dataset read_idx_files(const Names& files, int classes) {
  const int most = classes > 0 ? classes : 256;
  Dataset set;
  set.train = read_idx(files[0], files[1], most);
  set.test = read_idx(files[2], files[3], most);
  check_same_size(files, set.train.height, set.train.width, set.test.height, set.test.width);
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

/// Classes without a name are called by their number.
void add_numbers(Names& class_names, int classes) {
  for (auto label = static_cast<int>(class_names.size()); label < classes; ++label)
    class_names.push_back(std::to_string(label));
}

/// The names of the classes: those of the set's own file if there is one, else these, else numbers.
Names names_for(const FoundFiles& found, const Layout& layout, Names class_names, int classes) {
  add_numbers(class_names, classes);
  if (layout.names.empty()) return class_names;
  return names_in(found.folder / layout.names, std::move(class_names), static_cast<std::size_t>(classes));
}

/// A source whose target's classes have names.
class Named : public Rows {
 public:
  Named(const Source& from, std::vector<Column> columns)
      : Rows(from.rows(), std::move(columns)), from_(from.inside()) {}
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    from_->gather(rows, out);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    from_->gather_target(rows, out);
  }
  std::int64_t origin(std::int64_t row) const override { return from_->origin(row); }

 private:
  Shared<const Rows> from_;
};

Source named(const Source& from, const Names& classes) {
  std::vector<Column> columns = from.columns();
  columns.back().classes = classes;
  return Named(from, std::move(columns));
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
                             read_cifar10,
                             1};
  return layout;
}

const Layout& cifar100_layout() {
  static const Layout layout{
      {{"train.bin"}, {"test.bin"}}, "cifar-100-binary", "fine_label_names.txt", read_cifar100, 2};
  return layout;
}

const Layout& cifar100_coarse_layout() {
  static const Layout layout{
      {{"train.bin"}, {"test.bin"}}, "cifar-100-binary", "coarse_label_names.txt", read_cifar100_coarse, 2};
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
  class_names = names_for(found, layout, std::move(class_names), classes);
  set.folder = found.folder.string();
  set.classes = classes;
  set.class_names = set.train.class_names = set.test.class_names = std::move(class_names);
  return set;
}

SetOnDisk open_files(const FoundFiles& found, const Layout& layout, int classes, Names class_names) {
  if (&layout != &idx_layout())
    throw not_by_rows(found.folder.string(), "has no files of IDX", "Take a set of such files");
  const Names& files = found.files;
  const int most = classes > 0 ? classes : 256;
  const Source train = open_idx(files[0], files[1], most), test = open_idx(files[2], files[3], most);
  const Shape &train_image = train.columns()[0].shape, &test_image = test.columns()[0].shape;
  check_same_size(files, train_image[1], train_image[2], test_image[1], test_image[2]);
  if (classes == 0) {
    for (const Source* part : {&train, &test}) {
      for (const std::int64_t label : part->targets().to_vector<std::int64_t>())
        classes = std::max(classes, static_cast<int>(label) + 1);
    }
  }
  add_numbers(class_names, classes);
  return {{}, named(train, class_names), named(test, class_names), class_names};
}

SetOnDisk outline_files(const FoundFiles& found, const Layout& layout, int classes, Names class_names) {
  const Names& files = found.files;
  IdxOutline train, test;
  if (layout.labels > 0) {
    train = test = {0, 32, 32};
    const CifarOptions options{.labels = layout.labels};
    for (std::size_t i = 0; i + 1 < files.size(); ++i) train.rows += count_cifar(files[i], options);
    test.rows = count_cifar(files.back(), options);
  } else {
    train = outline_idx(files[0], files[1]), test = outline_idx(files[2], files[3]);
    check_same_size(files, train.height, train.width, test.height, test.width);
    if (classes == 0) classes = std::max(classes_in_idx(files[1]), classes_in_idx(files[3]));
  }
  class_names = names_for(found, layout, std::move(class_names), classes);
  const auto part = [&](const IdxOutline& of) {
    return outline(of.rows, {{.name = "x", .shape = {layout.labels > 0 ? 3 : 1, of.height, of.width}},
                             {.name = "t", .dtype = i64, .classes = class_names}});
  };
  return {{}, part(train), part(test), class_names};
}

}  // namespace chainrule::data
