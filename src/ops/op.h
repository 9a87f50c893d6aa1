#pragma once

#include <cstdint>

#include "chainrule/op.h"
#include "core/text.h"
#include "graph/node.h"
#include "kernels/simd/reduce.h"

// The table of operations, and how nodes of them are run. What an operation is: chainrule/op.h.
namespace chainrule {

/// Results that are rounded to nearest, and results that are not rounded at all.
inline constexpr Ulp kRounded{0.5, 0.5}, kExact{0, 0};

/// Makes the struct's row known to the table; stands once behind each struct.
#define CHAINRULE_OP_ROW(Name) \
  const OpRow& row_of_##Name() { return kRow<Name>; }

/// The row of each operation: row_of_Matmul(). Whether a row is that of an operation is decided by its
/// address, since users' operations may have any name.
#define CHAINRULE_OP(Name) const OpRow& row_of_##Name();
#include "ops/op_list.def"
#undef CHAINRULE_OP

/// Every operation, in the order of op_list.def.
std::span<const OpRow* const> op_table();
/// The row of that name, or null.
const OpRow* find_op(std::string_view name);

/// What op_error speaks of while one exists: an operation that is applied or computed.
class Operating {
 public:
  Operating(Making& here, std::string_view operation, const Origin& origin)
      : here_(here), previous_operation_(here.operation), previous_origin_(here.operates) {
    here.operation = operation;
    here.operates = &origin;
  }
  Operating(Making& here, std::string_view operation) : Operating(here, operation, here.origin) {}
  ~Operating() {
    here_.operation = previous_operation_;
    here_.operates = previous_origin_;
  }
  Operating(const Operating&) = delete;
  Operating& operator=(const Operating&) = delete;

 private:
  Making& here_;
  std::string_view previous_operation_;
  const Origin* previous_origin_;
};

/// The same, and the origin of the nodes made meanwhile: for functions that check arguments before they apply
/// an operation, or are made of several. Of those within one another the outermost counts: the user called
/// it.
/// @param name  a literal: it ends in a zero, and lives as long as the program.
class OpScope {
 public:
  OpScope(std::string_view name, Location where);

 private:
  OriginScope origin_scope_;
  Operating operating_;
};

/// A node of its own with x's numbers: nothing is computed.
Tensor same_view(const Tensor& x, Location where);

/// Which kernels compute a node: the reference loops, or the fast ones where there are any.
enum class Kernels : std::uint8_t { reference, fast };

/// Computes a node whose inputs have their values.
void run_node(Node& node, Kernels kernels);
/// The same for numbers without a node. Errors speak of the origin.
void run_row(const OpRow& row, const void* attributes, const Kernel& kernel, const Origin& origin,
             Kernels kernels);

/// How graphs are computed: CHAINRULE_MODE. In the order of its words.
enum class Mode : std::uint8_t {
  lazy,    ///< by plans, when numbers are asked for
  eager,   ///< each operation at its call, by the reference loops
  verify,  ///< by plans, and compared with the reference loops
};
Mode mode();
/// For tests: overrides CHAINRULE_MODE.
void set_mode(Mode mode);

/// The shape that all inputs broadcast to. @throws ShapeError E011
Shape broadcast_shape(std::span<const Meta> in);

/// A sum or a maximum over the middle of a floating (outer, size, inner) block: what CpuRow::reduces_block
/// says.
struct BlockReduction {
  kernels::Reduction op = kernels::Reduction::sum;
  std::int64_t outer = 1, size = 1, inner = 1;
  bool operator==(const BlockReduction&) const = default;
};

}  // namespace chainrule
