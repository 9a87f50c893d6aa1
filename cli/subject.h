#pragma once

#include <string>
#include <vector>

#include "trained.h"

namespace chainrule::cli {

/// A net by the word that names it: a run's folder, a model file, or a file of settings; "" is the books'
/// run.
struct Subject {
  Experiment experiment;  // with the net; settings only if `has_settings`
  bool has_settings = true;
  bool is_trained = false;  // else the net has no weights yet
  Trained trained;          // if it is
};
/// @param given  changes of the settings; one of the net makes a new one, without weights.
Subject open_subject(const std::string& name, const std::vector<Given>& given);

/// What it learns from. For a net that is not trained: sets what follows from the data, such as its last
/// size.
LoadedData data_for(Subject& subject);

}  // namespace chainrule::cli
