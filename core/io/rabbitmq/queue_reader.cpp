#include "core/io/rabbitmq/queue_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/io/rabbitmq/connection.hpp"
#include "core/io/rabbitmq/declare_pipeline.hpp"
#include "core/io/rabbitmq/message_encoder.hpp"

namespace elasticity::rabbitmq {

using std::chrono::steady_clock;

class QueueReader::Rounds {
public:
    Rounds(SessionSettings session, ReaderSettings settings, OnBatch on_batch)
        : settings_(settings),
          on_batch_(std::move(on_batch)),
          thread_(
              std::move(session), "reader", [this](Connection& connection) { return run(connection); },
              [this](const Error& error) { report_unavailable(error); }) {}

    void start() { thread_.start(); }
    void stop();
    void watch(std::vector<std::string> added, std::vector<std::string> removed);
    void read_now(std::string queue, OnCounts on_counts);

private:
    struct Watched {
        QueueCounts last;
        std::chrono::milliseconds wait{0};  ///< between two questions, while it is missing
        steady_clock::time_point ask_again{};
    };
    struct Question {
        std::string queue;
        OnCounts on_counts;
    };

    SessionEnd run(Connection& connection);
    Result<void> step(Connection& connection, DeclarePipeline& pipeline);
    Result<void> wait(Connection& connection);
    void apply_changes();
    Result<void> answer_questions(DeclarePipeline& pipeline);
    Result<void> read_all(DeclarePipeline& pipeline);
    Result<void> read(DeclarePipeline& pipeline, const std::vector<std::string>& queues, size_t outstanding,
                      steady_clock::time_point began);
    void remember(QueueCounts counts, steady_clock::time_point now);
    void report_unavailable(const Error& error);
    std::vector<Question> take_questions();

    const ReaderSettings settings_;
    const OnBatch on_batch_;

    std::mutex mutex_;
    std::vector<std::string> added_;    // guarded by mutex_
    std::vector<std::string> removed_;  // guarded by mutex_
    std::vector<Question> questions_;   // guarded by mutex_
    bool stopped_ = false;              // guarded by mutex_

    std::map<std::string, Watched> watched_;
    steady_clock::time_point next_round_{};
    SessionThread thread_;
};

void QueueReader::Rounds::stop() {
    thread_.stop(std::chrono::seconds(2));
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    for (const Question& question : take_questions()) {
        question.on_counts(Error{ErrorKind::unavailable, "the queue reader has stopped"});
    }
}

void QueueReader::Rounds::watch(std::vector<std::string> added, std::vector<std::string> removed) {
    {
        const std::lock_guard lock(mutex_);
        // Later changes win, so that what is removed now is no longer among the earlier additions.
        for (std::string& queue : removed) {
            std::erase(added_, queue);
            removed_.push_back(std::move(queue));
        }
        for (std::string& queue : added) {
            std::erase(removed_, queue);
            added_.push_back(std::move(queue));
        }
    }
    thread_.wake().notify();
}

void QueueReader::Rounds::read_now(std::string queue, OnCounts on_counts) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopped_) {
            questions_.push_back({std::move(queue), std::move(on_counts)});
            thread_.wake().notify();
            return;
        }
    }
    on_counts(Error{ErrorKind::unavailable, "the queue reader has stopped"});
}

SessionEnd QueueReader::Rounds::run(Connection& connection) {
    DeclarePipeline pipeline(connection);
    auto done = pipeline.open();
    if (!done.has_error()) thread_.tell(EventKind::connected, connection.name() + ": reads queues");
    while (!done.has_error() && !thread_.stopping()) done = step(connection, pipeline);
    return {{EventKind::disconnected, done.has_error() ? done.error().message : "stopped"}};
}

Result<void> QueueReader::Rounds::step(Connection& connection, DeclarePipeline& pipeline) {
    apply_changes();
    if (auto done = answer_questions(pipeline); done.has_error()) return done;
    const auto now = steady_clock::now();
    if (!watched_.empty() && now >= next_round_) {
        next_round_ = std::max(next_round_ + settings_.interval, now);
        return read_all(pipeline);
    }
    return wait(connection);
}

