#!/bin/sh
# usage: check_purity.sh [--refuses] NM LIBRARY
#
# Fails when the library has an undefined symbol through which it could do more than compute. With --refuses it
# fails when the library has none: the canaries must be refused.
set -eu

refuses=no
if [ "$1" = --refuses ]; then
    refuses=yes
    shift
fi
nm=$1
library=$2

# "MEMBER SYMBOL" a line: -A says which object file wants it, the type follows the name.
symbols=$("$nm" -A --demangle --undefined-only --format=posix "$library" |
          sed -n 's/^[^[]*\[\([^]]*\)\]: \(.*\) U[ 0-9a-f]*$/\1 \2/p' | sed 's/@[A-Z0-9_.]*$//')
[ -n "$symbols" ] || { echo "$library: holds no symbols, so nothing is proved"; exit 1; }

# The C library's functions, whole names, with the versions and the 64-bit and fortified forms that they go by.
c_names='open|openat|creat|read|pread|write|pwrite|readv|writev|close|fopen|fdopen|freopen|fread|fwrite|fclose
fputs|fputc|puts|putchar|printf|fprintf|vprintf|vfprintf|fgets|getc|getline|scanf|fscanf|perror|remove|rename
renameat|renameat2|unlink|mkdir|rmdir|opendir|readdir|stat|fstat|lstat|fstatat|statx|ftruncate|fsync|mmap|munmap|ioctl|fcntl
socket|connect|bind|listen|accept|accept4|send|sendto|sendmsg|recv|recvfrom|recvmsg|getaddrinfo|gethostbyname|pipe|pipe2
poll|ppoll|select|pselect|epoll_wait|epoll_create1|eventfd|timerfd_create|inotify_init1|signal|sigaction|kill|raise
clock_gettime|clock|gettimeofday|time|ftime|timespec_get|localtime|localtime_r|tzset|mktime
sleep|usleep|nanosleep|clock_nanosleep|sched_yield
pthread_create|pthread_join|pthread_detach|thrd_create|pthread_cond_wait|pthread_cond_timedwait|sem_wait
rand|srand|random|srandom|rand_r|drand48|lrand48|arc4random|getrandom|getentropy
getenv|secure_getenv|setenv|putenv|unsetenv|environ|getpid|getuid|gethostname|uname|getcwd|chdir|setlocale
system|popen|execv|execve|execvp|execvpe|execl|execlp|execle|fork|vfork|clone|posix_spawn|posix_spawnp|waitpid|exit|_exit|syscall
dlopen|dlsym|dlclose|dlmopen'
c_pattern=$(echo $c_names | tr ' ' '|')

# The C++ library, by what stands at the beginning of the demangled name.
cxx_pattern='std::chrono::_V2::|std::thread|std::jthread|std::this_thread|std::random_device|std::condition_variable'
cxx_pattern="$cxx_pattern|std::__future_base|std::basic_(file|i?f|of|if)[a-z]*stream|std::basic_filebuf|std::filesystem"
cxx_pattern="$cxx_pattern|std::(cout|cerr|clog|cin)|std::ios_base::Init|std::__basic_file|boost::(asio|filesystem|dll|process)"

suspects=$(echo "$symbols" | grep -E "^[^ ]+ ((__|__isoc99_|_IO_)?($c_pattern)(64)?(_2|_chk)?\$|(vtable for |typeinfo for |VTT for )?($cxx_pattern))" |
           sort -u || true)

# Exceptions, each for one object file and with its reason.
exception() {
    suspects=$(echo "$suspects" | grep -vxF "$1" || true)
}
# valijson's headers include <iostream>, which makes the object construct the standard streams, used or not.
exception "schema.cpp.o std::ios_base::Init::Init()"
exception "schema.cpp.o std::ios_base::Init::~Init()"
# valijson's destructors write to stderr when releasing memory throws, which the default allocator never does.
exception "schema.cpp.o fprintf"

if [ "$refuses" = yes ]; then
    [ -n "$suspects" ] || { echo "$library: should be refused, and is not"; exit 1; }
    exit 0
fi
[ -z "$suspects" ] || { echo "$library reaches what a decision must not:"; echo "$suspects"; exit 1; }
