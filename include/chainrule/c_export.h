#pragma once

#include <cstdint>
#include <string>

#include "chainrule/nn.h"
#include "chainrule/nn/model.h"

// Nets as C: two files in C99 that need nothing but a compiler and a few functions of <math.h>, for programs
// and devices where no library is. What they hold, and how exact it is: docs/c_export.md.
//
//     export_c("lenet", net, mnist.test.take({0, 3})[0]);        // writes lenet.h and lenet.c
//
//     static float workspace[LENET_WORKSPACE_BYTES / sizeof(float)];      /* the program in C */
//     lenet_predict(image, scores, workspace);
namespace chainrule {

struct CExportOptions {
  /// Weights of affine layers, convolutions and embeddings as whole numbers of 8 bits, a scale for each
  /// output.
  bool int8 = false;
  /// So many of the last affine layers can be trained on by the C program: NAME_train_step.
  std::int64_t train_last = 0;
  /// What that minimises: "softmax_cross_entropy" or "mse".
  std::string loss = "softmax_cross_entropy";
};

/// The two files, and what they take.
struct CSource {
  std::string header, source;
  std::int64_t weight_bytes = 0, workspace_bytes = 0, state_bytes = 0;
  /// With int8: the largest distance of an output from the net's on the examples; without it 0.
  double int8_error = 0;
};

/// A net as C, for one row at a time.
/// @param name      of the functions: a name in C.
/// @param examples  rows that it takes: their shape and dtype are those of the C function's input, and the
/// first
///                  four are kept in the file with what the net says of them, for NAME_self_test.
/// @throws ValueError  if operations have no form in C: lists all of them (E570); for a name that is none in
/// C
///     (E571), or layers that cannot be trained (E572).
CSource c_source(const std::string& name, const nn::Layer& net, const nn::Inputs& examples,
                 const CExportOptions& options = {});
/// The same with what goes before and after the net, and the names of classes.
CSource c_source(const std::string& name, const Model& model, const Tensor& examples,
                 const CExportOptions& options = {});

/// Writes PATH.h and PATH.c; the functions' name is that of the file.
/// @throws FileError  if they cannot be written (E083).
CSource export_c(const std::string& path, const nn::Layer& net, const nn::Inputs& examples,
                 const CExportOptions& options = {});
CSource export_c(const std::string& path, const Model& model, const Tensor& examples,
                 const CExportOptions& options = {});

}  // namespace chainrule
