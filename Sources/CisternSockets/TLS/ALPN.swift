import COpenSSL

/// Chooses `http/1.1` among the protocols that a client offers (RFC 7301 §3.2). A client that offers none is served;
/// one that offers only others is refused by an alert, which tells it more than an answer in a protocol it cannot read.
let selectHTTP11: SSL_CTX_alpn_select_cb_func = { _, selected, selectedSize, offered, size, _ in
    guard let selected, let selectedSize, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    let offer = UnsafeBufferPointer(start: offered, count: Int(size))
    var start = 0
    while start < offer.count {
        let name = start + 1..<start + 1 + Int(offer[start])
        guard name.upperBound <= offer.count else { break }
        if offer[name].elementsEqual("http/1.1".utf8) {
            selected.pointee = offered + name.lowerBound
            selectedSize.pointee = offer[start]
            return SSL_TLSEXT_ERR_OK
        }
        start = name.upperBound
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
