/// Finds the route of a request, by exact match of raw path segments.
struct RouteTable: Sendable {
    enum Match: Sendable {
        case route(Route, parameters: [Substring])
        /// The path exists, with these methods.
        case otherMethods([String])
        case none
    }

    let routes: [Route]
    /// The routes by number of segments, each with its split template.
    private let bySegments: [Int: [(template: [Substring], route: Route)]]

    init(_ routes: [Route]) {
        self.routes = routes
        bySegments = Dictionary(grouping: routes.map { ($0.path.split(separator: "/"), $0) }) { $0.0.count }
    }

    func match(method: String, path: String) -> Match {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count == 1 || path.utf8.last != UInt8(ascii: "/") else {
            return .none
        }
        let segments = path.split(separator: "/")
        var methods: [String] = []
        for (template, route) in bySegments[segments.count] ?? [] {
            guard let parameters = Self.parameters(of: template, in: segments) else { continue }
            if route.method == method { return .route(route, parameters: parameters) }
            methods.append(route.method)
        }
        return methods.isEmpty ? .none : .otherMethods(methods)
    }

    private static func parameters(of template: [Substring], in segments: [Substring]) -> [Substring]? {
        var parameters: [Substring] = []
        for (expected, actual) in zip(template, segments) {
            if expected.utf8.first == UInt8(ascii: "{") {
                parameters.append(actual)
            } else if expected.utf8.elementsEqual(actual.utf8) == false {
                return nil
            }
        }
        return parameters
    }
}
