#pragma once

#include <concepts>
#include <utility>

#include "chainrule/boxed.h"
#include "chainrule/loss.h"

// Losses by name, for tasks and configurations: `loss::softmax_cross_entropy`, `loss::Huber{.delta = 2}`.
// Each is a struct with a `kInfo`, `fields` if it has settings, and
//
//     Tensor operator()(const Tensor& prediction, const Tensor& target) const;   // a scalar, as graph
//
// Those there are stand in src/train/loss_list.def.
namespace chainrule::loss {

template <class L>
concept Function = requires(const L& l, const Tensor& t) {
  { l(t, t) } -> std::convertible_to<Tensor>;
};
/// The functions of chainrule/loss.h, given by name: `chainrule::mse`.
template <class L>
concept Reducing = requires(const L& l, const Tensor& t) {
  { l(t, t, Reduction::mean, Location()) } -> std::convertible_to<Tensor>;
};

class Loss : public Configurable {
 public:
  virtual Tensor operator()(const Tensor& prediction, const Tensor& target) const = 0;

  template <Function L>
  requires requires { L::kInfo; }
  static Loss* box(L loss);
};

template <class L>
class LossBox final : public Boxed<L, Loss> {
 public:
  using Boxed<L, Loss>::Boxed;
  Tensor operator()(const Tensor& prediction, const Tensor& target) const override {
    return this->plain(prediction, target);
  }
};

template <Function L>
requires requires { L::kInfo; }
Loss* Loss::box(L loss) { return new LossBox<L>(std::move(loss)); }

/// A loss, or any function of prediction and target: it has no name that a file could give.
class AnyLoss : public Any<Loss> {
 public:
  AnyLoss() = default;
  AnyLoss(Shared<Loss> loss) : Any(std::move(loss)) {}
  template <class L>
  requires(Function<L> || Reducing<L>) AnyLoss(L loss) : Any(Shared<Loss>(wrap(std::move(loss)))) {}

 private:
  template <class L>
  static Loss* wrap(L loss) {
    if constexpr (requires { L::kInfo; }) {
      return Loss::box(std::move(loss));
    } else {
      return new Custom<L>(std::move(loss));
    }
  }
  template <class F>
  class Custom final : public Loss {
   public:
    explicit Custom(F function) : function_(std::move(function)) {}
    const Info& info() const override {
      static constexpr Info kInfo{.name = "function", .doc = "A function of the program's."};
      return kInfo;
    }
    void visit_fields(Fields&) override {}
    Configurable* make_default() const override { return nullptr; }
    Tensor operator()(const Tensor& prediction, const Tensor& target) const override {
      if constexpr (Function<F>) {
        return function_(prediction, target);
      } else {
        return function_(prediction, target, Reduction::mean, Location());
      }
    }

   private:
    F function_;
  };
};

struct SoftmaxCrossEntropy {
  static constexpr Info kInfo{.name = "softmax_cross_entropy",
                              .doc = "Of logits (N, C) and class numbers (N)."};
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
};
struct BinaryCrossEntropyWithLogits {
  static constexpr Info kInfo{.name = "binary_cross_entropy_with_logits",
                              .doc = "Of numbers before the sigmoid and yes-or-no targets."};
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
};
struct Mse {
  static constexpr Info kInfo{.name = "mse", .doc = "Mean squared difference."};
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
};
struct Mae {
  static constexpr Info kInfo{.name = "mae", .doc = "Mean absolute difference."};
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
};
struct Huber {
  static constexpr Info kInfo{.name = "huber", .doc = "Squared near zero, absolute beyond delta."};
  double delta = 1;
  void fields(Fields& f);
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
};
struct Hinge {
  static constexpr Info kInfo{.name = "hinge", .doc = "max(0, 1 - t x) for targets of -1 and 1."};
  Tensor operator()(const Tensor& prediction, const Tensor& target) const;
};

/// @name With their defaults
/// @{
inline constexpr SoftmaxCrossEntropy softmax_cross_entropy;
inline constexpr BinaryCrossEntropyWithLogits binary_cross_entropy_with_logits;
inline constexpr Mse mse;
inline constexpr Mae mae;
inline constexpr Huber huber;
inline constexpr Hinge hinge;
/// @}

}  // namespace chainrule::loss

namespace chainrule {
template <>
Registry& registry<loss::Loss>();
}  // namespace chainrule
