#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "core/model/error.hpp"
#include "sdk/host/instance.hpp"
#include "sdk/host/services.hpp"

/// What crosses between the daemon and a plugin's process, as members of messages. Reading is for untrusted input:
/// a member of another type is an error, an absent one is its default, texts that come from a plugin become valid
/// UTF-8. A number that is not known (NaN in the contract) is an absent member.
namespace elasticity {

boost::json::object to_json(const sdk::HostInstance& instance);
Result<sdk::HostInstance> to_instance(const boost::json::value& value);

boost::json::object to_json(const sdk::HostError& error);
/// Never OK: an error that claims it is INTERNAL.
Result<sdk::HostError> to_host_error(const boost::json::value& value);

boost::json::object to_json(const sdk::HostLogLine& line);
Result<sdk::HostLogLine> to_log_line(const boost::json::value& value);

/// Comes from the daemon: bytes stay as they are, since secrets may be any.
boost::json::object to_json(const sdk::HostSpec& spec);
Result<sdk::HostSpec> to_spec(const boost::json::value& value);

}  // namespace elasticity
