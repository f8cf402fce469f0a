#include "plugins/docker/image_puller.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <system_error>

#include "plugins/docker/base64url.hpp"
#include "plugins/docker/failures.hpp"
#include "plugins/docker/pull_progress.hpp"

namespace elasticity::docker {
namespace {

/// The one who pulls was told to stop: that says nothing about the image, and whoever waits may go on.
bool gave_up(const sdk::Error& error) {
    return error.code == ELS_CANCELLED || error.code == ELS_DEADLINE_EXCEEDED;
}

}  // namespace

/// A pull under way. Those who wait sleep on a descriptor, beside the one that cancels their own call.
class ImagePuller::Shared {
public:
    enum class Outcome { pulled, failed, abandoned };

    Shared() : done_fd_(eventfd(0, EFD_CLOEXEC)) {
        if (done_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Shared() { close(done_fd_); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    void finish(Outcome outcome, const sdk::Error& error) {
        const std::lock_guard lock(mutex_);
        outcome_ = outcome;
        error_ = error;
        eventfd_write(done_fd_, 1);  // never read, so that it stays readable
    }

    /// True if the image is there, false if the pull was abandoned and somebody has to begin again.
    bool await(const sdk::Call& call) const {
        pollfd waited[] = {{done_fd_, POLLIN, 0}, {call.cancel_fd(), POLLIN, 0}};
        while (waited[0].revents == 0) {
            if (waited[1].revents != 0) throw sdk::Error(ELS_CANCELLED, "cancelled by the core");
            call.check();
            const int timeout_ms = static_cast<int>(call.remaining().count());
            if (poll(waited, 2, timeout_ms) < 0 && errno != EINTR) {
                throw std::system_error(errno, std::generic_category(), "poll");
            }
        }
        const std::lock_guard lock(mutex_);
        if (outcome_ == Outcome::failed) throw error_;
        return outcome_ == Outcome::pulled;
    }

private:
    const int done_fd_;
    mutable std::mutex mutex_;
    Outcome outcome_ = Outcome::abandoned;
    sdk::Error error_{ELS_OK, ""};
};

void ImagePuller::pull(const sdk::Call& call, const sdk::ImageReference& image) {
    for (;;) {
        std::unique_lock lock(mutex_);
        auto& entry = under_way_[image.text()];
        const bool is_mine = !entry;
        if (is_mine) entry = std::make_shared<Shared>();
        const std::shared_ptr<Shared> shared = entry;
        lock.unlock();
        if (is_mine) return pull_and_tell(call, image, *shared);
        if (shared->await(call)) return;
    }
}

void ImagePuller::pull_and_tell(const sdk::Call& call, const sdk::ImageReference& image, Shared& shared) {
    using Outcome = Shared::Outcome;
    // Whoever comes after the end begins a pull of its own.
    const auto end = [&](Outcome outcome, const sdk::Error& error) {
        const std::lock_guard lock(mutex_);
        under_way_.erase(image.text());
        shared.finish(outcome, error);
    };
    try {
        pull_alone(call, image);
    } catch (const sdk::Error& error) {
        end(gave_up(error) ? Outcome::abandoned : Outcome::failed, error);
        throw;
    } catch (const std::exception& error) {
        end(Outcome::failed, sdk::Error(ELS_INTERNAL, error.what()));
        throw;
    }
    end(Outcome::pulled, sdk::Error(ELS_OK, ""));
}

void ImagePuller::pull_alone(const sdk::Call& call, const sdk::ImageReference& image) {
    const std::string name = image.text();
    PullProgress progress;
    int told_percent = -1;
    const auto on_progress = [&](std::string_view piece) {
        progress.feed(piece);
        const int percent = static_cast<int>(progress.fraction() * 100);
        if (percent == told_percent) return;
        told_percent = percent;
        call.progress(progress.fraction(), "pulling " + name);
    };
    const std::string& version = image.digest.empty() ? image.tag : image.digest;
    const Reply reply =
        api_.pull_image(call, image.repository(), version, registry_auth(image.domain), on_progress);
    progress.finish();
    if (!reply.ok()) throw pull_failure(name, reply.message());
    if (!progress.error().empty()) throw pull_failure(name, progress.error());
    host_.log(sdk::LogLevel::info, "pulled " + name);
}

/// The value of X-Registry-Auth; empty where no login is configured. The password is asked for each time,
/// since secrets change.
std::string ImagePuller::registry_auth(const std::string& domain) const {
    const auto found = settings_.registries.find(domain);
    if (found == settings_.registries.end()) return {};
    const RegistryLogin& login = found->second;
    return base64url(
        boost::json::serialize(boost::json::object{{"username", login.username},
                                                   {"password", host_.secret(login.password_reference)},
                                                   {"serveraddress", domain}}));
}

}  // namespace elasticity::docker
