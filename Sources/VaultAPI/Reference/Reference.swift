/// The API to read: what docs/api.md and the page at /docs have in common, from the same table as the OpenAPI document.
package enum Reference {
    static let blocks: [Block] = opening + Tag.allCases.flatMap(chapter) + codes + headers + shapes

    private static var opening: [Block] {
        var blocks: [Block] = [.heading(1, "The HTTP API"), .text(Preface.summary)]
        for (title, paragraphs) in Preface.chapters {
            blocks.append(.heading(2, title))
            blocks += paragraphs.map { .text($0) }
        }
        blocks.append(.heading(2, "All calls"))
        return blocks + Tag.allCases.flatMap(contents)
    }

    private static var codes: [Block] {
        let rows = ProblemCode.allCases.map { code in
            let wording = ProblemWording.of(code)
            return ["`\(code.rawValue)`", "\(code.status)", wording.detail, wording.hint]
        }
        return [.heading(2, "Problem codes"), .table(["Code", "Status", "What it means", "What to do"], rows)]
    }

    private static var headers: [Block] {
        let rows = AnswerHeader.allCases.map { ["`\($0.rawValue)`", $0.schema.words, $0.note] }
        return [
            .heading(2, "Headers of answers"),
            .text("Besides those that every answer has in HTTP. Which call has which is in the OpenAPI document."),
            .table(["Header", "Form", "Meaning"], rows),
        ]
    }

    /// docs/api.md.
    package static var markdown: String {
        (blocks + [
            .text("This file is written by `make docs` from the server's own route table; a test compares the two.")
        ]).markdown
    }

    private static func operations(_ tag: Tag) -> [Operation] { Operation.all.filter { $0.tag == tag } }

    private static func contents(_ tag: Tag) -> [Block] {
        [
            .table(
                ["[\(tag.rawValue)](#\(Block.anchor(of: tag.rawValue)))", "What it does", "For"],
                operations(tag).map { ["[`\($0.call)`](#\(Block.anchor(of: $0.call)))", $0.route.summary, $0.caller] })
        ]
    }

    private static func chapter(_ tag: Tag) -> [Block] {
        [.heading(2, tag.rawValue), .text(tag.note)] + operations(tag).flatMap(\.blocks)
    }

    /// Each named shape once, by name.
    private static var shapes: [Block] {
        let answered = Routes.all.flatMap(\.successes).compactMap { success in
            if case .json(let schema) = success.content { schema } else { nil }
        }
        let named = (answered + [.problem]).flatMap(\.named).reduce(into: [String: Schema]()) { all, schema in
            if let name = schema.name { all[name] = schema }
        }
        var blocks: [Block] = [.heading(2, "Shapes"), .text("What answers are made of.")]
        for (name, schema) in named.sorted(by: { $0.key < $1.key }) {
            blocks.append(.heading(3, name))
            blocks.append(.table(["Member", "Form", "Meaning"], schema.rows()))
        }
        return blocks
    }
}
