// What the file is, and what loading it does.
#include <dlfcn.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>

#include "sdk/check/catalog.hpp"
#include "sdk/check/elf_file.hpp"
#include "sdk/check/process_state.hpp"
#include "sdk/check/session.hpp"

namespace elasticity::check {
namespace {

constexpr const char* negotiate_symbol = "elasticity_plugin_negotiate";

ElfFile elf_of(const Subject& subject) {
    const sdk::HostResult<ElfFile> elf = read_elf(subject.file);
    require_ok(elf, "reading the file");
    return *elf;
}

std::string joined(const std::vector<std::string>& names) {
    constexpr std::size_t shown_max = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), shown_max); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > shown_max) text += " and " + std::to_string(names.size() - shown_max) + " more";
    return text;
}

void resolves_all_symbols(const Subject& subject) {
    if (dlopen(subject.file.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) fail(dlerror());
}

void finds_negotiate(const Subject& subject) {
    void* library = dlopen(subject.file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail(dlerror());
    require(dlsym(library, negotiate_symbol) != nullptr,
            std::string("no Elasticity plugin: it lacks ") + negotiate_symbol);
}

void one_symbol(const Subject& subject) {
    std::vector<std::string> exported = elf_of(subject).exported;
    std::erase(exported, negotiate_symbol);
    require(exported.empty(), "exports more than " + std::string(negotiate_symbol) + ": " + joined(exported));
}

void no_unique_symbols(const Subject& subject) {
    const std::vector<std::string> unique = elf_of(subject).unique;
    require(unique.empty(), "GNU_UNIQUE symbols are shared by all generations: " + joined(unique));
}

void no_writable_code(const Subject& subject) {
    const ElfFile elf = elf_of(subject);
    require(!elf.executable_stack, "asks for an executable stack");
    require(!elf.relocated_text, "has relocations in its code (TEXTREL); compile with -fPIC");
}

void binds_now(const Subject& subject) {
    if (!elf_of(subject).binds_now)
        warn("is not linked with -z now: a missing symbol shows at its first call");
}

void no_search_path(const Subject& subject) {
    const std::string path = elf_of(subject).search_path;
    if (!path.empty()) warn("carries the library search path " + path + ", which others may not have");
}

void not_writable_by_all(const Subject& subject) {
    struct stat file {};
    require(stat(subject.file.c_str(), &file) == 0, "cannot be looked at");
    if ((file.st_mode & S_IWOTH) != 0) warn("anybody may write to the file; chmod o-w");
}

milliseconds cpu_time() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(used.tv_sec) +
                                                    std::chrono::nanoseconds(used.tv_nsec));
}

/// Processor time, so that a busy machine makes no difference; and a wall clock for one that waits.
void is_quick(const Subject& subject) {
    constexpr milliseconds cpu_limit(100), wall_limit(10'000);
    const milliseconds cpu_before = cpu_time();
    const auto began = std::chrono::steady_clock::now();
    description_of(load_plugin(subject));
    const milliseconds cpu = cpu_time() - cpu_before;
    const auto wall = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    if (cpu > cpu_limit) warn("took " + std::to_string(cpu.count()) + " ms of processor time, wanted 100");
    if (wall > wall_limit) warn("took " + std::to_string(wall.count()) + " ms, wanted at most 10000");
}

void starts_nothing(const Subject& subject) {
    const std::set<std::string> descriptors = open_descriptors();
    const std::size_t threads = thread_count();
    description_of(load_plugin(subject));
    const std::string opened = added(descriptors, open_descriptors());
    require(opened.empty(), "left descriptors open: " + opened);
    require(thread_count() == threads, "started a thread");
}

void ends_cleanly(const Subject& subject) {
    description_of(load_plugin(subject));
}

}  // namespace

std::vector<Check> load_checks() {
    return {
        {"load.resolves_all_symbols", "The file loads with every symbol resolved at once",
         resolves_all_symbols},
        {"load.finds_negotiate", "The file exports elasticity_plugin_negotiate", finds_negotiate},
        {"load.one_symbol", "The file exports nothing else", one_symbol},
        {"load.no_unique_symbols", "No symbol is GNU_UNIQUE, so that generations share no state",
         no_unique_symbols},
        {"load.no_writable_code", "Neither the stack is executable nor the code relocated", no_writable_code},
        {"load.binds_now", "A missing symbol shows when the plugin is loaded", binds_now},
        {"load.no_search_path", "The file finds its libraries where the system has them", no_search_path},
        {"load.not_writable_by_all", "Not everybody may change the file", not_writable_by_all},
        {"load.is_quick", "Load, negotiate and describe take at most 100 ms of processor time", is_quick},
        {"load.starts_nothing", "Load, negotiate and describe leave no thread and no descriptor",
         starts_nothing},
        {.name = "load.ends_cleanly",
         .sentence = "A process that loaded the plugin ends without a crash",
         .run = ends_cleanly,
         .leaves_by_exit = true},
    };
}

}  // namespace elasticity::check
