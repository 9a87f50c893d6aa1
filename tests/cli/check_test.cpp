// chainrule check and chainrule data.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "chainrule/data.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "cli/tool.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// Images without a bright pixel.
void write_black_set(const std::string& folder) {
  data::ImageSet set;
  set.count = 4, set.height = 6, set.width = 5;
  for (std::uint8_t label = 0; label < 4; ++label) set.labels.push_back(label);
  for (int pixel = 0; pixel < 4 * 30; ++pixel) set.pixels.push_back(0);
  for (const std::string stem : {"/train", "/t10k"}) {
    data::write_idx(set, folder + stem + "-images-idx3-ubyte", folder + stem + "-labels-idx1-ubyte");
  }
}

Words check(const Words& more) {
  Words all{"check", "--data", small_set(), "--hidden", "6"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(Check, GradientsAgree) {
  const Outcome outcome = run_tool(check({}));
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("\n  W1         (30, 6) "), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\nThey agree.\n"), std::string::npos);
}

TEST(Check, AWrongGradientIsFoundInEachParameter) {
  for (const std::string broken : {"W1", "b1", "W2", "b2"}) {
    const Outcome outcome = run_tool(check({"--break", broken, "--json"}));
    EXPECT_EQ(outcome.code, 3) << broken;
    const Json document = Json::parse(outcome.out);
    EXPECT_EQ(document["passed"], false);
    ASSERT_EQ(document["parameters"].size(), 4u);
    for (const Json& parameter : document["parameters"]) {
      EXPECT_EQ(parameter["passed"], parameter["name"] != broken) << parameter;
    }
  }
}

// A unit at the kink for an image: b1 moves it, and W1 where the image is not black.
TEST(Check, NothingComparedIsNeitherAgreementNorDifference) {
  const TemporaryFolder folder;
  write_black_set(folder.string());
  const Words black{"check", "--data", folder.string(), "--hidden", "6"};
  const Outcome outcome = run_tool(black);
  EXPECT_EQ(outcome.code, 1) << outcome.out;
  EXPECT_EQ(outcome.out.find("DIFFERS"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("agree"), std::string::npos) << outcome.out;
  EXPECT_NE(
      outcome.out.find("6 of the 6 numbers of b1 left out: they move a hidden unit at relu's kink.\n\n"
                       "No difference was found, but nothing could be compared for b1: each hidden unit lies "
                       "at relu's kink for an image.\n"
                       "Try another --seed, a smaller --h, or other images.\n"),
      std::string::npos)
      << outcome.out;
  const Json document = Json::parse(run_tool({"check", "--data", folder.string(), "--json"}).out);
  EXPECT_EQ(document["verdict"], "incomplete");
  for (const Json& parameter : document["parameters"]) {
    EXPECT_EQ(parameter["compared"] > 0, parameter["name"] != "b1") << parameter;
    EXPECT_EQ(parameter["passed"], parameter["name"] != "b1") << parameter;
  }
}

// Steps that would cross a kink are made smaller, one by one.
TEST(Check, FindsAStepBesideTheKink) {
  for (const std::string broken : {"", "W1", "b1"}) {
    Words words = check({"--json", "--h", "0.01", "--samples", "20", "--hidden", "4"});
    if (!broken.empty()) words.insert(words.end(), {"--break", broken});
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.code, broken.empty() ? 0 : 3) << outcome.out;
    for (const Json& parameter : Json::parse(outcome.out)["parameters"]) EXPECT_EQ(parameter["left_out"], 0);
  }
}

TEST(Check, HeadsStandApart) {
  const std::string out = run_tool(check({"--samples", "1"})).out;
  EXPECT_NE(out.find("\n  parameter  shape    mean |a - n|  allowed  largest rel. error  allowed\n"),
            std::string::npos)
      << out;
  EXPECT_NE(out.find(", at the first training image of "), std::string::npos) << out;
}

Words check_any(const std::string& net, const Words& more) {
  Words all{"check", "--data", small_set(), "--net", net};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(CheckAnyNet, GradientsAgree) {
  for (const char* net : {"sequential([conv2d(2, 3), batch_norm, relu, max_pool2d(2), affine(4)])",
                          "sequential([flatten, affine(6), dropout(0.5), layer_norm, gelu, affine(4)])",
                          "sequential([reshape([6, 5]), lstm(4), affine(4)])"}) {
    const Outcome outcome = run_tool(check_any(net, {"--elements", "4"}));
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_NE(outcome.out.find("\nThey agree.\n"), std::string::npos) << outcome.out;
  }
}

TEST(CheckAnyNet, AWrongGradientIsFound) {
  const Outcome outcome = run_tool(check_any("mlp([6, 4])", {"--break", "affine2.weight"}));
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(
      outcome.out.find("\nThey do not agree for affine2.weight.\nEach operation's own derivative is right: "),
      std::string::npos)
      << outcome.out;
  const Json made =
      Json::parse(run_tool(check_any("mlp([6, 4])", {"--break", "affine1.bias", "--json"})).out);
  EXPECT_EQ(made["verdict"], "differ");
  for (const Json& parameter : made["parameters"]) {
    EXPECT_EQ(parameter["passed"], parameter["name"] != "affine1.bias") << parameter;
  }
}

TEST(CheckAnyNet, KnowsRunsAndSettings) {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(
      run_tool({"train", "--data", small_set(), "--net", "mlp([6, 4])", "--steps", "3", "--out", run}).code,
      0);
  for (const std::string& name : {run, run + "/model.safetensors"}) {
    const Outcome outcome = run_tool({"check", name, "--samples", "2"});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
    EXPECT_NE(outcome.out.find("at the first 2 training rows of " + small_set() + ":"), std::string::npos)
        << outcome.out;
  }
  const std::string toml = folder / "run.toml";
  std::ofstream(toml) << "net = \"mlp([5, 4])\"\n[data]\nname = \"" << small_set() << "\"\n";
  EXPECT_EQ(run_tool({"check", toml}).code, 0);
}

// Lines of the tool's own source say nothing to its user.
TEST(CheckAnyNet, MessagesNameTheLayerAlone) {
  const Outcome outcome = run_tool(check_any("sequential([conv2d(2, 9), affine(4)])", {}));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.err.find(" In layer conv2d1. (E") != std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find(".cpp"), std::string::npos) << outcome.err;
}

// Equal numbers of a flat background are kinks of max_pool: no fault of its derivative.
TEST(CheckAnyNet, TiesAreNoFaultOfAnOperation) {
  const Outcome outcome = run_tool(
      {"check", "--net", "sequential([conv2d(4, 5), max_pool2d, affine(10)])", "--break", "affine1.bias"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(outcome.out.find("Each operation's own derivative is right"), std::string::npos) << outcome.out;
}

TEST(CheckAnyNet, RefusesWhatCannotBe) {
  const auto refusal = [](const Words& words, int code = 2) {
    const Outcome outcome = run_tool(words);
    EXPECT_EQ(outcome.code, code) << outcome.out;
    return outcome.err;
  };
  EXPECT_EQ(refusal(check_any("mlp([6, 4])", {"--break", "affine1.wieght"})),
            "chainrule: [explain] the net has no parameter 'affine1.wieght'. Did you mean affine1.weight? "
            "(E381)\n");
  EXPECT_EQ(refusal(check_any("mlp([6, 4])", {"--samples", "201"})),
            "chainrule: [check] the set has 200 training rows, 201 are asked for with --samples. (E085)\n");
  EXPECT_EQ(refusal(check_any("mlp([6, 4])", {"--h", "0.001"})),
            "chainrule: --h is for the books' net, which is checked without NAME and --net. See chainrule "
            "check --help.\n");
  EXPECT_EQ(refusal(check({"--elements", "3"})),
            "chainrule: --elements is for a net of NAME or --net. See chainrule check --help.\n");
  EXPECT_EQ(refusal(check({"--break", "W3"})),
            "chainrule: --break: 'W3' is none of W1, b1, W2, b2. See chainrule check --help.\n");
}

TEST(Check, MoreSamplesThanThereAre) {
  const Outcome outcome = run_tool(check({"--samples", "201"}));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "chainrule: [check] the set has 200 training images, 201 are asked for with --samples. (E085)\n");
}

TEST(Data, ListsWhatIsThere) {
  const TemporaryFolder folder;
  std::filesystem::create_directory_symlink(small_set(), folder / "mnist");
  const Outcome outcome = run_tool({"data", "list", "--data-dir", folder.string()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("digits           60000 + 10000    drawn by the program\n"), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("mnist            200 + 60         " + (folder / "mnist").string() + "\n"),
            std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("fashion-mnist                     not found\n"), std::string::npos);
}

TEST(Data, DrawsASheet) {
  const TemporaryFolder folder;
  const std::string picture = folder / "grid.png";
  const Outcome outcome = run_tool(
      {"data", "show", small_set(), "--out", picture, "--rows", "4", "--columns", "3", "--split", "test"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::string bytes = read_file(picture);
  EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(bytes.substr(16, 8), std::string("\0\0\0\x17\0\0\0\x22", 8));  // 3 (5 + 2) + 2 by 4 (6 + 2) + 2
  const Outcome full =
      run_tool({"data", "show", small_set(), "--out", folder / "2.png"}, {.file_limit_bytes = 100});
  EXPECT_EQ(full.code, 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.string()), {}), 1);
}

/// Width and height of a PNG file.
std::pair<int, int> size_of_png(const std::string& path) {
  const std::string bytes = read_file(path);
  const auto number = [&](std::size_t at) {
    int made = 0;
    for (std::size_t i = 0; i < 4; ++i) made = made * 256 + static_cast<unsigned char>(bytes.at(at + i));
    return made;
  };
  return {number(16), number(20)};
}

TEST(Data, DrawsASheetOfWhateverHasImages) {
  const TemporaryFolder folder;
  const std::string sheet = folder / "sheet.png", pictures = folder / "pictures";
  ASSERT_EQ(run_tool({"data", "write", small_set(), pictures, "--train", "12", "--test", "8"}).code, 0);
  std::vector<std::int64_t> classes;
  for (int i = 0; i < 12; ++i) classes.push_back(i % 3);
  const Tensor t = from_data(classes, {12});
  io::write_npz(folder / "grey.npz", {{"x", zeros({12, 6, 5})}, {"t", t}});
  io::write_npz(folder / "flat.npz", {{"t", t}, {"x", zeros({12, 64}, u8)}});
  io::write_npz(folder / "colours.npz", {{"x", ones({12, 7, 9, 3})}});
  std::string table = "digit";
  for (int i = 0; i < 64; ++i) table += ",p" + std::to_string(i);
  for (int row = 0; row < 6; ++row) {
    table += "\n" + std::to_string(7 + row % 2);
    for (int i = 0; i < 64; ++i) table += "," + std::to_string(i % 17);
  }
  std::ofstream(folder / "digits.csv") << table << "\n";
  struct Case {
    std::vector<std::string> name;
    std::string said;
    std::pair<int, int> size;
  };
  const std::string grey = folder / "grey.npz", flat = folder / "flat.npz", colours = folder / "colours.npz",
                    digits = folder / "digits.csv";
  for (const Case& each :
       {Case{{pictures}, pictures + " training images, a class a row", {3 * 7 + 2, 4 * 8 + 2}},
        Case{{pictures, "--split", "test"}, pictures + " test images, a class a row", {2 * 7 + 2, 4 * 8 + 2}},
        Case{{pictures + "/test"}, pictures + "/test images, a class a row", {2 * 7 + 2, 4 * 8 + 2}},
        Case{{grey}, grey + " images, a class a row", {4 * 7 + 2, 3 * 8 + 2}},
        Case{{flat, "--columns", "3"}, flat + " images, a class a row", {3 * 10 + 2, 3 * 10 + 2}},
        Case{{colours, "--columns", "5"}, colours + " images", {5 * 11 + 2, 3 * 9 + 2}},
        Case{{digits, "--target", "digit"}, digits + " images, a class a row", {3 * 10 + 2, 2 * 10 + 2}}}) {
    std::vector<std::string> arguments{"data", "show", "--out", sheet};
    arguments.insert(arguments.end(), each.name.begin(), each.name.end());
    const Outcome outcome = run_tool(arguments);
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(outcome.out.ends_with(" pixels, " + each.said + "\n")) << outcome.out;
    EXPECT_EQ(size_of_png(sheet), each.size) << each.said;
  }
  // Pixels of colours: red above, blue below.
  std::vector<double> pixels;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 9; ++x) pixels.insert(pixels.end(), {y < 4 ? 1.0 : 0.0, 0.0, y < 4 ? 0.0 : 1.0});
  }
  io::write_npz(folder / "flag.npz", {{"x", from_data(std::span<const double>(pixels), {1, 8, 9, 3})}});
  ASSERT_EQ(run_tool({"data", "show", folder / "flag.npz", "--out", sheet}).code, 0);
  const Tensor drawn = data::read_image(sheet);
  ASSERT_EQ(drawn.shape(), (Shape{1, 3, 8 + 4, 9 + 4}));
  const auto at = [&](std::int64_t channel, std::int64_t y) {
    return drawn.to_vector<double>()[static_cast<std::size_t>((channel * 12 + y) * 13 + 5)];
  };
  EXPECT_EQ((std::vector{at(0, 3), at(1, 3), at(2, 3)}), (std::vector<double>{1, 0, 0}));
  EXPECT_EQ((std::vector{at(0, 8), at(1, 8), at(2, 8)}), (std::vector<double>{0, 0, 1}));
  const std::string numbers = folder / "numbers.npz";
  io::write_npz(numbers, {{"x", zeros({12, 5})}});
  const Outcome none = run_tool({"data", "show", numbers, "--out", sheet});
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(none.err, "chainrule: [data] " + numbers +
                          " has no images: 12 rows: x (5,) f32. Give a set, a folder of pictures, or rows of "
                          "(height, width), (channels, height, width) or a square of numbers, such as 784. "
                          "(E632)\n");
  const Outcome split = run_tool({"data", "show", grey, "--split", "test", "--out", sheet});
  EXPECT_NE(split.err.find("has no test part. Leave --split out. (E632)"), std::string::npos) << split.err;
}

}  // namespace
}  // namespace chainrule::cli
