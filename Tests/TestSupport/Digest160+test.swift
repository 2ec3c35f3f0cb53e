package import CisternBytes

extension Digest160 {
    /// Twenty times the same byte.
    package static func repeating(_ byte: UInt8) -> Digest160 {
        [UInt8](repeating: byte, count: 20).withUnsafeBytes { Digest160($0) }
    }
}
