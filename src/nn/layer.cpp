// Calling layers: forwards, backwards, for inference.
#include "chainrule/nn/layer.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "autodiff/backward.h"
#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "config/holds_itself.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

namespace {

/// Notes in a pass which layer runs, while it does; and what that lists, for the layers inside that are made.
class Running {
 public:
  using Listed = std::vector<Members::Member>;

  Running(const Layer*& place, const Layer* now)
      : now_(now),
        place_(place),
        before_(std::exchange(place, now)),
        outer_(std::exchange(innermost, this)) {}
  ~Running() {
    place_ = before_;
    innermost = outer_;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  static bool is_running(const Layer* layer) {
    for (const Running* r = innermost; r != nullptr; r = r->outer_) {
      if (r->now_ == layer) return true;
    }
    return false;
  }

  /// The innermost layer of which something is found.
  template <class F>
  static auto find(F f) {
    auto found = decltype(f(nullptr))();
    for (const Running* r = innermost; r != nullptr && !found; r = r->outer_) found = f(r->now_);
    return found;
  }

  /// Parameters and states of a layer that runs, found once: a container may have thousands of layers to
  /// make.
  template <class F>
  static bool any_listed_by(const Layer* layer, F is_it) {
    std::unique_ptr<Listed> found;
    std::unique_ptr<Listed>& listed =
        innermost != nullptr && innermost->now_ == layer ? innermost->listed_ : found;
    if (listed == nullptr) listed = std::make_unique<Listed>(layer->variables());
    return std::any_of(listed->begin(), listed->end(), is_it);
  }

 private:
  static thread_local Running* innermost;
  const Layer* now_;
  const Layer*& place_;
  const Layer* before_;
  Running* outer_;
  std::unique_ptr<Listed> listed_;  // none until a layer inside is made
};
thread_local Running* Running::innermost = nullptr;

/// What layers inside start from where their inputs do not say: an embedding sees whole numbers only.
class DTypeOfLayersInside {
 public:
  DTypeOfLayersInside(DType& of_pass, DType now) : of_pass_(of_pass), before_(std::exchange(of_pass, now)) {}
  ~DTypeOfLayersInside() { of_pass_ = before_; }
  DTypeOfLayersInside(const DTypeOfLayersInside&) = delete;
  DTypeOfLayersInside& operator=(const DTypeOfLayersInside&) = delete;

