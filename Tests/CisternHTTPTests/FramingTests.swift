import CisternHTTP
import Testing

@Suite struct FramingTests {
    @Test(arguments: lengths) func contentLengthIsOneDecimalNumber(_ sample: Sample) { verify(sample) }
    @Test(arguments: codings) func chunkedIsTheOneTransferCoding(_ sample: Sample) { verify(sample) }
    @Test(arguments: chunks) func chunksAreCountedExactly(_ sample: Sample) { verify(sample) }
    @Test(arguments: smuggling) func noRequestHidesInAnother(_ sample: Sample) { verify(sample) }

    static let lengths: [Sample] = [
        Sample(
            "RFC 9112 §6.2", "PUT / HTTP/1.1¶Host: h¶Content-Length: 5¶¶hello", ["PUT / @h length 5", "body hello"]),
        Sample(
            "RFC 9112 §6.2", "GET / HTTP/1.1¶Host: h¶Content-Length: 5¶¶hello", ["GET / @h length 5", "body hello"]),
        Sample("RFC 9112 §6.2", "PUT / HTTP/1.1¶Host: h¶Content-Length: 0¶¶", ["PUT / @h length 0", "body "]),
        Sample("RFC 9112 §6.2", "PUT / HTTP/1.0¶Content-Length: 1¶¶a", ["PUT / 1.0 length 1", "body a"]),
        Sample(
            "RFC 9112 §6.2", "PUT / HTTP/1.1¶Host: h¶Content-Length: 005¶¶hello", ["PUT / @h length 5", "body hello"]),
        Sample(
            "RFC 9112 §6.2", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2¶¶\u{00}\n",
            ["PUT / @h length 2", "body \u{00}\n"]),
        Sample(
            "RFC 9112 §8", "PUT / HTTP/1.1¶Host: h¶Content-Length: 5¶¶hel",
            ["PUT / @h length 5", "partial hel", "waiting 0"]),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶¶", "PUT / @h"),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2, 2¶¶ab", ["PUT / @h length 2", "body ab"]),
        Sample(
            "RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2¶content-length: 2¶¶ab",
            ["PUT / @h length 2", "body ab"]),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2, 3¶¶ab", .conflictingContentLength),
        Sample(
            "RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2¶Content-Length: 3¶¶ab", .conflictingContentLength
        ),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2,¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: ,2¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length:¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2¶Content-Length:¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: +2¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: -2¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 0x2¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2.0¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 1 1¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 2;¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: \"2\"¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: \u{B2}¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 1e1¶¶ab", .invalidContentLength),
        Sample("RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 9223372036854775808¶¶", .invalidContentLength),
        Sample(
            "RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 18446744073709551618¶¶ab", .invalidContentLength),
        Sample(
            "RFC 9110 §8.6", "PUT / HTTP/1.1¶Host: h¶Content-Length: 99999999999999999999999¶¶", .invalidContentLength),
        Sample(
            "RFC 9110 §15.5.14", "PUT / HTTP/1.1¶Host: h¶Content-Length: 9223372036854775807¶¶",
            ["PUT / @h length 9223372036854775807", "413 contentTooLarge"]),
        Sample(
            "RFC 9110 §15.5.14", "PUT / HTTP/1.1¶Host: h¶Content-Length: 1001¶¶",
            ["PUT / @h length 1001", "413 contentTooLarge"]),
    ]

    static let codings: [Sample] = [
        Sample(
            "RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶0¶¶", ["PUT / @h chunked", "body "]),
        Sample("RFC 9112 §7", "PUT / HTTP/1.1¶Host: h¶transfer-encoding: CHUNKED¶¶0¶¶", ["PUT / @h chunked", "body "]),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: gzip, chunked¶¶0¶¶", .unknownTransferCoding),
        Sample(
            "RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: a;b=c, chunked¶¶0¶¶", .unknownTransferCoding),
        Sample(
            "RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: a;b=\",\", chunked¶¶", .unknownTransferCoding),
        Sample(
            "RFC 9112 §7", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: identity, chunked¶¶0¶¶", .unknownTransferCoding),
        Sample(
            "RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: gzip¶Transfer-Encoding: chunked¶¶0¶¶",
            .unknownTransferCoding),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: gzip¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: identity¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked, gzip¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked, identity¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked, chunked¶¶0¶¶", .chunkedNotLast),
        Sample(
            "RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Transfer-Encoding: chunked¶¶0¶¶",
            .chunkedNotLast),
        Sample(
            "RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Transfer-Encoding: x¶¶0¶¶",
            .chunkedNotLast),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: xchunked¶¶0¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunke¶¶0¶¶", .chunkedNotLast),
        Sample("RFC 9112 §7.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked;a=b¶¶0¶¶", .invalidTransferCoding),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding:¶¶0¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: , ,¶¶0¶¶", .chunkedNotLast),
        Sample(
            "RFC 9110 §5.6.1.2", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: ,chunked¶¶0¶¶",
            ["PUT / @h chunked", "body "]
        ),
        Sample(
            "RFC 9110 §5.6.1.2", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked, ,¶¶0¶¶",
            ["PUT / @h chunked", "body "]),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked,,chunked¶¶0¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.3", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked,,gzip¶¶0¶¶", .chunkedNotLast),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: \"chunked\"¶¶0¶¶", .invalidTransferCoding),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked foo¶¶0¶¶", .invalidTransferCoding),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: \u{0B}chunked¶¶0¶¶", .controlCharacter),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked\u{00}¶¶0¶¶", .controlCharacter),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding : chunked¶¶0¶¶", .whitespaceBeforeColon),
        Sample("RFC 9112 §5.2", "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding:¶ chunked¶¶0¶¶", .foldedField),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.0¶Transfer-Encoding: chunked¶¶0¶¶", .transferCodingInHTTP10),
        Sample("RFC 9112 §6.1", "PUT / HTTP/1.0¶Transfer-Encoding: identity¶¶", .transferCodingInHTTP10),
        Sample(
            "RFC 9112 §6.1", "PUT / HTTP/1.0¶Content-Length: 1¶Transfer-Encoding: chunked¶¶0¶¶",
            .transferCodingInHTTP10),
    ]

    private static func chunked(_ section: String, _ body: String, _ expected: String...) -> Sample {
        Sample(section, "PUT / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶" + body, ["PUT / @h chunked"] + expected)
    }

    static let chunks: [Sample] = [
        chunked("RFC 9112 §7.1", "5¶hello¶0¶¶", "body hello"),
        chunked("RFC 9112 §7.1", "1¶h¶4¶ello¶0¶¶", "body hello"),
        chunked("RFC 9112 §7.1", "A¶0123456789¶a¶0123456789¶0¶¶", "body 01234567890123456789"),
        chunked("RFC 9112 §7.1", "00005¶hello¶000¶¶", "body hello"),
        chunked("RFC 9112 §7.1", "2¶\r\n¶0¶¶", "body \r\n"),
        chunked("RFC 9112 §7.1.1", "5;a¶hello¶0;b=c¶¶", "body hello"),
        chunked("RFC 9112 §7.1.1", "5;a=\"b;\\\"c\";d=e¶hello¶0¶¶", "body hello"),
        chunked("RFC 9112 §7.1.1", "5 \t; a = b ;c¶hello¶0¶¶", "body hello"),
        chunked("RFC 9112 §7.1.2", "5¶hello¶0¶A: b¶C: d¶¶", "body hello"),
        chunked("RFC 9112 §7.1.2", "0¶Content-Length: 9¶Transfer-Encoding: x¶¶", "body "),
        chunked("RFC 9112 §7.1.2", "5¶hello¶0¶A b: c¶¶", "partial hello", "400 whitespaceBeforeColon"),
        chunked("RFC 9112 §7.1.2", "0¶ a¶¶", "400 foldedField"),
        chunked("RFC 9112 §7.1.2", "0¶a¶¶", "400 malformedField"),
        chunked("RFC 9112 §7.1.2", "0¶a: \u{00}¶¶", "400 controlCharacter"),
        chunked("RFC 9112 §7.1.2", "0¶a: b\n¶", "400 bareLineFeed"),
        chunked("RFC 9112 §7.1.2", "0¶\n", "400 bareLineFeed"),
        chunked("RFC 9112 §7.1", "g¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", " 5¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "-5¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "+5¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "0x5¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "5_0¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "5 ¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "5 5¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "5,5¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "5\u{00}¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", ";a=5¶hello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "5\nhello¶0¶¶", "400 bareLineFeed"),
        chunked("RFC 9112 §7.1", "5\rhello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1", "5\r\r\nhello¶0¶¶", "400 invalidChunkSize"),
        chunked("RFC 9112 §7.1.1", "5;¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;a=¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;=b¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;a=\"b¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;a=\"b\\¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;a=\"\u{01}\"¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;a b¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;a\rb¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1.1", "5;a\nhello¶0¶¶", "400 bareLineFeed"),
        chunked("RFC 9112 §7.1.1", "5;a ¶hello¶0¶¶", "400 invalidChunkExtension"),
        chunked("RFC 9112 §7.1", "FFFFFFFFFFFFFFFFF¶", "400 chunkSizeOverflow"),
        chunked("RFC 9112 §7.1", "10000000000000000¶", "400 chunkSizeOverflow"),
        chunked("RFC 9112 §7.1", "FFFFFFFFFFFFFFFF¶", "400 chunkSizeOverflow"),
        chunked("RFC 9112 §7.1", "8000000000000000¶", "400 chunkSizeOverflow"),
        chunked("RFC 9110 §15.5.14", "7FFFFFFFFFFFFFFF¶", "413 contentTooLarge"),
        chunked("RFC 9110 §15.5.14", "5¶hello¶7FFFFFFFFFFFFFFF¶", "partial hello", "413 contentTooLarge"),
        chunked("RFC 9112 §7.1", "5¶hello0¶¶", "partial hello", "400 chunkNotTerminated"),
        chunked("RFC 9112 §7.1", "5¶hello!¶0¶¶", "partial hello", "400 chunkNotTerminated"),
        chunked("RFC 9112 §7.1", "5¶hello\n0¶¶", "partial hello", "400 chunkNotTerminated"),
        chunked("RFC 9112 §7.1", "5¶hello\r\r\n0¶¶", "partial hello", "400 chunkNotTerminated"),
        chunked("RFC 9112 §7.1", "6¶hello¶0¶¶", "partial hello\r", "400 chunkNotTerminated"),
        chunked("RFC 9112 §7.1", "4¶hello¶0¶¶", "partial hell", "400 chunkNotTerminated"),
        chunked("RFC 9112 §8", "5¶hel", "partial hel", "waiting 0"),
        chunked("RFC 9112 §8", "5¶hello\r", "partial hello", "waiting 1"),
        chunked("RFC 9112 §8", "5¶hello¶0¶", "partial hello", "waiting 0"),
        chunked("RFC 9112 §8", "", "waiting 0"),
    ]

    /// Each hides a second request where two readers might disagree about the end of the first.
    static let smuggling: [Sample] = [
        Sample(
            "RFC 9112 §6.3",
            "POST / HTTP/1.1¶Host: h¶Content-Length: 4¶Transfer-Encoding: chunked¶¶0¶¶GET /x HTTP/1.1¶Host: h¶¶",
            .lengthAndTransferCoding),
        Sample(
            "RFC 9112 §6.3",
            "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶Content-Length: 4¶¶0¶¶GET /x HTTP/1.1¶Host: h¶¶",
            .lengthAndTransferCoding),
        Sample(
            "RFC 9112 §6.3",
            "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: x¶Content-Length: 4¶¶0¶¶GET /x HTTP/1.1¶Host: h¶¶",
            .lengthAndTransferCoding),
        Sample(
            "RFC 9112 §6.3", "POST / HTTP/1.1¶Host: h¶Content-Length: 0¶Content-Length: 28¶¶GET /x HTTP/1.1¶Host: h¶¶",
            .conflictingContentLength),
        Sample(
            "RFC 9112 §5.1", "POST / HTTP/1.1¶Host: h¶Content-Length : 27¶¶GET /x HTTP/1.1¶Host: h¶¶",
            .whitespaceBeforeColon),
        Sample(
            "RFC 9112 §5.2", "POST / HTTP/1.1¶Host: h¶X: y¶ Content-Length: 28¶¶GET /x HTTP/1.1¶Host: h¶¶", .foldedField
        ),
        Sample(
            "RFC 9112 §2.2", "POST / HTTP/1.1¶Host: h¶X: y\nContent-Length: 28¶¶GET /x HTTP/1.1¶Host: h¶¶",
            .bareLineFeed),
        Sample(
            "RFC 9112 §2.2", "POST / HTTP/1.1¶Host: h¶X: y\rContent-Length: 28¶¶GET /x HTTP/1.1¶Host: h¶¶",
            .bareCarriageReturn),
        Sample(
            "RFC 9112 §2.2", "GET / HTTP/1.1¶Host: h¶\r\n\nGET /x HTTP/1.1¶Host: h¶¶",
            ["GET / @h", "400 bareLineFeed"]),
        Sample(
            "RFC 9110 §8.6", "POST / HTTP/1.1¶Host: h¶Content_Length: 27¶¶GET /x HTTP/1.1¶Host: h¶¶",
            ["POST / @h", "GET /x @h"]),
        Sample(
            "RFC 9112 §6.2", "GET / HTTP/1.1¶Host: h¶Content-Length: 28¶¶GET /x HTTP/1.1¶Host: h¶¶",
            ["GET / @h length 28", "body GET /x HTTP/1.1\r\nHost: h\r\n\r\n"]),
        Sample(
            "RFC 9112 §6.2", "POST / HTTP/1.1¶Host: h¶Content-Length: 3¶¶abcGET /x HTTP/1.1¶Host: h¶¶",
            ["POST / @h length 3", "body abc", "GET /x @h"]),
        Sample(
            "RFC 9112 §7.1", "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶3¶abc¶0¶¶GET /x HTTP/1.1¶Host: h¶¶",
            ["POST / @h chunked", "body abc", "GET /x @h"]),
        Sample(
            "RFC 9112 §7.1", "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶0¶GET /x HTTP/1.1¶Host: h¶¶",
            ["POST / @h chunked", "400 whitespaceBeforeColon"]),
        Sample(
            "RFC 9112 §7.1.2", "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶0¶X: y¶¶GET /x HTTP/1.1¶Host: h¶¶",
            ["POST / @h chunked", "body ", "GET /x @h"]),
        Sample(
            "RFC 9112 §7.1.1",
            "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶2;\nxx¶4c¶0¶¶GET /x HTTP/1.1¶Host: h¶¶",
            ["POST / @h chunked", "400 bareLineFeed"]),
        Sample(
            "RFC 9112 §7.1", "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶5¶abcXX0¶¶GET /x HTTP/1.1¶Host: h¶¶",
            ["POST / @h chunked", "partial abcXX", "400 chunkNotTerminated"]),
        Sample(
            "RFC 9112 §7.1",
            "POST / HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶100000000000000000¶¶GET /x HTTP/1.1¶¶",
            ["POST / @h chunked", "400 chunkSizeOverflow"]),
        Sample(
            "RFC 9112 §3", "GET / HTTP/1.1¶Host: h¶¶GET /x HTTP/1.1 HTTP/1.1¶Host: h¶¶",
            ["GET / @h", "400 malformedRequestLine"]),
        Sample(
            "RFC 9112 §9.3.2", "GET /1 HTTP/1.1¶Host: a¶¶HEAD /2 HTTP/1.1¶Host: b¶Connection: close¶¶GET /3 HTTP/1.0¶¶",
            ["GET /1 @a", "HEAD /2 @b close", "GET /3 1.0"]),
    ]
}
