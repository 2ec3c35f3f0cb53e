internal import CisternBytes

/// What the fields mean for the connection, decided once when the head is complete.
extension HTTPRequestHead {
    func interpret() throws(HTTPRejection) {
        try interpretHost()
        try interpretFraming()
        interpretConnection()
        interpretExpectation()
    }

    /// RFC 9112 §3.2: 400 where HTTP/1.1 has no `Host`, and where there are several or an invalid one. §3.2.2 and
    /// §3.2.3: an authority in the target goes before it, yet the field must be there and be good.
    private func interpretHost() throws(HTTPRejection) {
        if let line = firstIndex(of: .host, from: 0) {
            guard firstIndex(of: .host, from: line + 1) == nil else { throw .repeatedHost }
            let range = fields[line].value
            guard let host = knownHost.read(span(range)) else { throw .invalidHost }
            guard !hasHost else { return }
            adopt(host, at: range)
            facts.isHostKnown = knownHost.isLastRead
        } else if version == .http11 {
            throw .missingHost
        }
    }

    /// Takes the authority that stands at `range`.
    func adopt(_ authority: HTTPAuthority, at range: HTTPRange) {
        facts.hasHost = true
        authorityRange = range
        hostRange = HTTPRange(Int(range.start)..<Int(range.start) + authority.hostCount)
        facts.port = authority.port
    }

    private func interpretFraming() throws(HTTPRejection) {
        if has(.transferEncoding) {
            // RFC 9112 §6.1: 1.0 does not know the field, so its framing is faulty; with a length it is an attack.
            guard version == .http11 else { throw .transferCodingInHTTP10 }
            guard !has(.contentLength) else { throw .lengthAndTransferCoding }
            var codings = HTTPTransferCodings()
            var index = 0
            while let line = firstIndex(of: .transferEncoding, from: index) {
                try codings.add(span(fields[line].value))
                index = line + 1
            }
            try codings.finish()
            facts.framing = .chunked
        } else if has(.contentLength) {
            facts.framing = .length(try contentLength())
        }
    }

    /// RFC 9110 §8.6: repeated equal lengths, in lines or in a list, are one length; different ones are refused.
    private func contentLength() throws(HTTPRejection) -> Int {
        var length: Int?
        var index = 0
        while let line = firstIndex(of: .contentLength, from: index) {
            let value = span(fields[line].value)
            var position = 0
            while let element = HTTPList.next(in: value, from: &position) {
                guard let next = ASCII.decimal(value.extracting(element)) else { throw .invalidContentLength }
                if let length, length != next { throw .conflictingContentLength }
                length = next
            }
            index = line + 1
        }
        guard let length else { throw .invalidContentLength }
        return length
    }

    /// RFC 9112 §9.3: `close` wins; else 1.1 persists and 1.0 does where it asks for it.
    private func interpretConnection() {
        facts.keepAlive = version == .http11
        guard has(.connection) else { return }
        if has(.connection, element: "close") {
            facts.keepAlive = false
        } else if has(.connection, element: "keep-alive") {
            facts.keepAlive = true
        }
    }

    /// RFC 9110 §10.1.1: `100-continue` of a client of 1.0 is ignored, and without content there is nothing to wait for.
    private func interpretExpectation() {
        guard has(.expect) else { return }
        forEachElement(of: .expect) {
            guard ASCII.equal($0, lowercase: "100-continue") else {
                facts.expectation = .unsupported
                return false
            }
            if version == .http11, framing != .none, framing != .length(0) { facts.expectation = .continue }
            return true
        }
    }

    /// Whether the head says how long the content is: what 411 asks for.
    package var hasLength: Bool { framing != .none }
}
