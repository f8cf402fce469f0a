#include "core/intake/message.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/decision/worlds.hpp"

using namespace elasticity;
using namespace elasticity::worlds;

namespace {

const std::string contract_example = R"({
  "schema": "elasticity/deploy/v1",
  "request_id": "2f6c1c9e-6f0b-4f7e-9f5b-0d7f4f6f2f11",
  "action": "deploy",
  "target": {"protocol": "http", "host": "rabbitmq.ncsa.illinois.edu", "port": 15672, "virtual_host": "prod"},
  "tools": [
    {"kind": "docker", "image": "ncsa/clowder-ocr:1.4", "extractor": "ncsa.image.ocr",
     "min_instances": 2, "name_prefix": "ocr"},
    {"kind": "vm", "image": "bd-matlab-2016-11", "extractors": ["ncsa.image.faces", "ncsa.image.eyes"],
     "service": "clowder-faces", "flavor": "m1.medium", "key_pair": "bd-key", "ssh_user": "ubuntu",
     "min_instances": 1, "name_prefix": "bd-matlab"}
  ]
})";

/// The findings about the only tool of a deploy message.
std::string refusal(const std::string& tool) {
    const Message read_one = read(message("deploy", {tool}));
    REQUIRE(read_one.rejection.empty());
    return to_text(read_one.tools.at(0).findings);
}

std::string rejection(const std::string& body) {
    const Message refused = read(body);
    CHECK(refused.tools.empty());
    return to_text(refused.rejection);
}

}  // namespace

TEST_CASE("message: the contract's example is taken") {
    const Message example = read(contract_example);
    CHECK(to_text(example.rejection).empty());
    CHECK(example.request_id == "2f6c1c9e-6f0b-4f7e-9f5b-0d7f4f6f2f11");
    CHECK(example.action == Action::deploy);
    CHECK(example.target_url == "http://rabbitmq.ncsa.illinois.edu:15672/prod");
    REQUIRE(example.tools.size() == 2);
    for (const ToolCommand& tool : example.tools) CHECK(to_text(tool.findings).empty());
    CHECK(to_label(example.tools[0].key) == "ncsa.image.ocr@" + prod);
    CHECK(to_label(example.tools[1].key) == "bd-matlab@" + prod);
}

TEST_CASE("message: every error of a tool is told at once") {
    CHECK(refusal(R"({"kind": "docker", "imagee": "ncsa/x", "extractor": "amq.x", "min_instances": -1, "max_instances": 3,
                      "name_prefix": "-rm", "backend": "cloud", "scaling": {"dead_band": "ten"},
                      "environment": {"RABBITMQ_URI": "x", "TOKEN": {"secret": "tokn"}}})") ==
          "invalid_field /tools/0/min_instances: must be an integer 0 to 10000, got -1\n"
          "unknown_field /tools/0/imagee: unknown field; did you mean image? Allowed: backend, bindings, command, cpus, "
          "environment, extractor, extractors, force, image, kind, max_instances, min_instances, missing_queue, "
          "name_prefix, options, queue, revision, scaling, tool\n"
          "invalid_field /tools/0/extractor: names that begin with 'amq.' belong to the broker\n"
          "invalid_field /tools/0/name_prefix: must be 1 to 40 letters, digits, '_', '.' or '-', beginning with a letter or digit\n"
          "invalid_field /tools/0/environment/RABBITMQ_URI: is set by the module itself and cannot be given\n"
          "unknown_secret /tools/0/environment/TOKEN/secret: 'tokn' is not among the settings' secrets; known: token\n"
          "invalid_field /tools/0/scaling: dead_band: must be a percentage such as \"10%\"\n"
          "unknown_backend /tools/0/backend: 'cloud' does not run tools of kind docker; known: local-docker\n"
          "missing_field /tools/0/image: is missing; tools of kind docker need it: image reference\n");
}

