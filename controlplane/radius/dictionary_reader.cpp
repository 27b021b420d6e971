// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/dictionary.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <utility>

namespace adit::control::radius {
namespace {

using Result = std::expected<void, std::string>;
using Words = std::span<const std::string_view>;

constexpr std::size_t kMaxOctets = std::size_t{8} << 20;  // FreeRADIUS' own have 1 MiB
constexpr unsigned kMaxDepth = 8;
constexpr std::size_t kMaxName = 128;
constexpr std::uint32_t kMaxVendor = 0xffffff;

bool same(std::string_view a, std::string_view b) {
  return AnyCaseEqual()(a, b);
}

std::string in_quotes(std::string_view word) {
  constexpr std::size_t kShown = 60;
  return '"' + std::string(word.substr(0, kShown)) + (word.size() > kShown ? "...\"" : "\"");
}

std::unexpected<std::string> wrong(const std::string& place, std::string_view what, std::string_view remedy) {
  return std::unexpected(place + ": " + std::string(what) + "; " + std::string(remedy));
}

/// Takes the part before `separator` off the front; without a separator, all of it.
std::string_view take_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

/// State while reading one file. BEGIN and END must match within a file: an included file starts outside any
/// block.
struct OpenFile {
  const std::string& name;
  unsigned depth;
  unsigned line = 0;
  std::string vendor{};   // of BEGIN-VENDOR; empty: none
  bool extended = false;  // inside an attribute of RFC 6929
  std::vector<std::string> tlvs{};
  ByName<unsigned> defined{};  // name to line

  [[nodiscard]] std::string place() const { return name + ':' + std::to_string(line); }
  [[nodiscard]] std::unexpected<std::string> wrong(std::string_view what, std::string_view remedy) const {
    return radius::wrong(place(), what, remedy);
  }
};

class Loader {
 public:
  Loader(Dictionary base, const ReadFile& read) : dictionary_(std::move(base)), read_(read) {}

  std::expected<Dictionary, std::string> load_all(const std::string& name, const std::string& text) && {
    auto loaded = load(name, text, 0);
    for (auto value = early_values_.begin(); loaded && value != early_values_.end(); ++value) {
      loaded = set(*value);
    }
    if (!loaded) {
      return std::unexpected(std::move(loaded.error()));
    }
    return std::move(dictionary_);
  }

 private:
  Result load(const std::string& name, const std::string& text, unsigned depth) {
    if (text.size() > octets_left_) {
      return std::unexpected(name + ": dictionaries have more than " + std::to_string(kMaxOctets >> 20) +
                             " MiB together; include fewer");
    }
    octets_left_ -= text.size();
    OpenFile file{.name = name, .depth = depth};
    for (std::string_view rest = text; !rest.empty();) {
      ++file.line;
      if (auto read = read_line(file, take_part(rest, '\n')); !read) {
        return read;
      }
    }
    if (!file.tlvs.empty()) {
      return file.wrong("BEGIN-TLV " + in_quotes(file.tlvs.back()) + " does not end", "add its END-TLV");
    }
    if (!file.vendor.empty()) {
      return file.wrong("BEGIN-VENDOR " + in_quotes(file.vendor) + " does not end", "add its END-VENDOR");
    }
    return {};
  }

  using Statement = Result (Loader::*)(OpenFile& file, Words arguments);
  struct Keyword {
    std::string_view name;
    std::size_t least, most;  // arguments
    Statement read;
    std::string_view form;
  };
  static constexpr std::size_t kMostWords = 6;
  static std::span<const Keyword> keywords();

