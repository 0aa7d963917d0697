#include "FaultPlan.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <string.h>

// The functions of libcrypto that the vault calls, in front of libcrypto's own: the linker takes the first of a name.

// The next one's address. Whichever thread comes first finds it, and so does another at the same time.
#define REAL(name) \
    static _Atomic(__typeof__(&name)) kept; \
    __typeof__(&name) real = atomic_load_explicit(&kept, memory_order_relaxed); \
    if (!real) atomic_store_explicit(&kept, real = (__typeof__(&name))dlsym(RTLD_NEXT, #name), memory_order_relaxed)

// A function that answers 1 for success.
#define WITH_STATUS(name, parameters, arguments) \
    int name parameters { \
        REAL(name); \
        return fault_strikes(FAULT_CRYPTO) ? 0 : real arguments; \
    }

// A function that answers with something new, or NULL; and the one that frees it.
#define WITH_RESULT(kind, type, name, parameters, arguments) \
    type *name parameters { \
        REAL(name); \
        if (fault_strikes(kind)) return NULL; \
        type *made = real arguments; \
        if (made) fault_plan_now()->living++; \
        return made; \
    }

// The same of an algorithm, which is looked up once and kept.
#define WITH_ALGORITHM(type, name) \
    type *name(OSSL_LIB_CTX *library, const char *algorithm, const char *properties) { \
        REAL(name); \
        return fault_strikes(FAULT_FETCH) ? NULL : real(library, algorithm, properties); \
    }

// The same of a key. It is not counted: libcrypto itself has references to it, which it gives up by the same function.
#define WITH_KEY(name) \
    EVP_PKEY *name( \
        OSSL_LIB_CTX *library, const char *type, const char *properties, const unsigned char *bytes, size_t count) { \
        REAL(name); \
        return fault_strikes(FAULT_NEW) ? NULL : real(library, type, properties, bytes, count); \
    }

#define FREEING(type, name) \
    void name(type *freed) { \
        REAL(name); \
        if (freed) fault_plan_now()->living--; \
        real(freed); \
    }

static int draw(int (*real)(OSSL_LIB_CTX *, unsigned char *, size_t, unsigned int), OSSL_LIB_CTX *library,
    unsigned char *bytes, size_t count, unsigned int strength) {
    static const unsigned char pattern[16] = "one and the same";
    if (!fault_strikes(FAULT_RANDOM)) return real(library, bytes, count, strength);
    switch (fault_plan_now()->mode) {
    case FAULT_MINUS_ONE: return -1;
    case FAULT_SILENT: return 1;
    case FAULT_REPEAT:
        // No block of a draw is like the one before it, so that only another draw tells.
        for (size_t i = 0; i < count; i++) bytes[i] = pattern[i % 16] + (unsigned char)(i / 16);
        return 1;
    default: return 0;
    }
}

int RAND_bytes_ex(OSSL_LIB_CTX *library, unsigned char *bytes, size_t count, unsigned int strength) {
    REAL(RAND_bytes_ex);
    return draw(real, library, bytes, count, strength);
}

int RAND_priv_bytes_ex(OSSL_LIB_CTX *library, unsigned char *bytes, size_t count, unsigned int strength) {
    REAL(RAND_priv_bytes_ex);
    return draw(real, library, bytes, count, strength);
}

WITH_ALGORITHM(EVP_CIPHER, EVP_CIPHER_fetch)
WITH_ALGORITHM(EVP_MAC, EVP_MAC_fetch)
WITH_ALGORITHM(EVP_MD, EVP_MD_fetch)

WITH_RESULT(FAULT_NEW, EVP_CIPHER_CTX, EVP_CIPHER_CTX_new, (void), ())
FREEING(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
WITH_STATUS(EVP_EncryptInit_ex2,
    (EVP_CIPHER_CTX *c, const EVP_CIPHER *t, const unsigned char *k, const unsigned char *i, const OSSL_PARAM *p),
    (c, t, k, i, p))
WITH_STATUS(EVP_DecryptInit_ex2,
    (EVP_CIPHER_CTX *c, const EVP_CIPHER *t, const unsigned char *k, const unsigned char *i, const OSSL_PARAM *p),
    (c, t, k, i, p))
WITH_STATUS(EVP_CipherInit_ex,
    (EVP_CIPHER_CTX *c, const EVP_CIPHER *t, ENGINE *e, const unsigned char *k, const unsigned char *i, int d),
    (c, t, e, k, i, d))
WITH_STATUS(EVP_CipherUpdate,
    (EVP_CIPHER_CTX *c, unsigned char *o, int *n, const unsigned char *i, int m), (c, o, n, i, m))
WITH_STATUS(EVP_EncryptFinal_ex, (EVP_CIPHER_CTX *c, unsigned char *o, int *n), (c, o, n))
WITH_STATUS(EVP_DecryptFinal_ex, (EVP_CIPHER_CTX *c, unsigned char *o, int *n), (c, o, n))
WITH_STATUS(EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX *c, int t, int n, void *p), (c, t, n, p))

WITH_RESULT(FAULT_NEW, EVP_MAC_CTX, EVP_MAC_CTX_new, (EVP_MAC *m), (m))
FREEING(EVP_MAC_CTX, EVP_MAC_CTX_free)
WITH_STATUS(EVP_MAC_CTX_set_params, (EVP_MAC_CTX *c, const OSSL_PARAM *p), (c, p))
WITH_STATUS(EVP_MAC_init, (EVP_MAC_CTX *c, const unsigned char *k, size_t n, const OSSL_PARAM *p), (c, k, n, p))
WITH_STATUS(EVP_MAC_update, (EVP_MAC_CTX *c, const unsigned char *b, size_t n), (c, b, n))
WITH_STATUS(EVP_MAC_final, (EVP_MAC_CTX *c, unsigned char *o, size_t *n, size_t m), (c, o, n, m))

WITH_RESULT(FAULT_NEW, EVP_MD_CTX, EVP_MD_CTX_new, (void), ())
FREEING(EVP_MD_CTX, EVP_MD_CTX_free)
WITH_STATUS(EVP_DigestInit_ex2, (EVP_MD_CTX *c, const EVP_MD *t, const OSSL_PARAM *p), (c, t, p))
WITH_STATUS(EVP_DigestUpdate, (EVP_MD_CTX *c, const void *b, size_t n), (c, b, n))
WITH_STATUS(EVP_DigestFinal_ex, (EVP_MD_CTX *c, unsigned char *o, unsigned int *n), (c, o, n))

WITH_STATUS(EVP_DigestSignInit_ex,
    (EVP_MD_CTX *c, EVP_PKEY_CTX **x, const char *m, OSSL_LIB_CTX *l, const char *q, EVP_PKEY *k, const OSSL_PARAM *p),
    (c, x, m, l, q, k, p))
WITH_STATUS(EVP_DigestSign,
    (EVP_MD_CTX *c, unsigned char *o, size_t *n, const unsigned char *b, size_t m), (c, o, n, b, m))
WITH_STATUS(EVP_DigestVerifyInit_ex,
    (EVP_MD_CTX *c, EVP_PKEY_CTX **x, const char *m, OSSL_LIB_CTX *l, const char *q, EVP_PKEY *k, const OSSL_PARAM *p),
    (c, x, m, l, q, k, p))
WITH_STATUS(EVP_DigestVerify,
    (EVP_MD_CTX *c, const unsigned char *s, size_t n, const unsigned char *b, size_t m), (c, s, n, b, m))
WITH_KEY(EVP_PKEY_new_raw_private_key_ex)
WITH_KEY(EVP_PKEY_new_raw_public_key_ex)
WITH_STATUS(EVP_PKEY_get_raw_public_key, (const EVP_PKEY *k, unsigned char *b, size_t *n), (k, b, n))

void *CRYPTO_secure_malloc(size_t count, const char *file, int line) {
    REAL(CRYPTO_secure_malloc);
    if (fault_strikes(FAULT_SECURE)) return NULL;
    void *made = real(count, file, line);
    if (made) fault_plan_now()->living++;
    return made;
}

void CRYPTO_secure_clear_free(void *freed, size_t count, const char *file, int line) {
    REAL(CRYPTO_secure_clear_free);
    if (freed) fault_plan_now()->living--;
    real(freed, count, file, line);
}
