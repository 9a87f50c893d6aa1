#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chainrule/ops.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Names = std::vector<std::string>;
using Values = std::vector<double>;

class Pictures : public DataFiles {
 protected:
  void put(const std::string& name, const std::string& content) const {
    fs::create_directories(path(name).parent_path());
    write(name, Bytes(content.begin(), content.end()));
  }
  /// Two classes of grey and coloured pictures of 1 x 2.
  void put_set() const {
    put("set/dog/b.PGM", "P2 2 1 5 0 1");
    put("set/dog/a.ppm", "P3 2 1 5 1 2 3 4 5 0");
    put("set/cat/deep/er/z.pgm", "P2 2 1 5 2 3");
    put("set/cat/notes.txt", "no picture");
    put("set/cat/.hidden.pgm", "neither");
    put("set/cat/.thumbnails/z.pgm", "nor this");
    put("set/.git/z.pgm", "nor this");
    put("set/readme.pgm", "nor this");
  }
  std::string refusal(const std::string& folder, const PicturesOptions& options = {}) const {
    return short_names(message_of([&] { pictures(path(folder), options).all(); }));
  }
};

Values fifths(const Tensor& x) { return round(x * 5).to_vector<double>(); }

TEST_F(Pictures, AFolderAClass) {
  put_set();
  const Source source = pictures(path("set"));
  EXPECT_EQ(source.to_string(), "3 rows: x (3, 1, 2) f32, t () i64 of 2 classes");
  EXPECT_EQ(source.class_names(), (Names{"cat", "dog"}));
  const auto [x, t] = source.all();
  EXPECT_EQ(t.to_vector<std::int64_t>(), (std::vector<std::int64_t>{0, 1, 1}));
  EXPECT_EQ(fifths(x), (Values{2, 3, 2, 3, 2, 3, /**/ 1, 4, 2, 5, 3, 0, /**/ 0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(source.targets().to_vector<std::int64_t>(), t.to_vector<std::int64_t>());
  Names files;
  for (const std::string& file : picture_files(path("set"))) files.push_back(short_names(file));
  EXPECT_EQ(files, (Names{"set/cat/deep/er/z.pgm", "set/dog/a.ppm", "set/dog/b.PGM"}));
}

TEST_F(Pictures, AsReadImageReadsThem) {
  put_set();
  const PicturesOptions options{.grey = true, .height = 3, .width = 4, .invert = true};
  const Source source = pictures(path("set"), options);
  EXPECT_EQ(source.columns()[0].shape, (Shape{1, 3, 4}));
  const auto files = picture_files(path("set"), options);
  for (std::int64_t row = 0; row < source.rows(); ++row) {
    EXPECT_EQ(source.take({row})[0].to_vector<double>(),
              read_image(files[static_cast<std::size_t>(row)],
                         {.grey = true, .height = 3, .width = 4, .invert = true})
                  .to_vector<double>());
  }
}

TEST_F(Pictures, ATestSetHasTheClassesOfItsTrainingSet) {
  put_set();
  put("test/dog/1.pgm", "P2 2 1 5 4 4");
  const Names classes{"bird", "cat", "dog"};
  const Source test = pictures(path("test"), {.classes = classes});
  EXPECT_EQ(test.class_names(), classes);
  EXPECT_EQ(test.targets().to_vector<std::int64_t>(), (std::vector<std::int64_t>{2}));
  EXPECT_EQ(refusal("set", {.classes = {"dog"}}),
            "[pictures] set/cat: 'cat' is none of the 1 classes. Move it away, or add it to classes. (E463)");
}

TEST_F(Pictures, SplitsAndBalancesWithoutReadingThem) {
  for (int i = 0; i < 10; ++i) put("set/a/" + std::to_string(i) + ".png", "not a picture");
  for (int i = 0; i < 30; ++i) put("set/b/" + std::to_string(i) + ".png", "not a picture");
  const Source source = pictures(path("set"), {.height = 2, .width = 2});
  const auto [train, test] = split(source, 0.8, {.stratify = true});
  EXPECT_EQ(sum(train.targets()).item(), 24);
  EXPECT_EQ(sum(concat({train, test}).targets()).item(), 30);
  const Loader loader(train, {.batch_size = 5, .order = Batches::Order::balanced});
  EXPECT_EQ(loader.rows(0).size(), 5u);
}

TEST_F(Pictures, ALoaderSaysWhichOneIsBroken) {
  put_set();
  put("set/dog/c.pgm", "P2 2 1 5 9 9");
  for (const int workers : {0, 2}) {
    Loader loader(pictures(path("set")),
                  {.batch_size = 1, .order = Batches::Order::sequential, .workers = workers});
    for (int step = 0; step < 3; ++step) EXPECT_EQ(loader.at(step).rows(), 1);
    EXPECT_EQ(
        short_names(message_of([&] { loader.at(3); })),
        "[read_image] set/dog/c.pgm: damaged PGM or PPM after byte 10: need a pixel from 0 to 5. Fetch the "
        "file again. (E290)");
  }
}

TEST_F(Pictures, NamesWhatIsWrong) {
  put_set();
  put("set/dog/large.pgm", "P2 1 2 5 1 1");
  EXPECT_EQ(refusal("set"),
            "[pictures] set/dog/large.pgm is 2 x 1, but the first picture is 1 x 2. Set height and width "
            "(data.pictures.height and .width), to bring all to one size. (E464)");
  EXPECT_EQ(refusal("set", {.height = 1, .width = 2}), "no error");
  EXPECT_EQ(refusal("set", {.height = 1}),
            "[pictures] to 1 x 0 pixels; need height and width from 1 to 16384, or neither. (E292)");
  EXPECT_EQ(refusal("absent"),
            "[pictures] absent: No such file or directory. Check the path and its permissions. (E463)");
  EXPECT_EQ(refusal("set/dog"),
            "[pictures] set/dog: no folders in it. Need one for each class, with its pictures. (E463)");
  EXPECT_EQ(refusal("set/dog/a.ppm"),
            "[pictures] set/dog/a.ppm: Not a directory. Check the path and its permissions. (E463)");
  EXPECT_EQ(refusal("set", {.extensions = {".ppm"}}),
            "[pictures] set/cat: no pictures (.ppm). Move the folder away, or set extensions. (E463)");
}

}  // namespace
}  // namespace chainrule::data
