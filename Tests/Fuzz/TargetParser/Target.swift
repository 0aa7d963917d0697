/// What targets are, judged without the server's code.
enum Target {
    /// Whether it is a path and perhaps a query, of plain ASCII, that no two readers can take for different ones.
    static func isPlain(_ target: String) -> Bool {
        let bytes = Array(target.utf8)
        guard bytes.count <= 4096, bytes.first == UInt8(ascii: "/"),
            bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
        else { return false }
        let path = bytes.prefix { $0 != UInt8(ascii: "?") }
        var segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        if segments.count > 1, segments.first?.elementsEqual(".well-known".utf8) == true { segments.removeFirst() }
        let areWhole =
            segments.allSatisfy { $0.first != UInt8(ascii: ".") } && segments.dropLast().allSatisfy { !$0.isEmpty }
        let escapes = path.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).dropFirst()
        return areWhole
            && escapes.allSatisfy { escape in
                let digits = Array(escape.prefix(2))
                let isNumber = digits.count == 2 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
                return isNumber && digits != Array("00".utf8)
            }
    }

    static func isToken(_ method: String) -> Bool { (1...32).contains(method.utf8.count) && isName(method) }

    static func isName(_ name: String) -> Bool {
        let marks = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        return !name.isEmpty && name.unicodeScalars.allSatisfy { marks.unicodeScalars.contains($0) }
    }

    /// Whether `path` is `template` with something in the place of every `{name}`.
    static func fits(_ template: String, _ path: String) -> Bool {
        let wanted = template.split(separator: "/", omittingEmptySubsequences: false)
        let sent = path.split(separator: "/", omittingEmptySubsequences: false)
        return wanted.count == sent.count
            && zip(wanted, sent).allSatisfy { $0.hasPrefix("{") ? !$1.isEmpty : Array($0.utf8) == Array($1.utf8) }
    }

    /// `template` with `parameters` in the places of its names.
    static func filled(_ template: String, _ parameters: [Substring]) -> String {
        var rest = parameters[...]
        return template.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") ? rest.popFirst() ?? "" : $0 }.joined(separator: "/")
    }

    /// Every byte as `%XX`.
    static func escaped(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
