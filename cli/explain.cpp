// chainrule explain: every number of a forward and a backward pass, of an expression or of a trained net.
#include "chainrule/explain.h"
#include "chainrule/error.h"
#include "chainrule/explain/net.h"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <memory>

#include "commands.h"
#include "exit_code.h"
#include "explain_json.h"
#include "explain_net.h"
#include "formats.h"
#include "options.h"
#include "output.h"

namespace chainrule::cli {
namespace {

struct ExplainOptions {
  std::vector<std::string> words;  // the expression or model, and what else stands alone
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
  bool json = false;
  ExplainNetOptions net;
};

constexpr std::int64_t kSolveSteps = 100;
constexpr std::int64_t kMinimizeSteps = 20;

explain::Values values(const ExplainOptions& options) {
  std::string text;
  for (const std::string& part : options.at) text += (text.empty() ? "" : ",") + part;
  return text.empty() ? explain::Values{} : explain::read_values(text);
}

bool agrees(const explain::Derivative& derivative) {
  return derivative.relative_error <= explain::kCheckTolerance;  // false for NaN
}

int explain_graph(const ExplainOptions& options) {
  const explain::Trace trace =
      explain::trace(options.expression, values(options),
                     {.wrt = options.wrt, .hessian = options.order == 2, .check = options.check});
  const std::string format = format_of(options.format, options.out, {"text", "json", "dot", "svg", "html"});
  write_result(options.out, format == "json"   ? to_json(trace)
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
  const std::string format = format_of(options.format, options.out, {"text", "json"});
  write_result(options.out,
               format == "json" ? to_json(made, options.solve) : to_text(made) + ending(options, made));
  return options.solve && !made.converged ? kFailed : kDone;
}

/// "y=2" after `--at x=1`: a value, and no expression.
bool is_value(const std::string& word) {
  try {
    explain::read_values(word);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Finds the expression among the words that stand alone; `--at x=1 y=2` leaves values there.
/// @throws ValueError  if there is another word left (E384).
void sort_words(ExplainOptions& options) {
  std::vector<std::string> rest;
  for (const std::string& word : options.words) {
    const bool is_last_chance = rest.empty() && &word == &options.words.back();
    if (options.words.size() > 1 && !options.at.empty() && !is_last_chance && is_value(word)) {
      options.at.push_back(word);
    } else {
      rest.push_back(word);
    }
  }
  options.expression = rest.front();
  if (rest.size() == 1) return;
  const bool lists = !options.wrt.empty() || !options.vary.empty();
  throw ValueError(384, fmt::format("[explain] '{}' is one argument too many{}", rest[1],
                                    lists ? ". Several names are written with commas: --wrt x,y."
                                          : ". An expression with blanks stands in quotes: 'w * 2 + b'."));
}

int run_expression(ExplainOptions& options, bool has_net_options) {
  const bool iterates = options.solve || options.minimize;
  if (has_net_options) {
    complain(fmt::format(
        "--sample, --batch, --parameter and --data explain a net; {} is no run and no model file.",
        options.expression));
    return kUsage;
  }
  if (iterates && !options.format.empty() && options.format != "text" && options.format != "json") {
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

int run(ExplainOptions& options, const CLI::App& app) {
  const auto given = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return app.count(name) > 0; });
  };
  if (options.json) options.format = "json";
  sort_words(options);
  if (!is_model(options.expression)) {
    return run_expression(options, given({"--sample", "--batch", "--parameter", "--data", "--data-dir"}));
  }
  if (given({"--at", "--wrt", "--order", "--check", "--solve", "--minimize"})) {
    complain(
        fmt::format("--at, --wrt, --order, --check, --solve and --minimize explain an expression; {} is a "
                    "net.",
                    options.expression));
    return kUsage;
  }
  if (options.format == "dot" || options.format == "svg") {
    complain(fmt::format("a net is explained as text, json or html. For a picture: chainrule graph {}",
                         options.expression));
    return kUsage;
  }
  return explain_model(options.expression, options.net,
                       format_of(options.format, options.out, {"text", "json", "html"}), options.out);
}

void add_iterations(CLI::App& app, ExplainOptions& options) {
  CLI::Option* solve = add_number(app, "--solve", options.solving.target, -1e300, 1e300,
                                  "drive the value there by the variable of --vary:\n"
                                  "each step goes by (target - value) / slope");
  solve->default_str("")->each([&options](const std::string&) { options.solve = true; });
  CLI::Option* minimize =
      app.add_flag("--minimize", options.minimize, "go downhill from the point by those of --vary");
  minimize->excludes(solve);
  app.add_option("--vary", options.vary,
                 "variables that --solve (one) and --minimize change;\nall by default")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAMES");
  app.add_flag("--keep-slope", options.solving.keep_slope, "--solve: keep the slope of the start")
      ->needs(solve);
  add_number(app, "--tol", options.solving.tol, 0, 1e300, "--solve: how near is near enough")->needs(solve);
  add_number(app, "--lr", options.minimizing.lr, 1e-300, 1e300, "--minimize: learning rate")->needs(minimize);
  app.add_option("--method", options.method, "--minimize: gradient, or newton (slope / second\nderivative)")
      ->check(CLI::IsMember({"gradient", "newton"}))
      ->capture_default_str()
      ->type_name("")
      ->needs(minimize);
  add_integer(app, "--steps", options.steps, 1, 1'000'000, "how many at most (--solve: 100, --minimize: 20)");
}

void add_net_options(CLI::App& app, ExplainNetOptions& options) {
  app.add_option("--sample", options.sample, "MODEL: a row of its test part, from 0, or some:\n0:100 (0)")
      ->type_name("N");
  app.add_flag("--batch", options.batch, "MODEL: the batch of the run's next step, as training\nruns it")
      ->excludes("--sample");
  app.add_option("--parameter", options.parameter,
                 "MODEL: one weight, its gradient and its update in\nfull: affine1.weight[3,5]")
      ->type_name("WEIGHT");
  app.add_option("--data", options.data, "MODEL: other data than the run's test part")->type_name("SET");
  app.add_option("--data-dir", options.data_dir, "MODEL: where to look first for a named set's files")
      ->type_name("DIR");
  add_threads(app, options.threads);
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
      *app.add_subcommand("explain", "Show the numbers of both passes of an expression, or of a trained net");
  explain
      .add_option("EXPR|MODEL", options->words,
                  "such as '(w*2 + b) * (b + 1)'; or a run's folder,\nor a model file")
      ->required()
      ->type_name("");
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
                  "text, json, dot (Graphviz), svg, or html (a page that\nsteps through "
                  "both passes); by default what --out\nends in, else text")
      ->check(CLI::IsMember({"text", "json", "dot", "svg", "html"}))
      ->type_name("");
  explain.add_flag("--json", options->json, "the same as --format json");
  explain.add_option("--out", options->out, "write there instead of to stdout")->type_name("FILE");
  add_net_options(explain, options->net);
  add_iterations(explain, *options);
  explain.footer(
      fmt::format("EXPR: numbers, variables, + - * / ^ (right to left, before minus: -x^2 is\n"
                  "-(x^2)), parentheses, pi, e, names for parts (t = w*2 + b; t*t), and these\n"
                  "functions:\n {}\n"
                  "An expression that begins with a minus is written after all options and --, or\n"
                  "in parentheses.\n\n"
                  "MODEL: each layer's output and the gradient that comes back, dead and saturated\n"
                  "units, each parameter's gradient; with --parameter one weight's gradient as a\n"
                  "sum over the rows, and its update in full by the optimizer of the run.\n\n"
                  "Exits with 2 if the expression cannot be read, with 3 if --check finds a\n"
                  "difference above {} (relative to the derivative, or to (1 + |value|) / 1000 if\n"
                  "that is larger), with 1 if --solve does not get there.\n\n"
                  "Examples:\n"
                  "  chainrule explain '(w*2 + b) * (b + 1)' --at w=3,b=4\n"
                  "  chainrule explain '1 / (1 + exp(-x))' --at x=0.5 --order 2 --check\n"
                  "  chainrule explain 'x = 2*w + b; y = b + 1; x*y' --at w=3,b=4 --out g.html\n"
                  "  chainrule explain '(2*w + b) * (b + 1)' --at w=3,b=4 --solve 60 --vary b\n"
                  "  chainrule explain '(x - 1)^2' --at x=0.2 --minimize --lr 0.1 --steps 20\n"
                  "  chainrule explain run1 --sample 3 --out net.html\n"
                  "  chainrule explain run1 --batch --parameter 'affine1.weight[400,3]'",
                  function_list(), explain::kCheckTolerance));
  return [options, &explain] { return run(*options, explain); };
}

}  // namespace chainrule::cli
