// A worker: takes jobs from a RabbitMQ queue, one at a time, and acknowledges each after its work.
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "broker.hpp"
#include "job.hpp"

namespace example {
namespace {

std::string environment(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : otherwise;
}

std::string required_environment(const char* name) {
    std::string value = environment(name, "");
    if (value.empty()) {
        throw std::runtime_error(std::string(name) + " is not set");
    }
    return value;
}

BrokerSettings read_settings() {
    return {required_environment("RABBITMQ_URI"),
            required_environment("RABBITMQ_QUEUE"),
            environment("RABBITMQ_VHOST", ""),
            environment("RABBITMQ_EXCHANGE", ""),
            environment("RESULTS_QUEUE", ""),
            environment("RABBITMQ_CA_FILE", "/etc/ssl/certs/ca-certificates.crt")};
}

std::string worker_name() {
    char host[65] = {};
    gethostname(host, sizeof host - 1);
    return std::string(host) + "-" + std::to_string(getpid());
}

/// SIGTERM and SIGINT become readable input, so that they never interrupt the message in hand.
int open_stop_descriptor() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    const int descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
    if (descriptor < 0) {
        throw std::runtime_error("signalfd failed");
    }
    return descriptor;
}

/// The result is safe before the message is acknowledged: a crash in between repeats a job and loses none.
void handle(Broker& broker, const Delivery& delivery, const std::string& worker) {
    const std::optional<Job> job = parse_job(delivery.body);
    if (!job) {
        std::cerr << "not a job, rejected: a message of " << delivery.body.size() << " bytes\n";
        broker.reject(delivery);
        return;
    }
    std::this_thread::sleep_for(job->work);  // The work itself.
    broker.publish_result(result_text(*job, worker, std::chrono::system_clock::now()));
    broker.acknowledge(delivery);
}

void run() {
    const int stop_descriptor = open_stop_descriptor();
    Broker broker(read_settings());
    const std::string worker = worker_name();
    std::cerr << worker << " waits for jobs\n";
    while (const std::optional<Delivery> delivery = broker.next(stop_descriptor)) {
        handle(broker, *delivery, worker);
    }
    broker.stop_consuming();
    broker.close();
    std::cerr << worker << " was asked to stop\n";
}

}  // namespace
}  // namespace example

int main() {
    try {
        example::run();
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return EXIT_FAILURE;
    }
}
