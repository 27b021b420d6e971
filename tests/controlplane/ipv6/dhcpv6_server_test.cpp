// SPDX-License-Identifier: Apache-2.0
// The DHCPv6 server of one link: every message and status of RFC 8415, by what goes back, what the host is told and what
// is counted.
#include <gtest/gtest.h>

#include "tests/kit/ipv6_kit.hpp"

namespace adit::control {
namespace {

using test::dhcpv6_option;
using test::ia_na;
using test::ia_pd;
using test::ip6;
using test::Ipv6World;
using test::net6;
using test::Packet;
using test::rapid_commit;
using test::operator+;
using wire::Dhcpv6Code;
using wire::Dhcpv6Status;
using wire::Dhcpv6Type;

const wire::Ipv6Prefix kAddress = net6("2001:db8:aaaa::7/128");
const wire::Ipv6Prefix kDelegated = net6("2001:db8:100::/56");
const Ipv6Lease kBoth{.address = kAddress.address, .delegated = kDelegated};

struct Link : Ipv6World {
  Link() { up(); }
  /// A client with an IA_NA 1 and an IA_PD 2 that has asked for both, and got them.
  void bind() {
    ASSERT_TRUE(ask_us(Dhcpv6Type::kRequest, ia_na(1) + ia_pd(2)));
    ASSERT_EQ(link.lease(), kBoth);
    bindings.clear();
  }
};

void expect_lease(const test::ReadIa& ia, const wire::Ipv6Prefix& lease) {
  EXPECT_FALSE(ia.status);
  ASSERT_EQ(ia.bindings.size(), 1U);
  EXPECT_EQ(ia.bindings[0].prefix, lease);
  EXPECT_EQ(ia.bindings[0].preferred, 3600U);
  EXPECT_EQ(ia.bindings[0].valid, 7200U);
  EXPECT_EQ(ia.t1, 1800U);
  EXPECT_EQ(ia.t2, 2880U);
}

void expect_status(const test::ReadIa& ia, Dhcpv6Status status) {
  EXPECT_EQ(ia.status, status);
  EXPECT_TRUE(ia.bindings.empty());
  EXPECT_EQ(ia.t1, 0U);
  EXPECT_EQ(ia.t2, 0U);
}

// ---- Solicit ---------------------------------------------------------------------------------------------------

TEST(Dhcpv6Server, SolicitIsAnsweredByAnAdvertiseThatBindsNothing) {
  Link link;
  const auto said = link.ask(Dhcpv6Type::kSolicit, link.client_id() + ia_na(0x11) + ia_pd(0x22));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, Dhcpv6Type::kAdvertise);
  EXPECT_EQ(said->transaction_id, 0xABCDEFU);
  EXPECT_EQ(said->from, wire::link_local(1));
  EXPECT_EQ(said->to, wire::link_local(0xabc));
  EXPECT_EQ(said->from_port, 547);
  EXPECT_EQ(said->to_port, 546);
  EXPECT_EQ(said->client_id, link.client);
  EXPECT_EQ(said->server_id, link.settings.server_duid);
  EXPECT_TRUE(said->has_preference) << "the client need not wait for other servers";
  EXPECT_FALSE(said->rapid);
  EXPECT_FALSE(said->status);
  ASSERT_EQ(said->ias.size(), 2U);
  EXPECT_TRUE(said->ias[0].is_address);
  EXPECT_EQ(said->ias[0].iaid, 0x11U);
  expect_lease(said->ias[0], kAddress);
  EXPECT_EQ(said->ias[1].iaid, 0x22U);
  expect_lease(said->ias[1], kDelegated);
  EXPECT_EQ(said->dns, std::vector{ip6("2001:db8::53")});
  EXPECT_TRUE(said->has_domains);
  EXPECT_EQ(link.link.lease(), Ipv6Lease{});
  EXPECT_TRUE(link.bindings.empty());
  EXPECT_EQ(link.counters.dhcpv6_received[1], 1U);
  EXPECT_EQ(link.counters.dhcpv6_advertises, 1U);
}

TEST(Dhcpv6Server, IP6_08_RapidCommitBindsAtOnce) {
  Link link;
  const auto said = link.ask(Dhcpv6Type::kSolicit, link.client_id() + rapid_commit() + ia_na(1) + ia_pd(2));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, Dhcpv6Type::kReply);
  EXPECT_TRUE(said->rapid);
  EXPECT_FALSE(said->has_preference);
  expect_lease(said->ias.at(0), kAddress);
  expect_lease(said->ias.at(1), kDelegated);
  EXPECT_EQ(link.bindings, std::vector{kBoth});
}

