// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/dictionary.hpp"

#include <algorithm>
#include <utility>

namespace adit::control::radius {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::uint64_t key_of(VendorId vendor, std::uint32_t number) {
  return std::uint64_t{vendor} << 32 | number;
}

}  // namespace

std::size_t AnyCaseHash::operator()(std::string_view name) const {
  std::size_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(lower(c))) * 0x100000001b3;
  }
  return hash;
}

bool AnyCaseEqual::operator()(std::string_view a, std::string_view b) const {
  return std::ranges::equal(a, b, {}, lower, lower);
}

const Definition* Dictionary::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found != by_name_.end() ? &definitions_[found->second] : nullptr;
}

const Definition* Dictionary::find(VendorId vendor, std::uint8_t number) const {
  const auto found = by_number_.find(key_of(vendor, number));
  return found != by_number_.end() ? &definitions_[found->second] : nullptr;
}

const Vendor* Dictionary::vendor(std::string_view name) const {
  const auto found = vendors_.find(name);
  return found != vendors_.end() ? &found->second : nullptr;
}

void Dictionary::define(Definition definition) {
  const auto [place, is_new] = by_name_.try_emplace(definition.name, definitions_.size());
  const std::size_t index = place->second;
  if (is_new) {
    definitions_.emplace_back();
  } else {
    const Definition& old = definitions_[index];
    if (const auto found = by_number_.find(key_of(old.vendor, old.number));
        found != by_number_.end() && found->second == index) {
      by_number_.erase(found);
    }
    if (old.type == definition.type) {
      definition.values = old.values;  // a repeated definition keeps its value names
    }
  }
  if (definition.plain) {
    by_number_[key_of(definition.vendor, definition.number)] = index;
  }
  definitions_[index] = std::move(definition);
}

void Dictionary::define_vendor(std::string_view name, Vendor vendor) {
  vendors_.insert_or_assign(std::string(name), vendor);
}

void Dictionary::define_value(std::string_view attribute, std::string_view name, std::uint64_t value) {
  definitions_[by_name_.find(attribute)->second].values.insert_or_assign(std::string(name), value);
}

}  // namespace adit::control::radius
