#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gallery/lessons.h"

/// Pages, from a text with marks:
///
///     {{program}}  {{program: text}}       the program, or its paragraph with this text
///     {{output}}   {{output: text}}        what it printed, the same
///     {{picture: name | what it shows}}    a picture it drew
///     {{number: label}}                    the number behind this label in what it printed
///     {{lesson: 05_line}}                  a link with the page's title
///     {{docs: training.md | words}}        a link to a page of docs/
///     {{step: z = w*x @ w=2,x=3 | words}}  a link to the explain page, with this expression and values
///     {{contents}}  {{contents: 01}}       links to all lessons, or those whose names begin with 0 or 1
namespace gallery {

/// What marks stand for.
struct Material {
  std::string program, output;
  std::vector<std::string> pictures;  ///< names, without .svg
};

/// The page of a lesson.
/// @param text      what NAME.en.md or NAME.zh.md holds.
/// @param language  of kLanguages.
/// @throws std::runtime_error  for a mark that is not known or stands for nothing, and a picture that is not
/// shown.
std::string page_of(const Lesson& lesson, std::span<const Lesson> all, std::string_view text,
                    std::size_t language, const Material& material);

/// A page without its times, the rest of a line behind "took": they differ from run to run.
std::string timeless(std::string_view page);

/// What both languages of a page must have in common: its headings, blocks and tables in order, then its
/// marks without the captions, sorted.
std::string outline_of(std::string_view text);

}  // namespace gallery
