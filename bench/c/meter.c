// Runs a command and writes its total costs to descriptor 3. This process is so small that the peak
// of memory is that of the command, which is not the case for a child of Node.js.
//
//   meter SECONDS COMMAND…      ends it after that time
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void end_child(int signal) {
  (void)signal;
  if (child > 0) kill(child, SIGKILL);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double seconds_of(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

static void raise_descriptors(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  raise_descriptors();
  signal(SIGALRM, end_child);
  signal(SIGTERM, end_child);
  double before = now();
  child = fork();
  if (child == 0) {
    close(3);
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  alarm(atoi(argv[1]));
  int status = 0;
  struct rusage used;
  while (wait4(child, &status, 0, &used) < 0) continue;
  dprintf(3, "{\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f,\"rss\":%ld}\n", now() - before,
          seconds_of(used.ru_utime), seconds_of(used.ru_stime), used.ru_maxrss * 1024);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
