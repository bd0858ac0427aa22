#include "trust/merkle.h"

#include "base/assert.h"

namespace skerry::trust {

Digest leaf_hash(const Crypto& crypto, std::string_view leaf) {
  std::string bytes;
  bytes.reserve(leaf.size() + 1);
  bytes.push_back('\x00');
  bytes.append(leaf);
  return crypto.sha256(bytes);
}

Digest node_hash(const Crypto& crypto, const Digest& left, const Digest& right) {
  std::string bytes(1, '\x01');
  bytes.append(left.view());
  bytes.append(right.view());
  return crypto.sha256(bytes);
}

MerkleTree::MerkleTree(const Crypto& crypto, std::span<const std::string> leaves) {
  SKERRY_ASSERT(!leaves.empty());
  std::vector<Digest> level;
  level.reserve(leaves.size());
  for (const std::string& leaf : leaves) {
    level.push_back(leaf_hash(crypto, leaf));
  }
  levels_.push_back(std::move(level));
  while (levels_.back().size() > 1) {
    const std::vector<Digest>& below = levels_.back();
    std::vector<Digest> above;
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      above.push_back(node_hash(crypto, below[i], below[i + 1]));
    }
    if (below.size() % 2 == 1) {
      above.push_back(below.back());
    }
    levels_.push_back(std::move(above));
  }
}

std::vector<Digest> MerkleTree::path(std::size_t index) const {
  SKERRY_ASSERT(index < levels_.front().size());
  std::vector<Digest> hashes;
  for (const std::vector<Digest>& level : levels_) {
    const std::size_t sibling = index ^ 1U;
    if (sibling < level.size()) {
      hashes.push_back(level[sibling]);
    }
    index /= 2;
  }
  return hashes;
}

std::optional<Digest> root_of_path(const Crypto& crypto,
                                   const Digest& leaf,
                                   LeafPosition position,
                                   std::span<const Digest> path) {
  if (position.index >= position.size) {
    return std::nullopt;
  }
  // Walks up the level of both this node and the last one: who has no sibling moves up unchanged.
  std::uint64_t node = position.index;
  std::uint64_t last = position.size - 1;
  Digest hash = leaf;
  std::size_t used = 0;
  for (; last > 0; node /= 2, last /= 2) {
    const bool is_right = node % 2 == 1;
    if (!is_right && node == last) {
      continue;
    }
    if (used == path.size()) {
      return std::nullopt;
    }
    const Digest& sibling = path[used++];
    hash = is_right ? node_hash(crypto, sibling, hash) : node_hash(crypto, hash, sibling);
  }
  return used == path.size() ? std::optional(hash) : std::nullopt;
}

}  // namespace skerry::trust
