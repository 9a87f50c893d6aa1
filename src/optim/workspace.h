#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "chainrule/ops.h"
#include "chainrule/optim.h"

namespace chainrule::optim {

/// A rule's numbers as leaves, for a dtype and a factor of the learning rate.
struct NumberLeaves {
  DType dtype = f32;
  double lr_factor = 1;
  std::vector<Tensor> leaves;
};

/// What a step needs, kept for the next.
struct Optimizer::Workspace {
  struct Place {
    std::size_t trained = 0;
    Tensor* state = nullptr;  // null: the value
  };
  std::vector<Tensor> values, gradients;  // of the trained parameters
  std::vector<Tensor> states;             // of one of them
  std::vector<const Tensor*> current;     // handles that are replaced
  std::vector<Place> places;              // which ones the first of them are
  std::vector<Tensor> next;               // what is computed: new values and states first
  Tensor counted;                         // of this step, in f64; empty: 1
  bool are_sums = false;                  // whether the gradients are times that already
  std::vector<NumberLeaves> numbers;      // the first `numbers_used`
  std::size_t numbers_used = 0;

  void clear() {
    for (std::vector<Tensor>* tensors : {&values, &gradients, &states, &next}) tensors->clear();
    for (NumberLeaves& n : numbers) n.leaves.clear();
    counted = {};
    are_sums = false;
    current.clear();
    places.clear();
    numbers_used = 0;
  }
  void replace(std::size_t trained, Tensor& state, Tensor made) {
    current.push_back(&state);
    places.push_back({trained, &state});
    next.push_back(std::move(made));
  }

  std::span<const Tensor> numbers_for(const Rule& rule, DType dtype, double lr_factor, std::int64_t step,
                                      double lr) {
    for (std::size_t i = 0; i < numbers_used; ++i) {
      if (numbers[i].dtype == dtype && numbers[i].lr_factor == lr_factor) return numbers[i].leaves;
    }
    if (numbers_used == numbers.size()) numbers.emplace_back();
    NumberLeaves& made = numbers[numbers_used++];
    made.dtype = dtype;
    made.lr_factor = lr_factor;
    const Numbers now = rule.numbers(step, lr * lr_factor);
    for (const double number : now.all()) made.leaves.push_back(scalar(number, dtype));
    return made.leaves;
  }
};

/// Puts tensors back where they were before they were handed over.
inline void give_back(std::vector<Tensor>& next, std::size_t at, std::span<Tensor> tensors) {
  for (Tensor& tensor : tensors) tensor = std::move(next[at++]);
}
inline void give_back(std::vector<Tensor>& next, std::size_t at, nn::Pass& pass) {
  for (nn::Pass::Update& update : pass.updates()) update.next = std::move(next[at++]);
}

}  // namespace chainrule::optim
