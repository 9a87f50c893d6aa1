// What needs libraries or a system that a browser's build does not have: says so.
#include "absent.h"

#include <hwy/highway.h>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"
#include "data/outline.h"
#include "data/picture.h"
#include "fetch.h"
#include "io/npz_heads.h"
#include "kernels/simd/fma_peak.h"

namespace chainrule {

void web::absent(std::string_view what) {
  throw ValueError(620, cat("[web] ", what,
                            " is not read in a browser: the library is built without what reads it. "
                            "Give the numbers as .csv, or use the tool chainrule."));
}

namespace kernels {
double measured_fma_peak(int) { return 0; }  // of a report that no page asks for
}  // namespace kernels

namespace data {
Picture decode_png(const std::string&, std::span<const std::uint8_t>) { web::absent("PNG"); }
Picture decode_jpeg(const std::string&, std::span<const std::uint8_t>) { web::absent("JPEG"); }
}  // namespace data

namespace io {
NamedTensors read_npz(const std::string&) { web::absent(".npz"); }
std::vector<NpzHead> npz_heads(const std::string&) { web::absent(".npz"); }
Tensor read_npz_array(const std::string&, std::size_t) { web::absent(".npz"); }
}  // namespace io

namespace cli {
// Nothing is fetched: what the library draws itself is there.
data::Dataset load_set(const std::string& name, const data::LoadOptions& options) {
  return data::load(name, options);
}
data::SetOnDisk open_set(const std::string& name, const data::LoadOptions& options, bool is_outline) {
  return (is_outline ? data::outline_set : data::open_set)(name, options);
}
}  // namespace cli

}  // namespace chainrule

// Highway's choice among instruction sets: here there is one.
namespace hwy {
std::int64_t SupportedTargets() { return HWY_STATIC_TARGET; }
void SetSupportedTargetsForTest(std::int64_t) {}
ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}
}  // namespace hwy
