/*
 * A disk that fails, without privileges: preloaded into a server, it lets every read of a file named
 * "eio-at-N..." that reaches byte N fail with EIO, as a bad sector does, until a file "healed" lies beside it.
 * What is before N is read, short where a read crosses it. All other files are left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* How many of the bytes from offset on can be read; -1 for all of them. */
static ssize_t readable(int fd, off_t offset) {
  char link[64], path[PATH_MAX + 8];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX);
  if (length <= 0) return -1;
  path[length] = '\0';
  char *name = strrchr(path, '/');
  if (!name || strncmp(name, "/eio-at-", 8) != 0) return -1;
  long long bad = atoll(name + 8);
  strcpy(name, "/healed");
  if (access(path, F_OK) == 0) return -1;
  return offset < bad ? (ssize_t)(bad - offset) : 0;
}

#define READ(name)                                                              \
  ssize_t name(int fd, void *buffer, size_t count, off_t offset) {              \
    static ssize_t (*real)(int, void *, size_t, off_t);                         \
    if (!real) real = (ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, #name); \
    ssize_t most = readable(fd, offset);                                        \
    if (most == 0 && count > 0) return errno = EIO, -1;                         \
    return real(fd, buffer, most > 0 && (size_t)most < count ? (size_t)most : count, offset); \
  }
READ(pread)
READ(pread64)

/* A vector that would cross the bad byte fails as a whole: shortening it is more than is needed here. */
#define READ_VECTOR(name)                                                       \
  ssize_t name(int fd, const struct iovec *parts, int count, off_t offset) {    \
    static ssize_t (*real)(int, const struct iovec *, int, off_t);              \
    if (!real) real = (ssize_t(*)(int, const struct iovec *, int, off_t))dlsym(RTLD_NEXT, #name); \
    size_t wanted = 0;                                                          \
    for (int i = 0; i < count; i++) wanted += parts[i].iov_len;                 \
    ssize_t most = readable(fd, offset);                                        \
    if (most >= 0 && (size_t)most < wanted) return errno = EIO, -1;             \
    return real(fd, parts, count, offset);                                      \
  }
READ_VECTOR(preadv)
READ_VECTOR(preadv64)
