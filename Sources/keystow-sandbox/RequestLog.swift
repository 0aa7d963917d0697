#if canImport(Glibc)
import Glibc
#endif

/// One line of JSON for each request: what was asked and what came of it, never the key.
struct RequestLog: Sendable {
    /// Where lines go, whole and with their end.
    let write: @Sendable (String) -> Void

    static let standardError = RequestLog { line in
        var line = line
        line.withUTF8 { bytes in _ = unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }

    /// - Parameters:
    ///   - method: as sent, a token of HTTP.
    ///   - path: one of the server's own routes, or empty; nothing that a client made up.
    ///   - status: `nil` when no answer is given.
    func record(_ method: String, _ path: String, outcome: String, status: Int?) {
        let status = status.map { "\($0)" } ?? "null"
        write("{\"method\":\"\(method)\",\"path\":\"\(path)\",\"outcome\":\"\(outcome)\",\"status\":\(status)}\n")
    }
}
