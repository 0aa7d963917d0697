import FoundationEssentials
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// The published test vectors, unpacked by `make vectors`; a test that cannot find them fails.
enum Vectors {
    struct Missing: Error, CustomStringConvertible {
        let path: String
        var description: String { "no test vectors at \(path): run make vectors" }
    }

    /// The bytes of a file below `KEYSTOW_VECTORS`, or else below `.build/vectors` of the package.
    static func bytes(of path: String) throws -> Data {
        let file = directory + "/" + path
        guard let data = FileManager.default.contents(atPath: file), !data.isEmpty else {
            throw Missing(path: file)
        }
        return data
    }

    static func json<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
        try JSONDecoder().decode(type, from: bytes(of: path))
    }

    /// The cases of a NIST or RFC response file: `name = value` lines, a case ending with `last`, lines in brackets
    /// holding for all cases after them. A line that is only a name, such as `FAIL`, has an empty value.
    static func cases(of path: String, beginningWith first: Substring) throws -> [[Substring: Substring]] {
        var (cases, shared, current): ([[Substring: Substring]], [Substring: Substring], [Substring: Substring]?) =
            ([], [:], nil)
        for line in String(decoding: try bytes(of: path), as: UTF8.self).utf8.split(separator: UInt8(ascii: "\n")) {
            var line = line
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            guard let head = line.first, head != UInt8(ascii: "#") else { continue }
            let isShared = head == UInt8(ascii: "[")
            if isShared { line = line.dropFirst().dropLast() }
            let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = trimmed(parts[0])
            let value = parts.count > 1 ? trimmed(parts[1]) : ""
            if isShared {
                shared[name] = value
            } else {
                if name == first {
                    if let current { cases.append(current) }
                    current = shared
                }
                current?[name] = value
            }
        }
        if let current { cases.append(current) }
        return cases
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring {
        let space = UInt8(ascii: " ")
        var text = text
        while text.first == space { text.removeFirst() }
        while text.last == space { text.removeLast() }
        return Substring(text)
    }

    private static var directory: String {
        if let chosen = getenv("KEYSTOW_VECTORS") { return String(cString: chosen) }
        let components = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return components.dropLast(3).joined(separator: "/") + "/.build/vectors"
    }
}

struct NotHexadecimal: Error {}

/// The bytes that hexadecimal digits stand for; white space between them is skipped.
func hex(_ text: some StringProtocol) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 2)
    var high: UInt8?
    for character in text.utf8 where character > 0x20 {
        let digit: UInt8
        switch character {
        case 0x30...0x39: digit = character - 0x30
        case 0x41...0x46: digit = character - 0x37
        case 0x61...0x66: digit = character - 0x57
        default: throw NotHexadecimal()
        }
        if let first = high {
            bytes.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    guard high == nil else { throw NotHexadecimal() }
    return bytes
}
