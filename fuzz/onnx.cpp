// Damaged and hostile ONNX files, by libFuzzer:  fuzz_onnx FOLDER_OF_MODELS -max_total_time=60
//
// Built with clang and -DCHAINRULE_FUZZERS=ON. Nothing may happen but an Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "chainrule/error.h"
#include "chainrule/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chainrule;
  constexpr std::int64_t kMost = 4096;  // numbers of an input or an output that is computed
  try {
    const nn::OnnxNet net = load_onnx_bytes({reinterpret_cast<const char*>(data), size});
    const std::vector<Tensor> inputs = net.example_inputs();
    for (const Tensor& x : inputs) {
      if (x.numel() > kMost) return 0;
    }
    const nn::Ports outputs = net.predict_all(nn::Inputs(inputs));
    for (const Tensor& y : outputs.all()) {
      if (y.numel() <= kMost) evaluate({y});
    }
  } catch (const Error&) {
  }
  return 0;
}
