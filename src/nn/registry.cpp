// The layers that can be named: one line each in layer_list.def.
#include "chainrule/nn/ensemble.h"
#include "chainrule/nn/layers.h"
#include "chainrule/nn/nets.h"
#include "chainrule/nn/text_nets.h"

namespace chainrule {

template <>
Registry& registry<nn::Layer>() {
  static Registry rows = [] {
    using namespace nn;
    Registry made("layer");
#define CHAINRULE_ROW(Type) made.add<Type>();
#include "nn/layer_list.def"
#undef CHAINRULE_ROW
    return made;
  }();
  return rows;
}

}  // namespace chainrule
