/* Preloaded before libc: name resolution with a delay that the name contains.
 *
 *   3000.slow.test   sleeps 3000 ms, then is 127.0.0.1
 *   3000.fail.test   sleeps 3000 ms, then is unknown
 *
 * Every other name is resolved by libc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* glibc 2.34 gave dlsym a new version, and the oldest libcurl under test runs on an older glibc */
#ifdef __GLIBC__
#ifdef __x86_64__
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.17");
#endif
#endif

typedef int resolve_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int ends_with(const char *name, const char *end)
{
  size_t n = strlen(name);
  size_t m = strlen(end);
  if(n && name[n - 1] == '.')
    n--; /* the dot of the root domain */
  return n > m && !strncmp(name + n - m, end, m);
}

static void sleep_ms(long ms)
{
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while(nanosleep(&left, &left) && errno == EINTR)
    ;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
  resolve_fn *real = (resolve_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
  int slow = name && ends_with(name, ".slow.test");
  int fail = name && ends_with(name, ".fail.test");
  if(!slow && !fail)
    return real(name, service, hints, out);
  sleep_ms(strtol(name, NULL, 10));
  return fail ? EAI_NONAME : real("127.0.0.1", service, hints, out);
}
