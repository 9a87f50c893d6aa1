// chainrule plot: pictures of a run or a model.
#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "color.h"
#include "commands.h"
#include "exit_code.h"
#include "json_text.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "run_to_plot.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

struct PlotOptions {
  std::string run, out, data, data_dir, format = "svg";
  std::vector<std::string> plots;
  std::int64_t threads = 0;
  bool terminal = false, report = false, json = false;
};

bool is_picture(const std::string& path) { return path.ends_with(".svg") || path.ends_with(".png"); }

/// What the terminal is like: its width from 60 to 120, 80 if there is none.
plot::TextOptions terminal_options() {
  plot::TextOptions options;
  winsize size{};
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    options.columns = std::clamp<int>(size.ws_col, 60, 120);
  }
  std::setlocale(LC_CTYPE, "");
  options.unicode = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  options.color = has_color(stdout);
  return options;
}

int draw_in_terminal(const std::string& run) {
  const plot::Drawn drawn = plot::Curves().draw({.history = history_of(run)});
  if (!drawn.missing.empty()) load_run(run, "", "");  // which says it if there is no run
  if (!drawn.missing.empty()) {
    throw ValueError(374, fmt::format("[plot] curves cannot be drawn of {}: {}. Give the folder of a run.",
                                      run, drawn.missing));
  }
  const plot::TextOptions options = terminal_options();
  std::string all;
  for (const plot::Figure& figure : drawn.figures)
    all += (all.empty() ? "" : "\n") + plot::text(figure, options);
  write_text(stdout, all);
  return kDone;
}

/// A plot with its figures.
struct Named {
  std::string name;
  std::vector<plot::Figure> figures;
};

/// Those that were asked for, or all that the run has what is needed for.
std::vector<Named> draw(const RunToPlot& run, const std::vector<std::string>& asked) {
  std::vector<Named> made;
  std::vector<Shared<plot::Plot>> plots;
  for (const std::string& text : asked)
    plots.push_back(config::make<plot::Plot>(config::parse_text(text, "--plot")));
  if (asked.empty()) plots = all_plots();
  for (const Shared<plot::Plot>& plot : plots) {
    plot::Drawn drawn = plot->draw(run.subject);
    const std::string name(plot->info().name);
    if (drawn.missing.empty()) {
      made.push_back({name, std::move(drawn.figures)});
    } else if (!asked.empty()) {
      throw ValueError(
          374, fmt::format("[plot] {} cannot be drawn of {}: {}. Without --plot all that can be is.", name,
                           run.name, drawn.missing));
    }
  }
  if (made.empty())
    throw ValueError(375, fmt::format("[plot] nothing can be drawn of {}: it has neither reports nor a net "
                                      "with parameters. Train one first.",
                                      run.name));
  return made;
}

/// A file that was written, and the plots in it.
struct Written {
  std::string path;
  std::vector<std::string> plots;
};

std::vector<Written> save_in_one(const RunToPlot& run, const std::vector<Named>& plots,
                                 const std::string& path) {
  std::vector<plot::Figure> all;
  Written written{path, {}};
  for (const Named& one : plots) {
    all.insert(all.end(), one.figures.begin(), one.figures.end());
    written.plots.push_back(one.name);
  }
  plot::save(path, all, run.name);
  return {written};
}

/// A file a plot.
std::vector<Written> save_in_folder(const RunToPlot& run, const std::vector<Named>& plots,
                                    const std::string& folder, const std::string& format) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError(83, fmt::format("[write] {}: {}. Check that the folder can be written to and has room.",
                                    folder, error.message()));
  }
  std::vector<Written> files;
  std::map<std::string, int> seen;
  for (const Named& one : plots) {
    const int before = seen[one.name]++;  // the same plot with other settings
    const std::string number = before > 0 ? std::to_string(before + 1) : "";
    const std::string path = fmt::format("{}/{}{}.{}", folder, one.name, number, format);
    plot::save(path, one.figures, fmt::format("{}: {}", run.name, one.name));
    files.push_back({path, {one.name}});
  }
  return files;
}

std::string text_of(const std::vector<Written>& files, bool is_json) {
  std::string text;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Written& file : files) {
    text += file.path + "\n";
    list.push_back({{"path", file.path}, {"plots", file.plots}});
  }
  return is_json ? json_text(std::move(list)) : text;
}

