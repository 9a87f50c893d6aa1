#include "gallery/pages.h"

#include <algorithm>
#include <stdexcept>

#include "gallery/numbers.h"

namespace gallery {
namespace {

/// A mark of a text: {{word: argument | caption}}.
struct Mark {
  std::size_t begin = 0, end = 0;
  std::string word, argument, caption;
};

std::vector<Mark> marks_of(std::string_view text) {
  std::vector<Mark> marks;
  for (std::size_t begin = 0; (begin = text.find("{{", begin)) != std::string_view::npos;) {
    const std::size_t end = text.find("}}", begin);
    if (end == std::string_view::npos) throw std::runtime_error("a mark has no end: }}");
    const std::string_view inside = text.substr(begin + 2, end - begin - 2);
    const std::size_t colon = std::min(inside.find(':'), inside.size());
    Mark mark{begin, end + 2, std::string(trimmed(inside.substr(0, colon))), "", ""};
    const std::string_view rest = inside.substr(std::min(colon + 1, inside.size()));
    const std::size_t bar = mark.word == "picture" || mark.word == "docs" || mark.word == "step"
                                ? std::min(rest.find('|'), rest.size())
                                : rest.size();
    mark.argument = trimmed(rest.substr(0, bar));
    mark.caption = trimmed(rest.substr(std::min(bar + 1, rest.size())));
    marks.push_back(mark);
    begin = end + 2;
  }
  return marks;
}

/// Lines moved to the left, as far as all can be; without the end of the function that they are in.
std::string without_indent(std::string_view text) {
  std::vector<std::string> lines = lines_of(text);
  if (lines.front().starts_with(' ') && lines.back() == "}") lines.pop_back();
  std::size_t indent = std::string::npos;
  for (const std::string& line : lines) indent = std::min(indent, line.find_first_not_of(' '));
  std::string made;
  for (const std::string& line : lines) made += (made.empty() ? "" : "\n") + line.substr(indent);
  return made;
}

/// The lines around this text, as far as the next empty ones; all, for none.
std::string paragraph(std::string_view all, const Mark& mark) {
  if (mark.argument.empty()) return std::string(trimmed(all));
  const std::size_t at = all.find(mark.argument);
  if (at == std::string_view::npos) {
    throw std::runtime_error("the " + mark.word + " has no \"" + mark.argument + "\"");
  }
  const std::size_t before = all.rfind("\n\n", at), after = all.find("\n\n", at);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 2;
  const std::string_view found =
      all.substr(begin, after == std::string_view::npos ? all.size() - begin : after - begin);
  return without_indent(found.substr(0, found.find_last_not_of('\n') + 1));
}

std::string block(std::string_view kind, const std::string& text) {
  return "```" + std::string(kind) + "\n" + text + "\n```";
}

std::string link(const Lesson& to, std::size_t language) {
  return "[" + to.heading(language) + "](" + to.name + ".md)";
}

const Lesson& lesson_named(std::span<const Lesson> all, const std::string& name) {
  for (const Lesson& lesson : all) {
    if (lesson.name == name) return lesson;
  }
  throw std::runtime_error("there is no lesson \"" + name + "\"");
}

/// @param digits  that names begin with; none: all.
std::string contents(std::span<const Lesson> all, const std::string& digits, std::size_t language) {
  std::string made;
  for (const Lesson& lesson : all) {
    const bool is_meant = digits.empty() || digits.find(lesson.name[0]) != std::string::npos;
    if (lesson.has_program() && is_meant) made += "- " + link(lesson, language) + "\n";
  }
  return std::string(trimmed(made));
}

/// Letters that an address may have, for any bytes: the page's own decode() reads them.
std::string in_address(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string made;
  unsigned bits = 0, count = 0;  // of those that wait
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte), count += 8;
    for (; count >= 6; count -= 6) made += kDigits[bits >> (count - 6) & 63];
  }
  if (count > 0) made += kDigits[bits << (6 - count) & 63];
  return made;
}

/// The page that `./chainrule web` builds, with an expression to step through.
std::string step_link(const Mark& mark, std::string_view root) {
  const std::size_t at = mark.argument.find('@');
  if (at == std::string::npos || mark.caption.empty()) {
    throw std::runtime_error("a step has this form: {{step: x*y @ x=2,y=3 | words}}");
  }
  const std::string text(trimmed(mark.argument.substr(0, at))), values(trimmed(mark.argument.substr(at + 1)));
  const std::string asked = "{\"text\":\"" + text + "\",\"at\":\"" + values + "\"}";
  return "[" + mark.caption + "](" + std::string(root) +
         "build/web/site/index.html#explain=" + in_address(asked) + ")";
}

