// An HTTP/1.1 server with very low costs, so that the clients are measured and not the server. It
// prints its port, and exits when its stdin ends.
//
//   GET /small  GET /json (10 kB)  GET /delay/MS  GET /hold (never answers)  GET /bytes/COUNT
//   PUT /sink (says how many)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 512, HEAD_MAX = 4096, SCRATCH = 1 << 20, FILE_SIZE = 16 << 20, SHARE = 4 << 20 };
enum { JSON_ITEMS = 100, JSON_MAX = 16384 };

enum state { HEAD, COUNTED, CHUNKED, DELAYED, HELD, SENDING };
enum chunk { SIZE, SIZE_END, DATA, DATA_END, TRAILER };

struct connection {
  int fd;
  enum state state;
  enum chunk chunk;
  int line; // characters of a trailer line
  size_t length; // of `in`
  uint64_t left, sunk;
  int64_t due; // ns
  struct connection *before, *after; // in the list of delayed ones
  char in[HEAD_MAX];
};

static const char BODY[] = "{\"ok\":true,\"id\":1234567,\"name\":\"bench\",\"text\":\"the quick brown "
                           "fox jumps over the lazy dog 12345\"}";
static char small[512], json[JSON_MAX], scratch[SCRATCH];
static int small_length, json_length, epoll_fd, file_fd;
static struct connection *first_due, *last_due;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void watch(struct connection *c, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(epoll_fd, operation, c->fd, &event);
}

// --- delays: a list in order; equal delays are appended at its end ---

static void delay(struct connection *c, uint64_t ms) {
  c->state = DELAYED;
  c->due = now_ns() + ms * 1000000;
  struct connection *at = last_due;
  while (at && at->due > c->due) at = at->before;
  c->before = at;
  c->after = at ? at->after : first_due;
  *(c->after ? &c->after->before : &last_due) = c;
  *(at ? &at->after : &first_due) = c;
}

static void undelay(struct connection *c) {
  *(c->before ? &c->before->after : &first_due) = c->after;
  *(c->after ? &c->after->before : &last_due) = c->before;
  c->state = HEAD;
}

static int timeout_ms(void) {
  if (!first_due) return -1;
  int64_t left = first_due->due - now_ns();
  return left <= 0 ? 0 : (left + 999999) / 1000000;
}

// --- answers: each is 0, or -1 where the connection is lost ---

static int say(struct connection *c, const char *text, size_t length) {
  return send(c->fd, text, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

static int say_length(struct connection *c, const char *body) {
  char text[256];
  int length = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(body), body);
  return say(c, text, length);
}

static int say_sunk(struct connection *c) {
  char body[32];
  snprintf(body, sizeof body, "%llu", (unsigned long long)c->sunk);
  c->state = HEAD;
  return say_length(c, body);
}

static int send_more(struct connection *c) {
  for (uint64_t share = SHARE; c->left && share;) {
    off_t offset = 0;
    uint64_t most = c->left < FILE_SIZE ? c->left : FILE_SIZE;
    ssize_t sent = sendfile(c->fd, file_fd, &offset, most < share ? most : share);
    if (sent < 0 && errno != EAGAIN) return -1;
    if (sent <= 0) break;
    c->left -= sent, share -= sent;
  }
  enum state state = c->left ? SENDING : HEAD;
  if (state != c->state) watch(c, EPOLL_CTL_MOD, state == SENDING ? EPOLLIN | EPOLLOUT : EPOLLIN);
  c->state = state;
  return 0;
}

static int send_bytes(struct connection *c, uint64_t count) {
  char text[128];
  int length = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n",
                        (unsigned long long)count);
  c->left = count;
  return say(c, text, length) < 0 ? -1 : send_more(c);
}

// --- uploads ---

static int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** Reads one character between the data of chunks; true at the end of the body. */
static int framing(struct connection *c, char at) {
  switch (c->chunk) {
  case SIZE:
    if (hex(at) >= 0) c->left = c->left * 16 + hex(at);
    else c->chunk = SIZE_END;
    return 0;
  case SIZE_END:
    if (at == '\n') c->chunk = c->left ? DATA : TRAILER, c->line = 0;
    return 0;
  case TRAILER:
    if (at == '\n' && c->line == 0) return 1;
    c->line = at == '\n' ? 0 : c->line + (at != '\r');
    return 0;
  default: // DATA_END
    if (at == '\n') c->chunk = SIZE, c->left = 0;
    return 0;
  }
}

static int take_chunks(struct connection *c, const char *data, size_t length) {
  for (size_t at = 0; at < length;) {
    if (c->chunk != DATA) {
      if (framing(c, data[at++])) return say_sunk(c);
      continue;
    }
    size_t part = length - at < c->left ? length - at : c->left;
    at += part, c->left -= part, c->sunk += part;
    if (!c->left) c->chunk = DATA_END;
  }
  return 0;
}

