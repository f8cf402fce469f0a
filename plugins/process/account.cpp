#include "plugins/process/account.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <elasticity/sdk/plugin.hpp>
#include <functional>
#include <optional>

namespace elasticity::process {
namespace {

using Lookup = std::function<int(passwd*, char*, std::size_t, passwd**)>;

std::optional<Account> look_up(const Lookup& lookup) {
    std::vector<char> texts(16384);
    passwd entry{};
    passwd* found = nullptr;
    if (lookup(&entry, texts.data(), texts.size(), &found) != 0 || found == nullptr) return std::nullopt;
    return Account{entry.pw_name, entry.pw_dir, entry.pw_uid, entry.pw_gid, {}};
}

std::vector<gid_t> groups_of(const Account& account) {
    std::vector<gid_t> groups(65536);  // The kernel's NGROUPS_MAX.
    int count = static_cast<int>(groups.size());
    getgrouplist(account.name.c_str(), account.group, groups.data(), &count);
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

}  // namespace

Account find_account(const std::string& name) {
    std::optional<Account> account =
        look_up([&](passwd* entry, char* texts, std::size_t size, passwd** found) {
            return getpwnam_r(name.c_str(), entry, texts, size, found);
        });
    if (!account)
        throw sdk::Error(ELS_FAILED_PRECONDITION, "user: this machine has no user '" + name + "'")
            .at("/user");
    account->groups = groups_of(*account);
    return *account;
}

Account own_account() {
    const std::optional<Account> account =
        look_up([](passwd* entry, char* texts, std::size_t size, passwd** found) {
            return getpwuid_r(geteuid(), entry, texts, size, found);
        });
    // A user id without a name, as containers have them, is fine.
    return account.value_or(Account{std::to_string(geteuid()), "/", geteuid(), getegid(), {}});
}

}  // namespace elasticity::process
