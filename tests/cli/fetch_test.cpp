// chainrule data fetch, from a server of this machine.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                                  "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"};

/// tests/cli/serve.py, for as long as it lives.
class Server {
 public:
  explicit Server(const std::string& folder, const std::string& mode = "none") {
    int out[2];
    if (pipe(out) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(out[1], STDOUT_FILENO);
      execlp("python3", "python3", CHAINRULE_SOURCE_DIR "/tests/cli/serve.py", folder.c_str(), mode.c_str(),
             nullptr);
      _exit(127);
    }
    close(out[1]);
    std::FILE* said = fdopen(out[0], "r");
    if (std::fscanf(said, "%d", &port_) != 1) port_ = 0;
    std::fclose(said);
  }
  ~Server() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  bool runs() const { return port_ > 0; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

Outcome fetch(const std::string& set, const Server& server, const std::string& home) {
  return run_tool({"data", "fetch", set, "--from", server.url() + "/"},
                  {.environment = {"XDG_DATA_HOME=" + home, "no_proxy=127.0.0.1"}});
}

/// A folder with the real files, or why there is none.
class Fetch : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Outcome tried =
        run_tool({"data", "fetch", "mnist", "--from", "http://127.0.0.1:9", "--data-dir", files_.string()});
    if (tried.err.find("(E389)") != std::string::npos) GTEST_SKIP() << "the tool was built without libcurl";
    const char* data = std::getenv("CHAINRULE_DATA_DIR");
    if (data == nullptr || !fs::exists(fs::path(data) / "mnist" / kFiles[0])) {
      GTEST_SKIP() << "CHAINRULE_DATA_DIR names no folder with mnist";
    }
    for (const char* file : kFiles) fs::copy(fs::path(data) / "mnist" / file, files_ / file);
  }
  TemporaryFolder files_, home_;
};

TEST_P(Fetch, GetsTheFilesWhereTrainFindsThem) {
  const std::string mode = GetParam();
  const Server server(files_.string(), mode);
  if (!server.runs()) GTEST_SKIP() << "python3 does not run here";
  const std::string folder = (home_ / "chainrule/mnist").string();
  if (mode == "whole") {  // something came before, and the server cannot go on from there
    fs::create_directories(folder);
    std::ofstream(folder + "/" + kFiles[1] + ".part") << "half";
  }
  const Outcome outcome = fetch("mnist", server, home_.string());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* file : kFiles) {
    EXPECT_EQ(read_file(folder + "/" + file), read_file(files_ / file)) << file;
    EXPECT_NE(outcome.out.find(folder + "/" + file + ": fetched, its checksum is right\n"), std::string::npos)
        << outcome.out;
    EXPECT_FALSE(fs::exists(folder + "/" + file + ".part"));
  }
  const std::string requests = read_file(files_ / "requests");
  if (mode == "cut") {  // each went on from its middle
    const std::string middle = std::to_string(fs::file_size(files_ / kFiles[1]) / 2);
    EXPECT_NE(requests.find(std::string("/") + kFiles[1] + " bytes=" + middle + "-\n"), std::string::npos)
        << requests;
  }
  const Outcome list = run_tool({"data", "list"}, {.environment = {"XDG_DATA_HOME=" + home_.string()}});
  EXPECT_NE(list.out.find("mnist            60000 + 10000"), std::string::npos) << list.out;
  const Outcome again = fetch("mnist", server, home_.string());
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.out.find(": there already\n"), std::string::npos);
  EXPECT_EQ(read_file(files_ / "requests"), requests) << "nothing is fetched twice";
  const Outcome json =
      run_tool({"data", "fetch", "mnist", "--json"}, {.environment = {"XDG_DATA_HOME=" + home_.string()}});
  const nlohmann::json document = nlohmann::json::parse(json.out);
  ASSERT_EQ(document.size(), 3u) << "as docs/tool.md has it: name, folder, files";
  EXPECT_EQ(document.at("name"), "mnist");
  EXPECT_EQ(document.at("folder"), folder);
  ASSERT_EQ(document.at("files").size(), 4u);
  EXPECT_EQ(document.at("files").at(0).at("bytes"), fs::file_size(folder + "/" + kFiles[2]));
}
INSTANTIATE_TEST_SUITE_P(Servers, Fetch, testing::Values("plain", "cut", "whole"),
                         [](const auto& mode) { return std::string(mode.param); });

class FetchFails : public testing::Test {
 protected:
  void SetUp() override {
    const Outcome tried =
        run_tool({"data", "fetch", "mnist", "--from", "http://127.0.0.1:9", "--data-dir", home_.string()});
    if (tried.err.find("(E389)") != std::string::npos) GTEST_SKIP() << "the tool was built without libcurl";
    EXPECT_EQ(tried.code, 1);
    EXPECT_EQ(tried.err.find(
                  "chainrule: [fetch] train-images-idx3-ubyte.gz of mnist could not be fetched:\n  "
                  "http://127.0.0.1:9/train-images-idx3-ubyte.gz: Failed to connect to 127.0.0.1 port 9"),
              0u)
        << tried.err;
  }
  std::string message(const std::string& set, const Server& server, const std::string& file,
                      const std::string& why) {
    return "chainrule: [fetch] " + file + " of " + set + " could not be fetched:\n  " + server.url() + "/" +
           file + ": " + why +
           "\nTry again later: what has come is kept. Or take another server with --from URL, or put the "
           "file into " +
           (home_ / "chainrule" / set).string() + " yourself. (E392)\n";
  }
  TemporaryFolder files_, home_;
};

TEST_F(FetchFails, NamesWhatTheServerDoesNotHave) {
  const Server server(files_.string());
  if (!server.runs()) GTEST_SKIP() << "python3 does not run here";
  const Outcome outcome = fetch("mnist", server, home_.string());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, message("mnist", server, kFiles[0], "the server answers 404"));
}

TEST_F(FetchFails, KeepsNothingWithAWrongChecksum) {
  std::ofstream(files_ / "train-images-idx3-ubyte.gz") << "no images";
  std::ofstream(files_ / "cifar-10-binary.tar.gz") << "no archive";
  const Server server(files_.string());
  if (!server.runs()) GTEST_SKIP() << "python3 does not run here";
  const Outcome outcome = fetch("mnist", server, home_.string());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, message("mnist", server, kFiles[0], "what came has a wrong checksum"));
  EXPECT_EQ(fetch("cifar10", server, home_.string()).err,
            message("cifar10", server, "cifar-10-binary.tar.gz", "what came has a wrong checksum"));
  EXPECT_TRUE(fs::is_empty(home_ / "chainrule/mnist"));
  EXPECT_TRUE(fs::is_empty(home_ / "chainrule/cifar10"));
}

}  // namespace
}  // namespace chainrule::cli
