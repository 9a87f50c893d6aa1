// check_op finds what is wrong: each operation here has one fault.
#include <gtest/gtest.h>

#include <algorithm>

#include "chainrule/chainrule.h"
#include "chainrule/op.h"

namespace chainrule {
namespace {

/// x^3 as a user would write it; the faulty ones below replace a member.
struct Cube {
  static constexpr OpInfo kInfo{.name = "cube", .elementwise = true, .doc = "x^3."};
  bool operator==(const Cube&) const = default;
  Meta infer(std::span<const Meta> in) const {
    if (!is_floating(in[0].dtype)) throw op_error<DTypeError>(900, "takes f32 or f64.");
    return in[0];
  }
  Gradients vjp(const Vjp& v) const { return {v.cotangent * 3 * square(v.inputs[0])}; }
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      const T* x = k.inputs[0].as<T>();
      for (std::int64_t i = 0; i < k.output.numel(); ++i) k.output.as<T>()[i] = x[i] * x[i] * x[i];
    });
  }
};

Tensor cube(const Tensor& x, Location where = Location::current()) { return apply(Cube{}, {x}, where); }

struct WrongFirst : Cube {
  Gradients vjp(const Vjp& v) const { return {v.cotangent * 3.001 * square(v.inputs[0])}; }
};
struct DetachedSecond : Cube {
  Gradients vjp(const Vjp& v) const { return {v.cotangent * 3 * v.inputs[0] * stop_gradient(v.inputs[0])}; }
};
struct WrongFast : Cube {
  void run_fast(const Kernel& k) const {
    run(k);
    if (k.output.numel() > 0 && k.output.dtype == f32) k.output.as<float>()[k.output.numel() - 1] += 2e-6F;
  }
};
struct Imprecise : Cube {
  void run(const Kernel& k) const {
    Cube::run(k);
    if (k.output.numel() > 0 && k.output.dtype == f32) k.output.as<float>()[0] += 0.002F;
  }
};
struct WithoutDoc : Cube {
  static constexpr OpInfo kInfo{.name = "without_doc", .elementwise = true, .doc = ""};
};
struct WithoutReason : Cube {
  static constexpr std::string_view kNotDifferentiable = "";
};
struct Throws : Cube {
  void run(const Kernel&) const { throw op_error<ValueError>(901, "no."); }
};

/// x^3 + power, whose attribute is not compared.
struct Forgetful : Cube {
  static constexpr OpInfo kInfo{.name = "forgetful", .doc = "x^3 and a number that nothing looks at."};
  double number = 0;
  bool operator==(const Forgetful&) const { return true; }
  template <class V>
  void fields(V visit) const {
    visit("number", number);
  }
  static std::vector<Sample> samples() {
    return {sample(with(0), {{{3}}}), sample(with(1), {{{3}}}), sample(with(2), {{{3}, DType::i64}}, 902)};
  }
  static Forgetful with(double number) {
    Forgetful made;
    made.number = number;
    return made;
  }
};

template <class Op>
std::string failures() {
  std::string text;
  for (const std::string& failure : check_op<Op>().failures) text += failure + "\n";
  return text;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(CheckOp, PassesARightOperation) {
  const OpCheck check = check_op<Cube>();
  EXPECT_TRUE(check.ok()) << failures<Cube>();
  EXPECT_EQ(check.cases, 16);
  EXPECT_GT(check.first_order_error, 0);
  EXPECT_LT(check.first_order_error, 1e-9);
  EXPECT_LT(check.second_order_error, 1e-9);
  EXPECT_GT(check.value_error_f32, 0);
}

/// x^3 with a setting that counts how often it was seen as something else than 0.
struct WithSetting : Cube {
  static constexpr OpInfo kInfo{.name = "with_setting", .elementwise = true, .doc = "x^3 and a setting."};
  double setting = 0;
  bool operator==(const WithSetting&) const = default;
  void fields(auto visit) const { visit("setting", setting); }
  Meta infer(std::span<const Meta> in) const {
    if (setting != 0) throw op_error<ValueError>(900, "takes settings from elsewhere.");
    return Cube::infer(in);
  }
};

TEST(CheckOp, GivesSettingsOfElementwiseOperationsTheirZeros) {
  EXPECT_TRUE(check_op<WithSetting>().ok()) << failures<WithSetting>();
}

TEST(CheckOp, FindsAWrongDerivative) {
  EXPECT_TRUE(contains(failures<WrongFirst>(), "the first derivative of cube((7,) f64"));
  EXPECT_FALSE(contains(failures<DetachedSecond>(), "first derivative"));
  EXPECT_TRUE(contains(failures<DetachedSecond>(), "second derivative"));
}

TEST(CheckOp, FindsAWrongValue) {
  EXPECT_TRUE(contains(failures<WrongFast>(), "differs between fast kernel and reference loop"));
  EXPECT_TRUE(contains(failures<Imprecise>(), "is off its value in f64"));
  EXPECT_TRUE(contains(failures<Throws>(), "throws [cube] no."));
}

/// Lets whole numbers in, for which its loops are not written.
struct LetsAllIn : Cube {
  Meta infer(std::span<const Meta> in) const { return in[0]; }
};
struct LetsAllInByBlocks : LetsAllIn {
  void run(const Kernel& k) const {
    with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
      std::copy_n(static_cast<const T*>(k.inputs[0].data), k.output.numel(), static_cast<T*>(k.output.data));
    });
  }
};

