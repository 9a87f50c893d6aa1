// One operation against everything that can be said of any.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "autodiff/probe.h"
#include "chainrule/error.h"
#include "chainrule/op.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace {

/// Rounding steps that fast kernels may be off the reference loops in one dtype.
constexpr double kRoundings = 16;
/// And f32 off f64: sums are among the cases.
constexpr double kRoundingsOfDtypes = 64;

double rounding(DType dtype) { return dtype == DType::f32 ? 0x1p-24 : dtype == DType::f64 ? 0x1p-53 : 0; }

class Checker {
 public:
  explicit Checker(const OpRow& row) : row_(row) {}

  OpCheck run() {
    check_record();
    for (const DType floating : {DType::f32, DType::f64}) {
      for (const OpCase& c : cases_of(row_, floating)) {
        ++report_.cases;
        guarded(c, [&] { check_values(c); });
        if (floating == DType::f64) guarded(c, [&] { check_derivatives(probe(c), report_); });
      }
    }
    for (const OpCase& c : cases_of(row_, DType::f64, true)) check_refusal(c);
    for (const OpCase& c : cases_of(row_, DType::f64)) {
      for (const DType dtype : {DType::i64, DType::u8, DType::boolean}) check_dtype(c, dtype);
    }
    if (report_.cases < 2) fail("it has fewer than two samples");
    return report_;
  }

 private:
  void fail(const std::string& what) { report_.failures.push_back(cat(row_.info.name, ": ", what, ".")); }

  /// An error that a good case meets is a failure of the operation.
  template <class F>
  void guarded(const OpCase& c, F check) {
    try {
      check();
    } catch (const Error& error) {
      fail(cat(c, " throws ", error.what()));
    }
  }

  void check_record() {
    if (row_.info.doc.empty() || row_.info.doc.back() != '.') fail("its doc is not a sentence");
    if (!row_.vjp && row_.not_differentiable.empty()) fail("neither a vjp nor the reason why there is none");
    const std::vector<OpCase> cases = cases_of(row_, DType::f64);
    for (const OpCase& a : cases) {
      for (const OpCase& b : cases) {
        const void* x = a.sample.attributes.data();
        const void* y = b.sample.attributes.data();
        std::ostringstream x_text, y_text;
        row_.print(x, x_text);
        row_.print(y, y_text);
        if (row_.equal(x, y) != (x_text.str() == y_text.str())) {
          return fail("attributes that differ print alike, or equal ones differently");
        }
      }
    }
  }

  /// Fast kernels against the loops in the same dtype, and those against f64.
  void check_values(const OpCase& c) {
    const Tensors inputs = draw_inputs(c, 1);
    const Tensor reference = run_with(c, inputs, Kernels::reference);
    const Tensor fast = run_with(c, inputs, Kernels::fast);
    const double limit = kRoundings * rounding(reference.dtype());
    if (!(value_error(reference, fast) <= limit)) {
      fail(cat(c, " differs between fast kernel and reference loop by ", value_error(reference, fast)));
    }
    Tensors wide = inputs;
    for (Tensor& x : wide) x = x.dtype() == DType::f32 ? detach(cast(x, DType::f64)) : x;
    const double error = value_error(fast, run_with(c, wide, Kernels::reference));
    if (!(error <= kRoundingsOfDtypes * rounding(reference.dtype()))) {
      fail(cat(c, " is off its value in f64 by ", error));
    }
    double& worst = c.floating == DType::f32 ? report_.value_error_f32 : report_.value_error_f64;
    worst = std::max(worst, error);
  }

  /// Bad inputs must be refused at the call, with the error that the sample names.
  void check_refusal(const OpCase& c) {
    try {
      call(c, draw_inputs(c, 4));
      fail(cat(c, " throws nothing; its sample says error ", c.sample.error));
    } catch (const Error& error) {
      const std::string start = cat("[", row_.info.name, "] ");
      if (error.code() != c.sample.error) fail(cat(c, " throws another error: ", error.what()));
      if (std::string_view(error.what()).substr(0, start.size()) != start) {
        fail(cat(c, " throws an error that does not name the operation: ", error.what()));
      }
    }
  }

  /// Whole numbers in the place of real ones: what infer lets in, the kernels compute alike, or refuse.
  void check_dtype(OpCase c, DType dtype) {
    std::vector<Meta> metas;
    bool is_other = false;
    for (SampleInput& input : c.sample.inputs) {
      is_other = is_other || is_floating(input.dtype);
      if (is_floating(input.dtype)) input.dtype = dtype;
      metas.push_back({input.dtype, input.shape});
    }
    if (!is_other) return;
    try {
      const OpScope scope(row_.info.name, Location::current());
      row_.infer(c.sample.attributes.data(), metas);
    } catch (const Error&) {
      return;
    }
    try {
      const Tensors inputs = draw_inputs(c, 5);
      const Tensor reference = run_with(c, inputs, Kernels::reference);
      if (value_error(reference, run_with(c, inputs, Kernels::fast)) == 0) return;
      fail(cat(c, " differs between fast kernel and reference loop"));
    } catch (const Error&) {  // the kernel refuses the dtype, or numbers out of the function's domain
    }
  }

  const OpRow& row_;
  OpCheck report_;
};

}  // namespace

OpCheck check_op(const OpRow& row) { return Checker(row).run(); }

}  // namespace chainrule
