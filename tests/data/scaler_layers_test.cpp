// A scaler saved with its net: another program predicts in the units of the table.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "temporary_folder.h"

namespace chainrule::data {
namespace {

TEST(ScalerLayers, AModelFilePredictsFromRawNumbers) {
  const Source source = arrays(normal({40, 3}, {.seed = 1}, 50, 7), normal({40, 1}, {.seed = 2}, -200, 30));
  const Standardize standard = standardize(source, {.target = true});
  const MinMax bounds = min_max(source, {.target = true});
  const TemporaryFolder folder;
  const std::string path = (folder / "net.safetensors").string();
  const Tensor x = source.all()[0];
  for (const Scaler* scaler : {static_cast<const Scaler*>(&standard), static_cast<const Scaler*>(&bounds)}) {
    nn::Sequential net = nn::mlp({4, 1});
    net.build(x);
    save(path, net, {.before = scaler->before(), .after = scaler->after()});
    const Tensor expected = scaler->inverse(net.predict((*scaler)(x)));
    const Tensor got = load_model(path).predict(x);
    EXPECT_LT(max(abs(got - expected)).item(), 1e-3);  // of numbers near 200, in f32
  }
}

// Colours: one number a pixel of each, one a colour, one for all.
TEST(ScalerLayers, AModelFilePredictsFromRawImages) {
  const Source source = arrays(normal({20, 3, 6, 5}, {.seed = 1}, 100, 40), zeros({20}, i64), {"a", "b"});
  const TemporaryFolder folder;
  const std::string path = (folder / "net.safetensors").string();
  const Tensor x = source.all()[0];
  for (const Per per : {Per::feature, Per::channel, Per::column}) {
    const Standardize standard = standardize(source, {.per = per});
    const MinMax bounds = min_max(source, -1, 1, {.per = per});
    for (const Scaler* scaler :
         {static_cast<const Scaler*>(&standard), static_cast<const Scaler*>(&bounds)}) {
      nn::Sequential net{nn::Conv2d(4, 3), nn::Relu(), nn::Flatten(), nn::Affine(2)};
      net.build(x);
      save(path, net, {.before = scaler->before()});
      const Tensor expected = net.predict((*scaler)(x)), got = load_model(path).predict(x);
      EXPECT_EQ(got.shape(), (Shape{20, 2}));
      EXPECT_LT(max(abs(got - expected)).item(), 1e-4);
      EXPECT_LT(max(abs((*scaler)(source).all()[0] - (*scaler)(x))).item(), 1e-6);
    }
  }
}

TEST(ScalerLayers, NothingWhereTargetsAreNotScaled) {
  const Source source = arrays(normal({5, 2}, {.seed = 1}), zeros({5}, i64));
  EXPECT_FALSE(standardize(source).after());
}

}  // namespace
}  // namespace chainrule::data
