// The data of a run, by name or from a file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "data/outline.h"
#include "experiment.h"
#include "fetch.h"
#include "mapped_file.h"

namespace chainrule::cli {

namespace fs = std::filesystem;

DataKind kind_of(const std::string& name) {
  const auto ends_in = [&](std::initializer_list<std::string_view> ends) {
    return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return name.ends_with(end); });
  };
  if (ends_in({".csv", ".tsv", ".csv.gz", ".tsv.gz"})) return DataKind::table;
  if (ends_in({".npz"})) return DataKind::arrays;
  if (ends_in({".txt"})) return DataKind::text;
  // A folder with a folder a class, and not the files of a set.
  std::error_code error;
  bool has_folders = false, has_files = false;
  for (fs::directory_iterator at(name, error), end; !error && at != end; at.increment(error)) {
    const bool is_hidden = at->path().filename().string().starts_with(".");
    has_folders = has_folders || (!is_hidden && at->is_directory(error));
    has_files = has_files || at->path().extension() == ".gz" || at->path().extension() == ".bin" ||
                at->path().filename().string().ends_with("ubyte");
  }
  return has_folders && !has_files ? DataKind::pictures : DataKind::set;
}

namespace {

/// Classes and a name for people, from what the target is.
void learn_target(LoadedData& data) {
  const data::Column* target = data.train.target();
  data.has_classes = target != nullptr && !is_floating(target->dtype);
  data.classes = data.train.class_names();
  data.class_count = data.train.classes();
}

void scale(LoadedData& data, const data::Source& rows, Scale how, data::Per per) {
  if (how == Scale::none) return;
  const data::ScalerOptions options{.per = per,
                                    .target = data.train.target() != nullptr && !data.has_classes};
  if (how == Scale::min_max) {
    data.scaler = Shared<data::Scaler>(new data::MinMax(data::min_max(rows, options)));
  } else {
    data.scaler = Shared<data::Scaler>(new data::Standardize(data::standardize(rows, options)));
  }
}

/// Rows to learn from and those that are set aside.
/// @param key  the setting that says how many: "data.test".
data::TwoParts set_aside(const data::Source& all, double share, const data::SplitOptions& options,
                         const DataSettings& settings, std::string_view key) {
  const auto aside = static_cast<double>(all.rows()) * share;
  if (all.rows() == 0 || std::llround(aside) < 1 || std::llround(aside) >= all.rows()) {
    throw ValueError(
        356,
        fmt::format("[data] {}: {} row{}, of which {} = {} sets {} aside. Need at least one, "
                    "and one to learn from: give more rows, or another share, or 0.",
                    settings.name, all.rows(), all.rows() == 1 ? "" : "s", key, share, std::llround(aside)));
  }
  return data::split(all, 1 - share, options);
}

/// One source, of which a part is set aside to test on: the same whatever the run's seed is.
LoadedData parted(const data::Source& all, const DataSettings& settings) {
  LoadedData data;
  data.train = all;
  if (settings.test > 0) {
    const auto [train, test] = set_aside(all, settings.test, {}, settings, "data.test");
    data.train = train, data.test = test;
  }
  learn_target(data);
  return data;
}

std::string rows_text(const LoadedData& data) {
  return fmt::format("{} training and {} test rows of shape {}{}", data.train.rows(),
                     data.test ? data.test.rows() : 0, data.train.columns()[0].shape.to_string(),
                     data.has_classes ? fmt::format(", {} classes", data.class_count) : "");
}

data::TableOnDisk table_of(const DataSettings& settings) {
  if (settings.is_outline) return data::outline_csv(settings.name, settings.csv);
  if (settings.on_disk) return data::open_csv(settings.name, settings.csv);
  const data::Table table = data::read_csv(settings.name, settings.csv);
  return {table, {table.columns().begin(), table.columns().end()}, table.target()};
}

LoadedData load_table(const DataSettings& settings) {
  const data::TableOnDisk table = table_of(settings);
  LoadedData data = parted(table.source, settings);
  data.target = table.target;
  if (data.target.empty()) {
    throw ValueError(343, fmt::format("[train] {} has no target. Name the column to be learnt: --target {}.",
                                      settings.name, table.columns.back()->name));
  }
  for (const Shared<const data::TableColumn>& column : table.columns) {
    if (column->name != data.target) data.columns.push_back(column);
  }
  data.described = fmt::format(
      "{}: {} training and {} test rows of {} numbers, target {}", settings.name, data.train.rows(),
      data.test ? data.test.rows() : 0, data.train.columns()[0].shape.numel(),
      data.has_classes ? fmt::format("{} with {} classes", table.target, data.class_count) : table.target);
  return data;
}

LoadedData load_arrays(const DataSettings& settings) {
  const auto read = settings.is_outline ? data::outline_npz
                    : settings.on_disk  ? data::open_npz
                                        : data::read_npz;
  data::Source all = read(settings.name, settings.npz);
  std::vector<int> flat;  // numbers in a row, as NumPy has them: to a net they are a column
  for (std::size_t i = 0; i < all.columns().size(); ++i) {
    const data::Column& column = all.columns()[i];
    if (is_floating(column.dtype) && column.shape.ndim() == 0) flat.push_back(static_cast<int>(i));
  }
  if (!flat.empty()) {
    all = data::map(all, [flat](data::Batch batch) {
      for (const int i : flat) batch[i] = expand_dims(batch[i], 1);
      return batch;
    });
  }
  LoadedData data = parted(all, settings);
  if (all.target() == nullptr) {
    throw ValueError(343, fmt::format("[train] {} has no target. Name two of its arrays: --data.npz.x and "
                                      "--data.npz.t.",
                                      settings.name));
  }
  if (data.has_classes && data.class_count == 0 && all.rows() > 0) {
    data.class_count = max(all.targets()).to_vector<std::int64_t>()[0] + 1;
  }
  data.described = fmt::format("{}: {}", settings.name, rows_text(data));
  return data;
}

/// A folder a class; or two of them, train and test.
LoadedData load_pictures(const DataSettings& settings) {
  std::error_code ignored;
  const std::string train = settings.name + "/train", test = settings.name + "/test";
  LoadedData data;
  if (fs::is_directory(train, ignored) && fs::is_directory(test, ignored)) {
    data.train = data::pictures(train, settings.pictures);
    data::PicturesOptions like_train = settings.pictures;
    like_train.classes = data.train.class_names();
    data.test = data::pictures(test, like_train);
    learn_target(data);
  } else {
    data = parted(data::pictures(settings.name, settings.pictures), settings);
  }
  data.described = fmt::format("{}: {}", settings.name, rows_text(data));
  return data;
}

/// Its rows as load_text makes them; for an outline only counted.
data::Source text_rows(std::string_view text, const data::Alphabet& alphabet, std::int64_t stride,
                       const DataSettings& settings) {
  const std::int64_t length = settings.text.length;
  if (!settings.is_outline) {
    return settings.text.lines ? data::lines(text, alphabet)
                               : data::windows(text, alphabet, {.length = length, .stride = stride});
  }
  const auto characters = [](std::string_view of) {
    return std::count_if(of.begin(), of.end(), [](char c) { return (c & '\xC0') != '\x80'; });
  };
  const DType dtype = alphabet.size() <= 256 ? u8 : i64;
  const auto rows = [&](std::int64_t count, std::int64_t steps) {
    return data::outline(count,
                         {{.name = "x", .dtype = dtype, .shape = {steps}, .classes = alphabet.symbols()},
                          {.name = "t",
                           .dtype = settings.text.lines ? i64 : dtype,
                           .shape = {steps},
                           .classes = alphabet.symbols()}});
  };
  if (!settings.text.lines) {
    const std::int64_t all = characters(text);
    if (all <= length) return data::windows(text, alphabet, {.length = length});  // says that it is too short
    return rows((all - 1 - length) / stride + 1, length);
  }
  std::int64_t count = 0, longest = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    count += line.empty() ? 0 : 1;
    longest = std::max<std::int64_t>(longest, characters(line));
  }
  return count == 0 ? data::lines(text, alphabet) : rows(count, longest + 1);
}

