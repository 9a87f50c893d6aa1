// A net by name.
#include "subject.h"

#include <algorithm>
#include <filesystem>

#include "files.h"
#include "onnx_file.h"

namespace chainrule::cli {

Subject open_subject(const std::string& name, const std::vector<Given>& given) {
  Subject subject;
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(name, ignored);
  const bool has_model = is_folder && std::filesystem::exists(name + "/" + kModelFile, ignored);
  if (has_model || name.ends_with(".safetensors") || is_onnx(name)) {
    subject.trained = load_trained(name);
    subject.is_trained = true;
    subject.has_settings = subject.trained.has_experiment;
    subject.experiment = subject.trained.experiment;
  } else {
    const bool is_run = is_folder && (std::filesystem::exists(name + "/run.toml", ignored) ||
                                      kind_of(name) != DataKind::pictures);
    subject.experiment = is_run ? read_run(name) : read_experiment(name, {});
  }
  for (const Given& one : given) {
    apply(subject.experiment, one);
    if (one.key == "net" || one.key.starts_with("net.")) subject.is_trained = false;
  }
  return subject;
}

LoadedData data_for(Subject& subject) {
  if (subject.is_trained) {
    subject.trained.experiment = subject.experiment;
    LoadedData data = load_for(subject.trained, "", "");
    data.scaler = subject.trained.scaler;
    return data;
  }
  LoadedData data = load_data(subject.experiment.data, subject.experiment.seed);
  complete(subject.experiment, data);
  return data;
}

}  // namespace chainrule::cli
