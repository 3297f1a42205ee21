// The program that all figures are compared with: curl_multi_socket_action and epoll as in
// libcurl's documentation, on one thread, with libcurl's defaults. Handles are reused, as in any
// program written for speed.
//
//   baseline requests URL COUNT CONCURRENCY | first URL COUNT CONCURRENCY | read URL STREAMS | save URL FILE | send URL BYTES
//          | burst URL COUNT | hold URL COUNT MS | start URL | flood URL STREAMS MS
//          | beside URL COUNT WAITING WAITING_URL
//
// It prints one line of JSON: the work done, and its seconds of wall and processor time.
#define _GNU_SOURCE
#include "libcurl.h"
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, RING = 1 << 20, WARM_UP = 20000, FEW = 200, MOST_GAPS = 1 << 16 };

struct transfer {
  CURL *easy;
  char *body; // the bytes received so far, if the body is kept
  size_t length, room;
  uint64_t to_send;
};

static CURLM *multi;
static int epoll_fd;
static int64_t timer_at = -1; // ms
static uint64_t started, finished, wanted, bytes;
static const char *url, *path;
static int keeps_body = 1;
static uint64_t upload_size;
static char ring[RING], source[RING];
static size_t ring_at;

static void fail(const char *what) {
  fprintf(stderr, "baseline: %s\n", what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static double seconds_of(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

// --- callbacks ---

static void keep(struct transfer *t, const char *data, size_t size) {
  if (t->length + size > t->room) {
    t->room = (t->length + size) * 2;
    t->body = realloc(t->body, t->room);
  }
  memcpy(t->body + t->length, data, size);
  t->length += size;
}

/**
 * Copies each piece of a streamed body once, always to the same memory, as the other clients do.
 */
static void pass(const char *data, size_t size) {
  if (ring_at + size > RING) ring_at = 0;
  memcpy(ring + ring_at, data, size);
  ring_at += size;
}

static size_t on_write(char *data, size_t size, size_t count, void *user) {
  size *= count;
  bytes += size;
  if (keeps_body) keep(user, data, size);
  else pass(data, size);
  return size;
}

static size_t on_read(char *buffer, size_t size, size_t count, void *user) {
  struct transfer *t = user;
  size *= count;
  if (size > t->to_send) size = t->to_send;
  if (size > RING) size = RING;
  memcpy(buffer, source, size);
  t->to_send -= size;
  return size;
}

static int on_socket(CURL *easy, int fd, int what, void *user, void *known) {
  (void)easy, (void)user;
  struct epoll_event event = {.data.fd = fd};
  if (what == CURL_POLL_REMOVE) return epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, &event), 0;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  epoll_ctl(epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  if (!known) curl.multi_assign(multi, fd, &epoll_fd); // libcurl drops the value with CURL_POLL_REMOVE
  return 0;
}

static int on_timer(CURLM *m, long ms, void *user) {
  (void)m, (void)user;
  timer_at = ms < 0 ? -1 : now_ms() + ms;
  return 0;
}

// --- transfers ---

static void set_up(struct transfer *t) {
  CURL *easy = t->easy = curl.easy_init();
  curl.easy_setopt(easy, CURLOPT_URL, url);
  curl.easy_setopt(easy, CURLOPT_PRIVATE, t);
  curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  if (path) {
    curl.easy_setopt(easy, CURLOPT_WRITEDATA, fopen(path, "w")); // libcurl's own fwrite
  } else {
    curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl.easy_setopt(easy, CURLOPT_WRITEDATA, t);
  }
  if (upload_size) {
    curl.easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl.easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload_size);
    curl.easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
    curl.easy_setopt(easy, CURLOPT_READDATA, t);
  }
  if (!strncmp(url, "https:", 6)) {
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl.easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl.easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  }
}

static void begin(struct transfer *t) {
  if (!t->easy) set_up(t);
  t->length = 0;
  t->to_send = upload_size;
  started++;
  curl.multi_add_handle(multi, t->easy);
}

static void finish(CURL *easy, int result) {
  struct transfer *t;
  long status = 0;
  if (result) fail(curl.easy_strerror(result));
  curl.easy_getinfo(easy, CURLINFO_PRIVATE, &t);
  curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) fail("not the status 200");
  curl.multi_remove_handle(multi, easy);
  finished++;
  if (started < wanted) begin(t);
}

static void drain(void) {
  CURLMsg *message;
  int left;
  while ((message = curl.multi_info_read(multi, &left))) {
    if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }
}

// --- the application's timer of 1 ms, in `flood` ---

struct gap {
  double wall, own; // since it was set; without the time in which other processes had the processor
};

static struct gap gaps[MOST_GAPS];
static int gap_count, schedule_fd = -1;
static double set_at = -1, waited_before;

/** Seconds in which this thread waited for a processor. */
static double waited(void) {
  char text[128] = "";
  unsigned long long ran = 0, kept = 0;
  if (schedule_fd < 0 || pread(schedule_fd, text, sizeof text - 1, 0) <= 0) return 0;
  sscanf(text, "%llu %llu", &ran, &kept);
  return kept / 1e9;
}

static void set_timer(void) {
  waited_before = waited();
  set_at = now();
}

static void fire_timer(void) {
  double wall = now() - set_at;
  if (set_at < 0 || wall < 0.001) return;
  if (gap_count < MOST_GAPS) gaps[gap_count++] = (struct gap){wall, wall - (waited() - waited_before)};
  set_timer();
}

static int by_wall(const void *a, const void *b) {
  double x = ((const struct gap *)a)->wall, y = ((const struct gap *)b)->wall;
  return (x > y) - (x < y);
}

static int by_own(const void *a, const void *b) {
  double x = ((const struct gap *)a)->own, y = ((const struct gap *)b)->own;
  return (x > y) - (x < y);
}

/** Prints the 99th percentiles, as the other clients do. */
static void report_gaps(void) {
  int at = gap_count * 99 / 100;
  if (gap_count == 0) fail("the timer never fired");
  qsort(gaps, gap_count, sizeof *gaps, by_wall);
  printf("\"timerWall\":%.6f,", gaps[at].wall);
  qsort(gaps, gap_count, sizeof *gaps, by_own);
  printf("\"timerOwn\":%.6f,", gaps[at].own);
}

// --- the loop ---

static int wait_ms(int64_t until) {
  int64_t at = timer_at;
  if (set_at >= 0) until = now_ms() + 1;
  if (until >= 0 && (at < 0 || at > until)) at = until;
  if (at < 0) return -1;
  int64_t left = at - now_ms();
  return left > 0 ? left : 0;
}

static void serve(const struct epoll_event *event) {
  int mask = 0, running;
  if (event->events & EPOLLIN) mask |= CURL_CSELECT_IN;
  if (event->events & EPOLLOUT) mask |= CURL_CSELECT_OUT;
  if (event->events & (EPOLLERR | EPOLLHUP)) mask |= CURL_CSELECT_ERR;
  curl.multi_socket_action(multi, event->data.fd, mask, &running);
}

/** Runs until all transfers are finished, or until that time. */
static void run(int64_t until) {
  static struct epoll_event events[EVENTS];
  int running;
  while (finished < wanted && (until < 0 || now_ms() < until)) {
    int timeout = wait_ms(until);
    // a timeout that is due needs no check of the sockets before it
    int count = timeout == 0 ? 0 : epoll_wait(epoll_fd, events, EVENTS, timeout);
    for (int i = 0; i < count; i++) serve(&events[i]);
    if (timer_at >= 0 && now_ms() >= timer_at) {
      timer_at = -1;
      curl.multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    drain();
    fire_timer();
  }
}

static void start(struct transfer *transfers, uint64_t count, uint64_t concurrency) {
  started = finished = bytes = 0;
  wanted = count;
  for (uint64_t i = 0; i < concurrency && i < count; i++) begin(&transfers[i]);
}

// --- measuring ---

static double wall_before;
static struct rusage before;

static void measure(void) {
  wall_before = now();
  getrusage(RUSAGE_SELF, &before);
}

static void report(uint64_t requests) {
  double wall = now() - wall_before;
  struct rusage after;
  getrusage(RUSAGE_SELF, &after);
  printf("{");
  if (gap_count > 0 || set_at >= 0) report_gaps();
  printf("\"requests\":%llu,\"bytes\":%llu,\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f}\n",
         (unsigned long long)requests, (unsigned long long)bytes, wall,
         seconds_of(after.ru_utime) - seconds_of(before.ru_utime),
         seconds_of(after.ru_stime) - seconds_of(before.ru_stime));
}

static void create(uint64_t concurrency) {
  load_libcurl();
  curl.global_init(CURL_GLOBAL_ALL);
  multi = curl.multi_init();
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  curl.multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl.multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl.multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)concurrency + 16);
}

