#pragma once

#include <string>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/fields.h"

namespace chainrule::data {

struct ReadNpzOptions {
  std::string x = "";                     ///< the array that becomes the column x
  std::string t = "";                     ///< the array that becomes the target t
  std::vector<std::string> columns = {};  ///< arrays that become columns of their own names, between those
  /// Whether the target's whole numbers name classes: it becomes i64 (), 0 for the smallest number there is,
  /// 1 for the next, and so on; the numbers are the names of the classes.
  bool classes = false;
  DType dtype = f32;  ///< of the real numbers in batches: f32 or f64

  void fields(Fields& f);
};

/// Arrays of an .npz file of NumPy as a source; their first axes count the rows. With neither x, t nor
/// columns: all arrays of the file, in its order and by their names. Real numbers become f32 or f64, others
/// stay what they are: see io::read_npz.
///
///     const data::Source coins = data::read_npz("coins.npz", {.x = "data", .t = "label", .classes = true});
///
/// @throws FileError  if the file cannot be read or is damaged (E200 to E208), lacks an array (E465), or has
///     arrays of other numbers of rows, or a target that is no class numbers (E466).
/// @throws ValueError  for a dtype other than f32 and f64 (E466), or columns that no source has (E271).
Source read_npz(const std::string& path, const ReadNpzOptions& options = {});

}  // namespace chainrule::data
