#pragma once
#include <array>
#include <cstdint>
#include <cstring>

namespace elasticity::check {

/// A struct of the contract as a newer core would allocate it: longer than the plugin knows, and the part
/// that it does not know is full of ones.
template <class T>
class Longer {
public:
    explicit Longer(const T& value) {
        std::memset(bytes_.data(), 0xFF, bytes_.size());
        std::memcpy(bytes_.data(), &value, sizeof value);
        get()->size = static_cast<std::uint32_t>(bytes_.size());
    }

    T* get() { return reinterpret_cast<T*>(bytes_.data()); }

    bool tail_is_untouched() const {
        for (std::size_t i = sizeof(T); i < bytes_.size(); ++i)
            if (bytes_[i] != 0xFF) return false;
        return true;
    }

private:
    alignas(T) std::array<unsigned char, sizeof(T) + 64> bytes_;
};

/// A struct as an older core would allocate it: what lies beyond its size belongs to somebody else.
template <class T>
class Shorter {
public:
    explicit Shorter(std::size_t size) : size_(size) {
        std::memset(bytes_.data(), 0, size);
        std::memset(bytes_.data() + size, 0xA5, bytes_.size() - size);
        get()->size = static_cast<std::uint32_t>(size);
    }

    T* get() { return reinterpret_cast<T*>(bytes_.data()); }

    bool rest_is_untouched() const {
        for (std::size_t i = size_; i < bytes_.size(); ++i)
            if (bytes_[i] != 0xA5) return false;
        return true;
    }

private:
    std::size_t size_;
    alignas(T) std::array<unsigned char, sizeof(T)> bytes_;
};

}  // namespace elasticity::check
