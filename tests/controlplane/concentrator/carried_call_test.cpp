// SPDX-License-Identifier: Apache-2.0
// The octets of records: whole, cut off anywhere, or anything at all.
#include "controlplane/concentrator/carried_call.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/kit/carried_kit.hpp"

namespace adit::control {
namespace {

std::vector<std::uint8_t> written(const Carried& carried) {
  std::vector<std::uint8_t> room(kMaxRecord);
  const auto octets = write_record(carried, room);
  EXPECT_TRUE(octets);
  room.resize(octets ? octets->size() : 0);
  return room;
}

TEST(CarriedCall, ComesBackAsItWas) {
  for (const Carried& carried : {Carried(test::a_connection()), Carried(test::a_call())}) {
    const auto octets = written(carried);
    const auto read = read_record(octets);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->index(), carried.index());
    EXPECT_EQ(written(*read), octets) << "all of it, as nothing that differs is written alike";
  }
  const auto call = std::get<CarriedCall>(*read_record(written(test::a_call())));
  const CarriedCall was = test::a_call();
  EXPECT_EQ(call.session.user, was.session.user);
  EXPECT_EQ(call.ref, was.ref);
  EXPECT_EQ(call.since, was.since) << "before this process began";
  EXPECT_EQ(call.routes, was.routes);
  EXPECT_EQ(call.prefixes->terms, was.prefixes->terms);
  EXPECT_EQ(call.accounting->classes, was.accounting->classes);
  EXPECT_EQ(call.session.network.receives, was.session.network.receives);
  EXPECT_EQ(call.session.network.used_keys.send, was.session.network.used_keys.send);
  EXPECT_EQ(call.enabled.ipv6, was.enabled.ipv6);
  EXPECT_EQ(call.rate, was.rate);
  EXPECT_EQ(call.timeouts->idle, was.timeouts->idle);
}

TEST(CarriedCall, OfAUserWithAllThatAPacketCanGrantFits) {
  CarriedCall call = test::a_call();
  call.session.user = call.session.claimed = call.logged_in_as = call.accounting->user =
      std::string(253, 'u');
  call.accounting->classes.assign(15, std::vector<std::uint8_t>(250, 7));
  call.routes.assign(60, {wire::Ipv4Address(10, 1, 0, 0), 16});
  call.prefixes->terms.routes.assign(30, *wire::parse_ipv6_prefix("2001:db8::/48"));
  EXPECT_LE(written(call).size(), kMaxRecord);
  EXPECT_LE(written(test::a_call()).size(), kUsualRecord * 3 / 4);
  std::vector<std::uint8_t> little(200);
  EXPECT_FALSE(write_record(call, little));
}

TEST(CarriedCall, CutOffAnywhereIsRefusedOrMissesFields) {
  for (const Carried& carried : {Carried(test::a_connection()), Carried(test::a_call())}) {
    const auto octets = written(carried);
    std::size_t refused = 0;
    for (std::size_t size = 0; size < octets.size(); ++size) {
      const auto read = read_record(wire::Bytes(octets).first(size));
      refused += read ? 0U : 1U;
      EXPECT_TRUE(read || !read.error().empty());
    }
    EXPECT_GT(refused, octets.size() * 3 / 4);
  }
}

TEST(CarriedCall, AnyOctetsAreReadOrRefusedWithAReason) {
  std::mt19937 random(11);
  const auto call = written(test::a_call());
  for (int round = 0; round < 20'000; ++round) {
    auto octets = call;
    if (round % 2 == 0) {
      for (std::size_t n = 1 + random() % 8; n != 0; --n) {
        octets[2 + random() % (octets.size() - 2)] = static_cast<std::uint8_t>(random());
      }
    } else {
      octets.resize(2 + random() % 300);
      for (std::size_t at = 2; at < octets.size(); ++at) {
        octets[at] = static_cast<std::uint8_t>(random() % 30);
      }
    }
    const auto read = read_record(octets);
    if (!read) {
      ASSERT_FALSE(read.error().empty());
      continue;
    }
    const auto again = written(*read);
    ASSERT_EQ(written(*read_record(again)), again);
  }
}

TEST(CarriedCall, AnUnknownVersionOrKindIsRefusedWhole) {
  auto octets = written(test::a_call());
  octets[1] = 2;
  EXPECT_EQ(read_record(octets).error(), "a record is of version 2, and only 1 can be read");
  octets[1] = 1;
  octets[0] = 77;
  EXPECT_EQ(read_record(octets).error(), "a record is of kind 77, which is not known here");
}

TEST(CarriedCall, AFieldOfANewerBuildIsPassedOver) {
  auto octets = written(test::a_call());
  octets.insert(octets.end(), {200, 0, 2, 1, 1});
  EXPECT_TRUE(read_record(octets));
}

TEST(CarriedCall, OneThatContradictsItselfIsRefused) {
  const auto fault = [](auto change) {
    CarriedCall call = test::a_call();
    change(call);
    const auto read = read_record(written(call));
    return read ? "" : read.error();
  };
  EXPECT_EQ(fault([](CarriedCall&) {}), "");
  EXPECT_EQ(fault([](CarriedCall& call) { call.ref.generation = 0; }),
            "a call's record: it has no place in the data plane");
  EXPECT_EQ(fault([](CarriedCall& call) { call.enabled.subscriber = wire::Ipv4Address(1, 2, 3, 4); }),
            "a call's record: its address is not the one that it has leased");
  EXPECT_EQ(fault([](CarriedCall& call) { call.prefixes.reset(); }),
            "a call's record: it has IPv6, but no terms for it");
  EXPECT_EQ(fault([](CarriedCall& call) {
              call.session.network.ipcp.protocol.state = PppState::kReqSent;
              call.session.network.ipv6cp->protocol.state = PppState::kReqSent;
            }),
            "a call's record: IP is up by no protocol");
}

}  // namespace
}  // namespace adit::control