/// Under a page: back and forth, and where its program is.
std::string footer(const Lesson& lesson, std::span<const Lesson> all, std::size_t language) {
  const Language& words = kLanguages[language];
  const std::string other = (language == 0 ? "zh/" : "../") + lesson.name + ".md";
  const std::string to_other = "[" + std::string(words.other) + "](" + other + ")";
  if (!lesson.has_program()) {
    if (lesson.name == "README") return to_other + "\n";
    return "[" + std::string(words.contents) + "](README.md) · " + to_other + "\n";
  }
  std::vector<Lesson> programs(all.begin(), all.end());
  std::erase_if(programs, [](const Lesson& one) { return !one.has_program(); });
  const auto at = std::find_if(programs.begin(), programs.end(),
                               [&](const Lesson& one) { return one.name == lesson.name; });
  const std::string file = "examples/learn/" + lesson.name + ".cpp";
  std::string made(words.whole_program);
  made += "[" + file + "](" + std::string(words.root) + file + ")" + std::string(words.run);
  made += "`./chainrule lesson " + lesson.name + "`\n\n";
  if (at != programs.begin()) made += "← " + link(at[-1], language) + " · ";
  made += "[" + std::string(words.contents) + "](README.md) · " + to_other;
  if (at + 1 != programs.end()) made += " · " + link(at[1], language) + " →";
  return made + "\n";
}

std::string meaning(const Mark& mark, const Lesson& lesson, std::span<const Lesson> all, std::size_t language,
                    const Material& material) {
  if (mark.word == "program") return block("cpp", paragraph(material.program, mark));
  if (mark.word == "output") return block("text", paragraph(material.output, mark));
  if (mark.word == "number") return numbers_after(material.output, mark.argument)[0];
  if (mark.word == "contents") return contents(all, mark.argument, language);
  if (mark.word == "lesson") {
    return link(lesson_named(all, mark.argument), language);
  }
  if (mark.word == "docs") {
    const std::string& words = mark.caption.empty() ? mark.argument : mark.caption;
    return "[" + words + "](" + (language == 0 ? "../" : "../../") + mark.argument + ")";
  }
  if (mark.word == "step") return step_link(mark, kLanguages[language].root);
  if (mark.word != "picture") throw std::runtime_error("no mark is called \"" + mark.word + "\"");
  if (std::find(material.pictures.begin(), material.pictures.end(), mark.argument) ==
      material.pictures.end()) {
    throw std::runtime_error("the program draws no \"" + mark.argument + "\"");
  }
  if (mark.caption.empty()) throw std::runtime_error("\"" + mark.argument + "\" has no caption");
  return "![" + mark.caption + "](pictures/" + lesson.name + "_" + mark.argument + ".svg)";
}

}  // namespace

std::string page_of(const Lesson& lesson, std::span<const Lesson> all, std::string_view text,
                    std::size_t language, const Material& material) {
  std::string made = "<!-- Written by `make gallery` from examples/learn/" + lesson.name +
                     ".*; do not edit. -->\n\n# " + lesson.heading(language) + "\n\n";
  std::size_t done = 0;
  std::vector<std::string> hidden = material.pictures;
  for (const Mark& mark : marks_of(text)) {
    made += text.substr(done, mark.begin - done);
    made += meaning(mark, lesson, all, language, material);
    done = mark.end;
    if (mark.word == "picture") std::erase(hidden, mark.argument);
  }
  if (!hidden.empty()) throw std::runtime_error("the picture \"" + hidden[0] + "\" is not shown");
  made += text.substr(done);
  return std::string(trimmed(made)) + "\n\n---\n\n" + footer(lesson, all, language);
}

std::string timeless(std::string_view page) {
  std::string made;
  for (const std::string& line : lines_of(page)) {
    const std::size_t at = line.find(" took ");
    made += line.substr(0, at) + (at == std::string::npos ? "\n" : " took\n");
  }
  return made;
}

std::string outline_of(std::string_view text) {
  std::string made;
  bool in_block = false;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("```")) in_block = !in_block, made += line + "\n";
    if (in_block) continue;
    if (line.starts_with("#")) made += line.substr(0, line.find(' ')) + "\n";
    if (line.starts_with("|")) made += "row\n";
  }
  std::vector<std::string> marks;
  for (const Mark& mark : marks_of(text)) marks.push_back(mark.word + ": " + mark.argument + "\n");
  std::sort(marks.begin(), marks.end());
  for (const std::string& mark : marks) made += mark;
  return made;
}

}  // namespace gallery
