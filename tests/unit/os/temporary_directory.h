#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace skerry::os {

/// A directory of one test, gone with all it holds when the test ends.
class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_((std::filesystem::temp_directory_path() / "skerry.XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) {
      std::abort();
    }
  }

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace skerry::os
