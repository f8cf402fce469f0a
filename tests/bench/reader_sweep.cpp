// Sweeps over many queues as the product does.
//     elasticity-bench-reader-sweep AMQP_PORT MANAGEMENT_PORT COUNT
// A line of standard input is a sweep: "first" as if nothing was known of any queue, "later" as the reader asks
// once it knows which are missing, "get N" asks the management API about the first N queues, one by one.
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/declare_pipeline.hpp"
#include "core/io/rabbitmq/http_get.hpp"
#include "tests/bench/sweep.hpp"

using namespace elasticity;
using namespace elasticity::rabbitmq;
using elasticity::bench::Sweep;

namespace {

constexpr std::chrono::seconds sweep_timeout{60};

template <class T>
T or_throw(Result<T> result) {
    if (result.has_error()) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class Reader {
public:
    Reader(uint16_t port, std::vector<std::string> queues) : all_(std::move(queues)) {
        Endpoint endpoint;
        endpoint.host = "127.0.0.1";
        endpoint.port = port;
        connection_ = or_throw(Connection::open(endpoint, "bench", "sweep"));
        pipeline_.emplace(*connection_);
        or_throw(pipeline_->open());
    }

    Sweep first() {
        Sweep sweep;
        present_.clear();
        missing_.clear();
        ask(all_, DeclarePipeline::outstanding_max, sweep);
        return sweep;
    }

    Sweep later() {
        Sweep sweep;
        const std::vector<std::string> present = std::exchange(present_, {});
        const std::vector<std::string> missing = std::exchange(missing_, {});
        ask(present, DeclarePipeline::outstanding_max, sweep);
        ask(missing, 1, sweep);
        return sweep;
    }

private:
    void ask(const std::vector<std::string>& queues, size_t outstanding, Sweep& sweep) {
        const std::uint64_t sent_before = pipeline_->frames_sent();
        const auto deadline = std::chrono::steady_clock::now() + sweep_timeout;
        for (QueueCounts& counts : or_throw(pipeline_->ask(queues, outstanding, deadline))) {
            const bool is_missing = counts.state == QueueState::missing;
            ++(is_missing ? sweep.missing : sweep.present);
            (is_missing ? missing_ : present_).push_back(std::move(counts.queue));
        }
        sweep.frames_sent += pipeline_->frames_sent() - sent_before;
    }

    std::vector<std::string> all_;
    std::vector<std::string> present_;
    std::vector<std::string> missing_;
    std::unique_ptr<Connection> connection_;
    std::optional<DeclarePipeline> pipeline_;
};

Sweep get_one_by_one(HttpGet& http, const std::string& base, const std::vector<std::string>& queues, size_t count) {
    Sweep sweep;
    for (size_t i = 0; i < count; ++i) {
        const long status = or_throw(http.get(base + "/api/queues/%2F/" + queues[i])).status;
        if (status != 200 && status != 404) throw std::runtime_error("HTTP status " + std::to_string(status));
        ++(status == 200 ? sweep.present : sweep.missing);
    }
    return sweep;
}

int run(char** arguments) {
    const auto queues = bench::sweep_queues(std::stoul(arguments[3]));
    const std::string base = std::string("http://127.0.0.1:") + arguments[2];
    Reader reader(static_cast<uint16_t>(std::stoul(arguments[1])), queues);
    HttpOptions login;
    login.username = "guest";
    login.password = Secret{"guest"};
    HttpGet http(login);
    return bench::answer_lines([&](const std::string& line) {
        if (line == "first\n") return reader.first();
        if (line == "later\n") return reader.later();
        if (line.starts_with("get ")) return get_one_by_one(http, base, queues, std::stoul(line.substr(4)));
        throw std::runtime_error("unknown sweep " + line);
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s AMQP_PORT MANAGEMENT_PORT COUNT\n", argv[0]);
        return 2;
    }
    try {
        return run(argv);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "reader sweep: %s\n", problem.what());
        return 1;
    }
}
