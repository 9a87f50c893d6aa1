// What is written, checked by the format's own library.
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include "chainrule/error.h"
#include "core/text.h"
#include "onnx/model.h"

namespace chainrule::onnx {

std::string model_bytes(const Model& model) {
  const std::string bytes = unchecked_bytes(model);
  ::onnx::ModelProto proto;
  try {
    if (!proto.ParseFromString(bytes)) throw std::runtime_error("no protocol buffer");
    ::onnx::checker::check_model(proto);
    ::onnx::shape_inference::InferShapes(proto, ::onnx::OpSchemaRegistry::Instance(), {true, 1, true});
  } catch (const std::exception& error) {
    throw ValueError(521,
                     cat("[export_onnx] the format's own checker refuses what was written: ", error.what(),
                         "\nThis is a mistake of the library's, or of the operation's. Please report it."));
  }
  return bytes;
}

}  // namespace chainrule::onnx
