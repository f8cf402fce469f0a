#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/intake/message.hpp"
#include "core/io/state/tools_file.hpp"
#include "core/state/apply.hpp"
#include "core/state/desired_state.hpp"

namespace elasticity {

/// The desired state in memory and in tools.json, always the same: a change is in force only when it is durable.
///
/// Threads: any; one change at a time. `on_change` runs on the thread of the change, and must not block.
class DesiredStore {
public:
    using State = std::shared_ptr<const DesiredState>;
    using OnChange = std::function<void(State)>;

    DesiredStore(ToolsFile file, IntakeContext context, OnChange on_change);

    /// Reads the file at the start. Returns why it cannot be trusted (lost, emptied, older than its history), or ""
    /// when the state is in force. `accept` takes what is there for the wish all the same.
    Result<std::string> load(bool accept);

    struct Request {
        const Message* message = nullptr;
        std::string request_id;
    };
    struct Committed {
        std::vector<std::vector<Applied>> results;  ///< of each request, of each of its tools
        State state;
    };
    using OnDurable = std::function<void(const Committed&)>;

    /// Applies the requests in order, in one commit. On an error nothing was changed.
    ///
    /// `on_durable` runs on this thread once the change is durable and before `on_change`: whoever answers the
    /// requests there does it before the control loop can report on their tools.
    Result<> apply(std::span<const Request> requests, const OnDurable& on_durable);

    /// Takes out a tool whose removal is complete.
    Result<> forget(const ToolKey& key);

    /// Looks whether a person has changed the file, and merges or refuses the edit. Returns what to tell, or "".
    Result<std::string> check_file();

    State current() const;
    /// What messages are read against now.
    std::shared_ptr<const IntakeContext> context() const;
    /// A plugin declares other fields from here on; what is held stays as it was accepted.
    void set_kinds(KindTable kinds);

private:
    Result<> commit(DesiredState next, const std::function<void()>& on_durable = {});
    Result<> take_displaced();
    Result<std::string> take_edit(const std::string& text);
    Result<std::string> refuse(const std::string& text, const std::string& why);
    Result<std::string> start_from(const std::optional<ToolsText>& text, bool accept);
    Result<std::string> untrusted(const std::optional<ToolsText>& text, std::uint64_t newest) const;

    mutable std::mutex mutex_;
    ToolsFile file_;
    std::shared_ptr<const IntakeContext> context_;
    OnChange on_change_;
    State state_ = std::make_shared<DesiredState>();
    std::optional<Fingerprint> expected_;
    std::optional<Fingerprint> refused_;
};

}  // namespace elasticity
