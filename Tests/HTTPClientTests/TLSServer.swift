import Glibc
import HTTPClient

/// An `openssl s_server` on loopback with a certificate of its own, and what it understood of its callers.
final class TLSServer {
    /// What is wrong with it.
    enum Fault: String, CaseIterable {
        case none, expired, wrongName, tls10, tls11, unencrypted

        fileprivate var options: String {
            switch self {
            case .none, .expired, .wrongName: ""
            case .tls10: "-tls1 -cipher DEFAULT@SECLEVEL=0"
            case .tls11: "-tls1_1 -cipher DEFAULT@SECLEVEL=0"
            case .unencrypted: "-tls1_2 -cipher ECDHE-ECDSA-NULL-SHA@SECLEVEL=0"
            }
        }
    }

    private let directory: String
    private var process: UnsafeMutablePointer<FILE>?
    private(set) var port: UInt16 = 0

    struct Unavailable: Error {}

    init(_ fault: Fault = .none, answering answer: String = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        async throws
    {
        var template = Array("/tmp/keystow-tls-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Unavailable() }
        directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let name = fault == .wrongName ? "DNS:other.example" : "IP:127.0.0.1"
        let days = fault == .expired ? -1 : 2
        let isMade = system(
            """
            cd \(directory) && exec 2>/dev/null && echo subjectAltName=\(name) > names &&
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request -subj /CN=test &&
            openssl x509 -req -in request -signkey key.pem -days \(days) -extfile names -out certificate.pem
            """)
        guard isMade == 0 else { throw Unavailable() }
        process = popen(
            """
            cd \(directory) && echo $$ > pid &&
            exec openssl s_server -accept 127.0.0.1:0 -cert certificate.pem -key key.pem \(fault.options) > output 2>&1
            """, "w")
        fputs(answer, process)
        fflush(process)
        let deadline = ContinuousClock.now + .seconds(300)
        while port == 0 {
            guard ContinuousClock.now < deadline else { throw Unavailable() }
            let line = read("output").split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }
            port = line.flatMap { UInt16($0.drop { $0 != ":" }.dropFirst()) } ?? 0
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    var url: String { "https://127.0.0.1:\(port)/" }
    /// Whether OpenSSL's own client, told to take what this server offers, comes to terms with it.
    func isReached(_ options: String) -> Bool {
        system("openssl s_client -connect 127.0.0.1:\(port) \(options) < /dev/null > \(path("client")) 2>&1") == 0
    }

    var certificate: String { directory + "/certificate.pem" }
    func path(_ name: String) -> String { directory + "/" + name }

    /// Waits until a caller has come and gone, for at most five minutes, ends it, and returns all that it said:
    /// what it decrypted, between its own messages.
    func output() async -> String {
        let deadline = ContinuousClock.now + .seconds(300)
        let ends = ["ERROR", "DONE", "CLOSED"]
        while case let said = read("output"), !ends.contains(where: said.contains), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
        stop()
        return read("output")
    }

    func read(_ name: String) -> String {
        guard let file = fopen(path(name), "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
    }

    private func stop() {
        guard let running = process else { return }
        process = nil
        // Children of the test's threads inherit blocked signals, so that only this one is sure to arrive.
        if let pid = pid_t(read("pid").filter(\.isNumber)) { kill(pid, SIGKILL) }
        pclose(running)
    }

    deinit {
        stop()
        for name in ["names", "key.pem", "request", "certificate.pem", "output", "pid", "keylog", "client"] {
            unlink(path(name))
        }
        rmdir(directory)
    }
}
