import CisternHTTP
import TestSupport
import Testing

@testable import CisternService

@Suite("OpenAPI") struct OpenAPITests {
    private func document(_ environment: [String: String] = [:]) throws -> JSONText {
        let config = try ServiceConfig.load(environment: environment).config
        return try JSONText(OpenAPIDocument(config: config, version: "1.2.3").body.text)
    }

    @Test func everyMethodOfEveryRouteIsDescribedAndNoOther() throws {
        let document = try document()
        guard case .object(let paths)? = document["paths"] else { throw TestFailure("no paths") }
        #expect(Set(paths.keys) == Set(Route.allCases.map { "\($0.definition.path)" }))
        var names: [String] = []
        for route in Route.allCases {
            guard case .object(let methods)? = paths["\(route.definition.path)"] else { throw TestFailure("\(route)") }
            #expect(Set(methods.keys) == Set(route.definition.methods.map { "\($0.token)".lowercased() }), "\(route)")
            names += methods.values.compactMap { $0["operationId"]?.string }
            for method in HTTPMethod.allCases where method != .head && method != .options {
                let isDescribed = route.documentation(of: method, ServiceConfig()) != nil
                #expect(isDescribed == route.definition.methods.contains(method), "\(method) \(route)")
            }
        }
        #expect(Set(names).count == names.count)
        #expect(document["openapi"]?.string == "3.1.0")
        #expect(document["info"]?["version"]?.string == "1.2.3")
    }

    @Test func aStatusIsDescribedOnce() throws {
        for route in Route.allCases {
            for method in route.definition.methods {
                let statuses = route.documentation(of: method, ServiceConfig())?.responses.map(\.status) ?? []
                #expect(Set(statuses).count == statuses.count, "\(method) \(route)")
            }
        }
    }

    /// Tokens are asked for where the table of routes says so, and only where there are some.
    @Test func whatNeedsATokenSaysSo() throws {
        let open = try document()
        #expect(open["components"]?["securitySchemes"] == nil)
        let closed = try document([
            "CISTERN_AUTH_TOKENS": #"[{"name":"a","token":"0123456789abcdef","scopes":["read"]}]"#
        ])
        #expect(closed["components"]?["securitySchemes"]?["bearer"]?["scheme"]?.string == "bearer")
        for route in Route.allCases {
            for method in route.definition.methods {
                let name = "\(method.token)".lowercased()
                func operation(_ document: JSONText) -> JSONText? {
                    document["paths"]?["\(route.definition.path)"]?[name]
                }
                let requirement = route.definition.requirement(for: method)
                let isOpen = requirement == .anyone
                #expect(operation(open)?["security"] == nil)
                #expect(operation(open)?["responses"]?["401"] == nil)
                #expect((operation(closed)?["security"] == nil) == isOpen, "\(method) \(route)")
                #expect((operation(closed)?["responses"]?["401"] == nil) == isOpen)
                #expect((operation(closed)?["responses"]?["403"] == nil) == isOpen)
                if case .scope(let scope)? = requirement {
                    let scopes = operation(closed)?["security"]?.elements?.first?["bearer"]?.elements?.map(\.string)
                    #expect(scopes == [scope.rawValue])
                }
            }
        }
    }

    @Test func itsLimitsAreThoseOfTheConfiguration() throws {
        let parameters = try document(["CISTERN_HTTP_MAX_KEY_BYTES": "77"])["paths"]?["/keys/{key}"]?["get"]?[
            "parameters"]
        #expect(parameters?.elements?.first?["schema"]?["maxLength"]?.number == Double(77 * 4 / 3 + 2))
    }
}
