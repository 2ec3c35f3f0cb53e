import Cistern
import TestSupport
import Testing

/// `ConfigValidator.checkNetwork`.
@Suite(.blocking, .timeLimit(.minutes(20)))
struct NetworkCheckTests {
    private typealias Step = NetworkReport.Step

    private func check(_ config: RedisConfig) async -> NetworkReport {
        let report = await ConfigValidator().checkNetwork(config)
        #expect(report.steps.map(\.name) == Step.Name.allCases)
        return report
    }

    /// The names of the steps that passed, and of the one that failed.
    private func passed(_ report: NetworkReport) -> [Step.Name] {
        report.steps.filter { $0.outcome == .passed }.map(\.name)
    }

    @Test func aServerThatAnswersPassesEveryStep() async throws {
        let server = try RedisServerProcess(.password("secret"))
        let report = await check(server.config { $0.password = "secret" })
        #expect(report.isPassed)
        #expect(passed(report) == [.resolve, .connect, .auth, .ping])
        #expect(report.steps[2].outcome == .skipped && report.steps[2].duration == .zero)
        #expect(report.steps.allSatisfy { $0.outcome == .skipped || $0.duration > .zero })
        #expect(report.steps[4].duration < .seconds(5))
        #expect(try eventually { try server.connections().isEmpty })
    }

    @Test func aServerWithTLSPassesThatStepToo() async throws {
        let files = try TLSFixtures.shared
        var options = RedisServerProcess.Options()
        options.tls = .init(certificate: files.server.certificate, key: files.server.key, authority: files.authority)
        let server = try RedisServerProcess(options)
        func config(_ change: (inout RedisConfig) -> Void = { _ in }) -> RedisConfig {
            server.config {
                $0.port = Int(server.tlsPort)
                $0.tlsEnabled = true
                $0.tlsCAFile = files.authority
                change(&$0)
            }
        }
        #expect(passed(await check(config())) == Step.Name.allCases)
        let untrusted = await check(config { $0.tlsCAFile = files.wrongAuthority })
        #expect(passed(untrusted) == [.resolve, .connect])
        #expect(untrusted.failure?.name == .tls)
    }

    @Test func theStepThatFailsSaysWhyAndWhatToDo() async throws {
        let server = try RedisServerProcess(.password("secret"))
        let silent = try FaultServer { _ in [.silence] }
        let forbidding = try FaultServer { _ in
            FaultServer.Step.greeting + [.receiveThrough("PING\r\n"), .send(["-NOPERM no\r\n"]), .silence]
        }
        let free = try freePort()
        let cases: [(RedisConfig, Step.Name, [Step.Name])] = [
            (.local(1) { $0.host = "no-such-host.invalid" }, .resolve, []),
            (.local(free), .connect, [.resolve]),
            (server.config { $0.password = "wrong" }, .auth, [.resolve, .connect]),
            (server.config(), .auth, [.resolve, .connect]),
            (.local(silent.port) { $0.dialTimeout = .milliseconds(50) }, .auth, [.resolve, .connect]),
            (.local(forbidding.port), .ping, [.resolve, .connect, .auth]),
            (
                .local(1) {
                    $0.host = ""; $0.port = 0
                }, .resolve, []
            ),
        ]
        for (config, failed, before) in cases {
            let report = await check(config)
            #expect(!report.isPassed)
            #expect(report.failure?.name == failed)
            #expect(passed(report) == before)
            guard case .failed(let message, let hint) = report.failure?.outcome else { continue }
            #expect(!message.isEmpty && !hint.isEmpty)
            #expect(!report.description.contains("wrong") && !report.description.contains("secret"))
            #expect(report.description.contains(message))
        }
    }
}
