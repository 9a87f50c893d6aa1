// chainrule data fetch: known sets from the servers that have them.
#include "fetch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "core/nearest.h"
#include "data/outline.h"
#include "digest.h"
#include "download.h"
#include "exit_code.h"
#include "files.h"
#include "json_text.h"
#include "output.h"
#include "progress.h"
#include "unpack.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

struct RemoteFile {
  const char* name;
  const char* sha256;  // of what it holds unpacked, whichever way a server packed it; or
  const char* md5;     // of an archive itself
};
struct RemoteSet {
  const char* name;
  std::vector<const char*> servers;  // folders, in the order in which they are tried
  std::vector<RemoteFile> files;
  const char* inside;  // ending of the files that an archive is unpacked for
};

const std::vector<RemoteSet>& remote_sets() {
  static const std::vector<RemoteSet> all{
      {"mnist",
       {"https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist"},
       {{"train-images-idx3-ubyte.gz", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
         nullptr},
        {"train-labels-idx1-ubyte.gz", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
         nullptr},
        {"t10k-images-idx3-ubyte.gz", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
         nullptr},
        {"t10k-labels-idx1-ubyte.gz", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
         nullptr}},
       nullptr},
      {"fashion-mnist",
       {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion"},
       {{"train-images-idx3-ubyte.gz", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
         nullptr},
        {"train-labels-idx1-ubyte.gz", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
         nullptr},
        {"t10k-images-idx3-ubyte.gz", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
         nullptr},
        {"t10k-labels-idx1-ubyte.gz", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
         nullptr}},
       nullptr},
      {"cifar10",
       {"https://www.cs.toronto.edu/~kriz"},
       {{"cifar-10-binary.tar.gz", nullptr, "c32a1d4ab5d03f1284b67883e8d87530"}},
       ".bin"},
  };
  return all;
}

const RemoteSet& find_set(const std::string& name) {
  std::vector<std::string> names;
  for (const RemoteSet& set : remote_sets()) {
    if (name == set.name) return set;
    names.emplace_back(set.name);
  }
  if (name == "digits") {
    throw ValueError(
        390, "[fetch] digits need not be fetched: they are drawn by the program. --data digits has them.");
  }
  const std::string near = nearest(name, names);
  throw ValueError(
      390, fmt::format("[fetch] '{}' is not among the sets that are fetched: {}.{}", name,
                       fmt::join(names, ", "), near.empty() ? "" : fmt::format(" Did you mean {}?", near)));
}

std::string folder_for(const RemoteSet& set, const std::string& dir) {
  if (!dir.empty()) return fmt::format("{}/{}", dir, set.name);
  for (const auto& [variable, below] :
       {std::pair("XDG_DATA_HOME", "chainrule"), std::pair("HOME", ".local/share/chainrule")}) {
    const char* const value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return fmt::format("{}/{}/{}", value, below, set.name);
  }
  throw ValueError(390, "[fetch] it is not known where to: HOME is not set. Name a folder: --data-dir DIR.");
}

/// What is wrong with a file, or "".
std::string trouble_with(const RemoteFile& file, const std::string& path) {
  Sha256 content;
  Md5 packed;
  try {
    if (file.sha256 != nullptr) {
      unpack(path, [&](std::string_view bytes) { content.add(bytes); });
      return content.hex() == file.sha256 ? "" : "what came has a wrong checksum";
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(std::fopen(path.c_str(), "rb"), std::fclose);
    std::string block(std::size_t{1} << 16, '\0');
    for (std::size_t count = 0;
         opened && (count = std::fread(block.data(), 1, block.size(), opened.get())) > 0;) {
      packed.add(std::string_view(block).substr(0, count));
    }
    return packed.hex() == file.md5 ? "" : "what came has a wrong checksum";
  } catch (const FileError&) {
    return "what came is damaged";
  }
}

/// From the first server that has it.
void fetch_file(const RemoteSet& set, const RemoteFile& file, const std::string& folder,
                const std::vector<std::string>& servers, std::FILE* lines) {
  const std::string path = fmt::format("{}/{}", folder, file.name), part = path + ".part";
  std::error_code error;
  if (fs::exists(path, error) && trouble_with(file, path).empty()) {
    if (lines != nullptr) write_text(lines, fmt::format("{}: there already\n", path));
    return;
  }
  std::string troubles;
  for (const std::string& server : servers) {
    const std::string url = server.ends_with(file.name) ? server : fmt::format("{}/{}", server, file.name);
    std::optional<Progress> bar;
    std::string trouble = download(url, part, [&](std::int64_t done, std::int64_t total) {
      if (!bar) {
        bar.emplace(lines, total / 1000 + 1, "KB");
        bar->say([&file] { return std::string(file.name); });
      }
      bar->update(done / 1000 + 1);
    });
    bar.reset();
    if (trouble.empty() && !(trouble = trouble_with(file, part)).empty()) fs::remove(part, error);
    if (trouble.empty()) {
      fs::rename(part, path, error);
      if (error)
        throw FileError(
            83, fmt::format("[write] {}: {}. Check that the folder can be written to and has room.", path,
                            error.message()));
      if (lines != nullptr) write_text(lines, fmt::format("{}: fetched, its checksum is right\n", path));
      return;
    }
    troubles += fmt::format("\n  {}: {}", url, trouble);
  }
  throw Error(
      392,
      fmt::format("[fetch] {} of {} could not be fetched:{}\nTry again later: what has come is kept. Or take "
                  "another server with --from URL, or put the file into {} yourself.",
                  file.name, set.name, troubles, folder));
}

/// Whether a folder has the files of a set.
bool is_whole(const std::string& folder) {
  try {
    data::load(folder, {});
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

int fetch(const std::string& name, const std::string& dir, const std::string& from,
          const FetchManner& manner) {
  const RemoteSet& set = find_set(name);
  const std::string folder = folder_for(set, dir);
  if (!can_download()) {
    throw Error(389,
                fmt::format("[fetch] this chainrule was built without libcurl (libcurl4-openssl-dev), so it "
                            "cannot fetch. Put the files of {} into {}; they are at {}.",
                            name, folder, set.servers.front()));
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw FileError(83, fmt::format("[write] {}: {}. Check that the folder can be written to and has room.",
                                    folder, error.message()));
  }
  std::vector<std::string> servers{from};
  if (from.empty()) servers.assign(set.servers.begin(), set.servers.end());
  while (!from.empty() && servers[0].ends_with('/')) servers[0].pop_back();
  std::FILE* const lines = manner.is_quiet ? nullptr : manner.is_json ? stderr : stdout;
  const bool is_there = set.inside != nullptr && is_whole(folder);
  if (is_there && lines != nullptr) write_text(lines, fmt::format("{}: there already\n", folder));
  for (const RemoteFile& file : set.files) {
    if (is_there) continue;
    fetch_file(set, file, folder, servers, lines);
    if (set.inside == nullptr) continue;
    const std::string archive = fmt::format("{}/{}", folder, file.name);
    unpack_tar(archive, folder, set.inside);
    fs::remove(archive, error);
  }
  if (manner.is_json) {
    std::vector<std::string> paths;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      if (at->is_regular_file(error)) paths.push_back(at->path().string());
    }
    std::sort(paths.begin(), paths.end());
    write_text(stdout, json_text(nlohmann::ordered_json{
                           {"name", name}, {"folder", folder}, {"files", files_json(paths)}}));
  } else if (!manner.is_quiet) {
    write_text(stdout, fmt::format("{}: chainrule train --data {}{}\n", folder, name,
                                   dir.empty() ? "" : fmt::format(" --data-dir {}", dir)));
  }
  return kDone;
}

namespace {

/// Calls a function that looks for a set.
template <class F>
auto found(const std::string& name, F find) {
  try {
    return find();
  } catch (const FileError& error) {
    constexpr int kNowhere = 69;
    const auto is_it = [&](const RemoteSet& set) { return name == set.name; };
    const bool is_fetched = std::any_of(remote_sets().begin(), remote_sets().end(), is_it);
    if (error.code() != kNowhere || !is_fetched) throw;
    const std::string message = error.what();
    throw FileError(69, fmt::format("{} Or get it: chainrule data fetch {}.",
                                    message.substr(0, message.rfind(" (E")), name));
  }
}

}  // namespace

data::Dataset load_set(const std::string& name, const data::LoadOptions& options) {
  return found(name, [&] { return data::load(name, options); });
}
data::SetOnDisk open_set(const std::string& name, const data::LoadOptions& options, bool is_outline) {
  return found(name, [&] { return (is_outline ? data::outline_set : data::open_set)(name, options); });
}

}  // namespace chainrule::cli
