import Glibc
import VaultModel

/// Where keys are imported from.
enum ImportSource: Sendable, Equatable {
    case file(String)
    case standardInput
    case environment
}

/// The text of a file of keys, in memory that is wiped: UTF-8 without NUL, without a byte order mark.
enum ImportText {
    /// The largest file that is read, in bytes.
    static let largest = 16 << 20

    /// Reads everything that `descriptor` gives, up to ``largest``.
    ///
    /// - Returns: `nil` when it cannot be read to its end.
    static func read(_ descriptor: Int32) throws(ImportFault) -> WipedBuffer? {
        var text = WipedBuffer(capacity: 65_536)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer {
            if let base = chunk.baseAddress { unsafe explicit_bzero(base, chunk.count) }
            unsafe chunk.deallocate()
        }
        while true {
            let count = unsafe Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return text }
            unsafe text.append(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            guard text.count <= largest else { throw ImportFault("the file is larger than 16 MiB") }
        }
    }

    /// Where the text proper lies in `bytes`: all of it but a byte order mark.
    ///
    /// - Throws: with the line, where something is that is not text.
    static func check(_ bytes: RawSpan) throws(ImportFault) -> Range<Int> {
        if let wrong = firstInvalid(bytes) {
            throw ImportFault("this is not UTF-8 text", line: line(of: wrong, in: bytes))
        }
        for index in 0..<bytes.byteCount where bytes[byte: index] == 0 {
            throw ImportFault("there is a NUL, so this is not a text file", line: line(of: index, in: bytes))
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let hasMark = bytes.byteCount >= 3 && mark.indices.allSatisfy { bytes[byte: $0] == mark[$0] }
        return (hasMark ? 3 : 0)..<bytes.byteCount
    }

    private static func firstInvalid(_ bytes: RawSpan) -> Int? {
        unsafe bytes.withUnsafeBytes { raw in
            let text = unsafe Span<UInt8>(_unsafeElements: raw.assumingMemoryBound(to: UInt8.self))
            do throws(UTF8.ValidationError) {
                _ = try UTF8Span(validating: text)
                return nil
            } catch {
                return error.byteOffsets.lowerBound
            }
        }
    }

    private static func line(of index: Int, in bytes: RawSpan) -> Int {
        (0..<index).reduce(1) { $0 + (bytes[byte: $1] == UInt8(ascii: "\n") ? 1 : 0) }
    }
}

/// A place in a text that moves forward, line by line and byte by byte.
struct TextCursor {
    var index: Int
    /// The line that ``index`` is on.
    var line = 1
    let end: Int

    init(_ range: Range<Int>) {
        index = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { index >= end }

    /// The byte `offset` places further on, or 0 behind the end (no text holds a NUL).
    func peek(_ text: RawSpan, _ offset: Int = 0) -> UInt8 {
        index + offset < end ? text[byte: index + offset] : 0
    }

    /// Whether the line ends here: at `\n`, `\r\n`, or the end of the text.
    func isAtLineEnd(_ text: RawSpan) -> Bool {
        let byte = peek(text)
        return isAtEnd || byte == UInt8(ascii: "\n") || (byte == UInt8(ascii: "\r") && peek(text, 1) == 0x0A)
    }

    mutating func advance(_ text: RawSpan, by count: Int = 1) {
        for _ in 0..<count where index < end {
            if text[byte: index] == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }
    }

    /// Moves over spaces and tabs.
    mutating func skipBlanks(_ text: RawSpan) {
        while peek(text) == UInt8(ascii: " ") || peek(text) == UInt8(ascii: "\t") { index += 1 }
    }

    /// Moves to the end of the line.
    mutating func skipLine(_ text: RawSpan) {
        while !isAtLineEnd(text) { index += 1 }
    }

    /// Moves behind the end of the line.
    mutating func nextLine(_ text: RawSpan) {
        skipLine(text)
        if peek(text) == UInt8(ascii: "\r") { advance(text) }
        advance(text)
    }
}
