#include "sim/sim_disk.h"

#include <algorithm>

namespace skerry::sim {
namespace {

constexpr std::uint64_t sector_bytes = 512;

Error disk_error(ErrorCode code, std::string_view name) {
  return {.kind = code == disk_full        ? ErrorKind::exhausted
                  : code == file_not_found ? ErrorKind::not_found
                                           : ErrorKind::unavailable,
          .code = code,
          .message = "simulated",
          .field_path = std::string(name)};
}

}  // namespace

class SimFile : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<SimDisk::Inode> inode)
      : disk_(&disk), inode_(std::move(inode)) {}

  [[nodiscard]] Result<std::uint64_t> size() const override { return inode_->now.size(); }

  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t length) const override {
    if (offset >= inode_->now.size()) {
      return std::string();
    }
    return inode_->now.substr(offset, length);
  }

  Status write(std::uint64_t offset, std::string_view bytes) override {
    if (disk_->watcher_) {
      disk_->watcher_(bytes);
    }
    SKERRY_CHECK(disk_->before_operation());
    const std::uint64_t end = offset + bytes.size();
    const std::uint64_t growth = end > inode_->now.size() ? end - inode_->now.size() : 0;
    if (disk_->used_bytes() + growth > disk_->faults_.capacity_bytes) {
      // A full disk often takes a part first.
      change({.offset = offset, .bytes = std::string(bytes.substr(0, bytes.size() / 2))});
      return fail(disk_error(disk_full, ""));
    }
    change({.offset = offset, .bytes = std::string(bytes)});
    return {};
  }

  Status truncate(std::uint64_t size) override {
    SKERRY_CHECK(disk_->before_operation());
    change({.offset = size, .bytes = {}, .truncates = true});
    return {};
  }

  Status sync() override {
    SKERRY_CHECK(disk_->before_operation());
    for (const SimDisk::Write& write : inode_->pending) {
      SimDisk::apply(inode_->durable, write);
    }
    inode_->pending.clear();
    return {};
  }

 private:
  void change(SimDisk::Write write) {
    SimDisk::apply(inode_->now, write);
    inode_->pending.push_back(std::move(write));
  }

  SimDisk* disk_;
  std::shared_ptr<SimDisk::Inode> inode_;
};

SimDisk::SimDisk(const DiskImage& image) {
  for (const auto& [name, content] : image) {
    auto inode = std::make_shared<Inode>();
    inode->now = content;
    inode->durable = content;
    now_[name] = std::move(inode);
  }
  durable_ = now_;
}

Status SimDisk::before_operation() {
  ++operations_;
  if (faults_.fail_after != 0 && --faults_.fail_after == 0) {
    return fail(disk_error(faults_.code, ""));
  }
  if (observer_) {
    observer_(operations_);
  }
  return {};
}

std::uint64_t SimDisk::used_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [name, inode] : now_) {
    sum += inode->now.size();
  }
  return sum;
}

void SimDisk::apply(std::string& content, const Write& write) {
  if (write.truncates) {
    content.resize(write.offset);
    return;
  }
  const std::uint64_t end = write.offset + write.bytes.size();
  content.resize(std::max<std::uint64_t>(content.size(), end));
  content.replace(write.offset, write.bytes.size(), write.bytes);
}

Result<std::unique_ptr<File>> SimDisk::open(std::string_view name, Create create) {
  auto found = now_.find(name);
  if (found == now_.end()) {
    if (create == Create::no) {
      return fail(disk_error(file_not_found, name));
    }
    SKERRY_CHECK(before_operation());
    pending_.push_back(now_);
    found = now_.emplace(std::string(name), std::make_shared<Inode>()).first;
  }
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, found->second));
}

Status SimDisk::rename(std::string_view from, std::string_view to) {
  SKERRY_CHECK(before_operation());
  const auto found = now_.find(from);
  if (found == now_.end()) {
    return fail(disk_error(file_not_found, from));
  }
  pending_.push_back(now_);
  now_[std::string(to)] = found->second;
  now_.erase(found);
  return {};
}

Status SimDisk::remove(std::string_view name) {
  SKERRY_CHECK(before_operation());
  const auto found = now_.find(name);
  if (found == now_.end()) {
    return fail(disk_error(file_not_found, name));
  }
  pending_.push_back(now_);
  now_.erase(found);
  return {};
}

Status SimDisk::sync_directory() {
  SKERRY_CHECK(before_operation());
  durable_ = now_;
  pending_.clear();
  return {};
}

Result<std::vector<std::string>> SimDisk::list() const {
  std::vector<std::string> names;
  for (const auto& [name, inode] : now_) {
    names.push_back(name);
  }
  return names;
}

bool SimDisk::is_durable(std::string_view name) const {
  const auto now = now_.find(name);
  const auto durable = durable_.find(name);
  return now != now_.end() && durable != durable_.end() && now->second == durable->second &&
         (now->second->pending.empty() || now->second->now == now->second->durable);
}

DiskImage SimDisk::after_power_cut(
    PowerCut cut, const std::function<std::uint64_t(std::uint64_t)>& choose) const {
  const Directory* directory = cut == PowerCut::drop_unsynced ? &durable_ : &now_;
  if (cut == PowerCut::random_subset || cut == PowerCut::torn) {
    const std::uint64_t pick = choose(pending_.size() + 2);
    directory = pick == 0 ? &durable_ : pick == 1 ? &now_ : &pending_[pick - 2];
  }
  DiskImage image;
  for (const auto& [name, inode] : *directory) {
    std::string content = cut == PowerCut::keep_all ? inode->now : inode->durable;
    for (const Write& write : inode->pending) {
      if ((cut != PowerCut::random_subset && cut != PowerCut::torn) || choose(2) == 0) {
        continue;
      }
      Write kept = write;
      if (cut == PowerCut::torn && !write.truncates) {
        kept.bytes.resize(std::min(kept.bytes.size(),
                                   choose(kept.bytes.size() / sector_bytes + 2) * sector_bytes));
      }
      apply(content, kept);
    }
    image[name] = std::move(content);
  }
  return image;
}

}  // namespace skerry::sim
