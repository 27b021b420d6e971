// SPDX-License-Identifier: Apache-2.0
// The plan's own kinds of values: what each takes, and that what it shows is read as the same again.
#include "app/adit-blast/plan/plan_values.hpp"

#include <gtest/gtest.h>

#include "app/adit-blast/plan/load_values.hpp"
#include "app/adit-blast/plan/written_values.hpp"

namespace adit::app::blast {
namespace {

template <typename Kind>
Read<typename Kind::Value> read(const Kind& kind, std::string_view text) {
  return read_written(kind, text);
}

TEST(PlanValues, Rates) {
  struct Case {
    const char* text;
    Rate::Unit unit;
    double per_second;
    const char* shown;
  };
  for (const Case& one :
       {Case{"20kpps", Rate::Unit::kPackets, 20e3, "\"20kpps\""},
        Case{"1.5Mpps", Rate::Unit::kPackets, 1.5e6, "\"1.5Mpps\""},
        Case{"100Mbps", Rate::Unit::kBits, 100e6, "\"100Mbps\""},
        Case{"2 Gbps", Rate::Unit::kBits, 2e9, "\"2Gbps\""},
        Case{"7pps", Rate::Unit::kPackets, 7, "\"7pps\""}, Case{"max", Rate::Unit::kMaximum, 0, "\"max\""},
        Case{"0", Rate::Unit::kPackets, 0, "0"}}) {
    const auto rate = read(RateKind{}, one.text);
    ASSERT_TRUE(rate.has_value()) << one.text;
    EXPECT_EQ(rate->unit, one.unit) << one.text;
    EXPECT_DOUBLE_EQ(rate->per_second, one.per_second) << one.text;
    EXPECT_EQ(RateKind{}.show(*rate), one.shown);
  }
  for (const char* wrong :
       {"", "5", "20k", "kpps", "-1pps", "1e9pps", "1.2.3pps", "infpps", "20kpps!", "max pps", "true"}) {
    EXPECT_FALSE(read(RateKind{}, wrong).has_value()) << wrong;
  }
  EXPECT_EQ(read(RateKind{}, "2000Gbps").error().wrong, "is out of range");
}

TEST(PlanValues, SizesAndMixes) {
  const auto sizes = read(SizesKind{}, "64, imix,1456");
  ASSERT_TRUE(sizes.has_value());
  ASSERT_EQ(sizes->size(), 3U);
  EXPECT_EQ((*sizes)[0].sizes, (std::vector<std::pair<std::uint16_t, std::uint32_t>>{{64, 1}}));
  EXPECT_EQ((*sizes)[1].sizes.size(), 3U);
  EXPECT_EQ(SizesKind{}.show(*sizes), "\"64,imix,1456\"");
  EXPECT_EQ(SizesKind{}.read(toml::value<std::int64_t>{512})->front().name, "512");
  EXPECT_EQ(SizesKind{}.read(toml::array{64, "imix"})->size(), 2U);
  for (const char* wrong : {"", "63", "1457", "64,", "64.5", "big", "-64"}) {
    EXPECT_FALSE(read(SizesKind{}, wrong).has_value()) << wrong;
  }
  EXPECT_FALSE(SizesKind{}.read(toml::array{}).has_value());
  toml::array nested;
  nested.push_back(toml::array{64});
  EXPECT_FALSE(SizesKind{}.read(nested).has_value());
  EXPECT_FALSE(SizesKind{}.read(toml::value<bool>{true}).has_value());
}

TEST(PlanValues, Impairments) {
  const auto impairment = read(ImpairmentKind{}, "loss=1%, duplicate=0.5%,reorder=2%,reorder-by=5");
  ASSERT_TRUE(impairment.has_value());
  EXPECT_DOUBLE_EQ(impairment->loss, 0.01);
  EXPECT_DOUBLE_EQ(impairment->duplication, 0.005);
  EXPECT_DOUBLE_EQ(impairment->reordering, 0.02);
  EXPECT_EQ(impairment->reorder_by, 5U);
  EXPECT_EQ(ImpairmentKind{}.show(*impairment), "\"loss=1%,duplicate=0.5%,reorder=2%,reorder-by=5\"");
  EXPECT_FALSE(read(ImpairmentKind{}, "").value().any());
  for (const char* wrong : {"loss", "loss=1", "loss=101%", "lose=1%", "loss=1%,", "reorder-by=0",
                            "reorder-by=5000", "loss=60%,reorder=60%", "5"}) {
    EXPECT_FALSE(read(ImpairmentKind{}, wrong).has_value()) << wrong;
  }
}

TEST(PlanValues, PrefixesAndEndpoints) {
  EXPECT_EQ(read(PrefixKind{}, "10.99.0.0/16")->length, 16);
  EXPECT_EQ(read(PrefixKind{}, "10.99.0.1")->length, 32);
  EXPECT_EQ(read(PrefixKind{}, "10.99.0.1/16").error().remedy, "write \"10.99.0.0/16\"");
  for (const char* wrong :
       {"", "10.99.0.0/", "10.99.0.0/33", "10.0.0.0/7", "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/8", "x"}) {
    EXPECT_FALSE(read(PrefixKind{}, wrong).has_value()) << wrong;
  }
  EXPECT_EQ(read(EndpointKind{}, "192.0.2.1")->port, 1723);
  EXPECT_EQ(read(EndpointKind{}, "192.0.2.1:17")->port, 17);
  EXPECT_EQ(EndpointKind{}.show({wire::Ipv4Address(192, 0, 2, 1), 17}), "\"192.0.2.1:17\"");
  for (const char* wrong :
       {"", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:1.5", "::1", "host", "0.0.0.0"}) {
    EXPECT_FALSE(read(EndpointKind{}, wrong).has_value()) << wrong;
  }
}

TEST(PlanValues, Percentages) {
  EXPECT_DOUBLE_EQ(read(PercentKind{100}, "0.1%").value(), 0.001);
  EXPECT_DOUBLE_EQ(read(PercentKind{100}, "5 %").value(), 0.05);
  EXPECT_EQ(PercentKind{100}.show(0.05), "\"5%\"");
  for (const char* wrong : {"5", "%", "101%", "-1%", "nan%"}) {
    EXPECT_FALSE(read(PercentKind{100}, wrong).has_value()) << wrong;
  }
}

TEST(PlanValues, WordsAreAListOrTextWithCommas) {
  const WordsKind<KeyLengthKind> kind{{{}, "write [128]"}};
  EXPECT_EQ(read(kind, "128, 40")->size(), 2U);
  EXPECT_EQ(kind.read(toml::array{128, 56})->size(), 2U);
  EXPECT_EQ(kind.show({contract::MppeStrength::k128, contract::MppeStrength::k40}), "\"128,40\"");
  EXPECT_FALSE(read(kind, "128,").has_value());
  EXPECT_FALSE(read(kind, "").has_value());
}

TEST(PlanValues, TextIsANumberOnlyWhereTextWillNotDo) {
  EXPECT_EQ(read(TextKind{1, 10}, "1234").value(), "1234");
  EXPECT_EQ(read(NumberKind<int>{0, 9999}, "1234").value(), 1234);
  EXPECT_TRUE(read(BoolKind{}, "true").value());
  EXPECT_DOUBLE_EQ(read(RealKind{10}, "2.5").value(), 2.5);
  EXPECT_FALSE(read(RealKind{10}, "inf").has_value());
  EXPECT_FALSE(read(NumberKind<int>{0, 9}, "1\nx = 2").has_value());
  EXPECT_FALSE(read(NumberKind<int>{0, 9}, "[1]").has_value());
}

}  // namespace
}  // namespace adit::app::blast
