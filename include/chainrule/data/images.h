#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/fields.h"

/// Data sets of images. Link `chainrule::data`.
namespace chainrule::data {

/// Bytes that copies share: copying costs nothing, and who changes a shared one gets bytes of its own first.
class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(std::vector<std::uint8_t> bytes);
  SharedBytes(std::initializer_list<std::uint8_t> bytes);

  std::size_t size() const { return held_ ? held_->bytes.size() : 0; }
  bool empty() const { return size() == 0; }
  const std::uint8_t* data() const { return held_ ? held_->bytes.data() : nullptr; }
  const std::uint8_t* begin() const { return data(); }
  const std::uint8_t* end() const { return data() + size(); }
  std::uint8_t operator[](std::size_t i) const { return data()[i]; }
  operator std::span<const std::uint8_t>() const;
  bool operator==(const SharedBytes& other) const;

  std::uint8_t* data() { return own().data(); }
  std::uint8_t* begin() { return data(); }
  std::uint8_t* end() { return data() + size(); }
  std::uint8_t& operator[](std::size_t i) { return data()[i]; }
  void resize(std::size_t size);
  void assign(std::size_t size, std::uint8_t value);
  void push_back(std::uint8_t byte);
  void pop_back();

 private:
  struct Held : Counted {
    explicit Held(std::vector<std::uint8_t> given);
    std::vector<std::uint8_t> bytes;
  };
  std::vector<std::uint8_t>& own();

  Shared<Held> held_;
};

/// Images as bytes, grey (0 background, 255 ink) or in colours, with their class numbers. Stays bytes in
/// memory: a batch is converted when it is gathered, never the whole set.
struct ImageSet {
  SharedBytes pixels;  ///< (count, channels, height, width): all red of an image, all green, all blue
  SharedBytes labels;  ///< (count)
  std::int64_t count = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::string> class_names;  ///< one a class; empty if they are not known
  std::int64_t channels = 1;             ///< 1 for grey, 3 for red, green and blue

  /// Bytes of one image.
  std::int64_t image_size() const { return channels * height * width; }
  std::span<const std::uint8_t> image(std::int64_t row) const {
    return {pixels.data() + row * image_size(), static_cast<std::size_t>(image_size())};
  }
  /// @throws ValueError  if the vectors do not have the sizes that count, channels, height and width ask for,
  ///     or for more than 2^31 - 1 images (E074).
  void check() const;
  /// As a source with the columns x, f32 (channels, height, width) in [0, 1], and t, i64 (): see images.
  /// Shares the bytes.
  operator Source() const;
};

struct ImagesOptions {
  bool flat = false;         ///< x as (channels * height * width), as fully connected nets take it
  double scale = 1.0 / 255;  ///< what bytes are multiplied with, in f32

  void fields(Fields& f);
};
/// An image set as a source: x, f32 (channels, height, width), and t, i64 (). The images stay bytes and are
/// shared.
/// @throws ValueError  if the set does not fit together (E074).
Source images(const ImageSet& set, const ImagesOptions& options = {});

struct Dataset {
  std::string name;
  ImageSet train;
  ImageSet test;
  int classes = 10;
  std::vector<std::string> class_names;  ///< one a class
  std::string folder;                    ///< where its files were; empty if it was drawn
};

struct LoadOptions {
  std::string data_dir;    ///< looked into first: itself, then its folder of the set's name
  std::uint64_t seed = 0;  ///< of the digits; files know no seed

  void fields(Fields& f);
};

/// A data set by name, or from a folder.
///
/// @param name_or_dir  "digits" (drawn by the program, needs no file), "mnist", "fashion-mnist", "cifar10",
///     "cifar100", "cifar100-coarse" (its 20 groups of classes), or a folder with the files of one of them,
///     each plain or .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-..., t10k-labels-...;
///     data_batch_1.bin to data_batch_5.bin and test_batch.bin; or train.bin and test.bin. A named set is
///     looked for in options.data_dir, $CHAINRULE_DATA_DIR (each itself and its folder of that name), and
///     $XDG_DATA_HOME/chainrule/NAME (~/.local/share/chainrule/NAME by default); those of CIFAR also in
///     the folder there that their archives unpack to.
/// @throws FileError  if it is nowhere (E069: names every place looked at), or a file is malformed (E060 to
///     E068, E462).
Dataset load(const std::string& name_or_dir, const LoadOptions& options = {});

