// Data of one's own: a table, arrays, a source that computes its rows, a transform; and two ways to split
// them.
#include <chainrule/chainrule.h>
#include <chainrule/io.h>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <vector>

#include "folder.h"

using namespace chainrule;

void table() {
  const learn::Folder folder;
  io::replace_file(folder / "flats.csv",
                   "area,floor,town,rent\n50,1,Bonn,700\n80,,Kiel,900\n65,3,Bonn,890\n40,2,Ulm,610\n"
                   "90,4,Ulm,1150\n70,1,Kiel,820\n");
  const data::Table flats =
      data::read_csv(folder / "flats.csv", {.target = "rent", .missing = data::Missing::drop});
  std::cout << flats << "\n\n" << data::Source(flats) << "\n\n";
}

/// 200 rows of two numbers, computed when they are asked for: points in a spiral, and which arm they are on.
struct Spiral : data::Rows {
  Spiral() : Rows(200, {{"x", f32, {2}}, {"t", i64, {}, {"one", "other"}}}) {}
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int64_t arm = rows[i] % 2;
      const double turn = static_cast<double>(rows[i]) / 200,
                   angle = 6 * turn + 3.14159 * static_cast<double>(arm);
      out[0].as<float>()[2 * i] = static_cast<float>(turn * std::cos(angle));
      out[0].as<float>()[2 * i + 1] = static_cast<float>(turn * std::sin(angle));
      out[1].as<std::int64_t>()[i] = arm;
    }
  }
};

/// Turns the plane by a random angle, anew in each epoch.
struct Turn : data::TransformOf<Turn> {
  static constexpr Info kInfo{.name = "turn", .doc = "Turns points of the plane by a random angle."};
  double most = 0.1;
  void fields(Fields& f) { f("most", most, "largest angle, in radians"); }
  void apply(std::span<const Array> columns, const data::Draw& draw) const override {
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      float* point = columns[0].as<float>() + 2 * i;
      const double angle = draw.random(i).uniform(-most, most), x = point[0], y = point[1];
      point[0] = static_cast<float>(x * std::cos(angle) - y * std::sin(angle));
      point[1] = static_cast<float>(x * std::sin(angle) + y * std::cos(angle));
    }
  }
};

void source() {
  const auto [train, test] = data::split(Spiral(), 0.8, {.seed = 1, .stratify = true});
  std::cout << train << "\n";
  data::Loader loader(train, {.batch_size = 16, .seed = 1, .transforms = {Turn()}});
  auto net = nn::mlp({32, 32, 2});
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  train::Trainer trainer({net, loss::softmax_cross_entropy}, optimizer, std::move(loader));
  trainer.run(epochs(150));
  std::printf("right on rows not seen: %.3f\n\n", train::evaluate(net, test, metric::accuracy));
}

/// 60 people, 5 rows of each: numbers that say who it is, and nothing of the class, which is a coin's.
void leak() {
  constexpr std::int64_t kPeople = 60, kEach = 5;
  const Tensor people = normal({kPeople, 1, 30}, {.seed = 1}), coin = uniform({kPeople, 1}, {.seed = 2});
  const Tensor noise = 0.3 * normal({kPeople, kEach, 30}, {.seed = 3});
  const data::Source rows = data::arrays(reshape(people + noise, {kPeople * kEach, 30}),
                                         reshape(cast(coin + zeros({kPeople, kEach}) > 0.5, i64), {-1}));
  const auto score = [](const data::Source& train, const data::Source& test) {
    const auto scaler = data::standardize(train);
    auto net = nn::mlp({64, 2});
    train::fit(net, loss::softmax_cross_entropy, scaler(train), {.epochs = 60});
    return train::evaluate(net, scaler(test), metric::accuracy);
  };
  const auto [train, test] = data::split(rows, 0.8, {.seed = 1});
  std::printf("rows split by chance: %.2f right\n", score(train, test));
  const std::int64_t border = 48 * kEach;  // the first 48 people, and the others
  std::printf("split by people: %.2f right\n",
              score(data::subset(rows, 0, border), data::subset(rows, border, rows.rows())));
}

int main() {
  table();
  source();
  leak();
}
