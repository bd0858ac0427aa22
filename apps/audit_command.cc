#include "audit_command.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include "os/directory_disk.h"
#include "server/store/audit_head.h"
#include "server/store/codes.h"
#include "server/store/reader.h"
#include "trust/keys.h"
#include "trust/openssl_crypto.h"

namespace skerry::server {
namespace {

constexpr int exit_no = 1;
constexpr int exit_unreadable = 70;

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) {
      std::fclose(file);
    }
  }
};

using File = std::unique_ptr<std::FILE, CloseFile>;

/// The next line; nothing at the end.
std::optional<std::string> next_line(std::FILE* file) {
  std::string line;
  for (int byte = std::fgetc(file); byte != EOF; byte = std::fgetc(file)) {
    if (byte == '\n') {
      return line;
    }
    line += static_cast<char>(byte);
  }
  return line.empty() ? std::nullopt : std::optional(line);
}

/// The head in a line of ours, whatever a log keeper put before it.
std::optional<std::string> head_in(const std::string& line) {
  constexpr std::string_view event = R"("event":"audit_head","head":")";
  const std::size_t at = line.find(event);
  if (at == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t begin = at + event.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

/// How many heads there were, all of which hold.
Result<std::uint64_t> check_heads(const AuditOptions& options,
                                  store::Reader& reader,
                                  const Crypto& crypto) {
  SKERRY_TRY(const auto disk, os::DirectoryDisk::open_directory(options.data_directory + "/keys"));
  SKERRY_TRY(const trust::KeyRing keys, trust::load_keys(*disk, crypto));
  SKERRY_TRY(const KeyPair key, keys.find(trust::KeyRole::server));
  const File file(options.heads == "-" ? stdin : std::fopen(options.heads.c_str(), "r"));
  if (!file) {
    return fail({.kind = ErrorKind::not_found,
                 .code = file_not_found,
                 .message = "cannot be read",
                 .field_path = options.heads});
  }
  std::uint64_t count = 0;
  while (const std::optional<std::string> line = next_line(file.get())) {
    if (const std::optional<std::string> head = head_in(*line)) {
      SKERRY_CHECK(store::check_audit_head(*head, reader, key.public_key, crypto));
      ++count;
    }
  }
  return count;
}

Status verify(const AuditOptions& options) {
  const trust::OpenSslCrypto crypto;
  SKERRY_TRY(const auto reader, store::Reader::open(options.data_directory + "/skerry.db"));
  SKERRY_CHECK(reader->verify_audit(crypto));
  SKERRY_TRY(const store::Head head, reader->head());
  std::uint64_t heads = 0;
  if (!options.heads.empty()) {
    SKERRY_TRY(heads, check_heads(options, *reader, crypto));
  }
  std::printf("the audit chain holds: %llu rows, %llu signed heads\n",
              static_cast<unsigned long long>(head.revision),
              static_cast<unsigned long long>(heads));
  return {};
}

}  // namespace

int verify_audit(const AuditOptions& options) {
  const Status verified = verify(options);
  if (verified) {
    return 0;
  }
  const Error& error = verified.error();
  std::fprintf(stderr, "error: %s\n", to_string(error).c_str());
  const bool is_no = error.code == store::audit_broken || error.code == store::audit_head_invalid;
  return is_no ? exit_no : exit_unreadable;
}

}  // namespace skerry::server
