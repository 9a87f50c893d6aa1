// What each wrong input is answered, whole. Nothing may have changed.
#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "config/kinds.h"

namespace chainrule::config {
namespace {

struct Case {
  Value (*parse)(std::string_view text, std::string_view source);
  const char* source;
  const char* text;
  const char* message;
};

TEST(ConfigMessages, SayWhatIsWrongAndWhere) {
  const Case cases[] = {
      // clang-format off
      {parse_text, "run.txt", "",
       "[config] run.txt: the text is empty. Need a value. (E221)"},
      {parse_text, "run.txt", "lr=",
       "[config] run.txt, column 4: the text ends here. Need a value. (E221)"},
      {parse_text, "run.txt", "[1, 2",
       "[config] run.txt: a bracket is never closed. Need ']' at the end. (E221)"},
      {parse_text, "run.txt", "conv2d(8, 5",
       "[config] run.txt: a bracket is never closed. Need ')' at the end. (E221)"},
      {parse_text, "run.txt", "batch=1 seed=2",
       "[config] run.txt, column 9: 's' cannot stand here. Need ',' or the end. (E221)"},
      {parse_text, "run.txt", R"x(name="abc)x",
       R"x([config] run.txt, column 6: the text in quotes has no end. Need a second " in its line. )x"
       R"x((E221))x"},
      {parse_text, "run.txt", R"x(name="a\qb")x",
       R"x([config] run.txt, column 8: this is no escape. Need \n, \t, \", \\, \u0041 or the like, or )x"
       R"x(single quotes. (E221))x"},
      {parse_text, "run.txt", R"x(name="\ud800")x",
       "[config] run.txt, column 7: this is no character. Need 4 hexadecimal digits of one. (E221)"},
      {parse_text, "run.txt", "batch=3rd",
       "[config] run.txt, column 7: '3rd' is neither a word nor a number that a double holds. Put "
       "texts in quotes. (E221)"},
      {parse_text, "run.txt", "scale=1e999",
       "[config] run.txt, column 7: '1e999' is neither a word nor a number that a double holds. Put "
       "texts in quotes. (E221)"},
      {parse_text, "run.txt", "batch=5, 6",
       "[config] run.txt, column 10: a value without a name follows one with a name. Need it before, "
       "or a name. (E221)"},
      {parse_text, "run.txt", "6, batch=5",
       "[config] run.txt, column 4: a value with a name stands beside one without. Need (...) or "
       "[...] around what belongs together. (E221)"},
      {parse_text, "run.txt", "optimizer=sgd(lr=0.1, 0.9)",
       "[config] run.txt, column 23: a value without a name follows one with a name. Need it before, "
       "or a name. (E221)"},
      {parse_text, "run.txt", "train={5}",
       "[config] run.txt, column 8: a table needs names, as in {lr = 0.1}. (E221)"},
      {parse_text, "run.txt", "sizes=[a=1]",
       "[config] run.txt, column 8: a list has no names. Need {...}. (E221)"},
      {parse_text, "run.txt", "batch=5, batch=6",
       "[config] run.txt, column 10: 'batch' is given twice, first at run.txt. Need it once. (E225)"},
      {parse_text, "run.txt", "batch=@",
       "[config] run.txt, column 7: '@' cannot stand here. Need a value. (E221)"},
      {parse_text, "run.txt", "clips=[{norm=1}, 5]",
       "[config] run.txt, column 18: 'clips' has 5 in it. Need tables. (E227)"},
      {parse_text, "run.txt", "clips=[{norm=-1}]",
       "[config] run.txt, column 14: 'norm' of clips is -1. Need at least 0. (E228)"},
      {parse_text, "run.txt", "clips={\"2\"={norm=1}}",
       "[config] run.txt, column 8: 'clips' has no element '2', it has 0. Need a number less than that, or a "
       "list. (E226)"},
      {parse_text, "run.txt", "optimizer={schedule=-1}",
       "[config] run.txt, column 21: 'rate' of constant is -1. Need at least 0. (E228)"},
      {parse_text, "run.txt", "optimizer={schedule=true}",
       "[config] run.txt, column 21: 'schedule' of sgd is true. Need a number, or a schedule: constant, "
       "cosine, warmup. (E227)"},
      {parse_text, "run.txt", "5",
       "[config] run.txt: this is 5. Need a table of settings. (E227)"},
      {parse_text, "run.txt", "layers=conv2d(8, 5, 1, same, 2)",
       "[config] run.txt, column 30: this is value 5 of conv2d, which has the settings filters, "
       "kernel, stride, padding. Leave it out. (E231)"},
      {parse_text, "run.txt", "layers=conv2d(8, filters=9)",
       "[config] run.txt, column 18: 'filters' of conv2d is given twice, by position and by name. "
       "Need it once. (E225)"},
      {parse_text, "run.txt", "layers=relu(1)",
       "[config] run.txt, column 13: this is value 1 of relu, which has no settings. Leave it out. (E231)"},
      {parse_text, "run.txt", "layers=[conv2d(8), conv3d2(5)]",
       "[config] run.txt, column 20: unknown layer 'conv3d2'. Did you mean 'conv2d'? (E230)"},
      {parse_text, "run.txt", "layers=dense(5)",
       "[config] run.txt, column 8: unknown layer 'dense'. There are: relu, conv2d, sequential. (E230)"},
      {parse_text, "run.txt", "layers=[relu, [relu]]",
       "[config] run.txt, column 15: an element of 'layers' is a list. Need a layer: relu, conv2d, "
       "sequential. (E227)"},
      {parse_text, "run.txt", "optimizer=adam(betas=[0.9, 1])",
       "[config] run.txt, column 28: 'betas' of adam holds 1. Need from 0 to less than 1. (E228)"},
      {parse_text, "run.txt", "optimizer=5",
       "[config] run.txt, column 11: 'optimizer' is 5. Need an optimizer: sgd, adam. (E227)"},
      {parse_text, "run.txt", "optimizer=sgd(schedule=cosine(0.5, 0))",
       "[config] run.txt, column 36: 'epochs' of cosine is 0. Need at least 1. (E228)"},
      {parse_text, "run.txt", "batch=9223372036854775808",
       "[config] run.txt, column 7: 'batch' is 9223372036854775808, too large for an integer of 64 "
       "bits. Need an integer, at least 1. (E232)"},
      {parse_text, "run.txt", "batch=1e30",
       "[config] run.txt, column 7: 'batch' is 1e+30, too large for an integer of 64 bits. Need an "
       "integer, at least 1. (E232)"},
      {parse_text, "run.txt", "batch=2.5",
       "[config] run.txt, column 7: 'batch' is 2.5, not whole. Need an integer, at least 1. (E232)"},
      {parse_text, "run.txt", "seed=-1",
       "[config] run.txt, column 6: 'seed' is -1. Need at least 0. (E228)"},
      {parse_text, "run.txt", "seed=0.5",
       "[config] run.txt, column 6: 'seed' is 0.5, not whole. Need an integer, at least 0. (E232)"},
      {parse_text, "run.txt", "scale=nan",
       "[config] run.txt, column 7: 'scale' is nan. Need a number. (E228)"},
      {parse_text, "run.txt", "layers={3={kernel=1}}",
       "[config] run.txt, column 10: '=' cannot stand here. Need ',' or '}'. (E221)"},
      {parse_text, "run.txt", "layers={kernel=1}",
       R"x([config] run.txt, column 8: an element of 'layers' is given no name, and there is none to )x"
       R"x(change. Need type = "...", one of relu, conv2d, sequential. (E233))x"},
      {parse_text, "run.txt", "optimizer=\n  sgd(\n  lrr=1)",
       "[config] run.txt:3:3: unknown setting 'lrr' of sgd. Did you mean 'lr'? (E226)"},
      {parse_toml, "run.toml", "batch = 0",
       "[config] run.toml:1:9: 'batch' is 0. Need at least 1. (E228)"},
      {parse_toml, "run.toml", "lrr = 0.1",
       "[config] run.toml:1:1: unknown setting 'lrr'. There are: shuffle, batch, seed, scale, name, "
       "padding, sizes, weights, tags, optimizer, layers, train, clips. (E226)"},
      {parse_toml, "run.toml", "bacth = 5",
       "[config] run.toml:1:1: unknown setting 'bacth'. Did you mean 'batch'? (E226)"},
      {parse_toml, "run.toml", R"x(batch = "5")x",
       R"x([config] run.toml:1:9: 'batch' is the text "5". Need an integer, at least 1. (E227))x"},
      {parse_toml, "run.toml", "shuffle = 1",
       "[config] run.toml:1:11: 'shuffle' is 1. Need true or false. (E227)"},
      {parse_toml, "run.toml", "name = 5",
       "[config] run.toml:1:8: 'name' is 5. Need a text. (E227)"},
      {parse_toml, "run.toml", R"x(padding = "sam")x",
       "[config] run.toml:1:11: 'padding' cannot be 'sam'. Did you mean 'same'? Need one of none, "
       "same, reflect. (E229)"},
      {parse_toml, "run.toml", R"x(padding = "valid")x",
       "[config] run.toml:1:11: 'padding' cannot be 'valid'. Need one of none, same, reflect. (E229)"},
      {parse_toml, "run.toml", "padding = 2",
       "[config] run.toml:1:11: 'padding' is 2. Need one of none, same, reflect. (E227)"},
      {parse_toml, "run.toml", R"x(sizes = [1, "2"])x",
       R"x([config] run.toml:1:13: 'sizes' holds the text "2". Need a list of integers, each at least )x"
       R"x(1. (E227))x"},
      {parse_toml, "run.toml", "sizes = [1, 0]",
       "[config] run.toml:1:13: 'sizes' holds 0. Need at least 1. (E228)"},
      {parse_toml, "run.toml", "weights = [0.5, 1.5]",
       "[config] run.toml:1:17: 'weights' holds 1.5. Need from 0 to 1. (E228)"},
      {parse_toml, "run.toml", "tags = [1]",
       "[config] run.toml:1:9: 'tags' holds 1. Need a list of texts. (E227)"},
      {parse_toml, "run.toml", "batch = 1\nbatch = 2",
       "[config] run.toml:2:9: this is not TOML: Error while parsing key-value pair: cannot redefine "
       "existing integer 'batch'. (E222)"},
      {parse_toml, "run.toml", "batch 5",
       "[config] run.toml:1:7: this is not TOML: Error while parsing key-value pair: expected '=', "
       "saw '5'. (E222)"},
      {parse_toml, "run.toml", "batch = 2024-01-01",
       "[config] run.toml:1:9: dates and times are no settings. Put quotes around, for a text. (E222)"},
      {parse_toml, "run.toml", "batch = 99999999999999999999",
       "[config] run.toml:1:29: this is not TOML: Error while parsing decimal integer: "
       "'99999999999999999999' is not representable in 64 bits. (E222)"},
      {parse_toml, "run.toml", R"x(
[optimizer]
type = "sdg"
)x",
       "[config] run.toml:3:8: unknown optimizer 'sdg'. Did you mean 'sgd'? (E230)"},
      {parse_toml, "run.toml", R"x([optimizer]
type = "sgd"
lr = 0.1
momentun = 0.9)x",
       "[config] run.toml:4:1: unknown setting 'momentun' of sgd. Did you mean 'momentum'? (E226)"},
      {parse_toml, "run.toml", "[optimizer]\ntype = 5",
       "[config] run.toml:2:8: 'type' is 5. Need a name in quotes. (E227)"},
      {parse_toml, "run.toml", "[optimizer]\nmomentum = 1",
       "[config] run.toml:2:12: 'momentum' of sgd is 1. Need from 0 to less than 1. (E228)"},
      {parse_toml, "run.toml", "[optimizer.schedule]\nlow = 1",
       R"x([config] run.toml:1:1: 'schedule' of sgd is given no name, and there is none to change. )x"
       R"x(Need type = "...", one of constant, cosine, warmup. (E233))x"},
      {parse_toml, "run.toml", R"x(optimizer = "sgd(0.1, momentum=2)")x",
       "[config] run.toml:1:32: 'momentum' of sgd is 2. Need from 0 to less than 1. (E228)"},
      {parse_toml, "run.toml", R"x(optimizer = "sgd(0.1")x",
       "[config] run.toml:1:14: a bracket is never closed. Need ')' at the end. (E221)"},
      {parse_toml, "run.toml", R"x(layers = ["relu", "conv2d(kernel=0)"])x",
       "[config] run.toml:1:34: 'kernel' of conv2d is 0. Need at least 1. (E228)"},
      {parse_toml, "run.toml", R"x(layers = ["relu", { type = "conv2d", kernal = 5 }])x",
       "[config] run.toml:1:38: unknown setting 'kernal' of conv2d. Did you mean 'kernel'? (E226)"},
      {parse_toml, "run.toml", R"x(layers = ["relu", { kernel = 5 }])x",
       R"x([config] run.toml:1:19: an element of 'layers' is given no name, and there is none to )x"
       R"x(change. Need type = "...", one of relu, conv2d, sequential. (E233))x"},
      {parse_toml, "run.toml", "[train]\nepochs = 2000",
       "[config] run.toml:2:10: 'epochs' of train is 2000. Need from 1 to 1000. (E228)"},
      {parse_toml, "run.toml", "[train]\nepoch = 20",
       "[config] run.toml:2:1: unknown setting 'epoch' of train. Did you mean 'epochs'? (E226)"},
      {parse_toml, "run.toml", "train = 5",
       "[config] run.toml:1:9: 'train' is 5. Need a table of settings. (E227)"},
      {parse_toml, "run.toml", "[train.clip]\nnorm = -inf",
       "[config] run.toml:2:8: 'norm' of clip is -inf. Need a finite number, at least 0. (E228)"},
      {parse_toml, "run.toml", R"x(name = "a very long text that nobody wants to see whole in a message"
batch = "a very long text that nobody wants to see whole in a message")x",
       R"x([config] run.toml:2:9: 'batch' is the text "a very long text that nobody wants to se...". )x"
       R"x(Need an integer, at least 1. (E227))x"},
      {parse_json, "run.json", R"x({"batch": 0})x",
       "[config] run.json:1:11: 'batch' is 0. Need at least 1. (E228)"},
      {parse_json, "run.json", R"x({"batch": 5, "batch": 6})x",
       "[config] run.json:1:14: 'batch' is given twice, first at run.json:1:2. Need it once. (E225)"},
      {parse_json, "run.json", R"x({"batch": 5,})x",
       "[config] run.json:1:13: this is not JSON: unexpected '}'; expected string literal. (E223)"},
      {parse_json, "run.json", R"x({"batch": NaN})x",
       R"x([config] run.json:1:11: this is not JSON: invalid literal. JSON has no NaN and infinities: )x"
       R"x(write "nan", "inf". (E223))x"},
      {parse_json, "run.json", "{'batch': 5}",
       "[config] run.json:1:2: this is not JSON: invalid literal. JSON has double quotes only. (E223)"},
      {parse_json, "run.json", R"x({"batch": 5 // five
})x",
       "[config] run.json:1:13: this is not JSON: invalid literal. JSON has no comments. (E223)"},
      {parse_json, "run.json", R"x({"batch": tru})x",
       "[config] run.json:1:14: this is not JSON: invalid literal. (E223)"},
      {parse_json, "run.json", R"x({"scale": 1e999})x",
       "[config] run.json:1:16: this is not JSON: number overflow parsing '1e999'. (E223)"},
      {parse_json, "run.json", R"x({"batch": )x",
       "[config] run.json:1:10: this is not JSON: unexpected end of input; expected '[', '{', or a "
       "literal. (E223)"},
      {parse_json, "run.json", R"x({
  "seed": 1,
  "optimizer": {"type": "adam", "betas": [0.5, 2]}
})x",
       "[config] run.json:3:48: 'betas' of adam holds 2. Need from 0 to less than 1. (E228)"},
      {parse_json, "run.json", R"x({"optimizer": {"type": "adam", "beta": 2}})x",
       "[config] run.json:1:32: unknown setting 'beta' of adam. Did you mean 'betas'? (E226)"},
      {parse_json, "run.json", R"x({"batch": null})x",
       "[config] run.json:1:11: 'batch' is none. Need an integer, at least 1. (E227)"},
      {parse_json, "run.json", R"x({"scale": "nan"})x",
       R"x([config] run.json:1:11: 'scale' is the text "nan". Need a number. (E227))x"},
      {parse_json, "run.json", R"x({"seed": 18446744073709551616})x",
       "[config] run.json:1:10: 'seed' is 18446744073709551616.0, too large for an integer of 64 "
       "bits. Need an integer, at least 0. (E232)"},
      {parse_json, "run.json", R"x({"name": "\u0000", "tags": {}})x",
       "[config] run.json:1:28: 'tags' holds a table. Need a list of texts. (E227)"},
      // clang-format on
  };
  for (const Case& one : cases) {
    RunSettings run;
    const Value before = write(run);
    try {
      read(run, one.parse(one.text, one.source));
      ADD_FAILURE() << one.text << " was taken";
    } catch (const ValueError& error) {
      EXPECT_STREQ(error.what(), one.message) << one.text;
    }
    EXPECT_EQ(write(run), before) << one.text;
  }
}

