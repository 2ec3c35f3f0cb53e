/// The target's parts, raw: nothing is decoded, collapsed or resolved.
extension HTTPRequestHead {
    /// The request target as it was sent.
    package var target: Span<UInt8> {
        @_lifetime(borrow self) get { span(targetRange) }
    }

    /// The target's path, up to the first `?`. `/` where an absolute target has none (RFC 9110 §4.2.3); empty in the
    /// form `*`.
    package var path: Span<UInt8> {
        @_lifetime(borrow self) get {
            if targetForm == .absolute, pathRange.count == 0 {
                let slash: StaticString = "/"
                let bytes = UnsafeBufferPointer(start: slash.utf8Start, count: 1)
                return _overrideLifetime(bytes.span, borrowing: self)
            }
            return span(pathRange)
        }
    }

    /// What follows the first `?`; empty where there is none.
    package var query: Span<UInt8> {
        @_lifetime(borrow self) get { span(queryRange) }
    }

    /// Host and port as the target's authority or `Host` names them; empty where ``hasHost`` is false.
    package var authority: Span<UInt8> {
        @_lifetime(borrow self) get { span(authorityRange) }
    }

    /// The authority without its port. An IP literal has its brackets; the case is the client's.
    package var host: Span<UInt8> {
        @_lifetime(borrow self) get { span(hostRange) }
    }
}
