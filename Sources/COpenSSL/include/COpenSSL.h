#ifndef CISTERN_COPENSSL_H
#define CISTERN_COPENSSL_H

/* OpenSSL for Swift: its headers, and static inline functions for what are macros there. */

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#endif
