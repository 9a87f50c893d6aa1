// Writes docs/data.md from the settings of readers, loaders and scalers, and the lists of transforms and
// scalers.
#include "chainrule/config.h"
#include "chainrule/data.h"
#include "docs/page.h"

namespace chainrule {
namespace {

constexpr std::string_view kHead = R"(# Data

<!-- Written from src/data/ by `cmake --build --preset release --target data_docs`; a test compares. Do not edit. -->

A source has rows and named columns, and a loader makes batches of them:

```cpp
const auto mnist = data::load("mnist");
data::Loader loader(mnist.train, {.batch_size = 128, .seed = 1, .transforms = {data::Shift(2)}});
const auto [x, t] = loader.at(step);   // a function of seed and step alone
```
```cpp
const data::Table cars = data::read_csv("mpg.csv", {.target = "mpg", .missing = data::Missing::drop});
const auto [train, test] = data::split(cars, 0.8, {.seed = 1});
const auto scaler = data::standardize(train, {.target = true});
net.predict(scaler(x));                // and scaler.inverse(...) back
```

Sources of your own: `data::arrays(x, t)` of tensors, `data::map`, `data::subset`, `data::concat`, or a struct with
`rows`, `columns` and `gather`: `chainrule/data/source.h`. What reads files checks every size against the file before it
takes memory; what is wrong is an error that names file and place: [errors.md](errors.md).

Files larger than memory, or of which each rank is to read its own rows, stay on disk with `data::open_csv`, `open_npz`,
`open_idx` and `open_set`, `chainrule/data/on_disk.h`: the same numbers, read when a batch asks for them.

# Readers

## load

Data sets of images by name, or from a folder with their files, plain or gzip: the four IDX files of MNIST, the binary
files of CIFAR-10 or of CIFAR-100. Names:)";

struct Section {
  std::string_view title, text;
  std::string settings;
};

template <class Options>
std::string settings_of() {
  Options options;
  return settings_table(options);
}

std::vector<Section> sections() {
  return {
      {"## images",
       "An image set as a source: x, f32 (channels, height, width), and t, i64 (). Images stay bytes.",
       settings_of<data::ImagesOptions>()},
      {"## read_image",
       "A picture from a PNG, JPEG, PGM or PPM file: (1, channels, height, width), f32 from 0 to 1.",
       settings_of<data::ReadImageOptions>()},
      {"## pictures",
       "A folder with a sub-folder of pictures for each class: x, f32 (channels, height, width), and t, i64 "
       "().\n"
       "Pictures are read when they are asked for.",
       settings_of<data::PicturesOptions>()},
      {"## read_npz", "Arrays of an .npz file of NumPy as columns.", settings_of<data::ReadNpzOptions>()},
      {"## read_csv",
       "A table from a CSV file, plain or gzip. As a source it has x, its inputs side by side, and t. A\n"
       "column whose first value is a number is one of numbers, else one of words: a 1 at the row's word.",
       settings_of<data::CsvOptions>()},
      {"## read_idx", "Images and labels from two IDX files: no settings. `write_idx` writes them.", ""},
      {"## read_cifar", "Images and labels from files in CIFAR's binary format, one after another.",
       settings_of<data::CifarOptions>()},
      {"## io::read_npy, io::read_npz, io::read_safetensors",
       "Tensors from files, `chainrule/io.h`: no settings. `data::arrays` makes a source of them.", ""},
      {"## windows",
       "Parts of a text as numbers of its characters: x, (length), and t, the same one character further "
       "on;\n"
       "u8, or i64 of an alphabet of more than 256 symbols. `data::Alphabet::of(text)` numbers the "
       "characters,\n"
       "`encode` and `decode` turn texts into numbers and back.",
       settings_of<data::WindowsOptions>()},
      {"## lines",
       "The lines of a text, a row each: x begins with a line end, t ends with one, and is -1 behind it.",
       settings_of<data::LinesOptions>()},
      {"# Split",
       "`data::split(source, 0.8)` gives train and test, `split(source, 0.8, 0.1)` also validation.",
       settings_of<data::SplitOptions>()},
      {"# Loader",
       "The batches of a training run. They are the same bits for any number of workers. The order "
       "`balanced`\n"
       "draws each class equally often; in a program, `weights` has a number for each row, in proportion to\n"
       "which it is drawn with replacement.",
       settings_of<data::LoaderOptions>()},
      {"# Transforms",
       "Done to the rows of a batch when it is made, anew in each epoch; random ones draw by row and epoch.\n"
       "`data::transformed(test, {data::Resize(32, 32)})` is a source whose rows are transformed.\n"
       "\n"
       "A loader transforms its own rows alone. What gives rows another shape or other units (normalize, "
       "resize, "
       "crop to\n"
       "another size) must be done to those that are measured and predicted as well, by `data::transformed`; "
       "the tool's\n"
       "`data.augment` and `transforms` of Python's `fit` are for training batches, and refuse it (E634).",
       config::markdown(registry<data::Transform>())},
      {"# Scalers",
       "Fitted on the training part: `data::standardize(train)`, `data::min_max(train, -1, 1)`; saved with "
       "a\n"
       "model by `scaler.before()` and `scaler.after()`.",
       settings_of<data::ScalerOptions>().append("\n").append(config::markdown(registry<data::Scaler>()))},
  };
}

std::string data_markdown() {
  std::ostringstream out;
  out << kHead;
  const std::vector<std::string> names = data::known_sets();
  for (std::size_t i = 0; i < names.size(); ++i) out << (i == 0 ? " `" : ", `") << names[i] << "`";
  out << ".\n\n" << settings_of<data::LoadOptions>();
  for (const Section& section : sections()) {
    out << "\n" << section.title << "\n\n" << section.text << "\n";
    if (!section.settings.empty()) out << "\n" << section.settings;
  }
  return out.str();
}

}  // namespace
}  // namespace chainrule

int main(int argc, char** argv) { return write_page(argc, argv, chainrule::data_markdown, "data_docs"); }
