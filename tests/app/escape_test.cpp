// SPDX-License-Identifier: Apache-2.0
// What a terminal or a log reader gets of hostile octets: one line, nothing that moves the cursor, nothing hidden.
#include "app/escape.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>

namespace adit::app {
namespace {

using namespace std::string_literals;

TEST(Escape, KeepsPrintableText) {
  EXPECT_EQ(escape_octets("alice@example.net"), "alice@example.net");
  EXPECT_EQ(escape_octets("Zoë 木 😀"), "Zoë 木 😀");
  EXPECT_EQ(escape_octets(""), "");
}

TEST(Escape, SEC_11_SpellsOutControlCharacters) {
  EXPECT_EQ(escape_octets("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(escape_octets("\x1b[2Jgone"), "\\x1b[2Jgone");
  EXPECT_EQ(escape_octets("a\0b"s), "a\\x00b");
  EXPECT_EQ(escape_octets("\x7f"), "\\x7f");
  EXPECT_EQ(escape_octets("\"quoted\\\""), "\\\"quoted\\\\\\\"");
  EXPECT_EQ(escape_octets("%n%s"), "%n%s");
}

TEST(Escape, SEC_11_SpellsOutInvalidUtf8) {
  EXPECT_EQ(escape_octets("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escape_octets("\x80"), "\\x80");
  EXPECT_EQ(escape_octets("\xc0\xaf"), "\\xc0\\xaf") << "overlong slash";
  EXPECT_EQ(escape_octets("\xe0\x80\x8a"), "\\xe0\\x80\\x8a") << "overlong line feed";
  EXPECT_EQ(escape_octets("\xf0\x82\x82\xac"), "\\xf0\\x82\\x82\\xac");
  EXPECT_EQ(escape_octets("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(escape_octets("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above 10FFFF";
  EXPECT_EQ(escape_octets("\xe6\x9c"), "\\xe6\\x9c") << "cut short";
}

TEST(Escape, SEC_11_SpellsOutWhatReordersOrHidesText) {
  EXPECT_EQ(escape_octets("\u202egpj.exe"), "\\u{202e}gpj.exe");
  EXPECT_EQ(escape_octets("a\u2028b"), "a\\u{2028}b");
  EXPECT_EQ(escape_octets("a\u200bb"), "a\\u{200b}b");
  EXPECT_EQ(escape_octets("\u009b2J"), "\\u{009b}2J") << "C1 control sequence introducer";
  EXPECT_EQ(escape_octets("\U000e0041"), "\\u{e0041}");
}

TEST(Escape, SEC_11_BoundsTheLength) {
  const std::string longest(255, 'x');
  EXPECT_EQ(escape_octets(longest), longest);
  EXPECT_EQ(escape_octets(std::string(70'000, 'x')), std::string(256, 'x') + "...");
  EXPECT_EQ(escape_octets("abcdef", 3), "abc...");
  EXPECT_EQ(escape_octets("ab木", 3), "ab\\xe6...") << "cut within a character";
}

TEST(Escape, ASentenceKeepsItsQuotes) {
  const std::string sentence = "write \"10240\"; user \\xff is not known";
  EXPECT_EQ(escape_text(sentence), sentence) << "what is escaped in it is not escaped again";
  EXPECT_EQ(escape_text("\x1b[2J\n\xff\u202e"), "\\x1b[2J\\n\\xff\\u{202e}");
  EXPECT_EQ(escape_text("abcdef", 3), "abc...");
}

TEST(Escape, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(quote_if_needed("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(quote_if_needed("user@isp.example"), "user@isp.example");
  EXPECT_EQ(quote_if_needed(""), "\"\"");
  EXPECT_EQ(quote_if_needed("a b"), "\"a b\"");
  EXPECT_EQ(quote_if_needed("a=b"), "\"a=b\"") << "would read as a key";
  EXPECT_EQ(quote_if_needed("x\" event=call_up user=\"root"), "\"x\\\" event=call_up user=\\\"root\"");
}

TEST(Escape, APatternOfAnyOctetsBecomesUtf8) {
  EXPECT_EQ(as_utf8("^al\\d+é$"), "^al\\d+é$");
  EXPECT_EQ(as_utf8("[\xff\xfe]\xe9t\xc3"), "[\\xff\\xfe]\\xe9t\\xc3");
}

TEST(Escape, WidthIsWhatATerminalTakesWhateverTheLocale) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("Zoë"), 3u);
  EXPECT_EQ(display_width("Zoe\u0308"), 3u) << "a combining mark stands on the letter before it";
  EXPECT_EQ(display_width("東京"), 4u);
  EXPECT_EQ(display_width("a\U0001F600b"), 4u);
  EXPECT_EQ(display_width("\u0378"), 1u) << "not assigned";
  EXPECT_EQ(display_width(R"(\xff)"), 4u);
}

TEST(Escape, ATextIsCutWhereAColumnEnds) {
  EXPECT_EQ(cut_to_width("alice", 5), "alice");
  EXPECT_EQ(cut_to_width("alice@example", 8), "alice...");
  EXPECT_EQ(cut_to_width("東京東京", 8), "東京東京");
  EXPECT_EQ(cut_to_width("東京東京", 7), "東京...");
  EXPECT_EQ(cut_to_width("東京東京", 6), "東...") << "no half of a character";
  EXPECT_EQ(cut_to_width("Zoe\u0308e\u0308eee", 6), "Zoe\u0308...") << "a mark stays with its letter";
  EXPECT_EQ(cut_to_width(R"(ab\xff\xfe)", 9), R"(ab\xff...)");
  EXPECT_EQ(cut_to_width(R"(ab\xff\xfe)", 8), "ab...") << "no half of an escape";
  EXPECT_EQ(cut_to_width(R"(a\\\\\\)", 6), R"(a\\...)");
  EXPECT_EQ(cut_to_width(R"(\u{200b}alice)", 11), R"(\u{200b}...)");
  EXPECT_EQ(cut_to_width("alice", 2), "..");
  EXPECT_EQ(cut_to_width("alice", 0), "");
}

TEST(Escape, SEC_11_AnyOctetsBecomeOnePrintableLine) {
  std::mt19937 random(20260101);
  for (int round = 0; round < 500; ++round) {
    std::string octets(random() % 300, '\0');
    for (char& c : octets) {
      c = static_cast<char>(random());
    }
    const std::string shown = escape_octets(octets);
    const std::size_t width = random() % 40;
    EXPECT_LE(display_width(cut_to_width(shown, width)), width) << shown;
    for (const char c : shown) {
      const auto octet = static_cast<unsigned char>(c);
      ASSERT_TRUE(octet >= 0x20 && octet != 0x7f) << "octet " << int{octet} << " in " << shown;
    }
    ASSERT_LE(shown.size(), kMaxShownOctets * 4 + 3);
    ASSERT_EQ(shown.find("\xc2\x9b"), std::string::npos);
  }
}

TEST(Escape, TextForPeopleKeepsItsQuotesAndItsLines) {
  EXPECT_EQ(printable("t.toml:1:1: value \"a\\x1b\": wrong\nnext"),
            "t.toml:1:1: value \"a\\x1b\": wrong\nnext");
  EXPECT_EQ(printable("\x1b[2J\r\u202e\xff"), "\\x1b[2J\\r\\u{202e}\\xff");
}

TEST(Escape, WhatIsShownCanBeTyped) {
  using namespace std::string_literals;
  for (const std::string& name : {"alice"s, "CORP\\alice"s, "\xff\xfe"s, "a\0b"s, "\x1b[2J"s, "\"\n\r\t"s,
                                  "\u202e\U000e0001\u0085"s, "\\x41"s, "\\"s}) {
    const std::string shown = escape_octets(name);
    EXPECT_EQ(unescape_octets(shown), name) << shown;
    EXPECT_TRUE(is_utf8(shown));
  }
  EXPECT_EQ(unescape_octets("CORP\\alice"), "CORP\\alice") << "no escape of ours";
  EXPECT_EQ(unescape_octets("\\xg1\\u{}\\u{110000}\\x4"), "\\xg1\\u{}\\u{110000}\\x4");
  EXPECT_FALSE(is_utf8("\xff"));
}

TEST(Escape, AnyOctetsThatAreShownCanBeTyped) {
  // Whole escapes and parts of them, beside all octets: "\\x4" and "1" side by side are not what "\\x41" is.
  const std::string parts[] = {"\\", "\\x", "\\u{", "}", "4",  "1",      "f",    "n",
                               "r",  "t",   "\"",   "x", "u{", "\u202e", "\xe2", "\x80"};
  std::mt19937 random(20260102);
  for (int round = 0; round < 20'000; ++round) {
    std::string name;
    for (auto more = random() % 12; more > 0; --more) {
      name += random() % 3 == 0 ? std::string(1, static_cast<char>(random()))
                                : parts[random() % std::size(parts)];
    }
    ASSERT_EQ(unescape_octets(escape_octets(name)), name) << escape_octets(name);
  }
}

}  // namespace
}  // namespace adit::app
