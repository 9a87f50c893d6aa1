// The ranks of a program: who they are, and what they tell each other in words.
#include "dist/world.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>

#include "chainrule/io.h"
#include "core/text.h"

namespace chainrule::dist {
namespace {

constexpr int kText = 1;

std::string line_of(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Origin own_origin() {
  Origin own;
  gethostname(own.host, sizeof(own.host) - 1);
  own.pid = getpid();
  char names[64] = {};
  const ssize_t length = readlink("/proc/self/ns/pid", names, sizeof(names) - 1);
  io::Fnv1a machine;
  machine.add(line_of("/proc/sys/kernel/random/boot_id"));
  machine.add(std::string_view(names, length > 0 ? static_cast<std::size_t>(length) : 0));
  own.machine = machine.value();
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    own.cpus = io::Fnv1a().add(std::string_view(reinterpret_cast<const char*>(&set), sizeof(set))).value();
  }
  return own;
}

/// The first of these variables that is there, as a number.
int number_in_environment(std::initializer_list<const char*> names, int otherwise) {
  for (const char* name : names) {
    if (const char* text = std::getenv(name)) return std::atoi(text);
  }
  return otherwise;
}

MPI_Comm duplicate(MPI_Comm comm) {
  MPI_Comm made = MPI_COMM_NULL;
  check(MPI_Comm_dup(comm, &made), "MPI_Comm_dup");
  return made;
}

template <class T>
void append(std::string& text, T number) {
  text.append(reinterpret_cast<const char*>(&number), sizeof(number));
}
template <class T>
T take(std::string_view& text) {
  T number;
  std::memcpy(&number, text.data(), sizeof(number));
  text.remove_prefix(sizeof(number));
  return number;
}

}  // namespace

void check(int result, const char* call) {
  if (result == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(result, text, &length);
  throw RankError(604,
                  cat("[dist] ", call, " failed: ", std::string_view(text, static_cast<std::size_t>(length)),
                      ". See what mpirun says."));
}

World::Inside::Inside(const Options& chosen, const void* communicator) : options(chosen) {
  int is_started = 0;
  MPI_Initialized(&is_started);
  if (is_started == 0 && communicator == nullptr && !is_launched()) {
    origins.push_back(own_origin());  // alone: without MPI
    return;
  }
  if (is_started == 0) {
    int level = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &level), "MPI_Init_thread");
    owns_mpi = true;
  }
  comm = duplicate(communicator != nullptr ? *static_cast<const MPI_Comm*>(communicator) : MPI_COMM_WORLD);
  MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  const Origin own = own_origin();
  origins.resize(static_cast<std::size_t>(size));
  check(MPI_Allgather(&own, sizeof(own), MPI_BYTE, origins.data(), sizeof(own), MPI_BYTE, comm),
        "MPI_Allgather");
}

World::Inside::~Inside() {
  int is_over = 0;
  MPI_Finalized(&is_over);
  if (comm != MPI_COMM_NULL && is_over == 0) {
    MPI_Comm_free(&comm);
    if (owns_mpi) MPI_Finalize();
  }
}

World::World(const Options& options)
    : inside_(new Inside(options, nullptr)), exceptions_(std::uncaught_exceptions()) {}
World::World(const void* communicator, const Options& options)
    : inside_(new Inside(options, communicator)), exceptions_(std::uncaught_exceptions()) {}

World::~World() {
  if (std::uncaught_exceptions() > exceptions_ && size() > 1) abort(7);
  try {
    barrier();
  } catch (const std::exception&) {
    abort(7);
  }
  delete inside_;
}

bool World::is_launched() {
  return number_in_environment({"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}, -1) >= 0;
}
int World::launched_rank() {
  return number_in_environment({"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}, 0);
}

int World::rank() const { return inside_->rank; }
int World::size() const { return inside_->size; }

int World::local_rank() const {
  const std::vector<Origin>& all = inside_->origins;
  const auto self = all.begin() + inside_->rank;
  return static_cast<int>(
      std::count_if(all.begin(), self, [&](const Origin& o) { return o.machine == self->machine; }));
}

int World::same_cpus() const {
  const std::vector<Origin>& all = inside_->origins;
  const Origin& self = all[static_cast<std::size_t>(inside_->rank)];
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const Origin& o) {
    return o.machine == self.machine && o.cpus == self.cpus;
  }));
}

std::string World::name_of(int rank) const {
  return cat("rank ", rank, " on host ", inside_->origins[static_cast<std::size_t>(rank)].host);
}

void World::Inside::send(int to, std::string_view text) {
  auto length = static_cast<std::int64_t>(text.size());
  std::vector<MPI_Request> requests(1);
  check(MPI_Isend(&length, 1, MPI_INT64_T, to, kText, comm, requests.data()), "MPI_Isend");
  constexpr std::size_t kMost = std::size_t{1} << 30;  // of a message
  for (std::size_t at = 0; at < text.size(); at += kMost) {
    const auto count = static_cast<int>(std::min(kMost, text.size() - at));
    check(MPI_Isend(text.data() + at, count, MPI_BYTE, to, kText, comm, &requests.emplace_back()),
          "MPI_Isend");
  }
  wait(requests);
}

std::string World::Inside::receive(int from) {
  std::int64_t length = 0;
  std::vector<MPI_Request> requests(1);
  check(MPI_Irecv(&length, 1, MPI_INT64_T, from, kText, comm, requests.data()), "MPI_Irecv");
  wait(requests);
  std::string text(static_cast<std::size_t>(length), '\0');
  constexpr std::size_t kMost = std::size_t{1} << 30;
  requests.clear();
  for (std::size_t at = 0; at < text.size(); at += kMost) {
    const auto count = static_cast<int>(std::min(kMost, text.size() - at));
    check(MPI_Irecv(text.data() + at, count, MPI_BYTE, from, kText, comm, &requests.emplace_back()),
          "MPI_Irecv");
  }
  wait(requests);
  return text;
}

/// By a binomial tree.
void World::broadcast(std::string& text, int from) {
  const int ranks = size(), self = (rank() - from + ranks) % ranks;
  int mask = 1;
  for (; mask < ranks; mask <<= 1) {
    if ((self & mask) == 0) continue;
    text = inside_->receive((self - mask + from) % ranks);
    break;
  }
  for (mask >>= 1; mask > 0; mask >>= 1) {
    if (self + mask < ranks) inside_->send((self + mask + from) % ranks, text);
  }
}

/// Up a binomial tree to rank 0, and from there to all.
std::vector<std::string> World::gather(std::string_view mine) {
  std::string all;
  append(all, std::int64_t{rank()});
  append(all, static_cast<std::int64_t>(mine.size()));
  all.append(mine);
  for (int mask = 1; mask < size(); mask <<= 1) {
    if ((rank() & mask) != 0) {
      inside_->send(rank() - mask, all);
      break;
    }
    if (rank() + mask < size()) all += inside_->receive(rank() + mask);
  }
  broadcast(all, 0);
  std::vector<std::string> texts(static_cast<std::size_t>(size()));
  for (std::string_view left = all; !left.empty();) {
    const auto of = static_cast<std::size_t>(take<std::int64_t>(left));
    const auto length = static_cast<std::size_t>(take<std::int64_t>(left));
    texts.at(of) = left.substr(0, length);
    left.remove_prefix(length);
  }
  return texts;
}

void World::barrier() { gather(""); }

void World::abort(int code) {
  if (inside_->comm != MPI_COMM_NULL) MPI_Abort(inside_->comm, code);
  _exit(code);
}

}  // namespace chainrule::dist
