#pragma once

#include <string>

#include "chainrule/data.h"
#include "chainrule/data/on_disk.h"

namespace chainrule::cli {

struct FetchManner {
  bool is_quiet = false;
  bool is_json = false;  ///< one document on stdout
};
/// Fetches a known set into DIR/NAME, or where sets are looked for by name: $XDG_DATA_HOME/chainrule/NAME or
/// ~/.local/share/chainrule/NAME. What is there already, and right, stays; what was cut off goes on.
/// @param from  another server: the URL of the folder that has the files.
/// @throws ValueError  for a set that is not fetched (E390). @throws Error  if the tool has no libcurl
/// (E389), or
///     no server gave the files (E392). @throws FileError  for a file that cannot be written (E083).
int fetch(const std::string& name, const std::string& dir, const std::string& from,
          const FetchManner& manner);

/// data::load; of a set that is nowhere the message says that fetch gets it.
data::Dataset load_set(const std::string& name, const data::LoadOptions& options);
/// The same of data::open_set, or with is_outline of data::outline_set.
data::SetOnDisk open_set(const std::string& name, const data::LoadOptions& options, bool is_outline = false);

}  // namespace chainrule::cli
