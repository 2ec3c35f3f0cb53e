internal import Cistern
package import CisternBytes
package import CisternHTTP
internal import CisternSockets

/// The HTTP interface of a cache: what rest calls mean, in the order in which they are checked.
///
/// It is made from one configuration and never changes. Where another one is to hold, another service takes its place, and
/// shares its ``ServiceState``; a request in progress ends under the configuration that it began with.
package final class CacheService: HTTPHandler {
    let config: ServiceConfig
    let configurationHash: String
    let state: ServiceState
    let backend: Backend
    let lifetimes: LifetimeRules
    let hosts: HostRules
    let metrics: [ServiceMetrics]
    private let prefix: Bytes
    /// What Redis has of a request's time, in nanoseconds.
    private let redisBudget: Int64

    init(_ loaded: LoadedConfiguration, _ state: ServiceState) {
        let config = loaded.config
        self.config = config
        self.state = state
        configurationHash = loaded.hash
        // Held here as well, since every request needs them.
        backend = state.backend
        metrics = state.metrics
        lifetimes = LifetimeRules(defaultTTL: config.defaultTTL, maxTTL: config.maxTTL)
        hosts = HostRules(config)
        prefix = Bytes(config.keyPrefix)
        let budget = config.fallback.isEnabled ? config.fallback.redisBudget : config.http.requestTimeout
        redisBudget = min(budget, config.http.requestTimeout).saturatingNanoseconds
    }

    // MARK: Requests

    package func handle(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) async {
        let metrics = metrics[responder.loopIndex]
        guard let route = Route(head.path) else {
            metrics.unrouted.add()
            return handleUnrouted(head, responder)
        }
        let status: HTTPStatus
        if !hosts.allow(head), route.isHostChecked {
            status = refuse(hosts.refusal, head, responder)
        } else if head.method == .options {
            status = .noContent
            responder.send(.noContent) { $0.field("Allow", route.allow, to: &$1) }
        } else if !route.allows(head.method) {
            status = .methodNotAllowed
            Problem.send(
                .methodNotAllowed, "this route does not have the method; Allow lists those it has", id: RequestID(head),
                on: responder
            ) { $0.field("Allow", route.allow, to: &$1) }
        } else {
            switch route {
            case .key: status = await handleKey(head, responder, metrics)
            case _ where head.hasQuery && !head.query.isEmpty:
                status = refuse(.query("this route knows no query parameters"), head, responder)
            case .health: status = answerHealth(head, responder)
            case .live: status = answerLive(head, responder)
            case .ready: status = answerReady(head, responder)
            case .stats: status = answerStats(head, responder)
            }
        }
        metrics.count(route, status)
    }

    private func handleUnrouted(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) {
        if !hosts.allow(head) {
            _ = refuse(hosts.refusal, head, responder)
        } else if head.targetForm == .asterisk {
            responder.send(.noContent) { $0.field("Allow", Route.key.allow, to: &$1) }
        } else {
            Problem.send(.notFound, "there is no such route", id: RequestID(head), on: responder)
        }
    }

    package func refuse(_ rejection: HTTPRejection, _ responder: consuming HTTPResponder) {
        Problem.send(rejection.status, "\(rejection.reason)", id: RequestID(), on: responder)
    }

    /// Answers with a problem; the result is its status.
    func refuse(
        _ refusal: Refusal, _ head: HTTPRequestHead, _ responder: consuming HTTPResponder
    ) -> HTTPStatus {
        let waits = refusal.status == .serviceUnavailable
        Problem.send(refusal.status, refusal.detail, id: RequestID(head), on: responder) { head, output in
            if waits { head.field("Retry-After", decimal: Self.seconds(refusal.retryAfter), to: &output) }
        }
        return refusal.status
    }

    /// Whole seconds, at least one, and up to a quarter more, so that those who were refused together do not come together.
    static func seconds(_ retryAfter: Duration?) -> Int {
        guard let retryAfter else { return 1 }
        return max(1, min((retryAfter * Double.random(in: 1...1.25)).secondsRoundedUp, 3600))
    }

    package var overloadedResponse: Bytes {
        let id = RequestID()
        let body = Problem.body(.serviceUnavailable, "too many connections", id)
        return Bytes(
            """
            HTTP/1.1 503 Service Unavailable\r
            Content-Type: application/problem+json\r
            Content-Length: \(body.count)\r
            Cache-Control: no-store\r
            X-Content-Type-Options: nosniff\r
            X-Request-Id: \(id.text.string ?? "")\r
            Retry-After: 1\r
            Connection: close\r
            \r

            """
        ).appending(body)
    }

    /// The key as Redis knows it.
    func storedKey(_ key: Bytes) -> Bytes {
        prefix.isEmpty ? key : prefix.appending(key)
    }

    /// When the answer of Redis must be there: the request counts from its last byte. Where the fallback is to answer in its
    /// place, it must have time to.
    func deadline(from requestEnd: MonotonicTime) -> MonotonicTime {
        requestEnd.advanced(byNanoseconds: redisBudget)
    }
}
