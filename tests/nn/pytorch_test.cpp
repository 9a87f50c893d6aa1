// Parameters under PyTorch's names.
#include "chainrule/nn/pytorch.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "message_of.h"
#include "nn/samples.h"
#include "temporary_folder.h"

namespace chainrule::nn {
namespace {

class PytorchNames : public EveryLayer {};

TEST_P(PytorchNames, GoToAFileAndBack) {
  const TemporaryFolder folder;
  const std::string path = (folder / "net.safetensors").string();
  const std::vector<Tensor> inputs = inputs_of(GetParam(), 2);
  const Shared<Layer> from = make(GetParam()), to = make(GetParam());
  from->build(Inputs(inputs), {.seed = 1});
  to->build(Inputs(inputs), {.seed = 2});
  save(path, *from, names::pytorch);
  load(path, *to, names::pytorch);
  const NamedTensors a = state_dict(*from), b = state_dict(*to);
  ASSERT_EQ(a.names(), b.names());
  for (const auto& [name, tensor] : a) EXPECT_EQ(tensor.to_vector(), b[name].to_vector()) << name;
}

INSTANTIATE_TEST_SUITE_P(, PytorchNames, ::testing::ValuesIn(samples()), test_name);

TEST(Pytorch, TransposesTheWeightOfAnAffineLayer) {
  Affine affine(tensor({1, 2, 3, 4, 5, 6}, {2, 3}), tensor({7, 8, 9}));
  const NamedTensors dict = state_dict(affine);
  EXPECT_EQ(dict.names(), (std::vector<std::string>{"weight", "bias"}));
  EXPECT_EQ(dict["weight"].to_string(), "[[1, 4],\n [2, 5],\n [3, 6]]  (3, 2) f32");
}

TEST(Pytorch, NamesLayersOfASequentialByTheirNumber) {
  Sequential net{Conv2d{2, 3}, BatchNorm{}, Relu{}, Flatten{}, Affine{4}};
  net.build(zeros({1, 1, 5, 5}));
  EXPECT_EQ(state_dict(net).names(),
            (std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
                                      "1.running_var", "1.num_batches_tracked", "4.weight", "4.bias"}));
}

TEST(Pytorch, NamesRecurrentLayersAndAttention) {
  Lstm lstm{2, {.layers = 2, .bidirectional = true}};
  lstm.build(zeros({1, 3, 4}));
  const NamedTensors of_lstm = state_dict(lstm);
  EXPECT_EQ(of_lstm["weight_ih_l0"].shape(), (Shape{8, 4}));
  EXPECT_EQ(of_lstm["weight_ih_l1_reverse"].shape(), (Shape{8, 4}));
  EXPECT_EQ(of_lstm["bias_hh_l1"].shape(), (Shape{8}));
  Attention attention{2};
  const Tensor x = zeros({1, 3, 4});
  attention.build({x, x, x});
  const NamedTensors of_attention = state_dict(attention);
  EXPECT_EQ(of_attention["in_proj_weight"].shape(), (Shape{12, 4}));
  EXPECT_EQ(of_attention["out_proj.bias"].shape(), (Shape{4}));
}

TEST(Pytorch, TakesLayersInTheirOrderIfNamesAreOtherNumbers) {
  Sequential net{Affine{2}, Relu{}, Affine{1}};
  net.build(zeros({1, 3}));
  load(NamedTensors{{"9.weight", ones({2, 3})},
                    {"9.bias", ones({2})},
                    {"10.weight", ones({1, 2})},
                    {"10.bias", full({1}, 5)}},
       net, names::pytorch);
  EXPECT_EQ(net.parameter("affine2.bias").value().item(), 5);
}

TEST(Pytorch, TakesItsOwnPathsToo) {
  Sequential net{Affine{1}};
  net.build(zeros({1, 3}));
  load(NamedTensors{{"affine1.weight", ones({1, 3})}, {"affine1.bias", full({1}, 5)}}, net, names::pytorch);
  EXPECT_EQ(net.parameter("affine1.bias").value().item(), 5);
}

TEST(Pytorch, ListsAllThatIsWrongAndChangesNothing) {
  Sequential net{Affine{2}, BatchNorm{}};
  net.build(zeros({1, 3}));
  const NamedTensors dict{{"0.weight", ones({3, 2})},    {"1.weight", ones({2})},
                          {"1.running_mean", ones({2})}, {"1.running_var", ones({2})},
                          {"1.bias", ones({2})},         {"2.weight", ones({7})}};
  EXPECT_EQ(message_of([&] { load(dict, net, names::pytorch); }),
            "[load] the state_dict is not that of the net, which is sequential:\n"
            "  does not fit: 0.weight is (3, 2), the net's would be (2, 3)\n"
            "  missing: 0.bias\n"
            "  not in the net: 2.weight (7,)\n"
            "Nothing was changed. Need PyTorch's names and shapes for the same layers. (E575)");
  EXPECT_EQ(net.parameter("batch_norm1.shift").value().to_vector(), (std::vector<double>{0, 0}));
}

TEST(Pytorch, RefusesOtherFilesAndSaysWhatToDo) {
  const TemporaryFolder folder;
  const std::string path = (folder / "model.pt").string();
  Affine net{1};
  io::replace_file(path, std::string("PK\3\4 model/data.pkl and more"));
  EXPECT_EQ(message_of([&] { load(path, net, names::pytorch); }),
            "[load] " + path +
                " is a file of torch.save (a zip archive with pickled objects). Reading that could run code, "
                "or needs "
                "another program. Write the tensors alone, in Python: "
                "safetensors.torch.save_file(model.state_dict(), "
                "\"model.safetensors\"). (E574)");
  io::replace_file(path, std::string("\x80\x02}q\0", 5));
  EXPECT_NE(message_of([&] { load(path, net, names::pytorch); }).find("torch.save (pickled objects)"),
            std::string::npos);
  io::replace_file(path, "GGUF\3");
  EXPECT_NE(message_of([&] { load(path, net, names::pytorch); }).find("is a GGUF file"), std::string::npos);
}

/// Each kind of layer with what makes it in PyTorch, and whether what it reads is a row of symbols.
struct Pair {
  std::string ours, torch;
  Shape input;
  std::string call = "y = m(x)";
};
const Pair kPairs[] = {
    {"affine(5)", "nn.Linear(4, 5)", {3, 4}},
    {"linear(5)", "nn.Linear(4, 5)", {2, 3, 4}},
    {"conv1d(3, 2, stride=2)", "nn.Conv1d(2, 3, 2, stride=2)", {2, 2, 7}},
    {"conv2d(4, 3, padding=1, groups=2)", "nn.Conv2d(2, 4, 3, padding=1, groups=2)", {2, 2, 5, 6}},
    {"conv_transpose2d(4, 3, stride=2)", "nn.ConvTranspose2d(2, 4, 3, stride=2)", {2, 2, 3, 4}},
    {"batch_norm", "nn.BatchNorm2d(3)", {2, 3, 4, 4}},
    {"layer_norm", "nn.LayerNorm(4)", {2, 4}},
    {"group_norm(2)", "nn.GroupNorm(2, 4)", {2, 4, 3, 3}},
    {"prelu", "nn.PReLU()", {2, 3, 4}},
    {"rnn(3)", "nn.RNN(4, 3, batch_first=True)", {2, 5, 4}, "y = m(x)[0]"},
    {"lstm(3, layers=2, bidirectional=true)",
     "nn.LSTM(4, 3, 2, batch_first=True, bidirectional=True)",
     {2, 5, 4},
     "y = m(x)[0]"},
    {"gru(3)", "nn.GRU(4, 3, batch_first=True)", {2, 5, 4}, "y = m(x)[0]"},
    {"attention(2)", "nn.MultiheadAttention(4, 2, batch_first=True)", {2, 5, 4}, "y = m(x, x, x)[0]"},
    {"sequential([conv2d(2, 3), batch_norm, relu, flatten, affine(3)])",
     "nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))",
     {2, 1, 5, 5}},
};

// A script with torch alone: it reads and writes safetensors by the format's definition, as Debian has torch
// but not that package.
constexpr const char* kScript = R"(
import json, struct, sys, torch
from torch import nn

def read(path):
    data = open(path, 'rb').read()
    size = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + size])
    made = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        dtype = {'F32': torch.float32, 'F64': torch.float64, 'I64': torch.int64}[entry['dtype']]
        begin, end = entry['data_offsets']
        raw = bytearray(data[8 + size + begin:8 + size + end])
        made[name] = torch.frombuffer(raw, dtype=dtype).reshape(entry['shape'])
    return made

