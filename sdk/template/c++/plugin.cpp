// Workers in MyCloud, through its client. `little-cloud` stands in for it: put your provider's in its place.
#include <boost/json.hpp>
#include <elasticity/sdk/plugin.hpp>
#include <elasticity/sdk/program.hpp>
#include <sstream>

namespace sdk = elasticity::sdk;

struct MyCloud {
    static constexpr sdk::Info info{"org.example.my-cloud", "0.1.0", "MyCloud", "", "", ELS_PF_FORKS, 8};
    static constexpr std::string_view config_schema = R"({"type": "object", "required": ["client"],
        "additionalProperties": false, "properties": {
            "client": {"type": "string", "minLength": 1, "description": "Path of the provider's client"}}})";
    static constexpr std::string_view spec_schema = R"({"type": "object", "required": ["command"],
        "additionalProperties": false, "properties": {
            "command": {"type": "array", "minItems": 1, "items": {"type": "string"},
                        "description": "The program that a worker runs, and its arguments"}}})";

    MyCloud(sdk::Host host, std::string_view config)
        : client_(boost::json::parse(config).at("client").as_string()),
          account_(std::string(host.state_dir()) + "/" + std::string(host.owner())) {}

    sdk::Instance create(const sdk::Call& call, const sdk::Spec& spec) {
        std::vector<std::string> words{"create", std::string(spec.key), std::to_string(spec.hash),
                                       std::string(spec.name), sdk::json_string(spec.tool)};
        const auto command = boost::json::parse(spec.params).at("command");
        for (const auto& word : command.as_array()) words.emplace_back(word.as_string());
        const sdk::Instance worker = ask(call, words, sdk::environment_of(spec)).at(0);
        if (worker.spec_hash != spec.hash) throw sdk::Error(ELS_ALREADY_EXISTS, "the key has another spec");
        return worker;
    }

    void destroy(const sdk::Call& call, const sdk::Ref& ref, std::chrono::milliseconds grace) {
        if (const auto worker = inspect(call, ref))
            ask(call, {"destroy", worker->key, std::to_string(grace.count() / 1000)});
    }

    std::optional<sdk::Instance> inspect(const sdk::Call& call, const sdk::Ref& ref) {
        for (const auto& it : ask(call, {"list"}))
            if ((ref.key.empty() || ref.key == it.key) && (ref.id.empty() || ref.id == it.id)) return it;
        return std::nullopt;
    }

    std::string list(const sdk::Call& call, std::string_view page, const sdk::Emit& emit) {
        if (!page.empty()) throw sdk::Error(ELS_INVALID_ARGUMENT, "there is one page, without a name");
        for (const auto& each : ask(call, {"list"})) emit(each);
        return {};  // there is no next page
    }

private:
    std::vector<sdk::Instance> ask(const sdk::Call& call, std::vector<std::string> words,
                                   const std::vector<std::string>& environment = {}) {
        words.insert(words.begin(), {client_, account_});
        const sdk::ProgramResult answer = sdk::run_program(call, words, environment);
        if (answer.exit_code != 0)  // not seen is not gone: an error, never a shorter list
            throw sdk::Error(ELS_UNAVAILABLE, answer.errors, ELS_ERR_RETRY_SAME | ELS_ERR_MAYBE_DONE);
        std::istringstream lines(answer.output);
        std::vector<sdk::Instance> workers;
        for (sdk::Instance it; lines >> it.key >> it.id >> it.spec_hash >> it.state >> it.name;) {
            std::getline(lines, it.tool);
            it.tool = boost::json::parse(it.tool).as_string();
            workers.push_back(it);
        }
        return workers;
    }

    std::string client_, account_;
};

ELASTICITY_PLUGIN(MyCloud)
