import VaultModel

/// The OpenAPI 3.1 document, written from the route table and the declared shapes.
enum OpenAPI {
    /// The document, written once.
    static let document: [UInt8] = write().withBytes { $0.copied }

    private static func write() -> WipedBuffer {
        var writer = JSONWriter(capacity: 65_536)
        writer.beginObject()
        writer.member("openapi", "3.1.0")
        writer.beginObject("info")
        writer.member("title", "Keystow")
        writer.member("version", "1")
        writer.member("description", "A vault and onboarding service for users' own provider API keys.")
        writer.endObject()
        writer.beginObject("components")
        writer.beginObject("securitySchemes")
        writer.beginObject("token")
        writer.member("type", "http")
        writer.member("scheme", "bearer")
        writer.endObject()
        writer.endObject()
        problemSchema(&writer)
        writer.endObject()
        writer.beginObject("paths")
        let paths = Routes.all.reduce(into: [String]()) { if !$0.contains($1.path) { $0.append($1.path) } }
        for path in paths {
            writer.name(escaping: path)
            writer.beginObject()
            for route in Routes.all where route.path == path { operation(route, &writer) }
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        return writer.finish()
    }

    private static func problemSchema(_ writer: inout JSONWriter) {
        writer.beginObject("schemas")
        writer.beginObject("Problem")
        writer.member("type", "object")
        writer.member("required", ["type", "title", "status", "detail", "instance", "code", "hint", "retryable"])
        writer.beginObject("properties")
        for (name, type) in [
            ("type", "string"), ("title", "string"), ("status", "integer"), ("detail", "string"),
            ("instance", "string"), ("hint", "string"), ("retryable", "boolean"), ("field", "string"),
            ("kind", "string"), ("detected_provider", "string"), ("key_id", "string"), ("retry_after", "integer"),
            ("docs_url", "string"), ("provider_error", "object"), ("quoted", "boolean"),
        ] {
            writer.name(escaping: name)
            writer.beginObject()
            writer.member("type", type)
            writer.endObject()
        }
        writer.beginObject("code")
        writer.member("type", "string")
        writer.member("enum", ProblemCode.allCases.map(\.rawValue))
        writer.endObject()
        writer.beginObject("candidates")
        writer.member("type", "array")
        writer.beginObject("items")
        writer.member("type", "string")
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private static func operation(_ route: Route, _ writer: inout JSONWriter) {
        writer.name(escaping: route.method.lowercased())
        writer.beginObject()
        writer.member("summary", route.summary)
        security(of: route, &writer)
        parameters(of: route, &writer)
        if let shape = route.shape, !shape.members.isEmpty {
            writer.beginObject("requestBody")
            writer.member("required", !shape.admitsNoBody)
            writer.beginObject("content")
            writer.beginObject("application/json")
            writer.name("schema")
            schema(of: shape, &writer)
            writer.endObject()
            writer.endObject()
            writer.endObject()
        }
        writer.beginObject("responses")
        for status in route.successes {
            writer.name(escaping: "\(status)")
            writer.beginObject()
            writer.member("description", status == 204 ? "Done." : "The answer.")
            writer.endObject()
        }
        writer.beginObject("default")
        writer.member("description", "A problem (RFC 9457).")
        writer.beginObject("content")
        writer.beginObject("application/problem+json")
        writer.beginObject("schema")
        writer.member("$ref", "#/components/schemas/Problem")
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private static func security(of route: Route, _ writer: inout JSONWriter) {
        writer.beginArray("security")
        switch route.access {
        case .anyone: break
        case .anyToken, .scope, .instance, .connectLink:
            writer.beginObject()
            writer.beginArray("token")
            switch route.access {
            case .scope(let scope), .instance(let scope): writer.string(scope.rawValue)
            case .anyone, .anyToken, .connectLink: break
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    private static func parameters(of route: Route, _ writer: inout JSONWriter) {
        let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        let inHeader = (route.isIdempotent ? ["Idempotency-Key"] : []) + (route.method == "PATCH" ? ["If-Match"] : [])
        let places = inPath.map { ($0, "path") } + route.query.map { ($0, "query") } + inHeader.map { ($0, "header") }
        guard !places.isEmpty else { return }
        writer.beginArray("parameters")
        for (name, place) in places {
            writer.beginObject()
            writer.member("name", name)
            writer.member("in", place)
            writer.member("required", place == "path")
            writer.beginObject("schema")
            writer.member("type", "string")
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }

    private static func schema(of shape: Shape, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("type", "object")
        writer.member("additionalProperties", false)
        writer.member("required", shape.members.filter(\.isRequired).map(\.name))
        writer.beginObject("properties")
        for member in shape.members {
            writer.name(escaping: member.name)
            schema(of: member, &writer)
        }
        writer.endObject()
        writer.endObject()
    }

    private static func schema(of member: MemberDeclaration, _ writer: inout JSONWriter) {
        if case .object(let shape) = member.kind { return schema(of: shape, &writer) }
        writer.beginObject()
        let type = member.kind.schemaType
        if member.isNullable { writer.member("type", [type, "null"]) } else { writer.member("type", type) }
        switch member.kind {
        case .text(let length):
            writer.member("minLength", length.lowerBound)
            writer.member("maxLength", length.upperBound)
        case .choice(let names): writer.member("enum", names)
        case .time: writer.member("format", "date-time")
        case .integer(let range):
            writer.member("minimum", range.lowerBound)
            writer.member("maximum", range.upperBound)
        case .secret: writer.member("writeOnly", true)
        case .textMap(let entries, _, let values):
            writer.member("maxProperties", entries)
            writer.beginObject("additionalProperties")
            writer.member("type", "string")
            writer.member("maxLength", values.upperBound)
            writer.endObject()
        case .texts(let count, let each):
            writer.member("maxItems", count.upperBound)
            writer.beginObject("items")
            writer.member("type", "string")
            writer.member("maxLength", each.upperBound)
            writer.endObject()
        case .integers(let count, let each):
            writer.member("maxItems", count.upperBound)
            writer.beginObject("items")
            writer.member("type", "integer")
            writer.member("minimum", each.lowerBound)
            writer.member("maximum", each.upperBound)
            writer.endObject()
        case .boolean, .object: break
        }
        writer.endObject()
    }
}

extension MemberKind {
    /// The JSON Schema type of a value.
    fileprivate var schemaType: String {
        switch self {
        case .text, .choice, .time, .secret: "string"
        case .integer: "integer"
        case .boolean: "boolean"
        case .textMap, .object: "object"
        case .texts, .integers: "array"
        }
    }
}
