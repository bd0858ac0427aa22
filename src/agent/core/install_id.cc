#include "agent/core/install_id.h"

#include "agent/ledger/ledger.h"

namespace skerry::agent {
namespace {

constexpr const char* install_id_file = "install-id";
constexpr std::size_t file_bytes_max = 64;

/// Nothing where the file is not there or holds no id.
Result<std::optional<Uuid>> read_file(Disk& disk) {
  const Result<std::string> text = read_whole(disk, install_id_file, file_bytes_max);
  if (!text && text.error().code == disk_failed) {
    return fail(text.error());
  }
  if (!text) {
    return std::optional<Uuid>();
  }
  const Result<Uuid> id = parse_uuid(text->substr(0, text->find('\n')));
  return id && !id->is_zero() ? std::optional(*id) : std::nullopt;
}

bool has_run(const Ledger& ledger) {
  return ledger.floor_lost() || ledger.floor().number.seq > 0 || !ledger.keys(key::stacks).empty();
}

}  // namespace

Result<Uuid> open_install_id(Disk& disk, Random& random, const Clock& clock) {
  SKERRY_TRY(const std::optional<Uuid> kept, read_file(disk));
  if (kept) {
    return *kept;
  }
  SKERRY_TRY(const Ledger ledger, Ledger::open(disk));
  SKERRY_TRY(const std::optional<InstallId> copy, ledger.get<InstallId>(key::install_id));
  if (!copy && has_run(ledger)) {
    return fail({.kind = ErrorKind::conflict,
                 .code = install_id_lost,
                 .message = "the id that marks what this site runs is lost; nothing is touched",
                 .field_path = install_id_file,
                 .hint = "write the label skerry.install of one of its containers to the file "
                         "install-id in the state directory"});
  }
  const Uuid id = copy ? copy->id : make_uuid(clock.wall(), random);
  SKERRY_CHECK(write_atomically(disk, install_id_file, to_string(id)));
  return id;
}

}  // namespace skerry::agent
