#pragma once

#include <string>
#include <vector>

#include "chainrule/data/images.h"
#include "chainrule/data/npz.h"
#include "chainrule/data/source.h"
#include "chainrule/data/table.h"

// Data that stay in their files: rows are read when a batch asks for them. For sets larger than memory, and
// for ranks, each of which reads its own rows. The numbers are those of the functions that read all at once,
// and so is all that is made of them.
//
//     const auto [train, test] = data::split(data::open_npz("large.npz", {.x = "x", .t = "t"}), 0.9);
//
// What is packed cannot be read by rows (E610). The files must stay as they are while the source exists: what
// can no longer be read is a FileError (E611), or from the system (E200).
namespace chainrule::data {

/// As images(read_idx(images, labels, classes), options). Labels are kept in memory, a byte a row.
/// @throws FileError  as read_idx; for gzip (E610).
Source open_idx(const std::string& images, const std::string& labels, int classes = 256,
                const ImagesOptions& options = {});

/// As read_npz, of arrays that are stored as they are (numpy.savez) in C order; checksums of the archive are
/// not compared. A target of classes is kept in memory.
/// @throws FileError  as read_npz; for arrays that are packed, or in Fortran order (E610).
Source open_npz(const std::string& path, const ReadNpzOptions& options = {});

/// A table whose rows stay on disk.
struct TableOnDisk {
  Source source;  ///< as of a Table
  /// As of a Table, but for their numbers: one stands for all, the mean, or of words the most frequent one's
  /// place.
  std::vector<Shared<const TableColumn>> columns;
  std::string target;  ///< its name; empty if there is none
};
/// As read_csv. The file is read once now, and 12 bytes a row are kept: where each is.
/// @throws  as read_csv; FileError  for gzip (E610).
TableOnDisk open_csv(const std::string& path, const CsvOptions& options = {});

/// A named set or folder of IDX files, as load finds it.
struct SetOnDisk {
  std::string name;
  Source train, test;
  std::vector<std::string> class_names;
};
/// @throws FileError  as load; for a set that is drawn, or of other files (E610).
SetOnDisk open_set(const std::string& name_or_dir, const LoadOptions& options = {});

}  // namespace chainrule::data
