#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "data/checksum.h"
#include "data/counting.h"
#include "data/data_files.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Values = std::vector<double>;

struct Squares : Rows {
  Squares() : Rows(1000, {{"x", f32, {1}}, {"t", f32, {1}}}) {}
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto x = static_cast<float>(rows[i]) / 1000;
      out[0].as<float>()[i] = x;
      out[1].as<float>()[i] = x * x;
    }
  }
};

struct Kind {
  const char* name;
  Source source;
  std::vector<std::vector<double>> rows;  // by a plain loop: all numbers of each row, column after column
};

std::vector<Kind> kinds() {
  const auto row_of_counting = [](std::int64_t i) {
    return Values{static_cast<double>(i), static_cast<double>(i) + 0.5, static_cast<double>(i % 3)};
  };
  std::vector<Kind> list;
  Kind plain{"arrays", counting(10), {}};
  for (std::int64_t i = 0; i < 10; ++i) plain.rows.push_back(row_of_counting(i));
  list.push_back(plain);

  Kind chosen{"subset", subset(counting(10), {7, 2, 2, 9}), {}};
  for (const std::int64_t i : {7, 2, 2, 9}) chosen.rows.push_back(row_of_counting(i));
  list.push_back(chosen);

  Kind nested{"subset of a subset", subset(subset(counting(10), {7, 2, 2, 9}), 1, 4), {}};
  for (const std::int64_t i : {2, 2, 9}) nested.rows.push_back(row_of_counting(i));
  list.push_back(nested);

  Kind joined{"concat", concat({counting(4), subset(counting(10), 8, 8), subset(counting(10), {5, 6})}), {}};
  for (const std::int64_t i : {0, 1, 2, 3, 5, 6}) joined.rows.push_back(row_of_counting(i));
  list.push_back(joined);

  Kind doubled{"map",
               map(counting(6),
                   [](Batch b) {
                     b["x"] = b["x"] * 2;
                     return b;
                   }),
               {}};
  for (std::int64_t i = 0; i < 6; ++i)
    doubled.rows.push_back({2.0 * i, 2.0 * i + 1, static_cast<double>(i % 3)});
  list.push_back(doubled);

  Kind mixed{"concat of maps", concat({subset(doubled.source, 0, 3), subset(doubled.source, 3, 6)}),
             doubled.rows};
  list.push_back(mixed);

  Kind own{"a struct", Squares(), {}};
  for (std::int64_t i = 0; i < 1000; ++i) {
    const float x = static_cast<float>(i) / 1000;
    own.rows.push_back({x, x * x});
  }
  list.push_back(own);

  const ImageSet set = small_set();
  for (const bool flat : {false, true}) {
    Kind pictures{flat ? "flat images" : "images", images(set, {.flat = flat}), {}};
    for (std::size_t i = 0; i < 3; ++i) {
      pictures.rows.emplace_back();
      for (std::size_t p = 0; p < 4; ++p) {
        pictures.rows.back().push_back(
            static_cast<double>(1.0f / 255 * static_cast<float>(set.pixels[4 * i + p])));
      }
      pictures.rows.back().push_back(set.labels[i]);
    }
    list.push_back(pictures);
  }
  return list;
}

Values numbers_of(const Batch& batch, std::int64_t row) {
  Values numbers;
  for (int c = 0; c < batch.size(); ++c) {
    const Values part = select(batch[c], row).to_vector<double>();
    numbers.insert(numbers.end(), part.begin(), part.end());
  }
  return numbers;
}

