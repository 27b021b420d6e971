// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/wrong_peers.hpp"

#include <gtest/gtest.h>

namespace adit::dataplane {
namespace {

using wire::Ipv4Address;
using wire::LocalCallId;

constexpr Ipv4Address kLocal(192, 0, 2, 1), kOther(192, 0, 2, 2), kSource(198, 51, 100, 9);

TEST(WrongPeers, NamesTheLastSourceOfEachCall) {
  WrongPeers peers;
  EXPECT_EQ(peers.find(kLocal, LocalCallId(7)), std::nullopt);
  EXPECT_EQ(peers.find(Ipv4Address(10, 0, 0, 0), LocalCallId(0)), std::nullopt);
  peers.note(kLocal, LocalCallId(7), Ipv4Address(198, 51, 100, 8));
  peers.note(kLocal, LocalCallId(7), kSource);
  EXPECT_EQ(peers.find(kLocal, LocalCallId(7)), kSource);
  EXPECT_EQ(peers.find(kOther, LocalCallId(7)), std::nullopt) << "another call of that ID";
  EXPECT_EQ(peers.find(kLocal, LocalCallId(7 + 256)), std::nullopt) << "another call in that place";
}

TEST(WrongPeers, ANewCallOfThatIdHasNoneYet) {
  WrongPeers peers;
  peers.note(kLocal, LocalCallId(7), kSource);
  peers.note(kOther, LocalCallId(8), kSource);
  peers.forget(kLocal, LocalCallId(7));
  peers.forget(kLocal, LocalCallId(8));
  EXPECT_EQ(peers.find(kLocal, LocalCallId(7)), std::nullopt);
  EXPECT_EQ(peers.find(kOther, LocalCallId(8)), kSource) << "another call's";
  peers.note(kLocal, LocalCallId(7), kSource);
  EXPECT_EQ(peers.find(kLocal, LocalCallId(7)), kSource);
}

TEST(WrongPeers, StrangersPushEachOtherOut) {
  WrongPeers peers;
  peers.note(kLocal, LocalCallId(7), kSource);
  peers.note(kLocal, LocalCallId(7 + 256), kSource);
  EXPECT_EQ(peers.find(kLocal, LocalCallId(7)), std::nullopt);
}

}  // namespace
}  // namespace adit::dataplane
