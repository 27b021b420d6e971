// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/chap_secrets.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "controlplane/base/subscriber_network.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::control {
namespace {

/// The names by which poptop's documents let its pppd go.
constexpr std::array<std::string_view, 2> kPoptopServers = {"pptpd", "pptp-server"};

bool is_poptops(std::string_view server) {
  return std::ranges::find(kPoptopServers, server) != kPoptopServers.end();
}

/// Why a line cannot be used, and what to write. Quotes nothing of the line.
struct Fault {
  std::string wrong;
  std::string remedy;
};

bool is_complete(const SecretLine& line) {
  return line.open_quote == 0 && line.words.size() >= 3;
}

Fault incomplete(const SecretLine& line) {
  if (line.open_quote != 0) {
    const bool two = line.open_quote == '"';
    return {.wrong = std::string("a ") + (two ? "double" : "single") + " quote is never closed",
            .remedy = std::string("close it, or put a word that has one in ") + (two ? "single" : "double") +
                      " quotes"};
  }
  return {
      .wrong = "has " + std::to_string(line.words.size()) + " of the columns: user server password [address]",
      .remedy = "write * for any server, \"\" for an empty password"};
}

/// Fills `secret` from the fourth column, or says why it cannot be used; so do the others below.
std::optional<Fault> read_address(std::string_view word, const SecretsReading& reading, ChapSecret& secret) {
  const bool accel = reading.dialect == SecretsDialect::kAccelPpp;
  if (word == "*" ||
      (accel && (word.empty() || std::string_view("*-!").find(word[0]) != std::string_view::npos))) {
    return std::nullopt;
  }
  if (word == "-") {
    return Fault{.wrong = "the - in the fourth column allows no address",
                 .remedy = "write * for one from the pool"};
  }
  const auto address = wire::parse_ipv4(word);
  if (address && wire::is_host(*address)) {
    secret.address = address;
    return std::nullopt;
  }
  if (reading.pools.contains(word)) {
    secret.pool = word;
    return std::nullopt;
  }
  const bool numeric = word.find_first_not_of("0123456789./+!") == std::string_view::npos;
  return Fault{.wrong = numeric ? "the fourth column is no address that a subscriber can have"
                                : "the fourth column is no address, and no [[ip-pool]] has that name",
               .remedy =
                   "write one IPv4 address, the name of a pool (a new one counts from the next start), or *; "
                   "quote a password that has blanks"};
}

template <typename Prefix>
bool add_network(const std::optional<Prefix>& network, std::vector<Prefix>& networks) {
  const bool good = network && can_be_behind_a_subscriber(*network);
  if (good) {
    networks.push_back(*network);
  }
  return good;
}

/// "10.20.0.0/24,2001:db8:20::/48", or "*" for none.
bool read_networks(std::string_view word, ChapSecret& secret) {
  for (bool more = !word.empty() && word != "*"; more;) {
    const std::size_t comma = word.find(',');
    const std::string_view network = word.substr(0, comma);
    if (!add_network(wire::parse_prefix(network), secret.routes) &&
        !add_network(wire::parse_ipv6_prefix(network), secret.routes6)) {
      return false;
    }
    more = comma != std::string_view::npos;
    word = more ? word.substr(comma + 1) : "";
  }
  return true;
}

/// "2001:db8:64:7::/64", or "*" for one from the pool.
/// A word that cannot be one is not looked at: earlier versions had no seventh column.
bool read_link(std::string_view word, ChapSecret& secret) {
  if (!word.contains(':')) {
    return true;
  }
  secret.link = wire::parse_ipv6_prefix(word);
  return secret.link && secret.link->length == 64 && can_be_behind_a_subscriber(*secret.link);
}

/// The columns behind the address.
std::optional<Fault> read_more(std::span<const SecretWord> words, ChapSecret& secret) {
  if (words.size() > 4 && words[4].view() != "*") {
    secret.rate = parse_rate(words[4].view());
    if (!secret.rate) {
      return Fault{
          .wrong = "the fifth column is no rate",
          .remedy = "write kbit/s as 10240, or 10240/2048 for down and up, or * for the configured one"};
    }
  }
  if (!read_networks(words.size() > 5 ? words[5].view() : "", secret)) {
    return Fault{
        .wrong = "the sixth column lists no networks",
        .remedy = "write them as 10.20.0.0/24,10.30.0.0/16,2001:db8:20::/48, a /16 or longer each, or *"};
  }
  if (!read_link(words.size() > 6 ? words[6].view() : "", secret)) {
    return Fault{.wrong = "the seventh column is no /64 of IPv6",
                 .remedy =
                     "write the prefix of the user's link as 2001:db8:64:7::/64, or * for one from "
                     "the pool"};
  }
  return std::nullopt;
}

/// smbencrypt's second word: 32 hexadecimal digits.
std::optional<crypto::Secret<16>> read_nt_hash(std::string_view digits) {
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  if (digits.size() != 32 || digits.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  crypto::Secret<16> hash;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    const std::size_t found = kDigits.find(digits[at]);
    const std::size_t value = found < 16 ? found : found - 6;
    std::uint8_t& octet = hash.bytes()[at / 2];
    octet = static_cast<std::uint8_t>(octet << 4 | value);
  }
  return hash;
}

bool names_file(std::string_view password) {
  return password.starts_with("@/");
}

/// The first word of the file that `password` names.
std::expected<crypto::SecretText, Fault> password_of_file(std::string_view password,
                                                          const SecretsReading& reading) {
  constexpr std::string_view kRemedy = "put the password there, readable for aditd, or write it in this file";
  auto text = reading.read_file ? reading.read_file(std::string(password.substr(1)))
                                : std::unexpected(std::string("no files are read"));
  if (!text) {
    return std::unexpected(Fault{.wrong = "the file that the third column names: " + text.error(),
                                 .remedy = std::string(kRemedy)});
  }
  SecretLines lines(*text);
  SecretLine first;
  for (std::size_t at = 0; at < text->size() && first.words.empty(); at = first.end) {
    first = lines.pppd_line(at);
  }
  crypto::wipe(text->data(), text->size());
  if (first.words.empty()) {
    return std::unexpected(Fault{.wrong = "the file that the third column names has no password",
                                 .remedy = std::string(kRemedy)});
  }
  return std::move(first.words[0].text);
}

std::optional<Fault> read_password(SecretWord& word, const SecretsReading& reading, ChapSecret& secret) {
  secret.password = std::move(word.text);
  const std::string_view written = wire::text_of(secret.password.bytes());
  if (reading.dialect != SecretsDialect::kAccelPpp && names_file(written)) {
    auto read = password_of_file(written, reading);
    if (!read) {
      return std::move(read.error());
    }
    secret.password = std::move(*read);
  }
  if (reading.encrypted) {
    secret.nt_hash = read_nt_hash(wire::text_of(secret.password.bytes()));
    if (!secret.nt_hash) {
      return Fault{.wrong = "the third column is no NT hash of 32 hexadecimal digits",
                   .remedy = "write it so, or leave chap-secrets.encrypted out"};
    }
    secret.password = {};
  }
  return std::nullopt;
}

/// One pass over a file.
class Pass {
 public:
  Pass(std::string_view text, const SecretsReading& reading, SecretNotes& notes)
      : text_(text), reading_(reading), notes_(notes), lines_(text) {}

