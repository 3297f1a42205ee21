/* Preloaded before libc: system calls that fail on request, and a clock that jumps. Only calls of
 * libcurl and curlew are affected, never those of the runtime itself.
 *
 *   curlew_fault("epoll_ctl", ENOMEM, 3)    the next three calls fail, -1: all from now on
 *   curlew_fault_left("epoll_ctl")          how many of these failures are left
 *   curlew_jump(3600)                       CLOCK_REALTIME is an hour ahead
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* glibc 2.34 gave these functions a new version, and the oldest libcurl under test runs on an older
 * glibc */
#ifdef __GLIBC__
#ifdef __x86_64__
#define OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define OLDEST "GLIBC_2.17"
#endif
__asm__(".symver dlvsym,dlvsym@" OLDEST);
__asm__(".symver dladdr,dladdr@" OLDEST);
#endif

struct fault {
  const char *call;
  int error;
  int left;
};

static struct fault faults[] = {
  {"socket", 0, 0},
  {"epoll_create1", 0, 0},
  {"epoll_ctl", 0, 0},
  {"eventfd", 0, 0},
  {NULL, 0, 0},
};

static struct fault *find(const char *call)
{
  struct fault *one = faults;
  while(one->call && strcmp(one->call, call))
    one++;
  return one;
}

void curlew_fault(const char *call, int error, int times)
{
  struct fault *one = find(call);
  one->error = error;
  one->left = times;
}

int curlew_fault_left(const char *call)
{
  return find(call)->left;
}

static int fails(const char *call)
{
  struct fault *one = find(call);
  if(!one->left)
    return 0;
  if(one->left > 0)
    one->left--;
  errno = one->error;
  return 1;
}

static int from_libcurl(void *address)
{
  Dl_info info;
  return dladdr(address, &info) && info.dli_fname && strstr(info.dli_fname, "libcurl");
}

int socket(int domain, int type, int protocol)
{
  if(from_libcurl(__builtin_return_address(0)) && fails("socket"))
    return -1;
  return (int)syscall(SYS_socket, domain, type, protocol);
}

/* curlew finds these functions by dlsym(); the runtime calls those of libc */
static int our_epoll_create1(int flags)
{
  return fails("epoll_create1") ? -1 : epoll_create1(flags);
}

static int our_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
  /* removing a descriptor never fails */
  return op != EPOLL_CTL_DEL && fails("epoll_ctl") ? -1 : epoll_ctl(epfd, op, fd, event);
}

static int our_eventfd(unsigned int value, int flags)
{
  return fails("eventfd") ? -1 : eventfd(value, flags);
}

void *dlsym(void *handle, const char *name)
{
  static void *(*real)(void *, const char *);
  if(!strcmp(name, "epoll_create1"))
    return (void *)our_epoll_create1;
  if(!strcmp(name, "epoll_ctl"))
    return (void *)our_epoll_ctl;
  if(!strcmp(name, "eventfd"))
    return (void *)our_eventfd;
  if(!strcmp(name, "dlsym"))
    return (void *)dlsym;
  if(!real)
    real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", OLDEST);
  return real(handle, name);
}

static long ahead;

void curlew_jump(int seconds)
{
  ahead = seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if(!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += ahead;
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
  struct timespec precise;
  (void)zone;
  if(clock_gettime(CLOCK_REALTIME, &precise))
    return -1;
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *result)
{
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_REALTIME, &now);
  if(result)
    *result = now.tv_sec;
  return now.tv_sec;
}
