// SPDX-License-Identifier: Apache-2.0
// EAP-TLS' fragments: no peer makes us keep more than a message, or answer without end; what we say stays within the
// link's size and is put together again by a peer that is as strict as we are.
#include "controlplane/auth/eap_tls_fragments.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {

using namespace control;

namespace {

/// Sends `message` from one end to the other, as far as its rounds last.
void require_carried(std::size_t fits, wire::Bytes message) {
  const std::vector<std::uint8_t> whole(message.begin(), message.end());
  TlsFragments ours(fits);
  TlsFragments peers(fits);
  ours.send(whole);
  for (unsigned round = 0; round < kMaxTlsRounds; ++round) {
    const std::vector<std::uint8_t> data = ours.packet();
    require(data.size() <= (fits < kLeastTlsFragment ? kLeastTlsFragment : fits));
    const auto next = peers.on_packet(data);
    require(next.has_value());
    if (*next == TlsFragments::Next::kMessage) {
      require(peers.take_message() == whole);
      return;
    }
    require(ours.on_packet(peers.packet()) == TlsFragments::Next::kPacket);
  }
}

}  // namespace

void fuzz_eap_tls_fragments(wire::Bytes octets) {
  Input input(octets);
  const std::size_t fits = input.u16() % 2000;
  TlsFragments fragments(fits);
  std::size_t came = 0;
  unsigned rounds = 0;
  while (!input.empty()) {
    const std::uint16_t size = input.u16() % 1500;
    const wire::Bytes response = input.octets(size);
    came += response.size();
    require(++rounds <= kMaxTlsRounds + 1);
    const auto next = fragments.on_packet(response);
    if (!next) {
      require(!to_text(next.error()).empty());
      break;
    }
    if (*next == TlsFragments::Next::kPacket) {
      require(!fragments.packet().empty());
      continue;
    }
    const std::vector<std::uint8_t> message = fragments.take_message();
    require(message.size() <= came && message.size() <= kMaxTlsMessage);
    if (!message.empty() && input.u8() % 2 == 0) {
      fragments.send(message);
      (void)fragments.packet();
    }
  }
  if (!octets.empty()) {
    require_carried(fits, octets);
  }
}

}  // namespace adit::fuzz