/// The same, with a fast kernel that is written for them, and wrong.
struct WrongForWholeNumbers : LetsAllIn {
  void run(const Kernel& k) const {
    if (k.output.dtype != DType::i64) return Cube::run(k);
    std::fill_n(k.output.as<std::int64_t>(), k.output.numel(), 1);
  }
  void run_fast(const Kernel& k) const {
    if (k.output.dtype != DType::i64) return Cube::run(k);
    std::fill_n(k.output.as<std::int64_t>(), k.output.numel(), 2);
  }
};

TEST(CheckOp, TriesTheDtypesThatInferLetsIn) {
  const std::string text = failures<WrongForWholeNumbers>();
  EXPECT_TRUE(contains(text, "cube((7,) i64 ) differs between fast kernel and reference loop")) << text;
  EXPECT_FALSE(contains(failures<LetsAllInByBlocks>(), "i64"));  // refused is not wrong
  EXPECT_THROW(apply(LetsAllIn{}, {arange(3)}, Location::current()).to_vector(), DTypeError);
  EXPECT_THROW(apply(LetsAllInByBlocks{}, {arange(3)}, Location::current()).to_vector(), DTypeError);
}

/// x, with a gradient that the test says.
struct Given {
  static constexpr OpInfo kInfo{.name = "given", .elementwise = true, .doc = "x."};
  int which = 0;
  bool operator==(const Given&) const = default;
  void fields(auto visit) const { visit("which", which); }
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const {
    switch (which) {
      case 0:
        return Gradients(ones({2, 3}, f64));
      case 1:
        return Gradients(ones({3}, i64));
      case 2:
        return Gradients(ones({7}, f64));
      case 3:
        return Gradients(scalar(2, f64));
      case 4:
        return Gradients(Tensor());
      case 5:
        return Gradients(ones({3}, f32));
      default:
        return Gradients(v.cotangent * 2);
    }
  }
  void run(const Kernel& k) const {
    std::copy_n(static_cast<const double*>(k.inputs[0].data), k.output.numel(),
                static_cast<double*>(k.output.data));
  }
};

TEST(UserOp, GivesAGradientLikeItsInput) {
  const Tensor x = tensor({1, 2, 3}, f64);
  const auto message = [&](int which) -> std::string {
    try {
      grad(sum(apply(Given{which}, {x}, Location::current())), x);
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), 660);
      const std::string text = error.what();
      return text.substr(0, text.find(". "));
    }
    return {};
  };
  const std::string to = " for input 0 of shape (3,) f64";
  EXPECT_EQ(message(0), "[given] the operation gave a gradient of shape (2, 3) f64" + to);
  EXPECT_EQ(message(1), "[given] the operation gave a gradient of shape (3,) i64" + to);
  EXPECT_EQ(message(2), "[given] the operation gave a gradient of shape (7,) f64" + to);
  EXPECT_EQ(message(3), "[given] the operation gave a gradient of shape () f64" + to);
  EXPECT_EQ(message(4), "[given] the operation gave nothing as the gradient" + to);
  EXPECT_EQ(message(5), "[given] the operation gave a gradient of shape (3,) f32" + to);
  EXPECT_EQ(message(6), "");
  const Tensor a = ones({2, 1, 3, 4}, f64), b = ones({3, 4, 2}, f64);  // of sizes that were repeated
  EXPECT_EQ(grad(sum(matmul(a, b)), {a, b})[0].shape(), a.shape());
}

TEST(CheckOp, FindsAnIncompleteRecord) {
  EXPECT_TRUE(contains(failures<WithoutDoc>(), "doc is not a sentence"));
  EXPECT_TRUE(contains(failures<WithoutReason>(), "neither a vjp nor the reason"));
  EXPECT_TRUE(
      contains(failures<Forgetful>(), "attributes that differ print alike, or equal ones differently"));
  EXPECT_TRUE(contains(failures<Forgetful>(), "throws another error"));
}

TEST(UserOp, WorksLikeTheLibrarysOwn) {
  const Tensor x = tensor({1, -2}, f64);
  EXPECT_EQ(cube(x).to_vector(), (std::vector<double>{1, -8}));
  const Tensor slope = grad(sum(cube(x)), x);
  EXPECT_EQ(slope.to_vector(), (std::vector<double>{3, 12}));
  EXPECT_EQ(grad(sum(slope), x).to_vector(), (std::vector<double>{6, -12}));
  try {
    cube(tensor({1}, i64));
    FAIL() << "no error";
  } catch (const DTypeError& error) {
    const std::string start = "[cube] takes f32 or f64. Called from op_check_test.cpp:";
    EXPECT_EQ(std::string(error.what()).substr(0, start.size()), start);
    EXPECT_EQ(error.code(), 900);
  }
}

TEST(UserOp, IsFoundByNameOnceRegistered) {
  register_op<Cube>();
  register_op<Cube>();  // again: nothing new
  EXPECT_THROW(register_op<WrongFirst>(), ValueError) << "another operation of that name";
  EXPECT_THROW(register_op<WithoutDoc>(), ValueError);
}

}  // namespace
}  // namespace chainrule