/// Until the next round, or until another thread wants something; answers the broker meanwhile.
Result<void> QueueReader::Rounds::wait(Connection& connection) {
    using std::chrono::milliseconds;
    const auto left = watched_.empty() ? milliseconds(std::chrono::minutes(1))
                                       : std::chrono::ceil<milliseconds>(next_round_ - steady_clock::now());
    amqp_frame_t frame{};
    auto outcome = connection.wait_frame(frame, left, &thread_.wake());
    if (outcome.has_error()) return outcome.error();
    if (*outcome == WaitOutcome::woken) thread_.wake().clear();
    if (*outcome != WaitOutcome::frame) return {};
    if (auto closed = connection.closed_by(frame)) return *closed;
    connection.release(frame.channel);
    return {};
}

void QueueReader::Rounds::apply_changes() {
    const std::lock_guard lock(mutex_);
    for (const std::string& queue : removed_) watched_.erase(queue);
    for (const std::string& queue : added_) watched_.try_emplace(queue);
    removed_.clear();
    added_.clear();
}

std::vector<QueueReader::Rounds::Question> QueueReader::Rounds::take_questions() {
    const std::lock_guard lock(mutex_);
    return std::exchange(questions_, {});
}

Result<void> QueueReader::Rounds::answer_questions(DeclarePipeline& pipeline) {
    const std::vector<Question> questions = take_questions();
    if (questions.empty()) return {};
    std::vector<std::string> queues;
    for (const Question& question : questions) queues.push_back(question.queue);
    auto answers = pipeline.ask(queues, 1, steady_clock::now() + settings_.round_timeout);
    for (size_t i = 0; i < questions.size(); ++i) {
        if (answers.has_error()) {
            questions[i].on_counts(answers.error());
        } else {
            questions[i].on_counts((*answers)[i]);
        }
    }
    if (answers.has_error()) return answers.error();
    return {};
}

Result<void> QueueReader::Rounds::read_all(DeclarePipeline& pipeline) {
    const auto began = steady_clock::now();
    std::vector<std::string> present;
    std::vector<std::string> missing;
    for (const auto& [queue, watched] : watched_) {
        if (watched.last.state != QueueState::missing) {
            present.push_back(queue);
        } else if (began >= watched.ask_again) {
            missing.push_back(queue);
        }
    }
    if (auto done = read(pipeline, present, DeclarePipeline::outstanding_max, began); done.has_error())
        return done;
    if (auto done = read(pipeline, missing, 1, began); done.has_error()) return done;
    CountsBatch batch;
    batch.began = began;
    batch.queues.reserve(watched_.size());
    for (const auto& [queue, watched] : watched_) batch.queues.push_back(watched.last);
    batch.took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - began);
    on_batch_(std::move(batch));
    return {};
}

Result<void> QueueReader::Rounds::read(DeclarePipeline& pipeline, const std::vector<std::string>& queues,
                                       size_t outstanding, steady_clock::time_point began) {
    auto answers = pipeline.ask(queues, outstanding, began + settings_.round_timeout);
    if (answers.has_error()) return answers.error();
    for (QueueCounts& counts : *answers) remember(std::move(counts), began);
    return {};
}

void QueueReader::Rounds::remember(QueueCounts counts, steady_clock::time_point now) {
    Watched& watched = watched_[counts.queue];
    if (counts.state == QueueState::missing) {
        watched.wait = std::clamp(watched.wait * 2, settings_.interval,
                                  std::max(settings_.interval, settings_.missing_wait_max));
        watched.ask_again = now + watched.wait;
    } else {
        watched.wait = std::chrono::milliseconds(0);
    }
    watched.last = std::move(counts);
}

void QueueReader::Rounds::report_unavailable(const Error& error) {
    for (const Question& question : take_questions()) question.on_counts(error);
    CountsBatch batch;
    batch.unavailable = error;
    batch.began = steady_clock::now();
    on_batch_(std::move(batch));
}

QueueReader::QueueReader(SessionSettings session, ReaderSettings settings, OnBatch on_batch)
    : rounds_(std::make_unique<Rounds>(std::move(session), settings, std::move(on_batch))) {}

QueueReader::~QueueReader() {
    stop();
}

void QueueReader::start() {
    rounds_->start();
}

void QueueReader::stop() {
    rounds_->stop();
}

void QueueReader::watch(std::vector<std::string> added, std::vector<std::string> removed) {
    rounds_->watch(std::move(added), std::move(removed));
}

void QueueReader::read_now(std::string queue, OnCounts on_counts) {
    rounds_->read_now(std::move(queue), std::move(on_counts));
}

}  // namespace elasticity::rabbitmq
