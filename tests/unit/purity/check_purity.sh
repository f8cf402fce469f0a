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

symbols=$("$nm" --demangle --undefined-only --format=posix "$library")
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

# nm prints NAME TYPE; a name may hold blanks, the type is the last word but for what the library itself defines.
found=$(echo "$symbols" | sed -n 's/ U[ 0-9a-f]*$//p' | sed 's/@.*//' |
        grep -E "^(__|__isoc99_|_IO_)?($c_pattern)(64)?(_2|_chk)?\$|^(vtable for |typeinfo for |VTT for |guard variable for )?($cxx_pattern)" | sort -u || true)

# Exceptions, each with its reason. Nothing is listed that is not forced on us:
#   (none: Boost.JSON and libstdc++ need memory, strings and exceptions only)

if [ "$refuses" = yes ]; then
    [ -n "$found" ] || { echo "$library: should be refused, and is not"; exit 1; }
    exit 0
fi
[ -z "$found" ] || { echo "$library reaches what a decision must not:"; echo "$found"; exit 1; }
