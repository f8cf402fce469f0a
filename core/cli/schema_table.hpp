#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace elasticity::cli {

/// The fields of a JSON Schema, a row for each: its path (`tls.ca_file`, `mounts[].source`, `logins.*.user`), what
/// it may be, its default or "required", and its description. An object's own row comes before its fields'.
std::vector<std::vector<std::string>> schema_rows(const boost::json::object& schema);

/// Rows under a head, as a table of Markdown.
std::string to_markdown(const std::vector<std::vector<std::string>>& rows);

}  // namespace elasticity::cli
