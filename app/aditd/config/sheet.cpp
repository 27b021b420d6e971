// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/sheet.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using Index = std::unordered_map<std::string, const Setting*>;

std::string name_of(std::string_view section, std::string_view table, std::string_view key) {
  std::string name(section);
  if (!table.empty()) {
    name += '[' + std::string(table) + ']';
  }
  return name + '.' + std::string(key);
}

Index index_of(const Sheet& sheet) {
  Index index;
  for (const Setting& setting : sheet) {
    index.emplace(setting.name(), &setting);
  }
  return index;
}

const Setting* find(const Index& index, const Setting& like) {
  const auto found = index.find(like.name());
  return found == index.end() ? nullptr : found->second;
}

/// Of the last table that `config` has, if the section repeats. `place`: where its keys are in the file.
Sheet settings_of(const Section& section, const Config& config, const std::string& place,
                  const Places& places) {
  Sheet sheet;
  for (const Key<Config>& key : section.keys) {
    Setting setting{.section = std::string(section.name),
                    .table = {},
                    .key = std::string(key.name),
                    .value = key.show(config),
                    .at = position(places, place + '.' + std::string(key.name)),
                    .effect = key.effect};
    if (key.secret) {
      setting.secret = key.secret(config);
      setting.value = quoted_text(setting.secret.empty() ? "" : "(secret)");
    }
    sheet.push_back(std::move(setting));
  }
  return sheet;
}

/// The value of `name`, if tables have one; else their place. Names are unique unless two tables have the same.
class TableNames {
 public:
  std::string next(const Sheet& table) {
    ++place_;
    const auto name = std::ranges::find(table, std::string_view("name"), &Setting::key);
    const std::string wanted = name == table.end() ? std::to_string(place_) : plain_value(name->value);
    const std::size_t before = given_[wanted]++;
    return before == 0 ? wanted : wanted + '#' + std::to_string(before + 1);
  }

 private:
  std::size_t place_ = 0;
  std::unordered_map<std::string, std::size_t> given_;
};

void add_tables(const Section& section, const Config& config, const Places& places, Sheet& sheet) {
  std::vector<Sheet> tables(section.tables.count(config));
  Config up_to = config;
  for (std::size_t i = tables.size(); i > 0; --i) {  // accessors name the last table
    section.tables.resize(up_to, i);
    tables[i - 1] =
        settings_of(section, up_to, std::string(section.name) + '.' + std::to_string(i - 1), places);
  }
  TableNames names;
  for (Sheet& table : tables) {
    const std::string name = names.next(table);
    for (Setting& setting : table) {
      setting.table = name;
      sheet.push_back(std::move(setting));
    }
  }
}

ConfigChange change(const Setting& of, const Setting* was, const Setting* is) {
  const auto value = [](const Setting* setting) {
    return setting == nullptr ? std::nullopt : std::optional(setting->value);
  };
  return {of.section, of.table, of.key, value(was), value(is), of.effect};
}

}  // namespace

std::string Setting::name() const {
  return name_of(section, table, key);
}

std::string ConfigChange::name() const {
  return name_of(section, table, key);
}

bool Setting::same_value(const Setting& other) const {
  return value == other.value && crypto::equal_constant_time(secret.bytes(), other.secret.bytes());
}

Sheet make_sheet(const Config& config, const Places& places) {
  Sheet sheet;
  for (const Section& section : config_sections()) {
    if (section.repeated()) {
      add_tables(section, config, places, sheet);
    } else {
      Sheet settings = settings_of(section, config, std::string(section.name), places);
      std::ranges::move(settings, std::back_inserter(sheet));
    }
  }
  return sheet;
}

const Setting* find_setting(const Sheet& sheet, std::string_view section, std::string_view table,
                            std::string_view key) {
  const auto found = std::ranges::find_if(sheet, [&](const Setting& setting) {
    return setting.section == section && setting.table == table && setting.key == key;
  });
  return found == sheet.end() ? nullptr : &*found;
}

std::vector<ConfigChange> RunningConfig::changes(const Sheet& loaded) const {
  const Index ran = index_of(runs_);
  const Index now = index_of(loaded);
  std::vector<ConfigChange> changes;
  for (const Setting& setting : loaded) {
    const Setting* was = find(ran, setting);
    if (was == nullptr ? setting.is_set() : !was->same_value(setting)) {
      changes.push_back(change(setting, was, &setting));
    }
  }
  for (const Setting& setting : runs_) {
    if (find(now, setting) == nullptr && setting.is_set()) {
      changes.push_back(change(setting, &setting, nullptr));
    }
  }
  return changes;
}

std::vector<ConfigChange> RunningConfig::use(Sheet loaded) {
  std::vector<ConfigChange> told = changes(loaded);
  const Index ran = index_of(runs_);
  const Index now = index_of(loaded);
  Sheet runs;
  for (const Setting& setting : loaded) {
    const Setting* was = find(ran, setting);
    if (!setting.waits() || was != nullptr) {
      runs.push_back(setting.waits() ? *was : setting);
    }
  }
  for (const Setting& setting : runs_) {
    if (setting.waits() && find(now, setting) == nullptr) {
      runs.push_back(setting);
    }
  }
  runs_ = std::move(runs);
  loaded_ = std::move(loaded);
  return told;
}

std::vector<ConfigRow> RunningConfig::rows() const {
  const Index ran = index_of(runs_);
  const Index now = index_of(loaded_);
  std::vector<ConfigRow> rows;
  for (const Setting& setting : loaded_) {
    const Setting* was = find(ran, setting);
    rows.push_back({setting.section, setting.table, setting.key,
                    was == nullptr ? std::nullopt : std::optional(was->value), setting.value,
                    setting.at.line});
  }
  for (const Setting& setting : runs_) {
    if (find(now, setting) == nullptr) {
      rows.push_back({setting.section, setting.table, setting.key, setting.value, std::nullopt, 0});
    }
  }
  return rows;
}

std::string plain_value(std::string_view value) {
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) {
      plain += value[++i];
    } else if (value[i] != '"') {
      plain += value[i];
    }
  }
  return plain;
}

}  // namespace adit::app
