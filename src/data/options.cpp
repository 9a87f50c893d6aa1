// The settings of what has options, by name: for configurations, and for the pages of docs/.
#include <array>

#include "chainrule/data/images.h"
#include "chainrule/data/loader.h"
#include "chainrule/data/npz.h"
#include "chainrule/data/pictures.h"
#include "chainrule/data/scaler.h"
#include "chainrule/data/source.h"
#include "chainrule/data/table.h"

namespace chainrule::data {
namespace {

using Names = std::string_view;

constexpr std::array<Names, 4> kOrders{"shuffled", "sequential", "with_replacement", "balanced"};
constexpr std::array<Names, 4> kMissing{"error", "drop", "mean", "value"};
constexpr std::array<Names, 3> kHeaders{"found", "present", "absent"};
constexpr std::array<Names, 2> kFloating{"f32", "f64"};  // of all dtypes the first two
constexpr std::array<Names, 3> kPer{"feature", "channel", "column"};

}  // namespace

void LoadOptions::fields(Fields& f) {
  f("data_dir", data_dir, "the folder that is looked into first");
  f("seed", seed, "of the drawn digits");
}

void ImagesOptions::fields(Fields& f) {
  f("flat", flat, "whether an image is one row of numbers, as fully connected nets take it");
  f("scale", scale, "what bytes are multiplied by");
}

void ReadImageOptions::fields(Fields& f) {
  f("grey", grey, "whether colours become one channel");
  f("height", height, "to bring it to; 0: as it is", at_least(0));
  f("width", width, "to bring it to; 0: as it is", at_least(0));
  f("invert", invert, "one minus each number: ink on paper as MNIST has it");
}

void PicturesOptions::fields(Fields& f) {
  f("grey", grey, "one channel; else three");
  f("height", height, "to bring each picture to; 0: all are as large as the first", at_least(0));
  f("width", width, "to bring each picture to; 0: all are as large as the first", at_least(0));
  f("invert", invert, "one minus each number");
  f("extensions", extensions, "endings of the names of pictures");
  f("classes", classes, "names of the folders, in the order of their numbers; empty: sorted");
}

void CifarOptions::fields(Fields& f) {
  f("labels", labels, "bytes before each image: 1 in CIFAR-10, 2 in CIFAR-100", between(1, 256));
  f("label", label, "which of them counts, from 0", between(0, 255));
  f("classes", classes, "labels must be below it", between(1, 256));
}

void ReadNpzOptions::fields(Fields& f) {
  f("x", x, "the array that becomes the column x");
  f("t", t, "the array that becomes the target t");
  f("columns", columns, "arrays that become columns of their own names; none of the three: all arrays");
  f("classes", classes, "whether the target's whole numbers name classes, counted from the smallest");
  f("dtype", dtype, kFloating, "of the real numbers in batches");
}

void CsvOptions::fields(Fields& f) {
  f("target", target, "the column to be learnt; empty: none");
  f("ignore", ignore, "columns to leave out");
  f("only", only, "beside the target, the columns to read; empty: all");
  f("words", words, "columns of words even where they look like numbers");
  f("codes", codes, "input columns whose words become one number, not one number each");
  f("missing", missing, kMissing, "what becomes of a cell without a value");
  f("missing_value", missing_value, "what stands for it where missing is value");
  f("missing_words", missing_words, "what a cell without a value looks like");
  f("separator", separator, "one character; empty: comma, semicolon, tab or bar, as the first line has");
  f("header", header, kHeaders, "whether the first line has the names of the columns");
  f("decimal", decimal, "in numbers: a point or a comma");
  f("comment", comment, "one character that begins lines to pass over; empty: none");
  f("dtype", dtype, kFloating, "of the numbers in batches");
}

void SplitOptions::fields(Fields& f) {
  f("seed", seed, "of which row goes where");
  f("stratify", stratify, "whether each part has each class in the same proportion");
  f("shuffle", shuffle, "false: the first rows go to the first part");
}

void ScalerOptions::fields(Fields& f) {
  f("per", per, kPer, "what is measured together: a number of a row, its first axis, or all");
  f("target", target, "whether the target is scaled too");
}

void LoaderOptions::fields(Fields& f) {
  f("batch_size", batch_size, "rows a step", at_least(1));
  f("seed", seed, "of the order of the rows, and of the transforms");
  f("order", order, kOrders, "of the rows");
  f("drop_last", drop_last, "whether an epoch's last batch is left out if it is short");
  f("transforms", transforms.list, "what is done to the rows of a batch");
  f("workers", workers, "threads that prepare batches ahead; the bits do not depend on it", between(0, 256));
  f("prefetch", prefetch, "batches that each of them may be ahead", between(1, 1024));
}

}  // namespace chainrule::data