  void run(const std::function<void(ChapSecret&&)>& use) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    std::size_t at = text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    while (at < text_.size()) {
      SecretLine line = accel() ? lines_.accel_line(at) : lines_.pppd_line(at);
      const std::string_view raw = text_.substr(at, line.end - at);
      if (!line.words.empty() || line.open_quote != 0) {
        if (auto secret = read_entry(std::move(line), at, raw)) {
          use(std::move(*secret));
        }
      }
      number_ += static_cast<std::size_t>(std::ranges::count(raw, '\n'));
      at += raw.size();
    }
  }

 private:
  [[nodiscard]] bool accel() const { return reading_.dialect == SecretsDialect::kAccelPpp; }
  /// The line that ends at `end`, read by the other program.
  [[nodiscard]] SecretLine read_otherwise(std::size_t at, std::size_t end) const {
    SecretLines lines(text_.substr(0, end));  // pppd may go on behind it: line after line, that is quadratic
    return accel() ? lines.pppd_line(at) : lines.accel_line(at);
  }
  void note(SecretNoteKind kind, std::string_view user, std::string_view wrong, std::string remedy) {
    notes_.add(kind, number_, user, wrong, std::move(remedy));
  }

  std::optional<ChapSecret> read_entry(SecretLine line, std::size_t at, std::string_view raw) {
    // The two agree on every line without one of these.
    const bool plain = raw.find_first_of("\"'\\#") == std::string_view::npos;
    const SecretLine other = plain ? SecretLine{} : read_otherwise(at, line.end);
    if (!is_complete(line)) {
      skip_incomplete(line, !plain && is_complete(other));
      return std::nullopt;
    }
    const std::string user(line.words[0].view());
    if (!is_ours(line.words[1].view())) {
      note_other_server(user, line.words[1].view());
      return std::nullopt;
    }
    note_difference(user, line, plain ? nullptr : &other);
    leave_out_options(user, line);
    ChapSecret secret{.line = number_, .user = user, .any_server = accel() || line.words[1].view() == "*"};
    if (const std::optional<Fault> fault = read_columns(line, secret)) {
      note(SecretNoteKind::kSkipped, user, fault->wrong, fault->remedy);
      return std::nullopt;
    }
    if (line.words.size() > 7) {
      note(SecretNoteKind::kIgnored, user, "columns after the seventh are ignored", "");
    }
    return secret;
  }

