#pragma once

/// Data: sources of rows, where they come from, and how a training run sees them. Link `chainrule::data`.

/// Data sets of images, and the order in which a training run sees them. Link `chainrule::data` (needs zlib).
namespace chainrule::data {

/// Grey images as bytes (0 background, 255 ink) with their class numbers. Stays bytes in memory: a batch is
/// converted when it is gathered, never the whole set.
struct ImageSet {
  std::vector<std::uint8_t> pixels;  ///< (count, height, width), row by row
  std::vector<std::uint8_t> labels;  ///< (count)
  std::int64_t count = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;

  /// Bytes of one image.
  std::int64_t image_size() const { return height * width; }
  std::span<const std::uint8_t> image(std::int64_t row) const {
    return {pixels.data() + row * image_size(), static_cast<std::size_t>(image_size())};
  }
};

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
};

/// A data set by name, or from a folder.
///
/// @param name_or_dir  "digits" (drawn by the program, needs no file), "mnist", "fashion-mnist", or a folder
/// with
///     the four files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-..., t10k-labels-...,
///     each plain or .gz. A named set is looked for in options.data_dir, $CHAINRULE_DATA_DIR (each itself and
///     its folder of that name), and $XDG_DATA_HOME/chainrule/<name> (~/.local/share/chainrule/<name> by
///     default).
/// @throws FileError  if it is nowhere (E069: names every place looked at), or a file is malformed (E060 to
/// E068).
Dataset load(const std::string& name_or_dir, const LoadOptions& options = {});

/// The names that load knows: "digits", "mnist", "fashion-mnist".
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

/// Writes the two IDX files of a set; gzip where a name ends in ".gz".
/// @throws FileError  if a file cannot be written (E083).
/// @throws ValueError  if the vectors do not have the sizes that count, height and width ask for (E074).
void write_idx(const ImageSet& set, const std::string& images, const std::string& labels);

/// Which rows make up the batch of each step: a function of (seed, step) alone, so that a resumed run needs
/// only the step.
class Batches {
 public:
  enum class Order {
    shuffled,          ///< epochs: every row once, in a new random order each epoch
    sequential,        ///< epochs in the order of the rows
    with_replacement,  ///< every row of every batch drawn from all rows, as the books do with
                       ///< np.random.choice
  };
  struct Options {
    std::int64_t batch_size = 100;
    Order order = Order::shuffled;
    std::uint64_t seed = 0;
    bool drop_last = false;  ///< leave out an epoch's last batch if it is short
  };

  /// @throws ValueError  without rows, for a batch size below 1, or if drop_last leaves no batch (E071).
  Batches(std::int64_t rows, const Options& options);

  /// The rows of a step, counted from 0 over all epochs. Valid until the next call.
  /// Cheap for steps of one epoch; a change of epoch shuffles anew, O(rows).
  std::span<const std::int64_t> at(std::int64_t step);

  /// Batches that an epoch has: with replacement, as many as it takes to draw as many rows as there are.
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::int64_t rows() const { return rows_; }
  const Options& options() const { return options_; }

 private:
  void draw(std::int64_t step);
  void shuffle(std::int64_t epoch);

  std::int64_t rows_;
  Options options_;
  std::int64_t steps_per_epoch_;
  std::int64_t drawn_ = -1;  // the epoch, or with replacement the step, that order_ holds
  std::vector<std::int64_t> order_;
};

/// Chosen images as floats: out[i, p] = scale * pixel p of image rows[i]. One pass over the bytes.
/// @param out  rows.size() * image_size() floats.
/// @throws ValueError  for a row outside [0, count) (E072).
void gather(const ImageSet& set, std::span<const std::int64_t> rows, float scale, float* out);

/// The class numbers of chosen images. @throws ValueError  for a row outside [0, count) (E072).
void gather_labels(const ImageSet& set, std::span<const std::int64_t> rows, std::int64_t* out);

/// A grey picture, row by row.
struct Image {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> pixels;
};

/// A sheet with the first images of each class, a class a row: `rows` classes from 0, `columns` images each,
/// with a grey line of `gap` pixels between. A place without an image is left empty.
/// @throws ValueError  for fewer than one row or column, or a sheet of more than 2^28 pixels (E073).
Image contact_sheet(const ImageSet& set, int rows = 10, int columns = 20, int gap = 2);

}  // namespace chainrule::data
