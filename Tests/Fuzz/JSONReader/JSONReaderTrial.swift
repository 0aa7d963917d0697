import VaultModel

@testable import VaultAPI

/// One request body, and all that must hold of what the reader makes of it.
struct JSONReaderTrial: Trial {
    private let instance = RequestID(UUIDv7(high: 1, low: 1))

    func run(_ bytes: [UInt8]) throws {
        var grammar = Grammar(bytes)
        let expected = grammar.text()
        guard !grammar.isBorderline else { return }
        do throws(Problem) {
            let document = try JSONDocument(buffer(bytes))
            let read = reading(document, JSONDocument.root)
            require(expected.map { agrees(read, $0) } == true, "what is accepted is JSON, and says what is read")
            rewrite(read.withoutFractions)
        } catch {
            require(expected == nil, "what is JSON within the limits is accepted")
            require(error.code == .invalidJSON || error.code == .duplicateMember, "it says what is wrong")
            judge(error)
        }
        shape(bytes, expected)
    }

    private func shape(_ bytes: [UInt8], _ expected: Reading?) {
        do throws(Problem) {
            let members = try Members(buffer(bytes), Form.shape)
            require(expected.map(Form.isFilled) == true, "what has the shape has nothing else")
            require(expected.map { Form.isSame(members, $0) } == true, "every member is read as it was sent")
        } catch {
            require(expected.map(Form.isFilled) != true, "what has the shape is accepted")
            judge(error)
        }
    }

    /// A refusal says nothing that was sent but a name that can be no secret.
    private func judge(_ problem: Problem) {
        let isName = (problem.field ?? "a").utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F || $0 == 0x2E }
        require(isName && (problem.field ?? "a").utf8.count <= 64, "a field is a short plain name")
        let said = (try? JSONDocument(problem.json(instance: instance))) != nil
        require(said, "a problem is JSON")
    }

    private func rewrite(_ value: Reading) {
        var writer = JSONWriter()
        write(value, to: &writer)
        do throws(Problem) {
            let again = try JSONDocument(writer.finish())
            require(reading(again, JSONDocument.root) == value, "what is written is read as the same")
        } catch {
            require(false, "what is written can be read")
        }
    }

    private func write(_ value: Reading, to writer: inout JSONWriter) {
        switch value {
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.name(escaping: String(decoding: member.name, as: UTF8.self))
                write(member.value, to: &writer)
            }
            writer.endObject()
        case .array(let items):
            writer.beginArray()
            for item in items { write(item, to: &writer) }
            writer.endArray()
        case .string(let text): writer.string(utf8: text.span.bytes)
        case .integer(let number): writer.integer(number)
        case .boolean(let truth): writer.boolean(truth)
        case .number, .null: writer.null()
        }
    }

    private func reading(_ document: borrowing JSONDocument, _ node: Int) -> Reading {
        switch document.kind(node) {
        case .object:
            var (members, name) = ([Reading.Member](), document.first(in: node))
            while name < document.end(of: node) {
                members.append(
                    Reading.Member(name: Array(document.string(name).utf8), value: reading(document, name + 1)))
                name = document.next(name + 1)
            }
            return .object(members)
        case .array:
            var (items, item) = ([Reading](), document.first(in: node))
            while item < document.end(of: node) {
                items.append(reading(document, item))
                item = document.next(item)
            }
            return .array(items)
        case .string:
            let text = Array(document.string(node).utf8)
            let isSame = document.wiped(node).withBytes { bytes in
                bytes.byteCount == text.count && text.indices.allSatisfy { bytes[byte: $0] == text[$0] }
            }
            require(isSame, "a secret is read as a text is")
            return .string(text)
        case .integer(let number): return .integer(number)
        case .number: return .number
        case .boolean(let truth): return .boolean(truth)
        case .null: return .null
        }
    }

    /// The reader may call a number that is whole just a number, where its digits do not fit.
    private func agrees(_ read: Reading, _ expected: Reading) -> Bool {
        switch (read, expected) {
        case (.object(let ours), .object(let theirs)):
            ours.map(\.name) == theirs.map(\.name) && zip(ours, theirs).allSatisfy { agrees($0.value, $1.value) }
        case (.array(let ours), .array(let theirs)):
            ours.count == theirs.count && zip(ours, theirs).allSatisfy { agrees($0, $1) }
        case (.number, .integer): true
        default: read == expected
        }
    }

    private func buffer(_ bytes: [UInt8]) -> WipedBuffer {
        var buffer = WipedBuffer(capacity: bytes.count)
        buffer.append(bytes)
        return buffer
    }
}
