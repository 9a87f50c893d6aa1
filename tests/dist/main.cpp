// The tests; and a program that trains on the ranks that mpirun starts:
//     mpirun -n 4 dist_tests --train THREADS [NAME=VALUE...]
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "chainrule/ops.h"
#include "chainrule/threads.h"
#include "dist/small_run.h"
#include "dist/world.h"

namespace {

using namespace chainrule;
using namespace chainrule::dist;

std::map<std::string, std::string> given;
int own_rank = 0;
World* the_world = nullptr;

std::int64_t number(const char* name, std::int64_t otherwise) {
  return given.count(name) != 0 ? std::atoll(given[name].c_str()) : otherwise;
}

/// What is wrong with rank 1, on purpose.
void trouble(train::Trainer& trainer) {
  const std::int64_t step = trainer.steps_done();
  if (own_rank != 1) return;
  if (step == number("die_at", -1)) raise(SIGKILL);
  if (step == number("stop_at", -1)) raise(SIGSTOP);
  if (step == number("spoil_at", -1)) {
    nn::Parameter spoilt = trainer.net().parameters()[0].parameter;
    spoilt.set_value(detach(spoilt.value() * 1.0001));
  }
  if (step == number("interrupt_at", -1)) trainer.interrupt();
  if (step == number("ask_at", -1)) the_world->gather("what the others do not ask for");
  if (step == number("fail_at", -1)) check(MPI_ERR_RANK, "MPI_Isend");
  if (step == number("throw_at", -1)) throw std::runtime_error("rank 1 has had enough");
}

int train_on_ranks() {
  const double timeout = given.count("timeout") != 0 ? std::atof(given["timeout"].c_str()) : 20;
  World world({.timeout = timeout});
  own_rank = world.rank();
  the_world = &world;
  try {
    std::string all;
    std::vector<std::string> nets{"two_layer", "lenet", "gpt"};
    if (given.count("net") != 0) nets = {given["net"]};
    for (const std::string& net : nets) {
      all +=
          train_small({.net = net,
                       .shards = number("shards", 8),
                       .steps = number("steps", 12),
                       .team = &world,
                       .folder = given["folder"],
                       .after_step = trouble,
                       .lr = own_rank == 1 && given.count("lr") != 0 ? std::atof(given["lr"].c_str()) : 0.05,
                       .sync_batch_norm = number("sync", 0) != 0,
                       .batch_size = number("batch", 30),
                       .file = given["file"],
                       .on_disk = number("disk", 0) != 0});
    }
    if (own_rank == 0) std::cout << all << std::flush;
    return 0;
  } catch (const std::exception& error) {
    world.take_turn();
    std::cerr << error.what() << std::endl;
    world.abort(7);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 3 && std::strcmp(argv[1], "--train") == 0) {
    chainrule::set_num_threads(std::atoi(argv[2]));
    for (int i = 3; i < argc; ++i) {
      const std::string text = argv[i];
      given[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
    }
    return train_on_ranks();
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
