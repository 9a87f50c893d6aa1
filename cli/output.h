#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace chainrule::cli {

/// Makes writing to a closed pipe, or beyond a limit, an error instead of the end of the program, and keeps
/// files that are opened later from taking the number of a standard stream that came closed.
void prepare_streams();

/// Writes and flushes. A failure on stdout is remembered; the rest is dropped then.
void write_text(std::FILE* stream, std::string_view text);

/// The errno of the first failure on stdout, or 0.
int stdout_error();

/// Like write_text(stderr, "chainrule: <message>\n"), with colours on a terminal.
void complain(std::string_view message);
/// @throws ValueError  if a file to be written is one that is read (E399).
void keep_input(const std::string& out, const std::string& input);

/// From now on complaints are dropped, or not any more: of several ranks one speaks for all.
void silence(bool is_silent);
/// The same with "warning: " in front.
void warn(std::string_view message);

}  // namespace chainrule::cli
