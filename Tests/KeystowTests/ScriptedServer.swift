import Glibc
import Synchronization
import VaultTestKit

/// A server that answers as a test says, whatever a real one would: for what no vault of ours lets in. Safe to use from any thread.
final class ScriptedServer: Sendable {
    private let listener: LoopbackListener
    private let targets = Mutex<[String]>([])

    /// - Parameters:
    ///   - headers: further lines of every answer's head.
    ///   - answer: given the method and the target, the status and the body; blocks its thread.
    init(headers: String = "", _ answer: @escaping @Sendable (String, String) -> (status: Int, json: String)) throws {
        listener = try LoopbackListener()
        try listener.serve { [weak self] connection in
            guard let (method, target) = Self.request(from: connection) else { return }
            self?.targets.withLock { $0.append("\(method) \(target)") }
            let (status, json) = answer(method, target)
            let head =
                "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nConnection: close\r\n"
                + headers + "Content-Length: \(json.utf8.count)\r\n\r\n"
            let bytes = Array((head + json).utf8)
            var rest = bytes[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { break }
                rest = rest.dropFirst(sent)
            }
        }
    }

    var port: UInt16 { listener.port }

    /// What was asked so far, as `GET /v1/keys`.
    var calls: [String] { targets.withLock { $0 } }

    /// The method and the target of one request, its body read and dropped.
    private static func request(from connection: Int32) -> (String, String)? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(connection, &chunk, chunk.count, 0), count > 0 {
            bytes += chunk[..<count]
            guard let head = bytes.firstRange(of: [13, 10, 13, 10]) else { continue }
            let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
            let length = lines.first { $0.lowercased().hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) }
            guard bytes.count >= head.upperBound + (length ?? 0) else { continue }
            let words = lines[0].split(separator: " ").map(String.init)
            return words.count == 3 ? (words[0], words[1]) : nil
        }
        return nil
    }
}

/// Keys as a server tells them, in JSON.
enum ScriptedKeys {
    static func id(_ number: Int) -> String {
        let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")
        var (rest, text) = (number, "")
        while text.count < 8 {
            text = "\(digits[rest % 32])" + text
            rest /= 32
        }
        return "key_01jd00000000000000" + text
    }

    /// - Parameters:
    ///   - user: as it stands in JSON between the quotation marks.
    ///   - label: the same.
    static func key(
        _ number: Int, user: String = "user", label: String = "label", status: String = "active", reasons: String = ""
    ) -> String {
        """
        {"id":"\(id(number))","project_id":"prj_01jd0000000000000000000000","user_id":"\(user)","provider":"anthropic",\
        "label":"\(label)","hint":"sk-ant-api03-R2D…wXAA","fingerprint":"kfp_1","version":1,"revision":1,\
        "status":"\(status)","verdict":{"code":"valid","reason":"ok","message":"Key works.","tested":["identity"],\
        "checked_at":"2026-11-21T14:12:00.000Z","http_status":200,"provider_request_id":null},"last_check":null,\
        "next_check_at":null,"stale":{"is_stale":\(!reasons.isEmpty),"reasons":[\(reasons)],"since":null,\
        "rotate_by":null},"account":{"organization_id":null},"params":{},"tags":{},\
        "created_at":"2026-11-21T14:12:00.000Z","rotated_at":null,"last_used_at":null,"expires_at":null,\
        "revoked_at":null,"not_known_yet":[1,{"data":[]}]}
        """
    }

    static func page(_ keys: [String], next: String? = nil) -> String {
        "{\"data\":[\(keys.joined(separator: ","))],\"next_cursor\":\(next.map { "\"\($0)\"" } ?? "null")}"
    }
}
