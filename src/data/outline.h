#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/data/on_disk.h"

// Data that are not read: sources with the number of rows, the columns and the classes that the heads of
// files tell. What a row holds is made up.
namespace chainrule::data {

/// So many rows: floating numbers from 0 to 1, classes in turn, other whole numbers 0 and 1.
/// @param target  what the last column holds, if it was read; else empty.
Source outline(std::int64_t rows, std::vector<Column> columns, const Tensor& target = {});

/// As load or open_set. Of IDX files the first bytes are read, packed or not, and the labels if nothing else
/// tells the classes; of those of CIFAR the size, or all bytes of one that is packed.
/// @throws FileError  as load, for what is read.
SetOnDisk outline_set(const std::string& name_or_dir, const LoadOptions& options = {});

/// As read_npz. Of the arrays the heads are read, packed or not, and a target of whole numbers.
/// @throws FileError  as read_npz, for what is read.
Source outline_npz(const std::string& path, const ReadNpzOptions& options = {});

/// As open_csv. The file is read once, a row at a time, and none is kept.
/// @throws  as read_csv.
TableOnDisk outline_csv(const std::string& path, const CsvOptions& options = {});

/// How many images a file of CIFAR holds. @throws FileError  as read_cifar.
std::int64_t count_cifar(const std::string& file, const CifarOptions& options);

/// What the heads of two IDX files say.
struct IdxOutline {
  std::int64_t rows = 0, height = 0, width = 0;
};
/// @throws FileError  as read_idx.
IdxOutline outline_idx(const std::string& images, const std::string& labels);
/// The largest label of a file, plus one. @throws FileError  as read_idx.
int classes_in_idx(const std::string& labels);

}  // namespace chainrule::data