def write(path, tensors):
    header, body = {}, b''
    for name, tensor in tensors.items():
        code = {torch.float32: 'F32', torch.float64: 'F64', torch.int64: 'I64'}[tensor.dtype]
        raw = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {'dtype': code, 'shape': list(tensor.shape), 'data_offsets': [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + body)

folder = sys.argv[1]
torch.manual_seed(1)
for i, (make, call) in enumerate(json.load(open(folder + '/pairs.json'))):
    x = read(f'{folder}/x{i}')['x']
    m = eval(make).eval()
    m.load_state_dict(read(f'{folder}/ours{i}'))       # what the library wrote
    exec(call)
    torch_made = eval(make).eval()
    for buffer in torch_made.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 2)
    first = y
    m = torch_made
    exec(call)
    write(f'{folder}/said{i}', {'of_ours': first, 'of_theirs': y})
    write(f'{folder}/theirs{i}', torch_made.state_dict())
)";

TEST(Pytorch, SaysTheSameAsTheLibraryOfEachKindOfLayer) {
  if (std::system("/usr/bin/python3 -c 'import torch, numpy' 2> /dev/null") != 0) {
    GTEST_SKIP() << "there is no torch for /usr/bin/python3 (Debian: python3-torch)";
  }
  const TemporaryFolder folder;
  std::string pairs = "[";
  std::vector<Tensor> inputs;
  std::vector<Shared<Layer>> layers;
  for (std::size_t i = 0; i < std::size(kPairs); ++i) {
    const Pair& pair = kPairs[i];
    pairs += std::string(i > 0 ? ", " : "") + "[\"" + pair.torch + "\", \"" + pair.call + "\"]";
    inputs.push_back(normal(pair.input, {.seed = 5, .step = i}));
    layers.push_back(config::make<Layer>(config::parse_text(pair.ours, "pair")));
    layers[i]->build(inputs[i]);
    const std::string number = std::to_string(i);
    io::write_safetensors((folder / ("x" + number)).string(), {{"x", inputs[i]}});
    save((folder / ("ours" + number)).string(), *layers[i], names::pytorch);
  }
  io::replace_file((folder / "pairs.json").string(), pairs + "]");
  io::replace_file((folder / "script.py").string(), kScript);
  const std::string command = "/usr/bin/python3 " + (folder / "script.py").string() + " " + folder.string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (std::size_t i = 0; i < std::size(kPairs); ++i) {
    const NamedTensors said = io::read_safetensors((folder / ("said" + std::to_string(i))).string()).tensors;
    const Tensor before = layers[i]->predict(inputs[i]);
    load((folder / ("theirs" + std::to_string(i))).string(), *layers[i], names::pytorch);
    const Tensor after = layers[i]->predict(inputs[i]);
    EXPECT_LE(max(abs(before - said["of_ours"])).item(), 2e-6) << kPairs[i].ours;
    EXPECT_LE(max(abs(after - said["of_theirs"])).item(), 2e-6) << kPairs[i].ours;
  }
}

}  // namespace
}  // namespace chainrule::nn
