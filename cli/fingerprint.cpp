#include "fingerprint.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/io.h"

namespace chainrule::cli {
namespace {

constexpr const char* kTable = "fingerprint";

std::string text_of(const config::Value& fingerprint) {
  const config::Value *rows = fingerprint.find("rows"), *checksum = fingerprint.find("checksum");
  return fmt::format("{} training rows, checksum {}", rows != nullptr ? config::to_text(*rows) : "?",
                     checksum != nullptr ? checksum->text : "?");
}

}  // namespace

config::Value fingerprint_of(const LoadedData& data) {
  constexpr std::int64_t kMostNumbers = 4'000'000, kBlock = 1000;
  const data::Source& rows = data.train;
  std::int64_t numbers = 1;
  for (const data::Column& column : rows.columns()) numbers += column.shape.numel();
  const std::int64_t count = std::min(rows.rows(), std::max<std::int64_t>(16, kMostNumbers / numbers));
  io::Fnv1a hash;
  std::vector<std::int64_t> places;
  for (std::int64_t i = 0; i < count; ++i) {
    places.push_back(i * rows.rows() / count);
    if (static_cast<std::int64_t>(places.size()) < kBlock && i + 1 < count) continue;
    const data::Batch batch = rows.take(places);
    for (int column = 0; column < batch.size(); ++column) hash.add(batch[column]);
    places.clear();
  }
  return config::Value::of_table(
      {{"rows", config::Value(rows.rows())}, {"checksum", config::Value(hash.hex())}});
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