 private:
  DType& of_pass_;
  DType before_;
};

/// The dtype that a layer's parameters compute in, those of layers inside too, if one has a value.
std::optional<DType> dtype_of_parameters(const Layer* layer) {
  for (const NamedParameter& p : layer->parameters()) {
    if (p.parameter && is_floating(p.parameter.value().dtype()))
      return computed_as(p.parameter.value().dtype());
  }
  return {};
}

bool is_whole(const Tensor& x) { return !x.is_empty() && !is_floating(x.node()->dtype); }

/// What a layer uses without listing it would be neither trained nor saved.
ValueError unlisted(std::string_view layer, std::string_view what) {
  return ValueError(247, cat("[", layer, "] ", what,
                             " is used, but not listed among its members: it would be "
                             "neither trained nor saved. Add m(\"",
                             what, "\", ...) to its members(); in Python, make it an attribute.",
                             OriginScope::current({}).to_string()));
}

}  // namespace

struct Layer::Record : Counted {
  Ports inputs, outputs;
  Pass pass = Pass::inference();
  std::int64_t calls = 0;
};

Layer::Record& Layer::record() { return static_cast<Record&>(*record_); }

// What was recorded stays where it was.
Layer::Layer(const Layer& other)
    : Configurable(other),
      name_(other.name_),
      is_built_(other.is_built()),
      dtype_(other.dtype_),
      has_dtype_(other.has_dtype_),
      holds_layers_(other.holds_layers_) {}

Layer& Layer::operator=(const Layer& other) {
  Configurable::operator=(other);
  name_ = other.name_;
  is_built_ = other.is_built();
  dtype_ = other.dtype_;
  has_dtype_ = other.has_dtype_;
  holds_layers_ = other.holds_layers_;
  place_ = {};
  record_ = {};
  return *this;
}

bool Layer::is_built() const { return __atomic_load_n(&is_built_, __ATOMIC_ACQUIRE); }

/// A layer inside another is known by its path, as its parameters are.
const std::string* Layer::path_in(const std::string* outer) const {
  if (is_built() && place_.outer == outer && place_.path != nullptr) return place_.path;
  if (name_.empty()) return outer;
  return intern(outer != nullptr ? cat(*outer, ".", name_) : name_);
}

/// The same with inputs in dtypes that are computed with.
static Inputs computing(const Inputs& inputs) {
  Ports same;
  for (const Tensor& x : inputs.all())
    same.push_back(x.is_empty() ? x : cast(x, computed_as(x.dtype()), inputs.where()));
  return Inputs(same.all(), inputs.where());
}

static DTypeError other_dtype(std::string_view kind, DType given, DType own, Location where) {
  return DTypeError(243,
                    cat("[", kind, "] the input is ", name_of(given), ", the parameters are ", name_of(own),
                        ". Use cast(x, ", name_of(own), "), or build the layer with the other dtype.",
                        OriginScope::current(where).to_string()));
}

/// Whether an input's whole numbers are what the layer asks for: indices, lengths.
bool Layer::keeps_whole(std::size_t input) const {
  const std::string_view kept = whole_inputs();
  if (kept.data() == nullptr) return holds_layers_;
  const auto name_at = [](std::string_view names, std::size_t place) {
    while (place-- > 0) names.remove_prefix(std::min(names.size(), names.find(',')) + 2);
    return names.substr(0, names.find_first_of(",?"));
  };
  const std::string_view name = name_at(input_names(), input);
  for (std::size_t i = 0; i < count_names(kept); ++i) {
    if (name_at(kept, i) == name) return true;
  }
  return false;
}

/// What whole numbers are taken as: the dtype of the parameters, of another input, or of the net around;
/// where there are none yet, that of those to come.
DType Layer::real_dtype(const Inputs& inputs, const Pass& pass) const {
  if (has_dtype_) return dtype_;
  for (const Tensor& x : inputs.all()) {
    if (!x.is_empty() && is_floating(x.node()->dtype)) return x.node()->dtype;
  }
  std::optional<DType> found = dtype_of_parameters(this);
  if (!found) found = Running::find(dtype_of_parameters);
  return found.value_or(pass.init.dtype);
}

Ports Layer::real_numbers(const Inputs& inputs, const Pass& pass) const {
  const DType dtype = real_dtype(inputs, pass);
  Ports real;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    real.push_back(is_whole(inputs[i]) && !keeps_whole(i) ? cast(inputs[i], dtype, inputs.where())
                                                          : inputs[i]);
  return real;
}

Ports Layer::run(const Inputs& inputs, Pass& pass) const {
  for (const Tensor& input : inputs.all()) {
    if (!input.is_empty() && is_storage(input.node()->dtype)) return run(computing(inputs), pass);
  }
  const std::string* outer = OriginScope::current(inputs.where()).layer;
  const std::string* path = path_in(outer);
  const OriginScope scope(inputs.where(), path);
  check_inputs(inputs);
  if (Running::is_running(this)) throw config::holds_itself(kind());
  const bool was_built = is_built();
  if (!was_built) {
    check_listed(pass.running_);
    const_cast<Layer*>(this)->make(inputs, pass, outer, path);
  }
  bool has_whole = false;  // numbers that are to be real
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].is_empty()) continue;
    const DType dtype = inputs[i].node()->dtype;
    if (!is_floating(dtype)) {
      has_whole = has_whole || !keeps_whole(i);
    } else if (has_dtype_ && dtype != dtype_ && dtype_of_parameters(this) != dtype) {  // see WithValues
      throw other_dtype(kind(), dtype, dtype_, inputs.where());
    }
  }
  const auto evaluated = [&](const Inputs& in) {
    const Running running(pass.running_, this);
    const DTypeOfLayersInside dtype(pass.init.dtype, was_built ? pass.init.dtype : dtype_);
    return evaluate(in, pass);
  };
  if (!has_whole && pass.observer == nullptr) return evaluated(inputs);  // nearly always
  // A call of its own, so that the line above has nothing to save for it.
  const auto rarely = [&]() __attribute__((noinline)) {
    Ports outputs =
        has_whole ? evaluated(Inputs(real_numbers(inputs, pass).all(), inputs.where())) : evaluated(inputs);
    if (pass.observer != nullptr) pass.observer->ran(*this, path, inputs, outputs);
    return outputs;
  };
  return rarely();
}

void Layer::check_listed(const Layer* outer) const {
  const std::vector<Members::Member> own = variables();
  if (outer == nullptr) return;
  const auto is_listed = [&](const Members::Member& member) {
    return Running::any_listed_by(outer, [&](const auto& other) { return member.is_same(other); });
  };
  if (std::all_of(own.begin(), own.end(), is_listed)) return;
  throw unlisted(outer->kind(), kind());
}

void Layer::check_inputs(const Inputs& inputs) const {
  const std::string_view names = input_names();
  const std::size_t count = count_names(names);
  if (count == 1 && inputs.size() == 1 && !inputs[0].is_empty()) return;  // as most layers are called
  std::string_view missing;
  for (std::size_t i = 0, at = 0; i < count && missing.empty(); ++i) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    const std::string_view name = names.substr(at, end - at);
    if (inputs[i].is_empty() && !name.ends_with('?')) missing = name;
    at = std::min(names.find_first_not_of(", ", end), names.size());
  }
  if (missing.empty() && inputs.size() <= count) return;
  throw ValueError(41, cat("[", kind(), "] forward takes ", count, count == 1 ? " input (" : " inputs (",
                           names, "), got ", inputs.size(), missing.empty() ? "" : "; there is no ", missing,
                           ".", OriginScope::current(inputs.where()).to_string()));
}