TEST(Dhcpv6Server, RapidCommitOfNothingIsAnAdvertise) {
  Link link;
  link.address.reset();
  const auto said = link.ask(Dhcpv6Type::kSolicit, link.client_id() + rapid_commit() + ia_na(1));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, Dhcpv6Type::kAdvertise);
  EXPECT_FALSE(said->rapid);
  expect_status(said->ias.at(0), Dhcpv6Status::kNoAddrsAvail);
  EXPECT_TRUE(link.bindings.empty());
}

TEST(Dhcpv6Server, WhatThereIsNotHasAStatus) {
  for (const Dhcpv6Type type : {Dhcpv6Type::kSolicit, Dhcpv6Type::kRequest}) {
    Link link;
    link.address.reset();
    link.delegated.reset();
    const Packet server = type == Dhcpv6Type::kRequest ? link.server_id() : Packet{};
    const auto said = link.ask(type, link.client_id() + server + ia_na(1) + ia_pd(2));
    ASSERT_TRUE(said);
    expect_status(said->ias.at(0), Dhcpv6Status::kNoAddrsAvail);
    expect_status(said->ias.at(1), Dhcpv6Status::kNoPrefixAvail);
    EXPECT_TRUE(link.bindings.empty());
    EXPECT_EQ(said->dns.size(), 1U) << "which needs no lease";
  }
}

TEST(Dhcpv6Server, IP6_08_AHintChangesNothing) {
  for (const char* hint : {"::/48", "::/64", "2001:db8:100::/48", "2001:db8:ffff::/56", "::/0"}) {
    Link link;
    const auto offered = link.ask(Dhcpv6Type::kSolicit, link.client_id() + ia_pd(2, {net6(hint)}));
    ASSERT_TRUE(offered);
    expect_lease(offered->ias.at(0), kDelegated);
    const auto given = link.ask_us(Dhcpv6Type::kRequest, ia_pd(2, {net6(hint)}));
    ASSERT_TRUE(given);
    expect_lease(given->ias.at(0), kDelegated);
  }
  Link link;
  const auto said =
      link.ask(Dhcpv6Type::kSolicit, link.client_id() + ia_na(1, {net6("2001:db8:ffff::1/128")}));
  ASSERT_TRUE(said);
  expect_lease(said->ias.at(0), kAddress);
}

// ---- Request ---------------------------------------------------------------------------------------------------

TEST(Dhcpv6Server, IP6_08_RequestBinds) {
  Link link;
  const auto said = link.ask_us(Dhcpv6Type::kRequest, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, Dhcpv6Type::kReply);
  EXPECT_FALSE(said->rapid || said->has_preference);
  expect_lease(said->ias.at(0), kAddress);
  expect_lease(said->ias.at(1), kDelegated);
  EXPECT_EQ(link.bindings, std::vector{kBoth});
  EXPECT_EQ(link.link.lease(), kBoth);
}

TEST(Dhcpv6Server, IP6_06_TheHostKnowsBeforeTheClientDoes) {
  struct Ordered final : Ipv6World {
    void binding_changed(const Ipv6Lease& lease) override {
      EXPECT_TRUE(sent.empty());
      Ipv6World::binding_changed(lease);
    }
  } world;
  world.up();
  ASSERT_TRUE(world.ask_us(Dhcpv6Type::kRequest, ia_pd(2)));
  EXPECT_EQ(world.bindings.size(), 1U);
}

TEST(Dhcpv6Server, IP6_08_TheFirstOfSeveralIasHasTheLease) {
  Link link;
  const auto said = link.ask_us(Dhcpv6Type::kRequest, ia_pd(7) + ia_na(5) + ia_na(6) + ia_pd(8));
  ASSERT_TRUE(said);
  ASSERT_EQ(said->ias.size(), 4U);
  expect_lease(said->ias[0], kDelegated);
  expect_lease(said->ias[1], kAddress);
  EXPECT_EQ(said->ias[2].iaid, 6U);
  expect_status(said->ias[2], Dhcpv6Status::kNoAddrsAvail);
  EXPECT_EQ(said->ias[3].iaid, 8U);
  expect_status(said->ias[3], Dhcpv6Status::kNoPrefixAvail);
  EXPECT_EQ(link.bindings, std::vector{kBoth});
}

