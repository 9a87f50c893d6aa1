// What was default-constructed or moved from says so, whatever is done with it: an error of the library, no
// crash.
#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "chainrule/chainrule.h"
#include "chainrule/io.h"
#include "chainrule/nn/model.h"
#include "ops/composed.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// Runs it; a chainrule::Error is as good as a result. Anything else ends the test.
bool says_so(const std::function<void()>& use) {
  try {
    use();
  } catch (const Error& e) {
    return std::string_view(e.what()).size() > 20;
  }
  return false;
}

Tensor input_of(const SampleInput& sample) {
  const Tensor drawn =
      cast(uniform(sample.shape, {}, sample.domain.low, sample.domain.high, f64), sample.dtype);
  return sample.prepare == nullptr ? drawn : sample.prepare(drawn);
}

TEST(EmptyTensor, IsRefusedByEachFunction) {
  for (const ElementwiseFunction& f : elementwise_functions()) {
    EXPECT_TRUE(says_so([&] { f.call(Tensor()); })) << f.name;
  }
  for (const ComposedFunction& f : composed_functions()) {
    for (const ComposedCall& call : f.calls) {
      for (std::size_t empty = 0; empty < call.inputs.size(); ++empty) {
        std::vector<Tensor> in;
        for (std::size_t i = 0; i < call.inputs.size(); ++i)
          in.push_back(i == empty ? Tensor() : input_of(call.inputs[i]));
        bool computed = false;
        const bool said = says_so([&] { computed = call.call(in).to_vector().size() > 0; });
        EXPECT_TRUE(said || computed) << call.text << ", input " << empty;
      }
    }
  }
  for (const OpRow* row : op_table()) {
    const std::vector<Tensor> none(row->info.arity < 0 ? 2 : static_cast<std::size_t>(row->info.arity));
    const std::vector<std::byte> attributes(row->attribute_bytes + 1);
    EXPECT_TRUE(says_so([&] { apply_row(*row, attributes.data(), none, Location::current()); }))
        << row->info.name;
  }
}

struct Use {
  const char* text;
  std::function<void()> run;
};
#define CHAINRULE_USE(...)                               \
  {                                                      \
#__VA_ARGS__, [] { static_cast<void>(__VA_ARGS__); } \
  }

const Tensor none, one = ones({2, 2});
template <class T>
T moved_from(T value) {
  const T elsewhere = std::move(value);
  return value;  // NOLINT: that is what is tested
}

data::Source source() { return data::arrays(one, arange(2)); }

