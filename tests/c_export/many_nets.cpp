#include "c_export/many_nets.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <sstream>

namespace chainrule::c_export {
namespace {

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names(1);
  for (const char c : list) {
    if (c == ',') {
      names.emplace_back();
    } else if (c != ' ' && c != '?') {
      names.back() += c;
    }
  }
  return names;
}

std::string without_include(const std::string& source) { return source.substr(source.find('\n') + 1); }

}  // namespace

std::string name_of(std::size_t number) { return "net" + std::to_string(number); }

Net make_net(std::size_t number, const std::string& what, const nn::Layer& layer,
             const std::vector<Tensor>& examples, const CExportOptions& options) {
  const nn::Inputs inputs(examples);
  Net net{what, c_source(name_of(number), layer, inputs, options), {}, {}, {}};
  const std::vector<std::string> in = names_in(layer.input_names()), out = names_in(layer.output_names());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (!examples[i].is_empty()) net.inputs.push_back(in[i]);
  }
  const bool has_rows = net.source.source.find("_example_" + net.inputs[0] + "2") != std::string::npos;
  const std::int64_t rows = has_rows ? std::min<std::int64_t>(4, examples[0].size(0)) : 1;
  for (std::int64_t i = 0; i < rows; ++i) {
    std::vector<Tensor> row;
    for (const Tensor& one : examples)
      row.push_back(has_rows && !one.is_empty() ? slice(one, 0, i, i + 1) : one);
    const nn::Ports said = layer.predict_all(nn::Inputs(row));
    net.expected.emplace_back();
    for (std::size_t port = 0; port < said.size(); ++port) {
      if (said[port].is_empty()) continue;
      net.expected.back().push_back(said[port]);
      if (i > 0) continue;
      const bool is_taken = std::find(in.begin(), in.end(), out[port]) != in.end();
      net.outputs.push_back(out[port] + (is_taken ? "_out" : ""));
    }
  }
  return net;
}

std::string program_of(const std::vector<Net>& nets, const std::string& before) {
  std::ostringstream text;
  text << before << "\n#include <stdio.h>\n";
  for (const Net& net : nets) text << net.source.header << without_include(net.source.source);
  text << R"(
static void print(int net, int example, int port, const float *y, long count)
{
  long i;
  union { float f; uint32_t u; } bits;
  printf("output %d %d %d", net, example, port);
  for (i = 0; i < count; ++i) {
    bits.f = y[i];
    printf(" %lx", (unsigned long)bits.u);
  }
  puts("");
}

int main(void)
{
)";
  for (std::size_t n = 0; n < nets.size(); ++n) {
    const std::string name = name_of(n);
    text << "  {\n    static float workspace[" << nets[n].source.workspace_bytes / 4 << "];\n";
    for (std::size_t port = 0; port < nets[n].outputs.size(); ++port) {
      text << "    static float out" << port << "[" << nets[n].expected[0][port].numel() + 1 << "];\n";
    }
    text << "    printf(\"self %d %d\\n\", " << n << ", " << name << "_self_test(workspace));\n";
    for (std::size_t i = 0; i < nets[n].expected.size(); ++i) {
      text << "    " << name << "_predict(";
      for (const std::string& input : nets[n].inputs) text << name << "_example_" << input << i + 1 << ", ";
      for (std::size_t port = 0; port < nets[n].outputs.size(); ++port) text << "out" << port << ", ";
      text << "workspace);\n";
      for (std::size_t port = 0; port < nets[n].outputs.size(); ++port) {
        text << "    print(" << n << ", " << i << ", " << port << ", out" << port << ", "
             << nets[n].expected[0][port].numel() << ");\n";
      }
    }
    text << "  }\n";
  }
  text << "  return 0;\n}\n";
  return text.str();
}

std::vector<Said> read_output(const std::string& output, const std::vector<Net>& nets) {
  std::vector<Said> said(nets.size());
  for (std::size_t n = 0; n < nets.size(); ++n) {
    said[n].outputs.resize(nets[n].expected.size(), std::vector<std::vector<float>>(nets[n].outputs.size()));
  }
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    std::size_t net = 0, example = 0, port = 0;
    words >> kind >> net;
    if (kind == "self") {
      words >> said.at(net).self_test;
    } else if (kind == "output") {
      words >> example >> port >> std::hex;
      for (std::uint32_t bits = 0; words >> bits;) {
        said.at(net).outputs.at(example).at(port).push_back(std::bit_cast<float>(bits));
      }
    }
  }
  return said;
}

double distance(const Net& net, const Said& said) {
  double largest = 0;
  for (std::size_t i = 0; i < net.expected.size(); ++i) {
    for (std::size_t port = 0; port < net.outputs.size(); ++port) {
      const std::vector<float> expected = net.expected[i][port].to_vector<float>();
      const std::vector<float>& got = said.outputs[i][port];
      if (got.size() != expected.size()) return std::nan("");
      for (std::size_t j = 0; j < got.size(); ++j) {
        const double apart = std::abs(static_cast<double>(got[j]) - static_cast<double>(expected[j]));
        const double share = apart / std::max(1.0, std::abs(static_cast<double>(expected[j])));
        if (!(share <= largest)) largest = share;
      }
    }
  }
  return largest;
}

}  // namespace chainrule::c_export
