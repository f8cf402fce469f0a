#include "core/daemon/deploy_handler.hpp"

#include <sys/random.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <future>
#include <stdexcept>

#include "core/daemon/log.hpp"
#include "core/model/names.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

/// 128 random bits in the form of a UUID (RFC 4122, version 4).
std::string fresh_request_id() {
    std::array<unsigned char, 16> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw std::runtime_error("the kernel gives no random numbers");
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
    std::string id;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
        id += "0123456789abcdef"[bytes[i] >> 4];
        id += "0123456789abcdef"[bytes[i] & 0x0F];
    }
    return id;
}

ToolState state_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::accepted: return ToolState::accepted;
        case Verdict::unchanged:
        case Verdict::described: return ToolState::unchanged;
        case Verdict::rejected: return ToolState::rejected;
    }
    __builtin_unreachable();
}

std::string summary(const Findings& findings) {
    std::string text = findings.front().pointer.empty() ? "" : findings.front().pointer + ": ";
    text += findings.front().message;
    if (findings.size() > 1) text += " (and " + std::to_string(findings.size() - 1) + " more)";
    return text;
}

/// What the dead-letter queue shows: the original bytes, and why they ended there.
OutboxMessage dead_letter(const rabbitmq::Delivery& delivery, const std::string& queue, const std::string& reason) {
    json::object headers{{"x-elasticity-reason", reason}};
    if (is_printable_name(delivery.message_id)) headers["x-original-message-id"] = delivery.message_id;
    const json::object properties{{"mandatory", true}, {"content_type", "application/octet-stream"}, {"headers", headers}};
    const auto now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    return {queue, delivery.body, json::serialize(properties), to_unix_ms(now)};
}

}  // namespace

struct DeployHandler::Incoming {
    const rabbitmq::Delivery* delivery = nullptr;
    Message message;
    std::string request_id;
    std::optional<ReplyAddress> reply;
};

DeployHandler::Incoming DeployHandler::read(const rabbitmq::Delivery& delivery) const {
    Incoming incoming{&delivery, {}, {}, {}};
    const auto context = with_.store.context();
    if (delivery.too_large)
        incoming.message.rejection = {{"message_too_large", "",
                                       "must be at most " + std::to_string(context->message_bytes_max) +
                                           " bytes, got " + std::to_string(delivery.body_bytes)}};
    else
        incoming.message = read_message(delivery.body, {delivery.message_id}, *context, with_.default_target_id);
    incoming.request_id = incoming.message.request_id.empty() ? fresh_request_id() : incoming.message.request_id;
    if (is_printable_name(delivery.reply_to))
        incoming.reply = ReplyAddress{incoming.request_id, delivery.reply_to, delivery.correlation_id};
    if (incoming.message.action == Action::describe && !incoming.reply && incoming.message.rejection.empty()) {
        incoming.message.rejection = {{"missing_field", "", "describe answers to the message's reply_to, which is missing"}};
        incoming.message.tools.clear();
    }
    return incoming;
}

void DeployHandler::reject(const Incoming& incoming, JournalBatch& batch) {
    const Findings& findings = incoming.message.rejection;
    Status status;
    status.request_id = incoming.request_id;
    status.target_url = incoming.message.target_url;
    status.state = ToolState::rejected;
    status.reason = summary(findings);
    status.errors = findings;
    with_.outbox.add(batch, std::nullopt, status, incoming.reply);
    batch.outbox.push_back(dead_letter(*incoming.delivery, with_.dead_letter_queue, status.reason));
    log_line(LogLevel::warning, "deploy", "refused a message: " + status.reason);
}

