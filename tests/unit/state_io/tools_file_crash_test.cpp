#include <condition_variable>
#include <mutex>
#include <set>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/tools_file.hpp"
#include "tests/unit/state_io/crash_support.hpp"

namespace elasticity {

namespace {

/// A text that differs in size from its neighbours, so that a torn write shows.
std::string text_of(std::uint64_t generation) {
    return "{" + std::to_string(generation) + std::string(generation * 977 % 20000, '.') + "}";
}

void commit_for_ever(const std::filesystem::path& directory, const Acknowledge& acknowledge) {
    auto file = ToolsFile::open(directory, 3);
    if (!file) return;
    const auto newest = file->history().newest();
    const auto present = file->read();
    if (!newest || !present) return;
    std::uint64_t generation = *newest ? (*newest)->generation : 0;
    std::optional<Fingerprint> last;
    if (*present) last = (*present)->fingerprint;
    while (true) {
        ++generation;
        const auto outcome = file->commit(last, text_of(generation), generation);
        if (!outcome || outcome->displaced_text || outcome->tidy_error) return;
        last = outcome->fingerprint;
        acknowledge(generation);
    }
}

/// What a start finds: the truth and the file agree, and nothing is left over.
void check_recovered(const std::filesystem::path& directory, std::uint64_t generation) {
    ToolsFile file = must(ToolsFile::open(directory, 3));
    CHECK(!must(file.take_displaced()));
    CHECK(must(file.read())->text == text_of(generation));
    for (const std::string& name : must(list_names(directory))) {
        CHECK((name == "tools.json" || name == "history"));
    }
    for (const std::string& name : must(list_names(directory / "history"))) CHECK(name.ends_with(".json"));
}

}  // namespace

TEST_CASE("crash: kill -9 at any moment of a commit leaves the old generation or the new one") {
    const TempDir temp;
    std::mt19937_64 random(test_seed());
    std::uint64_t before = 0;
    int made_up = 0;
    for (int round = 0; round < crash_rounds(); ++round) {
        const std::uint64_t killed_after = run_and_kill(
            Moment::draw(random), [&](const Acknowledge& ack) { commit_for_ever(temp.path(), ack); });
        const std::uint64_t acknowledged = std::max(before, killed_after);
        INFO("round " << round << ", acknowledged " << acknowledged);
        const auto newest = must(History(temp / "history").newest());
        const std::uint64_t truth = newest ? newest->generation : 0;
        REQUIRE(truth >= acknowledged);
        REQUIRE(truth <= acknowledged + 1);
        if (truth == 0) continue;
        REQUIRE(must(History(temp / "history").read(truth)) == text_of(truth));
        const std::string in_force = slurp(temp / "tools.json");
        REQUIRE((in_force == text_of(truth) || in_force == (truth == 1 ? "" : text_of(truth - 1))));
        made_up += in_force != text_of(truth) ? 1 : 0;
        check_recovered(temp.path(), truth);
        before = truth;
    }
    WARN(before << " generations, " << made_up << " swaps made up for");
    CHECK(before > static_cast<std::uint64_t>(crash_rounds()));
}

namespace {

/// What the commits displaced of the hand edits.
class SeenEdits {
public:
    void add(const std::string& text) {
        const std::lock_guard lock(mutex_);
        seen_.insert(text);
        changed_.notify_all();
    }
    /// False: nobody looks any more, or not for a minute, which no disk is slow enough for.
    bool await(const std::string& text) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::minutes(1), [&] { return closed_ || seen_.contains(text); });
        return seen_.contains(text);
    }
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> seen_;
    bool closed_ = false;
};

void edit_by_hand(const std::filesystem::path& path, int count, SeenEdits& seen, std::string& lost) {
    for (int i = 0; i < count && lost.empty(); ++i) {
        const std::string name = "edit " + std::to_string(i);
        const std::string text = name + std::string(50'000, '.');
        if (i % 2 == 0) save_by_rename(path, text);
        else spill(path, text);
        if (!seen.await(text)) lost = name;
    }
}

}  // namespace

TEST_CASE("hand edits and commits at the same moment lose neither") {
    const TempDir temp;
    ToolsFile file = must(ToolsFile::open(temp.path()));
    std::optional<Fingerprint> last = must(file.commit(std::nullopt, text_of(1), 1)).fingerprint;
    SeenEdits seen;
    std::atomic<bool> done = false;
    std::string lost;
    std::thread editor([&] {
        edit_by_hand(file.path(), 100, seen, lost);
        done = true;
    });
    std::uint64_t generation = 1;
    std::string trouble;
    while (!done && trouble.empty()) {
        auto outcome = file.commit(last, text_of(generation + 1), generation + 1);
        auto late = file.take_displaced();
        if (!outcome) trouble = outcome.error().message;
        else if (!late) trouble = late.error().message;
        else last = outcome->fingerprint;
        if (outcome && outcome->displaced_text) seen.add(*outcome->displaced_text);
        if (late && *late) seen.add(**late);
        ++generation;
    }
    seen.close();
    editor.join();
    CHECK(trouble == "");
    CHECK(lost == "");
    CHECK(must(file.history().newest())->generation == generation);
}

}  // namespace elasticity
