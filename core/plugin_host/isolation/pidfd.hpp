#pragma once
#include <signal.h>

// The C library's header forgets to say that its functions are C.
extern "C" {
#include <sys/pidfd.h>
}
