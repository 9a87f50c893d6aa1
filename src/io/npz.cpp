// .npz: a zip archive with an .npy file for each array. A part of chainrule_data: needs libzip.
#include <zip.h>

#include <cassert>
#include <memory>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"
#include "core/utf8.h"
#include "io/elements.h"
#include "io/names.h"
#include "io/npy.h"
#include "io/npz_heads.h"

namespace chainrule::io {
namespace {

constexpr std::string_view kEnding = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* member) const { zip_fclose(member); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;

/// What libzip says about a failure.
struct ZipError : zip_error_t {
  ZipError() { zip_error_init(this); }
  ~ZipError() { zip_error_fini(this); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  std::string text() { return zip_error_strerror(this); }
};

FileError damaged(const std::string& name, const std::string& reason) {
  return FileError(208, cat("[npz] ", name, ": ", reason, ". Write it anew with numpy.savez."));
}

struct Member {
  zip_uint64_t index;
  std::string name;
  std::uint64_t size;  // unpacked
};

/// What is in the archive. A hostile one may claim anything: here it is held against the size of the file.
std::vector<Member> members_of(zip_t* archive, const std::string& name, std::uint64_t file_size) {
  constexpr std::uint64_t kMostInflation = 1032;  // deflate's best: 258 bytes out of two bits
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  std::vector<Member> members;
  std::uint64_t packed_bytes = 0;
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive, 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    if (zip_stat_index(archive, i, 0, &stat) != 0) throw damaged(name, zip_strerror(archive));
    if ((stat.valid & kNeeded) != kNeeded) throw damaged(name, cat("member ", i, " has no name or size"));
    const std::string where = cat("member ", in_quotes(stat.name));
    if (stat.encryption_method != ZIP_EM_NONE) throw damaged(name, where + " is encrypted");
    const bool stored = stat.comp_method == ZIP_CM_STORE;
    if (!stored && stat.comp_method != ZIP_CM_DEFLATE) {
      throw damaged(name, cat(where, " is packed by method ", stat.comp_method, ", not stored or deflated"));
    }
    // Members that share bytes are how a small file unpacks to a huge one.
    if (__builtin_add_overflow(packed_bytes, stat.comp_size, &packed_bytes) || packed_bytes > file_size) {
      throw damaged(name, "its members have more bytes than the file");
    }
    if (stored ? stat.size != stat.comp_size : stat.size > stat.comp_size * kMostInflation) {
      throw damaged(name, cat(where, " should unpack from ", stat.comp_size, " to ", stat.size,
                              " bytes, which cannot be"));
    }
    members.push_back({i, stat.name, stat.size});
  }
  return members;
}

/// Unpacks a member.
class MemberInput : public Input {
 public:
  MemberInput(zip_t* archive, const std::string& archive_name, const Member& member)
      : Input(cat(archive_name, ", member ", in_quotes(member.name)), member.size),
        file_(zip_fopen_index(archive, member.index, 0)) {
    if (!file_) throw damaged(name(), zip_strerror(archive));
  }

  void read(std::uint64_t offset, void* out, std::size_t count) override {
    assert(offset == offset_);
    static_cast<void>(offset);
    for (std::size_t done = 0; done < count;) {
      const std::size_t got = next(static_cast<std::byte*>(out) + done, count - done);
      if (got == 0) throw damaged(name(), "ends too early");
      done += got;
    }
    offset_ += count;
  }
  /// Only at the end is the checksum compared.
  void finish() {
    std::byte more;
    if (next(&more, 1) != 0) throw damaged(name(), "has more bytes than it should");
  }

 private:
  std::size_t next(std::byte* out, std::size_t count) {
    const zip_int64_t got = zip_fread(file_.get(), out, count);
    if (got < 0) throw damaged(name(), zip_file_strerror(file_.get()));
    return static_cast<std::size_t>(got);
  }

  std::unique_ptr<zip_file_t, Discard> file_;
  std::uint64_t offset_ = 0;
};

/// @throws FileError  if it is none (E202), or damaged (E208).
Archive open_archive(Source source, const std::string& name, std::uint64_t file_size, ZipError& error) {
  // libzip takes an empty file for an empty archive.
  zip_t* const opened =
      source && file_size != 0 ? zip_open_from_source(source.get(), ZIP_RDONLY, &error) : nullptr;
  if (opened == nullptr) {
    if (file_size == 0 || zip_error_code_zip(&error) == ZIP_ER_NOZIP) {
      throw FileError(
          202, cat("[npz] ", name, ": is no .npz file: not a zip archive. Write it anew with numpy.savez."));
    }
    throw damaged(name, error.text());
  }
  source.release();  // the archive has it now
  return Archive(opened);
}

Archive open_file_archive(const std::string& path, std::uint64_t file_size) {
  ZipError error;
  return open_archive(Source(zip_source_file_create(path.c_str(), 0, -1, &error)), path, file_size, error);
}

/// "x" of "x.npy".
std::string array_name(const Member& member) {
  return member.name.ends_with(kEnding) ? member.name.substr(0, member.name.size() - kEnding.size())
                                        : member.name;
}

NamedTensors read(const Archive& archive, const std::string& name, std::uint64_t file_size) {
  NamedTensors tensors;
  for (const Member& member : members_of(archive.get(), name, file_size)) {
    std::string own = array_name(member);
    if (tensors.contains(own)) {
      throw FileError(207, cat("[npz] ", name, ": two arrays are named ", in_quotes(own),
                               ". Give each a name of its own."));
    }
    MemberInput input(archive.get(), name, member);
    Tensor tensor = read_npy(input);
    input.finish();
    tensors.add(std::move(own), std::move(tensor));
  }
  return tensors;
}

void check_name(const std::string& name) {
  constexpr std::size_t kMost = 0xFFFF - kEnding.size();
  const char* const reason = name.empty()                           ? "is empty"
                             : name.size() > kMost                  ? "has more than 65531 bytes"
                             : name.find('\0') != std::string::npos ? "has a zero byte"
                             : is_utf8(name)                        ? nullptr
                                                                    : "is not UTF-8";
  if (reason != nullptr)
    throw ValueError(211, cat("[npz] the name ", in_quotes(name), " ", reason, ". Rename the tensor."));
}

FileError cannot_pack(const std::string& reason) {
  return FileError(83, cat("[write] the .npz archive: ", reason, ". Check that there is memory."));
}

/// Adds what `headers` and the tensors hold; they must live until the archive is closed.
void add_members(zip_t* archive, const NamedTensors& tensors, const std::vector<std::string>& headers,
                 bool compressed) {
  constexpr int kLevel = 6;                                 // zlib's usual one
  constexpr zip_uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;  // the first day that zip knows
  const auto fragment = [](std::string_view bytes) {
    return zip_buffer_fragment_t{reinterpret_cast<zip_uint8_t*>(const_cast<char*>(bytes.data())),
                                 bytes.size()};
  };
  for (zip_uint64_t i = 0; const auto& [name, tensor] : tensors) {
    const zip_buffer_fragment_t parts[] = {fragment(headers[i]), fragment(bytes_of(tensor))};
    Source source(zip_source_buffer_fragment(archive, parts, std::size(parts), 0));
    if (!source ||
        zip_file_add(archive, (name + std::string(kEnding)).c_str(), source.get(), ZIP_FL_ENC_UTF_8) < 0) {
      throw cannot_pack(zip_strerror(archive));
    }
    source.release();  // the archive has it now
    if (zip_set_file_compression(archive, i, compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, kLevel) != 0 ||
        zip_file_set_dostime(archive, i, 0, kFirstOfJanuary1980, 0) != 0) {
      throw cannot_pack(zip_strerror(archive));
    }
    ++i;
  }
}

/// Makes the archive in memory, and hands it piece by piece to `take`.
template <class Take>
void pack(const NamedTensors& tensors, NpzOptions options, Take take) {
  std::vector<std::string> headers;
  for (const auto& [name, tensor] : tensors) {
    check_name(name);
    headers.push_back(npy_header(tensor));
  }
  evaluate_all(tensors);
  // libzip makes no file without members: the record that ends every archive.
  if (tensors.empty()) return take(std::string("PK\5\6", 4) + std::string(18, '\0'));
  ZipError error;
  const Source packed(zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!packed) throw cannot_pack(error.text());
  Archive archive(zip_open_from_source(packed.get(), ZIP_CREATE | ZIP_TRUNCATE, &error));
  if (!archive) throw cannot_pack(error.text());
  zip_source_keep(packed.get());  // beside the archive
  add_members(archive.get(), tensors, headers, options.compressed);
  if (zip_close(archive.get()) != 0) throw cannot_pack(zip_strerror(archive.get()));
  archive.release();

  if (zip_source_open(packed.get()) != 0)
    throw cannot_pack(zip_error_strerror(zip_source_error(packed.get())));
  std::vector<char> piece(std::size_t{1} << 20);
  for (zip_int64_t got = 1; got > 0;) {
    got = zip_source_read(packed.get(), piece.data(), piece.size());
    if (got < 0) throw cannot_pack(zip_error_strerror(zip_source_error(packed.get())));
    take(std::string_view(piece.data(), static_cast<std::size_t>(got)));
  }
}

}  // namespace

NamedTensors read_npz(const std::string& path) {
  const std::uint64_t size = open_file(path)->size();
  return read(open_file_archive(path, size), path, size);
}

std::vector<NpzHead> npz_heads(const std::string& path) {
  const std::uint64_t size = open_file(path)->size();
  const Archive archive = open_file_archive(path, size);
  std::vector<NpzHead> heads;
  for (const Member& member : members_of(archive.get(), path, size)) {
    MemberInput input(archive.get(), path, member);
    heads.push_back({array_name(member), read_npy_header(input)});
  }
  return heads;
}

Tensor read_npz_array(const std::string& path, std::size_t place) {
  const std::uint64_t size = open_file(path)->size();
  const Archive archive = open_file_archive(path, size);
  MemberInput input(archive.get(), path, members_of(archive.get(), path, size).at(place));
  Tensor array = read_npy(input);
  input.finish();
  return array;
}

NamedTensors parse_npz(std::string_view bytes) {
  ZipError error;
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
  return read(open_archive(std::move(source), "bytes", bytes.size(), error), "bytes", bytes.size());
}

void write_npz(const std::string& path, const NamedTensors& tensors, NpzOptions options) {
  AtomicFile file(path);
  pack(tensors, options, [&](std::string_view piece) { file.write(piece); });
  file.commit();
}

std::string npz_bytes(const NamedTensors& tensors, NpzOptions options) {
  std::string bytes;
  pack(tensors, options, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

}  // namespace chainrule::io
