#include "plugins/process/common/protocol.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace elasticity::process;
using elasticity::fuzz::require;

void fuzz_one(std::string_view input) {
    (void)parse_stat(std::string(input));
    (void)to_reply(std::string(input));
    const Fields fields{std::string(input)};
    (void)to_request(fields);
    const auto record = to_record(fields);
    if (!record) return;
    const auto again = to_record(to_fields(*record));
    require(again.has_value(), "a record that we wrote is a record");
    require(to_fields(*again).text() == to_fields(*record).text(), "a record is read as it was written");
}