  Result read_line(OpenFile& file, std::string_view line) {
    constexpr std::string_view kBlank = " \t\r\v\f";
    line = line.substr(0, line.find('#'));
    std::array<std::string_view, kMostWords> words;
    std::size_t count = 0;
    for (std::size_t at = line.find_first_not_of(kBlank);
         at != std::string_view::npos && count < kMostWords;) {
      const std::size_t end = std::min(line.find_first_of(kBlank, at), line.size());
      words[count++] = line.substr(at, end - at);
      at = line.find_first_not_of(kBlank, end);
    }
    if (count == 0) {
      return {};
    }
    for (const Keyword& keyword : keywords()) {
      if (same(keyword.name, words[0])) {
        const Words arguments = Words(words).subspan(1, count - 1);
        return arguments.size() < keyword.least || arguments.size() > keyword.most
                   ? file.wrong(std::string(keyword.name) + " has " + std::to_string(arguments.size()) +
                                    " words behind it",
                                "write " + std::string(keyword.form))
                   : (this->*keyword.read)(file, arguments);
      }
    }
    return file.wrong(
        "no keyword " + in_quotes(words[0]),
        "there are ATTRIBUTE, VALUE, VENDOR, BEGIN-VENDOR, END-VENDOR, BEGIN-TLV, END-TLV, $INCLUDE");
  }

  Result attribute(OpenFile& file, Words arguments);
  Result flags(OpenFile& file, std::string_view words, Definition& definition);
  Result value(OpenFile& file, Words arguments);
  Result vendor(OpenFile& file, Words arguments);
  Result begin_vendor(OpenFile& file, Words arguments);
  Result end_vendor(OpenFile& file, Words arguments);
  Result begin_tlv(OpenFile& file, Words arguments);
  Result end_tlv(OpenFile& file, Words arguments);
  Result include(OpenFile& file, Words arguments) { return include(file, arguments[0], false); }
  Result include_if_there(OpenFile& file, Words arguments) { return include(file, arguments[0], true); }
  Result include(OpenFile& file, std::string_view path, bool may_be_absent);

  struct EarlyValue {
    std::string place, attribute, name, number;
  };
  Result set(const EarlyValue& value);

