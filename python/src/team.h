#pragma once

#include <string>
#include <vector>

#include "binding.h"
#include "chainrule/train/team.h"

namespace chainrule::python {

/// The ranks of a communicator of mpi4py: what is sent and received is Python's, chainrule/_team.py.
class PythonTeam final : public train::Team {
 public:
  explicit PythonTeam(py::object ranks);
  ~PythonTeam() override;
  PythonTeam(const PythonTeam&) = delete;
  PythonTeam& operator=(const PythonTeam&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string name_of(int rank) const override;
  std::vector<std::string> gather(std::string_view mine) override;
  void broadcast(std::string& text, int from) override;
  void sum(std::int64_t shards, std::span<float> parts) override { add(shards, parts); }
  void sum(std::int64_t shards, std::span<double> parts) override { add(shards, parts); }

 private:
  template <class T>
  void add(std::int64_t shards, std::span<T> parts);

  py::object ranks_;
  int rank_ = 0, size_ = 1;
  std::vector<std::string> hosts_;
};

}  // namespace chainrule::python