/// The end of a text is its test part, the end of the rest for validation.
LoadedData load_text(const DataSettings& settings, const std::vector<std::string>& symbols) {
  std::string held;
  std::optional<MappedFile> mapped;
  if (settings.is_outline) {
    mapped.emplace(settings.name);
  } else {
    held = io::read_file(settings.name, std::uint64_t{1} << 32);
  }
  const std::string_view text = mapped ? mapped->text() : held;
  const data::Alphabet alphabet = symbols.empty() ? data::Alphabet::of(text) : data::Alphabet(symbols);
  const auto cut = [&](std::string_view part, double share) {
    std::size_t at = static_cast<std::size_t>(static_cast<double>(part.size()) * (1 - share));
    const auto is_inside = [&] { return at > 0 && at < part.size() && (part[at] & '\xC0') == '\x80'; };
    while (is_inside()) --at;  // never within a character of several bytes
    if (settings.text.lines && at < part.size()) at = std::min(part.find('\n', at), part.size() - 1) + 1;
    return std::pair(part.substr(0, at), part.substr(at));
  };
  const auto source = [&](std::string_view part, std::int64_t stride) {
    return text_rows(part, alphabet, stride, settings);
  };
  LoadedData data;
  const auto [learnt, tested] = cut(text, settings.test);
  const auto [train, validation] = cut(learnt, settings.validation);
  data.train = source(train, symbols.empty() ? 1 : settings.text.length);  // each place once, to measure
  if (settings.test > 0) data.test = source(tested, settings.text.length);
  if (settings.validation > 0) data.validation = source(validation, settings.text.length);
  data.is_text = data.has_classes = true;
  if (settings.is_outline) data.bytes = static_cast<double>(text.size()) * (alphabet.size() <= 256 ? 1 : 8);
  data.classes = alphabet.symbols();
  data.class_count = alphabet.size();
  data.described = fmt::format("{}: {} bytes to learn from, {} to test on, {} symbols", settings.name,
                               train.size(), tested.size(), alphabet.size());
  return data;
}

