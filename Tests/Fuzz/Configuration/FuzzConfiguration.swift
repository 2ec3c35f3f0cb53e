import CisternBytes
import CisternConfiguration
import CisternJSON
import CisternRedis
import CisternService

/// No configuration traps, whatever its bytes, and what is written is read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let text = String(decoding: input, as: UTF8.self)
    roundTripJSON(input)
    roundTripDuration(text)
    load(input, text)
    return 0
}

private func roundTripJSON(_ input: [UInt8]) {
    guard let value = try? JSONValue.parse(input) else { return }
    for isPretty in [false, true] {
        var writer = JSONWriter(pretty: isPretty)
        writer.value(value)
        precondition((try? JSONValue.parse(writer.bytes)) == value, "what is written is read again")
    }
}

private func roundTripDuration(_ text: String) {
    guard let duration = try? GoDuration.parse(text) else { return }
    precondition((try? GoDuration.parse(GoDuration.format(duration))) == duration, "a duration is read again")
}

/// The same bytes as a file, as a URL, as the file of a password and of tokens, and as values of the environment.
private func load(_ input: [UInt8], _ text: String) {
    let files = ConfigurationFiles { _ throws(Objections) in input }
    let environments: [[String: String]] = [
        [:], ["REDIS_URL": text], ["REDIS_PASSWORD_FILE": "x"], ["CISTERN_AUTH_TOKENS_FILE": "x"],
        ["REDIS_HOST": text, "CISTERN_HTTP_HOST": text, "CISTERN_HTTP_ALLOWED_HOSTS": text],
        [
            "CISTERN_HTTP_CORS_ORIGINS": text, "CISTERN_AUTH_TOKENS": text, "CISTERN_LOG_LEVEL": text,
            "REDIS_PORT": text,
        ],
    ]
    for (index, values) in environments.enumerated() {
        var environment = values
        // A name that may be anything, the names above included.
        if index == 0 { environment[text] = text }
        do throws(ConfigurationFaults) {
            let loaded = try ServiceConfig.load(
                file: index == 0 ? "x" : nil, environment: environment, files: files, checks: [])
            precondition(
                !loaded.show().isEmpty && !loaded.showJSON().isEmpty && loaded.hash.count == 16, "it can be shown")
        } catch {
            precondition(!error.faults.isEmpty, "a refusal has a reason")
            precondition(
                error.faults.allSatisfy { !$0.description.utf8.contains { $0 < 0x20 } }, "a fault stands on one line")
        }
    }
}
