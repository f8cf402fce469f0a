// A backend that lends out machines which are there already: a rack, a room of desks. It shows a config that is
// checked beyond its schema, a quota that sends the core to the next backend, and lists in pages.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <charconv>
#include <elasticity/sdk/plugin.hpp>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <set>

namespace {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace sdk = elasticity::sdk;

/// One change at a time, also beside the generation that an upgrade is about to replace, in a process of its own.
class Turn {
public:
    explicit Turn(const fs::path& folder)
        : lock_(open((folder / ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
        if (lock_ >= 0 && flock(lock_, LOCK_EX) == 0) return;
        if (lock_ >= 0) close(lock_);
        throw sdk::Error(ELS_UNAVAILABLE, "cannot lock " + folder.string(), ELS_ERR_RETRY_SAME);
    }
    ~Turn() { close(lock_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

private:
    int lock_;
};

class Rack {
public:
    static constexpr sdk::Info info{"org.example.rack", "1.0.0", "Machines of a rack", "Example", "", 0, 4};

    static constexpr std::string_view config_schema = R"({
        "type": "object", "required": ["machines"], "additionalProperties": false, "properties": {
            "machines": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1},
                         "description": "Addresses of the machines; each is lent out once"},
            "page_size": {"type": "integer", "minimum": 1, "default": 100,
                          "description": "Machines on one page of a list"}}})";

    static constexpr std::string_view spec_schema = R"({
        "type": "object", "additionalProperties": false, "properties": {
            "purpose": {"type": "string", "description": "For people; shown with the machine"}}})";

    /// What the schema cannot say.
    static void check_config(std::string_view config, const sdk::Report& report) {
        std::set<std::string> seen;
        const json::value parsed = json::parse(config);
        std::size_t index = 0;
        for (const json::value& machine : parsed.at("machines").as_array()) {
            const std::string pointer = "/machines/" + std::to_string(index++);
            if (machine.as_string().find('/') != json::string::npos)
                report({"error", pointer, "must be an address without '/'"});
            if (!seen.emplace(machine.as_string()).second) report({"error", pointer, "is there twice"});
        }
    }

    Rack(sdk::Host host, std::string_view config)
        : folder_(fs::path(host.state_dir()) / host.owner()), page_size_(100) {
        const json::object given = json::parse(config).as_object();
        for (const json::value& machine : given.at("machines").as_array())
            machines_.emplace_back(machine.as_string());
        if (const json::value* size = given.if_contains("page_size"))
            page_size_ = static_cast<std::size_t>(size->as_int64());
    }

    void activate(const sdk::Call&) { fs::create_directories(folder_); }

    sdk::Instance create(const sdk::Call& call, const sdk::Spec& spec) {
        const Turn one_at_a_time(folder_);
        if (const auto lent = find(call, {spec.key, {}})) {
            if (lent->spec_hash == spec.hash) return *lent;
            throw sdk::Error(ELS_ALREADY_EXISTS, "the key belongs to a machine that runs another spec");
        }
        for (const std::string& machine : machines_) {
            if (fs::exists(slip_of(machine))) continue;
            write_slip(machine, spec);
            return *read_slip(machine);
        }
        throw sdk::Error(ELS_RESOURCE_EXHAUSTED, "all " + std::to_string(machines_.size()) + " machines are lent out",
                         ELS_ERR_RETRY_SAME | ELS_ERR_NEXT_BACKEND);
    }

    void destroy(const sdk::Call& call, const sdk::Ref& ref, std::chrono::milliseconds) {
        const Turn one_at_a_time(folder_);
        if (const auto lent = find(call, ref)) fs::remove(slip_of(lent->address));
    }

    std::optional<sdk::Instance> inspect(const sdk::Call& call, const sdk::Ref& ref) { return find(call, ref); }

    /// A page token is the number of the machine to go on with.
    std::string list(const sdk::Call& call, std::string_view page, const sdk::Emit& emit) {
        const std::size_t first = page.empty() ? 0 : number_of(page);
        const std::size_t last = std::min(first + page_size_, machines_.size());
        for (std::size_t i = first; i < last; ++i) {
            call.check();
            if (const auto lent = read_slip(machines_[i])) emit(*lent);
        }
        return last < machines_.size() ? std::to_string(last) : std::string();
    }

private:
    std::size_t number_of(std::string_view page) const {
        std::size_t number = 0;
        const auto [end, failed] = std::from_chars(page.data(), page.data() + page.size(), number);
        if (failed == std::errc() && end == page.data() + page.size() && number < machines_.size()) return number;
        throw sdk::Error(ELS_INVALID_ARGUMENT, "no page of ours");
    }

    /// Whom a machine is lent to stands in a file of its own, since nothing in a rack could remember it.
    fs::path slip_of(const std::string& machine) const { return folder_ / machine; }

    void write_slip(const std::string& machine, const sdk::Spec& spec) const {
        const fs::path fresh = folder_ / (".new-" + machine);
        std::ofstream slip(fresh);
        const auto now = std::chrono::system_clock::now().time_since_epoch();  // the next loan is another one
        slip << now.count() << ' ' << spec.hash << ' ' << spec.key << ' ' << spec.name << ' '
             << std::quoted(std::string(spec.tool));
        if (!slip.flush()) throw sdk::Error(ELS_UNAVAILABLE, "cannot write " + fresh.string(), ELS_ERR_RETRY_SAME);
        fs::rename(fresh, slip_of(machine));  // whole, or not there
    }

    std::optional<sdk::Instance> read_slip(const std::string& machine) const {
        std::ifstream slip(slip_of(machine));
        if (!slip && !fs::exists(slip_of(machine))) return std::nullopt;
        sdk::Instance instance;
        slip >> instance.id >> instance.spec_hash >> instance.key >> instance.name >> std::quoted(instance.tool);
        if (!slip)  // could not see is not "not there"
            throw sdk::Error(ELS_UNAVAILABLE, "cannot read " + slip_of(machine).string(), ELS_ERR_RETRY_SAME);
        instance.id = machine + "/" + instance.id;
        instance.address = machine;
        instance.state = ELS_ST_RUNNING;
        return instance;
    }

    std::optional<sdk::Instance> find(const sdk::Call& call, const sdk::Ref& ref) const {
        for (const std::string& machine : machines_) {
            call.check();
            const auto lent = read_slip(machine);
            const bool is_it = lent && (ref.key.empty() || ref.key == lent->key) &&
                               (ref.id.empty() || ref.id == lent->id);
            if (is_it) return lent;
        }
        return std::nullopt;
    }

    fs::path folder_;
    std::vector<std::string> machines_;
    std::size_t page_size_;
};

}  // namespace

ELASTICITY_PLUGIN(Rack)
