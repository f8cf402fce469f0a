#include "core/daemon/status_outbox.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <future>

#include "core/daemon/log.hpp"
#include "core/model/json_text.hpp"

namespace elasticity {
namespace json = boost::json;
namespace {

/// Statuses expire at the broker after 30 days (contract, section 3).
constexpr std::uint64_t status_expiration_ms = 30ULL * 24 * 3600 * 1000;

TimePoint wall_clock() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

std::string properties_text(bool ours, const std::optional<ReplyAddress>& answer) {
    json::object properties{{"mandatory", ours}, {"expiration_ms", status_expiration_ms}};
    if (answer && !answer->correlation_id.empty()) properties["correlation_id"] = answer->correlation_id;
    return json::serialize(properties);
}

/// Module, sequence and time stand behind the schema, so that a person who reads the raw message finds them.
std::string status_body(const json::object& status, const std::string& module, std::uint64_t sequence) {
    json::object body;
    body.reserve(status.size() + 3);
    for (const auto& member : status) {
        body.emplace(member.key(), member.value());
        if (member.key() == "schema") body["module"] = module;
        if (member.key() == "generation") {
            body["sequence"] = sequence;
            body["time"] = to_rfc3339(wall_clock());
        }
    }
    return json::serialize(body);
}

rabbitmq::OutboundMessage outbound(const OutboxRow& row) {
    rabbitmq::OutboundMessage message;
    message.id = row.id;
    message.queue = row.queue;
    message.body = row.body;
    const auto properties = parse_json(row.properties);
    if (!properties || !properties->is_object()) return message;
    const json::object& object = properties->get_object();
    if (const json::value* mandatory = object.if_contains("mandatory")) message.mandatory = mandatory->as_bool();
    if (const json::value* expiration = object.if_contains("expiration_ms")) message.expiration_ms = expiration->to_number<std::uint64_t>();
    if (const json::value* id = object.if_contains("correlation_id")) message.correlation_id = id->as_string();
    if (const json::value* type = object.if_contains("content_type")) message.content_type = type->as_string();
    if (const json::value* headers = object.if_contains("headers"))
        for (const auto& header : headers->as_object()) message.headers[std::string(header.key())] = header.value().as_string();
    return message;
}

std::optional<ToolState> state_from(std::string_view text) {
    for (const ToolState state : {ToolState::deploying, ToolState::running, ToolState::degraded, ToolState::failed,
                                  ToolState::paused, ToolState::removing, ToolState::removed})
        if (to_text(state) == text) return state;
    return std::nullopt;
}

/// What was learnt of the workers, for the next life of the daemon.
std::string learnt_text(const ScalingMemory& memory) {
    json::object data;
    if (memory.rates.finished_per_s) data["finished_per_s"] = *memory.rates.finished_per_s;
    json::array boots;
    for (const Millis time : memory.boot_times.last()) boots.emplace_back(time.count());
    if (!boots.empty()) data["boot_ms"] = std::move(boots);
    return json::serialize(data);
}

/// What does not read as expected is learnt anew.
void read_learnt(const std::string& text, ScalingMemory& memory) {
    const auto data = parse_json(text);
    if (!data || !data->is_object()) return;
    if (const json::value* rate = data->get_object().if_contains("finished_per_s"); rate && rate->is_double())
        if (rate->get_double() > 0) memory.rates.finished_per_s = rate->get_double();
    if (const json::value* boots = data->get_object().if_contains("boot_ms"); boots && boots->is_array())
        for (const json::value& time : boots->get_array())
            if (time.is_int64()) memory.boot_times.add(Millis(time.get_int64()));
}

/// What is_news looks at; a status of the listener (accepted, say) is none of the loop's.
std::optional<Status> status_from(const ToolStatusRow& row) {
    const auto state = state_from(row.state);
    const auto body = parse_json(row.body);
    if (!state || !body || !body->is_object()) return std::nullopt;
    Status status;
    status.state = *state;
    status.generation = row.generation;
    status.request_id = row.request_id;
    if (const json::value* errors = body->get_object().if_contains("errors"); errors && errors->is_array())
        for (const json::value& error : errors->get_array())
            if (const json::value* code = error.is_object() ? error.get_object().if_contains("code") : nullptr; code && code->is_string())
                status.errors.push_back({std::string(code->get_string()), "", ""});
    return status;
}

}  // namespace

StatusOutbox::StatusOutbox(JournalThread& journal, std::string module, std::string status_queue)
    : journal_(journal), module_(std::move(module)), status_queue_(std::move(status_queue)) {}

void StatusOutbox::recover(const std::vector<ToolStatusRow>& rows) {
    const std::scoped_lock lock(mutex_);
    for (const ToolStatusRow& row : rows)
        if (const auto key = parse_label(row.tool); key && !row.reply_to.empty())
            replies_[*key] = {row.request_id, row.reply_to, row.correlation_id};
}

void StatusOutbox::remember(const ToolKey& key, ReplyAddress reply) {
    const std::scoped_lock lock(mutex_);
    replies_[key] = std::move(reply);
}

void StatusOutbox::forget(const ToolKey& key) {
    const std::scoped_lock lock(mutex_);
    replies_.erase(key);
}

void StatusOutbox::set_notify(std::function<void()> notify) {
    const std::scoped_lock lock(mutex_);
    notify_ = std::move(notify);
}

void StatusOutbox::set_on_lost(std::function<void(const ToolKey&)> on_lost) {
    on_lost_ = std::move(on_lost);
}

void StatusOutbox::notify() {
    std::function<void()> call;
    {
        const std::scoped_lock lock(mutex_);
        call = notify_;
    }
    if (call) call();
}

OutboxMessage StatusOutbox::message_for(const std::string& queue, const std::string& body,
                                        const std::optional<ReplyAddress>& answer) const {
    return {queue, body, properties_text(queue == status_queue_, answer), to_unix_ms(wall_clock())};
}

StatusEntry StatusOutbox::entry_for(const ToolKey& key, const Status& status, const std::optional<ReplyAddress>& answer) {
    StatusEntry entry;
    entry.tool = to_label(key);
    entry.generation = status.generation;
    entry.state = to_text(status.state);
    entry.request_id = status.request_id;
    entry.created_unix_ms = to_unix_ms(wall_clock());
    entry.destinations.push_back({status_queue_, properties_text(true, answer)});
    if (answer && !answer->reply_to.empty()) entry.destinations.push_back({answer->reply_to, properties_text(false, answer)});
    {
        const std::scoped_lock lock(mutex_);
        if (const auto held = replies_.find(key); held != replies_.end()) {
            entry.reply_to = held->second.reply_to;
            entry.correlation_id = held->second.correlation_id;
        }
    }
    entry.body = [object = to_json(status), module = module_](std::uint64_t sequence) {
        return status_body(object, module, sequence);
    };
    return entry;
}

void StatusOutbox::add(JournalBatch& batch, const std::optional<ToolKey>& key, const Status& status,
                       const std::optional<ReplyAddress>& answer) {
    if (key) {
        batch.statuses.push_back(entry_for(*key, status, answer));
        return;
    }
    const std::string body = status_body(to_json(status), module_, 0);
    batch.outbox.push_back(message_for(status_queue_, body, answer));
    if (answer && !answer->reply_to.empty()) batch.outbox.push_back(message_for(answer->reply_to, body, answer));
}

void StatusOutbox::publish(const ToolKey& key, const Status& status) {
    std::optional<ReplyAddress> answer;
    {
        const std::scoped_lock lock(mutex_);
        const auto held = replies_.find(key);
        if (held != replies_.end() && held->second.request_id == status.request_id) answer = held->second;
    }
    JournalBatch batch;
    add(batch, key, status, answer);
    log_line(status.state == ToolState::failed || status.state == ToolState::degraded ? LogLevel::warning : LogLevel::info,
             "tool " + key.tool, std::string(to_text(status.state)) + ": " + status.reason);
    journal_.submit(std::move(batch), [this, key](const Result<CommittedBatch>& done) {
        if (done) return notify();
        log_line(LogLevel::error, "journal", "a status of " + key.tool + " cannot be kept, and is told again: " + done.error().message);
        on_lost_(key);
    });
}

rabbitmq::OutboxSource StatusOutbox::source() {
    rabbitmq::OutboxSource source;
    source.fetch = [this](std::int64_t after_id, std::size_t limit) -> Result<std::vector<rabbitmq::OutboundMessage>> {
        std::promise<Result<std::vector<OutboxRow>>> answer;
        journal_.fetch_outbox(after_id, limit, [&](Result<std::vector<OutboxRow>> rows) { answer.set_value(std::move(rows)); });
        const auto rows = answer.get_future().get();
        if (!rows) return rows.error();
        std::vector<rabbitmq::OutboundMessage> messages;
        for (const OutboxRow& row : *rows) messages.push_back(outbound(row));
        return messages;
    };
    source.remove = [this](std::span<const std::int64_t> ids) -> Result<void> {
        JournalBatch batch;
        batch.confirmed_ids.assign(ids.begin(), ids.end());
        std::promise<Result<CommittedBatch>> answer;
        journal_.submit(std::move(batch), [&](Result<CommittedBatch> done) { answer.set_value(std::move(done)); });
        const auto done = answer.get_future().get();
        if (!done) return done.error();
        return {};
    };
    return source;
}

void LoopJournal::commit(JournalEntry entry, CallToken token) {
    JournalBatch batch;
    for (const JournalEntry::Opened& opened : entry.opened)
        batch.opened.push_back({opened.intent.key, to_label(opened.tool), opened.intent.backend, opened.intent.key,
                                std::to_string(opened.spec_hash), to_unix_ms(opened.intent.created), false});
    batch.accepted_keys = std::move(entry.accepted_keys);
    batch.closed_keys = std::move(entry.closed_keys);
    for (const JournalEntry::Memory& memory : entry.memories)
        batch.memories.push_back({to_label(memory.tool), memory.key_counter,
                                  memory.scaling.last_up ? to_unix_ms(*memory.scaling.last_up) : 0,
                                  memory.scaling.last_down ? to_unix_ms(*memory.scaling.last_down) : 0,
                                  learnt_text(memory.scaling)});
    for (const ToolKey& key : entry.forgotten) batch.forgotten_tools.push_back(to_label(key));
    journal_.submit(std::move(batch), [post = post_, token](Result<CommittedBatch> done) {
        Result<> outcome;
        if (!done) outcome = done.error();
        post([token, outcome](ControlLoop& loop) { loop.on_journaled(token, outcome); });
    });
}

Recovered recover_loop(const JournalContents& contents) {
    Recovered recovered;
    const auto key_of = [](const std::string& label) {
        auto key = parse_label(label);
        if (!key) log_line(LogLevel::warning, "journal", "a row names no tool: " + label);
        return key;
    };
    for (const IntentRow& row : contents.intents)
        if (const auto key = key_of(row.tool))
            recovered.intents.push_back({*key, {row.key, row.backend, from_unix_ms(row.created_unix_ms), row.accepted, false, false}});
    for (const ToolMemoryRow& row : contents.memories)
        if (const auto key = key_of(row.tool)) {
            JournalEntry::Memory memory{*key, row.key_counter, {}};
            if (row.last_up_unix_ms > 0) memory.scaling.last_up = from_unix_ms(row.last_up_unix_ms);
            if (row.last_down_unix_ms > 0) memory.scaling.last_down = from_unix_ms(row.last_down_unix_ms);
            read_learnt(row.data, memory.scaling);
            recovered.memories.push_back(std::move(memory));
        }
    for (const ToolStatusRow& row : contents.statuses)
        if (const auto key = key_of(row.tool))
            if (const auto status = status_from(row)) recovered.statuses.emplace(*key, *status);
    return recovered;
}

}  // namespace elasticity