static int take(struct connection *c, const char *data, size_t length) {
  if (c->state == CHUNKED) return take_chunks(c, data, length);
  c->left -= length, c->sunk += length;
  return c->left ? 0 : say_sunk(c);
}

/** Discards bytes of known number in the kernel, without copying them. */
static int sink(struct connection *c) {
  size_t most = c->state == COUNTED && c->left < SCRATCH ? c->left : SCRATCH;
  ssize_t got = recv(c->fd, scratch, most, c->state == COUNTED ? MSG_TRUNC : 0);
  if (got < 0 && errno == EAGAIN) return 0;
  return got <= 0 ? -1 : take(c, scratch, got);
}

static int begin_sink(struct connection *c, const char *head, const char *rest, size_t length) {
  const char *counted = strcasestr(head, "\r\nContent-Length:");
  c->state = counted ? COUNTED : CHUNKED;
  c->left = counted ? strtoull(counted + 17, 0, 10) : 0;
  c->sunk = 0, c->chunk = SIZE;
  static const char GO_ON[] = "HTTP/1.1 100 Continue\r\n\r\n";
  if (strcasestr(head, "\r\nExpect:") && say(c, GO_ON, sizeof GO_ON - 1) < 0) return -1;
  return length ? take(c, rest, length) : 0;
}

// --- requests ---

static int begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static int answer(struct connection *c, const char *head, const char *rest, size_t length) {
  if (begins(head, "GET /small")) return say(c, small, small_length);
  if (begins(head, "GET /json")) return say(c, json, json_length);
  if (begins(head, "GET /delay/")) return delay(c, strtoull(head + 11, 0, 10)), 0;
  if (begins(head, "GET /bytes/")) return send_bytes(c, strtoull(head + 11, 0, 10));
  if (begins(head, "GET /hold")) return c->state = HELD, 0;
  if (begins(head, "PUT /sink")) return begin_sink(c, head, rest, length);
  return -1;
}

static int read_head(struct connection *c) {
  ssize_t got = recv(c->fd, c->in + c->length, HEAD_MAX - 1 - c->length, 0);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got <= 0) return -1;
  c->length += got;
  c->in[c->length] = 0;
  char *end = memmem(c->in, c->length, "\r\n\r\n", 4);
  if (!end) return c->length < HEAD_MAX - 1 ? 0 : -1;
  *end = 0;
  size_t rest = c->in + c->length - (end + 4);
  c->length = 0; // no client sends a request before the response to the last one
  return answer(c, c->in, end + 4, rest);
}

static int serve(struct connection *c, uint32_t events) {
  if (c->state == COUNTED || c->state == CHUNKED) return sink(c);
  if (c->state == HEAD) return read_head(c);
  if (events & EPOLLIN) return -1; // the client has closed the connection
  return c->state == SENDING ? send_more(c) : 0;
}

static void drop(struct connection *c) {
  if (c->state == DELAYED) undelay(c);
  close(c->fd);
  free(c);
}

static void accept_all(int listener) {
  for (int fd, on = 1; (fd = accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *c = calloc(1, sizeof *c);
    c->fd = fd;
    watch(c, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static void answer_due(void) {
  for (int64_t now = now_ns(); first_due && first_due->due <= now;) {
    struct connection *c = first_due;
    undelay(c);
    if (say(c, small, small_length) < 0) drop(c);
  }
}

// --- set-up ---

static void raise_descriptors(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int listen_here(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  if (bind(fd, (void *)&at, length) || listen(fd, 65535)) exit(1);
  getsockname(fd, (void *)&at, &length);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  return fd;
}

static void make_answers(void) {
  small_length = snprintf(small, sizeof small,
                          "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Fri, 20 Nov 2026 00:00:00 GMT\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          sizeof BODY - 1, BODY);
  static char items[JSON_MAX];
  int length = 0;
  for (int i = 0; i < JSON_ITEMS; i++) length += sprintf(items + length, "%c%s", i ? ',' : '[', BODY);
  json_length = snprintf(json, sizeof json,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         "Content-Length: %d\r\n\r\n%s]", length + 1, items);
  file_fd = memfd_create("bytes", MFD_CLOEXEC);
  for (int at = 0; at < FILE_SIZE; at += SCRATCH) {
    for (int i = 0; i < SCRATCH; i++) scratch[i] = i * 31 + (i >> 8);
    if (write(file_fd, scratch, SCRATCH) != SCRATCH) exit(1);
  }
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  raise_descriptors();
  make_answers();
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct connection listener = {.fd = listen_here()}, parent = {.fd = 0};
  watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
  watch(&parent, EPOLL_CTL_ADD, EPOLLIN);
  static struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(epoll_fd, events, EVENTS, timeout_ms());
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      if (c == &parent) return 0;
      if (c == &listener) accept_all(listener.fd);
      else if (serve(c, events[i].events) < 0) drop(c);
    }
    answer_due();
  }
}
