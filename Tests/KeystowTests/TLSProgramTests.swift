import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// A server with TLS of its own, and clients that are none of ours: OpenSSL's and curl.
@Suite struct TLSProgramTests {
    /// A chain of two certificates and their keys, made by `openssl`, in a directory of their own.
    private struct Chain {
        let directory: TemporaryDirectory
        var certificate: String { "\(directory.path)/chain.pem" }
        var key: String { "\(directory.path)/key.pem" }
        var authority: String { "\(directory.path)/ca.pem" }

        init(days: Int = 90, algorithm: String = "ec -pkeyopt ec_paramgen_curve:P-256") async throws {
            let made = try TemporaryDirectory()
            directory = made
            let script = """
                cd \(made.path) && exec 2>/dev/null && umask 077 && echo 'subjectAltName=IP:127.0.0.1,DNS:localhost' > names &&
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
                    -days 90 -subj /CN=authority &&
                openssl req -newkey \(algorithm) -nodes -keyout key.pem -out request -subj /CN=leaf &&
                openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days \(days) -extfile names \
                    -out leaf.pem && cat leaf.pem ca.pem > chain.pem
                """
            guard try await Self.shell(script) == 0 else { throw TestKitFailure("openssl made no chain") }
        }

        /// Runs a script; its exit code.
        static func shell(_ script: String) async throws -> Int32 {
            try await Threads.run { system(script) >> 8 }
        }

        /// What a command prints, and its exit code.
        func run(_ command: String) async throws -> (code: Int32, output: String) {
            let file = "\(directory.path)/output-\(UInt32.random(in: 0 ... .max))"
            let code = try await Self.shell("\(command) > \(file) 2>&1 < /dev/null")
            return (code, String(decoding: TemporaryDirectory.bytes(of: file), as: UTF8.self))
        }
    }

    private func serve(_ chain: Chain, _ more: [String] = []) throws -> Program {
        try Program(
            ["serve", "--listen", "127.0.0.1:0", "--tls-cert", chain.certificate, "--tls-key", chain.key] + more,
            environment: ["KEYSTOW_DATA_DIR": "\(chain.directory.path)/data"], in: chain.directory)
    }

    @Test(arguments: ["ec -pkeyopt ec_paramgen_curve:P-256", "rsa:2048"])
    func `clients that verify the chain come in by TLS 1.2 and 1.3, and others do not`(algorithm: String) async throws {
        let chain = try await Chain(algorithm: algorithm)
        let program = try serve(chain)
        let port = try await program.port()
        #expect(program.standardOutput.hasPrefix(#"{"listening":"https://127.0.0.1:"#))
        #expect(!program.standardError.contains("warning"))

        let client = "openssl s_client -connect 127.0.0.1:\(port) -CAfile \(chain.authority) -verify_return_error"
        for version in ["-tls1_2", "-tls1_3"] {
            #expect(try await chain.run("\(client) \(version)").code == 0, "\(version)")
        }
        let old = "-cipher ALL:@SECLEVEL=0"
        for version in ["-tls1_1 \(old)", "-tls1 \(old)"] {
            #expect(try await chain.run("\(client) \(version)").code != 0, "\(version)")
        }
        // Without a key of this session alone, or with a cipher that does not authenticate.
        for cipher in ["AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA", "DHE-RSA-AES256-GCM-SHA384"]
        {
            #expect(try await chain.run("\(client) -tls1_2 -cipher \(cipher)").code != 0, "\(cipher)")
        }
        // The control for the two above: the same command with a cipher that is taken.
        let good = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
        #expect(try await chain.run("\(client) -tls1_2 -cipher \(good)").code == 0)

        let url = "https://127.0.0.1:\(port)"
        let curl = "curl -sS -i --max-time 60 --cacert \(chain.authority)"
        // Many connections, on whatever thread: the key's text is gone from our memory by now.
        let (code, output) = try await chain.run(
            "\(curl) "
                + Array(
                    repeating: "\(url)/healthz --next -sS -i --cacert \(chain.authority) -H 'Connection: close'",
                    count: 20
                ).joined(separator: " ") + " \(url)/readyz")
        #expect(code == 0, "\(output)")
        #expect(output.matches(of: /HTTP\/1.1 200/).count == 21)
        #expect(output.lowercased().contains("strict-transport-security: max-age=31536000"))
        #expect(try await chain.run("curl -sS --max-time 60 \(url)/healthz").code == 60, "nobody vouches for it")
        #expect(try await chain.run("curl -sS --max-time 60 http://127.0.0.1:\(port)/healthz").code != 0)
        // The port goes on after what was no TLS at all.
        _ = try await Threads.run { try HTTPExchange.raw(port: port, Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)) }
        _ = try await Threads.run {
            try HTTPExchange.raw(port: port, [0x16, 3, 1, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 300))
        }
        #expect(try await chain.run("\(curl) \(url)/healthz").code == 0)

