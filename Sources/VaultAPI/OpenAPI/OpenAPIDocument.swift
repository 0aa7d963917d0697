import VaultModel

/// The OpenAPI 3.1 document, written from the route table and what stands beside it; once, when it is first asked for.
package enum OpenAPIDocument {
    package static var bytes: [UInt8] { file.bytes }

    static let file = StaticFile(Answer.jsonType, write().withBytes { $0.copied })

    private static func write() -> WipedBuffer {
        var writer = JSONWriter(capacity: 1 << 20)
        writer.beginObject()
        writer.member("openapi", "3.1.0")
        writer.beginObject("info")
        writer.member("title", Preface.title)
        writer.member("summary", Preface.summary)
        writer.member("description", Preface.markdown)
        writer.member("version", "1")
        writer.endObject()
        writer.beginArray("servers")
        writer.beginObject()
        writer.member("url", "/")
        writer.member("description", "The server that this document is from.")
        writer.endObject()
        writer.endArray()
        writer.beginArray("tags")
        for tag in Tag.allCases {
            writer.beginObject()
            writer.member("name", tag.rawValue)
            writer.member("description", tag.note)
            writer.endObject()
        }
        writer.endArray()
        writer.beginObject("paths")
        for path in Routes.all.reduce(into: [String](), { if !$0.contains($1.path) { $0.append($1.path) } }) {
            writer.name(escaping: path)
            writer.beginObject()
            for operation in Operation.all where operation.route.path == path { operation.write(to: &writer) }
            writer.endObject()
        }
        writer.endObject()
        components(&writer)
        writer.endObject()
        return writer.finish()
    }

    private static func components(_ writer: inout JSONWriter) {
        writer.beginObject("components")
        writer.beginObject("securitySchemes")
        scheme(
            "token", "An access token, `kst_adm_…` or `kst_app_…`. What is listed beside it are the scopes it needs.",
            &writer)
        scheme("link", "The token of a connect link, `kst_con_…`, which the page behind it holds.", &writer)
        writer.endObject()
        writer.beginObject("schemas")
        let answered = Routes.all.flatMap(\.successes).compactMap { success in
            if case .json(let schema) = success.content { schema } else { nil }
        }
        var written: Set<String> = []
        for schema in (answered + [.problem]).flatMap(\.named) {
            guard let name = schema.name, written.insert(name).inserted else { continue }
            writer.name(escaping: name)
            schema.writeWhole(to: &writer)
        }
        writer.endObject()
        writer.beginObject("headers")
        for header in AnswerHeader.allCases { header.write(to: &writer) }
        writer.endObject()
        writer.beginObject("examples")
        for code in ProblemCode.allCases {
            writer.name(escaping: code.rawValue)
            writer.beginObject()
            writer.member("summary", ProblemWording.of(code).title)
            writer.name("value")
            Problem.writeExample(of: code, to: &writer)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
    }

    private static func scheme(_ name: StaticString, _ note: String, _ writer: inout JSONWriter) {
        writer.beginObject(name)
        writer.member("type", "http")
        writer.member("scheme", "bearer")
        writer.member("bearerFormat", "kst_<kind>_<random><checksum>")
        writer.member("description", note)
        writer.endObject()
    }
}
