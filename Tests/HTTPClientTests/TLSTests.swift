import Glibc
import HTTPClient
import Testing
import VaultModel

struct TLSTests {
    @Test func `a server whose certificate is trusted and names it gets the key`() async throws {
        let server = try TLSServer()
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
        let answer = try await client.send(try call(server.url))
        #expect(answer.status == 200 && answer.body == Array("hi".utf8))
        #expect(server.output().contains("x-api-key: \(sampleKey)"))
    }

    @Test func `V06 a certificate that nobody vouches for ends the call before the key is sent`() async throws {
        let server = try TLSServer()
        #expect(await (try HTTPClient()).failure(of: try call(server.url)) == .tls)
        #expect(!server.output().contains(sampleKey))
    }

    @Test(arguments: [TLSServer.Fault.expired, .wrongName, .oldVersion])
    func `V06 an expired certificate, another's, and TLS 1.1 end the call before the key is sent`(
        fault: TLSServer.Fault
    ) async throws {
        let server = try TLSServer(fault)
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
        #expect(await client.failure(of: try call(server.url)) == .tls)
        #expect(!server.output().contains(sampleKey))
    }

    @Test func `roots that cannot be read mean that nobody is trusted`() async throws {
        let server = try TLSServer()
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.path("absent")))
        #expect(await client.failure(of: try call(server.url)) == .tls)
    }

    @Test func `V05 certificates and key logs of the environment have no effect`() async throws {
        await #expect(processExitsWith: .success) {
            let server = try TLSServer()
            for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] { setenv(name, server.certificate, 1) }
            setenv("SSLKEYLOGFILE", server.path("keylog"), 1)
            #expect(await (try HTTPClient()).failure(of: try call(server.url)) == .tls)

            let second = try TLSServer()
            let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: second.certificate))
            #expect(try await client.send(try call(second.url)).status == 200)
            #expect(access(server.path("keylog"), F_OK) != 0)
        }
    }
}
