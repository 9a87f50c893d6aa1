#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "chainrule/nn/layer.h"

// Layers made of other layers.
namespace chainrule::nn {

/// Layers in a row, named by kind and number: affine1, relu1, affine2.
class LayerList : public Layer {
 public:
  std::vector<Shared<Layer>> layers;

  /// Appends a layer and returns the one that is now inside.
  template <std::derived_from<Layer> L>
  L& add(L layer) {
    L* inside = new L(std::move(layer));
    append(Shared<Layer>(inside));
    return *inside;
  }
  /// The layer itself, which may stand elsewhere, too: then it is the same one there.
  void append(Shared<Layer> layer);

  std::size_t size() const { return layers.size(); }
  Layer& operator[](std::size_t i) const { return *layers[i]; }
  void members(Members& m);
  /// @throws ValueError  if there are no layers, or an empty handle (E244), here and in compute.
  void init(Init& init);

 protected:
  void check() const;
};

/// Layers one after another.
struct Sequential : LayerOf<Sequential, LayerList> {
  static constexpr Info kInfo{.name = "sequential", .doc = "Layers one after another."};

  Sequential() = default;
  template <std::derived_from<Layer>... Layers>
  requires(sizeof...(Layers) > 1 ||
           !(std::is_same_v<Layers, Sequential> && ...)) explicit Sequential(Layers... inside) {
    (add(std::move(inside)), ...);
  }
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass& pass) const;
};

enum class Join : std::uint8_t { concatenate, add };
/// Layers side by side, each given x: what they give one after another along an axis, or added up.
struct Parallel : LayerOf<Parallel, LayerList> {
  static constexpr Info kInfo{.name = "parallel",
                              .doc = "Layers side by side, their results joined or added."};
  Join join = Join::concatenate;
  std::int64_t axis = 1;  ///< of concatenation: the channels

  Parallel() = default;
  template <std::derived_from<Layer>... Layers>
  requires(sizeof...(Layers) > 1 ||
           !(std::is_same_v<Layers, Parallel> && ...)) explicit Parallel(Layers... inside) {
    (add(std::move(inside)), ...);
  }
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass& pass) const;
};

/// x + body(x)   (He et al. 2016); with a shortcut, shortcut(x) + body(x), for a body that changes the shape.
struct Residual : LayerOf<Residual> {
  static constexpr Info kInfo{.name = "residual", .doc = "What a layer makes of x, added to x."};
  static constexpr std::string_view kWhole = "";
  Shared<Layer> body, shortcut;

  Residual() = default;
  template <std::derived_from<Layer> Body>
  requires(!std::is_same_v<Body, Residual>) explicit Residual(Body inside)
      : body(new Body(std::move(inside))) {}
  template <std::derived_from<Layer> Body, std::derived_from<Layer> Shortcut>
  Residual(Body inside, Shortcut around)
      : body(new Body(std::move(inside))), shortcut(new Shortcut(std::move(around))) {}
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  /// @throws ValueError  if there is no body (E244).
  Tensor compute(const Tensor& x, Pass& pass) const;

 private:
  void check() const;
};

/// A layer for each step of sequences: (N, T, ...) to (N, T, ...), where it sees (N T, ...).
struct TimeDistributed : LayerOf<TimeDistributed> {
  static constexpr Info kInfo{.name = "time_distributed",
                              .doc = "A layer applied to each step of sequences (N, T, ...)."};
  Shared<Layer> body;

  TimeDistributed() = default;
  template <std::derived_from<Layer> Body>
  requires(!std::is_same_v<Body, TimeDistributed>) explicit TimeDistributed(Body inside)
      : body(new Body(std::move(inside))) {}
  void fields(Fields& f);
  void members(Members& m);
  /// @throws ValueError  if there is no body (E244), here and in compute.
  void init(Init& init);
  /// @throws ShapeError  if the input has no steps, or what the layer gives no row for each (E253).
  Tensor compute(const Tensor& x, Pass& pass) const;

 private:
  void check() const;
};

}  // namespace chainrule::nn
