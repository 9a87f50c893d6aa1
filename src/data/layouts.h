#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/on_disk.h"

namespace chainrule::data {

/// The files of one kind of set, and how they are read.
struct Layout {
  /// One for each file: the names that it goes by. Each may end in .gz as well.
  std::vector<std::vector<std::string>> files;
  /// Where to look in a folder that has none of them: what the set's archive unpacks to. May be empty.
  std::string unpacked;
  /// Beside the files: the names of the classes, one a line. May be empty.
  std::string names;
  /// Of images with these labels; 0 classes: as many as there are.
  Dataset (*read)(const std::vector<std::string>& files, int classes);
  /// How many labels stand before an image, in files of CIFAR; 0: they are IDX.
  std::int64_t labels = 0;
};

/// As MNIST comes: four IDX files.
const Layout& idx_layout();
const Layout& cifar10_layout();
/// One set of files, with the fine or with the coarse labels.
const Layout& cifar100_layout();
const Layout& cifar100_coarse_layout();

/// "train-images-idx3-ubyte[.gz], train-labels-...".
std::string names_of(const Layout& layout);

struct FoundFiles {
  std::filesystem::path folder;
  std::vector<std::string> files;
};
/// The files of a layout in a folder, or nothing if it has none of them.
/// @throws FileError  if it has some, but not all (E069).
std::optional<FoundFiles> find_files(const std::filesystem::path& folder, const Layout& layout);

/// The set that was found. Its classes have the names in the file of names, else these.
/// @throws FileError  for a file that is malformed (E060 to E068, E462).
Dataset read_files(const FoundFiles& found, const Layout& layout, int classes,
                   std::vector<std::string> class_names);

/// The same, left on disk. @throws FileError  as read_files; for other files than IDX (E610).
SetOnDisk open_files(const FoundFiles& found, const Layout& layout, int classes,
                     std::vector<std::string> class_names);

/// What their heads tell of them. @throws FileError  as read_files, for what is read.
SetOnDisk outline_files(const FoundFiles& found, const Layout& layout, int classes,
                        std::vector<std::string> class_names);

}  // namespace chainrule::data
