#include "COpenSSL.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

static BIO_METHOD *method;
static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;

static int descriptor_of(BIO *bio) { return (int)(intptr_t)BIO_get_data(bio); }

static int would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

static int socket_read(BIO *bio, char *buffer, int size) {
    ssize_t count;
    BIO_clear_retry_flags(bio);
    do {
        count = recv(descriptor_of(bio), buffer, (size_t)size, 0);
    } while (count < 0 && errno == EINTR);
    if (count == 0) {
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    } else if (count < 0) {
        if (would_block(errno)) {
            BIO_set_retry_read(bio);
        } else {
            ERR_raise(ERR_LIB_SYS, errno);
        }
    }
    return (int)count;
}

static int socket_write(BIO *bio, const char *bytes, int size) {
    ssize_t count;
    BIO_clear_retry_flags(bio);
    do {
        count = send(descriptor_of(bio), bytes, (size_t)size, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        if (would_block(errno)) {
            BIO_set_retry_write(bio);
        } else {
            ERR_raise(ERR_LIB_SYS, errno);
        }
    }
    return (int)count;
}

static long socket_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default:
        return 0;
    }
}

static void make_method(void) {
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "cistern socket");
    if (made == NULL) {
        return;
    }
    if (BIO_meth_set_read(made, socket_read) && BIO_meth_set_write(made, socket_write)
        && BIO_meth_set_ctrl(made, socket_control)) {
        method = made;
    } else {
        BIO_meth_free(made);
    }
}

BIO *cistern_socket_bio(int descriptor) {
    if (!CRYPTO_THREAD_run_once(&method_once, make_method) || method == NULL) {
        return NULL;
    }
    BIO *bio = BIO_new(method);
    if (bio != NULL) {
        BIO_set_data(bio, (void *)(intptr_t)descriptor);
        BIO_set_init(bio, 1);
    }
    return bio;
}
