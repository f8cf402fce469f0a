#include "tests/unit/isolation/support.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace elasticity::test {

void Lines::add(const std::string& line) {
    {
        const std::scoped_lock lock(mutex_);
        lines_.push_back(line);
    }
    added_.notify_all();
}

std::vector<std::string> Lines::all() const {
    const std::scoped_lock lock(mutex_);
    return lines_;
}

std::size_t Lines::count(const std::string& part) const {
    const std::scoped_lock lock(mutex_);
    return count_locked(part);
}

std::size_t Lines::count_locked(const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) {
        return line.find(part) != line.npos;
    }));
}

void Lines::await(const std::string& part, std::size_t times) const {
    std::unique_lock lock(mutex_);
    INFO("waited for '" << part << "' " << times << " times");
    REQUIRE(added_.wait_for(lock, std::chrono::minutes(1), [&] { return count_locked(part) >= times; }));
}

std::string fixture(const std::string& name) { return std::string(FIXTURE_DIR) + "/" + name + ".so"; }

World::World(const std::string& mode, const std::string& library) {
    options.library = library;
    options.config = mode.starts_with("{") ? mode : R"({"mode": ")" + mode + "\"}";
    options.host.core_version = "1.2.3";
    options.host.backend_name = "test";
    options.host.owner = "owner-1";
    options.host.log_level = ELS_LOG_TRACE;
    options.host.log = [lines = lines](const sdk::HostLogLine& line) { lines->add(line.message); };
    options.host.secret = [](std::string_view reference) -> sdk::HostResult<std::string> {
        return "secret of " + std::string(reference);
    };
    options.child.cancel_grace = std::chrono::milliseconds(300);
    options.restart.initial = std::chrono::milliseconds(10);
}

std::shared_ptr<ChildBackend> World::open() {
    const auto backend = ChildBackend::open(options);
    REQUIRE(told(backend) == "OK");
    REQUIRE(told((*backend)->activate(*new_call())) == "OK");
    return *backend;
}

std::unique_ptr<sdk::HostCall> new_call(std::chrono::milliseconds timeout) {
    return std::make_unique<sdk::HostCall>("request-1", 1, sdk::HostCall::Clock::now() + timeout);
}

sdk::HostSpec spec_of(const std::string& key) {
    sdk::HostSpec spec;
    spec.key = spec.name = key;
    spec.hash = 1;
    return spec;
}

}  // namespace elasticity::test
