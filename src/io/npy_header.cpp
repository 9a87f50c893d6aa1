// The header of an .npy file: magic bytes, version, length, and a Python dict of three keys such as
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, padded with spaces.
// numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "chainrule/error.h"
#include "core/text.h"
#include "io/names.h"
#include "io/npy.h"

namespace chainrule::io {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

FileError malformed(const Input& input, const std::string& reason) {
  return FileError(202, cat("[npy] ", input.name(), ": ", reason, ". Write it anew with numpy.save."));
}

FileError unreadable(const Input& input, std::string_view descr) {
  const bool is_object = descr.find('O') < 2;  // "|O"
  const std::string what = is_object
                               ? "Python objects, which cannot be read without running code from the file. "
                                 "Save numbers: numpy.save(path, array.astype(float))"
                               : "elements of type " + in_quotes(descr) +
                                     ". Can be read: bool, integers, f16, f32, f64. Convert it with astype";
  return FileError(203, cat("[npy] ", input.name(), ": holds ", what, "."));
}

/// Reads the dict, and no other Python.
class DictReader {
 public:
  DictReader(const Input& input, std::string_view text) : input_(input), text_(text) {}

  void read(NpyHeader& header) {
    bool seen[3] = {};
    expect('{');
    while (!take('}')) {
      const std::string_view key = string();
      expect(':');
      const std::size_t which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
      if (which == 3 || seen[which])
        throw malformed(input_, "its header has a key too many: " + in_quotes(key));
      seen[which] = true;
      if (which == 0) descr(header);
      if (which == 1) header.fortran_order = boolean();
      if (which == 2) shape(header);
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (!(seen[0] && seen[1] && seen[2])) {
      throw malformed(input_, "its header lacks descr, fortran_order or shape");
    }
    skip();
    if (at_ != text_.size()) throw unexpected();
  }

 private:
  FileError unexpected() const {
    return malformed(
        input_, cat("its header cannot be read at character ", at_, ", ", in_quotes(text_.substr(at_, 20))));
  }

  void skip() { at_ = std::min(text_.find_first_not_of(" \n", at_), text_.size()); }
  bool take(std::string_view word) {
    skip();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool take(char c) { return take(std::string_view(&c, 1)); }
  void expect(char c) {
    if (!take(c)) throw unexpected();
  }

  std::string_view string() {
    skip();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, at_ + 1) : text_.npos;
    if (end == text_.npos) throw unexpected();
    const std::string_view found = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return found;
  }

  bool boolean() {
    if (take("True")) return true;
    if (take("False")) return false;
    throw unexpected();
  }

  void descr(NpyHeader& header) {
    skip();
    if (take('[')) throw unreadable(input_, "[...]");  // a record with fields
    const std::string_view descr = string();
    const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != descr.npos;
    header.big_endian = has_order && descr[0] == '>';
    header.stored = find_numpy(descr.substr(has_order ? 1 : 0));
    if (header.stored == nullptr) throw unreadable(input_, descr);
  }

  std::int64_t size() {
    skip();
    std::int64_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) throw unexpected();
    at_ += static_cast<std::size_t>(end - begin);
    take('L');  // Python 2 wrote 3L
    return value;
  }

  void shape(NpyHeader& header) {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!take(')')) {
      sizes.push_back(size());
      if (take(',')) continue;
      expect(')');
      break;
    }
    try {
      header.shape = Shape(sizes);
    } catch (const ShapeError&) {
      throw FileError(205, cat("[npy] ", input_.name(), ": has a shape beyond the limits: at most ",
                               Shape::kMaxNdim, " axes and 2^59 elements. Reshape it."));
    }
  }

  const Input& input_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

NpyHeader read_npy_header(Input& input) {
  constexpr std::uint64_t kMostHeader = std::uint64_t{1} << 20;  // NumPy reads 10000 characters
  std::uint8_t start[12] = {};
  input.read(0, start, std::min<std::uint64_t>(sizeof(start), input.size()));
  if (input.size() < 10 || std::memcmp(start, kMagic.data(), kMagic.size()) != 0) {
    throw malformed(input, "is no .npy file: it does not begin with \\x93NUMPY");
  }
  const int version = start[6];
  if (version < 1 || version > 3) throw malformed(input, cat("has version ", version, "; need 1, 2 or 3"));
  std::uint64_t length = start[8] | start[9] << 8;
  if (version > 1) length |= static_cast<std::uint64_t>(start[10]) << 16 | std::uint64_t{start[11]} << 24;
  NpyHeader header;
  const std::uint64_t before = version == 1 ? 10 : 12;
  header.data_offset = before + length;
  if (length > kMostHeader || header.data_offset > input.size()) {
    throw malformed(input, cat("its header should have ", length, " bytes, the file has ", input.size()));
  }
  std::string text(length, '\0');
  if (version == 1) {  // two bytes of the text are read already: a member of an archive is not read twice
    std::memcpy(text.data(), start + 10, std::min<std::size_t>(2, length));
    if (length > 2) input.read(12, text.data() + 2, length - 2);
  } else {
    input.read(12, text.data(), length);
  }
  DictReader(input, text).read(header);
  return header;
}

std::string npy_header(const Tensor& tensor) {
  const Stored& stored = stored_as(tensor.dtype());
  if (stored.numpy.empty()) {
    throw DTypeError(590, cat("[npy] the tensor is ", tensor.dtype(),
                              ", which NumPy does not have. Write cast(x, f32), or a .safetensors file."));
  }
  std::string text = cat("{'descr': '", stored.bytes == 1 ? '|' : '<', stored.numpy,
                         "', 'fortran_order': False, 'shape': ", tensor.shape().to_string(), ", }");
  text.append(63 - (10 + text.size()) % 64, ' ');  // the elements begin at a multiple of 64
  text += '\n';
  std::string header(kMagic);
  for (const std::size_t byte : {std::size_t{1}, std::size_t{0}, text.size() & 0xFF, text.size() >> 8}) {
    header += static_cast<char>(byte);
  }
  return header + text;
}

}  // namespace chainrule::io
