#include "core/daemon/desired_store.hpp"

#include "core/daemon/log.hpp"
#include "core/state/merge.hpp"
#include "core/state/tools_text.hpp"

namespace elasticity {
namespace {

std::string joined(const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings) text += (text.empty() ? "" : "\n") + finding.message;
    return text;
}

}  // namespace

DesiredStore::DesiredStore(ToolsFile file, IntakeContext context, OnChange on_change)
    : file_(std::move(file)), context_(std::make_shared<const IntakeContext>(std::move(context))), on_change_(std::move(on_change)) {}

DesiredStore::State DesiredStore::current() const {
    const std::scoped_lock lock(mutex_);
    return state_;
}

std::shared_ptr<const IntakeContext> DesiredStore::context() const {
    const std::scoped_lock lock(mutex_);
    return context_;
}

void DesiredStore::set_kinds(KindTable kinds) {
    const std::scoped_lock lock(mutex_);
    IntakeContext next = *context_;
    next.kinds = std::move(kinds);
    context_ = std::make_shared<const IntakeContext>(std::move(next));
}

Result<std::string> DesiredStore::load(bool accept) {
    const std::scoped_lock lock(mutex_);
    const auto text = file_.read();
    if (!text) return text.error();
    auto why = start_from(*text, accept);
    if (!why || !why->empty()) return why;
    if (const auto done = take_displaced(); !done) return done.error();
    on_change_(state_);
    return std::string();
}

/// Why the file at the start must not be acted upon.
Result<std::string> DesiredStore::untrusted(const std::optional<ToolsText>& text, std::uint64_t newest) const {
    if (newest == 0) return std::string();
    if (!text) return std::string("tools.json is missing, although generation ") + std::to_string(newest) + " is in its history";
    const auto generation = generation_of(text->text);
    if (generation && *generation < newest)
        return "tools.json holds generation " + std::to_string(*generation) + ", although generation " +
               std::to_string(newest) + " is in its history";
    const auto last = file_.history().read(newest);
    if (!last) return last.error();
    const ParsedTools before = parse_tools(*last, *context_, Author::module);
    const ParsedTools now = parse_tools(text->text, *context_, Author::module);
    if (now.findings.empty() && now.state.tools().empty() && !before.state.tools().empty())
        return "tools.json names no tool, although generation " + std::to_string(newest) + " held " +
               std::to_string(before.state.tools().size());
    return std::string();
}

Result<std::string> DesiredStore::start_from(const std::optional<ToolsText>& text, bool accept) {
    const auto newest = file_.history().newest();
    if (!newest) return newest.error();
    const std::uint64_t generation = *newest ? (*newest)->generation : 0;
    auto why = untrusted(text, generation);
    if (!why) return why.error();
    if (!why->empty() && !accept) return why;
    if (text) expected_ = text->fingerprint;

    if (!why->empty() || generation == 0) {
        // What stands there is the wish: of a person who said so, or of a first start.
        if (!text && generation == 0) return std::string();
        ParsedTools parsed = text ? parse_tools(text->text, *context_) : ParsedTools{};
        if (!parsed.findings.empty()) return Error{ErrorKind::invalid, joined(parsed.findings)};
        parsed.state.generation = generation + 1;
        if (const auto done = commit(std::move(parsed.state)); !done) return done.error();
        return std::string();
    }
    const auto truth = file_.history().read(generation);
    if (!truth) return truth.error();
    ParsedTools parsed = parse_tools(*truth, *context_, Author::module);
    if (!parsed.findings.empty()) return Error{ErrorKind::internal, "history: " + joined(parsed.findings)};
    state_ = std::make_shared<const DesiredState>(std::move(parsed.state));
    if (text->text == *truth) return std::string();
    const auto told = take_edit(text->text);
    if (!told) return told.error();
    if (!told->empty()) log_line(LogLevel::warning, "tools.json", *told);
    return std::string();
}

