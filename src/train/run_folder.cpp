// The folder of a run: kept while it runs, and resumed from.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/train/handlers.h"
#include "core/text.h"
#include "train/checkpoint_file.h"
#include "train/configuration.h"

namespace chainrule::train {
namespace {

namespace fs = std::filesystem;

FileError cannot_write(const std::string& path, int error) {
  return FileError(83, cat("[write] ", path, ": ", std::strerror(error),
                           ". Check that the folder can be written to and has room."));
}

/// A file that grows at its end.
class Appended {
 public:
  explicit Appended(const std::string& path)
      : path_(path), fd_(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)) {
    if (fd_ < 0) throw cannot_write(path, errno);
  }
  ~Appended() { close(fd_); }
  Appended(const Appended&) = delete;
  Appended& operator=(const Appended&) = delete;

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw cannot_write(path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void flush() const {
    if (fsync(fd_) != 0 && errno != EINVAL) throw cannot_write(path_, errno);
  }

 private:
  const std::string& path_;
  int fd_;
};

/// Keeps a folder for one process, for as long as it lives; the system lets go of it whatever ends the
/// process.
class FolderLock {
 public:
  FolderLock() = default;
  ~FolderLock() {
    if (fd_ >= 0) close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// @throws FileError  if another has it (E314). File systems without locks are taken as they are.
  void take(const std::string& folder) {
    if (fd_ >= 0) return;
    fd_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd_ < 0 || flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    close(std::exchange(fd_, -1));
    throw FileError(314, cat("[checkpoint] ", folder,
                             " is in use: another program trains in it. Wait for its end, or "
                             "name another folder."));
  }

 private:
  int fd_ = -1;
};

/// The first lines of history.jsonl.
/// @throws FileError  if they are not those that the checkpoint knows (E305).
History read_history(const std::string& path, std::int64_t count, const std::string& digest) {
  std::error_code ignored;
  const std::string text = fs::exists(path, ignored) ? io::read_file(path, std::uint64_t{1} << 32) : "";
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; static_cast<std::int64_t>(lines.size()) < count;) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    lines.push_back(std::string_view(text).substr(begin, end + 1 - begin));
    begin = end + 1;
  }
  io::Fnv1a hash;
  for (const std::string_view line : lines) hash.add(line);
  if (static_cast<std::int64_t>(lines.size()) != count || hash.hex() != digest) {
    throw FileError(
        305, cat("[resume] ", path, " does not begin with the ", count,
                 " reports that the checkpoint was made after: lines are missing, or were changed. Put the "
                 "file back as it was."));
  }
  History history;
  for (const std::string_view line : lines) history.push_back(parse_report(line.substr(0, line.size() - 1)));
  return history;
}

}  // namespace

/// Keeps the folder.
class RunFolder final : public Handler {
 public:
  RunFolder(std::string folder, CheckpointOptions options)
      : folder_(std::move(folder)), options_(std::move(options)), history_(folder_ + "/history.jsonl") {}