TEST_CASE("message: counts must agree with each other and with the limit") {
    CHECK(refusal(docker("q", 5, R"("max_instances": 5)")).empty());
    CHECK(refusal(docker("q", 5, R"("max_instances": 4)")) ==
          "invalid_field /tools/0/max_instances: must be at least min_instances (5), got 4\n");
    IntakeContext small = context();
    small.instances_max = 10;
    const auto with_limit = [&](const std::string& tool) {
        return to_text(read(message("deploy", {tool}), small).tools.at(0).findings);
    };
    CHECK(with_limit(docker("q", 10, R"("max_instances": 10)")).empty());
    CHECK(with_limit(docker("q", 11, R"("max_instances": 11)")) == "invalid_field /tools/0/min_instances: must be 0 to 10\n");
    CHECK(with_limit(docker("q", 1)) == "invalid_field /tools/0/max_instances: must be at most 10, got 20 by default\n");
}

TEST_CASE("message: an image must be a reference and must be allowed") {
    const auto with_image = [](const std::string& image) {
        return refusal(R"({"kind":"docker","extractor":"q","min_instances":0,"image":")" + image + R"("})");
    };
    for (const char* good : {"ncsa/ocr", "docker.io/ncsa/ocr:1.4"}) CHECK(with_image(good).empty());
    CHECK(with_image("evil/miner:1") == "image_not_allowed /tools/0/image: docker.io/evil/miner:1 is not among the allowed images: docker.io/ncsa/*\n");
    for (const char* bad : {"", "UPPER/case", "a b", "ncsa/ocr; rm -rf /", "$(x)", "-v"})
        CHECK(with_image(bad).starts_with("invalid_field /tools/0/image: must be an image reference"));
    for (const char* sly : {"evil.org/docker.io/ncsa/ocr", "ncsa.evil/ocr", "docker.io.evil/ncsa/ocr"})
        CHECK(with_image(sly).starts_with("image_not_allowed"));
}

TEST_CASE("message: a plugin's fields may stand under options, but once only") {
    CHECK(refusal(R"({"kind":"docker","extractor":"q","min_instances":0,"options":{"image":"ncsa/ocr"}})").empty());
    CHECK(refusal(docker("q", 0, R"("options":{"image":"evil/x"})")).find("/tools/0/options/image: stands beside the options as well") != std::string::npos);
    CHECK(refusal(R"({"kind":"docker","extractor":"q","min_instances":0,"options":{"image":"evil/x"}})").starts_with("image_not_allowed /tools/0/options/image"));
    CHECK(refusal(docker("q", 0, R"("options":{"nope":1})")) ==
          "unknown_field /tools/0/options/nope: unknown field. Allowed: command, cpus, image\n");
}

TEST_CASE("message: an unmanaged queue, a NUL and a name too long for a label are refused") {
    CHECK(refusal(docker("error.x", 0)) == "queue_unmanaged /tools/0/extractor: matches 'error.*' of the settings' unmanaged.queues\n");
    CHECK(refusal(docker("q", 0, R"("command": ["a\u0000b"])")) == "invalid_field /tools/0/command/0: must not hold a NUL character\n");
    CHECK(refusal(docker(std::string(200, 'x'), 0)).empty());
    CHECK(refusal(docker(std::string(201, 'x'), 0)) == "invalid_field /tools/0/tool: give one of at most 200 bytes; its default is too long\n");
}

TEST_CASE("message: each tool is taken or refused on its own") {
    const Message mixed = read(message("deploy", {docker("good", 1), R"({"kind": "moon"})", docker("fine", 1)}));
    CHECK(mixed.rejection.empty());
    REQUIRE(mixed.tools.size() == 3);
    CHECK(mixed.tools[0].findings.empty());
    CHECK(to_text(mixed.tools[1].findings) == "unknown_kind /tools/1/kind: no backend runs this kind of tool; known: docker, vm\n");
    CHECK(mixed.tools[2].findings.empty());
}