  Dictionary dictionary_;
  const ReadFile& read_;
  std::vector<EarlyValue> early_values_;
  std::size_t octets_left_ = kMaxOctets;
};

std::span<const Loader::Keyword> Loader::keywords() {
  static constexpr Keyword kKeywords[] = {
      {"ATTRIBUTE", 3, 4, &Loader::attribute, "ATTRIBUTE name number type"},
      {"VALUE", 3, 3, &Loader::value, "VALUE attribute name number"},
      {"VENDOR", 2, 3, &Loader::vendor, "VENDOR name number"},
      {"BEGIN-VENDOR", 1, 2, &Loader::begin_vendor, "BEGIN-VENDOR name"},
      {"END-VENDOR", 1, 1, &Loader::end_vendor, "END-VENDOR name"},
      {"BEGIN-TLV", 1, 1, &Loader::begin_tlv, "BEGIN-TLV attribute"},
      {"END-TLV", 1, 1, &Loader::end_tlv, "END-TLV attribute"},
      {"$INCLUDE", 1, 1, &Loader::include, "$INCLUDE file"},
      {"$INCLUDE-", 1, 1, &Loader::include_if_there, "$INCLUDE- file"},
  };
  return kKeywords;
}

Result Loader::attribute(OpenFile& file, Words arguments) {
  Definition definition{.name = std::string(arguments[0]), .plain = file.tlvs.empty() && !file.extended};
  const bool printable = std::ranges::all_of(arguments[0], [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable || definition.name.size() > kMaxName) {
    return file.wrong("an attribute's name has more than 128 characters, or one that is not printable ASCII",
                      "choose another");
  }
  for (std::string_view rest = arguments[1]; !rest.empty() || arguments[1].ends_with('.');) {
    const auto number = read_number(take_part(rest, '.'), std::numeric_limits<std::uint32_t>::max());
    if (!number) {
      return file.wrong("no attribute's number: " + in_quotes(arguments[1]), "write 17, 0x11 or 241.1");
    }
    definition.number = static_cast<std::uint32_t>(*number);
  }
  definition.plain = definition.plain && !arguments[1].contains('.') && definition.number - 1 < 255;
  const auto type = read_type(arguments[2]);
  if (!type) {
    return file.wrong("no type " + in_quotes(arguments[2]),
                      "there are string, octets, ipaddr, integer, date, short, byte, integer64, ...");
  }
  definition.type = *type;
  if (!file.vendor.empty()) {
    const Vendor& its = *dictionary_.vendor(file.vendor);
    definition.vendor = its.id;
    definition.plain = definition.plain && its.plain;
  }
  if (arguments.size() > 3) {
    if (auto read = flags(file, arguments[3], definition); !read) {
      return read;
    }
  }
  const auto [earlier, first] = file.defined.try_emplace(definition.name, file.line);
  if (const Definition* old = dictionary_.find(definition.name);
      !first && (old->vendor != definition.vendor || old->number != definition.number ||
                 old->type != definition.type)) {
    return file.wrong(
        in_quotes(definition.name) + " is something else in line " + std::to_string(earlier->second),
        "keep one of them");
  }
  dictionary_.define(std::move(definition));
  return {};
}

Result Loader::flags(OpenFile& file, std::string_view words, Definition& definition) {
  if (const Vendor* vendor = dictionary_.vendor(words); vendor != nullptr && file.vendor.empty()) {
    definition.vendor = vendor->id;  // the syntax before BEGIN-VENDOR existed
    definition.plain = definition.plain && vendor->plain;
    return {};
  }
  for (std::string_view rest = words; !rest.empty();) {
    const std::string_view flag = take_part(rest, ',');
    if (same(flag, "has_tag") || same(flag, "encrypt=1") || same(flag, "encrypt=2") ||
        same(flag, "encrypt=3") || same(flag, "virtual")) {
      definition.plain = false;
    } else if (!same(flag, "array") && !same(flag, "concat") && !same(flag, "secret")) {
      return file.wrong("neither a flag nor a vendor: " + in_quotes(flag),
                        "there are has_tag, encrypt=1 to 3, array, concat, virtual, secret");
    }
  }
  return {};
}

// FreeRADIUS' own files name values before they define the attribute: those values are resolved once all
// files are read.
Result Loader::value(OpenFile& file, Words arguments) {
  EarlyValue value{file.place(), std::string(arguments[0]), std::string(arguments[1]),
                   std::string(arguments[2])};
  if (dictionary_.find(value.attribute) == nullptr) {
    early_values_.push_back(std::move(value));
    return {};
  }
  return set(value);
}

Result Loader::set(const EarlyValue& value) {
  const Definition* of = dictionary_.find(value.attribute);
  if (of == nullptr) {
    return wrong(value.place, "no attribute " + in_quotes(value.attribute),
                 "define it: ATTRIBUTE name number type");
  }
  const auto number = read_number(value.number, largest_of(of->type));
  if (!number) {
    return wrong(value.place,
                 "no value that " + in_quotes(of->name) + ", of type " + std::string(to_text(of->type)) +
                     ", can have: " + in_quotes(value.number),
                 "write a number, 17 or 0x11, that fits");
  }
  dictionary_.define_value(value.attribute, value.name, *number);
  return {};
}

Result Loader::vendor(OpenFile& file, Words arguments) {
  const auto id = read_number(arguments[1], kMaxVendor);
  if (!id || *id == 0) {
    return file.wrong("no vendor's number: " + in_quotes(arguments[1]), "write 1 to 16777215");
  }
  Vendor vendor{.id = static_cast<VendorId>(*id)};
  if (arguments.size() > 2) {
    constexpr std::string_view kFormat = "format=";
    std::string_view rest = arguments[2];
    const bool named = same(rest.substr(0, kFormat.size()), kFormat);
    rest.remove_prefix(named ? kFormat.size() : 0);
    const std::string_view type = take_part(rest, ',');
    const std::string_view length = take_part(rest, ',');
    if (!named || (type != "1" && type != "2" && type != "4") ||
        (length != "0" && length != "1" && length != "2") || (!rest.empty() && rest != "c")) {
      return file.wrong("no format of a vendor's attributes: " + in_quotes(arguments[2]),
                        "write format=1,1: octets of type and of length");
    }
    vendor.plain = type == "1" && length == "1" && rest.empty();
  }
  dictionary_.define_vendor(arguments[0], vendor);
  return {};
}

Result Loader::begin_vendor(OpenFile& file, Words arguments) {
  if (!file.vendor.empty()) {
    return file.wrong("BEGIN-VENDOR within that of " + in_quotes(file.vendor), "end that first");
  }
  if (dictionary_.vendor(arguments[0]) == nullptr) {
    return file.wrong("no vendor " + in_quotes(arguments[0]), "define it before: VENDOR name number");
  }
  constexpr std::string_view kFormat = "format=";
  file.extended = arguments.size() > 1;
  if (file.extended && (!same(arguments[1].substr(0, kFormat.size()), kFormat) ||
                        dictionary_.find(arguments[1].substr(kFormat.size())) == nullptr)) {
    return file.wrong("no place for a vendor's attributes: " + in_quotes(arguments[1]),
                      "write format= and an attribute of type evs that is defined before");
  }
  file.vendor = arguments[0];
  return {};
}

Result Loader::end_vendor(OpenFile& file, Words arguments) {
  if (!file.tlvs.empty() || file.vendor.empty() || !same(file.vendor, arguments[0])) {
    return file.wrong("END-VENDOR " + in_quotes(arguments[0]) + " ends nothing that began here",
                      "end what began last");
  }
  file.vendor.clear();
  file.extended = false;
  return {};
}

Result Loader::begin_tlv(OpenFile& file, Words arguments) {
  if (dictionary_.find(arguments[0]) == nullptr) {
    return file.wrong("no attribute " + in_quotes(arguments[0]), "define it before its parts");
  }
  file.tlvs.emplace_back(arguments[0]);
  return {};
}

Result Loader::end_tlv(OpenFile& file, Words arguments) {
  if (file.tlvs.empty() || !same(file.tlvs.back(), arguments[0])) {
    return file.wrong("END-TLV " + in_quotes(arguments[0]) + " ends nothing that began here",
                      "end what began last");
  }
  file.tlvs.pop_back();
  return {};
}

Result Loader::include(OpenFile& file, std::string_view path, bool may_be_absent) {
  if (file.depth == kMaxDepth) {
    return file.wrong("$INCLUDE " + in_quotes(path) + " is more than 8 deep", "does a file include itself?");
  }
  const std::size_t folder = path.starts_with('/') ? 0 : file.name.rfind('/') + 1;
  const std::string name = file.name.substr(0, folder) + std::string(path);
  const auto text = read_(name);
  if (!text) {
    return std::unexpected(file.place() + ": $INCLUDE " + in_quotes(path) + ": " + text.error());
  }
  if (!*text && !may_be_absent) {
    return file.wrong("$INCLUDE " + in_quotes(path) + ": no such file",
                      "name one that is there, or use $INCLUDE-");
  }
  return *text ? load(name, **text, file.depth + 1) : Result{};
}

}  // namespace

std::expected<Dictionary, std::string> extended(Dictionary base, const std::string& file,
                                                const ReadFile& read) {
  const auto text = read(file);
  if (!text || !*text) {
    return std::unexpected(file + ": " + (text ? "no such file; create it, or name another" : text.error()));
  }
  auto dictionary = Loader(std::move(base), read).load_all(file, **text);
  if (!dictionary) {  // it quotes the file, and may go to a terminal
    const auto is_printable = [](char c) { return c >= ' ' && c < 0x7f; };
    std::ranges::replace_if(dictionary.error(), std::not_fn(is_printable), '?');
  }
  return dictionary;
}

}  // namespace adit::control::radius
