// SPDX-License-Identifier: Apache-2.0
// Control's end of a mailbox: what it has read is no longer there.
#include "app/host/mailboxes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace adit::app {
namespace {

TEST(Mailboxes, SEC_12_AFrameThatWasReadIsWiped) {
  const auto box = std::make_unique<contract::Mailbox>();
  const std::vector<std::uint8_t> secret = {'o', 'p', 'e', 'n', ' ', 's', 'e', 's', 'a', 'm', 'e', '!'};
  std::vector<std::uint8_t> frame = {0xC0, 0x23, 1, 1, 0, 23, 5, 'a', 'l', 'i', 'c', 'e', 12};
  frame.insert(frame.end(), secret.begin(), secret.end());
  const contract::PppFrameIn message{contract::CallRef{contract::WorkerId{0}, 1, 1}};
  ASSERT_TRUE(contract::post_with_frame(box->to_control, box->frames_to_control, message, frame));
  std::vector<std::uint8_t> seen;
  read_messages(*box, 1, [&](const contract::ToControl&, std::span<const std::uint8_t> octets) {
    seen.assign(octets.begin(), octets.end());
  });
  EXPECT_EQ(seen, frame);
  const std::span<const std::uint8_t> all(reinterpret_cast<const std::uint8_t*>(box.get()), sizeof *box);
  EXPECT_TRUE(std::ranges::search(all, secret).empty());
}

}  // namespace
}  // namespace adit::app