void DeployHandler::describe(const Incoming& incoming, const Applied& applied) {
    const auto command = std::find_if(incoming.message.tools.begin(), incoming.message.tools.end(),
                                      [&](const ToolCommand& each) { return each.name == applied.tool; });
    const auto answer = [this, request_id = incoming.request_id, reply = *incoming.reply](json::object description) {
        json::object body{{"schema", "elasticity/description/v1"}, {"request_id", request_id}};
        for (const auto& member : description) body.insert(member);
        JournalBatch batch;
        json::object properties{{"mandatory", false}};
        if (!reply.correlation_id.empty()) properties["correlation_id"] = reply.correlation_id;
        const auto now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
        batch.outbox.push_back({reply.reply_to, json::serialize(body), json::serialize(properties), to_unix_ms(now)});
        with_.journal.submit(std::move(batch), [this](Result<CommittedBatch> done) {
            if (!done) log_line(LogLevel::error, "journal", "a description is lost: " + done.error().message);
            with_.outbox.notify();
        });
    };
    with_.describe(command->key, answer);
}

void DeployHandler::answer(const Incoming& incoming, const std::vector<Applied>& results, const DesiredState& state,
                           JournalBatch& batch) {
    for (std::size_t i = 0; i < results.size(); ++i) {
        const Applied& applied = results[i];
        const ToolCommand& command = incoming.message.tools[i];
        if (applied.verdict == Verdict::described) {
            describe(incoming, applied);
            continue;
        }
        const HeldTool* held = command.key.tool.empty() ? nullptr : state.find(command.key);
        Status status;
        status.request_id = incoming.request_id;
        status.generation = held ? held->entry.generation : state.generation;
        status.target_url = incoming.message.target_url;
        status.tool = applied.tool;
        status.state = state_of(applied.verdict);
        status.reason = applied.reason;
        status.errors = applied.findings;
        if (held) {
            status.kind = held->entry.fields.at("kind").as_string();
            status.extractors = extractors_of(held->entry);
        }
        const std::optional<ToolKey> key = held ? std::optional(command.key) : std::nullopt;
        if (applied.verdict == Verdict::accepted) {
            // Later statuses of this request go to whoever asked for it, and to nobody when nobody wants them.
            if (incoming.reply) with_.outbox.remember(command.key, *incoming.reply);
            else with_.outbox.forget(command.key);
        }
        with_.outbox.add(batch, key, status, incoming.reply);
        log_line(applied.verdict == Verdict::rejected ? LogLevel::warning : LogLevel::info, "deploy",
                 applied.tool + ": " + std::string(to_text(status.state)) + ": " + applied.reason);
    }
}

JournalBatch DeployHandler::answers(const std::vector<Incoming>& batch, const DesiredStore::Committed& committed) {
    JournalBatch answers;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!batch[i].message.rejection.empty()) reject(batch[i], answers);
        else answer(batch[i], committed.results[i], *committed.state, answers);
    }
    return answers;
}

rabbitmq::PendingVerdict DeployHandler::handle(std::span<const rabbitmq::Delivery> deliveries) {
    std::vector<Incoming> batch;
    for (const rabbitmq::Delivery& delivery : deliveries) batch.push_back(read(delivery));
    std::vector<DesiredStore::Request> requests;
    for (const Incoming& incoming : batch) requests.push_back({&incoming.message, incoming.request_id});

    // The answers are handed to the journal before the control loop learns of the change, so that "accepted" has
    // a lower sequence than what the loop reports.
    // Shared: a hand edit found by the commit may fail it after the answers were handed over.
    const auto verdict = std::make_shared<std::promise<rabbitmq::BatchVerdict>>();
    const auto committed = with_.store.apply(requests, [&](const DesiredStore::Committed& applied) {
        with_.journal.submit(answers(batch, applied), [this, verdict](const Result<CommittedBatch>& done) {
            if (!done) log_line(LogLevel::error, "deploy", "messages wait, because their answers cannot be kept: " + done.error().message);
            with_.outbox.notify();
            verdict->set_value(done ? rabbitmq::BatchVerdict::acknowledge : rabbitmq::BatchVerdict::retry_later);
        });
    });
    if (!committed) {
        log_line(LogLevel::error, "deploy", "messages wait, because the desired state cannot be written: " + committed.error().message);
        return rabbitmq::BatchVerdict::retry_later;
    }
    return verdict->get_future();
}

}  // namespace elasticity
