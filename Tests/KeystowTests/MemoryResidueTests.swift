import Glibc
import Testing
import VaultTestKit

/// What the program still has in its memory of what went through it. Only root can look: the program does not let its own
/// user.
@Suite(.serialized, .enabled(if: geteuid() == 0, "only root can look into a process that is not dumpable"))
struct MemoryResidueTests {
    /// A server with its provider's stand-in, and how to speak to it.
    ///
    /// In plain: of what comes by TLS the library that decrypts it may keep a copy, as the threat model says.
    private struct Setting {
        let directory: TemporaryDirectory
        let provider: Program
        let served: ServedProgram

        init() async throws {
            directory = try TemporaryDirectory()
            provider = try Program(named: "keystow-sandbox", [], in: directory)
            served = try await ServedProgram.start(
                in: directory, ["KEYSTOW_ENDPOINT_ANTHROPIC": "http://127.0.0.1:\(try await provider.port())"])
        }

        /// Sends pieces one by one on a connection of its own and reads to the end, unless it goes away before.
        func exchange(_ pieces: [[UInt8]], leaving: Bool = false) async throws -> [UInt8] {
            let port = served.port
            return try await Threads.run { try Self.trickle(pieces, port, leaving) }
        }

        private static func trickle(_ pieces: [[UInt8]], _ port: UInt16, _ leaving: Bool) throws -> [UInt8] {
            let socket = try HTTPExchange.open(port: port)
            defer { close(socket) }
            var (one, chunk) = (Int32(1), [UInt8](repeating: 0, count: 65_536))
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            for piece in pieces { _ = piece.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0) } }
            var answer: [UInt8] = []
            while !leaving, case let count = recv(socket, &chunk, chunk.count, 0), count > 0 {
                answer += chunk[..<count]
            }
            return answer
        }

        func request(
            _ method: String, _ target: String, _ json: String, token: String? = nil, header: String = "",
            length: Int? = nil
        ) -> [UInt8] {
            Array(
                """
                \(method) \(target) HTTP/1.1\r
                Host: 127.0.0.1:\(served.port)\r
                Connection: close\r
                Authorization: Bearer \(token ?? served.app)\r
                Content-Type: application/json\r
                \(header)Content-Length: \(length ?? json.utf8.count)\r
                \r
                \(json)
                """.utf8)
        }

        func call(
            _ method: String, _ target: String, _ json: String = "", token: String? = nil, header: String = "",
            status: Int
        ) async throws -> JSONTree {
            let request = request(method, target, json, token: token, header: header)
            let answer = try HTTPExchange.answer(in: try await exchange([request]))
            guard answer.status == status else {
                throw TestKitFailure("\(method) \(target): \(answer.status) \(answer.text)")
            }
            return answer.json
        }
    }

    /// What lies behind the part of a freed piece that `free` itself writes over.
    private static func tail(_ text: String) -> [UInt8] { Array(text.utf8.dropFirst(24)) }

    /// What of `needles` is in the program's memory once it has come to rest: nothing, or what stays.
    private static func residue(
        _ needles: [(name: String, bytes: [UInt8])], in process: pid_t
    ) async throws -> [ProcessMemory.Find] {
        var left: [ProcessMemory.Find] = []
        for _ in 0..<600 {
            left = try await Threads.run { try ProcessMemory(of: process).finds(of: needles) }
            if left.isEmpty { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        return left
    }

    @Test
    func `M01 of a key that was saved, tested, revealed, rotated or refused no piece stays in the program's memory`()
        async throws
    {
        let setting = try await Setting()
        var markers: [(name: String, bytes: [UInt8])] = []
        func marker(_ name: String, _ word: String = "valid", kind: String = "api03") -> String {
            let key = FakeKeys.marker(word, kind: kind)
            markers.append((name, Self.tail(key)))
            return key
        }
        func body(_ key: String, _ user: String) -> String { #"{"user_id":"\#(user)","key":"\#(key)"}"# }

        let label = "label-" + FakeKeys.marker().suffix(60)
        let saved = body(marker("saved and revealed"), "ada").dropLast() + #","label":"\#(label)"}"#
        let id = try #require(try await setting.call("POST", "/v1/keys", String(saved), status: 201)["id"].string)
        let shown = try await setting.call("POST", "/v1/keys/\(id)/reveal", status: 200)
        #expect(shown["key"].string.map { Self.tail($0) } == markers[0].bytes)
        _ = try await setting.call("POST", "/v1/keys/\(id)/check", status: 200)
        let rotated = #"{"key":"\#(marker("rotated"))","grace_seconds":3600}"#
        _ = try await setting.call("POST", "/v1/keys/\(id)/rotate", rotated, status: 200)
        _ = try await setting.call("POST", "/v1/keys/\(id)/rollback", status: 200)
        _ = try await setting.call("POST", "/v1/keys/\(id)/reveal", status: 200)
        _ = try await setting.call("POST", "/v1/inspect", #"{"key":"\#(marker("inspected"))"}"#, status: 200)
        let key = marker("escaped")
        let escaped = body(key.replacing("-api03", with: #"\u002dapi03"#), "b")
        _ = try await setting.call("POST", "/v1/keys", escaped, status: 201)
        let shell = body(#"export KEY=\""# + marker("of a line for the shell") + #"\" # mine"#, "c")
        _ = try await setting.call("POST", "/v1/keys", shell, status: 201)
        let padded = body(marker("behind much space"), "d").replacing(
            ",", with: "," + String(repeating: " ", count: 50_000))
        _ = try await setting.call("POST", "/v1/keys", padded, status: 201)
        _ = try await setting.call(
            "POST", "/v1/keys", body(marker("with an idempotency key"), "e"),
            header: "Idempotency-Key: one-of-them\r\n",
            status: 201)
        _ = try await setting.call(
            "POST", "/v1/keys", body(marker("that the provider refuses", "revoked"), "f"), status: 422)
        _ = try await setting.call(
            "POST", "/v1/keys", body(marker("that the provider sends back", "echo"), "f"), status: 422)
        _ = try await setting.call("POST", "/v1/keys", body(marker("to sign in with", kind: "oat01"), "g"), status: 422)
        let two = marker("one of two") + " " + marker("the other of two")
        _ = try await setting.call("POST", "/v1/keys", body(two, "g"), status: 422)
        _ = try await setting.call("POST", "/v1/keys", body(marker("cut short").dropLast(20) + "", "g"), status: 422)
        _ = try await setting.call("POST", "/v1/keys", body(marker("in what is no JSON"), "h") + "}", status: 400)
        let strange = body(marker("beside a member that is not known"), "h").dropLast() + #","x":1}"#
        _ = try await setting.call("POST", "/v1/keys", String(strange), status: 422)
        let link = try await setting.call("POST", "/v1/connect/sessions", #"{"user_id":"zed"}"#, status: 201)
        let connect = try #require(link["token"].string)
        let page = #"{"key":"\#(marker("from the page"))"}"#
        _ = try await setting.call("POST", "/connect/inspect", page, token: connect, status: 200)
        _ = try await setting.call("POST", "/connect/keys", page, token: connect, status: 201)
        for cut in 0..<3 {
            let text = body(marker("in pieces \(cut)"), "i\(cut)")
            let whole = setting.request("POST", "/v1/keys", text)
            let places = [whole.count - text.utf8.count, whole.count - 60, whole.count - 20 - cut]
            let pieces = zip([0] + places, places + [whole.count]).map { Array(whole[$0..<$1]) }
            #expect(try HTTPExchange.answer(in: try await setting.exchange(pieces)).status == 201)
        }
        let lost = setting.request("POST", "/v1/keys", body(marker("of a caller that went away"), "j"), length: 9999)
        _ = try await setting.exchange([lost], leaving: true)
        // Last, so that nothing is laid over them.
        let unread = [
            setting.request("POST", "/v1/keys", body(marker("behind a bad token"), "k"), token: "kst_app_none"),
            setting.request("POST", "/v1/nothing", body(marker("for no call"), "k")),
        ]
        for request in unread {
            #expect(try [401, 404].contains(HTTPExchange.answer(in: try await setting.exchange([request])).status))
        }

        let process = setting.served.program.process
        #expect(try await Self.residue(markers, in: process) == [])
        // The control: what may stay is found in the same memory, and the keys are found where they still are.
        let kept = try await Threads.run { try ProcessMemory(of: process).finds(of: [("label", Self.tail(label))]) }
        #expect(!kept.isEmpty)
        let own = try await Threads.run { [markers] in try ProcessMemory(of: getpid()).finds(of: markers) }
        #expect(Set(own.map(\.name)) == Set(markers.map(\.name)))
    }

    @Test func `M02 the keys above the keys lie in the locked heap alone, and a key's own key nowhere`()
        async throws
    {
        let setting = try await Setting()
        var ids: [String] = []
        for number in 0..<4 {
            let json = #"{"user_id":"u\#(number)","key":"\#(FakeKeys.marker())"}"#
            ids.append(try #require(try await setting.call("POST", "/v1/keys", json, status: 201)["id"].string))
        }
        for id in ids { _ = try await setting.call("POST", "/v1/keys/\(id)/reveal", status: 200) }
        let listed = try await IndependentReader.run(
            ["keys", setting.served.database, "\(setting.directory.path)/data/master.key"])
        let keys = listed.map { line in
            let digits = Array(line.prefix(64).utf8)
            let bytes = stride(from: 0, to: 64, by: 2).map { place in
                UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16) ?? 0
            }
            return (name: String(line.dropFirst(65)), bytes: bytes)
        }
        #expect(keys.map(\.name).prefix(3) == ["master", "root", "kek 1"] && keys.count == 7)
        let process = setting.served.program.process
        let finds = try await Threads.run { try ProcessMemory(of: process).finds(of: keys) }
        #expect(Set(finds.map(\.description)) == ["master, locked", "root, locked", "kek 1, locked"])
    }
}
