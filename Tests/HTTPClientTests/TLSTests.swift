import HTTPClient
import Testing
import VaultModel

struct TLSTests {
    @Test func `a server whose certificate is trusted and names it gets the key`() async throws {
        let server = try await TLSServer()
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
        let answer = try await client.send(try call(server.url))
        #expect(answer.status == 200 && answer.body == Array("hi".utf8))
        #expect(await server.output().contains("x-api-key: \(sampleKey)"))
    }

    @Test func `V06 a certificate that nobody vouches for ends the call before the key is sent`() async throws {
        let server = try await TLSServer()
        #expect(await (try HTTPClient()).failure(of: try call(server.url)) == .tls)
        #expect(await !server.output().contains(sampleKey))
    }

    @Test(arguments: [TLSServer.Fault.expired, .wrongName])
    func `V06 an expired certificate, and another's, end the call before the key is sent`(
        fault: TLSServer.Fault
    ) async throws {
        let server = try await TLSServer(fault)
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
        #expect(await client.failure(of: try call(server.url)) == .tls)
        #expect(await !server.output().contains(sampleKey))
    }

    @Test(arguments: [
        (TLSServer.Fault.tls10, "-tls1"), (.tls11, "-tls1_1"), (.unencrypted, "-tls1_2"),
    ])
    func `V06 a server of TLS 1.0, of TLS 1.1 or without encryption never gets the key`(
        fault: TLSServer.Fault, version: String
    ) async throws {
        // One for us, and one to see that the server does speak what it should.
        let (server, spoken) = (try await TLSServer(fault), try await TLSServer(fault))
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
        #expect(await client.failure(of: try call(server.url)) == .tls)
        #expect(await !server.output().contains(sampleKey))
        #expect(spoken.isReached("\(version) -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0"))
    }

    @Test func `V06 a server that speaks no TLS gets a greeting without the key`() async throws {
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-x\r\n", "\u{16}\u{3}\u{1}\u{0}\u{2}\u{2}\u{28}",
            "",
        ]
        for answer in answers {
            let server = try RawServer { connection in
                connection.send(answer)
                connection.readRequest()
            }
            let error = await (try HTTPClient()).failure(
                of: try call("https://\(server.authority)/", timeout: .milliseconds(500)))
            #expect(error == .tls || error == .timeout)
            #expect(server.requests.allSatisfy { !$0.contains("sk-test") })
        }
    }

    @Test func `a second call does not take up the first one's TLS session`() async throws {
        let server = try await TLSServer(answering: "")
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
        func keys() -> Int { server.read("output").split(separator: "x-api-key: ").count - 1 }
        for count in 1...2 {
            let url = server.url
            // Nobody answers; the call is over once its key has arrived.
            let task = Task { await client.failure(of: try call(url)) }
            let deadline = ContinuousClock.now + .seconds(9)
            while keys() < count, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            #expect(try await task.value == .cancelled)
        }
        #expect(keys() == 2)
        #expect(await !server.output().contains("Reused session"))
    }

    @Test func `roots that cannot be read mean that nobody is trusted`() async throws {
        let server = try await TLSServer()
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.path("absent")))
        #expect(await client.failure(of: try call(server.url)) == .tls)
    }
}
