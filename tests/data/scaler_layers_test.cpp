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

TEST(ScalerLayers, NothingWhereTargetsAreNotScaled) {
  const Source source = arrays(normal({5, 2}, {.seed = 1}), zeros({5}, i64));
  EXPECT_FALSE(standardize(source).after());
}

}  // namespace
}  // namespace chainrule::data
