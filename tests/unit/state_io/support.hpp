#pragma once
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/model/error.hpp"

namespace elasticity {

/// A private folder that goes with the test.
class TempDir {
public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "elasticity-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
        path_ = pattern;
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

inline std::string slurp(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Saves in place, as a shell's redirection does.
inline void spill(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// Saves as most editors do: aside, then renamed.
inline void save_by_rename(const std::filesystem::path& path, std::string_view text) {
    const std::filesystem::path aside = path.string() + ".editor";
    spill(aside, text);
    std::filesystem::rename(aside, path);
}

/// The value, or a failed test that shows the error.
template <class T>
T must(Result<T> result) {
    if (!result) FAIL(result.error().message);
    return *std::move(result);
}

inline void must(const Result<>& result) {
    if (!result) FAIL(result.error().message);
}

}  // namespace elasticity
