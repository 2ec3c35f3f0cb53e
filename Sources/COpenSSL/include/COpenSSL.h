#ifndef CISTERN_COPENSSL_H
#define CISTERN_COPENSSL_H

/* OpenSSL for Swift: its headers, static inline functions for what are macros there, and a BIO that never signals. */

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* A BIO over a connected non-blocking socket that it does not close. OpenSSL's own socket BIO calls write(2), which
   raises SIGPIPE on a connection that the peer has closed; this one sends with MSG_NOSIGNAL. A failing system call
   stands in the error queue as ERR_LIB_SYS with its errno, which OpenSSL's own leaves to a global that may be
   overwritten by then. NULL when memory is short. */
BIO *cistern_socket_bio(int descriptor);

/* What every context of ours has in common, for clients and servers. 1, or 0 when OpenSSL refuses. */
static inline int cistern_ssl_ctx_set_up(SSL_CTX *context, int newest_version) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    /* A connection that waits holds no record buffers: they are 32 KiB, times thousands of idle connections. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
                                  | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* One recv for what has arrived, where a record otherwise costs two: its header, then its body. */
    SSL_CTX_set_read_ahead(context, 1);
    /* 112 bits of security: no RSA below 2048 bits, no SHA-1 signatures, no RC4. Debian's default, not everyone's. */
    if (SSL_CTX_get_security_level(context) < 2) {
        SSL_CTX_set_security_level(context, 2);
    }
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
           && SSL_CTX_set_max_proto_version(context, newest_version) == 1;
}

static inline void cistern_ssl_ctx_keep_sessions_outside(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
}

/* Tickets are stateless: the server resumes without a store of its own. */
static inline void cistern_ssl_ctx_keep_no_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int cistern_ssl_ctx_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int cistern_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

#endif
