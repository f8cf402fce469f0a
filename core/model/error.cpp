#include "core/model/error.hpp"

#include <stdexcept>

namespace elasticity {

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::logic_error("value read from a failed result: " + error.message);
}

}  // namespace elasticity