const Use kTensorUses[] = {
    CHAINRULE_USE(none.shape()),
    CHAINRULE_USE(none.dtype()),
    CHAINRULE_USE(none.numel()),
    CHAINRULE_USE(none.size(0)),
    CHAINRULE_USE(none.item()),
    CHAINRULE_USE(none.to_vector()),
    CHAINRULE_USE(none.data<float>()),
    CHAINRULE_USE(none + 1),
    CHAINRULE_USE(1 - none),
    CHAINRULE_USE(none* one),
    CHAINRULE_USE(one / none),
    CHAINRULE_USE(-none),
    CHAINRULE_USE(none < 1),
    CHAINRULE_USE(equal(1, none)),
    CHAINRULE_USE(where(none, one, one)),
    CHAINRULE_USE(where(one > 0, none, 1)),
    CHAINRULE_USE(where(one > 0, 1, none)),
    CHAINRULE_USE(Tensor() += 1),
    CHAINRULE_USE(Tensor(one) += none),
    CHAINRULE_USE(moved_from(one) + 1),
    CHAINRULE_USE(clip(none, 0, 1)),
    CHAINRULE_USE(clip(one, none, 1)),
    CHAINRULE_USE(cast(none, f64)),
    CHAINRULE_USE(sum(none)),
    CHAINRULE_USE(reshape(none, {2, -1})),
    CHAINRULE_USE(reshape(none, Shape{2})),
    CHAINRULE_USE(broadcast_to(none, {2})),
    CHAINRULE_USE(permute(none, {0})),
    CHAINRULE_USE(transpose(none)),
    CHAINRULE_USE(flatten(none)),
    CHAINRULE_USE(slice(none, 0, 0, 1)),
    CHAINRULE_USE(select(none, 0)),
    CHAINRULE_USE(expand_dims(none, 0)),
    CHAINRULE_USE(expand_dims(none, Axes{})),
    CHAINRULE_USE(cumsum(none, 0, {.exclusive = true})),
    CHAINRULE_USE(floor_divide(1, none)),
    CHAINRULE_USE(pad(none, 0, 1, 1)),
    CHAINRULE_USE(concatenate({one, none})),
    CHAINRULE_USE(concatenate({none, one})),
    CHAINRULE_USE(stack({none})),
    CHAINRULE_USE(split(none, 2)),
    CHAINRULE_USE(take(none, arange(1))),
    CHAINRULE_USE(take(one, none)),
    CHAINRULE_USE(scatter_add(one, none, none, 0)),
    CHAINRULE_USE(index_add(one, arange(1), none)),
    CHAINRULE_USE(matmul(one, none)),
    CHAINRULE_USE(matmul(none, one)),
    CHAINRULE_USE(one_hot(none, 3)),
    CHAINRULE_USE(check_finite(none)),
    CHAINRULE_USE(einsum("ij->i", {none})),
    CHAINRULE_USE(solve(one, none)),
    CHAINRULE_USE(svd(none)),
    CHAINRULE_USE(matrix_rank(none)),
    CHAINRULE_USE(pseudo_inverse(none)),
    CHAINRULE_USE(lstsq(one, none, 0.1)),
    CHAINRULE_USE(conv2d(none, none)),
    CHAINRULE_USE(conv2d(ones({1, 1, 2, 2}), none)),
    CHAINRULE_USE(max_pool2d(none, 2)),
    CHAINRULE_USE(fold(none, {2, 2}, 2)),
    CHAINRULE_USE(softmax_cross_entropy(none, arange(2))),
    CHAINRULE_USE(softmax_cross_entropy(one, none)),
    CHAINRULE_USE(mse(one, none)),
    CHAINRULE_USE(batch_norm(none)),
    CHAINRULE_USE(layer_norm(none)),
    CHAINRULE_USE(dropout(none, 0.5, {})),
    CHAINRULE_USE(uniform({2}, {}, none, 1)),
    CHAINRULE_USE(bernoulli({2}, {}, none)),
    CHAINRULE_USE(detach(none)),
    CHAINRULE_USE(stop_gradient(none)),
    CHAINRULE_USE(evaluate({one, none})),
    CHAINRULE_USE(grad(none, one)),
    CHAINRULE_USE(grad(sum(one), none)),
    CHAINRULE_USE(grad(sum(one), {one, none})),
    CHAINRULE_USE(vjp(one, one, none)),
    CHAINRULE_USE(jvp(one, one, none)),
    CHAINRULE_USE(jvp(none, one, one)),
    CHAINRULE_USE(jacobian(none, one)),
    CHAINRULE_USE(jacobian(one, none)),
    CHAINRULE_USE(hessian(sum(one), none)),
    CHAINRULE_USE(hvp(sum(one), one, none)),
    CHAINRULE_USE(value_and_grad([](const Tensor&) { return Tensor(); }, one)),
    CHAINRULE_USE(value_and_grad([](const Tensor& x) { return sum(x); }, none)),
    CHAINRULE_USE(numerical_gradient([](const Tensor& x) { return sum(x); }, none)),
    CHAINRULE_USE(grad_check([](const Tensor& x) { return sum(x); }, none)),
    CHAINRULE_USE(make_plan({none}, {one})),
    CHAINRULE_USE(make_plan({one * 2}, {none})),
    CHAINRULE_USE(make_plan({one * 2}, {one}).run({none})),
    CHAINRULE_USE(io::npy_bytes(none)),
    CHAINRULE_USE(io::npz_bytes({{"x", none}})),
    CHAINRULE_USE(io::safetensors_bytes({{"x", none}})),
    CHAINRULE_USE(io::Fnv1a().add(none)),
    CHAINRULE_USE(data::Batch{{"x", none}}),
    CHAINRULE_USE(data::arrays(one, none)),
    CHAINRULE_USE(data::arrays(none, one)),
    CHAINRULE_USE(data::standardize(source())(none)),
    CHAINRULE_USE(nn::Parameter(none)),
    CHAINRULE_USE(nn::Affine(3).predict(none)),
    CHAINRULE_USE(nn::Affine(3).predict_all({})),
    CHAINRULE_USE(nn::Affine(3).backward(none)),
    CHAINRULE_USE(nn::Affine(3).build(none)),
    CHAINRULE_USE(nn::Affine(3).summary(none)),
    CHAINRULE_USE(nn::Affine(one, none).predict(one)),
    CHAINRULE_USE(nn::Affine(none, none).predict(one)),
};

