// SPDX-License-Identifier: Apache-2.0
// The MPPE engine's one interface: a batch of packets, each encrypted or decrypted in place with a session
// key of its own (RFC 3078 §7.3 stateless: the key changes before every packet, RFC 3079 §3
// GetNewKeyFromSHA).
// A job names the chain it starts from and how many key changes lie between; it never moves the chain. The
// caller commits by storing the job's key back when it is satisfied with the plaintext (trial, then commit),
// so a forged packet cannot desynchronise a call. RC4 is its own inverse: encrypting and decrypting
// are the same job.
// Thread: any; no shared state, no allocation, no exception. Owner: the caller owns jobs, chains and octets.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace adit::crypto {

/// Strength of a session key in bits. Its RC4 key has 8 octets for 40 and 56 bits (then salted), 16 for 128.
enum class MppeKeyLength : std::uint8_t { k40 = 40, k56 = 56, k128 = 128 };

/// False: these octets were never a length.
[[nodiscard]] constexpr bool is_sound(MppeKeyLength length) noexcept {
  return length == MppeKeyLength::k40 || length == MppeKeyLength::k56 || length == MppeKeyLength::k128;
}

/// The key chain of one direction of one call at its last committed packet.
struct MppeChain {
  std::array<std::uint8_t, 16> start_key{};    ///< RFC 3079 start key; every change starts from it
  std::array<std::uint8_t, 16> session_key{};  ///< the current session key
  MppeKeyLength length = MppeKeyLength::k128;
};

struct MppeJob {
  const MppeChain* chain = nullptr;  ///< not modified; may be shared by several jobs of the batch
  std::uint32_t changes = 1;  ///< key changes from chain->session_key to this packet's key; 0: that one
  std::uint16_t size = 0;     ///< octets at `data`: PPP protocol field and payload, without the MPPE header
  std::uint8_t* data = nullptr;        ///< in place
  std::array<std::uint8_t, 16> key{};  ///< out: this packet's session key; store it into the chain to commit
};

/// Runs every job. Work is sum(changes) re-keys plus the octets, but jobs of one chain that stand next to
/// each other with non-decreasing `changes` continue from each other, so a run of n packets costs its last
/// job's changes only. The caller bounds `changes` (the re-key budget).
void mppe_crypt(std::span<MppeJob> jobs) noexcept;

}  // namespace adit::crypto
