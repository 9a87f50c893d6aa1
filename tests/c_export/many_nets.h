#pragma once

#include <string>
#include <vector>

#include "chainrule/c_export.h"
#include "chainrule/ops.h"

namespace chainrule::c_export {

/// A net in a program of several, and what the library says of its examples.
struct Net {
  std::string what;  // for messages
  CSource source;
  std::vector<std::vector<Tensor>> expected;  // of each example, its outputs
  std::vector<std::string> outputs;           // their names in C
  std::vector<std::string> inputs;
};
/// The net's name in C.
std::string name_of(std::size_t number);

/// A net for the program, as number `number`.
/// @throws ValueError E570, as c_source.
Net make_net(std::size_t number, const std::string& what, const nn::Layer& layer,
             const std::vector<Tensor>& examples, const CExportOptions& options = {});

/// One C file with all of them, which prints what its self tests say, and every output's bits.
/// @param before  lines at its beginning.
std::string program_of(const std::vector<Net>& nets, const std::string& before = "");

/// What the program printed of a net.
struct Said {
  int self_test = -1;
  std::vector<std::vector<std::vector<float>>> outputs;  // by example and output
};
std::vector<Said> read_output(const std::string& output, const std::vector<Net>& nets);

/// The largest distance between what C and the library say, of the larger of 1 and the library's number; NaN
/// where one is none.
double distance(const Net& net, const Said& said);

}  // namespace chainrule::c_export
