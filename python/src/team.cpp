#include "team.h"

#include <utility>

#include "dist/add_up.h"

namespace chainrule::python {
namespace {

std::string bytes_of(py::handle object) { return py::cast<py::bytes>(object); }

/// (peer, the numbers' memory) of each.
template <class Place>
py::list transfers(const std::vector<dist::Transfer>& all, const Place& place) {
  py::list list;
  for (const dist::Transfer& t : all) {
    auto* const begin = place(t.buffer) + t.segment.begin;
    const std::size_t bytes = t.segment.size() * sizeof(*begin);
    list.append(py::make_tuple(
        t.peer, py::memoryview::from_memory(static_cast<void*>(begin), static_cast<py::ssize_t>(bytes))));
  }
  return list;
}

}  // namespace

PythonTeam::PythonTeam(py::object ranks)
    : ranks_(std::move(ranks)),
      rank_(py::cast<int>(ranks_.attr("rank"))),
      size_(py::cast<int>(ranks_.attr("size"))),
      hosts_(py::cast<std::vector<std::string>>(ranks_.attr("hosts"))) {}

PythonTeam::~PythonTeam() {
  const WithPython here;
  ranks_ = {};
}

std::string PythonTeam::name_of(int rank) const {
  return "rank " + std::to_string(rank) + " on host " + hosts_[static_cast<std::size_t>(rank)];
}

std::vector<std::string> PythonTeam::gather(std::string_view mine) {
  return with_python([&] {
    std::vector<std::string> all;
    for (const py::handle& each : ask(ranks_.attr("gather"), py::bytes(mine.data(), mine.size())))
      all.push_back(bytes_of(each));
    return all;
  });
}

void PythonTeam::broadcast(std::string& text, int from) {
  with_python([&] { text = bytes_of(ask(ranks_.attr("broadcast"), py::bytes(text), from)); });
}

template <class T>
void PythonTeam::add(std::int64_t shards, std::span<T> parts) {
  if (size_ == 1) return;
  std::vector<dist::Merge> merges;
  const auto merges_of = [&](std::size_t count) -> const std::vector<dist::Merge>& {
    merges = dist::schedule(shards, rank_, size_, count);
    return merges;
  };
  const auto exchange = [&](const std::vector<dist::Transfer>& sends,
                            const std::vector<dist::Transfer>& receives, const auto& place) {
    with_python([&] { ask(ranks_.attr("exchange"), transfers(sends, place), transfers(receives, place)); });
  };
  dist::add_up(shards, rank_, size_, parts, merges_of, exchange);
}

}  // namespace chainrule::python
