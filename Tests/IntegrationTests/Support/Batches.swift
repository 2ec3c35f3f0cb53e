import CisternBytes
import TestSupport
import Testing

extension Backend {
    /// Gives Redis the time that a sanitized build needs for a hundred operations, or for a thousand keys.
    static let patience = ["CISTERN_HTTP_REQUEST_TIMEOUT": "40s", "CISTERN_FALLBACK_REDIS_BUDGET": "40s"]

    private static let onPatientRedis = Result { try Stack(environment: patience) }

    /// One service for all tests that send much at once and need no other.
    var patientStack: Stack { get throws { self == .redis ? try Self.onPatientRedis.get() : try stack } }

    /// A service of its own.
    func newStack(_ environment: [String: String] = [:]) throws -> Stack {
        switch self {
        case .redis: try Stack(environment: Self.patience.merging(environment) { $1 })
        case .local: try .local(environment)
        }
    }
}

extension CurlClient {
    /// Sends operations, each as JSON.
    func batch(_ operations: [String], headers: [String] = []) throws -> CurlResponse {
        try postBatch(Bytes(#"{"ops":[\#(operations.joined(separator: ","))]}"#), headers: headers)
    }

    func postBatch(_ content: Bytes, headers: [String] = []) throws -> CurlResponse {
        try send(
            CurlRequest(
                "POST", "/batch", headers: ["Content-Type: application/json"] + headers, body: .whole(content)))
    }

    /// The results of operations that all could be read.
    func results(_ operations: [String], headers: [String] = []) throws -> [JSONText] {
        let answer = try batch(operations, headers: headers)
        guard answer.status == 200 else { throw TestFailure("status \(answer.status): \(answer.text)") }
        return try answer.results
    }

    /// One page of keys. `query` is what follows `/keys`.
    func page(_ query: String = "", headers: [String] = []) throws -> JSONText {
        let answer = try get("/keys\(query)", headers: headers)
        guard answer.status == 200 else { throw TestFailure("status \(answer.status): \(answer.text)") }
        return try JSONText(answer.text)
    }

    /// The keys of all pages, as often as they come. `between` is called after each page.
    func allKeys(prefix: String = "", limit: Int = 100, between: () throws -> Void = {}) throws -> [String] {
        var keys: [String] = []
        var cursor = ""
        while true {
            let page = try page("?prefix=\(prefix)&limit=\(limit)&cursor=\(cursor)")
            keys += try #require(page["keys"]?.elements).compactMap { $0["key"]?.string }
            if page["complete"] == .bool(true) {
                #expect(page["cursor"] == nil)
                return keys
            }
            #expect(page["complete"] == .bool(false))
            cursor = try #require(page["cursor"]?.string)
            try between()
        }
    }
}

extension CurlResponse {
    var results: [JSONText] {
        get throws {
            guard let results = try JSONText(text)["results"]?.elements else {
                throw TestFailure("no results: \(text)")
            }
            return results
        }
    }
}

extension [JSONText] {
    var statuses: [Int] { map { Int($0["status"]?.number ?? 0) } }
}

func get(_ key: String) -> String { #"{"op":"get","key":"\#(key)"}"# }
func put(_ key: String, _ value: String, _ more: String = "") -> String {
    #"{"op":"put","key":"\#(key)","value":"\#(value)"\#(more)}"#
}
func delete(_ key: String) -> String { #"{"op":"delete","key":"\#(key)"}"# }
