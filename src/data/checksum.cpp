#include "data/checksum.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "chainrule/io.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::data {
namespace {

/// FNV-1a over words of 8 bytes in four lanes: a byte at a time would take longer than to read the rows.
/// Turned after each word, as a product hands its highest bit on to no other: two signs that change would
/// cancel.
class Words {
 public:
  void add(const std::byte* bytes, std::size_t count) {
    for (; count >= sizeof(Block); bytes += sizeof(Block), count -= sizeof(Block)) add(bytes, Block());
    if (count == 0) return;
    std::array<std::byte, sizeof(Block)> last{};
    std::copy_n(bytes, count, last.begin());
    add(last.data(), Block());
  }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(lanes_.data()), sizeof(lanes_)}; }

 private:
  using Block = std::array<std::uint64_t, 4>;

  void add(const std::byte* bytes, Block words) {
    std::memcpy(words.data(), bytes, sizeof(words));
    for (std::size_t i = 0; i < words.size(); ++i) {
      lanes_[i] = std::rotl((lanes_[i] ^ words[i]) * 0x100000001B3u, 29);
    }
  }

  Block lanes_{0xCBF29CE484222325u, 1, 2, 3};
};

}  // namespace

std::string checksum_of(const Source& source, std::int64_t most) {
  constexpr std::int64_t kRowsAtATime = 256;
  std::string names;
  std::int64_t numbers = 1;
  for (const Column& column : source.columns()) {
    names += cat(column.name, " ", column.dtype, " ", column.shape, "\n");
    numbers += column.shape.numel();
  }
  for (const std::string& name : source.class_names()) names += cat(name, "\n");
  const std::int64_t rows = source.rows();
  const std::int64_t count = std::min(rows, std::max<std::int64_t>(16, most / numbers));
  Words words;
  std::vector<std::int64_t> places;
  for (std::int64_t begin = 0; begin < count; begin += kRowsAtATime) {
    places.clear();
    for (std::int64_t i = begin; i < std::min(count, begin + kRowsAtATime); ++i) {
      places.push_back(count == rows ? i : static_cast<std::int64_t>(static_cast<double>(i) / count * rows));
    }
    const Batch batch = source.take(places);
    for (int column = 0; column < batch.size(); ++column) {
      const ConstArray array = batch[column].node()->array();
      words.add(static_cast<const std::byte*>(array.data), batch[column].node()->bytes());
    }
  }
  return io::Fnv1a().add(names).add(cat(rows, "\n")).add(words.bytes()).hex();
}

}  // namespace chainrule::data
