#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "chainrule/nn/layer.h"

// Layers made of other layers.
namespace chainrule::nn {

/// Layers one after another, named by kind and number: affine1, relu1, affine2.
struct Sequential : LayerOf<Sequential> {
  static constexpr Info kInfo{.name = "sequential", .doc = "Layers one after another."};
  std::vector<Shared<Layer>> layers;

  Sequential() = default;
  template <std::derived_from<Layer>... Layers>
  requires(sizeof...(Layers) > 1 ||
           !(std::is_same_v<Layers, Sequential> && ...)) explicit Sequential(Layers... inside) {
    (add(std::move(inside)), ...);
  }
  /// Appends a layer and returns the one that is now inside.
  template <std::derived_from<Layer> L>
  L& add(L layer) {
    L* inside = new L(std::move(layer));
    layers.push_back(Shared<Layer>(inside));
    inside->set_name(name_of(layers.size() - 1));
    return *inside;
  }

  std::size_t size() const { return layers.size(); }
  Layer& operator[](std::size_t i) const { return *layers[i]; }
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  /// @throws ValueError  if there are no layers (E244).
  Tensor compute(const Tensor& x, Pass& pass) const;

 private:
  std::string name_of(std::size_t place) const;
  void check() const;
};

/// x + body(x)   (He et al. 2016); with a shortcut, shortcut(x) + body(x), for a body that changes the shape.
struct Residual : LayerOf<Residual> {
  static constexpr Info kInfo{.name = "residual", .doc = "What a layer makes of x, added to x."};
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

}  // namespace chainrule::nn
