// SPDX-License-Identifier: Apache-2.0
// The packet path reads headers where they lie; what it reads is what the parsers return, on anything.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ppp.hpp"

namespace adit::wire {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets random_octets(std::mt19937& random, std::size_t most) {
  Octets octets(random() % (most + 1));
  for (std::uint8_t& octet : octets) {
    octet = static_cast<std::uint8_t>(random());
  }
  return octets;
}

TEST(Views, PppHeadersAgreeOnEveryStart) {
  for (unsigned first = 0; first <= 0xff; ++first) {
    for (const unsigned second : {0x00U, 0x02U, 0x03U, 0x04U, 0x21U, 0xc0U, 0xfdU, 0xffU}) {
      for (const std::uint8_t third :
           {std::uint8_t{0x00}, std::uint8_t{0x21}, std::uint8_t{0xc0}, std::uint8_t{0xff}}) {
        const Octets whole{static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second), third, 0x21};
        for (std::size_t size = 0; size <= whole.size(); ++size) {
          const Bytes frame(whole.data(), size);
          const auto parsed = parse_ppp(frame);
          const PppHeader peeked = peek_ppp(frame);
          ASSERT_EQ(peeked.header_length, parsed ? parsed->header_length : 0)
              << first << " " << second << " " << size;
          if (parsed) {
            ASSERT_EQ(peeked.protocol, parsed->protocol);
          }
        }
      }
    }
  }
}

TEST(Views, GreAndIpv4ViewsReadWhatTheParsersReturn) {
  std::mt19937 random(791);
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    Octets octets = random_octets(random, 40);
    if (octets.size() >= 8 && round % 2 == 0) {
      store_be<std::uint16_t>(octets.data(), static_cast<std::uint16_t>(0x2001 | (random() & 0x1080)));
      store_be<std::uint16_t>(octets.data() + 2, kGreProtocolPpp);
      store_be<std::uint16_t>(octets.data() + 4, static_cast<std::uint16_t>(random() % 30));
    }
    const auto gre = parse_gre(octets);
    ASSERT_EQ(check_gre(octets), gre ? GreError::kNone : gre.error());
    if (gre) {
      ++accepted;
      const GreView view(octets.data());
      ASSERT_EQ(view.call_id(), gre->call_id);
      ASSERT_EQ(view.has_sequence() ? std::optional(view.sequence()) : std::nullopt, gre->sequence);
      ASSERT_EQ(view.has_ack() ? std::optional(view.ack()) : std::nullopt, gre->ack);
      ASSERT_LE(std::size_t{view.header_length()} + view.payload_length(), octets.size());
    }
  }
  EXPECT_GT(accepted, 200);
}

TEST(Views, TheChecksumOfAnyOctetsIsTheTextbooks) {
  std::mt19937 random(1071);
  for (int round = 0; round < 5'000; ++round) {
    const Octets octets = random_octets(random, 70);
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < octets.size(); ++at) {
      sum += at % 2 == 0 ? std::uint32_t{octets[at]} << 8 : octets[at];
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >> 16);
    }
    ASSERT_EQ(internet_checksum(octets), static_cast<std::uint16_t>(~sum));
  }
}

}  // namespace
}  // namespace adit::wire