  bool remembers() const override { return true; }
  void begin(Trainer& trainer) override {
    if (trainer.step_ < written_at_) written_at_ = -1;  // it went back
    if (is_ready_ || !trainer.writes()) return;
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error || !fs::is_directory(folder_, error))
      throw cannot_write(folder_, error ? error.value() : ENOTDIR);
    lock_.take(folder_);
    const bool goes_on = trainer.resumed_folder_ == folder_;
    if (!goes_on) make_room();
    for (const fs::directory_entry& file : fs::directory_iterator(folder_)) {  // of a write that was killed
      const std::string name = file.path().filename().string();
      if (name.rfind(".chainrule-", 0) == 0 && file.path().extension() == ".tmp")
        fs::remove(file.path(), error);
    }
    const std::string run = folder_ + "/run.toml";
    config::Value all = config::parse_toml(trainer.configuration(), run);
    for (config::Entry& note : config::parse_toml(options_.notes, "notes").table)
      all.table.push_back(std::move(note));
    io::replace_file(run, config::to_toml(all));
    rows_ = rows_table(trainer.loader_, kMostNumbers);
    std::string lines;
    for (const Report& report : trainer.history()) lines += to_json(report) + "\n";
    digest_.add(lines);
    io::replace_file(history_, lines);
    if (goes_on && trainer.resumed_from_ == kCheckpointNames[0]) next_ = 1;
    if (goes_on && !trainer.resumed_from_.empty()) written_at_ = trainer.step_;
    is_ready_ = true;
  }

  void call(Trainer& trainer) override {
    if (written_at_ == trainer.step_ || !trainer.writes()) return;
    Appended(history_).flush();
    write_checkpoint(cat(folder_, "/", kCheckpointNames[next_]),
                     {.step = trainer.step_,
                      .seed = trainer.options_.seed,
                      .loss_sum = trainer.loss_sum_,
                      .loss_count = trainer.loss_count_,
                      .seconds = trainer.seconds_,
                      .reports = static_cast<std::int64_t>(trainer.history_.size()),
                      .history_digest = digest_.hex(),
                      .configuration = trainer.configuration() + rows_,
                      .tensors = trainer.tensors()});
    next_ = 1 - next_;
    written_at_ = trainer.step_;
  }
  void reported(Trainer& trainer, const Report& report) override {
    if (!trainer.writes()) return;
    const std::string line = to_json(report) + "\n";
    digest_.add(line);
    Appended(history_).write(line);
  }
  void ending(Trainer& trainer) override { call(trainer); }

  static Resumed resume(Trainer& trainer, const std::string& folder);

 private:
  /// @throws FileError  if a run is there that may not be replaced (E309).
  void make_room() const {
    std::vector<std::string> files{"run.toml", "history.jsonl"};
    files.insert(files.end(), kCheckpointNames.begin(), kCheckpointNames.end());
    std::error_code ignored;
    for (const std::string& file : files) {
      if (!options_.replace && fs::exists(folder_ + "/" + file, ignored)) {
        throw FileError(309,
                        cat("[checkpoint] ", folder_, " has a run already (", file,
                            "). Go on with trainer.resume(\"", folder_,
                            "\") (of fit: resume = true), name another folder, or replace it with .replace = "
                            "true (of fit: remove it)."));
      }
    }
    files.insert(files.end(), options_.also.begin(), options_.also.end());
    // The checkpoints first: what is killed between has no run, instead of another's.
    for (auto file = files.rbegin(); file != files.rend(); ++file) fs::remove(folder_ + "/" + *file, ignored);
  }

  /// Of the rows, in a checksum: a run begins at once, whatever rows cost.
  static constexpr std::int64_t kMostNumbers = std::int64_t{1} << 22;

  std::string folder_;
  CheckpointOptions options_;
  std::string rows_;  // in a configuration
  std::string history_;
  FolderLock lock_;
  io::Fnv1a digest_;
  std::size_t next_ = 0;
  std::int64_t written_at_ = -1;
  bool is_ready_ = false;
};

Resumed RunFolder::resume(Trainer& trainer, const std::string& folder) {
  if (trainer.is_running_ || trainer.step_ > 0) {
    throw ValueError(302, "[resume] this trainer has taken steps already. Resume before the first run.");
  }
  Newest newest = read_newest(folder);
  trainer.resumed_folder_ = folder;
  if (newest.path.empty()) return {};
  Checkpoint& checkpoint = newest.checkpoint;
  const std::string wrong = differences(checkpoint.configuration,
                                        trainer.configuration() + rows_table(trainer.loader_, kMostNumbers));
  if (!wrong.empty()) {
    throw ValueError(303, cat("[resume] ", newest.path, " is of a run with another configuration:", wrong,
                              "\nSet these as they were, or start a new run in another folder."));
  }
  History history = read_history(folder + "/history.jsonl", checkpoint.reports, checkpoint.history_digest);
  trainer.build();
  trainer.restore(checkpoint.tensors);
  trainer.handler_states_ = std::move(checkpoint.tensors);
  trainer.history_ = std::move(history);
  trainer.step_ = checkpoint.step;
  trainer.loss_sum_ = checkpoint.loss_sum;
  trainer.loss_count_ = checkpoint.loss_count;
  trainer.seconds_ = checkpoint.seconds;
  trainer.planned_ = 0;
  trainer.first_ = {};
  trainer.resumed_from_ = newest.path.substr(folder.size() + 1);
  trainer.is_resumed_ = true;
  return {checkpoint.step, newest.path, newest.damaged};
}

Resumed Trainer::resume(const std::string& folder) { return RunFolder::resume(*this, folder); }

Shared<Handler> checkpoint(std::string folder, CheckpointOptions options) {
  return Shared<Handler>(new RunFolder(std::move(folder), std::move(options)));
}

std::ostream& operator<<(std::ostream& out, const Resumed& resumed) {
  if (resumed.checkpoint.empty()) return out << "starts at step 0: there is no checkpoint yet";
  out << "goes on at step " << resumed.step << ", from " << resumed.checkpoint;
  if (!resumed.damaged.empty()) out << "; another is damaged: " << resumed.damaged;
  return out;
}

}  // namespace chainrule::train
