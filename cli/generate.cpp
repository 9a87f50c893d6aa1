// chainrule generate: lets a net that learnt a text write on.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "commands.h"
#include "exit_code.h"
#include "json_text.h"
#include "options.h"
#include "output.h"
#include "trained.h"

namespace chainrule::cli {
namespace {

struct GenerateOptions {
  std::string model, prompt;
  std::int64_t length = 500, samples = 1, top_k = 0, threads = 0;
  double temperature = 0.8;
  std::uint64_t seed = 1;
  bool json = false;
};

bool knows(const data::Alphabet& alphabet, const std::string& character) {
  const std::vector<std::string>& known = alphabet.symbols();
  return std::find(known.begin(), known.end(), character) != known.end();
}

/// @throws ValueError  for a character that the net has not learnt (E633).
std::vector<std::int64_t> numbers_of(const std::string& prompt, const data::Alphabet& alphabet) {
  for (std::size_t at = 0, end = 0; at < prompt.size(); at = end) {
    for (end = at + 1; end < prompt.size() && (prompt[end] & '\xC0') == '\x80';) ++end;
    const std::string character = prompt.substr(at, end - at);
    if (knows(alphabet, character)) continue;
    throw ValueError(633,
                     fmt::format("[generate] --prompt has the character '{}', which does not come in the "
                                 "text that the net learnt. Leave it out.",
                                 character));
  }
  return alphabet.encode(prompt);
}

int run(const GenerateOptions& options) {
  use_threads(options.threads);
  const Trained trained = load_trained(options.model);
  if (trained.experiment.data.name.empty() || kind_of(trained.experiment.data.name) != DataKind::text) {
    throw ValueError(349, fmt::format("[generate] {} did not learn a text: it has no alphabet. Give a run of "
                                      "chainrule train on a .txt file.",
                                      trained.path));
  }
  const data::Alphabet alphabet(trained.model.options.classes);
  const bool lines = trained.experiment.data.text.lines;
  // Where nothing is given, as after a line end; a text without one has its first symbol.
  const std::string begin = knows(alphabet, "\n") ? "\n" : alphabet.symbols().at(0);
  const std::string prompt = lines || options.prompt.empty() ? begin + options.prompt : options.prompt;
  const std::vector<std::int64_t> ids = numbers_of(prompt, alphabet);
  const std::int64_t stop = lines ? alphabet.encode("\n")[0] : -1;
  nlohmann::ordered_json texts = nlohmann::ordered_json::array();
  for (std::int64_t i = 0; i < options.samples; ++i) {
    const std::vector<std::int64_t> more = nn::generate(*trained.model.net, ids, options.length,
                                                        {.temperature = options.temperature,
                                                         .top_k = options.top_k,
                                                         .seed = options.seed + static_cast<std::uint64_t>(i),
                                                         .stop = stop});
    std::string text = options.prompt + alphabet.decode(more);
    if (options.json) {
      texts.push_back(text);
      continue;
    }
    if (text.empty() || text.back() != '\n') text += "\n";
    write_text(stdout, text);
  }
  if (options.json) {
    write_text(stdout, json_text(nlohmann::ordered_json{{"model", options.model},
                                                        {"prompt", options.prompt},
                                                        {"length", options.length},
                                                        {"temperature", options.temperature},
                                                        {"top_k", options.top_k},
                                                        {"seed", options.seed},
                                                        {"texts", std::move(texts)}}));
  }
  return kDone;
}

}  // namespace

Command add_generate(CLI::App& app) {
  const auto options = std::make_shared<GenerateOptions>();
  CLI::App& generate = *app.add_subcommand("generate", "Let a net that learnt a text write on");
  generate.add_option("MODEL", options->model, "a run's folder, or a model file")->required()->type_name("");
  generate.add_option("--prompt", options->prompt, "what to go on from (a new line)")->type_name("TEXT");
  add_integer(generate, "--length", options->length, 1, 10'000'000, "characters to write, at most");
  add_integer(generate, "--samples", options->samples, 1, 1'000'000,
              "so many texts, each from the next seed");
  add_number(generate, "--temperature", options->temperature, 0, 100,
             "below 1 safer, above bolder; 0: always the most probable");
  add_integer(generate, "--top-k", options->top_k, 0, 1'000'000,
              "only so many most probable characters; 0: all");
  add_seed(generate, options->seed, "of what is drawn");
  generate.add_flag("--json", options->json, "print one JSON document, with the texts as a list");
  add_threads(generate, options->threads);
  generate.footer(
      "Examples:\n"
      "  chainrule init play.toml --data shakespeare.txt\n"
      "  chainrule train play.toml --out play1\n"
      "  chainrule generate play1 --prompt 'ROMEO:' --length 300");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
