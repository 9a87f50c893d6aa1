#include "fingerprint.h"

#include <fmt/format.h>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "data/checksum.h"

namespace chainrule::cli {
namespace {

constexpr const char* kTable = "fingerprint";

std::string text_of(const config::Value& fingerprint) {
  const auto part = [&](const char* name) {
    const config::Value* found = fingerprint.find(name);
    if (found == nullptr) return std::string("?");
    return found->kind == config::Value::Kind::text ? found->text : config::to_text(*found);
  };
  return fmt::format("{} training rows, checksum {}", part("rows"), part("checksum"));
}

}  // namespace

config::Value fingerprint_of(const LoadedData& data) {
  io::Fnv1a hash;
  for (const data::Source* part : {&data.train, &data.validation, &data.test}) {
    if (*part) hash.add(data::checksum_of(*part));
  }
  for (const auto& column : data.columns) hash.add(column->name).add("\n");
  hash.add(data.target);
  return config::Value::of_table(
      {{"rows", config::Value(data.train.rows())}, {"checksum", config::Value(hash.hex())}});
}

void check_fingerprint(const std::string& run, const LoadedData& data) {
  const std::string path = run + "/run.toml";
  const config::Value all = config::parse_toml(io::read_file(path), path);
  const config::Value* kept = all.find(kTable);
  if (kept == nullptr) return;
  const std::string then = text_of(*kept), now = text_of(fingerprint_of(data));
  if (then == now) return;
  throw ValueError(
      359, fmt::format("[train] the data of {} have changed: it began with {}; now there are {}. A run "
                       "goes on with the data that it began with: put them back, or begin another with "
                       "--out.",
                       run, then, now));
}

}  // namespace chainrule::cli
