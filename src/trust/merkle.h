#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/digest.h"

namespace skerry::trust {

/// The hash of a leaf: SHA-256 of 0x00 and its bytes (RFC 6962, 2.1).
Digest leaf_hash(const Crypto& crypto, std::string_view leaf);
/// The hash of a node: SHA-256 of 0x01 and its children's hashes.
Digest node_hash(const Crypto& crypto, const Digest& left, const Digest& right);

/// A whole Merkle tree of RFC 6962, kept so that every leaf's path costs a look-up.
class MerkleTree {
 public:
  /// @param leaves  at least one
  MerkleTree(const Crypto& crypto, std::span<const std::string> leaves);

  [[nodiscard]] const Digest& root() const { return levels_.back().front(); }

  /// The sibling hashes from the leaf to the root.
  [[nodiscard]] std::vector<Digest> path(std::size_t index) const;

 private:
  /// From the leaves up. A last node without a sibling moves up unchanged, which gives the same
  /// tree as the RFC's split at the largest power of two.
  std::vector<std::vector<Digest>> levels_;
};

/// Where a leaf stands in a tree, by its own word.
struct LeafPosition {
  std::uint64_t index = 0;
  std::uint64_t size = 0;
};

/// The root that follows from a leaf and its path (RFC 9162, 2.1.3.2); nothing where the path does
/// not have exactly the length its position asks for.
std::optional<Digest> root_of_path(const Crypto& crypto,
                                   const Digest& leaf,
                                   LeafPosition position,
                                   std::span<const Digest> path);

}  // namespace skerry::trust