TEST(Source, EveryKindGivesTheRowsOfAPlainLoop) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const auto rows = static_cast<std::int64_t>(kind.rows.size());
    ASSERT_EQ(kind.source.rows(), rows);
    const Batch all = kind.source.all();
    ASSERT_EQ(all.rows(), rows);
    for (std::int64_t i = 0; i < std::min<std::int64_t>(rows, 50); ++i) {
      EXPECT_EQ(numbers_of(all, i), kind.rows[static_cast<std::size_t>(i)]) << i;
    }
    const RowNumbers chosen{rows - 1, 0, rows / 2, 0};
    const Batch some = kind.source.take(chosen);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      EXPECT_EQ(numbers_of(some, static_cast<std::int64_t>(i)),
                kind.rows[static_cast<std::size_t>(chosen[i])]);
    }
    // Into the caller's memory: the same numbers.
    std::vector<std::vector<double>> memory;
    std::vector<Array> out;
    for (const Column& column : kind.source.columns()) {
      std::vector<std::int64_t> sizes{4};
      sizes.insert(sizes.end(), column.shape.begin(), column.shape.end());
      memory.emplace_back(static_cast<std::size_t>(4 * column.shape.numel()));
      out.push_back({memory.back().data(), column.dtype, Shape(sizes)});
    }
    kind.source.gather(chosen, out);
    for (std::size_t c = 0; c < out.size(); ++c) {
      EXPECT_EQ(std::memcmp(out[c].data,
                            with_type(out[c].dtype,
                                      [&]<class T>(std::type_identity<T>) -> const void* {
                                        return some[static_cast<int>(c)].data<T>().data();
                                      }),
                            static_cast<std::size_t>(out[c].numel()) * size_of(out[c].dtype)),
                0);
    }
    EXPECT_EQ(kind.source.take(RowNumbers()).rows(), 0);
  }
}

TEST(Source, AnImageSetIsOneAndSharesItsBytes) {
  ImageSet set = small_set();
  set.class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  const Source source = set;
  const std::uint8_t* before = std::as_const(set).pixels.data();
  const ImageSet copy = set;
  EXPECT_EQ(copy.pixels.data(), before);
  set.pixels[0] = 99;  // a copy is made now: neither the source nor the other set changes
  EXPECT_EQ(copy.pixels.data(), before);
  EXPECT_EQ(copy.pixels[0], 0);
  EXPECT_NE(std::as_const(set).pixels.data(), before);
  EXPECT_EQ(source.take({0})[0].to_vector<double>()[0], 0);
  EXPECT_EQ(source.to_string(), "3 rows: x (1, 2, 2) f32, t () i64 of 10 classes");
  EXPECT_EQ(source.classes(), 10);
  EXPECT_EQ(source.class_names()[7], "7");
  set.labels.pop_back();
  EXPECT_EQ(message_of([&] { images(set); }),
            "[data] a set of 3 images of 2 x 2 with 12 pixels and 2 labels does not fit together. Fill both "
            "vectors. (E074)");
}

TEST(Source, BatchesUnpack) {
  const Source source = counting(5);
  const auto [x, t] = source.take({4, 1});
  EXPECT_EQ(x.to_vector<double>(), (Values{4, 4.5, 1, 1.5}));
  EXPECT_EQ(t.to_vector<double>(), (Values{1, 1}));
  std::int64_t seen = 0;
  for (const auto& [some, classes] : blocks(source, 2)) {
    EXPECT_EQ(some.shape()[0], classes.shape()[0]);
    EXPECT_EQ(some.to_vector<double>()[0], static_cast<double>(seen));
    seen += classes.numel();
  }
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(blocks(source, 2).size(), 3);
  const Batch batch = source.take({3});
  EXPECT_EQ(batch["t"].node(), batch.target().node());
  EXPECT_EQ(batch[0].node(), batch["x"].node());
}

TEST(Source, MapKeepsWhatStays) {
  const Source from = arrays(Batch{{"x", ones({4, 2})}, {"t", arange(4)}}, {"p", "q", "r", "s"});
  const Source plain = map(from, [](Batch b) {
    b["x"] = sum(b["x"], 1);
    return b;
  });
  EXPECT_EQ(plain.to_string(), "4 rows: x () f32, t () i64 of 4 classes");
  const Source other = map(from, [](const Batch& b) {
    return Batch{{"both", b["x"] + 1}, {"y", cast(b["t"], f32)}};
  });
  EXPECT_EQ(other.to_string(), "4 rows: both (2,) f32, y () f32");
  EXPECT_EQ(other.take({3})["y"].to_vector<double>(), (Values{3}));
}

