#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/error.hpp"

namespace elasticity {

/// Where a RabbitMQ virtual host answers. It identifies; it never gives access (contract, section 1).
struct TargetAddress {
    std::string protocol;  ///< amqp, amqps, http or https
    std::string host;      ///< lower case, without trailing dot
    std::uint16_t port = 0;
    std::string virtual_host;  ///< decoded; "/" by default

    auto operator<=>(const TargetAddress&) const = default;
};

/// Reads `protocol://host[:port][/virtual_host]`. A user name or password in it is an error.
Result<TargetAddress> parse_target_url(std::string_view url);

/// Checks and normalises the four parts; `port` 0 means the protocol's own.
Result<TargetAddress> make_target_address(std::string_view protocol, std::string_view host,
                                          std::uint16_t port, std::string_view virtual_host);

/// The canonical spelling; two addresses are equal exactly when these texts are.
std::string to_url(const TargetAddress& address);

/// One entry of the settings' `targets`: the names under which the same virtual host is known.
struct Target {
    std::string name;  ///< the operator's name for it
    TargetAddress amqp;
    std::optional<TargetAddress> management = std::nullopt;

    /// How tools, labels and files name it for ever, whether or not a management address is configured.
    std::string id() const { return to_url(amqp); }
    /// How statuses name it: by the management address where there is one.
    std::string display_url() const { return to_url(management ? *management : amqp); }
};

/// The targets of the settings, found by name, by id or by any of their addresses.
class TargetTable {
public:
    TargetTable() = default;
    explicit TargetTable(std::vector<Target> targets) : targets_(std::move(targets)) {}

    const Target* find(const TargetAddress& address) const;
    const Target* find_by_id(std::string_view id) const;
    const Target* find_by_name(std::string_view name) const;
    const std::vector<Target>& all() const { return targets_; }
    /// "prod (http://host:15672/prod), dev (...)": for messages that name the known ones.
    std::string known() const;

private:
    std::vector<Target> targets_;
};

}  // namespace elasticity
