// Event files: read back record by record, with their checksums.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "chainrule/io.h"
#include "chainrule/train.h"
#include "message_of.h"
#include "temporary_folder.h"
#include "train/event_file.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

TEST(Crc32c, OfKnownTexts) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);  // the check value of CRC-32C in the catalogues of CRCs
  // RFC 3720, B.4: 32 bytes of zeros, of ones, and rising ones.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  std::string rising;
  for (char i = 0; i < 32; ++i) rising += i;
  EXPECT_EQ(crc32c(rising), 0x46DD794Eu);
}

std::uint64_t number_at(std::string_view bytes, std::size_t count) {
  std::uint64_t made = 0;
  for (std::size_t i = 0; i < count; ++i)
    made |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes.at(i))) << 8 * i;
  return made;
}
double double_of(std::string_view bytes) { return std::bit_cast<double>(number_at(bytes, 8)); }

/// The data of each record of a file; stops at the first that is damaged.
std::vector<std::string> records_of(std::string_view file) {
  const auto is_right = [](std::string_view data, std::uint64_t masked) {
    const std::uint32_t turned = static_cast<std::uint32_t>(masked) - 0xA282EAD8u;
    return crc32c(data) == (turned >> 17 | turned << 15);
  };
  std::vector<std::string> records;
  while (file.size() >= 16) {
    const std::uint64_t size = number_at(file, 8);
    if (!is_right(file.substr(0, 8), number_at(file.substr(8), 4)) || file.size() < size + 16) break;
    const std::string_view data = file.substr(12, size);
    if (!is_right(data, number_at(file.substr(12 + size), 4))) break;
    records.emplace_back(data);
    file.remove_prefix(size + 16);
  }
  EXPECT_TRUE(file.empty()) << file.size() << " bytes are left";
  return records;
}

/// The fields of a message of protocol buffers, each once: bytes of those that have a length, else as they
/// are.
std::map<int, std::string> fields_of(std::string_view message) {
  const auto varint = [&] {
    std::uint64_t made = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(message.at(0));
      message.remove_prefix(1);
      made |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return made;
    }
  };
  std::map<int, std::string> fields;
  while (!message.empty()) {
    const std::uint64_t tag = varint();
    std::string& value = fields[static_cast<int>(tag >> 3)];
    EXPECT_EQ(value, "") << "twice";
    std::size_t size = 0;
    switch (tag & 7) {
      case 0:
        value = std::to_string(varint());
        continue;
      case 1:
        size = 8;
        break;
      case 2:
        size = varint();
        break;
      default:
        size = 4;
    }
    value = message.substr(0, size);
    message.remove_prefix(size);
  }
  return fields;
}

struct Read {
  std::int64_t step = 0;
  double time = 0;
  std::map<int, std::string> value;  // of the summary
};
Read read(const std::string& record) {
  auto fields = fields_of(record);
  auto summary = fields_of(fields.at(5));
  return {std::stoll(fields.at(2)), double_of(fields.at(1)), fields_of(summary.at(1))};
}

std::string only_file_of(const std::string& folder) {
  std::string path;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(path, "");
    path = entry.path();
  }
  return path;
}

TEST(TensorBoard, WritesWhatTheHistoryHas) {
  const TemporaryFolder folder;
  const data::Source rows = stripes(40, 1);
  nn::Sequential net = small_net();
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy, metric::confusion}}, optimizer,
                  {rows, {.batch_size = 10}});
  trainer.on(epochs(1), evaluate(rows, {.name = "test"})).on(epochs(1), tensorboard(folder / "events"));
  trainer.run(epochs(2));
  trainer.run(epochs(1));  // goes on in the same file

  const std::string path = only_file_of(folder / "events");
  EXPECT_NE(path.find("/events.out.tfevents."), std::string::npos);
  const std::vector<std::string> records = records_of(io::read_file(path));
  EXPECT_EQ(fields_of(records.at(0)).at(3), "brain.Event:2");
  std::map<std::string, std::vector<double>> scalars;
  std::map<std::string, std::vector<double>> counts;
  std::int64_t last_step = 0;
  for (std::size_t i = 1; i < records.size(); ++i) {
    Read event = read(records[i]);
    EXPECT_GE(event.step, last_step);
    EXPECT_GT(event.time, 1.6e9);
    last_step = event.step;
    if (event.value.count(2) != 0) {
      scalars[event.value.at(1)].push_back(
          std::bit_cast<float>(static_cast<std::uint32_t>(number_at(event.value.at(2), 4))));
    } else {
      counts[event.value.at(1)].push_back(double_of(fields_of(event.value.at(5)).at(3)));
    }
  }
  ASSERT_EQ(trainer.history().size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const Report& report = trainer.history()[i];
    EXPECT_EQ(scalars["loss"].at(i), static_cast<float>(report.loss));
    EXPECT_EQ(scalars["lr"].at(i), 0.1f);
    EXPECT_EQ(scalars["test/accuracy"].at(i), static_cast<float>(report["test.accuracy"]));
  }
  EXPECT_EQ(scalars.count("test/confusion"), 0u);
  EXPECT_EQ(counts["affine1/weight"], (std::vector<double>{360, 360, 360}));  // 30 x 12
  EXPECT_EQ(counts["affine2/bias"], (std::vector<double>{4, 4, 4}));
}

TEST(TensorBoard, HistogramsCountEachNumberOnce) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::vector<double>> all{{1, 2, 3, 3, kNan}, {5, 5}, {}, {-1e308, 1e308}, {0}, {kNan}};
  for (const std::vector<double>& numbers : all) {
    const Read event = read(records_of(histogram_event(1.5, 7, "w", numbers)).at(0));
    EXPECT_EQ(event.step, 7);
    EXPECT_EQ(event.time, 1.5);
    EXPECT_EQ(event.value.at(1), "w");
    auto histogram = fields_of(event.value.at(5));
    const std::size_t bins = histogram.at(6).size() / 8;
    ASSERT_EQ(histogram.at(7).size() / 8, bins);
    double sum = 0, last = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < bins; ++i) {
      sum += double_of(histogram.at(7).substr(8 * i));
      EXPECT_GT(double_of(histogram.at(6).substr(8 * i)), last);
      last = double_of(histogram.at(6).substr(8 * i));
    }
    EXPECT_EQ(sum, double_of(histogram.at(3)));
    EXPECT_EQ(sum, static_cast<double>(std::count_if(numbers.begin(), numbers.end(),
                                                     [](double x) { return std::isfinite(x); })));
  }
}

TEST(TensorBoard, AFolderThatCannotBeWrittenIsSaid) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  const data::Source rows = stripes(40, 1);
  nn::Sequential net = small_net();
  optim::Optimizer optimizer(net, optim::Sgd{});
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer, {rows, {.batch_size = 10}});
  trainer.on(epochs(1), tensorboard(folder / "file"));
  const std::string message = message_of([&] { trainer.run(epochs(1)); });
  EXPECT_TRUE(message.starts_with("[write] " + (folder / "file").string() + "/events.out.tfevents."))
      << message;
  EXPECT_TRUE(
      message.ends_with(": Not a directory. Check that the folder can be written to and has room. (E083)"))
      << message;
}

}  // namespace
}  // namespace chainrule::train
