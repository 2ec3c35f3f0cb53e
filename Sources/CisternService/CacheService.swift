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
    /// Nil without tokens: nobody is asked for one then.
    let access: AccessRules?
    /// Nil where no page of another origin may read answers.
    let cors: CORSRules?
    let metrics: [ServiceMetrics]
    /// Nil where requests are not logged.
    let accessLog: AccessLog?
    private let prefix: Bytes
    /// How long a copy may serve, in whole seconds.
    let copySeconds: Int
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
        access = AccessRules(config.auth.tokens)
        cors = CORSRules(config.http.corsOrigins)
        accessLog = config.log.access ? AccessLog(config.log.format, state.output) : nil
        prefix = Bytes(config.keyPrefix)
        copySeconds = Int(config.localCache.ttl.components.seconds)
        let budget = config.fallback.isEnabled ? config.fallback.redisBudget : config.http.requestTimeout
        redisBudget = min(budget, config.http.requestTimeout).saturatingNanoseconds
    }

    // MARK: Requests

    package func serve(_ connection: HTTPConnection) async {
        while let responder = await connection.nextRequest(for: self) {
            await handle(responder)
        }
    }

    // In one frame with its caller: each frame of a task is allocated for each request.
    @inline(__always)
    private func handle(_ responder: consuming HTTPResponder) async {
        let head = responder.head
        if let cors { responder.standingLines = cors.lines(for: head) }
        let metrics = metrics[responder.loopIndex]
        let connection = responder.connection
        let id = accessLog == nil ? nil : RequestID(head)
        responder.requestID = id?.text
        let route = Route(head.path)
        let status: HTTPStatus
        if let route {
            status = await answer(head, to: route, responder, metrics)
            metrics.note(route, since: connection.requestEnd)
        } else {
            status = answerUnrouted(head, responder)
        }
        metrics.count(route, status)
        if let id { log(head, route, status, id.text, connection) }
    }

    // In one frame with its caller: each frame of a task is allocated for each request.
    @inline(__always)
    private func answer(
        _ head: HTTPRequestHead, to route: Route, _ responder: consuming HTTPResponder, _ metrics: ServiceMetrics
    ) async -> HTTPStatus {
        do throws(Refusal) {
            if route.definition.isHostChecked, !hosts.allow(head) { throw hosts.refusal }
            if head.method == .options {
                if head.framing != .none { try await passOverContent(of: head, responder) }
                return answerOptions(route, head, responder)
            }
            let caller = try admit(head, to: route)
            switch route {
            case .key, .keys: break
            case .batch: try checkEmptyQuery(of: head)
            case .health, .live, .ready, .stats, .metrics, .openAPI:
                try checkEmptyQuery(of: head)
                try checkExpectation(head)
                if head.framing != .none { try await passOverContent(of: head, responder) }
            }
            switch route {
            case .key: return await handleKey(head, responder, metrics)
            case .keys: return await answerListing(head, responder)
            case .batch: return await answerBatch(head, responder, for: caller, metrics)
            case .health: return answerHealth(head, responder, for: caller)
            case .live: return answerLive(head, responder)
            case .ready: return answerReady(head, responder)
            case .stats: return answerStats(responder)
            case .metrics: return answerMetrics(responder)
            case .openAPI: return answerOpenAPI(responder)
            }
        } catch {
            return refuse(error, head, responder)
        }
    }

    private func checkEmptyQuery(of head: HTTPRequestHead) throws(Refusal) {
        guard !head.hasQuery || head.query.isEmpty else { throw .query("this route knows no query parameters") }
    }

    private func answerUnrouted(_ head: HTTPRequestHead, _ responder: consuming HTTPResponder) -> HTTPStatus {
        guard hosts.allow(head) else { return refuse(hosts.refusal, head, responder) }
        guard head.targetForm == .asterisk else {
            return refuse(Refusal(.notFound, "there is no such route"), head, responder)
        }
        responder.send(.noContent) { Route.key.definition.appendAllow($0, to: &$1) }
        return .noContent
    }

    package func refuse(_ rejection: HTTPRejection, _ responder: consuming HTTPResponder) {
        // Its fields may not have been read: the answer is that to nobody's page.
        responder.standingLines = cors?.linesForOthers
        metrics[responder.loopIndex].count(nil, rejection.status)
        let head = responder.head
        let id = RequestID(head)
        let connection = responder.connection
        Problem.send(rejection.status, "\(rejection.reason)", id: id, on: responder)
        logRejected(head, rejection.status, id.text, connection)
    }

    /// Answers with a problem; the result is its status.
    func refuse(
        _ refusal: Refusal, _ head: HTTPRequestHead, _ responder: consuming HTTPResponder
    ) -> HTTPStatus {
        Problem.send(refusal.status, refusal.detail, id: RequestID(head), pointer: refusal.pointer, on: responder) {
            refusal.appendFields($0, to: &$1)
        }
        return refusal.status
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
