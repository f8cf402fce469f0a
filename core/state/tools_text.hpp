#pragma once
#include <string>
#include <string_view>

#include "core/intake/context.hpp"
#include "core/model/finding.hpp"
#include "core/state/desired_state.hpp"

namespace elasticity {

/// tools.json, sorted and indented.
std::string to_text(const DesiredState& state);

/// One entry as it stands in tools.json.
std::string entry_text(const ToolEntry& entry);

/// tools.json as read. A file that cannot be taken has findings, whose messages begin with "LINE:COLUMN: ".
struct ParsedTools {
    DesiredState state;
    Findings findings;
};

/// Who wrote a tools file.
enum class Author {
    person,  ///< each tool is checked like that of a message
    module,  ///< what once was accepted stays, also when the settings no longer know its kind or its target
};

/// Reads what we wrote or what a person edited, against `context`.
ParsedTools parse_tools(std::string_view text, const IntakeContext& context, Author author = Author::person);

/// Reads the generation alone; nothing when the text is not that of a tools file.
std::optional<std::uint64_t> generation_of(std::string_view text);

}  // namespace elasticity
