// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/rates.hpp"

#include <utility>

#include "app/config_values.hpp"

namespace adit::app {
namespace {

using control::radius::Definition;
using control::radius::Dictionary;
using control::radius::RateMapping;

/// The built-in and all configured dictionaries; nothing when one of them is invalid.
std::optional<Dictionary> read_dictionaries(const Config& config, const Places& places,
                                            const control::radius::ReadFile& read, Problems& problems) {
  Dictionary all = control::radius::standard_dictionary();
  bool good = places.usable("radius.dictionary");
  for (std::size_t i = 0; i < config.radius_dictionaries.size(); ++i) {
    auto more = control::radius::extended(all, config.radius_dictionaries[i], read);
    if (more) {
      all = std::move(*more);
    } else {
      problems.error(element_position(places, "radius.dictionary", i), "radius.dictionary", "", more.error(),
                     "");
      good = false;
    }
  }
  return good ? std::optional(std::move(all)) : std::nullopt;
}

/// One [[radius-rate]], whose keys are at `place`.
class Row {
 public:
  Row(const Places& places, std::string place, Problems& problems)
      : places_(places), place_(std::move(place)), problems_(problems) {}

  void resolve(RateMapping& mapping, const Dictionary& dictionary) const {
    if (has("attribute", "name the attribute that has a rate: attribute = \"Mikrotik-Rate-Limit\"") &&
        has("form",
            "say how the rate is written: \"mikrotik\", \"cisco\", \"filter-id\", \"kbit\" or \"bit\"")) {
      check_direction(mapping);
      if (const Definition* definition = find(mapping.attribute, dictionary)) {
        check_form(mapping, *definition);
        mapping.attribute = definition->name;
        mapping.vendor = definition->vendor;
        mapping.number = static_cast<std::uint8_t>(definition->number);
        mapping.type = definition->type;
      }
    }
  }

 private:
  [[nodiscard]] std::string at(std::string_view key) const { return place_ + '.' + std::string(key); }
  /// As the operator wrote it.
  [[nodiscard]] std::string shown(std::string_view key) const { return show_node(*places_.find(at(key))); }
  void wrong(std::string_view key, std::string_view value, std::string_view what,
             std::string_view remedy) const {
    problems_.error(position(places_, places_.find(at(key)) != nullptr ? at(key) : place_),
                    "radius-rate." + std::string(key), value, what, remedy);
  }

  /// `key` is set and valid; reports it when it is missing.
  [[nodiscard]] bool has(std::string_view key, std::string_view remedy) const {
    if (places_.find(at(key)) == nullptr) {
      wrong(key, "", "missing", remedy);
      return false;
    }
    return places_.usable(at(key));
  }

  void check_direction(const RateMapping& mapping) const {
    const bool said = places_.find(at("direction")) != nullptr;
    if (is_number(mapping.form) && !said) {
      wrong("direction", "", "missing with form = " + shown("form"),
            "say which way it counts: direction = \"down\", \"up\" or \"both\"");
    } else if (!is_number(mapping.form) && said) {
      wrong("direction", shown("direction"), "is used with form = \"kbit\" or \"bit\" only", "remove it");
    }
  }

  [[nodiscard]] const Definition* find(const std::string& name, const Dictionary& dictionary) const {
    const Definition* found = dictionary.find(name);
    if (found == nullptr) {
      std::vector<std::string_view> names;
      for (const Definition& each : dictionary.all()) {
        names.push_back(each.name);
      }
      const std::string_view meant = nearest(name, names);
      wrong("attribute", shown("attribute"), "is in no dictionary",
            meant.empty()
                ? "list the file that defines it below [radius]: dictionary = [\"/etc/adit/dictionary.acme\"]"
                : "did you mean \"" + std::string(meant) + "\"?");
    } else if (!found->plain) {
      wrong("attribute", shown("attribute"), "is hidden, has a tag, or is part of another attribute",
            "name one that stands in replies by itself");
      return nullptr;
    }
    return found;
  }

  void check_form(const RateMapping& mapping, const Definition& definition) const {
    if (!fits(mapping.form, definition.type)) {
      wrong(
          "form", shown("form"),
          "does not read " + definition.name + ", which is of type " + std::string(to_text(definition.type)),
          is_number(mapping.form) ? "name one of type integer, short, byte, integer64 or string"
                                  : "name one of type string, or use \"kbit\" or \"bit\" for numbers");
    }
  }

  const Places& places_;
  const std::string place_;
  Problems& problems_;
};

}  // namespace

void resolve_rates(Config& config, const Places& places, const control::radius::ReadFile& read,
                   Problems& problems) {
  if (const auto dictionary = read_dictionaries(config, places, read, problems)) {
    for (std::size_t i = 0; i < config.radius_rates.size(); ++i) {
      Row(places, "radius-rate." + std::to_string(i), problems).resolve(config.radius_rates[i], *dictionary);
    }
  }
  if (config.radius_rates.empty()) {
    config.radius_rates = control::radius::default_rates();
  }
}

}  // namespace adit::app
