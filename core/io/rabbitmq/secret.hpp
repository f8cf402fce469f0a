#pragma once
#include <ostream>
#include <string>
#include <utility>

namespace elasticity::rabbitmq {

/// A password. It cannot be printed by accident: reading it needs the word `reveal`.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }

    bool operator==(const Secret&) const = default;
    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

private:
    std::string text_;
};

}  // namespace elasticity::rabbitmq