static uint64_t max(uint64_t a, uint64_t b) { return a > b ? a : b; }

int main(int argc, char **argv) {
  if (argc < 3) fail("expected a mode and a URL");
  const char *mode = argv[1];
  if (!strcmp(mode, "loop")) mode = "requests"; // this program has no other loop
  url = argv[2];
  uint64_t first = argc > 3 ? strtoull(argv[3], 0, 10) : 1;
  uint64_t second = argc > 4 ? strtoull(argv[4], 0, 10) : 0;
  uint64_t count = first, concurrency = first;
  if (!strcmp(mode, "requests") || !strcmp(mode, "first")) concurrency = second;
  if (!strcmp(mode, "read") || !strcmp(mode, "flood")) keeps_body = 0;
  if (!strcmp(mode, "beside")) concurrency = second + 1;
  if (!strcmp(mode, "save")) path = argv[3], count = concurrency = 1;
  if (!strcmp(mode, "send")) upload_size = first, count = concurrency = 1;

  create(concurrency);
  struct transfer *transfers = calloc(concurrency, sizeof *transfers);
  if (!strcmp(mode, "requests")) {
    start(transfers, max(count < WARM_UP ? count : WARM_UP, 2 * concurrency), concurrency);
    run(-1);
  }
  if (!strcmp(mode, "hold")) {
    start(transfers, count, concurrency);
    run(now_ms() + second * 2 / 5); // meanwhile the connections are made
    measure();
    run(now_ms() + second);
  } else if (!strcmp(mode, "flood")) {
    start(transfers, count, concurrency);
    run(now_ms() + second / 4); // meanwhile the connections are made
    bytes = 0;
    schedule_fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
    measure();
    set_timer();
    run(now_ms() + second);
  } else if (!strcmp(mode, "beside")) {
    if (argc < 6) fail("expected the URL of those that wait");
    url = argv[5];
    start(transfers, second, second);
    run(now_ms() + max(1000, second / 2)); // meanwhile the connections are made
    url = argv[2];
    start(transfers + second, FEW, 1);
    run(-1);
    measure();
    start(transfers + second, count, 1);
    run(-1);
  } else {
    measure();
    start(transfers, count, concurrency);
    run(-1);
  }
  if (!strcmp(mode, "send")) {
    if (strtoull(transfers->body, 0, 10) != upload_size) fail("the server got another number of bytes");
    bytes = upload_size;
  }
  report(count);
  return 0;
}