/// A folder may have any name, but "curves.gif" is a picture that cannot be written.
void refuse_ending(const std::string& out) {
  constexpr std::string_view kOthers[] = {".gif", ".jpg", ".jpeg", ".pdf", ".eps", ".webp", ".bmp"};
  const std::string ending = fs::path(out).extension().string();
  if (std::find(std::begin(kOthers), std::end(kOthers), ending) == std::end(kOthers)) return;
  throw ValueError(380, fmt::format("[write] {}: the ending {} says nothing of how to write it. Take .svg or "
                                    ".png, or name a folder.",
                                    out, ending));
}

int run(const PlotOptions& options) {
  if (!options.report) refuse_ending(options.out);
  use_threads(options.threads);
  if (options.terminal) return draw_in_terminal(options.run);
  const RunToPlot run = load_run(options.run, options.data, options.data_dir);
  if (!run.trouble.empty()) complain(fmt::format("plotting without the data: {}", run.trouble));
  const std::string beside = run.folder.empty() ? "" : run.folder + "/";
  if (options.report) {
    const std::string path = options.out.empty() ? fmt::format("{}{}", beside, kReportFile) : options.out;
    write_report(run, path);
    write_text(stdout, text_of({{path, {"report"}}}, options.json));
    return kDone;
  }
  const std::vector<Named> plots = draw(run, options.plots);
  const std::string out = options.out.empty() ? beside + "plots" : options.out;
  const std::vector<Written> files =
      is_picture(out) ? save_in_one(run, plots, out) : save_in_folder(run, plots, out, options.format);
  write_text(stdout, text_of(files, options.json));
  return kDone;
}

/// The names of all plots, in lines that fit a terminal.
std::string names_of_plots() {
  std::string text;
  std::size_t length = 0;  // of the last line
  for (const std::string& name : registry<plot::Plot>().names()) {
    const bool fits = length + name.size() < 50;
    text += text.empty() ? "" : fits ? ", " : ",\n";
    length = fits ? length + name.size() + 2 : name.size();
    text += name;
  }
  return text;
}

}  // namespace

Command add_plot(CLI::App& app) {
  const auto options = std::make_shared<PlotOptions>();
  CLI::App& plot = *app.add_subcommand("plot", "Draw curves, confusions, filters, ... of a run");
  plot.add_option("MODEL", options->run, "a run's folder, or a model file")->required()->type_name("");
  CLI::Option* named = plot.add_option("--plot", options->plots,
                                       "only these, with their settings: 'mistakes(count=10)'\n(all that the "
                                       "run has what is needed for). There are:\n" +
                                           names_of_plots());
  named->type_name("PLOT")->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
  CLI::Option* out =
      plot.add_option("--out", options->out,
                      "folder for a file a plot, or one file that ends in .svg\nor .png (MODEL/plots)");
  out->type_name("PATH");
  plot.add_option("--format", options->format,
                  "of the files in a folder; svg, or png, which needs\nthe program rsvg-convert")
      ->check(CLI::IsMember({"svg", "png"}))
      ->capture_default_str()
      ->type_name("FORMAT");
  CLI::Option* report =
      plot.add_flag("--report", options->report,
                    "write one page with all of it: MODEL/report.html, as\ntrain does at its end");
  CLI::Option* json =
      plot.add_flag("--json", options->json, "print the files that it writes as one JSON document");
  plot.add_flag("--terminal", options->terminal, "draw the curves here, as text")
      ->excludes(named)
      ->excludes(json)
      ->excludes(out)
      ->excludes(report);
  report->excludes(named);
  plot.add_option("--data", options->data,
                  "other data to show the net on: the test part of a set,\nall rows of a file (the test part "
                  "of what the run\nlearnt from)")
      ->type_name("SET");
  plot.add_option("--data-dir", options->data_dir, "where to look first for a named set's files")
      ->type_name("DIR");
  add_threads(plot, options->threads);
  plot.footer(
      "Prints the names of the files that it writes. chainrule list plots says what each\n"
      "plot shows; of a run that still trains there are the curves.\n\n"
      "Examples:\n"
      "  chainrule plot run1\n"
      "  chainrule plot run1 --terminal\n"
      "  chainrule plot run1 --plot confusion --out confusion.png\n"
      "  chainrule plot run1 --plot 'features(row=3)' --out third.svg");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
