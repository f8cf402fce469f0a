#pragma once
#include <unistd.h>

#include <utility>

namespace elasticity {

/// Owns one file descriptor and closes it. Movable, one owner at a time.
class FileDescriptor {
public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        if (this != &other) {
            close();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    ~FileDescriptor() { close(); }

    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

private:
    void close() {
        if (number_ >= 0) ::close(number_);
    }

    int number_ = -1;
};

}  // namespace elasticity
