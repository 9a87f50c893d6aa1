// One net that several threads ask at once. Prints what threads.txt holds.
#include <chainrule/chainrule.h>

#include <iostream>
#include <thread>
#include <vector>

using namespace chainrule;

int main() {
  const nn::Sequential net(nn::Affine(32), nn::Tanh(), nn::Affine(3));
  std::vector<std::vector<double>> answers(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    threads.emplace_back([&, i] {
      answers[i] = net.predict(full({1, 8}, static_cast<double>(i))).to_vector();
    });
  }
  for (std::thread& thread : threads) thread.join();

  for (std::size_t i = 0; i < answers.size(); ++i) {
    const bool is_same = answers[i] == net.predict(full({1, 8}, static_cast<double>(i))).to_vector();
    std::cout << "thread " << i << (is_same ? ": the bits of one thread alone\n" : ": other bits\n");
  }
}
