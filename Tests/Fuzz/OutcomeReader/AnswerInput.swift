@testable import VaultProviders

/// What an input of the fuzzer stands for: a provider's answer to a call with a key that it may repeat.
///
/// The first byte names the provider, the second the status, or with 0xFF and the next byte why there was none. Lines
/// of `name: value` up to an empty line are headers, the rest is the body. 0xF8 and two numbers stand for as many
/// characters of the key as the second says, from the place that the first says.
struct AnswerInput {
    let provider: Provider
    let answer: ProbeAnswer

    /// Nobody's, of 96 characters of which no six come twice, nor in any text of the catalogue.
    static let key: [UInt8] = {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        var state: UInt32 = 20_261_118
        return (0..<96).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return letters[Int(state >> 16) % letters.count]
        }
    }()

    private static let statuses = [
        200, 201, 204, 301, 307, 400, 401, 402, 403, 404, 405, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529,
    ]
    private static let failures: [ProbeAnswer.Failure] = [.timeout, .unreachable, .tls, .tooLarge, .refused]

    init(_ bytes: [UInt8], _ catalogue: Catalogue) {
        var rest = bytes[...]
        provider = catalogue.providers[Int(rest.popFirst() ?? 0) % catalogue.providers.count]
        let status = rest.popFirst() ?? 0
        if status == 0xFF {
            answer = .failure(Self.failures[Int(rest.popFirst() ?? 0) % Self.failures.count])
            return
        }
        var text = Self.expanded(rest)[...]
        var headers: [(name: String, value: String)] = []
        while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
            let line = text[..<end]
            text = text[(end + 1)...]
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { break }
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            headers.append(
                (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(value.drop { $0 == " " })))
        }
        answer = .response(
            status: Self.statuses[Int(status) % Self.statuses.count], headers: headers, body: Array(text))
    }

    private static func expanded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var (rest, text) = (bytes, [UInt8]())
        while let byte = rest.popFirst() {
            guard byte == 0xF8, let start = rest.popFirst(), let count = rest.popFirst() else {
                text.append(byte)
                continue
            }
            text += key.dropFirst(Int(start) % key.count).prefix(Int(count))
        }
        return text
    }
}
