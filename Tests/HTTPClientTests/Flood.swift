/// Answers that do not end by themselves.
enum Flood: String, CaseIterable, Sendable {
    case declared, chunked, oneChunk, untilClose, interim, headers, interimHeaders, trailers, chunkExtension

    private var beginning: String {
        switch self {
        case .declared: "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n"
        case .chunked, .chunkExtension: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        case .oneChunk: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n280000000\r\n"
        case .untilClose: "HTTP/1.1 200 OK\r\n\r\n"
        case .headers: "HTTP/1.1 200 OK\r\n"
        case .interim: ""
        case .interimHeaders: "HTTP/1.1 103 Early Hints\r\n"
        case .trailers: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        }
    }

    private var piece: String {
        switch self {
        case .declared, .oneChunk, .untilClose: String(repeating: "7", count: 65_536)
        case .chunked: "1000\r\n" + String(repeating: "7", count: 4_096) + "\r\n"
        case .chunkExtension: "1;" + String(repeating: "x=y;", count: 50) + "\r\n7\r\n"
        case .interim: "HTTP/1.1 100 Continue\r\n\r\n"
        case .headers, .interimHeaders, .trailers: "x-more: and more\r\n"
        }
    }

    /// Sends as long as somebody takes it.
    func server() throws -> RawServer {
        let (beginning, piece) = (beginning, Array(piece.utf8))
        let much = Array(repeatElement(piece, count: max(1, 65_536 / piece.count)).joined())
        return try RawServer { connection in
            connection.readRequest()
            guard connection.send(beginning) else { return }
            while connection.send(much) {}
        }
    }
}