TEST_CASE("message: a tool that stands more than once is refused at each of its places, once") {
    const Message repeated = read(message("deploy", {docker("a", 1), docker("b", 1), docker("a", 2), docker("a", 3)}));
    CHECK(to_text(repeated.tools[0].findings) == "repeated_tool /tools/0: a stands more than once in the message\n");
    CHECK(repeated.tools[1].findings.empty());
    CHECK(to_text(repeated.tools[3].findings) == "repeated_tool /tools/3: a stands more than once in the message\n");
}

TEST_CASE("message: an unknown target names the known ones") {
    CHECK(rejection(R"({"target": "amqp://elsewhere/prod", "tools": [)" + docker("q", 1) + "]}") ==
          "unknown_target /target: amqp://elsewhere:5672/prod is not a target of this module; known: "
          "prod (http://rabbitmq.ncsa.illinois.edu:15672/prod), dev (http://localhost:15672/dev)\n");
}

TEST_CASE("message: credentials in a target are refused and never repeated") {
    for (const char* target : {R"("amqp://guest:hunter2@localhost/dev")", R"("amqp://guest:hunter2/dev")",
                               R"({"protocol":"amqp","host":"guest:hunter2@localhost","port":5672,"virtual_host":"dev"})",
                               R"({"protocol":"amqp","host":"localhost","port":5672,"virtual_host":"dev","password":"hunter2"})"}) {
        const std::string why = rejection(std::string(R"({"target": )") + target + R"(, "tools": [)" + docker("q", 1) + "]}");
        INFO(why);
        CHECK_FALSE(why.empty());
        CHECK(why.find("hunter2") == std::string::npos);
    }
}

TEST_CASE("message: what is wrong with the whole is told together with what is wrong with its tools") {
    CHECK(rejection(R"({"action": "deploy", "colour": 1, "target": "nowhere", "tools": [{"kind": "moon"}]})") ==
          "unknown_field /colour: unknown field. Allowed: action, request_id, schema, target, tools\n"
          "invalid_field /target: must be PROTOCOL://HOST:PORT/VIRTUAL_HOST\n"
          "unknown_kind /tools/0/kind: no backend runs this kind of tool; known: docker, vm\n");
    CHECK(rejection(R"({"action": "explode", "tools": [{}]})") ==
          "invalid_field /action: must be one of \"deploy\", \"remove\", \"pause\", \"resume\", \"describe\", got \"explode\"\n");
}

TEST_CASE("message: what cannot be read is rejected as a whole") {
    CHECK(rejection("").starts_with("invalid_json : 1:1: not valid JSON"));
    CHECK(rejection("[]") == "invalid_field : must be an object\n");
    CHECK(rejection("{}").starts_with("missing_field /tools: is missing"));
    CHECK(rejection(R"({"tools": []})").starts_with("invalid_field /tools: must be an array"));
    CHECK(rejection(R"({"tools": [5]})") == "invalid_field /tools/0: must be an object, got 5\n");
    CHECK(rejection(R"({"schema": "elasticity/deploy/v2", "tools": [{}]})").starts_with("invalid_field /schema"));
    CHECK(rejection(std::string(2 << 20, ' ')) == "message_too_large : must be at most 1048576 bytes, got 2097152\n");
    std::vector<std::string> many(201, "{}");
    CHECK(rejection(message("deploy", many)) == "too_many_tools /tools: must be at most 200 tools, got 201\n");
}

TEST_CASE("message: no target means the one that carries the queue; without one it is refused") {
    const std::string body = R"({"tools": [)" + docker("q", 1) + "]}";
    CHECK(read(body).tools.at(0).key.target == prod);
    CHECK(to_text(read_message(body, {}, context(), "amqp://gone/").rejection).starts_with("missing_field /target: is missing; known: prod"));
}

TEST_CASE("message: the request id comes from the body, else from the envelope") {
    CHECK(read_message(R"({"request_id": "a", "tools": [{}]})", {"b"}, context(), prod).request_id == "a");
    CHECK(read_message(R"({"tools": [{}]})", {"b"}, context(), prod).request_id == "b");
    CHECK(read_message(R"({"tools": [{}]})", {"b\n"}, context(), prod).rejection.at(0).pointer == "/request_id");
    CHECK(read_message(R"({"tools": [{}]})", {std::string(129, 'x')}, context(), prod).request_id.empty());
}

TEST_CASE("message: an action upon a deployed tool needs its name alone") {
    const Message removal = read(message("remove", {R"({"tool": "a", "delete_queue": "if_empty", "force": true})"}));
    REQUIRE(removal.tools.at(0).findings.empty());
    CHECK(removal.tools[0].removal == Removal{DeleteQueue::if_empty, true});
    CHECK(to_text(read(message("pause", {R"({"tol": "a"})"})).tools.at(0).findings) ==
          "missing_field /tools/0/tool: is missing; must be a string of 1 to 200 characters\n"
          "unknown_field /tools/0/tol: unknown field; did you mean tool? Allowed: delete_queue, force, revision, tool\n");
}

TEST_CASE("message: a hostile one is answered, and its answer is bounded") {
    std::string fields;
    for (int i = 0; i < 40'000; ++i) fields += R"("x)" + std::to_string(i) + R"(":1,)";
    const Message wide = read(message("deploy", {"{" + fields + R"("kind":"docker","min_instances":"x"})"}));
    CHECK(wide.tools.at(0).findings.size() <= findings_max);
    CHECK_FALSE(wide.tools.at(0).findings.empty());
    const Message deep = read(message("deploy", {std::string(5'000, '[')}));
    CHECK(deep.rejection.size() == 1);
}

TEST_CASE("message: no mutation of a valid one is left without an answer") {
    std::mt19937 choose(11);
    const IntakeContext with = context();
    const std::string alphabet = "{}[]\",:0-9.eE\\utrnull\xFF\xC3 /";
    for (int round = 0; round < 1'500; ++round) {
        std::string body = contract_example;
        for (auto edits = 1 + choose() % 4; edits > 0; --edits) {
            const std::size_t at = choose() % body.size();
            if (choose() % 2 == 0) body[at] = alphabet[choose() % alphabet.size()];
            else body.erase(at, choose() % 40);
        }
        const Message answer = read(body, with);
        INFO(body);
        REQUIRE(answer.rejection.empty() != answer.tools.empty());
    }
}

TEST_CASE("pattern: a star matches any run, and many stars take no exponential time") {
    CHECK(matches_pattern("docker.io/ncsa/ocr", "docker.io/ncsa/*"));
    CHECK_FALSE(matches_pattern("docker.io/ncsa", "docker.io/ncsa/*"));
    CHECK(matches_pattern("", "*"));
    CHECK(matches_pattern("abc", "a*c"));
    CHECK_FALSE(matches_pattern("abcd", "a*c"));
    CHECK_FALSE(matches_pattern(std::string(2'000, 'a'), "*a*a*a*a*a*a*a*a*b"));
}

TEST_CASE("kinds: a plugin's schema may neither take a field of every tool nor require an unknown one") {
    const auto refusal_of = [](std::string_view schema) {
        const auto table = KindTable::make({{"k", {"b"}}}, {{"b", object(schema)}});
        return table ? "taken" : table.error().message;
    };
    CHECK(refusal_of(R"({"properties": {"queue": {}}})") == "backend b: its spec schema declares 'queue', which is a field of every tool");
    CHECK(refusal_of(R"({"properties": {"target": {}}})") == "backend b: its spec schema declares 'target', which is a field of every tool");
    CHECK(refusal_of(R"({"required": ["x"]})") == "backend b: its spec schema requires a field that it does not declare");
    CHECK(refusal_of(R"({"required": [5], "properties": {}})") == "backend b: its spec schema requires a field that it does not declare");
    CHECK(refusal_of("{}") == "taken");
}
