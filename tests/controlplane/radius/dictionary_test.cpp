// SPDX-License-Identifier: Apache-2.0
// FreeRADIUS dictionaries: what each line defines, the error for each mistake, and all dictionaries that
// FreeRADIUS ships.
#include "controlplane/radius/dictionary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <tuple>

namespace adit::control::radius {
namespace {

using Files = std::map<std::string, std::string>;

ReadFile from(const Files& files) {
  return [files](const std::string& path) -> std::expected<std::optional<std::string>, std::string> {
    if (path.ends_with("/secret")) {
      return std::unexpected("Permission denied; make it readable");
    }
    const auto found = files.find(path);
    return found != files.end() ? std::optional(found->second) : std::nullopt;
  };
}

std::expected<Dictionary, std::string> read(const Files& files, const Dictionary& base = {}) {
  return extended(base, "/d/main", from(files));
}

/// The only error for a text, which is a dictionary by itself; empty: none.
std::string error_of(const std::string& text) {
  const auto dictionary = read({{"/d/main", text}});
  return dictionary ? "" : dictionary.error();
}

// ---- definitions ------------------------------------------------------------------------------------------

TEST(Dictionary, AttributesVendorsAndValues) {
  const auto dictionary = read({{"/d/main",
                                 "# a comment\n"
                                 "VENDOR\tAcme\t32473   # RFC 5612\r\n"
                                 "ATTRIBUTE Plain 17 string\n"
                                 "BEGIN-VENDOR acme\n"
                                 "\tattribute Acme-Down 0x0A Integer\n"
                                 "VALUE Acme-Down Full 0xffffffff\n"
                                 "ATTRIBUTE Acme-Blob 11 octets[16] array\n"
                                 "END-VENDOR ACME"}});
  ASSERT_TRUE(dictionary) << dictionary.error();
  const Definition* down = dictionary->find("ACME-down");
  ASSERT_NE(down, nullptr);
  EXPECT_EQ(std::tuple(down->name, down->vendor, down->number, down->type, down->plain),
            std::tuple("Acme-Down", 32473U, 10U, ValueType::kInteger, true));
  EXPECT_EQ(down->values.at("Full"), 0xffffffffU);
  EXPECT_EQ(dictionary->find(32473, 10), down);
  EXPECT_EQ(dictionary->find(32473, 11)->type, ValueType::kOctets);
  EXPECT_EQ(dictionary->find(kNoVendor, 17)->name, "Plain");
  EXPECT_EQ(dictionary->find("Acme"), nullptr);
  EXPECT_EQ(dictionary->find(kNoVendor, 10), nullptr);
  EXPECT_EQ(dictionary->vendor("aCmE")->id, 32473U);
  EXPECT_EQ(dictionary->all().size(), 3U);
}

TEST(Dictionary, WhatDoesNotStandByItselfIsKnownButNotPlain) {
  const auto dictionary =
      read({{"/d/main",
             "ATTRIBUTE Extended 241 extended\n"
             "ATTRIBUTE Extended-Vendor 241.26 evs\n"
             "ATTRIBUTE Internal 1000 integer\n"
             "ATTRIBUTE Zero 0 integer\n"
             "ATTRIBUTE Tagged 64 integer has_tag,encrypt=2\n"
             "ATTRIBUTE Hidden 2 string encrypt=1\n"
             "ATTRIBUTE Virtual 3 string virtual\n"
             "ATTRIBUTE Tree 5 tlv\n"
             "VENDOR Wide 5 format=2,1\n"
             "VENDOR Continued 6 format=1,1,c\n"
             "VENDOR Usual 7 format=1,1\n"
             "BEGIN-VENDOR Wide\nATTRIBUTE In-Wide 1 integer\nEND-VENDOR Wide\n"
             "BEGIN-VENDOR Continued\nATTRIBUTE In-Continued 1 integer\nEND-VENDOR Continued\n"
             "BEGIN-VENDOR Usual\nATTRIBUTE Its-Tree 1 tlv\n"
             "BEGIN-TLV Its-Tree\nATTRIBUTE Leaf 2 integer\nEND-TLV Its-Tree\n"
             "ATTRIBUTE Dotted 1.3 integer\nEND-VENDOR Usual\n"
             "BEGIN-VENDOR Usual format=Extended-Vendor\nATTRIBUTE Far 4 integer\nEND-VENDOR Usual\n"
             "ATTRIBUTE Old-Style 9 integer Usual\n"
             "ATTRIBUTE Old-Wide 9 integer Wide\n"}});
  ASSERT_TRUE(dictionary) << dictionary.error();
  for (const char* name : {"Extended-Vendor", "Internal", "Zero", "Tagged", "Hidden", "Virtual", "In-Wide",
                           "In-Continued", "Leaf", "Dotted", "Far", "Old-Wide"}) {
    ASSERT_NE(dictionary->find(name), nullptr) << name;
    EXPECT_FALSE(dictionary->find(name)->plain) << name;
  }
  EXPECT_EQ(dictionary->find("Dotted")->number, 3U);
  EXPECT_EQ(dictionary->find(7, 2), nullptr) << "a leaf is no attribute of its vendor's";
  EXPECT_EQ(dictionary->find(7, 9)->name, "Old-Style");
  EXPECT_EQ(dictionary->find(kNoVendor, 2), nullptr);
}

TEST(Dictionary, AnOperatorsFileAddsAndOverrides) {
  const auto base =
      read({{"/d/main", "VENDOR V 9\nATTRIBUTE A 1 string V\nATTRIBUTE B 2 integer V\nVALUE B One 1\n"}});
  ASSERT_TRUE(base);
  const auto both = read(
      {{"/d/main", "ATTRIBUTE a 3 integer V\nATTRIBUTE B 2 integer V\nATTRIBUTE C 4 integer V\n"}}, *base);
  ASSERT_TRUE(both) << both.error();
  EXPECT_EQ(both->find("A")->number, 3U);
  EXPECT_EQ(both->find(9, 1), nullptr) << "nothing has that number any more";
  EXPECT_EQ(both->find(9, 3), both->find("A"));
  EXPECT_EQ(both->find("B")->values.size(), 1U) << "said once more, it keeps its values";
  EXPECT_EQ(both->all().size(), 3U);
  EXPECT_EQ(base->find("A")->number, 1U) << "the base is as it was";
}

TEST(Dictionary, IncludesAreRelativeToTheFileThatIncludes) {
  const auto dictionary =
      read({{"/d/main", "$INCLUDE more/one\n$INCLUDE- absent\n$include /e/three\nATTRIBUTE M 1 byte\n"},
            {"/d/more/one", "$INCLUDE two\nATTRIBUTE One 2 byte\n"},
            {"/d/more/two", "VALUE M Early 1\nATTRIBUTE Two 3 byte\n"},
            {"/e/three", "ATTRIBUTE Three 4 byte\n"}});
  ASSERT_TRUE(dictionary) << dictionary.error();
  EXPECT_EQ(dictionary->all().size(), 4U);
  EXPECT_EQ(dictionary->find("M")->values.size(), 1U) << "a value may stand before its attribute";
}

// ---- mistakes -------------------------------------------------------------------------------------------------------

TEST(Dictionary, EveryMistakeHasItsLine) {
  const std::pair<std::string, std::string> mistakes[] = {
      {"\nATRIBUTE A 1 string\n",
       "/d/main:2: no keyword \"ATRIBUTE\"; there are ATTRIBUTE, VALUE, VENDOR, BEGIN-VENDOR, END-VENDOR, "
       "BEGIN-TLV, END-TLV, $INCLUDE"},
      {"ATTRIBUTE A 1", "/d/main:1: ATTRIBUTE has 2 words behind it; write ATTRIBUTE name number type"},
      {"ATTRIBUTE A 1 string array extra",
       "/d/main:1: ATTRIBUTE has 5 words behind it; write ATTRIBUTE name number type"},
      {"VALUE A B 1 2 3 4 5 6 7",
       "/d/main:1: VALUE has 5 words behind it; write VALUE attribute name number"},
      {"ATTRIBUTE A 1x string", "/d/main:1: no attribute's number: \"1x\"; write 17, 0x11 or 241.1"},
      {"ATTRIBUTE A -1 string", "/d/main:1: no attribute's number: \"-1\"; write 17, 0x11 or 241.1"},
      {"ATTRIBUTE A 0x string", "/d/main:1: no attribute's number: \"0x\"; write 17, 0x11 or 241.1"},
      {"ATTRIBUTE A 241. string", "/d/main:1: no attribute's number: \"241.\"; write 17, 0x11 or 241.1"},
      {"ATTRIBUTE A .1 string", "/d/main:1: no attribute's number: \".1\"; write 17, 0x11 or 241.1"},
      {"ATTRIBUTE A 4294967296 string",
       "/d/main:1: no attribute's number: \"4294967296\"; write 17, 0x11 or 241.1"},
      {"ATTRIBUTE A 1 integr",
       "/d/main:1: no type \"integr\"; there are string, octets, ipaddr, integer, date, short, byte, "
       "integer64, ..."},
      {"ATTRIBUTE A 1 octets[x]",
       "/d/main:1: no type \"octets[x]\"; there are string, octets, ipaddr, integer, date, short, byte, "
       "integer64, ..."},
      {"ATTRIBUTE A 1 string array,hash",
       "/d/main:1: neither a flag nor a vendor: \"hash\"; there are has_tag, encrypt=1 to 3, array, concat, "
       "virtual, secret"},
      {"ATTRIBUTE A 1 string\nATTRIBUTE a 2 string\n",
       "/d/main:2: \"a\" is something else in line 1; keep one of them"},
      {"ATTRIBUTE A\x1b 1 string",
       "/d/main:1: an attribute's name has more than 128 characters, or one that is not printable ASCII; "
       "choose another"},
      {"ATTRIBUTE A 1 \x1b[2J",
       "/d/main:1: no type \"?[2J\"; there are string, octets, ipaddr, integer, date, short, byte, "
       "integer64, ..."},
      {"VALUE A B 1\n\n", "/d/main:1: no attribute \"A\"; define it: ATTRIBUTE name number type"},
      {"ATTRIBUTE A 1 byte\nVALUE A B 256\n",
       "/d/main:2: no value that \"A\", of type byte, can have: \"256\"; write a number, 17 or 0x11, that "
       "fits"},
      {"VENDOR V 0", "/d/main:1: no vendor's number: \"0\"; write 1 to 16777215"},
      {"VENDOR V 16777216", "/d/main:1: no vendor's number: \"16777216\"; write 1 to 16777215"},
      {"VENDOR V 1 format=3,1",
       "/d/main:1: no format of a vendor's attributes: \"format=3,1\"; write format=1,1: octets of type and "
       "of length"},
      {"VENDOR V 1 1,1",
       "/d/main:1: no format of a vendor's attributes: \"1,1\"; write format=1,1: octets of type and of "
       "length"},
      {"BEGIN-VENDOR V", "/d/main:1: no vendor \"V\"; define it before: VENDOR name number"},
      {"VENDOR V 1\nBEGIN-VENDOR V\nBEGIN-VENDOR V\n",
       "/d/main:3: BEGIN-VENDOR within that of \"V\"; end that first"},
      {"VENDOR V 1\nBEGIN-VENDOR V format=X\n",
       "/d/main:2: no place for a vendor's attributes: \"format=X\"; write format= and an attribute of type "
       "evs that is "
       "defined before"},
      {"VENDOR V 1\nBEGIN-VENDOR V\n", "/d/main:2: BEGIN-VENDOR \"V\" does not end; add its END-VENDOR"},
      {"END-VENDOR V", "/d/main:1: END-VENDOR \"V\" ends nothing that began here; end what began last"},
      {"BEGIN-TLV T", "/d/main:1: no attribute \"T\"; define it before its parts"},
      {"ATTRIBUTE T 1 tlv\nBEGIN-TLV T\n", "/d/main:2: BEGIN-TLV \"T\" does not end; add its END-TLV"},
      {"END-TLV T", "/d/main:1: END-TLV \"T\" ends nothing that began here; end what began last"},
      {"$INCLUDE gone",
       "/d/main:1: $INCLUDE \"gone\": no such file; name one that is there, or use $INCLUDE-"},
      {"$INCLUDE- secret", "/d/main:1: $INCLUDE \"secret\": Permission denied; make it readable"},
      {"$INCLUDE main", "/d/main:1: $INCLUDE \"main\" is more than 8 deep; does a file include itself?"},
      {std::string("ATTRIBUTE A 1 ") + std::string(70, 'x'),
       "/d/main:1: no type \"" + std::string(60, 'x') +
           "...\"; there are string, octets, ipaddr, integer, date, short, byte, integer64, ..."},
  };
  for (const auto& [text, line] : mistakes) {
    EXPECT_EQ(error_of(text), line) << text;
  }
  EXPECT_EQ(read({}).error(), "/d/main: no such file; create it, or name another");
}

TEST(Dictionary, TheErrorIsOfTheFileWhereItStands) {
  EXPECT_EQ(read({{"/d/main", "\n$INCLUDE sub/a\n"}, {"/d/sub/a", "# fine\nX\n"}}).error().substr(0, 12),
            "/d/sub/a:2: ");
}

TEST(Dictionary, AllFilesTogetherAreBounded) {
  const std::string megabyte(std::size_t{1} << 20, '\n');
  Files files{{"/d/main", "$INCLUDE a\n"}, {"/d/a", megabyte}};
  for (int n = 0; n < 6; ++n) {
    files["/d/main"] += "$INCLUDE a\n";
  }
  EXPECT_TRUE(read(files));
  files["/d/main"] += "$INCLUDE a\n";
  EXPECT_EQ(read(files).error(), "/d/a: dictionaries have more than 8 MiB together; include fewer");
}

// ---- our dictionary, and FreeRADIUS's ---------------------------------------------------------------------

TEST(StandardDictionary, HasWhatAditSendsAndHonours) {
  const Dictionary& ours = standard_dictionary();
  for (
      const unsigned number :
      {1U,  2U,  3U,  4U,  5U,  6U,  7U,   8U,   9U,   11U,  12U,  18U,  22U,  24U, 25U,
       26U, 27U, 28U, 29U, 30U, 31U, 32U,  40U,  41U,  42U,  43U,  44U,  45U,  46U, 47U,
       48U, 49U, 52U, 53U, 55U, 60U, 61U,  62U,  64U,  65U,  66U,  67U,  77U,  80U, 85U,
       87U, 88U, 95U, 96U, 97U, 99U, 100U, 101U, 123U, 168U, 169U, 170U, 171U, 172U}) {  // all of attributes.hpp, and what we say we ignore
    EXPECT_TRUE(std::ranges::any_of(ours.all(), [number](const Definition& each) {
      return each.vendor == kNoVendor && each.number == number;
    })) << number;
  }
  EXPECT_EQ(ours.find(kNoVendor, static_cast<std::uint8_t>(Type::kFilterId))->name, "Filter-Id");
  EXPECT_EQ(ours.find(kMicrosoft, microsoft::kEncryptionPolicy)->name, "MS-MPPE-Encryption-Policy");
  EXPECT_EQ(ours.find(kMikrotik, 8)->name, "Mikrotik-Rate-Limit");
  EXPECT_EQ(ours.find(kWispr, 7)->name, "WISPr-Bandwidth-Max-Up");
  EXPECT_EQ(ours.find(kCisco, 1)->name, "Cisco-AVPair");
}

/// Debian's freeradius-common: `scripts/deps test` installs it.
std::expected<std::optional<std::string>, std::string> read_from_disk(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return file ? std::optional(std::string(std::istreambuf_iterator<char>(file), {})) : std::nullopt;
}

TEST(Dictionary, AllThatFreeRadiusShipsIsRead) {
  const auto theirs = extended(standard_dictionary(), "/usr/share/freeradius/dictionary", read_from_disk);
  ASSERT_TRUE(theirs) << theirs.error();
  EXPECT_GT(theirs->all().size(), 7000U);
  EXPECT_EQ(theirs->find("Juniper-Primary-Dns")->vendor, 2636U);
  EXPECT_EQ(theirs->find("Ascend-Data-Rate")->values.size(), 0U);
  EXPECT_FALSE(theirs->find("Tunnel-Password")->plain);
  EXPECT_FALSE(theirs->find("WiMAX-Capability")->plain);
  EXPECT_EQ(theirs->find("Service-Type")->values.at("framed-user"), 2U);
}

TEST(StandardDictionary, SaysWhatFreeRadiusSays) {
  const auto theirs = extended({}, "/usr/share/freeradius/dictionary", read_from_disk);
  ASSERT_TRUE(theirs) << theirs.error();
  for (const Definition& ours : standard_dictionary().all()) {
    const Definition* same = theirs->find(ours.name);
    ASSERT_NE(same, nullptr) << ours.name;
    EXPECT_EQ(std::tuple(ours.name, ours.vendor, ours.number, to_text(ours.type), ours.plain),
              std::tuple(same->name, same->vendor, same->number, to_text(same->type), same->plain));
    for (const auto& [name, value] : ours.values) {
      EXPECT_TRUE(same->values.contains(name) && same->values.at(name) == value) << ours.name << ' ' << name;
    }
  }
}

}  // namespace
}  // namespace adit::control::radius