/// The names that load knows.
std::vector<std::string> known_sets();

/// The built-in set: handwritten-looking digits 0 to 9, 28x28, drawn by the program, with MNIST's
/// conventions. Every image is a function of (seed, split, index) alone. The classes take turns: image i
/// shows i mod 10. About one second for the default 60,000 + 10,000 images on one core; uses all threads.
Dataset make_digits(std::uint64_t seed = 0, std::int64_t train_count = 60000,
                    std::int64_t test_count = 10000);

/// Images and labels from two IDX files, each plain or gzip (told by content, not by name).
///
/// The whole file is checked: nothing may be missing from it or follow it, and no memory is taken for what a
/// file of this size cannot hold.
/// @param classes  labels must be below it; 256 takes every byte.
/// @throws FileError  naming the file, the offset and what is wrong (E060 to E068).
ImageSet read_idx(const std::string& images, const std::string& labels, int classes = 256);

/// Writes the two IDX files of a set of grey images; gzip where a name ends in ".gz".
/// @throws FileError  if a file cannot be written (E083).
/// @throws ValueError  if the set does not fit together, or has colours (E074).
void write_idx(const ImageSet& set, const std::string& images, const std::string& labels);

struct CifarOptions {
  std::int64_t labels = 1;    ///< bytes before each image: 1 in CIFAR-10; 2, coarse and fine, in CIFAR-100
  std::int64_t label = 0;     ///< which of them counts, from 0
  std::int64_t classes = 10;  ///< labels must be below it

  void fields(Fields& f);
};
/// Images of 3 x 32 x 32 from files in the binary format of CIFAR, one file after another, each plain or
/// gzip: for each image its labels, then 1024 bytes of red, of green and of blue.
/// @throws FileError  naming the file: if it does not hold whole images (E462), a label is not below
///     `classes` (E068), or it cannot be read (E060, E065, E066).
/// @throws ValueError  for options that are not allowed (E462).
ImageSet read_cifar(const std::vector<std::string>& files, const CifarOptions& options = {});

/// Chosen images as floats: out[i, p] = scale * pixel p of image rows[i]. One pass over the bytes.
/// @param out  rows.size() * image_size() floats.
/// @throws ValueError  for a row outside [0, count) (E072).
void gather(const ImageSet& set, std::span<const std::int64_t> rows, float scale, float* out);

/// The class numbers of chosen images. @throws ValueError  for a row outside [0, count) (E072).
void gather_labels(const ImageSet& set, std::span<const std::int64_t> rows, std::int64_t* out);

/// A picture, row by row; a pixel is a byte of grey, or three of red, green and blue.
struct Image {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> pixels;
  std::int64_t channels = 1;
};

/// A sheet with the first images of each class, a class a row: `rows` classes from 0, `columns` images each,
/// with a grey line of `gap` pixels between. A place without an image is left empty.
/// @throws ValueError  for fewer than one row or column, or a sheet of more than 2^28 pixels (E073).
Image contact_sheet(const ImageSet& set, int rows = 10, int columns = 20, int gap = 2);

struct ReadImageOptions {
  bool grey = false;                   ///< one channel: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601)
  std::int64_t height = 0, width = 0;  ///< to bring it to, both; 0: as it is
  bool invert = false;                 ///< one minus each number: black ink on white paper as MNIST has it

  void fields(Fields& f);
};
/// A picture from a PNG, JPEG, PGM or PPM file, told by content: (1, channels, height, width) f32 in [0, 1],
/// one channel if it is grey, else red, green and blue. What is transparent is white; a JPEG is turned as its
/// camera was held (Exif). Another size is averaged or interpolated by a triangle as wide as two pixels of
/// the coarser size.
/// @throws FileError  if the file cannot be read (E060), is damaged (E290), of another format or of more than
///     2^26 pixels (E291).
/// @throws ValueError  for a size that is not allowed (E292).
Tensor read_image(const std::string& path, const ReadImageOptions& options = {});

}  // namespace chainrule::data
