#pragma once

#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

#include "chainrule/config.h"

/// The settings of a struct as a table of Markdown.
inline std::string settings_table(const chainrule::config::Settings& of) {
  using namespace chainrule;
  std::string made = "| setting | default | range | what it is |\n|---|---|---|---|\n";
  for (const config::Leaf& leaf : config::leaves(of, config::Objects::skip)) {
    const std::string range = leaf.range.empty() && !leaf.choices.empty() ? leaf.kind : leaf.range;
    made += "| `" + leaf.name + "` | `" + (leaf.value.empty() ? "\"\"" : leaf.value) + "` | " + range +
            " | " + leaf.doc + " |\n";
  }
  return made;
}

/// A program that writes a page of docs/ from the tables:  PROGRAM [--check] FILE
///
/// With --check it writes nothing and fails where the file is not what it would write.
/// @param make      the page.
/// @param target    of the build, which writes it.
/// @param compared  what of a page is compared.
template <class Make>
int write_page(
    int argc, char** argv, Make make, std::string_view target,
    std::string (*compared)(const std::string& page) = [](const std::string& page) { return page; }) {
  const bool only_check = argc == 3 && std::string_view(argv[1]) == "--check";
  if (argc != 2 && !only_check) {
    std::cerr << "usage: " << argv[0] << " [--check] FILE\n";
    return 2;
  }
  const std::string path = argv[argc - 1];
  try {
    const std::string text = make();
    std::ostringstream there;
    there << std::ifstream(path).rdbuf();
    if (there.str() == text || (only_check && compared(there.str()) == compared(text))) return 0;
    if (only_check) {
      std::cerr << path << " is not what the tables say: cmake --build --preset release --target " << target
                << "\n";
      return 1;
    }
    std::ofstream file(path);
    file << text << std::flush;
    if (!file) std::cerr << path << " cannot be written\n";
    return file ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