/// The message that an option gets.
std::string message_of_option(std::string_view name, std::string_view text, std::string_view source = "") {
  RunSettings run;
  try {
    set(run, name, text, source);
  } catch (const ValueError& error) {
    return error.what();
  }
  return "none";
}

TEST(ConfigMessages, NameTheOption) {
  EXPECT_EQ(message_of_option("optimizer.lr", "0"),
            "[config] optimizer.lr: 'lr' of sgd is 0. Need above 0. (E228)");
  EXPECT_EQ(message_of_option("optimizer.lr", "fast", "--lr"),
            "[config] --lr: 'lr' of sgd is the text \"fast\". Need a number, above 0. (E227)");
  EXPECT_EQ(message_of_option("optimiser.lr", "0.1"),
            "[config] optimiser.lr: unknown setting 'optimiser'. Did you mean 'optimizer'? (E226)");
  EXPECT_EQ(message_of_option("train.epoch", "3"),
            "[config] train.epoch: unknown setting 'epoch' of train. Did you mean 'epochs'? (E226)");
  EXPECT_EQ(message_of_option("batch.size", "3"),
            "[config] batch.size: 'batch' is a table. Need an integer, at least 1. (E227)");
  EXPECT_EQ(
      message_of_option("layers.0.kernel", "3"),
      "[config] layers.0.kernel: 'layers' has no element '0', it has 0. Need a number less than that, or a "
      "list. (E226)");
  EXPECT_EQ(message_of_option("layers", "relu, conv2d(8, 0)", "--layers"),
            "[config] --layers, column 17: 'kernel' of conv2d is 0. Need at least 1. (E228)");
  EXPECT_EQ(message_of_option("name", "\xFF"),
            "[config] name: 'name' is a text that is not UTF-8. Need that encoding. (E238)");
  EXPECT_EQ(
      message_of_option("", "1"),
      "[config] unknown setting ''. There are: shuffle, batch, seed, scale, name, padding, sizes, weights, "
      "tags, optimizer, layers, train, clips. (E226)");
}

TEST(ConfigMessages, SayWhereInATextOfTheProgram) {
  const auto message_of = [](const char* text) -> std::string {
    try {
      make<Layer>(text);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(message_of("conv3d"), "[config] unknown layer 'conv3d'. Did you mean 'conv2d'? (E230)");
  EXPECT_EQ(message_of("conv2d(30, kernal=5)"),
            "[config] column 12: unknown setting 'kernal' of conv2d. Did you mean 'kernel'? (E226)");
  EXPECT_EQ(message_of("conv2d(30,\n  kernal=5)"),
            "[config] line 2, column 3: unknown setting 'kernal' of conv2d. Did you mean 'kernel'? (E226)");
}

}  // namespace
}  // namespace chainrule::config
