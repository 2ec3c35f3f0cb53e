internal import Glibc

/// A byte string: what Redis calls a string, and what HTTP calls a body.
///
/// Keys and values are bytes from socket to socket; nothing is decoded on the way. A value is made from a string
/// literal, a `String` (its UTF-8), or any sequence of bytes, and printing one shows its size and never its content.
public struct Bytes: Sendable, Hashable {
    @usableFromInline
    package var storage: [UInt8]

    /// The empty byte string.
    @inlinable
    public init() { storage = [] }

    /// The UTF-8 bytes of `string`.
    @inlinable
    public init(_ string: String) { storage = Array(string.utf8) }

    /// The bytes of a sequence, in its order.
    @inlinable
    public init(_ bytes: some Sequence<UInt8>) { storage = Array(bytes) }

    /// A copy of the bytes that a span shows.
    @inlinable
    public init(copying span: Span<UInt8>) {
        storage = span.withUnsafeBufferPointer { Array($0) }
    }

    /// Wraps an array without copying it.
    @inlinable
    package init(adopting array: consuming [UInt8]) { storage = array }

    /// These bytes with others behind them.
    package func appending(_ other: Bytes) -> Bytes {
        var joined: [UInt8] = []
        joined.reserveCapacity(count + other.count)
        joined += storage
        joined += other.storage
        return Bytes(adopting: joined)
    }

    /// The text that these bytes are in UTF-8; nil where they are not valid UTF-8.
    public var string: String? { String(validating: storage, as: UTF8.self) }

    /// The bytes in place, valid while this value is.
    @inlinable
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { storage.span }
    }

    /// Calls `body` with the bytes in contiguous memory, valid during the call only.
    @inlinable
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.span.withUnsafeBytes(body)
    }
}

extension Bytes: RandomAccessCollection {
    /// Always 0.
    @inlinable public var startIndex: Int { 0 }
    /// The number of bytes.
    @inlinable public var endIndex: Int { storage.count }
    /// The byte at a position from 0 to `count - 1`.
    @inlinable public subscript(position: Int) -> UInt8 { storage[position] }

    /// Calls `body` with the bytes in place; they always are contiguous.
    @inlinable
    public func withContiguousStorageIfAvailable<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
        try storage.withUnsafeBufferPointer(body)
    }
}

extension Bytes {
    /// Whether two byte strings have the same bytes. They are compared as blocks; arrays would be byte by byte. The same memory is
    /// not looked at.
    public static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        return left.storage.withUnsafeBytes { left in
            right.storage.withUnsafeBytes { right in
                guard let left = left.baseAddress, let start = right.baseAddress else { return true }
                return left == start || memcmp(left, start, right.count) == 0
            }
        }
    }

    /// Hashes the bytes as one block; an array would feed them to the hasher one by one.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        storage.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension Bytes: ExpressibleByStringLiteral {
    /// The UTF-8 bytes of a string literal.
    @inlinable
    public init(stringLiteral value: String) { self.init(value) }
}

extension Bytes: ExpressibleByArrayLiteral {
    /// The bytes of an array literal.
    @inlinable
    public init(arrayLiteral elements: UInt8...) { storage = elements }
}

extension Bytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The size alone: values are secrets until proven otherwise.
    public var description: String { "Bytes(\(count))" }
    /// The size alone, like ``description``.
    public var debugDescription: String { description }
    /// No children, so that `dump` shows no content either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
