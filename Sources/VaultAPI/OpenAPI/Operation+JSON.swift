import VaultModel

extension Operation {
    /// Writes it as a member of a Path Item Object, under its method.
    func write(to writer: inout JSONWriter) {
        writer.name(escaping: route.method.lowercased())
        writer.beginObject()
        writer.member("operationId", name)
        writer.member("tags", [tag.rawValue])
        writer.member("summary", route.summary)
        writer.member("description", detail.isEmpty ? "For \(caller)." : "\(detail)\n\nFor \(caller).")
        security(&writer)
        if !parameters.isEmpty {
            writer.beginArray("parameters")
            for parameter in parameters { parameter.write(to: &writer) }
            writer.endArray()
        }
        if let shape = route.shape { request(shape, &writer) }
        writer.beginObject("responses")
        for success in route.successes { answer(success, &writer) }
        for (status, codes) in problems { problem(status, codes, &writer) }
        writer.endObject()
        writer.endObject()
    }

    private func security(_ writer: inout JSONWriter) {
        writer.beginArray("security")
        switch route.access {
        case .anyone: break
        case .anyToken: requirement("token", [], &writer)
        case .scope(let scope), .instance(let scope): requirement("token", [scope.rawValue], &writer)
        case .connectLink: requirement("link", [], &writer)
        }
        writer.endArray()
    }

    private func requirement(_ scheme: StaticString, _ scopes: [String], _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member(scheme, scopes)
        writer.endObject()
    }

    private func request(_ shape: Shape, _ writer: inout JSONWriter) {
        writer.beginObject("requestBody")
        writer.member("required", !shape.admitsNoBody)
        writer.beginObject("content")
        writer.beginObject("application/json")
        writer.name("schema")
        shape.schema.writeWhole(to: &writer, isClosed: true)
        writer.name("example")
        shape.example.write(to: &writer)
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private func answer(_ success: Success, _ writer: inout JSONWriter) {
        writer.name(escaping: "\(success.status)")
        writer.beginObject()
        writer.member("description", success.note)
        writer.beginObject("headers")
        references(AnswerHeader.all(of: success, route), &writer)
        writer.endObject()
        switch success.content {
        case .nothing: break
        case .json(let schema):
            writer.beginObject("content")
            writer.beginObject("application/json")
            writer.name("schema")
            schema.write(to: &writer)
            writer.name("example")
            schema.example.write(to: &writer)
            writer.endObject()
            writer.endObject()
        case .file(let mediaType):
            writer.beginObject("content")
            writer.name(escaping: mediaType)
            writer.beginObject()
            writer.endObject()
            writer.endObject()
        }
        writer.endObject()
    }

    private func problem(_ status: Int, _ codes: [ProblemCode], _ writer: inout JSONWriter) {
        writer.name(escaping: "\(status)")
        writer.beginObject()
        writer.member(
            "description", codes.map { "`\($0.rawValue)`: \(ProblemWording.of($0).title)." }.joined(separator: "\n"))
        writer.beginObject("headers")
        references(AnswerHeader.all(of: codes, route), &writer)
        writer.endObject()
        writer.beginObject("content")
        writer.name(escaping: Problem.contentType)
        writer.beginObject()
        writer.beginObject("schema")
        writer.beginArray("allOf")
        writer.beginObject()
        writer.member("$ref", "#/components/schemas/Problem")
        writer.endObject()
        writer.beginObject()
        writer.beginObject("properties")
        writer.beginObject("code")
        writer.member("enum", codes.map(\.rawValue))
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        writer.beginObject("examples")
        for code in codes {
            writer.name(escaping: code.rawValue)
            writer.beginObject()
            writer.member("$ref", "#/components/examples/\(code.rawValue)")
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private func references(_ headers: [AnswerHeader], _ writer: inout JSONWriter) {
        for header in headers {
            writer.name(escaping: header.rawValue)
            writer.beginObject()
            writer.member("$ref", "#/components/headers/\(header.component)")
            writer.endObject()
        }
    }
}

extension AnswerHeader {
    /// Writes it as a member of the document's components.
    func write(to writer: inout JSONWriter) {
        writer.name(escaping: component)
        writer.beginObject()
        writer.member("description", note)
        writer.name("schema")
        schema.write(to: &writer)
        writer.endObject()
    }
}

extension Parameter {
    /// Writes it as a Parameter Object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("in", place.rawValue)
        writer.member("required", place == .path)
        writer.member("description", note)
        writer.name("schema")
        schema.write(to: &writer)
        writer.name("example")
        schema.example.write(to: &writer)
        writer.endObject()
    }
}