TEST(EmptyTensor, IsRefusedWhereverItIsGiven) {
  for (const Use& use : kTensorUses) EXPECT_TRUE(says_so(use.run)) << use.text;
  std::ostringstream text;
  text << none;
  EXPECT_EQ(text.str(), "tensor(empty)");
}

nn::Affine net() {
  nn::Affine affine(2);
  affine.build(one);
  return affine;
}
data::Loader loader() { return data::Loader(source(), {.batch_size = 1}); }
Plan plan() { return make_plan({one * 2}, {one}); }
template <class T, class F>
void use_moved(T value, F use) {
  const T elsewhere = std::move(value);
  use(value);  // NOLINT: that is what is tested
}

const Use kHandleUses[] = {
    CHAINRULE_USE(*Shared<nn::Layer>()),
    CHAINRULE_USE(Shared<nn::Layer>()->is_built()),
    CHAINRULE_USE(Shared<data::Rows>()->rows()),
    CHAINRULE_USE(optim::AnyRule()->info()),
    CHAINRULE_USE(Model().predict(one)),
    CHAINRULE_USE(Model().classify(one)),
    CHAINRULE_USE(save("/dev/null", nn::Affine(2))),
    CHAINRULE_USE(use_moved(plan(), [](Plan& p) { p.run({one}); })),
    CHAINRULE_USE(use_moved(loader(), [](data::Loader& l) { l.at(0); })),
    CHAINRULE_USE(use_moved(loader(), [](data::Loader& l) { l.steps_per_epoch(); })),
    CHAINRULE_USE(use_moved(loader(), [](data::Loader& l) { l.source(); })),
    CHAINRULE_USE(use_moved(loader(), [](data::Loader& l) { l.options(); })),
    CHAINRULE_USE(data::Source().rows()),
    CHAINRULE_USE(data::Source().columns()),
    CHAINRULE_USE(data::Source().take({0})),
    CHAINRULE_USE(data::Source().all()),
    CHAINRULE_USE(data::Source().classes()),
    CHAINRULE_USE(data::Source().to_string()),
    CHAINRULE_USE(data::Source(Shared<const data::Rows>()).rows()),
    CHAINRULE_USE(data::Loader(data::Source())),
    CHAINRULE_USE(data::split(data::Source(), 0.5)),
    CHAINRULE_USE(data::subset(data::Source(), 0, 1)),
    CHAINRULE_USE(data::concat({source(), data::Source()})),
    CHAINRULE_USE(data::blocks(data::Source()).size()),
    CHAINRULE_USE(data::Blocks(source(), 0).size()),
    CHAINRULE_USE(data::Blocks(data::Source(), 1).size()),
    CHAINRULE_USE(use_moved(data::blocks(source()), [](data::Blocks& b) { b.size(); })),
    CHAINRULE_USE(optim::Minimum().x().shape()),
    CHAINRULE_USE(use_moved(optim::minimize([](const Tensor& x) { return sum(square(x)); }, one),
                            [](optim::Minimum& m) { m.x().shape(); })),
    CHAINRULE_USE(data::map(data::Source(), [](data::Batch b) { return b; })),
    CHAINRULE_USE(data::map(source(), [](data::Batch) { return data::Batch(); })),
    CHAINRULE_USE(data::standardize(data::Source())),
    CHAINRULE_USE(use_moved(source(), [](data::Source& s) { s.rows(); })),
    CHAINRULE_USE(data::Batch()["x"]),
    CHAINRULE_USE(data::Batch()[0]),
    CHAINRULE_USE(data::Batch().target()),
    CHAINRULE_USE(data::arrays(data::Batch())),
    CHAINRULE_USE(data::Transforms().add({})),
    CHAINRULE_USE(nn::Ports()[0]),
    CHAINRULE_USE(nn::Parameter().value()),
    CHAINRULE_USE(NamedTensors()["x"]),
    CHAINRULE_USE(nn::Sequential().predict(one)),
    CHAINRULE_USE(use_moved(nn::Sequential(net(), nn::Relu()), [](nn::Sequential& s) { s.predict(one); })),
    CHAINRULE_USE(optim::Optimizer(net(), optim::AnyRule())),
    CHAINRULE_USE(optim::Optimizer(std::vector<nn::NamedParameter>{{"w", {}}}, optim::Sgd()).step({one})),
    CHAINRULE_USE(optim::Optimizer(net(), optim::Sgd()).step(none)),
    CHAINRULE_USE(optim::Optimizer(net(), optim::Sgd()).step(std::vector<Tensor>(2))),
    CHAINRULE_USE(use_moved(optim::Optimizer(net(), optim::Adam()), [](auto& o) { o.step(sum(one)); })),
    CHAINRULE_USE(
        use_moved(optim::Optimizer(net(), optim::Adam()), [](auto& o) { o.step(std::vector<Tensor>()); })),
    CHAINRULE_USE(use_moved(optim::Optimizer(net(), optim::Adam()), [](auto& o) { o.step(); })),
    CHAINRULE_USE(use_moved(optim::Optimizer(net(), optim::Adam()), [](auto& o) { o.lr(); })),
    CHAINRULE_USE(use_moved(optim::Optimizer(net(), optim::Adam()), [](auto& o) { o.rule().info(); })),
    CHAINRULE_USE(use_moved(optim::Optimizer(net(), optim::Adam()),
                            [](auto& o) {
                              o.restore({{"x", one}});
                            })),
};

