/* Preloaded under the service: keeps what the disk would hold after a power cut.
 *
 * At each fsync or fdatasync of a file under $POWER_WATCH the file is copied to
 * $POWER_KEEP/<number>.<name> once the sync has returned, and a line
 * "<number> <name> <monotonic nanoseconds>" is added to $POWER_KEEP/log.
 * A file holds, after a cut, what its last sync saw: nothing written later counts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static long number = 0;

static void copy(int from, const char *to) {
    char buffer[1 << 16];
    off_t at = 0;
    ssize_t got;
    int out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    while (out >= 0 && (got = pread(from, buffer, sizeof buffer, at)) > 0) {
        if (write(out, buffer, (size_t)got) != got) abort();
        at += got;
    }
    close(out);
}

static void keep(int fd) {
    const char *watch = getenv("POWER_WATCH"), *folder = getenv("POWER_KEEP");
    char link[64], path[4096], to[4352], line[4352];
    struct timespec now;
    if (!watch || !folder) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return;
    path[length] = 0;
    if (strncmp(path, watch, strlen(watch)) != 0) return;
    const char *name = strrchr(path, '/') + 1;
    pthread_mutex_lock(&turn);
    number++;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(to, sizeof to, "%s/%ld.%s", folder, number, name);
    int readable = open(path, O_RDONLY);
    if (readable >= 0) {
        copy(readable, to);
        close(readable);
    }
    snprintf(line, sizeof line, "%ld %s %lld\n", number, name,
             (long long)now.tv_sec * 1000000000LL + now.tv_nsec);
    snprintf(to, sizeof to, "%s/log", folder);
    int log = open(to, O_CREAT | O_APPEND | O_WRONLY, 0600);
    if (log >= 0) {
        if (write(log, line, strlen(line)) < 0) abort();
        close(log);
    }
    pthread_mutex_unlock(&turn);
}

#define SYNC(call)                                             \
    int call(int fd) {                                         \
        static int (*real)(int);                               \
        if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, #call); \
        int answer = real(fd);                                 \
        if (answer == 0) keep(fd);                             \
        return answer;                                         \
    }

SYNC(fsync)
SYNC(fdatasync)
