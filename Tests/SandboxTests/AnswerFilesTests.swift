import FoundationEssentials
import HTTPServer
import Testing
import VaultModel

@testable import keystow_sandbox

/// Every answer of every file, asked for as a caller would and compared with what stands in the file.
@Suite struct AnswerFilesTests {
    /// A section of a file, read here on its own: its name, its first line, the lines of its headers, its body.
    private struct Section {
        let name: String
        let status: String
        let headers: [String]
        let body: String

        init(_ text: String) throws {
            let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
            try #require(parts.count == 2)
            let lines = parts[0].split(separator: "\n").map(String.init)
            (name, status, headers) = (lines[0], lines[1], Array(lines[2...]))
            let end = parts[1].lastIndex { $0 != "\n" }
            body = end.map { String(parts[1][...$0]) } ?? ""
        }
    }

    private static func sections(of id: String) throws -> [Section] {
        let source = String(#filePath.dropLast("Tests/SandboxTests/AnswerFilesTests.swift".count))
        let path = source + "Sources/keystow-sandbox/Answers/\(id).answers"
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        return try text.components(separatedBy: "\n== ").dropFirst().map(Section.init)
    }

    private let standIns: StandIns
    init() throws { standIns = try StandIns(log: RequestLog { _ in }) }

    @Test func `each word of each file is answered as its section says, on each of its routes`() async throws {
        let shared = try Self.sections(of: "every_provider").filter { !$0.name.contains("-") }
        var asked = 0
        for standIn in standIns.all {
            let own = try Self.sections(of: standIn.id).filter { !$0.name.contains("-") }
            let names = Set(own.map(\.name))
            #expect(names.contains("invalid"))
            for route in standIn.routes where route.carrier != .nowhere {
                #expect(names.contains("valid \(route.name)"), "\(standIn.id) \(route.name)")
            }
            for section in own + shared.filter({ !names.contains($0.name) }) {
                // The one is never answered, the other has a test of its own below.
                guard section.status != "never", section.name != "huge" else { continue }
                let parts = section.name.split(separator: " ").map(String.init)
                let routes = standIn.routes.filter { route in
                    parts.count > 1 ? route.name == parts[1] : !names.contains("\(parts[0]) \(route.name)")
                }
                #expect(parts.count == 1 || !routes.isEmpty, "\(standIn.id) \(section.name)")
                for route in routes where route.carrier != .nowhere {
                    let answer = try await ask(standIn.id, route, key: SpelledKey.key(of: standIn.id, parts[0]))
                    #expect(matches(answer, section), "\(standIn.id) \(section.name) at \(route.name)")
                    asked += 1
                }
            }
        }
        #expect(asked > 900)
    }

    @Test func `a key without any known word is one that the provider does not know`() async throws {
        for standIn in standIns.all {
            let invalid = try #require(try Self.sections(of: standIn.id).first { $0.name == "invalid" })
            for route in standIn.routes where route.carrier != .nowhere {
                let answer = try await ask(standIn.id, route, key: SpelledKey.key(of: standIn.id, ""))
                #expect(matches(answer, invalid), "\(standIn.id) \(route.name)")
            }
        }
    }

    @Test func `each faulty request gets the answer that its section says`() async throws {
        for standIn in standIns.all {
            let own = try Self.sections(of: standIn.id)
            let shared = try Self.sections(of: "every_provider")
            let section = { (name: String) in try #require((own + shared).first { $0.name == name }) }
            let route = try #require(standIn.routes.first { $0.carrier != .nowhere })
            let key = SpelledKey.key(of: standIn.id, "valid")
            if route.carrier != .body {
                #expect(matches(try await ask(standIn.id, route, key: nil), try section("no-key")), "\(standIn.id)")
                #expect(matches(try await ask(standIn.id, route, key: ""), try section("no-key")), "\(standIn.id)")
            }
            let elsewhere = try await ask(standIn.id, route, key: key, path: "/nowhere")
            #expect(matches(elsewhere, try section("no-route")), "\(standIn.id)")
            let deleted = try await ask(standIn.id, route, key: key, method: "DELETE")
            #expect(matches(deleted, try section("no-method")), "\(standIn.id)")
            for chat in standIn.routes where !standIn.models(at: chat).isEmpty {
                let broken = try await ask(standIn.id, chat, key: key, body: "{")
                #expect(matches(broken, try section("bad-request")), "\(standIn.id)")
                let unfit = try await ask(standIn.id, chat, key: key, model: "unheard-of")
                #expect(matches(unfit, try section("no-model")), "\(standIn.id)")
            }
            let reached = ["no-key", "no-route", "no-method", "no-model", "bad-request", "no-version"]
            #expect(own.filter { $0.name.contains("-") && !reached.contains($0.name) }.map(\.name) == [])
            // A head that the server itself refused belongs to the provider that it names.
            let refusals: [(TransportFault, String)] = [
                (.bodyTooLarge, "toolarge"), (.bodiesInFlight, "overloaded"), (.answerTooLate, "timeout504"),
                (.badRequest(""), "bad-request"),
            ]
            for (fault, name) in refusals {
                let head = RequestHead(method: "POST", path: "/\(standIn.id)" + route.path)
                let refusal = standIns.refusal(of: fault, head: head)
                #expect(refusal.status == Int(try section(name).status), "\(standIn.id) \(name)")
            }
        }
    }

    @Test func `a list is paged as its provider pages it`() async throws {
        struct Page: Decodable {
            struct Model: Decodable { let name: String }
            let models: [Model]
            let nextPageToken: String?
        }
        let gemini = try #require(standIns.all.first { $0.id == "gemini" }?.routes.first)
        let key = SpelledKey.key(of: "gemini", "valid")
        let read = { (query: String?) in
            try JSONDecoder().decode(
                Page.self, from: Data(try await ask("gemini", gemini, key: key, query: query).body))
        }
        #expect(try await read("pageSize=1").models.count == 1)
        #expect(try await read("pageSize=1").nextPageToken != nil)
        #expect(try await read(nil).models.count == 9)
        #expect(try await read(nil).nextPageToken == nil)
        #expect(try await ask("gemini", gemini, key: key, query: "pageSize=0").status == 400)
    }

    @Test func `what is squeezed unpacks, what is huge is ten megabytes`() async throws {
        let mistral = try #require(standIns.all.first { $0.id == "mistral" }?.routes.first)
        let squeezed = try await ask("mistral", mistral, key: SpelledKey.key(of: "mistral", "gzipped"))
        #expect(squeezed.body.starts(with: [0x1F, 0x8B, 8]))
        let huge = try await ask("mistral", mistral, key: SpelledKey.key(of: "mistral", "huge"))
        #expect(huge.body.count > 10_000_000)
        #expect((try? JSONDecoder().decode([String: [String]?].self, from: Data(huge.body))) == nil)
        #expect(huge.body.last == UInt8(ascii: "}"))
    }

    // MARK: Asking

    private struct Given {
        let status: Int
        let headers: [String]
        let body: [UInt8]
    }

    private func ask(
        _ id: String, _ route: Route, key: String?, method: String? = nil, path: String? = nil, query: String? = nil,
        body: String? = nil, model: String? = nil
    ) async throws -> Given {
        var headers: [(name: String, value: String)] = [("anthropic-version", "2023-06-01")]
        if case .header(let name, let prefix) = route.carrier, let key { headers.append((name, prefix + key)) }
        let model = model ?? taken(by: route, of: id)
        let path = path ?? route.path.replacing("{model}", with: model)
        let text: String =
            if let body {
                body
            } else if route.carrier == .body {
                "assertion=\(key ?? "")"
            } else {
                #"{"model":"\#(model)","max_tokens":1,"messages":[{"role":"user","content":"."}],"contents":[{}]}"#
            }
        let head = RequestHead(
            method: method ?? route.method, path: "/\(id)" + path, query: query, headers: headers,
            declaredLength: text.utf8.count)
        let response: Response
        switch standIns.admit(head) {
        case .take(let admitted):
            response = await standIns.respond(to: admitted, head: head, body: WipedBuffer(text))
        case .refuse(let refusal): response = refusal
        }
        let bytes = response.body.withBytes { span in span.withUnsafeBytes { Array($0) } }
        return Given(status: response.status, headers: response.headers.map { "\($0.0): \($0.1)" }, body: bytes)
    }

    /// The id of a model that `route` takes.
    private func taken(by route: Route, of id: String) -> String {
        standIns.all.first { $0.id == id }?.models(at: route).first ?? "none"
    }

    /// Whether an answer is what the section says, places that are filled apart.
    private func matches(_ given: Given, _ section: Section) -> Bool {
        let status = section.status.split(separator: " ")
        guard status[0] == "\(given.status)", given.headers.count == section.headers.count,
            zip(given.headers, section.headers).allSatisfy({ fits($0, $1) })
        else { return false }
        if status.count > 1 { return Data(base64Encoded: section.body) == Data(given.body) }
        return fits(String(decoding: given.body, as: UTF8.self), section.body)
    }

    /// Whether `text` is `template` with something in the place of each `{name}`, and none of them left.
    private func fits(_ text: String, _ template: String) -> Bool {
        let pieces = template.split(separator: /\{[a-z-]+\}/, omittingEmptySubsequences: false)
        guard pieces.count > 1 else { return text == template }
        guard text.hasPrefix(pieces[0]), text.hasSuffix(pieces[pieces.count - 1]) else { return false }
        var rest = text.dropFirst(pieces[0].count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let next = rest.firstRange(of: piece) else { return false }
            rest = rest[next.upperBound...]
        }
        return rest.hasSuffix(pieces[pieces.count - 1]) && !text.contains("{request-id}") && !text.contains("{uuid}")
    }
}
