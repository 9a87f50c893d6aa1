#pragma once

#include <limits>
#include <string>
#include <vector>

#include "experiment.h"

namespace chainrule::cli {

/// What a new row of a table needs to become the net's input.
struct InputColumn {
  std::string name;
  std::vector<std::string> words;  // empty for numbers
  bool as_code = false;
  /// The mean of what was learnt from; of words the place of the most frequent one. NaN: not known.
  double usual = std::numeric_limits<double>::quiet_NaN();
};

/// A trained net with what its run knew.
struct Trained {
  std::string path;  // of the file
  Model model;
  bool has_experiment = false;  // false for a file that another program made: what follows is empty then
  Experiment experiment;
  Shared<data::Scaler> scaler;
  std::vector<InputColumn> columns;  // of a table
  std::vector<std::int64_t> input;   // shape of a row
};
/// @param name  a run's folder or a model file.
/// @throws FileError  if a run has no model yet (E345), or as load_model.
Trained load_trained(const std::string& name);

/// The net's inputs, (rows, features), of a table with its columns, others may be there. A cell without a
/// value has what is usual in its column.
/// @param gaps  becomes, a row each, whether it has such a cell.
/// @throws ValueError  for a column that is missing or has another kind, or an unknown word (E346).
Tensor inputs_of(const Trained& trained, const data::Table& table, const std::string& path,
                 std::vector<bool>* gaps = nullptr);

/// What becomes of new rows with a cell without a value. Where training filled such cells, as_trained does;
/// else they have no prediction.
enum class Gaps : std::uint8_t { as_trained, empty, mean, skip, error };

/// A table as it was in training: the same columns are words, others are passed over.
/// @param path  "-" is stdin. @param with_target  whether the target must be there, too: then rows are
///     dropped that training would have dropped.
data::Table read_new_table(const Trained& trained, const std::string& path, bool with_target,
                           Gaps gaps = Gaps::as_trained);

/// Data of a name for the model, not scaled: the test part of a set, all rows of a file. Without a name what
/// the run learnt from, with its parts.
LoadedData load_for(const Trained& trained, const std::string& name, const std::string& dir);

/// Rows to look at a model with.
struct ModelRows {
  LoadedData data;  // with the model's scaler
  data::Source source;
  std::string described;  // "digits: 10000 test rows"
  std::string part;       // "test", "validation", "training", or "" of a file
};
/// Those of a set or a .csv file; without a name, the test part of the run's own data.
/// @param command  for messages.
/// @throws ValueError  if the model does not say how it was trained (E347).
ModelRows rows_for(const Trained& trained, const std::string& name, const std::string& dir,
                   std::string_view command);

/// Loss and metrics over a set or a .csv file; without a name, over the test part of the run's own data.
std::vector<train::Measure> measure_on(const Trained& trained, const std::string& name,
                                       const std::string& dir, std::string& described);

}  // namespace chainrule::cli
