#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/nn/model.h"
#include "chainrule/plot/figure.h"
#include "chainrule/train/history.h"
#include "chainrule/train/task.h"

// Plots: what can be shown of a net and of its training.
//
//     plot::Subject subject{.history = trainer.history(), .model = {net}, .rows = mnist.test};
//     plot::save("confusion.svg", plot::Confusion().draw(subject).figures);
namespace chainrule::plot {

/// What a net said of rows.
struct Answers : Counted {
  std::int64_t rows = 0, outputs = 0;  ///< outputs of a row
  std::vector<double> said, wanted;    ///< (rows, outputs); targets: (rows), or (rows, outputs) of numbers
};

/// What is plotted: a net, its history, and rows to show it on. All may be left out; then those plots that
/// need it are.
struct Subject {
  train::History history = {};
  Model model = {};
  data::Source rows = {};             ///< as they are, before what the model does to them
  std::string part = "test";          ///< what rows are called
  const train::Task* task = nullptr;  ///< for gradients; not owned

  /// Whether each row belongs to one class.
  bool has_classes() const;
  /// The names of the classes, "0", "1", ... where there are none.
  std::vector<std::string> class_names(std::int64_t count) const;
  /// Of the first rows, at most kMostRows; computed once.
  const Answers& answers() const;
  static constexpr std::int64_t kMostRows = 20'000;

  mutable Shared<Answers> kept = {};
};

/// Figures; or what the subject lacks for them, as a sentence goes on: "it needs rows that have classes".
struct Drawn {
  std::vector<Figure> figures = {};
  std::string missing = {};
};

/// One struct a plot, and a line of src/plot/plot_list.def:
///
///     struct Curves : plot::PlotOf<Curves> {
///       static constexpr Info kInfo{.name = "curves", .doc = "Loss and metrics, report by report."};
///       plot::Drawn draw(const plot::Subject& of) const override;
///     };
class Plot : public Configurable {
 public:
  virtual Drawn draw(const Subject& of) const = 0;
};
template <class Self>
using PlotOf = ConfigurableOf<Self, Plot>;

struct Curves : PlotOf<Curves> {
  static constexpr Info kInfo{.name = "curves", .doc = "Loss and metrics, report by report."};
  Drawn draw(const Subject& of) const override;
};

struct Confusion : PlotOf<Confusion> {
  static constexpr Info kInfo{.name = "confusion", .doc = "How often each class is taken for each."};
  Drawn draw(const Subject& of) const override;
};

struct Mistakes : PlotOf<Mistakes> {
  static constexpr Info kInfo{.name = "mistakes",
                              .doc = "Images that the net gets wrong, those with the largest loss first."};
  std::int64_t count = 20;
  void fields(Fields& f);
  Drawn draw(const Subject& of) const override;
};

struct Regression : PlotOf<Regression> {
  static constexpr Info kInfo{.name = "regression", .doc = "Predicted against true numbers."};
  Drawn draw(const Subject& of) const override;
};

struct Decision : PlotOf<Decision> {
  static constexpr Info kInfo{.name = "decision",
                              .doc = "What a net of two inputs says at each place, with the rows."};
  std::int64_t size = 120;
  void fields(Fields& f);
  Drawn draw(const Subject& of) const override;
};

struct Filters : PlotOf<Filters> {
  static constexpr Info kInfo{.name = "filters",
                              .doc = "What convolutions, and units that see an image, look for."};
  std::int64_t count = 32;
  void fields(Fields& f);
  Drawn draw(const Subject& of) const override;
};

struct Features : PlotOf<Features> {
  static constexpr Info kInfo{.name = "features", .doc = "What the layers make of one image: feature maps."};
  std::int64_t row = 0, count = 16;
  void fields(Fields& f);
  Drawn draw(const Subject& of) const override;
};

struct Weights : PlotOf<Weights> {
  static constexpr Info kInfo{.name = "weights", .doc = "How the parameters of each layer are spread."};
  Drawn draw(const Subject& of) const override;
};

struct Gradients : PlotOf<Gradients> {
  static constexpr Info kInfo{.name = "gradients",
                              .doc = "How the gradients of each layer are spread, for one batch."};
  std::int64_t batch_size = 100;
  void fields(Fields& f);
  Drawn draw(const Subject& of) const override;
};

}  // namespace chainrule::plot

namespace chainrule {
template <>
Registry& registry<plot::Plot>();
}
