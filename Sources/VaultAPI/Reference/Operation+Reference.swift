extension Operation {
    /// What there is to read of a call.
    var blocks: [Block] {
        [.heading(3, call), .text([route.summary, detail].filter { !$0.isEmpty }.joined(separator: " "))]
            + [.text("For \(caller).")] + parameterBlocks + requestBlocks
            + [.code(curl, language: "sh")] + answerBlocks + problemBlocks
    }

    private var parameterBlocks: [Block] {
        guard !parameters.isEmpty else { return [] }
        return [
            .table(
                ["Parameter", "Form", "Meaning"],
                parameters.map { ["`\($0.name)` (\($0.place.rawValue))", $0.schema.words, $0.note] })
        ]
    }

    private var requestBlocks: [Block] {
        guard let shape = route.shape, !shape.members.isEmpty else { return [] }
        return [
            .table(
                ["Member", "Form", "Meaning"],
                shape.members.map { member in
                    ["`\(member.name)`" + (member.isRequired ? ", required" : ""), member.schema.words, member.note]
                })
        ]
    }

    private var answerBlocks: [Block] { route.successes.flatMap(blocks) }

    private func blocks(of success: Success) -> [Block] {
        let begin = "**\(success.status)**: \(success.note)"
        switch success.content {
        case .nothing: return [.text(begin)]
        case .file(let mediaType): return [.text("\(begin) `\(mediaType)`.")]
        case .json(let schema):
            let shape = schema.name.map { " \(Schema.link($0))." } ?? ""
            let tag = success.hasETag ? " With `ETag`." : ""
            return [.text(begin + shape + tag), .code(schema.example.pretty, language: "json")]
        }
    }

    private var problemBlocks: [Block] {
        let listed = problems.map { status, codes in
            "\(status) " + codes.map { "`\($0.rawValue)`" }.joined(separator: " ")
        }
        return [.text("Problems: " + listed.joined(separator: " · ") + ".")]
    }

    /// The call with its examples, for a shell.
    private var curl: String {
        var path = route.path
        for parameter in parameters where parameter.place == .path {
            if case .text(let value) = parameter.schema.example {
                path = path.replacing("{\(parameter.name)}", with: value)
            }
        }
        var line = "curl " + (route.method == "GET" ? "" : "-X \(route.method) ") + "http://127.0.0.1:8420\(path)"
        switch route.access {
        case .anyone: break
        case .connectLink: line += " \\\n     -H \"Authorization: Bearer $LINK_TOKEN\""
        case .instance: line += " \\\n     -H \"Authorization: Bearer $ADMIN_TOKEN\""
        case .anyToken, .scope: line += " \\\n     -H \"Authorization: Bearer $TOKEN\""
        }
        if let shape = route.shape, !shape.members.isEmpty {
            line += " -H 'Content-Type: application/json' \\\n     -d '\(shape.example.compact)'"
        }
        return line
    }
}
