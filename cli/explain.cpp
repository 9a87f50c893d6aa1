// chainrule explain: every number of a forward and a backward pass of an expression.
#include "chainrule/explain.h"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "chainrule/io.h"
#include "commands.h"
#include "exit_code.h"
#include "explain_json.h"
#include "options.h"
#include "output.h"

namespace chainrule::cli {
namespace {

struct ExplainOptions {
  std::string expression;
  std::vector<std::string> at;
  std::vector<std::string> wrt;
  std::vector<std::string> vary;
  std::int64_t order = 1;
  bool check = false;
  std::string format;
  std::string out;
  bool solve = false;
  explain::SolveOptions solving;
  bool minimize = false;
  explain::MinimizeOptions minimizing;
  std::string method = "gradient";
  std::int64_t steps = 0;  // 0: 100 for --solve, 20 for --minimize
};

constexpr std::int64_t kSolveSteps = 100;
constexpr std::int64_t kMinimizeSteps = 20;

explain::Values values(const ExplainOptions& options) {
  std::string text;
  for (const std::string& part : options.at) text += (text.empty() ? "" : ",") + part;
  return text.empty() ? explain::Values{} : explain::read_values(text);
}

/// --format, or what the name of --out says.
std::string format_of(const ExplainOptions& options) {
  if (!options.format.empty()) return options.format;
  const std::string ending = std::filesystem::path(options.out).extension().string();
  for (const char* known : {"json", "dot", "svg", "html"}) {
    if (ending == std::string(".") + known) return known;
  }
  return "text";
}

void write(const ExplainOptions& options, const std::string& text) {
  options.out.empty() ? write_text(stdout, text) : io::replace_file(options.out, text);
}

bool agrees(const explain::Derivative& derivative) {
  return derivative.relative_error <= explain::kCheckTolerance;  // false for NaN
}

int explain_graph(const ExplainOptions& options) {
  const explain::Trace trace =
      explain::trace(options.expression, values(options),
                     {.wrt = options.wrt, .hessian = options.order == 2, .check = options.check});
  const std::string format = format_of(options);
  write(options, format == "json"   ? to_json(trace)
                 : format == "dot"  ? to_dot(trace)
                 : format == "svg"  ? to_svg(trace)
                 : format == "html" ? to_html(trace)
                                    : to_text(trace));
  bool all = std::all_of(trace.gradient.begin(), trace.gradient.end(), agrees);
  for (const auto& row : trace.hessian) all = all && std::all_of(row.begin(), row.end(), agrees);
  return all ? kDone : kCheckFailed;
}

/// How an iteration ended.
std::string ending(const ExplainOptions& options, const explain::Iterations& made) {
  const std::size_t steps = made.rows.size() - 1;
  if (!options.solve) return "";
  return fmt::format("\n{} {} of {} after {} step{}.\n", made.converged ? "Within" : "NOT within",
                     options.solving.tol, options.solving.target, steps, steps == 1 ? "" : "s");
}

int iterate(ExplainOptions& options) {
  const auto steps = static_cast<int>(options.steps > 0 ? options.steps
                                      : options.solve   ? kSolveSteps
                                                        : kMinimizeSteps);
  explain::Iterations made;
  if (options.solve) {
    options.solving.max_steps = steps;
    if (!options.vary.empty()) options.solving.vary = options.vary[0];
    made = explain::solve(options.expression, values(options), options.solving);
  } else {
    options.minimizing.steps = steps;
    options.minimizing.vary = options.vary;
    if (options.method == "newton") options.minimizing.method = explain::Method::newton;
    made = explain::minimize(options.expression, values(options), options.minimizing);
  }
  write(options,
        format_of(options) == "json" ? to_json(made, options.solve) : to_text(made) + ending(options, made));
  return options.solve && !made.converged ? kFailed : kDone;
}

int run(ExplainOptions& options) {
  const std::string format = format_of(options);
  const bool iterates = options.solve || options.minimize;
  if (iterates && format != "text" && format != "json") {
    complain("--solve and --minimize print text or json. See chainrule explain --help.");
    return kUsage;
  }
  if (options.solve && options.vary.size() > 1) {
    complain("--solve varies one variable: --vary names several. See chainrule explain --help.");
    return kUsage;
  }
  try {
    return iterates ? iterate(options) : explain_graph(options);
  } catch (const explain::ExpressionError& error) {
    complain(error.what());
    return kUsage;  // a typo, as in an option
  }
}

void add_iterations(CLI::App& app, ExplainOptions& options) {
  CLI::Option* solve = add_number(app, "--solve", options.solving.target, -1e300, 1e300,
                                  "drive the value there by the variable of --vary: each step\n"
                                  "goes by (target - value) / slope");
  solve->default_str("")->each([&options](const std::string&) { options.solve = true; });
  CLI::Option* minimize =
      app.add_flag("--minimize", options.minimize, "go downhill from the point by the variables of --vary");
  minimize->excludes(solve);
  app.add_option("--vary", options.vary,
                 "variables that --solve (one) and --minimize change; all\nby default")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAMES");
  app.add_flag("--keep-slope", options.solving.keep_slope, "--solve: keep the slope of the start")
      ->needs(solve);
  add_number(app, "--tol", options.solving.tol, 0, 1e300, "--solve: how near is near enough")->needs(solve);
  add_number(app, "--lr", options.minimizing.lr, 1e-300, 1e300, "--minimize: learning rate")->needs(minimize);
  app.add_option("--method", options.method, "--minimize: gradient, or newton (slope / second derivative)")
      ->check(CLI::IsMember({"gradient", "newton"}))
      ->capture_default_str()
      ->type_name("")
      ->needs(minimize);
  add_integer(app, "--steps", options.steps, 1, 1'000'000, "how many at most (--solve: 100, --minimize: 20)");
}

std::string function_list() {
  std::string text;
  std::size_t width = 0;
  for (const std::string& name : explain::function_names()) {
    if (width + name.size() > 76) {
      text += "\n ";
      width = 0;
    }
    text += " " + name;
    width += name.size() + 1;
  }
  return text;
}

}  // namespace

Command add_explain(CLI::App& app) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App& explain =
      *app.add_subcommand("explain", "Show every number of an expression's forward and backward pass");
  explain.add_option("EXPR", options->expression, "such as '(w*2 + b) * (b + 1)'")->required()->type_name("");
  explain.add_option("--at", options->at, "the variables' values: w=3,b=4; also x=pi/2")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("VALUES");
  explain.add_option("--wrt", options->wrt, "differentiate by these only, as in w,b")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAMES");
  add_integer(explain, "--order", options->order, 1, 2, "2: second derivatives as well");
  explain.add_flag("--check", options->check, "compare the derivatives with central differences");
  explain
      .add_option("--format", options->format,
                  "text, json, dot (Graphviz), svg, or html (a page that steps\nthrough "
                  "both passes); by default what --out ends in, else text")
      ->check(CLI::IsMember({"text", "json", "dot", "svg", "html"}))
      ->type_name("");
  explain.add_option("--out", options->out, "write there instead of to stdout")->type_name("FILE");
  add_iterations(explain, *options);
  explain.footer(fmt::format(
      "EXPR: numbers, variables, + - * / ^ (right to left, before minus: -x^2 is -(x^2)), parentheses, pi, "
      "e,\n"
      "names for parts (t = w*2 + b; t*t), and these functions:\n {}\n"
      "An expression that begins with a minus is written after all options and --, or in parentheses.\n\n"
      "Exits with 2 if the expression cannot be read, with 3 if --check finds a difference above {} "
      "(relative to\n"
      "the derivative, or to (1 + |value|) / 1000 if that is larger), with 1 if --solve does not get "
      "there.\n\n"
      "Examples:\n"
      "  chainrule explain '(w*2 + b) * (b + 1)' --at w=3,b=4\n"
      "  chainrule explain '1 / (1 + exp(-x))' --at x=0.5 --order 2 --check\n"
      "  chainrule explain 'x = 2*w + b; y = b + 1; x*y' --at w=3,b=4 --out graph.html\n"
      "  chainrule explain '(2*w + b) * (b + 1)' --at w=3,b=4 --solve 60 --vary b\n"
      "  chainrule explain '(x - 1)^2 + 0.001' --at x=0.2 --minimize --lr 0.1",
      function_list(), explain::kCheckTolerance));
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
