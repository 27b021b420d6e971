// SPDX-License-Identifier: Apache-2.0
#include "controlplane/pptp/message_stream.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace adit::control::pptp {

std::expected<std::optional<Message>, ParseError> MessageStream::next(wire::Bytes& octets) {
  while (!octets.empty()) {
    const auto wanted =
        wanted_octets({message_.data(), filled_});  // cannot fail: checked when octets were added
    const std::size_t taken = std::min(*wanted - filled_, octets.size());
    std::memcpy(&message_[filled_], octets.data(), taken);
    filled_ = static_cast<std::uint16_t>(filled_ + taken);
    octets = octets.subspan(taken);

    const auto total = wanted_octets({message_.data(), filled_});
    if (!total) {
      return std::unexpected(total.error());
    }
    if (filled_ == *total) {
      return parse({message_.data(), std::exchange(filled_, 0)});
    }
  }
  return std::nullopt;
}

bool MessageStream::resume(wire::Bytes half_read) {
  // Each part is judged as it would have been when it came.
  for (std::size_t size = 0; size <= half_read.size(); ++size) {
    if (const auto wanted = wanted_octets(half_read.first(size)); !wanted || *wanted <= size) {
      return false;
    }
  }
  std::ranges::copy(half_read, message_.begin());
  filled_ = static_cast<std::uint16_t>(half_read.size());
  return true;
}

}  // namespace adit::control::pptp