TEST(EmptyHandle, SaysSo) {
  for (const Use& use : kHandleUses) EXPECT_TRUE(says_so(use.run)) << use.text;
}

TEST(EmptyHandle, OfATrainerSaysSo) {
  nn::Affine affine = net();
  optim::Optimizer optimizer(affine, optim::Sgd());
  const train::Task task{affine, loss::softmax_cross_entropy, {metric::accuracy}};
  const auto trainer_of = [&](train::Task t, data::Loader l, auto use) {
    train::Trainer trainer(std::move(t), optimizer, std::move(l));
    use(trainer);
  };
  const auto ten_steps = [](train::Trainer& t) { t.run(steps(10)); };
  train::Task gone = task;
  const train::Task kept = std::move(gone);
  data::Loader old = loader();
  const data::Loader kept_loader = std::move(old);
  EXPECT_TRUE(says_so([&] { trainer_of(gone, loader(), ten_steps); }));
  EXPECT_TRUE(says_so([&] { trainer_of(task, std::move(old), ten_steps); }));
  EXPECT_TRUE(says_so([&] {
    trainer_of(task, loader(),
               [](train::Trainer& t) { t.on(steps(1), Shared<train::Handler>()).run(steps(2)); });
  }));
  EXPECT_TRUE(says_so([&] {
    trainer_of(task, loader(),
               [](train::Trainer& t) { t.on(steps(1), train::evaluate(data::Source())).run(steps(2)); });
  }));
  EXPECT_TRUE(says_so([&] { train::measure(gone, source()); }));
  EXPECT_TRUE(says_so([&] { train::measure(task, data::Source()); }));
  EXPECT_TRUE(says_so([&] { train::evaluate(affine, source(), metric::AnyMetric()); }));
  EXPECT_TRUE(says_so([&] { trainer_of({affine, loss::AnyLoss()}, loader(), ten_steps); }));
  EXPECT_TRUE(says_so([&] {
    trainer_of(
        {affine, [](const nn::Layer&, const data::Batch&, nn::Pass&) { return train::Outcome(Tensor()); }},
        loader(), ten_steps);
  }));
  EXPECT_TRUE(says_so([&] {
    trainer_of({affine, loss::softmax_cross_entropy, {metric::AnyMetric()}}, loader(),
               [](train::Trainer& t) { t.on(steps(1), train::evaluate(source())).run(steps(2)); });
  }));
}

}  // namespace
}  // namespace chainrule
