// Each macro makes a library that the purity gate must refuse. Without any it only computes.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace canary {

std::string answer(int input) {
    std::string text = std::to_string(input);
#if defined(CANARY_FILE)
    text += std::to_string(::open("/dev/null", O_RDONLY));
#elif defined(CANARY_STREAM)
    std::ifstream("/dev/null") >> text;
#elif defined(CANARY_SOCKET)
    text += std::to_string(::socket(AF_UNIX, SOCK_STREAM, 0));
#elif defined(CANARY_POLL)
    text += std::to_string(::poll(nullptr, 0, 0));
#elif defined(CANARY_CLOCK)
    text += std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
#elif defined(CANARY_CLOCK_C)
    text += std::to_string(std::time(nullptr));
#elif defined(CANARY_THREAD)
    std::thread([&] { text += "!"; }).join();
#elif defined(CANARY_RANDOM)
    text += std::to_string(std::rand());
#elif defined(CANARY_RANDOM_DEVICE)
    text += std::to_string(std::random_device()());
#elif defined(CANARY_ENVIRONMENT)
    text += std::getenv("HOME") != nullptr ? "yes" : "no";
#elif defined(CANARY_PROCESS)
    text += std::to_string(std::system("true"));
#elif defined(CANARY_LOAD)
    text += ::dlopen("libc.so.6", RTLD_LAZY) != nullptr ? "yes" : "no";
#elif defined(CANARY_SLEEP)
    text += std::to_string(::usleep(1));
#elif defined(CANARY_CONSOLE)
    std::puts(text.c_str());
#endif
    return text;
}

}  // namespace canary
