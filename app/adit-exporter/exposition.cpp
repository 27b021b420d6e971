// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/exposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace adit::app::exporter {
namespace {

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') && std::ranges::all_of(text, fits);
}

/// HELP of the text format keeps its quotes, all else escapes them.
std::string escaped(std::string_view text, bool quotes = true) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '\\':
        safe += "\\\\";
        break;
      case '\n':
        safe += "\\n";
        break;
      case '"':
        safe += quotes ? "\\\"" : "\"";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string_view text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? std::string_view(found->get_ref<const std::string&>())
                                                     : std::string_view();
}

std::optional<std::string> number_of(const Json& value) {
  if (value.is_number_float()) {
    return fmt::format("{}", value.get<double>());
  }
  return value.is_number() ? std::optional(value.dump()) : std::nullopt;
}

/// OpenMetrics wants the bound of a bucket as a float; the text format takes it as well.
std::string bound_of(const Json& value) {
  std::string text = number_of(value).value_or("NaN");
  return text.find_first_of(".eN") == std::string::npos ? text + ".0" : text;
}

class Family {
 public:
  Family(const Json& family, Format format)
      : json_(family), name_(text_of(family, "name")), type_(text_of(family, "type")), format_(format) {}

  bool usable() const {
    const auto samples = json_.find("samples");
    return is_name(name_) &&
           (type_ == "gauge" || type_ == "counter" || type_ == "info" || type_ == "histogram") &&
           samples != json_.end() && samples->is_array();
  }

  void write(std::string& out) const {
    write_head(out);
    for (const Json& sample : json_["samples"]) {
      if (!sample.is_object()) {
        continue;
      }
      const std::string labels = labels_of(sample);
      if (type_ == "histogram") {
        write_histogram(out, sample, labels);
      } else if (type_ == "info") {
        line(out, suffix(), labels, "1");
      } else if (const auto value = number_of(sample.value("value", Json()))) {
        line(out, suffix(), labels, *value);
      }
    }
  }

 private:
  std::string_view suffix() const { return type_ == "counter" ? "_total" : type_ == "info" ? "_info" : ""; }

  /// OpenMetrics has the suffix at the samples only, and a type of its own for facts.
  void write_head(std::string& out) const {
    const bool open = format_ == Format::kOpenMetrics;
    const std::string name = fmt::format("{}{}", name_, open ? "" : suffix());
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name,
                   escaped(text_of(json_, "help"), open), name, type_ == "info" && !open ? "gauge" : type_);
    const std::string_view unit = text_of(json_, "unit");
    if (open && is_name(unit) && name_.ends_with(fmt::format("_{}", unit))) {
      fmt::format_to(std::back_inserter(out), "# UNIT {} {}\n", name, unit);
    }
  }

  std::string labels_of(const Json& sample) const {
    std::string text;
    const auto labels = sample.find("labels");
    if (labels == sample.end() || !labels->is_object()) {
      return text;
    }
    for (const auto& [name, value] : labels->items()) {
      if (is_name(name)) {
        fmt::format_to(std::back_inserter(text), "{}{}=\"{}\"", text.empty() ? "" : ",", name,
                       escaped(value.is_string() ? value.get_ref<const std::string&>() : value.dump()));
      }
    }
    return text;
  }

  void line(std::string& out, std::string_view suffix, std::string_view labels,
            std::string_view value) const {
    const bool bare = labels.empty();
    fmt::format_to(std::back_inserter(out), "{}{}{}{}{} {}\n", name_, suffix, bare ? "" : "{", labels,
                   bare ? "" : "}", value);
  }

  void write_histogram(std::string& out, const Json& sample, const std::string& labels) const {
    const auto count = number_of(sample.value("count", Json()));
    const auto sum = number_of(sample.value("sum", Json()));
    const auto buckets = sample.find("buckets");
    if (!count || !sum || buckets == sample.end() || !buckets->is_array()) {
      return;
    }
    const std::string before = labels.empty() ? "" : labels + ',';
    for (const Json& bucket : *buckets) {
      if (bucket.is_array() && bucket.size() == 2 && bucket[0].is_number() && bucket[1].is_number()) {
        line(out, "_bucket", fmt::format("{}le=\"{}\"", before, bound_of(bucket[0])), *number_of(bucket[1]));
      }
    }
    line(out, "_bucket", before + R"(le="+Inf")", *count);
    line(out, "_count", labels, *count);
    line(out, "_sum", labels, *sum);
  }

  const Json& json_;
  std::string_view name_;
  std::string_view type_;
  Format format_;
};

}  // namespace

Format format_of(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? Format::kOpenMetrics
                                                                               : Format::kText;
}

std::string_view content_type(Format format) {
  return format == Format::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                        : "text/plain; version=0.0.4; charset=utf-8";
}

std::string expose(const Json& families, Format format) {
  std::string out;
  if (families.is_array()) {
    for (const Json& json : families) {
      if (const Family family(json, format); json.is_object() && family.usable()) {
        family.write(out);
      }
    }
  }
  return out;
}

std::string_view end_of(Format format) {
  return format == Format::kOpenMetrics ? "# EOF\n" : "";
}

}  // namespace adit::app::exporter
