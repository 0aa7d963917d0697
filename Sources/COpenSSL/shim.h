#pragma once

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <stdint.h>
#include <time.h>

// Chooses the hash function of an HMAC context by name. In C, because an OSSL_PARAM keeps the pointer to its key, and
// the macro OSSL_MAC_PARAM_DIGEST reaches Swift as a String, whose bytes are gone when the parameter is read.
static inline int keystow_mac_set_digest(EVP_MAC_CTX *context, const char *name) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(context, parameters);
}

// When a certificate ends, in seconds since 1970. In C, because a struct tm is read by timegm, which is no part of POSIX.
static inline int keystow_certificate_end(const X509 *certificate, int64_t *seconds) {
    struct tm time;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return 0;
    *seconds = timegm(&time);
    return 1;
}

// prctl is variadic, which Swift cannot call.
#include <sys/prctl.h>
static inline int keystow_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// adjtimex is not among what Swift sees of the C library: 1 the clock is kept in step with others, 0 it is not, -1 unknown.
#include <sys/timex.h>
static inline int keystow_clock_is_synchronised(void) {
    struct timex state = {.modes = 0};
    int code = adjtimex(&state);
    return code < 0 ? -1 : !(state.status & STA_UNSYNC);
}
