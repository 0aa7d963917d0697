import FoundationEssentials
import VaultModel

/// Maps, lists and verdicts as JSON text in a column.
///
/// Writing gives one spelling (names sorted, no spaces). Reading is lenient: what is not such a text is
/// empty, because these columns only describe and a damaged one must not hide its row.
enum JSONText {
    static func value(_ map: [String: String]) throws(StoreError) -> Value {
        map.isEmpty ? .text("{}") : try encode(map)
    }

    static func value(_ list: [String]) throws(StoreError) -> Value {
        list.isEmpty ? .text("[]") : try encode(list)
    }

    static func value(_ list: [Int]) throws(StoreError) -> Value {
        list.isEmpty ? .text("[]") : try encode(list)
    }

    static func map(_ text: String) -> [String: String] {
        if let strings = plainStrings(text, open: "{", close: "}"), strings.count.isMultiple(of: 2) {
            var map: [String: String] = [:]
            for index in stride(from: 0, to: strings.count, by: 2) { map[strings[index]] = strings[index + 1] }
            return map
        }
        return decode(text) ?? [:]
    }

    static func list(_ text: String) -> [String] {
        plainStrings(text, open: "[", close: "]") ?? decode(text) ?? []
    }

    static func numbers(_ text: String) -> [Int] { decode(text) ?? [] }

    static func value(_ verdict: Verdict?) throws(StoreError) -> Value {
        guard let verdict else { return .string(nil) }
        return try encode(verdict)
    }

    static func verdict(_ text: String?) -> Verdict? { text.flatMap { decode($0) } }

    private static func encode(_ value: some Encodable) throws(StoreError) -> Value {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return .text(String(decoding: try encoder.encode(value), as: UTF8.self))
        } catch {
            throw .unavailable(code: 0, detail: "a value cannot be written as JSON")
        }
    }

    private static func decode<T: Decodable>(_ text: String) -> T? {
        try? JSONDecoder().decode(T.self, from: Data(text.utf8))
    }

    /// The strings of a text as `encode` writes it, in order, where none of them has an escape; `nil` for
    /// all else. Keys are read on the way to every reveal, and a decoder costs more than the query.
    private static func plainStrings(_ text: String, open: Unicode.Scalar, close: Unicode.Scalar) -> [String]? {
        let isMap = open == "{"
        var text = text
        return text.withUTF8 { bytes -> [String]? in
            guard bytes.count >= 2, unsafe bytes[0] == UInt8(ascii: open),
                unsafe bytes[bytes.count - 1] == UInt8(ascii: close)
            else { return nil }
            var strings: [String] = []
            var index = 1
            let end = bytes.count - 1
            while index < end {
                if !strings.isEmpty {
                    let separator = isMap && !strings.count.isMultiple(of: 2) ? UInt8(ascii: ":") : UInt8(ascii: ",")
                    guard unsafe bytes[index] == separator else { return nil }
                    index += 1
                }
                guard index < end, unsafe bytes[index] == UInt8(ascii: "\"") else { return nil }
                let start = index + 1
                index = start
                while index < end, unsafe bytes[index] != UInt8(ascii: "\"") {
                    guard unsafe bytes[index] != UInt8(ascii: "\\"), unsafe bytes[index] >= 0x20 else { return nil }
                    index += 1
                }
                guard index < end else { return nil }
                strings.append(
                    unsafe String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self))
                index += 1
            }
            return strings
        }
    }
}
