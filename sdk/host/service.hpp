#pragma once
#include <elasticity/sdk/abi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sdk/host/instance.hpp"

namespace elasticity::sdk {

/// A machine to reach. See els_target.
struct HostTarget {
    std::string machine_key;
    std::string address;
    std::uint32_t port = 0;  ///< 0: the plugin's default
    std::string user;
    std::string credential;  ///< reference of a secret, never the secret
};

/// A worker that runs as a service on a machine. See els_service_spec.
struct HostServiceSpec {
    std::string key, service, instance, tool;
    std::uint64_t hash = 0;
    std::vector<HostVariable> env;
};

/// Borrows from the target, which must live longer.
els_target borrowed_target(const HostTarget& target);

/// A HostServiceSpec in the form of the contract. Borrows from the spec, which must live longer.
class BorrowedServiceSpec {
public:
    explicit BorrowedServiceSpec(const HostServiceSpec& spec);
    BorrowedServiceSpec(const BorrowedServiceSpec&) = delete;
    BorrowedServiceSpec& operator=(const BorrowedServiceSpec&) = delete;

    const els_service_spec* get() const { return &spec_; }

private:
    BorrowedEnv env_;
    els_service_spec spec_{};
};

}  // namespace elasticity::sdk
