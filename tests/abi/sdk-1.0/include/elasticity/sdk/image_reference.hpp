// Names of container images, read once for everybody: the core checks them against its allow-list, plugins
// pull by them. Grammar: github.com/distribution/reference (reference.go); defaults as in Docker's clients.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(hidden)
namespace elasticity {
namespace sdk {
inline namespace v1 {

/// `localhost:5000/ncsa/ocr:1.4@sha256:...`, with the defaults filled in.
struct ImageReference {
    std::string domain;  ///< "docker.io" when none is given
    std::string path;    ///< "library/NAME" for a bare name on docker.io
    std::string tag;     ///< "latest" when neither tag nor digest is given
    std::string digest;  ///< "sha256:..." or ""

    std::string repository() const { return domain + "/" + path; }
    /// The whole name, canonical.
    std::string text() const {
        return repository() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
    }
};

namespace image_grammar {

inline bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
inline bool is_word(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_'; }
inline bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

template <class Accept>
bool all_of(std::string_view text, Accept accept) {
    for (const char c : text)
        if (!accept(c)) return false;
    return true;
}

/// One or more runs of [a-z0-9], joined by '.', '_', '__' or any number of '-'.
inline bool is_path_component(std::string_view text) {
    if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
    for (std::size_t i = 0; i < text.size();) {
        if (is_lower_or_digit(text[i])) {
            ++i;
            continue;
        }
        const std::size_t end = text.find_first_of("abcdefghijklmnopqrstuvwxyz0123456789", i);
        const std::string_view joint = text.substr(i, end - i);
        const bool dashes = joint.find_first_not_of('-') == joint.npos;
        if (!dashes && joint != "." && joint != "_" && joint != "__") return false;
        i = end;
    }
    return true;
}

inline bool is_path(std::string_view text) {
    for (;;) {
        const std::size_t slash = text.find('/');
        if (!is_path_component(text.substr(0, slash))) return false;
        if (slash == text.npos) return true;
        text.remove_prefix(slash + 1);
    }
}

inline bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Labels of letters, digits and inner dashes, joined by dots; then perhaps ":port".
inline bool is_domain(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon != text.npos && !is_port(text.substr(colon + 1))) return false;
    text = text.substr(0, colon);
    for (;;) {
        const std::size_t dot = text.find('.');
        const std::string_view label = text.substr(0, dot);
        const bool inner = all_of(label, [](char c) { return (is_word(c) && c != '_') || c == '-'; });
        if (label.empty() || !inner || label.front() == '-' || label.back() == '-') return false;
        if (dot == text.npos) return true;
        text.remove_prefix(dot + 1);
    }
}

inline bool is_tag(std::string_view text) {
    return !text.empty() && text.size() <= 128 && is_word(text.front()) &&
           all_of(text, [](char c) { return is_word(c) || c == '.' || c == '-'; });
}

inline bool is_digest(std::string_view text) {
    constexpr std::string_view algorithm = "sha256:";
    return text.size() == algorithm.size() + 64 && text.substr(0, algorithm.size()) == algorithm &&
           all_of(text.substr(algorithm.size()), is_hex);
}

/// A first component names a registry when it cannot be part of a path on docker.io.
inline bool names_a_registry(std::string_view component) {
    return component == "localhost" || component.find_first_of(".:") != component.npos;
}

}  // namespace image_grammar

/// Nothing when `text` is no image reference.
inline std::optional<ImageReference> parse_image_reference(std::string_view text) {
    namespace grammar = image_grammar;
    constexpr std::size_t name_max = 255;
    ImageReference reference;
    if (const std::size_t at = text.find('@'); at != text.npos) {
        reference.digest = std::string(text.substr(at + 1));
        if (!grammar::is_digest(reference.digest)) return std::nullopt;
        text = text.substr(0, at);
    }
    const std::size_t last_slash = text.rfind('/');
    const std::size_t colon = text.find(':', last_slash == text.npos ? 0 : last_slash);
    if (colon != text.npos) {
        reference.tag = std::string(text.substr(colon + 1));
        if (!grammar::is_tag(reference.tag)) return std::nullopt;
        text = text.substr(0, colon);
    }
    if (text.empty() || text.size() > name_max) return std::nullopt;

    const std::size_t first_slash = text.find('/');
    if (first_slash != text.npos && grammar::names_a_registry(text.substr(0, first_slash))) {
        reference.domain = std::string(text.substr(0, first_slash));
        text.remove_prefix(first_slash + 1);
        if (!grammar::is_domain(reference.domain)) return std::nullopt;
    }
    if (reference.domain.empty() || reference.domain == "index.docker.io") reference.domain = "docker.io";
    if (!grammar::is_path(text)) return std::nullopt;
    const bool official = reference.domain == "docker.io" && text.find('/') == text.npos;
    reference.path = (official ? "library/" : "") + std::string(text);
    if (reference.repository().size() > name_max) return std::nullopt;  // with what was filled in
    if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
    return reference;
}

}  // namespace v1
}  // namespace sdk
}  // namespace elasticity
#pragma GCC visibility pop
