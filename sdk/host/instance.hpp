#pragma once
#include <elasticity/sdk/abi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sdk/host/error.hpp"

namespace elasticity::sdk {

/// The numbers are those of ELS_ST_*; one that this host does not know reads as unknown.
enum class HostState : std::uint32_t {
    unknown = ELS_ST_UNKNOWN,
    provisioning = ELS_ST_PROVISIONING,
    running = ELS_ST_RUNNING,
    suspended = ELS_ST_SUSPENDED,
    stopped = ELS_ST_STOPPED,
    draining = ELS_ST_DRAINING,
    deleting = ELS_ST_DELETING,
    failed = ELS_ST_FAILED,
    gone = ELS_ST_GONE,
};

/// What a plugin said of an instance, owned. Texts are valid UTF-8; nullopt means unknown.
struct HostInstance {
    std::string key, id, name, tool, address;
    HostState state = HostState::unknown;
    std::string error;
    els_code error_code = ELS_OK;
    std::optional<int> exit_code;  ///< 128 + n: ended by signal n
    std::optional<std::uint32_t> vcpus;
    std::optional<std::uint64_t> memory_bytes;
    std::uint64_t spec_hash = 0;
    std::optional<double> load1, load5, load15;
    std::optional<std::int64_t> created_unix_ms;
    std::optional<std::int64_t> state_since_unix_ms;
    std::string detail;  ///< JSON object, or empty

    bool operator==(const HostInstance&) const = default;
};

struct HostVariable {
    std::string key;
    std::string value;
    bool secret = false;
};

/// What to create. See els_spec.
struct HostSpec {
    std::string key, name, tool, pool, service;
    std::string params = "{}";
    std::uint64_t hash = 0;
    std::vector<HostVariable> env;
};

/// Which instance: key, id, or both.
struct HostRef {
    std::string key;
    std::string id;
};

/// Copies what a plugin emitted, or says what is wrong with it.
HostResult<HostInstance> instance_from(const els_instance* emitted);

/// The environment of a worker in the form of the contract. Borrows from the variables.
class BorrowedEnv {
public:
    explicit BorrowedEnv(const std::vector<HostVariable>& env);
    BorrowedEnv(const BorrowedEnv&) = delete;
    BorrowedEnv& operator=(const BorrowedEnv&) = delete;

    const els_env* const* data() const { return pointers_.data(); }
    std::size_t size() const { return pointers_.size(); }

private:
    std::vector<els_env> entries_;
    std::vector<const els_env*> pointers_;
};

/// A HostSpec in the form of the contract. Borrows from the spec, which must live longer.
class BorrowedSpec {
public:
    explicit BorrowedSpec(const HostSpec& spec);
    BorrowedSpec(const BorrowedSpec&) = delete;
    BorrowedSpec& operator=(const BorrowedSpec&) = delete;

    const els_spec* get() const { return &spec_; }

private:
    BorrowedEnv env_;
    els_spec spec_{};
};

/// Borrows from the ref, which must live longer.
els_ref borrowed_ref(const HostRef& ref);

}  // namespace elasticity::sdk