/// Makes `next` durable, then puts it in force. A hand edit that was saved at the same moment is merged on top.
Result<> DesiredStore::commit(DesiredState next, const std::function<void()>& on_durable) {
    auto outcome = file_.commit(expected_, to_text(next), next.generation);
    if (!outcome) return outcome.error();
    expected_ = outcome->fingerprint;
    state_ = std::make_shared<const DesiredState>(std::move(next));
    if (outcome->tidy_error) log_line(LogLevel::warning, "tools.json", outcome->tidy_error->message);
    if (on_durable) on_durable();
    on_change_(state_);
    if (outcome->displaced_text) {
        const auto told = take_edit(*outcome->displaced_text);
        if (!told) return told.error();
        if (!told->empty()) log_line(LogLevel::warning, "tools.json", *told);
    }
    return {};
}

Result<std::string> DesiredStore::refuse(const std::string& text, const std::string& why) {
    refused_ = fingerprint_of(text);
    if (const auto kept = file_.set_aside_rejected(text, why); !kept) return kept.error();
    return "a hand edit was refused and kept as tools.json.rejected; the last good state stays in force: " + why;
}

Result<std::string> DesiredStore::take_edit(const std::string& text) {
    const ParsedTools edited = parse_tools(text, *context_);
    if (!edited.findings.empty()) return refuse(text, joined(edited.findings));
    if (edited.state.tools().empty() && !state_->tools().empty())
        return refuse(text, "it names no tool; remove tools one by one, or run with --accept-empty");
    DesiredState base = *state_;
    if (edited.state.generation != state_->generation) {
        const auto base_text = file_.history().read(edited.state.generation);
        if (!base_text)
            return refuse(text, "it carries generation " + std::to_string(edited.state.generation) + ", which is not kept; begin with the present file");
        base = parse_tools(*base_text, *context_, Author::module).state;
    }
    Merged merged = merge_hand_edit(base, edited.state, *state_, state_->generation + 1);
    if (!merged.conflicts.empty()) return refuse(text, joined(merged.conflicts));
    if (!merged.changed) return std::string();
    merged.state.generation = state_->generation + 1;
    if (const auto done = commit(std::move(merged.state)); !done) return done.error();
    return "took over a hand edit as generation " + std::to_string(state_->generation);
}

Result<> DesiredStore::apply(std::span<const Request> requests, const OnDurable& on_durable) {
    const std::scoped_lock lock(mutex_);
    Committed committed;
    DesiredState next = *state_;
    const std::uint64_t generation = state_->generation + 1;
    bool changed = false;
    for (const Request& request : requests) {
        committed.results.push_back(elasticity::apply(next, *request.message, request.request_id, generation));
        for (const Applied& applied : committed.results.back()) changed = changed || applied.verdict == Verdict::accepted;
    }
    const auto tell = [&] {
        committed.state = state_;
        on_durable(committed);
    };
    if (!changed) {
        // That these requests came is made durable by the next commit, before which they could undo nothing.
        state_ = std::make_shared<const DesiredState>(std::move(next));
        tell();
        return {};
    }
    next.generation = generation;
    return commit(std::move(next), tell);
}

Result<> DesiredStore::forget(const ToolKey& key) {
    const std::scoped_lock lock(mutex_);
    DesiredState next = *state_;
    if (!elasticity::forget(next, key)) return {};
    next.generation = state_->generation + 1;
    return commit(std::move(next));
}

/// Merges what earlier commits displaced and could not read in time.
Result<> DesiredStore::take_displaced() {
    for (;;) {
        const auto displaced = file_.take_displaced();
        if (!displaced) return displaced.error();
        if (!*displaced) return {};
        const auto told = take_edit(**displaced);
        if (!told) return told.error();
        if (!told->empty()) log_line(LogLevel::warning, "tools.json", *told);
    }
}

Result<std::string> DesiredStore::check_file() {
    const std::scoped_lock lock(mutex_);
    if (const auto done = take_displaced(); !done) return done.error();
    const auto text = file_.read();
    if (!text) return text.error();
    if (!*text) return std::string("is missing; the last good state stays in force, and the next change writes it again");
    if (expected_ == (*text)->fingerprint || refused_ == (*text)->fingerprint) return std::string();
    const auto before = expected_;
    expected_ = (*text)->fingerprint;
    auto told = take_edit((*text)->text);
    if (!told) expected_ = before;
    return told;
}

}  // namespace elasticity
