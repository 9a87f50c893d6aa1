// The tests; and a program that trains in a folder until it is killed or done:
//     train_tests --train FOLDER THREADS WORKERS
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "train/hard_run.h"

int main(int argc, char** argv) {
  using chainrule::train::HardRun;
  if (argc == 5 && std::strcmp(argv[1], "--train") == 0) {
    HardRun run({.threads = std::atoi(argv[3]),
                 .workers = std::atoi(argv[4]),
                 .checkpoint_every = 1,
                 .folder = argv[2]});
    run.trainer.resume(argv[2]);
    run.trainer.run(chainrule::steps(HardRun::kSteps));
    std::cout << run.digest();
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