  std::optional<Fault> read_columns(SecretLine& line, ChapSecret& secret) {
    if (accel() && secret.user == "*") {
      return Fault{.wrong = "to accel-ppp the user * is not anyone, but one of that name",
                   .remedy = "name the user, or set auth.chap-secrets-dialect = \"pppd\""};
    }
    std::optional<Fault> fault =
        read_address(line.words.size() > 3 ? line.words[3].view() : "*", reading_, secret);
    if (!fault) {
      fault = read_more(line.words, secret);
    }
    return fault ? fault : read_password(line.words[2], reading_, secret);
  }

  /// Behind a word too few, or a quote in the wrong place, no word is certainly what it seems.
  void skip_incomplete(const SecretLine& line, bool other_could) {
    Fault fault = incomplete(line);
    if (other_could) {
      fault.remedy += std::string(", or set auth.chap-secrets-dialect = \"") +
                      (accel() ? "pppd" : "accel-ppp") + "\", which can read the line";
    }
    const bool certain = line.open_quote != 0 && line.words.size() >= 2;
    note(SecretNoteKind::kSkipped, certain ? line.words[0].view() : "", fault.wrong, fault.remedy);
  }

  [[nodiscard]] bool is_ours(std::string_view server) const {
    return accel() || server == "*" || server == reading_.server ||
           (reading_.dialect == SecretsDialect::kPoptop && is_poptops(server));
  }

  /// The name itself is shown only if it is one that is known: in a line without this column, it is the password.
  void note_other_server(std::string_view user, std::string_view server) {
    const std::string us = '\'' + std::string(reading_.server) + '\'';
    if (is_poptops(server)) {
      note(SecretNoteKind::kOtherServer, user,
           "is for the server '" + std::string(server) + "', and this one is " + us + ": skipped",
           "set auth.chap-secrets-dialect = \"poptop\", or write * in the second column");
    } else {
      note(SecretNoteKind::kOtherServer, user, "is for another server, and this one is " + us + ": skipped",
           "write * in the second column if the user is to come in here");
    }
  }

  void note_difference(std::string_view user, const SecretLine& line, const SecretLine* other) {
    std::optional<DialectDifference> found;
    if (other != nullptr) {
      found = difference_of_words(text_, accel() ? *other : line, accel() ? line : *other, reading_.dialect);
    }
    if (!found) {
      found = difference_of_meaning(line.words);
    }
    if (found) {
      note(SecretNoteKind::kDialect, user, found->wrong, found->remedy);
    }
  }

  /// The same words, and not the same to both.
  [[nodiscard]] std::optional<DialectDifference> difference_of_meaning(
      std::span<const SecretWord> words) const {
    const auto differ = [&](std::string_view what) { return difference(reading_.dialect, what); };
    if (!accel() && words[0].view() == "*") {
      return differ("pppd reads the user * as anyone, accel-ppp as one of that name");
    }
    const std::string_view server = words[1].view();
    if (accel() && server != "*" && server != reading_.server) {
      return differ("pppd keeps the line for the server of its second column, accel-ppp takes it for any");
    }
    if (names_file(words[2].view())) {
      return differ("pppd reads the password from the file named behind the @, accel-ppp as it stands");
    }
    if (accel() && words.size() > 3 &&
        (words[3].view().starts_with('-') || words[3].view().starts_with('!'))) {
      return differ("pppd reads the fourth column as no address, accel-ppp as one from the pool");
    }
    return std::nullopt;
  }

  /// pppd takes what follows -- for options of its own.
  void leave_out_options(std::string_view user, SecretLine& line) {
    const auto options = std::find_if(line.words.begin() + 3, line.words.end(),
                                      [](const SecretWord& word) { return word.view() == "--"; });
    if (!accel() && options != line.words.end()) {
      line.words.erase(options, line.words.end());
      note(SecretNoteKind::kIgnored, user, "pppd's options after -- are ignored", "");
    }
  }

  std::string_view text_;
  const SecretsReading& reading_;
  SecretNotes& notes_;
  SecretLines lines_;
  std::size_t number_ = 1;
};

}  // namespace

void read_chap_secrets(std::string_view text, const SecretsReading& reading, SecretNotes& notes,
                       const std::function<void(ChapSecret&&)>& use) {
  Pass(text, reading, notes).run(use);
}

}  // namespace adit::control