struct Mistake {
  const char* message;
  void (*make)();
};

const Mistake kMistakes[] = {
    {"[gather] row 5 of a source of 5 rows; need 0 to 4. (E072)",
     [] {
       counting(5).take({0, 5});
     }},
    {"[gather] row -1 of a source of 5 rows; need 0 to 4. (E072)", [] { counting(5).take({-1}); }},
    {"[gather] row 0 of a source of 0 rows; it has none. (E072)",
     [] { subset(counting(5), 2, 2).take({0}); }},
    {"[gather] rows 3 to 9 of a source of 5 rows; need 0 <= begin <= end <= 5. (E072)",
     [] { counting(5).range(3, 9); }},
    {"[subset] rows 4 to 3 of a source of 5 rows; need 0 <= begin <= end <= 5. (E072)",
     [] { subset(counting(5), 4, 3); }},
    {"[gather] row 6 of a source of 5 rows; need 0 to 4. (E072)", [] { subset(counting(5), {6}); }},
    {"[gather] 1 arrays for 2 columns: x, t. Give one for each. (E270)",
     [] {
       float x[2];
       const Array out[] = {{x, f32, {1, 2}}};
       counting(5).gather(RowNumbers{0}, out);
     }},
    {"[gather] the array for 't' is (1,) f32; need (1,) i64. (E270)",
     [] {
       float x[2], t[1];
       const Array out[] = {{x, f32, {1, 2}}, {t, f32, {1}}};
       counting(5).gather(RowNumbers{0}, out);
     }},
    {"[gather] the array for 'x' is (2, 2) f32; need (1, 2) f32. (E270)",
     [] {
       float x[4];
       const Array out[] = {{x, f32, {2, 2}}, {x, i64, {1}}};
       counting(5).gather(RowNumbers{0}, out);
     }},
    {"[source] 0 columns; need 1 to 16. Put numbers that belong together into one column. (E271)",
     [] { Batch(std::span<const NamedTensor>()); }},
    {"[source] column 1 has no name. Give it one. (E271)",
     [] {
       Batch{{"x", ones({2})}, {"", ones({2})}};
     }},
    {"[source] columns 0 and 1 are both called 'x'. Give each a name of its own. (E271)",
     [] {
       Batch{{"x", ones({2})}, {"x", ones({2})}};
     }},
    {"[source] 't' is of shape (3,), but 'x' has 2 rows. Need tensors whose first axes, the rows, are equal. "
     "(E271)",
     [] {
       arrays(ones({2, 4}), ones({3}));
     }},
    {"[source] 'x' is of shape (). Need tensors whose first axes, the rows, are equal. (E271)",
     [] { arrays(scalar(1), ones({3})); }},
    {"[source] 'x' is empty. Need tensors whose first axes, the rows, are equal. (E271)",
     [] { arrays(Tensor(), ones({3})); }},
    {"[source] an empty handle. Assign a source to it first. (E271)", [] { Source().rows(); }},
    {"[source] an empty handle. Assign a source to it first. (E271)", [] { Loader(Source(), {}); }},
    {"[source] no tensors; need at least one. (E271)", [] { arrays(Batch()); }},
    {"[batch] there is no column 2; this batch has 2: x, t. (E272)", [] { counting(1).all()[2]; }},
    {"[batch] there is no column 'xx'; this batch has 2: x, t. Did you mean 'x'? (E272)",
     [] { counting(1).all()["xx"]; }},
    {"[batch] no target: this batch has only 'x'. A target is the last of two or more columns. (E272)",
     [] {
       Batch{{"x", ones({2})}}.target();
     }},
    {"[batch] cannot be unpacked into two: this batch has 3 columns: a, b, c. Take them by name: "
     "batch[\"a\"]. "
     "(E272)",
     [] {
       const auto [x, t] = Batch{{"a", ones({2})}, {"b", ones({2})}, {"c", ones({2})}};
     }},
    {"[concat] no sources; need at least one. (E274)", [] { concat({}); }},
    {"[concat] other columns: 5 rows: x (2,) f32, t () i64 of 3 classes; and 1000 rows: x (1,) f32, t (1,) "
     "f32. Need the same names, dtypes, shapes and classes in the same order. (E274)",
     [] {
       concat({counting(5), Squares()});
     }},
    {"[map] of one row the function makes 'x' of shape (). Need one row for each row: a first axis of 1. "
     "(E275)",
     [] {
       map(counting(5), [](Batch b) {
         b["x"] = sum(b["x"]);
         return b;
       });
     }},
    {"[map] of 3 rows the function makes 'x' (1, 2) f32; need 'x' (3, 2) f32, as of one row. A row must not "
     "depend on the others. (E275)",
     [] {
       map(counting(5), [](Batch b) {
         b["x"] = sum(b["x"], 0, true);
         return b;
       }).take({0, 1, 2});
     }},
    {"[blocks] blocks of 0 rows; need at least 1. (E071)", [] { blocks(counting(5), 0); }},
    {"[source] -1 rows; need 0 or more. (E271)",
     [] {
       struct Negative : Squares {};
       struct Own : Rows {
         Own() : Rows(-1, {{"x"}}) {}
         void gather(std::span<const std::int64_t>, std::span<const Array>) const override {}
       };
       Own();
     }},
};

