#include "chainrule/data/pictures.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <type_traits>

#include "chainrule/error.h"
#include "core/text.h"
#include "data/picture.h"

namespace chainrule::data {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

template <class... Parts>
FileError no_pictures(const fs::path& path, const Parts&... parts) {
  return {463, cat("[pictures] ", path.string(), ": ", parts...)};
}

/// Calls f for each entry of a folder, of those below too if the iterator goes there; not for hidden ones.
template <class Iterator, class F>
void each_entry(const fs::path& folder, F f) {
  std::error_code error;
  Iterator entry(folder, error);
  for (; !error && entry != Iterator(); entry.increment(error)) {
    if (!entry->path().filename().string().starts_with('.')) {
      f(*entry);
    } else if constexpr (std::is_same_v<Iterator, fs::recursive_directory_iterator>) {
      entry.disable_recursion_pending();
    }
  }
  if (error) throw no_pictures(folder, error.message(), ". Check the path and its permissions.");
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

/// The classes, which are the names of the sub-folders.
Names classes_in(const fs::path& folder, const PicturesOptions& options) {
  Names found;
  each_entry<fs::directory_iterator>(folder, [&](const fs::directory_entry& entry) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) found.push_back(entry.path().filename().string());
  });
  std::sort(found.begin(), found.end());
  if (found.empty())
    throw no_pictures(folder, "no folders in it. Need one for each class, with its pictures.");
  if (options.classes.empty()) return found;
  for (const std::string& name : found) {
    if (std::find(options.classes.begin(), options.classes.end(), name) != options.classes.end()) continue;
    throw no_pictures(folder / name, "'", name, "' is none of the ", options.classes.size(),
                      " classes. Move it away, or add it to classes.");
  }
  return options.classes;
}

Names files_of(const fs::path& folder, const Names& extensions) {
  Names files;
  each_entry<fs::recursive_directory_iterator>(folder, [&](const fs::directory_entry& entry) {
    std::error_code ignored;
    const std::string ending = lower(entry.path().extension().string());
    if (std::find(extensions.begin(), extensions.end(), ending) != extensions.end() &&
        entry.is_regular_file(ignored)) {
      files.push_back(entry.path().string());
    }
  });
  std::sort(files.begin(), files.end());
  return files;
}

struct Listing {
  Names classes, files;
  std::vector<std::int64_t> labels;  // one a file
};

Listing list(const fs::path& folder, const PicturesOptions& options) {
  Listing listing;
  listing.classes = classes_in(folder, options);
  Names extensions;
  for (const std::string& ending : options.extensions) extensions.push_back(lower(ending));
  for (std::size_t i = 0; i < listing.classes.size(); ++i) {
    const fs::path of_class = folder / listing.classes[i];
    std::error_code ignored;
    if (!options.classes.empty() && !fs::exists(of_class, ignored)) continue;  // not in this part
    Names files = files_of(of_class, extensions);
    if (files.empty()) {
      std::string endings;
      for (const std::string& ending : extensions) endings += cat(endings.empty() ? "" : ", ", ending);
      throw no_pictures(of_class, "no pictures (", endings, "). Move the folder away, or set extensions.");
    }
    listing.files.insert(listing.files.end(), files.begin(), files.end());
    listing.labels.resize(listing.files.size(), static_cast<std::int64_t>(i));
  }
  return listing;
}

class PictureRows : public Rows {
 public:
  PictureRows(Listing listing, const Shape& image, bool resize, bool invert)
      : Rows(static_cast<std::int64_t>(listing.files.size()),
             {{.name = "x", .shape = image}, {.name = "t", .dtype = i64, .classes = listing.classes}}),
        files_(std::move(listing.files)),
        labels_(std::move(listing.labels)),
        resize_(resize),
        invert_(invert) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    const Shape& image = columns()[0].shape;
    float* to = out[0].as<float>();
    for (const std::int64_t row : rows) {
      const std::string& file = files_[static_cast<std::size_t>(row)];
      const Picture picture = decode_picture(file);
      if (!resize_ && (picture.height != image[1] || picture.width != image[2])) {
        throw FileError(
            464, cat("[pictures] ", file, " is ", picture.height, " x ", picture.width,
                     ", but the first picture is ", image[1], " x ", image[2],
                     ". Set height and width (data.pictures.height and .width), to bring all to one size."));
      }
      write_planes(picture, image[0], image[1], image[2], to);
      if (invert_) std::transform(to, to + image.numel(), to, [](float x) { return 1 - x; });
      to += image.numel();
    }
    gather_target(rows, out[1]);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    std::int64_t* to = out.as<std::int64_t>();
    for (const std::int64_t row : rows) *to++ = labels_[static_cast<std::size_t>(row)];
  }

 private:
  Names files_;
  std::vector<std::int64_t> labels_;
  bool resize_, invert_;
};

}  // namespace

Source pictures(const std::string& folder, const PicturesOptions& options) {
  const bool resize = options.height != 0 || options.width != 0;
  if (resize) check_size("pictures", options.height, options.width);
  Listing listing = list(folder, options);
  std::int64_t height = options.height, width = options.width;
  if (!resize && !listing.files.empty()) {
    const Picture first = decode_picture(listing.files[0]);
    height = first.height, width = first.width;
  }
  return PictureRows(std::move(listing), {options.grey ? 1 : 3, height, width}, resize, options.invert);
}

std::vector<std::string> picture_files(const std::string& folder, const PicturesOptions& options) {
  return list(folder, options).files;
}

}  // namespace chainrule::data
