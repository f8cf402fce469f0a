#pragma once
#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace elasticity {

/// What the caller can do about an error.
enum class ErrorKind {
    invalid,      ///< tell the sender: the input is wrong
    not_found,    ///< refresh the view: what was named is not there
    conflict,     ///< somebody else changed it first
    refused,      ///< not allowed, and asking again does not help
    exhausted,    ///< wait for room: quota, disk, capacity
    unavailable,  ///< try again: the other side does not answer
    internal,     ///< a bug of ours
};

/// One line for a person: where, what was wrong, what was wanted, what came. Never a secret.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string message;
};

/// The callee states the fact; each caller adds the one thing it alone knows.
inline Error within(const std::string& place, Error error) {
    error.message = place + ": " + error.message;
    return error;
}

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

/// A value, or why there is none. Reading the value of a failed one is a bug and throws.
template <class T = void>
using Result = boost::system::result<T, Error>;

}  // namespace elasticity
