// The few declarations of libcurl that the baseline needs, so that no development package is. The
// library is opened by name, as curlew does it: both must measure the same one.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef void CURL;
typedef void CURLM;
typedef int64_t curl_off_t;

typedef struct {
  int msg;
  CURL *easy_handle;
  union {
    void *whatever;
    int result;
  } data;
} CURLMsg;

enum {
  CURL_GLOBAL_ALL = 3,
  CURLMSG_DONE = 1,
  CURL_SOCKET_TIMEOUT = -1,
  CURL_POLL_IN = 1,
  CURL_POLL_OUT = 2,
  CURL_POLL_REMOVE = 4,
  CURL_CSELECT_IN = 1,
  CURL_CSELECT_OUT = 2,
  CURL_CSELECT_ERR = 4,
  CURL_HTTP_VERSION_2TLS = 4,
};

enum {
  CURLMOPT_MAXCONNECTS = 6,
  CURLMOPT_SOCKETFUNCTION = 20001,
  CURLMOPT_TIMERFUNCTION = 20004,
  CURLOPT_WRITEDATA = 10001,
  CURLOPT_URL = 10002,
  CURLOPT_PROXY = 10004,
  CURLOPT_READDATA = 10009,
  CURLOPT_WRITEFUNCTION = 20011,
  CURLOPT_READFUNCTION = 20012,
  CURLOPT_UPLOAD = 46,
  CURLOPT_SSL_VERIFYPEER = 64,
  CURLOPT_SSL_VERIFYHOST = 81,
  CURLOPT_HTTP_VERSION = 84,
  CURLOPT_NOSIGNAL = 99,
  CURLOPT_PRIVATE = 10103,
  CURLOPT_INFILESIZE_LARGE = 30115,
  CURLOPT_PIPEWAIT = 237,
  CURLINFO_RESPONSE_CODE = 0x200002,
  CURLINFO_PRIVATE = 0x100015,
};

static struct {
  int (*global_init)(long flags);
  CURL *(*easy_init)(void);
  int (*easy_setopt)(CURL *, int option, ...);
  int (*easy_getinfo)(CURL *, int info, ...);
  const char *(*easy_strerror)(int code);
  CURLM *(*multi_init)(void);
  int (*multi_setopt)(CURLM *, int option, ...);
  int (*multi_add_handle)(CURLM *, CURL *);
  int (*multi_remove_handle)(CURLM *, CURL *);
  int (*multi_socket_action)(CURLM *, int fd, int mask, int *running);
  int (*multi_assign)(CURLM *, int fd, void *known);
  CURLMsg *(*multi_info_read)(CURLM *, int *left);
} curl;

static void load_symbol(void *library, const char *name, void *slot) {
  void *symbol = dlsym(library, name);
  if (!symbol) {
    fprintf(stderr, "libcurl has no %s\n", name);
    exit(1);
  }
  *(void **)slot = symbol;
}

static void load_libcurl(void) {
  const char *name = getenv("CURLEW_LIBRARY");
  void *library = dlopen(name ? name : "libcurl.so.4", RTLD_LAZY);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    exit(1);
  }
#define LOAD(name) load_symbol(library, "curl_" #name, &curl.name)
  LOAD(global_init);
  LOAD(easy_init);
  LOAD(easy_setopt);
  LOAD(easy_getinfo);
  LOAD(easy_strerror);
  LOAD(multi_init);
  LOAD(multi_setopt);
  LOAD(multi_add_handle);
  LOAD(multi_remove_handle);
  LOAD(multi_socket_action);
  LOAD(multi_assign);
  LOAD(multi_info_read);
#undef LOAD
}