        program.signal(SIGTERM)
        #expect(try await program.wait() == 0)
    }

    @Test func `what is asked for over TLS is stored and given back, and a stop waits for nobody idle`() async throws {
        let chain = try await Chain()
        let program = try serve(chain, ["--admin-listen", "127.0.0.1:0"])
        let port = try await program.port()
        #expect(program.standardOutput.contains(#""admin":"https://127.0.0.1:"#))
        let tokens = String(
            decoding: TemporaryDirectory.bytes(of: "\(chain.directory.path)/data/first-tokens.json"), as: UTF8.self)
        let app = try #require(tokens.firstMatch(of: /kst_app_\w+/).map { String($0.0) })
        let call = "curl -sS --max-time 60 --cacert \(chain.authority) -H 'Authorization: Bearer \(app)'"
        let json = "-H 'Content-Type: application/json' -d"
        let base = "https://localhost:\(port)/v1/keys"
        let key = FakeKeys.anthropic()
        let stored = try await chain.run(
            #"\#(call) \#(json) '{"user_id":"u","key":"\#(key)","validation":"skip"}' \#(base)"#)
        let id = try #require(stored.output.firstMatch(of: /"id":"(key_\w+)"/).map { String($0.1) }, "\(stored.output)")
        let revealed = try await chain.run("\(call) \(json) '{}' \(base)/\(id)/reveal")
        #expect(revealed.output.contains(key))
        // A link begins with what users come by.
        let link = try await chain.run(
            #"\#(call) \#(json) '{"user_id":"u"}' https://localhost:\#(port)/v1/connect/sessions"#)
        #expect(link.output.contains(#""url":"https://127.0.0.1:\#(port)/connect#"#), "\(link.output)")

        // Idle connections, with TLS and half-way into it, are closed by a stop at once.
        let idle = try await Threads.run { try HTTPExchange.open(port: port) }
        defer { close(idle) }
        program.signal(SIGTERM)
        #expect(try await program.wait() == 0)
    }

    @Test func `what cannot be a server's identity is refused with exit 78, and no word of the key`() async throws {
        let chain = try await Chain()
        let other = try await Chain()
        let (path, mine) = (chain.directory.path, chain.key)
        let script = """
            cd \(path) && exec 2>/dev/null && umask 077 && cp key.pem open.pem && chmod 0644 open.pem && echo nothing > empty.pem &&
            openssl pkcs8 -topk8 -in key.pem -out locked.pem -passout pass:secret && head -c 100 key.pem > half.pem
            """
        #expect(try await Chain.shell(script) == 0)
        for (certificate, key, word) in [
            (chain.certificate, other.key, "holds the key of another certificate"),
            (chain.certificate, "\(path)/open.pem", "closed to others"),
            (chain.certificate, "\(path)/empty.pem", "without a passphrase"),
            (chain.certificate, "\(path)/locked.pem", "without a passphrase"),
            (chain.certificate, "\(path)/half.pem", "without a passphrase"),
            (chain.certificate, "\(path)/missing.pem", "cannot be read"),
            (chain.certificate, path, "must be a file"),
            ("\(path)/empty.pem", mine, "must hold a certificate chain"),
            (mine, mine, "must hold a certificate chain"),
        ] {
            let program = try Program(
                ["serve", "--listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key],
                environment: ["KEYSTOW_DATA_DIR": "\(path)/data-\(UInt32.random(in: 0 ... .max))"], in: chain.directory)
            #expect(try await program.wait() == ExitCode.configuration.rawValue)
            #expect(program.standardError.contains(word), "\(program.standardError)")
            #expect(!program.standardError.contains("PRIVATE") && program.standardOutput.isEmpty)
        }
    }

    @Test(arguments: [(-1, "expired at"), (5, "expires at")])
    func `a certificate at its end is warned of`(days: Int, word: String) async throws {
        let chain = try await Chain(days: days)
        let program = try serve(chain)
        _ = try await program.port()
        #expect(program.standardError.contains("warning: the certificate in \(chain.certificate) \(word)"))
    }
}
