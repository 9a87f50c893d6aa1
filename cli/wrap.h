#pragma once

#include <string>
#include <string_view>

// Text for people, in as many columns as there are.
namespace chainrule::cli {

/// Columns that text may take: of the terminal that a file is, stdout if none is named, at most 100, which is
/// as long as lines are easy to read. A terminal that does not know its width has $COLUMNS; 80 where there is
/// none.
std::size_t columns(int file = 1);

/// Columns of the terminal that a file is; 0 where it is none.
std::size_t terminal_width(int file);

/// Words in lines, each after `indent` blanks; the first one after `first` characters that stand there
/// already. @param most  columns.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t first = 0,
                    std::size_t most = columns());

/// "name    what it is", what it is in lines below one another, or below the name where that is long.
std::string beside(std::string_view name, std::size_t width, std::string_view doc);

/// Markdown as a terminal shows it: paragraphs in lines, code as it is, after four blanks.
std::string plain_markdown(std::string_view text);

}  // namespace chainrule::cli
