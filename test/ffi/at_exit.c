/* Preloaded: prints at the end of the process whether OpenSSL has run its cleanup by then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <unistd.h>

/* glibc 2.34 gave these functions a new version, and the oldest libcurl under test runs on an older
 * glibc */
#ifdef __GLIBC__
#ifdef __x86_64__
#define OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define OLDEST "GLIBC_2.17"
#endif
__asm__(".symver dlsym,dlsym@" OLDEST);
__asm__(".symver dlopen,dlopen@" OLDEST);
#endif

typedef int init_fn(uint64_t, const void *);

__attribute__((destructor)) static void tell(void)
{
  static const char *const names[] = {"libcrypto.so.3", "libcrypto.so.1.1"};
  for(int i = 0; i < 2; i++) {
    void *handle = dlopen(names[i], RTLD_LAZY | RTLD_NOLOAD);
    init_fn *init = handle ? (init_fn *)dlsym(handle, "OPENSSL_init_crypto") : 0;
    if(!init)
      continue;
    /* returns 0 after OpenSSL's cleanup */
    if(init(0, 0))
      (void)!write(1, "in use\n", 7);
    else
      (void)!write(1, "cleaned up\n", 11);
  }
}
