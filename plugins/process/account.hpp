#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace elasticity::process {

/// Whose rights and home a worker has.
struct Account {
    std::string name, home;
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;
};

/// The account of that name; throws sdk::Error where there is none. Blocks where accounts come from a
/// network.
Account find_account(const std::string& name);

/// The account that we run as.
Account own_account();

}  // namespace elasticity::process
