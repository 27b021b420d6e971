// SPDX-License-Identifier: Apache-2.0
// Rate limits in replies: the forms, the default list, and lists that an operator writes.
#include "controlplane/radius/rates.hpp"

#include <algorithm>

#include "tests/controlplane/radius/reply_kit.hpp"

namespace adit::control::radius {
namespace {

constexpr VendorId kAcme = 32473;

using Rate = std::expected<std::optional<SubscriberRate>, std::string>;

Rate read(const Octets& attributes, const std::vector<RateMapping>& mappings) {
  return read_rate(*read_reply(reply_of(attributes), kRequest, kSecret, true), mappings);
}

std::optional<SubscriberRate> by_default(const Octets& attributes) {
  return read(attributes, default_rates()).value();
}

RateMapping number(std::uint8_t of, RateForm form, RateDirection direction,
                   ValueType type = ValueType::kInteger) {
  return {"Acme-" + std::to_string(of), kAcme, of, type, form, direction};
}

TEST(RadiusRates, RAD_15_TheFormsOfTheDefaultList) {
  EXPECT_EQ(by_default(vendor(kMikrotik, 8, text("2M/10M 0/0"))),
            (SubscriberRate{.down = 10'000, .up = 2'000}));
  EXPECT_EQ(by_default(vendor(kMikrotik, 8, text(" \t 2M/10M\t 0/0"))),
            (SubscriberRate{.down = 10'000, .up = 2'000}));
  EXPECT_EQ(by_default(vendor(kMikrotik, 8, text("512k"))), (SubscriberRate{.down = 512, .up = 512}));
  EXPECT_EQ(by_default(joined({vendor(kWispr, 7, hex("001e8480")), vendor(kWispr, 8, hex("00989680"))})),
            (SubscriberRate{.down = 10'000, .up = 2'000}));
  EXPECT_EQ(by_default(joined(
                {vendor(kCisco, 1,
                        text("lcp:interface-config#1=rate-limit output 10000000 8000 8000 "
                             "conform-action transmit exceed-action drop")),
                 vendor(kCisco, 1, text("ip:route=x")),
                 vendor(kCisco, 1, text("lcp:interface-config#1=rate-limit input 2000000 8000 8000"))})),
            (SubscriberRate{.down = 10'000, .up = 2'000}));
  EXPECT_EQ(by_default(attribute(Type::kFilterId, text("10240/2048"))),
            (SubscriberRate{.down = 10'240, .up = 2'048}));
  EXPECT_FALSE(by_default(attribute(Type::kFilterId, text("std.in"))));
}

TEST(RadiusRates, RAD_15_BlanksAreBlanks) {
  EXPECT_EQ(
      by_default(vendor(kCisco, 1, text(" lcp:interface-config#1=  rate-limit \t output\t10000000  8000"))),
      (SubscriberRate{.down = 10'000, .up = 0}));
  EXPECT_EQ(by_default(attribute(Type::kFilterId, text(" 10240/2048\t"))),
            (SubscriberRate{.down = 10'240, .up = 2'048}));
  const RateMapping digits{.attribute = "Acme-Down",
                           .vendor = kAcme,
                           .number = 1,
                           .form = RateForm::kKbit,
                           .direction = RateDirection::kDown};
  EXPECT_EQ(read(vendor(kAcme, 1, text("\t10240 ")), {digits}).value()->down, 10'240U);
  EXPECT_FALSE(read(vendor(kAcme, 1, text("10 240")), {digits}));
  EXPECT_FALSE(read(vendor(kAcme, 1, text(" ")), {digits}));
}

TEST(RadiusRates, OfSeveralFilterIdsTheFirstThatIsARateCounts) {
  EXPECT_EQ(
      by_default(joined({attribute(Type::kFilterId, text("std.in")), attribute(Type::kFilterId, text("4000")),
                         attribute(Type::kFilterId, text("5000"))})),
      (SubscriberRate{4000, 4000}));
}

TEST(RadiusRates, RAD_15_TextsThatAreNoRate) {
  for (const char* bad : {"", "M", "1T", "1M/", "/1M", "-1M", "99999999999G", "1M/2M/3M"}) {
    EXPECT_FALSE(parse_mikrotik_rate(bad)) << bad;
  }
  EXPECT_EQ(read(vendor(kMikrotik, 8, text("fast")), default_rates()).error(),
            "Mikrotik-Rate-Limit \"fast\" is no rate");
  EXPECT_FALSE(parse_cisco_rate("lcp:interface-config#1=rate-limit sideways 1"));
  EXPECT_FALSE(parse_cisco_rate("lcp:interface-config#1=rate-limit output access-group 101 1"));
  EXPECT_FALSE(parse_cisco_rate("lcp:interface-config#1=rate-limit output fast"));
}

TEST(RadiusRates, TheDefaultListIsOfAttributesThatTheDictionaryKnows) {
  for (const RateMapping& mapping : default_rates()) {
    const Definition* known = standard_dictionary().find(mapping.attribute);
    ASSERT_NE(known, nullptr) << mapping.attribute;
    EXPECT_EQ(known, standard_dictionary().find(mapping.vendor, mapping.number)) << mapping.attribute;
    EXPECT_EQ(known->type, mapping.type) << mapping.attribute;
    EXPECT_TRUE(known->plain && fits(mapping.form, known->type)) << mapping.attribute;
  }
}

TEST(RadiusRates, TheFirstOfTheListWins) {
  const Octets mikrotik = vendor(kMikrotik, 8, text("2M"));
  const Octets wispr = vendor(kWispr, 8, hex("000f4240"));
  const Octets cisco = vendor(kCisco, 1, text("lcp:interface-config=rate-limit output 3000000 1 1"));
  const Octets filter = attribute(Type::kFilterId, text("4000"));
  EXPECT_EQ(by_default(joined({filter, cisco, wispr, mikrotik})), (SubscriberRate{2000, 2000}));
  EXPECT_EQ(by_default(joined({filter, cisco, wispr})), (SubscriberRate{.down = 1000, .up = 0}));
  EXPECT_EQ(by_default(joined({filter, cisco})), (SubscriberRate{.down = 3000, .up = 0}));
  EXPECT_EQ(by_default(filter), (SubscriberRate{4000, 4000}));
  auto reversed = default_rates();
  std::ranges::reverse(reversed);
  EXPECT_EQ(read(joined({mikrotik, filter}), reversed).value(), (SubscriberRate{4000, 4000}));
  EXPECT_EQ(read(joined({mikrotik, filter}), {}).value(), std::nullopt);
}

TEST(RadiusRates, RAD_15_NumbersOfEveryType) {
  const auto down = [](const Octets& value, RateForm form, ValueType type) {
    return read(vendor(kAcme, 1, value), {number(1, form, RateDirection::kDown, type)});
  };
  EXPECT_EQ(down(hex("00002800"), RateForm::kKbit, ValueType::kInteger).value()->down, 10'240U);
  EXPECT_EQ(down(hex("000003e7"), RateForm::kBit, ValueType::kInteger).value()->down, 1U) << "some, not none";
  EXPECT_EQ(down(hex("00000000"), RateForm::kBit, ValueType::kInteger).value(), SubscriberRate{});
  EXPECT_EQ(down(hex("ff"), RateForm::kKbit, ValueType::kByte).value()->down, 255U);
  EXPECT_EQ(down(hex("0100"), RateForm::kKbit, ValueType::kShort).value()->down, 256U);
  EXPECT_EQ(down(hex("000000174876e800"), RateForm::kBit, ValueType::kInteger64).value()->down, 100'000'000U);
  EXPECT_EQ(down(text("10240"), RateForm::kKbit, ValueType::kString).value()->down, 10'240U);
  for (const auto& [value, type, shown, name] :
       {std::tuple(hex("002800"), ValueType::kInteger, "0x002800", "integer"),
        std::tuple(hex("0000002800"), ValueType::kInteger, "0x0000002800", "integer"),
        std::tuple(hex("0001"), ValueType::kByte, "0x0001", "byte"),
        std::tuple(hex("01"), ValueType::kShort, "0x01", "short"),
        std::tuple(hex("00000001"), ValueType::kInteger64, "0x00000001", "integer64"),
        std::tuple(hex("ee6b2801"), ValueType::kInteger, "4000000001", "integer"),
        std::tuple(Octets{}, ValueType::kString, "\"\"", "string"),
        std::tuple(text("10M"), ValueType::kString, "\"10M\"", "string"),
        std::tuple(text("-1"), ValueType::kString, "\"-1\"", "string"),
        std::tuple(text("1 0"), ValueType::kString, "\"1 0\"", "string"),
        std::tuple(text("4000000001"), ValueType::kString, "\"4000000001\"", "string"),
        std::tuple(text("18446744073709551616"), ValueType::kString, "\"18446744073709551616\"", "string")}) {
    const Rate refused = down(value, RateForm::kKbit, type);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), std::string("Acme-1 ") + shown + " is no rate in kbit/s of type " + name);
  }
}

TEST(RadiusRates, NumbersThatFollowEachOtherAreOneRate) {
  const std::vector<RateMapping> mappings = {
      number(1, RateForm::kKbit, RateDirection::kDown),
      number(2, RateForm::kBit, RateDirection::kUp),
      number(3, RateForm::kKbit, RateDirection::kBoth),
      {"Acme-4", kAcme, 4, ValueType::kString, RateForm::kMikrotikText},
      number(5, RateForm::kKbit, RateDirection::kUp)};
  const Octets down = vendor(kAcme, 1, hex("00000001"));
  const Octets up = vendor(kAcme, 2, hex("000007d0"));
  const Octets both = vendor(kAcme, 3, hex("00000003"));
  const Octets words = vendor(kAcme, 4, text("4k"));
  const Octets late = vendor(kAcme, 5, hex("00000005"));
  EXPECT_EQ(read(joined({both, up, down, words}), mappings).value(), (SubscriberRate{.down = 1, .up = 2}));
  EXPECT_EQ(read(joined({down, both}), mappings).value(), (SubscriberRate{.down = 1, .up = 3}));
  EXPECT_EQ(read(both, mappings).value(), (SubscriberRate{3, 3}));
  EXPECT_EQ(read(joined({down, late}), mappings).value(), (SubscriberRate{.down = 1, .up = 0}))
      << "not adjacent";
  EXPECT_EQ(read(joined({words, late}), mappings).value(), (SubscriberRate{4, 4}));
  EXPECT_EQ(read(late, mappings).value(), (SubscriberRate{.down = 0, .up = 5}));
  EXPECT_EQ(read({}, mappings).value(), std::nullopt);
}

TEST(RadiusRates, AVendorsNumberIsNoStandardAttributes) {
  const std::vector<RateMapping> cisco = {{"Acme-1", kAcme, 1, ValueType::kString, RateForm::kCiscoAvPair}};
  const Octets user_name = attribute(Type::kUserName, text("lcp:interface-config=rate-limit sideways"));
  EXPECT_EQ(read(user_name, cisco).value(), std::nullopt);
  const auto refused = read(vendor(kAcme, 1, text("lcp:interface-config=rate-limit sideways")), cisco);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            "Acme-1 \"lcp:interface-config=rate-limit sideways\" has a rate-limit that is neither input nor "
            "output");
}

TEST(RadiusRates, WhichFormReadsWhichType) {
  for (const RateForm form : {RateForm::kMikrotikText, RateForm::kCiscoAvPair, RateForm::kFilterId}) {
    EXPECT_TRUE(fits(form, ValueType::kString));
    EXPECT_FALSE(fits(form, ValueType::kInteger));
  }
  for (const RateForm form : {RateForm::kKbit, RateForm::kBit}) {
    for (const ValueType type : {ValueType::kString, ValueType::kInteger, ValueType::kShort, ValueType::kByte,
                                 ValueType::kInteger64}) {
      EXPECT_TRUE(fits(form, type));
    }
    for (const ValueType type :
         {ValueType::kIpaddr, ValueType::kOctets, ValueType::kDate, ValueType::kSigned, ValueType::kOther}) {
      EXPECT_FALSE(fits(form, type));
    }
  }
}

}  // namespace
}  // namespace adit::control::radius
