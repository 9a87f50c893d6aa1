// Writes docs/learn/ from examples/learn/, or compares it:
//
//     write_lessons write ROOT PROGRAMS [NAME...]    all pages, or those named
//     write_lessons check ROOT PROGRAMS NAME         one page; writes nothing
//
// ROOT is the source tree, PROGRAMS the folder of the lessons that were built. 0: done; 1: something is
// wrong; 77: the lesson needs data that are not there (CHAINRULE_DATA_DIR) or a component that was not built;
// it ran without, and its page was left as it is.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "gallery/lessons.h"
#include "gallery/numbers.h"
#include "gallery/pages.h"
#include "gallery/words.h"

namespace fs = std::filesystem;
using namespace gallery;

namespace {

constexpr int kMostLines = 100;  // of a program

/// A file of docs/learn/.
struct Page {
  std::string file, text;
};

/// A folder that is there while this is.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "lesson_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error(name + ": cannot be made");
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// What a program prints; its pictures are in the folder then.
std::string run(const fs::path& program, const fs::path& folder) {
  const std::string command = "'" + program.string() + "' '" + folder.string() + "'";
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error(program.string() + ": cannot be started");
  std::string output;
  char block[4096];
  while (const std::size_t count = std::fread(block, 1, sizeof(block), pipe)) output.append(block, count);
  if (pclose(pipe) != 0) throw std::runtime_error(program.string() + " failed; it printed:\n" + output);
  return output;
}

/// Where a program says that it went without data, or a component, that its page tells of; "" if it had all.
std::string lack_of(const std::string& output) {
  for (const std::string& line : lines_of(output)) {
    if (line.starts_with("(made here: ") || line.starts_with("(left out: ")) return line;
  }
  return "";
}

/// A picture, with the words of each language.
void add_picture(std::vector<Page>& pages, const std::string& name, const std::string& svg,
                 const fs::path& root) {
  for (const Language& language : kLanguages) {
    std::string text = svg;
    if (!language.words.empty()) {
      const std::string table = (root / "examples/learn" / language.words).string();
      try {
        text = Words(read_text(table)).picture(svg);
      } catch (const std::runtime_error& error) {
        throw std::runtime_error(table + ": " + error.what() + ", for " + name);
      }
    }
    pages.push_back({std::string(language.folder) + "pictures/" + name, text});
  }
}

/// The pages of a lesson and its pictures, and what its run printed.
std::vector<Page> pages_of(const Lesson& lesson, const std::vector<Lesson>& all, const fs::path& root,
                           const fs::path& programs, std::string& output) {
  const std::string source = (root / "examples/learn" / lesson.name).string();
  std::vector<Page> pages;
  Material material;
  if (lesson.has_program()) {
    const Folder folder;
    output = material.output = run(programs / lesson.name, folder.path());
    material.program = read_text(source + ".cpp");
    const std::size_t lines = lines_of(material.program).size();
    if (lines > kMostLines) throw std::runtime_error(source + ".cpp: " + std::to_string(lines) + " lines");
    for (const fs::directory_entry& entry : fs::directory_iterator(folder.path())) {
      const std::string picture = entry.path().stem().string();
      material.pictures.push_back(picture);
      add_picture(pages, lesson.name + "_" + picture + ".svg", read_text(entry.path().string()), root);
    }
    std::sort(material.pictures.begin(), material.pictures.end());
  }
  for (std::size_t i = 0; i < kLanguages.size(); ++i) {
    const std::string text = source + "." + std::string(kLanguages[i].name) + ".md";
    try {
      pages.push_back({std::string(kLanguages[i].folder) + lesson.name + ".md",
                       page_of(lesson, all, read_text(text), i, material)});
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(text + ": " + error.what());
    }
  }
  return pages;
}

/// Writes a page, or leaves it, if nothing but its times is new.
void write(const Page& page, const fs::path& docs) {
  const fs::path file = docs / page.file;
  if (fs::exists(file) && timeless(read_text(file.string())) == timeless(page.text)) return;
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << page.text << std::flush;
  if (!out) throw std::runtime_error(file.string() + ": cannot be written");
}

/// Says where a page and its file differ.
bool is_same(const Page& page, const fs::path& docs) {
  const fs::path file = docs / page.file;
  const std::string there = timeless(fs::exists(file) ? read_text(file.string()) : ""),
                    now = timeless(page.text);
  if (there == now) return true;
  const std::vector<std::string> is = lines_of(there), made = lines_of(now);
  std::size_t line = 0;
  while (line < is.size() && line < made.size() && is[line] == made[line]) ++line;
  std::cerr << file.string() << ":" << line + 1 << ": differs; `make gallery` writes it anew\n"
            << "- " << (line < is.size() ? is[line].substr(0, 200) : "(end)") << "\n"
            << "+ " << (line < made.size() ? made[line].substr(0, 200) : "(end)") << "\n";
  return false;
}

/// @returns 0, 1 or 77, as the program.
int treat(const Lesson& lesson, const std::vector<Lesson>& all, const fs::path& root,
          const fs::path& programs, bool writes) {
  std::string output;
  const std::vector<Page> pages = pages_of(lesson, all, root, programs, output);
  if (const std::string lack = lack_of(output); !lack.empty()) {
    std::cout << lesson.name << ": " << lack << ": its page is left as it is\n";
    return 77;
  }
  bool is_right = true;
  if (lesson.has_program()) {
    const std::string table = (root / "examples/learn" / (lesson.name + ".numbers")).string();
    for (const std::string& wrong : wrong_numbers(read_text(table), output)) {
      std::cerr << table << ": " << wrong << "\n";
      is_right = false;
    }
  }
  const fs::path docs = root / "docs/learn";
  for (const Page& page : pages) {
    if (writes) {
      write(page, docs);
    } else {
      is_right = is_same(page, docs) && is_right;
    }
  }
  return is_right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool writes = argc >= 4 && words[0] == "write", checks = argc == 5 && words[0] == "check";
  if (!writes && !checks) {
    std::cerr << "usage: write_lessons write|check ROOT PROGRAMS [NAME...]\n";
    return 2;
  }
  int status = 0;
  try {
    const fs::path root = words[1], programs = words[2];
    const std::vector<Lesson> all = read_lessons((root / "examples/learn/lessons.list").string());
    for (std::size_t i = 3; i < words.size(); ++i) {
      const auto is_named = [&](const Lesson& lesson) { return lesson.name == words[i]; };
      if (std::none_of(all.begin(), all.end(), is_named))
        throw std::runtime_error(words[i] + ": no such page");
    }
    for (const Lesson& lesson : all) {
      const bool is_meant =
          words.size() == 3 || std::find(words.begin() + 3, words.end(), lesson.name) != words.end();
      if (!is_meant) continue;
      const int result = treat(lesson, all, root, programs, writes);
      if (result == 1 || (result == 77 && checks)) status = result;
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return status;
}