LoadedData load_named(const DataSettings& settings) {
  // The digits are the same for every seed, as those of a file are: a seed is that of a training run.
  const data::LoadOptions options{.data_dir = settings.dir};
  LoadedData data;
  std::string name;
  if (settings.on_disk || settings.is_outline) {
    const data::SetOnDisk set = cli::open_set(settings.name, options, settings.is_outline);
    data.train = set.train, data.test = set.test, name = set.name;
  } else {
    const data::Dataset set = load_set(settings.name, options);
    data.train = set.train, data.test = set.test, name = set.name;
  }
  learn_target(data);
  const Shape& image = data.train.columns()[0].shape;
  data.described = fmt::format("{}: {} training and {} test images of {} x {}, {} classes", name,
                               data.train.rows(), data.test.rows(), image[1], image[2], data.class_count);
  return data;
}

/// What rows that are left in their files take once they are in memory: images a byte a pixel, as in their
/// files; numbers of a table eight.
double bytes_in_memory(const LoadedData& data, DataKind kind, bool stays_on_disk) {
  if (kind == DataKind::pictures) return 0;  // read when a batch asks for them
  double bytes_of_row = 0;
  if (kind == DataKind::table) {
    bytes_of_row = stays_on_disk ? 12 : 8 * (static_cast<double>(data.columns.size()) + 1);
  } else if (!stays_on_disk) {
    for (const data::Column& column : data.train.columns()) {
      const bool is_image = kind == DataKind::set && column.shape.ndim() == 3;
      bytes_of_row += static_cast<double>(column.shape.numel()) *
                      static_cast<double>(is_image ? 1 : size_of(column.dtype));
    }
  }
  double rows = 0;
  for (const data::Source* part : {&data.train, &data.validation, &data.test}) {
    if (*part) rows += static_cast<double>(part->rows());
  }
  return rows * bytes_of_row;
}

}  // namespace

LoadedData load_data(const DataSettings& settings, std::uint64_t seed,
                     const std::vector<std::string>& classes) {
  const DataKind kind = kind_of(settings.name);
  if (settings.on_disk && kind == DataKind::text) {
    throw ValueError(612,
                     fmt::format("[data] {}: data.on_disk is for .csv, .npz and IDX files; a text is read "
                                 "into memory. Leave it out.",
                                 settings.name));
  }
  if (kind == DataKind::text) return load_text(settings, classes);
  const auto load = kind == DataKind::table      ? load_table
                    : kind == DataKind::arrays   ? load_arrays
                    : kind == DataKind::pictures ? load_pictures
                                                 : load_named;
  DataSettings of_model = settings;
  if (!classes.empty()) of_model.pictures.classes = classes;
  LoadedData data = load(of_model);
  if (!classes.empty() && !data.classes.empty() && data.classes != classes) {
    throw ValueError(346,
                     fmt::format("[data] {} has the classes {}; the net learnt {}. Give data of the same.",
                                 settings.name, fmt::join(data.classes, ", "), fmt::join(classes, ", ")));
  }
  if (settings.validation > 0) {
    const auto [train, validation] =
        set_aside(data.train, settings.validation, {.seed = seed}, settings, "data.validation");
    data.train = train, data.validation = validation;
    data.described += fmt::format("; {} of the training part are for validation", validation.rows());
  }
  const bool are_columns = kind == DataKind::table || kind == DataKind::arrays;
  const Scale automatic = are_columns ? Scale::standardize : Scale::none;
  constexpr std::int64_t kOfOutline = 100;  // rows that show what scaling does
  const data::Source rows = settings.is_outline && data.train.rows() > kOfOutline
                                ? data::subset(data.train, 0, kOfOutline)
                                : data.train;
  scale(data, rows, settings.scale == Scale::automatic ? automatic : settings.scale,
        are_columns ? data::Per::feature : data::Per::channel);
  if (settings.is_outline) data.bytes = bytes_in_memory(data, kind, settings.on_disk);
  return data;
}

}  // namespace chainrule::cli
