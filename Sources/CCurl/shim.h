#pragma once

#include <curl/curl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call: one function for each
   type of argument. */

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

/* For CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION. */
static inline CURLcode ccurl_set_data_function(CURL *easy, CURLoption option, curl_write_callback value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode ccurl_set_opensocket_function(CURL *easy, curl_opensocket_callback value) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode ccurl_set_prereq_function(CURL *easy, curl_prereq_callback value) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

static inline CURLcode ccurl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

/* The allocator that libcurl is given: what it frees is overwritten first, because requests with secrets
   pass through its buffers. In C, since these are handed to curl_global_init_mem as function pointers and
   run for each small allocation. */

static inline void ccurl_wiping_free(void *memory) {
    if (memory == NULL) return;
    explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static inline void *ccurl_wiping_realloc(void *memory, size_t size) {
    if (memory == NULL) return malloc(size);
    size_t held = malloc_usable_size(memory);
    /* realloc could move the bytes and leave the old ones behind. */
    void *moved = malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, memory, held < size ? held : size);
    ccurl_wiping_free(memory);
    return moved;
}

static inline CURLcode ccurl_global_init_wiping(void) {
    return curl_global_init_mem(
        CURL_GLOBAL_DEFAULT, malloc, ccurl_wiping_free, ccurl_wiping_realloc, strdup, calloc);
}