TEST(Dhcpv6Server, AnAddressOfAnotherLinkIsNotOnLink) {
  Link link;
  auto said = link.ask_us(Dhcpv6Type::kRequest, ia_na(1, {net6("2001:db8:ffff::1/128")}));
  ASSERT_TRUE(said);
  expect_status(said->ias.at(0), Dhcpv6Status::kNotOnLink);
  EXPECT_TRUE(link.bindings.empty());
  said = link.ask_us(Dhcpv6Type::kRequest, ia_na(1, {net6("2001:db8:64:7::5/128")}));
  ASSERT_TRUE(said);
  expect_lease(said->ias.at(0), kAddress);
}

TEST(Dhcpv6Server, RequestForOneKindKeepsTheOther) {
  Link link;
  link.ask_us(Dhcpv6Type::kRequest, ia_pd(2));
  EXPECT_EQ(link.link.lease(), (Ipv6Lease{.delegated = kDelegated}));
  link.client.back() ^=
      1;  // two programs on the subscriber's router: one has the address, the other the prefix
  link.ask_us(Dhcpv6Type::kRequest, ia_na(1));
  EXPECT_EQ(link.link.lease(), kBoth);
}

// ---- Renew and Rebind ------------------------------------------------------------------------------------------

// accel-ppp's and osvbng's subscribers lost the route to their prefix because only the first Request set it.
TEST(Dhcpv6Server, IP6_07_RenewAndRebindAssertTheBindingAnew) {
  Link link;
  link.bind();
  for (int i = 1; i <= 5; ++i) {
    link.run(1800s);
    const auto renewed = link.ask_us(Dhcpv6Type::kRenew, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
    ASSERT_TRUE(renewed);
    EXPECT_EQ(renewed->type, Dhcpv6Type::kReply);
    expect_lease(renewed->ias.at(0), kAddress);
    expect_lease(renewed->ias.at(1), kDelegated);
    const auto rebound = link.ask(Dhcpv6Type::kRebind, link.client_id() + ia_pd(2, {kDelegated}));
    ASSERT_TRUE(rebound);
    expect_lease(rebound->ias.at(0), kDelegated);
    EXPECT_EQ(link.bindings, std::vector<Ipv6Lease>(std::size_t(2 * i), kBoth))
        << "even though nothing has changed";
  }
}

TEST(Dhcpv6Server, IP6_07_AClientOfAnEarlierCallRenewsWhatItHasAgain) {
  Link link;
  const auto said = link.ask_us(Dhcpv6Type::kRenew, ia_pd(2, {kDelegated}));
  ASSERT_TRUE(said);
  expect_lease(said->ias.at(0), kDelegated);
  EXPECT_EQ(link.bindings, (std::vector{Ipv6Lease{.delegated = kDelegated}}));
}

TEST(Dhcpv6Server, WhatTheClientHadElsewhereIsWithdrawn) {
  for (const Dhcpv6Type type : {Dhcpv6Type::kRenew, Dhcpv6Type::kRebind}) {
    Link link;
    const Packet server = type == Dhcpv6Type::kRenew ? link.server_id() : Packet{};
    const auto said = link.ask(type, link.client_id() + server + ia_na(1, {net6("2001:db8:bbbb::1/128")}) +
                                         ia_pd(2, {net6("2001:db8:200::/56"), kDelegated, net6("::/48")}));
    ASSERT_TRUE(said);
    ASSERT_EQ(said->ias.size(), 2U);
    ASSERT_EQ(said->ias[0].bindings.size(), 2U);
    EXPECT_EQ(said->ias[0].bindings[0].prefix, kAddress);
    EXPECT_EQ(said->ias[0].bindings[1].prefix, net6("2001:db8:bbbb::1/128"));
    EXPECT_EQ(said->ias[0].bindings[1].preferred, 0U);
    EXPECT_EQ(said->ias[0].bindings[1].valid, 0U);
    ASSERT_EQ(said->ias[1].bindings.size(), 2U) << "a mere hint is nothing to withdraw";
    EXPECT_EQ(said->ias[1].bindings[0].prefix, kDelegated);
    EXPECT_EQ(said->ias[1].bindings[0].valid, 7200U);
    EXPECT_EQ(said->ias[1].bindings[1].prefix, net6("2001:db8:200::/56"));
    EXPECT_EQ(said->ias[1].bindings[1].valid, 0U);
  }
}

TEST(Dhcpv6Server, RenewOfWhatThereIsNotHasNoBinding) {
  Link link;
  link.address.reset();
  link.delegated.reset();
  const auto said = link.ask_us(Dhcpv6Type::kRenew, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(said);
  expect_status(said->ias.at(0), Dhcpv6Status::kNoBinding);
  expect_status(said->ias.at(1), Dhcpv6Status::kNoBinding);
  const auto rebound = link.ask(Dhcpv6Type::kRebind, link.client_id() + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(rebound);
  expect_status(rebound->ias.at(0), Dhcpv6Status::kNoBinding);
  EXPECT_TRUE(link.bindings.empty());
}

TEST(Dhcpv6Server, IP6_08_ASecondIaHasNoBinding) {
  Link link;
  link.bind();
  const auto said = link.ask_us(Dhcpv6Type::kRenew, ia_pd(2, {kDelegated}) + ia_pd(3, {kDelegated}));
  ASSERT_TRUE(said);
  expect_lease(said->ias.at(0), kDelegated);
  expect_status(said->ias.at(1), Dhcpv6Status::kNoBinding);
  const auto other = link.ask_us(Dhcpv6Type::kRenew, ia_pd(3, {kDelegated}));
  ASSERT_TRUE(other);
  expect_status(other->ias.at(0), Dhcpv6Status::kNoBinding);
}

TEST(Dhcpv6Server, IP6_08_ANewClientTakesOver) {
  Link link;
  link.bind();
  const Packet old = link.client;
  link.client = {0, 1, 0, 1, 9, 9, 9, 9, 2, 2, 2, 2, 2, 2};  // another router, another DUID
  const auto taken = link.ask_us(Dhcpv6Type::kRequest, ia_na(1) + ia_pd(2));
  ASSERT_TRUE(taken);
  expect_lease(taken->ias.at(0), kAddress);
  expect_lease(taken->ias.at(1), kDelegated);
  EXPECT_EQ(link.bindings, std::vector{kBoth});
  link.client = old;
  const auto late = link.ask_us(Dhcpv6Type::kRenew, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(late);
  expect_status(late->ias.at(0), Dhcpv6Status::kNoBinding);
  expect_status(late->ias.at(1), Dhcpv6Status::kNoBinding);
  const auto released = link.ask_us(Dhcpv6Type::kRelease, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(released);
  expect_status(released->ias.at(0), Dhcpv6Status::kNoBinding);
  EXPECT_EQ(link.link.lease(), kBoth) << "it is not the old one's to give up";
  EXPECT_EQ(link.bindings.size(), 1U);
  const auto again = link.ask(Dhcpv6Type::kRebind, link.client_id() + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(again);
  expect_lease(again->ias.at(0), kDelegated);
}

// ---- Confirm ---------------------------------------------------------------------------------------------------

TEST(Dhcpv6Server, IP6_08_ConfirmOfTheLeaseBindsIt) {
  Link link;
  const auto said = link.ask(Dhcpv6Type::kConfirm, link.client_id() + ia_na(1, {kAddress}));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, Dhcpv6Type::kReply);
  EXPECT_EQ(said->status, Dhcpv6Status::kSuccess);
  EXPECT_TRUE(said->ias.empty());
  EXPECT_EQ(link.bindings, (std::vector{Ipv6Lease{.address = kAddress.address}}));
}

TEST(Dhcpv6Server, ConfirmOnThisLinkAndOnAnother) {
  Link link;
  auto said = link.ask(Dhcpv6Type::kConfirm, link.client_id() + ia_na(1, {net6("2001:db8:64:7::99/128")}));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->status, Dhcpv6Status::kSuccess);
  for (const Packet& ias :
       {ia_na(1, {net6("2001:db8:64:8::99/128")}), ia_na(1, {kAddress, net6("2001:db8:64:8::99/128")}),
        ia_na(1, {kAddress}) + ia_na(2, {net6("fe80::1/128")})}) {
    said = link.ask(Dhcpv6Type::kConfirm, link.client_id() + ias);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->status, Dhcpv6Status::kNotOnLink);
  }
  EXPECT_TRUE(link.bindings.empty());
}

TEST(Dhcpv6Server, ConfirmWithoutAddressesIsNotAnswered) {
  Link link;
  for (const Packet& ias : {Packet{}, ia_na(1), ia_pd(2, {kDelegated})}) {
    EXPECT_FALSE(link.ask(Dhcpv6Type::kConfirm, link.client_id() + ias));
  }
  EXPECT_EQ(link.counters.dhcpv6_discarded, 3U);
}

// ---- Release and Decline ---------------------------------------------------------------------------------------

TEST(Dhcpv6Server, IP6_08_ReleaseFreesWhatIsNamed) {
  Link link;
  link.bind();
  auto said = link.ask_us(Dhcpv6Type::kRelease, ia_pd(2, {kDelegated}));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->type, Dhcpv6Type::kReply);
  EXPECT_EQ(said->status, Dhcpv6Status::kSuccess);
  EXPECT_TRUE(said->ias.empty());
  EXPECT_TRUE(said->dns.empty());
  EXPECT_EQ(link.bindings, (std::vector{Ipv6Lease{.address = kAddress.address}}));
  said = link.ask_us(Dhcpv6Type::kRelease, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->status, Dhcpv6Status::kSuccess);
  ASSERT_EQ(said->ias.size(), 1U);
  EXPECT_FALSE(said->ias[0].is_address);
  expect_status(said->ias[0], Dhcpv6Status::kNoBinding);
  EXPECT_EQ(link.link.lease(), Ipv6Lease{});
  EXPECT_EQ(link.bindings.size(), 2U);
}

TEST(Dhcpv6Server, ReleaseOfSomethingElseFreesNothing) {
  Link link;
  link.bind();
  ASSERT_TRUE(link.ask_us(Dhcpv6Type::kRelease, ia_pd(2, {net6("2001:db8:200::/56")}) + ia_na(1)));
  const auto other = link.ask_us(Dhcpv6Type::kRelease, ia_pd(3, {kDelegated}));
  ASSERT_TRUE(other);
  expect_status(other->ias.at(0), Dhcpv6Status::kNoBinding);
  EXPECT_EQ(link.link.lease(), kBoth);
  EXPECT_TRUE(link.bindings.empty());
}

TEST(Dhcpv6Server, AReleasedLeaseIsHadAgain) {
  Link link;
  link.bind();
  link.ask_us(Dhcpv6Type::kRelease, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
  link.bind();
}

TEST(Dhcpv6Server, IP6_08_ADeclinedAddressIsNotOfferedAgain) {
  Link link;
  link.bind();
  const auto said = link.ask_us(Dhcpv6Type::kDecline, ia_na(1, {kAddress}) + ia_pd(2, {kDelegated}));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->status, Dhcpv6Status::kSuccess);
  EXPECT_EQ(link.bindings, (std::vector{Ipv6Lease{.delegated = kDelegated}}))
      << "a prefix cannot be declined";
  const auto again = link.ask(Dhcpv6Type::kSolicit, link.client_id() + ia_na(1) + ia_pd(2));
  ASSERT_TRUE(again);
  expect_status(again->ias.at(0), Dhcpv6Status::kNoAddrsAvail);
  expect_lease(again->ias.at(1), kDelegated);
}

TEST(Dhcpv6Server, DeclineWithoutABindingChangesNothing) {
  Link link;
  const auto said = link.ask_us(Dhcpv6Type::kDecline, ia_na(1, {kAddress}));
  ASSERT_TRUE(said);
  expect_status(said->ias.at(0), Dhcpv6Status::kNoBinding);
  EXPECT_TRUE(link.bindings.empty());
  const auto offered = link.ask(Dhcpv6Type::kSolicit, link.client_id() + ia_na(1));
  ASSERT_TRUE(offered);
  expect_lease(offered->ias.at(0), kAddress);
}

// ---- Information-Request, options --------------------------------------------------------------------------------

TEST(Dhcpv6Server, InformationRequestWithAndWithoutAClientId) {
  Link link;
  for (const Packet& options : {Packet{}, link.client_id(), link.client_id() + link.server_id()}) {
    const auto said = link.ask(Dhcpv6Type::kInformationRequest, options);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->type, Dhcpv6Type::kReply);
    EXPECT_EQ(said->client_id.has_value(), !options.empty());
    EXPECT_EQ(said->server_id, link.settings.server_duid);
    EXPECT_EQ(said->dns, std::vector{ip6("2001:db8::53")});
    EXPECT_TRUE(said->has_domains);
    EXPECT_TRUE(said->ias.empty());
  }
}

TEST(Dhcpv6Server, OnlyWhatIsRequested) {
  Link link;
  const auto request = [&](const Packet& codes) {
    return link.ask(Dhcpv6Type::kInformationRequest, dhcpv6_option(Dhcpv6Code::kOptionRequest, codes))
        .value();
  };
  EXPECT_EQ(request({0, 23}).dns.size(), 1U);
  EXPECT_FALSE(request({0, 23}).has_domains);
  EXPECT_TRUE(request({0, 24}).has_domains);
  EXPECT_TRUE(request({0, 24}).dns.empty());
  EXPECT_TRUE(request({0, 31, 0, 23, 0, 24}).has_domains);
  EXPECT_TRUE(request({0, 31}).dns.empty());
}

TEST(Dhcpv6Server, TheSubscribersOwnServersGoFirst) {
  Ipv6World world;
  world.terms.dns = {ip6("2001:db8:9::1"), ip6("2001:db8:9::2")};
  world.settings.domain.clear();
  world.up();
  const auto said = world.ask(Dhcpv6Type::kInformationRequest, {});
  ASSERT_TRUE(said);
  EXPECT_EQ(said->dns, world.terms.dns);
  EXPECT_FALSE(said->has_domains);
}

// ---- what is not answered, RFC 8415 §16 ------------------------------------------------------------------------

TEST(Dhcpv6Server, IdentifiersThatEachMessageMustAndMustNotHave) {
  Ipv6World sample;
  const Packet client = sample.client_id(), us = sample.server_id(),
               other = dhcpv6_option(Dhcpv6Code::kServerId,
                                     {0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  const Packet with[] = {{}, client, us, other, client + us, client + other};
  struct Case {
    Dhcpv6Type type;
    bool answered[6];  // in the order of `with`
  };
  const Case cases[] = {
      {Dhcpv6Type::kSolicit, {false, true, false, false, false, false}},
      {Dhcpv6Type::kRequest, {false, false, false, false, true, false}},
      {Dhcpv6Type::kConfirm, {false, true, false, false, false, false}},
      {Dhcpv6Type::kRenew, {false, false, false, false, true, false}},
      {Dhcpv6Type::kRebind, {false, true, false, false, false, false}},
      {Dhcpv6Type::kRelease, {false, false, false, false, true, false}},
      {Dhcpv6Type::kDecline, {false, false, false, false, true, false}},
      {Dhcpv6Type::kAdvertise, {}},
      {Dhcpv6Type::kReply, {}},
      {Dhcpv6Type::kReconfigure, {}},
      {static_cast<Dhcpv6Type>(0), {}},
      {static_cast<Dhcpv6Type>(14), {}},
      {static_cast<Dhcpv6Type>(255), {}},
  };
  for (const Case& c : cases) {
    for (std::size_t i = 0; i < 6; ++i) {
      Link link;
      const auto said = link.ask(c.type, with[i] + ia_na(1, {kAddress}));
      EXPECT_EQ(said.has_value(), c.answered[i]) << int(c.type) << " " << i;
      EXPECT_EQ(link.counters.dhcpv6_discarded, c.answered[i] ? 0U : 1U);
      EXPECT_EQ(link.counters.dhcpv6_received[int(c.type) < 14 ? std::size_t(c.type) : 0], 1U);
      if (!said) {
        EXPECT_TRUE(link.bindings.empty());
      }
    }
  }
  const bool information[] = {true, true, true, false, true, false};
  for (std::size_t i = 0; i < 6; ++i) {
    Link link;
    EXPECT_EQ(link.ask(Dhcpv6Type::kInformationRequest, with[i]).has_value(), information[i]) << i;
  }
  Link link;
  EXPECT_FALSE(link.ask(Dhcpv6Type::kInformationRequest, client + ia_na(1)))
      << "§16.12: it asks for no lease";
}

TEST(Dhcpv6Server, UnicastIsToldToUseMulticastOrDiscarded) {
  const wire::Ipv6Address us = wire::link_local(1);
  for (const Dhcpv6Type type :
       {Dhcpv6Type::kRequest, Dhcpv6Type::kRenew, Dhcpv6Type::kRelease, Dhcpv6Type::kDecline}) {
    Link link;
    link.bind();
    const auto said = link.ask(type, link.client_id() + link.server_id() + ia_na(1, {kAddress}), us);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->type, Dhcpv6Type::kReply);
    EXPECT_EQ(said->status, Dhcpv6Status::kUseMulticast);
    EXPECT_EQ(said->client_id, link.client);
    EXPECT_EQ(said->server_id, link.settings.server_duid);
    EXPECT_TRUE(said->ias.empty() && said->dns.empty()) << "§18.4: and nothing else";
    EXPECT_TRUE(link.bindings.empty());
    EXPECT_EQ(link.link.lease(), kBoth);
  }
  Link link;
  for (const Dhcpv6Type type :
       {Dhcpv6Type::kSolicit, Dhcpv6Type::kConfirm, Dhcpv6Type::kRebind, Dhcpv6Type::kInformationRequest}) {
    const Packet ia = type == Dhcpv6Type::kInformationRequest ? Packet{} : ia_na(1, {kAddress});
    EXPECT_FALSE(link.ask(type, link.client_id() + ia, us)) << int(type);
    EXPECT_FALSE(link.ask(type, link.client_id() + ia, wire::kAllNodes)) << int(type);
  }
  EXPECT_EQ(link.counters.dhcpv6_discarded, 8U);
}

TEST(Dhcpv6Server, IP6_16_RelaysAreNotAnswered) {
  Link link;
  for (const std::uint8_t type : {std::uint8_t{12}, std::uint8_t{13}}) {
    Packet message(34);
    message[0] = type;
    link.deliver_octets(message +
                        dhcpv6_option(static_cast<Dhcpv6Code>(9), Packet{1, 0, 0, 1} + link.client_id()));
    EXPECT_EQ(link.counters.dhcpv6_received[type], 1U);
  }
  EXPECT_TRUE(link.sent.empty());
  EXPECT_EQ(link.counters.dhcpv6_discarded, 2U);
}

TEST(Dhcpv6Server, IP6_16_MalformedMessagesAreCountedAndNothingElse) {
  const auto raw = [](std::uint16_t code, const Packet& value) {
    return dhcpv6_option(static_cast<Dhcpv6Code>(code), value);
  };
  Packet nine;
  for (std::uint32_t i = 0; i < 9; ++i) {
    nine = nine + ia_pd(i);
  }
  struct Case {
    const char* what;
    Packet options;
  };
  const Case cases[] = {
      {"half an option", {0, 1}},
      {"an option beyond the end", {0, 8, 0, 3, 0, 0}},
      {"a DUID of two octets", raw(1, {0, 3})},
      {"a DUID of 131 octets", raw(1, Packet(131))},
      {"two client identifiers", raw(1, Packet(10)) + raw(1, Packet(10))},
      {"an empty server identifier", raw(2, {})},
      {"an IA_NA of 11 octets", raw(3, Packet(11))},
      {"an IA_PD of 11 octets", raw(25, Packet(11))},
      {"an IA with half an option", raw(3, Packet(12) + Packet{0, 5, 0})},
      {"an IA address of 23 octets", raw(3, Packet(12) + raw(5, Packet(23)))},
      {"an IA prefix of 24 octets", raw(25, Packet(12) + raw(26, Packet(24)))},
      {"a prefix of 129 bits", raw(25, Packet(12) + raw(26, Packet(8) + Packet{129} + Packet(16)))},
      {"an option beyond the end in an IA address",
       raw(3, Packet(12) + raw(5, Packet(24) + Packet{0, 13, 0, 9}))},
      {"an odd Option Request", raw(6, {0, 23, 0})},
      {"a Rapid Commit with a value", raw(14, {1})},
      {"nine IAs", nine},
  };
  for (const Case& c : cases) {
    Link link;
    EXPECT_FALSE(
        link.ask(Dhcpv6Type::kSolicit, (c.options[1] == 1 ? Packet{} : link.client_id()) + c.options))
        << c.what;
    EXPECT_EQ(link.counters.malformed, 1U) << c.what;
    EXPECT_EQ(link.counters.dhcpv6_discarded, 0U) << c.what;
    EXPECT_TRUE(link.bindings.empty());
  }
  for (std::size_t size = 0; size < 4; ++size) {
    Link link;
    link.deliver_octets(Packet(size, 1));
    EXPECT_EQ(link.counters.malformed, 1U) << size;
  }
}

TEST(Dhcpv6Server, UnknownOptionsAreIgnored) {
  Link link;
  const auto said = link.ask(Dhcpv6Type::kSolicit,
                             dhcpv6_option(static_cast<Dhcpv6Code>(16), Packet(30)) + link.client_id() +
                                 dhcpv6_option(static_cast<Dhcpv6Code>(65535), {}) + ia_na(1));
  ASSERT_TRUE(said);
  expect_lease(said->ias.at(0), kAddress);
}

TEST(Dhcpv6Server, TheLongestAnswerFits) {
  Link link;
  link.client = Packet(130, 7);
  link.settings.dns.assign(kMaxNameServers + 1, ip6("2001:db8::53"));
  link.settings.domain.assign(4, std::string(62, 'a'));
  ASSERT_EQ(4 * (62 + 2), kMaxDomainOctets);
  Packet ias = ia_na(0, {net6("2001:db8::1/128"), net6("2001:db8::2/128"), net6("2001:db8::3/128"),
                         net6("2001:db8::4/128"), net6("2001:db8::5/128")});
  for (std::uint32_t i = 1; i < Dhcpv6Query::kMaxIas; ++i) {
    ias = ias + ia_pd(i, {net6("2001:db8:1::/56"), net6("2001:db8:2::/56"), net6("2001:db8:3::/56"),
                          net6("2001:db8:4::/56"), net6("2001:db8:5::/56")});
  }
  const auto said = link.ask_us(Dhcpv6Type::kRenew, ias);
  ASSERT_TRUE(said);
  ASSERT_EQ(said->ias.size(), Dhcpv6Query::kMaxIas);
  EXPECT_EQ(said->ias[0].bindings.size(), 5U);
  EXPECT_EQ(said->ias[1].bindings.size(), 5U);
  EXPECT_EQ(said->dns.size(), kMaxNameServers);
  EXPECT_TRUE(said->has_domains);
  EXPECT_LE(link.sent.back().packet.size(), 1280U);
}

TEST(Dhcpv6Server, AnAnswerThatDoesNotFitIsCountedAndNotCut) {
  Link link;
  link.settings.domain.assign(20, std::string(63, 'a'));
  EXPECT_FALSE(link.ask(Dhcpv6Type::kInformationRequest, {}));
  EXPECT_EQ(link.counters.dhcpv6_oversized, 1U);
}

TEST(Dhcpv6Server, IP6_16_AFloodIsAnsweredFiveTimesASecond) {
  Link link;
  const Packet solicit = link.client_id() + ia_na(1) + ia_pd(2);
  for (int i = 0; i < 1000; ++i) {
    link.deliver(Dhcpv6Type::kSolicit, solicit);
  }
  EXPECT_EQ(link.counters.dhcpv6_advertises, 20U) << "the burst";
  EXPECT_EQ(link.counters.dhcpv6_limited, 980U);
  for (int i = 0; i < 1000; ++i) {  // ten seconds of it
    link.run(10ms);
    for (int j = 0; j < 10; ++j) {
      link.deliver(Dhcpv6Type::kSolicit, solicit);
    }
  }
  EXPECT_NEAR(static_cast<double>(link.counters.dhcpv6_advertises), 20 + 50, 2);
  link.run(10s);
  EXPECT_TRUE(link.ask(Dhcpv6Type::kSolicit, solicit)) << "and is forgiven";
}

TEST(Dhcpv6Server, ALinkThatComesUpAgainHoldsNothing) {
  Link link;
  link.bind();
  link.link.down();
  EXPECT_EQ(link.link.lease(), Ipv6Lease{});
  link.deliver(Dhcpv6Type::kSolicit, link.client_id() + ia_na(1));
  EXPECT_EQ(link.counters.unexpected, 1U) << "nothing is answered while it is down";
  link.up();
  link.client.back() ^= 1;
  const auto said = link.ask_us(Dhcpv6Type::kRenew, ia_na(1, {kAddress}));
  ASSERT_TRUE(said);
  expect_lease(said->ias.at(0), kAddress);
}

}  // namespace
}  // namespace adit::control
