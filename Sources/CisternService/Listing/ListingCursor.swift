internal import CisternBytes
internal import CisternHTTP
internal import CisternSockets

/// Where a listing goes on, as clients carry it: a position, and a seal by which it is known as one of this listing.
///
/// The seal keeps a cursor from going on in another listing, where keys would be left out without a word. It is no secret and
/// protects nothing: every position is a safe one.
struct ListingCursor {
    private static let positionSize = 8
    private static let sealSize = 16

    /// What makes a listing this one.
    private let listing: Bytes

    /// - Parameters:
    ///   - store: What is listed; instances that list the same one take each other's cursors.
    ///   - prefix: What the keys begin with.
    init(of store: String, prefix: Bytes) {
        listing = Bytes("\(store)\0").appending(prefix)
    }

    /// The text for a position; a URL can hold it as it stands.
    func text(of position: UInt64) -> Bytes {
        let bytes = Self.bytes(of: position)
        return Base64.url.encode(bytes.appending(seal(bytes)).span)
    }

    /// The position that a text stands for; nil where it is none of this listing.
    func position(in text: Bytes) -> UInt64? {
        guard let bytes = Base64.url.decode(text.span), bytes.count == Self.positionSize + Self.sealSize,
            bytes.dropFirst(Self.positionSize).elementsEqual(seal(Bytes(bytes.prefix(Self.positionSize))))
        else { return nil }
        return bytes.prefix(Self.positionSize).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func seal(_ position: Bytes) -> Bytes {
        Bytes(SHA1.hexDigest(of: listing.appending(position)).prefix(Self.sealSize))
    }

    private static func bytes(of position: UInt64) -> Bytes {
        Bytes((0..<positionSize).map { UInt8(truncatingIfNeeded: position >> UInt64(8 * (positionSize - 1 - $0))) })
    }
}
