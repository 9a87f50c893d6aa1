// Several nets as one.
#include "chainrule/nn/ensemble.h"

#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kVotings[] = {"mean", "probabilities", "vote"};

}  // namespace

void Ensemble::add(Shared<Layer> net) { nets.push_back(std::move(net)); }

void Ensemble::fields(Fields& f) {
  f("nets", nets, "nets that take one input and give one shape");
  f("voting", voting, kVotings, "the mean of outputs, log of mean softmax, or shares of votes");
}

void Ensemble::members(Members& m) {
  for (std::size_t i = 0; i < nets.size(); ++i) {
    if (nets[i]) m(cat("net", i + 1), nets[i]);
  }
}

void Ensemble::init(Init&) { check(); }

void Ensemble::check() const {
  const auto is_empty = [](const Shared<Layer>& net) { return !net; };
  if (!nets.empty() && std::none_of(nets.begin(), nets.end(), is_empty)) return;
  throw ValueError(244, cat("[ensemble] there are no nets, or one is an empty handle. Use add.",
                            OriginScope::current({}).to_string()));
}

Tensor Ensemble::compute(const Tensor& x, Pass& pass) const {
  check();
  Tensor sum;
  Shape shape;
  for (const Shared<Layer>& net : nets) {
    Tensor y = (*net)(x, pass);
    if (!sum.is_empty() && y.shape() != shape) {
      throw ShapeError(661,
                       cat("[ensemble] net 1 gives ", shape, ", another one ", y.shape(),
                           "; need equal shapes, to take their mean.", OriginScope::current({}).to_string()));
    }
    shape = y.shape();
    if (voting == Voting::probabilities) y = softmax(y);
    if (voting == Voting::vote) y = one_hot(argmax(y, -1), y.size(-1), y.dtype());
    sum = sum.is_empty() ? y : sum + y;
  }
  const Tensor mean = sum / static_cast<double>(nets.size());
  return voting == Voting::probabilities ? log(mean) : mean;
}

Ensemble::Ensemble(Voting how) : voting(how) {}

}  // namespace chainrule::nn
