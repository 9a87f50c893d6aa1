#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <utility>

#include "chainrule/location.h"
#include "chainrule/tensor.h"

namespace chainrule::nn {

/// Some tensors in a row: a layer's outputs, or the gradients of its inputs. Needs no memory of its own.
class Ports {
 public:
  static constexpr std::size_t kMax = 8;

  Ports() = default;
  template <std::same_as<Tensor>... T>
  requires(sizeof...(T) >= 1 && sizeof...(T) <= kMax) Ports(T... tensors)
      : tensors_{std::move(tensors)...}, size_(sizeof...(T)) {}

  std::size_t size() const { return size_; }
  /// @throws ValueError  if there is no such one (E242), here and below.
  const Tensor& operator[](std::size_t i) const {
    if (i >= size_) throw_no_port(i);
    return tensors_[i];
  }
  Tensor& operator[](std::size_t i) {
    if (i >= size_) throw_no_port(i);
    return tensors_[i];
  }
  void push_back(Tensor tensor) {
    if (size_ == kMax) throw_no_port(size_);
    tensors_[size_++] = std::move(tensor);
  }
  std::span<const Tensor> all() const { return {tensors_.data(), size_}; }
  /// The first of them.
  operator Tensor() const { return (*this)[0]; }

 private:
  [[noreturn]] void throw_no_port(std::size_t i) const;

  std::array<Tensor, kMax> tensors_;
  std::size_t size_ = 0;
};

/// Ports of a number known to the compiler, for `auto [a, b] = layer.backward()`.
template <std::size_t N>
class PortsOf : public Ports {
 public:
  PortsOf(Ports ports) : Ports(std::move(ports)) {}
  template <std::size_t I>
  Tensor get() const {
    return (*this)[I];
  }
};

/// One input of a layer; made by conversion, so that errors can name the user's line.
class Input {
 public:
  Input(const Tensor& tensor, Location where = Location::current()) : tensor_(tensor), where_(where) {}
  const Tensor& tensor() const { return tensor_; }
  Location where() const { return where_; }

 private:
  Tensor tensor_;
  Location where_;
};

/// All inputs of a layer in the order of its ports; an empty tensor where an optional one is left out.
class Inputs {
 public:
  Inputs(std::initializer_list<Tensor> tensors, Location where = Location::current())
      : Inputs(std::span(tensors.begin(), tensors.size()), where) {}
  Inputs(std::span<const Tensor> tensors, Location where = Location::current());
  Inputs(const Tensor& x, Location where = Location::current()) : ports_(x), where_(where) {}
  Inputs(const Input& x) : ports_(x.tensor()), where_(x.where()) {}
  Inputs(const Input& x, const Input& y) : ports_(x.tensor(), y.tensor()), where_(x.where()) {}

  std::size_t size() const { return ports_.size(); }
  /// An empty tensor behind the last.
  const Tensor& operator[](std::size_t i) const {
    static const Tensor kNone;
    return i < ports_.size() ? ports_[i] : kNone;
  }
  std::span<const Tensor> all() const { return ports_.all(); }
  Location where() const { return where_; }

 private:
  Ports ports_;
  Location where_;
};

}  // namespace chainrule::nn

template <std::size_t N>
struct std::tuple_size<chainrule::nn::PortsOf<N>> : std::integral_constant<std::size_t, N> {};
template <std::size_t I, std::size_t N>
struct std::tuple_element<I, chainrule::nn::PortsOf<N>> {
  using type = chainrule::Tensor;
};