/// One lock for all layers: they are made once. A layer's init may build others.
void Layer::make(const Inputs& inputs, const Pass& pass, const std::string* outer, const std::string* path) {
  static std::recursive_mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (is_built_) return;
  config::check(*this);
  std::vector<Members::Member> inside = members();
  std::reverse(inside.begin(), inside.end());  // one that is held twice has the name of its first place
  for (const Members::Member& member : inside) {
    if (member.layer != nullptr) member.layer->name_ = member.name;
  }
  InitOptions options = pass.init;
  for (const Members::Member& member : inside) {  // what was given decides
    holds_layers_ = holds_layers_ || member.layer != nullptr;
    const Variable* held = member.parameter;
    if (held == nullptr) held = member.state;
    if (held == nullptr) continue;
    has_dtype_ = true;
    if (*held && is_floating(held->value().dtype())) {
      options.dtype = held->value().dtype();
      options.follow = false;
    }
  }
  Init init(kind(), inputs, options, path);
  initialize(init);
  for (const auto& filled : init.filled_) {
    const auto is_it = [&](const Members::Member& member) {
      return member.parameter == filled.second || member.state == filled.second;
    };
    if (std::none_of(inside.begin(), inside.end(), is_it)) throw unlisted(kind(), filled.first);
  }
  dtype_ = init.dtype();
  place_ = {outer, path};
  __atomic_store_n(&is_built_, true, __ATOMIC_RELEASE);
}

void Layer::build(const Inputs& inputs, const InitOptions& options) {
  Pass pass = Pass::inference();
  pass.init = options;
  if (options.follow) return static_cast<void>(run(inputs, pass));
  Ports like = {};
  for (const Tensor& input : inputs.all()) {
    const bool is_cast = !input.is_empty() && has_gradient(input.dtype());
    like.push_back(is_cast ? zeros(input.shape(), options.dtype) : input);
  }
  run(Inputs(like.all(), inputs.where()), pass);
}

Ports Layer::predict_all(const Inputs& inputs) const {
  Pass pass = Pass::inference();
  return run(inputs, pass);
}

Ports Layer::forward_all(const Inputs& inputs) {
  if (!record_) record_ = make_shared<Record>();
  Record& record = this->record();
  record.inputs = {};
  for (const Tensor& input : inputs.all()) {
    // The same tensor twice is two inputs, each with a gradient of its own. (Plans drop the product.)
    const auto seen = record.inputs.all();
    const bool is_again = std::any_of(seen.begin(), seen.end(), [&](const Tensor& other) {
      return !other.is_empty() && other.node() == input.node();
    });
    record.inputs.push_back(is_again && has_gradient(input.dtype()) ? input * 1 : input);
  }
  record.pass = Pass::training(record.pass.init.seed, record.calls++);
  record.outputs = run(Inputs(record.inputs.all(), inputs.where()), record.pass);
  return record.outputs;
}

Ports Layer::backward(const Tensor& dout, Location where) {
  return backward_all(dout.is_empty() ? std::span<const Tensor>() : std::span(&dout, 1), where);
}

Ports Layer::backward_all(std::span<const Tensor> douts, Location where) {
  const OriginScope scope(where, name_.empty() ? nullptr : intern(name_));
  if (!record_ || record().outputs.size() == 0) {
    throw ValueError(40, cat("[", kind(), "] backward before forward: there is nothing to differentiate yet.",
                             OriginScope::current(where).to_string()));
  }
  Record& record = this->record();
  std::vector<Tensor> variables;
  for (const Tensor& input : record.inputs.all()) {
    if (!input.is_empty() && has_gradient(input.dtype())) variables.push_back(input);
  }
  const std::vector<NamedParameter> found = parameters();
  for (const NamedParameter& p : found) variables.push_back(p.parameter.value());

  const GradOptions stop{.stop_at_variables = true};
  std::vector<Tensor> gradients;
  if (douts.empty()) {
    gradients = chainrule::grad(record.outputs[0], variables, stop, where);
  } else if (douts.size() == 1) {
    gradients = vjp(record.outputs[0], variables, douts[0], stop, where);
  } else {
    std::vector<Tensor> outputs, cotangents;
    for (std::size_t i = 0; i < douts.size(); ++i) {
      if (douts[i].is_empty()) continue;
      outputs.push_back(record.outputs[i]);
      cotangents.push_back(douts[i]);
    }
    if (outputs.empty()) outputs.resize(1), cotangents.resize(1);  // an error: no gradient was given
    gradients = vjp_of_all(outputs, variables, cotangents, stop, where);
  }
  record.pass.store();
  std::size_t next = 0;
  Ports of_inputs;
  for (const Tensor& input : record.inputs.all()) {
    of_inputs.push_back(!input.is_empty() && has_gradient(input.dtype()) ? gradients[next++] : Tensor());
  }
  for (const NamedParameter& p : found) Parameter(p.parameter).set_grad(gradients[next++]);
  return of_inputs;
}

std::string Layer::describe() const {
  static_cast<void>(variables());  // no layer holds itself
  return config::describe(*this);
}

}  // namespace chainrule::nn
