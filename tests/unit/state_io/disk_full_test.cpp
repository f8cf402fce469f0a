#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>

#include "core/io/state/durable_file.hpp"
#include "core/io/state/state_dir.hpp"
#include "core/io/state/tools_file.hpp"
#include "tests/unit/state_io/journal_support.hpp"

namespace elasticity {

namespace {

/// A disk of one MiB that only this process sees. Catch2 v2 cannot skip: where it cannot be had, `mounted` is
/// false, which in CI is a failure.
class SmallDisk {
public:
    SmallDisk() {
        mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
                   ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   ::mount("tmpfs", temp_.path().c_str(), "tmpfs", 0, "size=1m,mode=0700") == 0;
        if (mounted_) return;
        const std::string reason = std::string("no private tmpfs: ") + std::strerror(errno);
        const char* const all = std::getenv("ELASTICITY_REQUIRE_ALL");
        if (all != nullptr && *all == '1') FAIL(reason);
        WARN("SKIP: " << reason);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() {
        if (mounted_) ::umount2(temp_.path().c_str(), MNT_DETACH);
    }

    bool mounted() const { return mounted_; }
    const std::filesystem::path& path() const { return temp_.path(); }

    /// Leaves `bytes_free` of room, less than a page of error.
    void fill(std::uintmax_t bytes_free) const {
        const auto room = std::filesystem::space(path()).available;
        spill(path() / "ballast", std::string(room - bytes_free, 'x'));
    }
    void make_room() const { std::filesystem::remove(path() / "ballast"); }

private:
    TempDir temp_;
    bool mounted_ = false;
};

std::vector<std::string> all_names(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (entry.path().filename() != "ballast") names.push_back(entry.path().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TEST_CASE("disk full: wherever a commit runs out of room, the old state stays and nothing is left over") {
    const SmallDisk disk;
    if (!disk.mounted()) return;
    ToolsFile file = must(ToolsFile::open(disk.path()));
    const auto first = must(file.commit(std::nullopt, "first", 1)).fingerprint;
    const auto before = all_names(disk.path());
    const std::string large(40'000, 'y');  // ten pages aside, ten in the history
    int failures = 0;
    for (std::uintmax_t pages = 0; pages < 24; ++pages) {
        disk.fill(pages * 4096);
        const auto outcome = file.commit(first, large, 2);
        disk.make_room();
        if (outcome) break;
        ++failures;
        INFO(outcome.error().message);
        CHECK(outcome.error().kind == ErrorKind::exhausted);
        CHECK_THAT(outcome.error().message, Catch::Matchers::Contains("No space left on device"));
        CHECK(slurp(disk.path() / "tools.json") == "first");
        CHECK(all_names(disk.path()) == before);
    }
    CHECK(failures > 15);
    CHECK(slurp(disk.path() / "tools.json") == large);
}

TEST_CASE("disk full: a journal that cannot write says so, and works again when there is room") {
    const SmallDisk disk;
    if (!disk.mounted()) return;
    JournalFile journal = open_journal(disk.path());
    commit(journal, intent_batch("before"));
    disk.fill(8192);
    const JournalBatch large{.outbox = {{"q", std::string(60'000, 'x'), "", 1}}};
    const JournalBatch* const batch = &large;
    const auto refused = journal.commit({&batch, 1});
    REQUIRE(!refused);
    INFO(refused.error().message);
    CHECK(refused.error().kind == ErrorKind::exhausted);
    CHECK(must(journal.recover()).intents.size() == 1);
    CHECK(must(journal.fetch_outbox(0, 10)).empty());
    disk.make_room();
    commit(journal, large);
    CHECK(must(journal.fetch_outbox(0, 10)).size() == 1);
}

TEST_CASE("disk full: a state directory cannot be made, and says why") {
    const SmallDisk disk;
    if (!disk.mounted()) return;
    disk.fill(0);
    const auto opened = StateDir::open(disk.path() / "state");
    REQUIRE(!opened);
    CHECK(opened.error().kind == ErrorKind::exhausted);
}

}  // namespace elasticity
