import FoundationEssentials
import HTTPServer
import VaultModel

/// An answer as it stands in a file: what is sent once its places are filled.
struct Answer: Sendable, Equatable {
    /// `nil` for none at all: the caller is left waiting.
    let status: Int?
    let headers: [Header]
    let body: [UInt8]
    /// Whether the body is sent byte for byte, nothing filled in.
    let isBinary: Bool

    struct Header: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// Reads a section without its first line: the status, headers, an empty line, the body.
    init?(_ lines: ArraySlice<Substring>) {
        guard let end = lines.firstIndex(of: ""), end > lines.startIndex else { return nil }
        let first = lines[lines.startIndex].split(separator: " ")
        status = Int(first[0])
        isBinary = first.dropFirst().first == "base64"
        guard status != nil || first == ["never"] else { return nil }
        var headers: [Header] = []
        for line in lines[(lines.startIndex + 1)..<end] {
            guard let colon = line.firstRange(of: ": ") else { return nil }
            headers.append(
                Header(name: String(line[..<colon.lowerBound]), value: String(line[colon.upperBound...])))
        }
        self.headers = headers
        var body = lines[(end + 1)...]
        while body.last == "" { body.removeLast() }
        let text = body.joined(separator: "\n")
        guard isBinary else {
            self.body = Array(text.utf8)
            return
        }
        guard let data = Data(base64Encoded: body.joined()) else { return nil }
        self.body = Array(data)
    }

    /// Whether `{name}` stands in the body.
    func hasPlace(for name: String) -> Bool { !isBinary && body.firstRange(of: Array("{\(name)}".utf8)) != nil }

    /// The answer with each `{name}` of `values` filled in; what is filled in is not looked at again.
    func response(filling values: [String: String]) -> Response {
        var bytes = WipedBuffer(capacity: body.count)
        bytes.append(isBinary ? body : Self.filled(body, values))
        return Response(
            status: status ?? 504,
            headers: headers.map { header in
                (header.name, String(decoding: Self.filled(Array(header.value.utf8), values), as: UTF8.self))
            },
            body: bytes
        )
    }

    private static func filled(_ template: [UInt8], _ values: [String: String]) -> [UInt8] {
        var filled: [UInt8] = []
        var rest = template[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            filled += rest[..<open]
            let inside = rest[(open + 1)...]
            let name = inside.prefix { (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-") }
            let isWhole = name.endIndex < rest.endIndex && rest[name.endIndex] == UInt8(ascii: "}")
            if isWhole, let value = values[String(decoding: name, as: UTF8.self)] {
                filled += value.utf8
                rest = rest[(name.endIndex + 1)...]
            } else {
                filled.append(UInt8(ascii: "{"))
                rest = inside
            }
        }
        return filled + rest
    }
}
