#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What a lesson prints, held to what its source says.
namespace gallery {

/// The text of `count` numbers that follow a label in what was printed, the label's first place. A label
/// "two apples > tax" is "tax" behind "two apples".
/// @throws std::runtime_error  if it is not there, or has not as many.
std::vector<std::string> numbers_after(std::string_view output, std::string_view label,
                                       std::size_t count = 1);

/// Each line of a table,  label | numbers | source,  that does not hold, as a sentence. A number holds if
/// what was printed rounds to its digits: 2.05 stands for 2.045 to 2.055, 220 for 219.5 to 220.5. ">= 0.99"
/// and "<= 0.02" are bounds.
/// @throws std::runtime_error  for a line that is not such a line, or a table without any.
std::vector<std::string> wrong_numbers(std::string_view table, std::string_view output);

}  // namespace gallery