TEST(Source, SaysWhatItCannotDo) {
  for (const Mistake& mistake : kMistakes) EXPECT_EQ(message_of(mistake.make), mistake.message);
}

// The target alone is what all columns have last, for every kind of source.
TEST(Source, TargetsAreThoseOfAllRows) {
  ImageSet set;
  set.count = 3, set.height = 1, set.width = 2, set.pixels = {1, 2, 3, 4, 5, 6}, set.labels = {7, 8, 9};
  const Source plain = counting(2500, 7);
  const Source all[] = {plain,
                        subset(plain, {5, 3, 2400, 3}),
                        concat({plain, subset(plain, 10, 20), plain}),
                        map(plain, [](Batch b) { return b; }),
                        images(set),
                        transformed(set, Shift(1)),
                        standardize(plain)(plain),
                        parse_csv("a,b\n1,2\n3,4\n", {.target = "b"}),
                        subset(plain, 0, 0)};
  for (const Source& source : all) {
    const Tensor expected = source.all().target(), found = source.targets();
    EXPECT_EQ(found.shape(), expected.shape()) << source;
    EXPECT_EQ(found.to_vector<double>(), expected.to_vector<double>()) << source;
  }
  EXPECT_EQ(
      message_of([] {
        arrays(Batch{{"x", ones({2})}}).targets();
      }),
      "[source] no target: this source has only 'x'. A target is the last of two or more columns. (E272)");
}

TEST(Checksum, TellsAnyOtherNumberNameOrOrder) {
  std::vector<double> numbers(3000 * 5), classes(3000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i % 17);
  for (std::size_t i = 0; i < classes.size(); ++i) classes[i] = static_cast<double>(i % 3);
  const auto of = [&](const std::vector<std::string>& names = {"a", "b", "c"}) {
    return checksum_of(
        arrays(cast(from_data(numbers, {3000, 5}), f32), cast(from_data(classes, {3000}), i64), names));
  };
  const std::string before = of();
  EXPECT_EQ(before, of());
  EXPECT_EQ(before.size(), 16u);
  EXPECT_NE(before, of({"a", "b", "d"}));
  for (std::vector<double>* changed : {&numbers, &classes}) {
    for (const std::size_t place : {std::size_t{0}, std::size_t{1234}, changed->size() - 1}) {
      const double was = std::exchange((*changed)[place], (*changed)[place] == 2 ? 1 : 2);
      EXPECT_NE(before, of()) << place;
      (*changed)[place] = was;
    }
  }
  std::swap(classes[100], classes[101]);
  EXPECT_NE(before, of());
}

}  // namespace
}  // namespace chainrule::data
