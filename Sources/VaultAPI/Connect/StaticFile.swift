import Deflate
import VaultModel

/// Bytes that are the same for everybody, and the same compressed: nothing of a caller is ever compressed, because its
/// size would tell of it.
struct StaticFile: Sendable {
    private let contentType: String
    let bytes: [UInt8]
    private let compressed: [UInt8]?

    init(_ contentType: String, _ bytes: [UInt8]) {
        self.contentType = contentType
        self.bytes = bytes
        compressed = Gzip.compress(bytes)
    }

    func answer(to call: borrowing Call, headers: [(String, String)] = []) -> Answer {
        let sent = call.acceptsGzip ? compressed : nil
        var body = WipedBuffer(capacity: (sent ?? bytes).count)
        body.append(sent ?? bytes)
        var answer = Answer(200, headers: headers + [("Vary", "Accept-Encoding")], body: body)
        if sent != nil { answer.headers.append(("Content-Encoding", "gzip")) }
        answer.contentType = contentType
        return answer
    }
}
