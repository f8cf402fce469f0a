#include "plugins/process/log_sweep.hpp"

#include <filesystem>
#include <system_error>

namespace elasticity::process {
namespace {

/// "ocr-1" of "ocr-1.log" and of "ocr-1.log.3"; empty of anything else.
std::string worker_of(const std::string& file) {
    const std::size_t suffix = file.rfind(".log");
    if (suffix == std::string::npos) return {};
    const std::string age = file.substr(suffix + 4);
    const bool is_log = age.empty() || (age.size() > 1 && age[0] == '.' &&
                                        age.find_first_not_of("0123456789", 1) == std::string::npos);
    return is_log ? file.substr(0, suffix) : std::string();
}

}  // namespace

unsigned sweep_logs(const std::string& log_dir, const std::set<std::string>& names,
                    std::chrono::seconds keep) {
    namespace fs = std::filesystem;
    const auto oldest = fs::file_time_type::clock::now() - keep;
    unsigned removed = 0;
    // Whatever cannot be looked at or removed now is met again at the next sweep.
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(log_dir, error)) {
        const std::string worker = worker_of(entry.path().filename().string());
        if (worker.empty() || names.contains(worker)) continue;
        const auto written = fs::last_write_time(entry.path(), error);
        if (!error && written < oldest && fs::remove(entry.path(), error)) ++removed;
    }
    return removed;
}

}  // namespace elasticity::process
