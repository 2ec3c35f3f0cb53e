import CisternBytes
import Testing

@Suite struct BytesTests {
    @Test func bytesComeFromTextAndFromSequences() {
        #expect(Array("aä" as Bytes) == [0x61, 0xC3, 0xA4])
        #expect(Array(Bytes("aä")) == [0x61, 0xC3, 0xA4])
        #expect(Array(Bytes([1, 2, 3].lazy.map { UInt8($0) })) == [1, 2, 3])
        #expect(Array([1, 0, 255] as Bytes) == [1, 0, 255])
        let array: [UInt8] = [7, 8, 9]
        let copy = Bytes(copying: array.span.extracting(1..<3))
        #expect(Array(copy) == [8, 9])
        #expect(Bytes().isEmpty && ("" as Bytes).isEmpty)
    }

    @Test func textIsNilWhereItIsNotUTF8() {
        #expect(("ä\0" as Bytes).string == "ä\0")
        #expect(([0xC3] as Bytes).string == nil)
        #expect(([0xED, 0xA0, 0x80] as Bytes).string == nil)
        #expect(Bytes().string == "")
    }

    @Test func equalityAndHashingAreByContent() {
        let bytes: Bytes = "abc"
        #expect(bytes == Bytes([0x61, 0x62, 0x63]))
        #expect(bytes != "abd" && bytes != "ab" && bytes != "abcd")
        #expect(bytes.hashValue == Bytes([0x61, 0x62, 0x63]).hashValue)
        let distinct = Set((0..<256).map { Bytes([UInt8($0)]) } + [Bytes()])
        #expect(distinct.count == 257)
    }

    @Test func everyByteValueIsKept() {
        let all = (0...255).map { UInt8($0) }
        let bytes = Bytes(all)
        #expect(Array(bytes) == all)
        #expect(bytes.count == 256 && bytes[200] == 200)
        #expect(Array(bytes[250...]) == [250, 251, 252, 253, 254, 255])
        var seen: [UInt8] = []
        for index in bytes.span.indices { seen.append(bytes.span[index]) }
        #expect(seen == all)
        #expect(bytes.withUnsafeBytes { Array($0) } == all)
        #expect(bytes.withContiguousStorageIfAvailable { Array($0) } == all)
    }

    @Test func errorsOfABodyKeepTheirType() {
        struct Failure: Error {}
        do throws(Failure) {
            try ("a" as Bytes).withUnsafeBytes { _ throws(Failure) in throw Failure() }
            Issue.record("nothing was thrown")
        } catch {}
    }

    @Test func printingShowsTheSizeAlone() {
        struct Holder { var name = "x", secret: Bytes = "hidden" }
        let bytes: Bytes = "hidden"
        var dumped = ""
        dump(bytes, to: &dumped)
        for text in ["\(bytes)", String(reflecting: bytes), dumped, "\([bytes])", "\(Holder())"] {
            #expect(text.contains("Bytes(6)"), "\(text)")
            #expect(!text.contains("hidden") && !text.contains("104"), "\(text)")
        }
    }
}
