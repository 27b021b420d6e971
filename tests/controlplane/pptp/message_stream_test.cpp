// SPDX-License-Identifier: Apache-2.0
// The stream reader on its own: every segmentation of a stream yields the same messages, and an error is
// reported at the first octet that shows it.
#include "controlplane/pptp/message_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace adit::control::pptp {
namespace {

std::vector<std::uint8_t> stream_of(const std::vector<Message>& messages) {
  std::vector<std::uint8_t> stream;
  for (const Message& message : messages) {
    const Encoded encoded = write(message);
    stream.insert(stream.end(), encoded.octets().begin(), encoded.octets().end());
  }
  return stream;
}

const std::vector<Message> kMessages = {StartControlConnectionRequest{}, EchoRequest{7},
                                        IncomingCallRequest{}, SetLinkInfo{.peer_call_id = 9}};

TEST(MessageStream, EverySegmentSizeGivesTheSameMessages) {
  const std::vector<std::uint8_t> octets = stream_of(kMessages);
  for (std::size_t size = 1; size <= octets.size(); ++size) {
    MessageStream stream;
    std::vector<Message> read;
    for (std::size_t at = 0; at < octets.size(); at += size) {
      wire::Bytes segment(&octets[at], std::min(size, octets.size() - at));
      for (auto message = stream.next(segment); message && *message; message = stream.next(segment)) {
        read.push_back(**message);
      }
      ASSERT_TRUE(segment.empty()) << size;
    }
    ASSERT_EQ(read, kMessages) << size;
  }
}

TEST(MessageStream, OneMessageIsTakenAtATime) {
  const std::vector<std::uint8_t> octets = stream_of({EchoRequest{1}, EchoRequest{2}});
  MessageStream stream;
  wire::Bytes rest = octets;
  EXPECT_EQ(stream.next(rest).value(), Message(EchoRequest{1}));
  EXPECT_EQ(rest.size(), 16U);
  EXPECT_EQ(stream.next(rest).value(), Message(EchoRequest{2}));
  EXPECT_EQ(stream.next(rest).value(), std::nullopt);
}

TEST(MessageStream, AWrongMagicCookieIsToldAtItsLastOctet) {
  std::vector<std::uint8_t> octets = stream_of({StartControlConnectionRequest{}});
  octets[7] ^= 1;
  MessageStream stream;
  wire::Bytes before(octets.data(), 7);
  EXPECT_EQ(stream.next(before).value(), std::nullopt);
  wire::Bytes wrong(&octets[7], 1);
  EXPECT_EQ(stream.next(wrong).error(), ParseError::kBadMagic);
}

}  // namespace
}  // namespace adit::control::pptp
