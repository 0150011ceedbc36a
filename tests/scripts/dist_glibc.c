/* For dist.sh on static glibc: a function of glibc's that would bring a fortieth of the whole program along.

   Rust's runtime asks where a thread's stack ends, to be able to say that it overflowed. glibc's answer for the first
   thread comes from a text in /proc, which it reads with all of scanf: wide characters and long doubles. Without
   an answer a program that overflows its stack ends by SIGSEGV as well, and with one sentence less. */
#include <errno.h>
#include <pthread.h>

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
    (void)thread;
    (void)attributes;
    return ENOSYS;
}
