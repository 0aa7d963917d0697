/// What an input of the fuzzer stands for: the head of a request as libmicrohttpd hands it over.
///
/// The first line is method and target with a space between them, each further one a header field with a colon. What is
/// not there is what a usual client sends.
struct RequestText {
    let method: String
    let target: String
    let fields: [(name: [UInt8], value: [UInt8])]

    /// `nil` where libmicrohttpd would have no text to hand over.
    init?(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let words = lines[0].split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        guard words.count == 2, !lines[0].contains(0), let target = String(validating: words[1], as: UTF8.self) else {
            return nil
        }
        method = String(decoding: words[0], as: UTF8.self)
        self.target = target
        let sent = lines.dropFirst().map { line in
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            return (name: Array(parts[0]), value: parts.count > 1 ? Array(parts[1]) : [])
        }
        fields = sent.isEmpty ? [(name: Array("Host".utf8), value: Array("localhost".utf8))] : sent
    }
}
